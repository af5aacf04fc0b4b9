"""A pupil's picture or sound by itself: the teacher passes it on to staff, or gives it back with a note."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Name
from xr_server.domain.review import check_note
from xr_server.errors import DejimaError, NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.media_library import entry_page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import status_of
from xr_server.routes.staff import change_by, field, read_revision, say_problem
from xr_server.routes.teaching import find_class_behind, teaches
from xr_server.storage.media_library import Entry, load_entry
from xr_server.storage.reviews import Seen, Why, make_why, take_steps


def _get_taught(request: Request, session: Session) -> Entry:
    """The picture or sound that the address names, of a pupil in a class of one's own. Raises NotFound."""
    entry = load_entry(parts_of(request).catalog, session.site_id, request.path_params["id"])
    if not teaches(session, find_class_behind(parts_of(request), entry.stored)):
        raise NotFound("class_unknown", "There is no such class, or it is not one of yours. Choose it from the list.")
    return entry


@form("teach")
def post_pass_on(request: Request, session: Session, sent: FormData) -> Response:
    """Pass on to staff what the page showed, and nothing that came since."""
    entry = _get_taught(request, session)
    try:
        take_steps(
            parts_of(request).catalog,
            [_as_shown(entry, sent)],
            "send_for_review",
            change_by(request, session),
        )
    except DejimaError as error:
        return _refused(request, session, error, "")
    return _back(entry, "passed_on")


@form("teach")
def post_give_back(request: Request, session: Session, sent: FormData) -> Response:
    """Give it back with a sentence on what to change."""
    entry, parts = _get_taught(request, session), parts_of(request)
    try:
        why: Why = make_why("", check_note(field(sent, "note")), parts.random_bytes)
        take_steps(parts.catalog, [_as_shown(entry, sent)], "request_changes", change_by(request, session), why)
    except DejimaError as error:
        return _refused(request, session, error, field(sent, "note"))
    return _back(entry, "sent_back")


def _as_shown(entry: Entry, sent: FormData) -> Seen:
    stored = entry.stored
    return Seen(Name(stored.site_id, stored.kind, stored.id), read_revision(sent), stored.state)


def _refused(request: Request, session: Session, error: DejimaError, typed_note: str) -> Response:
    entry = _get_taught(request, session)
    values = {"problem": say_problem(error, choose_language(request)), "typed_note": typed_note, "notice": None}
    response = entry_page(request, session, entry, values)
    response.status_code = status_of(error)
    return response


def _back(entry: Entry, done: str) -> Response:
    return RedirectResponse(f"/studio/media/{entry.media.id}?done={done}", status_code=303)


routes = [
    Route("/studio/media/{id}/pass-on", post_pass_on, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/media/{id}/give-back", post_give_back, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
