"""Page of administrators about the site as a whole: its organisations, the room for scans, and its heights."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import ORGANISATION_KINDS, Session
from xr_server.domain.catalog import Name, Site
from xr_server.domain.quota import GB, read_allowance, say_room
from xr_server.domain.site_heights import set_geoid
from xr_server.errors import DejimaError
from xr_server.parts import parts_of
from xr_server.routes.asking import NOTHING, asking_values, need_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import keep
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import status_of
from xr_server.routes.records import find_record
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.storage.catalog import load_record, save_published
from xr_server.storage.organisations import list_organisations, make_organisation, name_organisation
from xr_server.storage.quotas import SiteRoom, defaults_of, find_standing, load_site_room, save_site_room

ROOM = ("account_gb", "account_scans", "site_gb", "site_scans")
NOTICES = ("organisation_made", "organisation_named", "room", "geoid")


@page("manage_people")
def show_site(request: Request, session: Session) -> Response:
    """Organisations, room, and what lies between sea and ellipsoid."""
    return _site_page(request, session, {})


def _site_page(
    request: Request, session: Session, values: Mapping[str, Any], error: DejimaError | None = None
) -> Response:
    parts, done = parts_of(request), request.query_params.get("done")
    usual = defaults_of(parts.settings)
    place = find_record(parts, session.site_id, "site", session.site_id)
    known_m = place.body.geoid_m if place and isinstance(place.body, Site) else None
    common = {
        "place": place,
        "geoid": "" if known_m is None else f"{known_m:g}",
        "organisations": list_organisations(parts.catalog, session.site_id),
        "kinds": ORGANISATION_KINDS,
        "typed": {"name": "", "kind": "school"},
        "room": type_room(load_site_room(parts.catalog, session.site_id)),
        "usual": usual,
        "kept": find_standing(parts.catalog, session.site_id, session.account_id, usual).site_kept,
        "say_room": say_room,
        "problem": say_problem(error, choose_language(request)) if error else None,
        "problem_of": "",
        **(asking_values(parts, session, "site", place, choose_language(request)) if place else NOTHING),
        "notice": _notice(done) if error is None else None,
    }
    response = staff_page(request, session, "desk/site.html", {**common, **values})
    if error is not None:
        response.status_code = status_of(error)
    return response


def _notice(done: str | None) -> dict[str, Any] | None:
    if done == "asked":
        return {"text": "approvals.done_asked", "undo": None}
    return {"text": f"desk.site_notice_{done}", "undo": None} if done in NOTICES else None


def type_room(said: SiteRoom) -> dict[str, str]:
    """What was said of a site's room, as the form shows it: GB and scans, empty where nothing was said."""
    sizes = {"account_gb": said.account_bytes, "site_gb": said.site_bytes}
    counts = {"account_scans": said.account_scans, "site_scans": said.site_scans}
    shown = {name: "" if size is None else f"{size / GB:g}" for name, size in sizes.items()}
    return shown | {name: "" if count is None else str(count) for name, count in counts.items()}


@form("manage_people")
def post_organisation(request: Request, session: Session, sent: FormData) -> Response:
    """Make an organisation."""
    parts, named = parts_of(request), (field(sent, "name"), field(sent, "kind"))
    try:
        make_organisation(parts.catalog, session.site_id, named, change_by(request, session), parts.random_bytes)
    except DejimaError as error:
        typed = {"name": named[0], "kind": named[1]}
        return _site_page(request, session, {"typed": typed, "problem_of": "new"}, error)
    return RedirectResponse("/desk/site?done=organisation_made", status_code=303)


@form("manage_people")
def post_named(request: Request, session: Session, sent: FormData) -> Response:
    """Give an organisation another name or kind."""
    about = Name(session.site_id, "organisation", request.path_params["id"])
    named = field(sent, "name"), field(sent, "kind")
    try:
        name_organisation(parts_of(request).catalog, about, named, change_by(request, session))
    except DejimaError as error:
        return _site_page(request, session, {"problem_of": "named"}, error)
    return RedirectResponse("/desk/site?done=organisation_named", status_code=303)


@form("manage_people")
def post_room(request: Request, session: Session, sent: FormData) -> Response:
    """Say how much may be kept at the site, by each account and together."""
    parts, typed = parts_of(request), {name: field(sent, name) for name in ROOM}
    usual = defaults_of(parts.settings)
    try:
        own = read_allowance(typed["account_gb"], typed["account_scans"], usual.account)
        all_of_it = read_allowance(typed["site_gb"], typed["site_scans"], usual.site)
    except DejimaError as error:
        return _site_page(request, session, {"room": typed, "problem_of": "room"}, error)
    save_site_room(parts.catalog, session.site_id, SiteRoom(*own, *all_of_it), change_by(request, session))
    return RedirectResponse("/desk/site?done=room", status_code=303)


@form("manage_people")
def post_geoid(request: Request, session: Session, sent: FormData) -> Response:
    """Say how far the sea lies above the ellipsoid here; it holds at once, for heights that are typed from now on."""
    parts, typed = parts_of(request), field(sent, "geoid_m")
    try:
        stored = load_record(parts.catalog, Name(session.site_id, "site", session.site_id))
        changed = set_geoid(stored.body, typed) if isinstance(stored.body, Site) else stored.body
        if changed != stored.body and field(sent, "step") == "ask":
            keep(request, session, (changed, read_revision(sent)), "ask")
            return RedirectResponse("/desk/site?done=asked", status_code=303)
        if changed != stored.body:
            save_published(parts.catalog, session.site_id, changed, read_revision(sent), change_by(request, session))
    except DejimaError as error:
        return _site_page(request, session, {"geoid": typed, "problem_of": "geoid", **need_of(error)}, error)
    return RedirectResponse("/desk/site?done=geoid", status_code=303)


routes = [
    Route("/desk/site", show_site),
    Route("/desk/site/organisations", post_organisation, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/site/organisations/{id}", post_named, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/site/geoid", post_geoid, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/site/room", post_room, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
