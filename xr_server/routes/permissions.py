"""Pages of those who ask for permission to scan: asking, changing, taking back, and the answer."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.moments import Stretch
from xr_server.domain.permission import (
    EQUIPMENT,
    FIELDS,
    KEPT_DAYS,
    MOST_PEOPLE,
    Typed,
    Wish,
    find_slips,
    make_wish,
    read_hour,
    show_code,
    standing_on,
    type_wish,
)
from xr_server.errors import Conflict, DejimaError, NotFound, Stale
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.live import Place, find_place
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.routes.wording import say_stretch, say_when
from xr_server.storage.permissions import (
    Permission,
    ask_permission,
    change_wish,
    list_permissions,
    load_permission,
    mark_seen,
    take_back,
)
from xr_server.storage.scans import Owner

DONE = ("asked", "changed", "taken_back", "given", "withdrawn")


def say_days(wish: Wish, language: str) -> str:
    """The days and hours of a wish in words."""
    opens, closes = read_hour(wish.opens_at), read_hour(wish.closes_at)
    if opens is None or closes is None:
        return ""
    first, last = date.fromisoformat(wish.first_on), date.fromisoformat(wish.last_on)
    return say_stretch(Stretch(first, last, opens, closes, all_day=False, past_midnight=False), language)


def describe(permission: Permission, place: Place, names: Mapping[str, str]) -> dict[str, Any]:
    """What pages say of a permission; names are those of the site's landmarks."""
    wish, zone = permission.wish, place.site.time_zone
    return {
        "it": permission,
        "wish": wish,
        "standing": standing_on(permission.state, wish, place.now.astimezone(place.zone)),
        "days": say_days(wish, place.language),
        "places": [names.get(name, name) for name in wish.landmarks] + ([wish.place] if wish.place else []),
        "code": show_code(permission.code) if permission.code else "",
        "asked": say_when(permission.created_at, place.language, zone),
        "decided": say_when(permission.decided_at, place.language, zone) if permission.decided_at else "",
    }


def landmark_names(request: Request, place: Place) -> dict[str, str]:
    """The site's landmarks by id, in the reader's language, in the order of their names."""
    return dict(list_landmarks(parts_of(request), place.site.id, place.language))


def find_own(request: Request, session: Session) -> Permission:
    """The request a page is about, to its asker alone. Raises NotFound."""
    found = load_permission(parts_of(request).catalog, session.site_id, request.path_params["id"])
    if found.account_id != session.account_id:
        raise NotFound("permission_unknown", "There is no request of this id, or it is not one of yours.")
    return found


@page("ask_permission")
def show_permissions(request: Request, session: Session) -> Response:
    """One's own requests."""
    place = find_place(request, session)
    names = landmark_names(request, place)
    own = list_permissions(parts_of(request).catalog, session.site_id, session.account_id)
    values = {"rows": [describe(one, place, names) for one in own], "kept_days": KEPT_DAYS}
    return staff_page(request, session, "studio/permissions.html", values)


@page("ask_permission")
def show_new(request: Request, session: Session) -> Response:
    """The form that asks."""
    typed = Typed({**dict.fromkeys(FIELDS, ""), "opens_at": "09:00", "closes_at": "12:00", "people": "1"})
    return _form_page(request, session, {"typed": typed})


def _form_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    place = find_place(request, session)
    common = {
        "landmarks": list(landmark_names(request, place).items()),
        "equipment": EQUIPMENT,
        "most_people": MOST_PEOPLE,
        "kept_days": KEPT_DAYS,
        "today": place.today.isoformat(),
        "it": None,
        "revision": 0,
        "slips": {},
        "problem": None,
    }
    return staff_page(request, session, "studio/permission_form.html", {**common, **values})


def _read(sent: FormData) -> Typed:
    ticked = {
        name: tuple(str(value) for value in sent.getlist(name) if isinstance(value, str))
        for name in ("landmarks", "equipment")
    }
    return Typed({name: field(sent, name) for name in FIELDS}, **ticked)


def _find_slips(request: Request, session: Session, typed: Typed) -> dict[str, str]:
    place = find_place(request, session)
    return find_slips(typed, place.today, landmark_names(request, place))


def _refuse(request: Request, session: Session, values: Mapping[str, Any], error: DejimaError | None) -> Response:
    """The form again with everything that was typed, and what is amiss beside each field."""
    place = find_place(request, session)
    problem = say_problem(error, place.language) if error else None
    response = _form_page(request, session, {**values, "problem": problem})
    response.status_code = STATUS[type(error)] if error else 400
    return response


@form("ask_permission")
def post_new(request: Request, session: Session, sent: FormData) -> Response:
    """Ask for permission."""
    parts, typed = parts_of(request), _read(sent)
    if slips := _find_slips(request, session, typed):
        return _refuse(request, session, {"typed": typed, "slips": slips}, None)
    owner = Owner(session.site_id, session.account_id)
    try:
        asked = ask_permission(parts.catalog, owner, make_wish(typed), parts.clock(), parts.random_bytes)
    except Conflict as error:
        return _refuse(request, session, {"typed": typed}, error)
    return RedirectResponse(f"/studio/permissions/{asked}?done=asked", status_code=303)


@page("ask_permission")
def show_permission(request: Request, session: Session) -> Response:
    """One request and its answer, which counts as read from now on."""
    parts, found, place = parts_of(request), find_own(request, session), find_place(request, session)
    if found.decided_at is not None and found.seen_at is None:
        mark_seen(parts.catalog, found, parts.clock())
    values = describe(found, place, landmark_names(request, place))
    return staff_page(request, session, "studio/permission.html", {**values, "notice": notice_of(request)})


def notice_of(request: Request) -> dict[str, Any] | None:
    """What was just done, said on top of the page."""
    done = request.query_params.get("done")
    return {"text": f"permits.notice_{done}", "undo": None} if done in DONE else None


@page("ask_permission")
def show_change(request: Request, session: Session) -> Response:
    """The form again, until it is decided."""
    found = find_own(request, session)
    if found.state != "asked":
        raise Conflict("permission_decided", "This request was decided or taken back meanwhile. Nothing was changed.")
    values = {"it": found, "revision": found.revision, "typed": type_wish(found.wish)}
    return _form_page(request, session, values)


@form("ask_permission")
def post_change(request: Request, session: Session, sent: FormData) -> Response:
    """Ask for something else instead."""
    parts, found, typed = parts_of(request), find_own(request, session), _read(sent)
    # another tab of the asker's own may have changed it: whoever saves again has been told so
    values = {"it": found, "revision": found.revision, "typed": typed}
    if slips := _find_slips(request, session, typed):
        return _refuse(request, session, {**values, "slips": slips}, None)
    try:
        change_wish(parts.catalog, found, make_wish(typed), read_revision(sent), parts.clock())
    except (Conflict, Stale) as error:
        return _refuse(request, session, values, error)
    return RedirectResponse(f"/studio/permissions/{found.id}?done=changed", status_code=303)


@form("ask_permission")
def post_take_back(request: Request, session: Session, sent: FormData) -> Response:
    """Take a request back that is not decided yet."""
    parts, found = parts_of(request), find_own(request, session)
    take_back(parts.catalog, found, read_revision(sent), parts.clock())
    return RedirectResponse(f"/studio/permissions/{found.id}?done=taken_back", status_code=303)


routes = [
    Route("/studio/permissions", show_permissions, methods=["GET"]),
    Route("/studio/permissions", post_new, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/permissions/new", show_new),
    Route("/studio/permissions/{id}", show_permission),
    Route("/studio/permissions/{id}/change", show_change, methods=["GET"]),
    Route("/studio/permissions/{id}/change", post_change, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/permissions/{id}/take-back", post_take_back, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
