"""Records that staff edit on forms of their own: saved as a draft, sent for review, published, taken back; what comes next."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from xr_server.domain.account import Session, check_may
from xr_server.domain.catalog import Name, Record
from xr_server.domain.review import Standing, is_possible
from xr_server.domain.typed import Unfit
from xr_server.errors import DejimaError
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import NOTHING, ask, asking_values, check_before_asking, check_before_publishing, need_of
from xr_server.routes.changes import say_against_published
from xr_server.routes.deeds import Line, reader_of, say_entries
from xr_server.routes.problems import STATUS
from xr_server.routes.records import find_record
from xr_server.routes.staff import change_by, say_problem
from xr_server.routes.undoing import dump_before
from xr_server.routes.versions import list_versions
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import StoredRecord, kind_of, load_record, save_record
from xr_server.storage.reviews import Before, Seen, standing_of, take_step

HISTORY_SHOWN = 8
DONE = ("saved", "out", "sent", "asked", "withdrawn", "undone", "rolled_back", "read")


def keep(request: Request, session: Session, edit: tuple[Record, int], step: str) -> tuple[str, list[Before]]:
    """Save what a form says on top of the revision it showed, and take its step; gives what was done, and how to undo it.

    step: save, review, publish, or ask, where another organisation has to approve it. Raises Stale, Conflict, Forbidden.
    """
    (body, revision), parts = edit, parts_of(request)
    if step == "publish":
        check_may(session, "publish")
        check_before_publishing(parts, session, body)
    if step == "ask":
        check_before_asking(parts, session, body)
    name, change = Name(session.site_id, kind_of(body), body.id), change_by(request, session)
    held = find_record(parts, session.site_id, name.kind, body.id)
    if held is None or held.body != body or held.revision != revision:
        revision = save_record(parts.catalog, session.site_id, body, revision or None, change)
    stored = load_record(parts.catalog, name)
    if step == "ask":
        ask(request, session, [Seen(name, revision, stored.state)])
        return "asked", []
    action = {"publish": "publish", "review": "send_for_review"}.get(step)
    if action == "publish" and not (stored.state == "published" and stored.published_revision == revision):
        take_step(parts.catalog, name, revision, "publish", change)
        before = Standing("draft", held.published_revision if held else None)
        return "out", [Before(name, revision, before, "published")]
    if action == "send_for_review" and is_possible("send_for_review", standing_of(stored)):
        return "sent", [take_step(parts.catalog, name, revision, "send_for_review", change)]
    return "saved", []


def take_back(request: Request, session: Session, stored: StoredRecord, revision: int) -> list[Before]:
    """Let visitors not see a record any more. Raises Stale, Conflict, Forbidden."""
    check_may(session, "publish")
    name = Name(session.site_id, stored.kind, stored.id)
    return [take_step(parts_of(request).catalog, name, revision, "withdraw", change_by(request, session))]


def lead_on(
    session: Session, target: str, done: str, undo: Sequence[Before], more: Mapping[str, str] | None = None
) -> Response:
    """To the page that says what was done and offers to undo it; more: what else its address tells."""
    query = {"done": done, **({"undo": dump_before(session, undo)} if undo else {}), **(more or {})}
    return RedirectResponse(f"{target}?{urlencode(query, safe=':~')}", status_code=303)


def find_notice(request: Request) -> dict[str, Any] | None:
    """What the page says was just done."""
    done, undo = request.query_params.get("done"), request.query_params.get("undo", "")
    if done not in DONE:
        return None
    can_undo = undo and done not in ("undone", "saved")
    return {
        "text": f"places.done_{done}",
        "undo": {"action": "/desk/undo", "fields": {"before": undo}} if can_undo else None,
    }


def status_of(error: DejimaError) -> int:
    """The status of a refusal's page."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def refused(error: DejimaError, language: str) -> dict[str, Any]:
    """What a page shows of a refusal: its sentence, and one for each field that it is about."""
    faults = error.faults if isinstance(error, Unfit) else {}
    said = {field: say_problem(fault, language) for field, fault in faults.items()}
    return {"problem": say_problem(error, language), "faults": said, "notice": None, **need_of(error)}


def standing_values(
    parts: Parts, session: Session, stored: StoredRecord | None, language: str, kind: str = ""
) -> Mapping[str, Any]:
    """What the lower part of such a page shows: differences to what visitors see, earlier versions, what was done.

    Also whom one has to ask before it is published; kind: of a record that is not there yet.
    """
    if stored is None:
        asking = asking_values(parts, session, kind, None, language) if kind else NOTHING
        return {"changes": [], "versions": {"revisions": [], "packages": []}, "history": [], "can": [], **asking}
    standing = standing_of(stored)
    reader = reader_of(parts, session, language, (stored.kind, stored.id))
    entries = list_entries(parts.catalog, session.site_id, Wanted(kind=stored.kind, thing_id=stored.id), HISTORY_SHOWN)
    history: list[Line] = say_entries(parts, reader, entries)
    return {
        "changes": say_against_published(parts, stored, language),
        "versions": list_versions(parts, session, stored, language),
        "history": history,
        "can": [action for action in ("send_for_review", "withdraw") if is_possible(action, standing)],
        **asking_values(parts, session, stored.kind, stored, language),
    }
