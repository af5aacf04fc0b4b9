"""Permission to scan, decided: pages of staff, the sheet that is shown on the spot, and the page by which a guard checks it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at, may
from xr_server.domain.permission import MAX_WORDS, check_words, find_clashes, is_within_hours
from xr_server.errors import Conflict, DejimaError, Forbidden, Invalid, NotFound, Stale
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, answer_people, form, page
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import PAGE_LANGUAGES, choose_language, fill, load_texts
from xr_server.routes.permissions import describe, landmark_names, notice_of
from xr_server.routes.problems import STATUS
from xr_server.routes.qr import draw_qr
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.studio import find_site
from xr_server.storage.accounts import load_names
from xr_server.storage.permissions import (
    Decision,
    Permission,
    decide,
    find_by_code,
    list_beside,
    list_permissions,
    load_asker,
    load_permission,
    withdraw_permission,
)

UNINDEXED = {"X-Robots-Tag": "noindex"}


@page("give_permission")
def show_permissions(request: Request, session: Session) -> Response:
    """All requests, those that wait first."""
    parts, place = parts_of(request), find_place(request, session)
    names, everything = landmark_names(request, place), list_permissions(parts.catalog, session.site_id)
    askers = load_names(parts.catalog, {one.account_id for one in everything if one.account_id})
    rows = [{**describe(one, place, names), "asker": askers.get(one.account_id or "", "")} for one in everything]
    return staff_page(request, session, "desk/permissions.html", {"rows": rows})


@page("give_permission")
def show_permission(request: Request, session: Session) -> Response:
    """One request with all that helps to decide."""
    return permission_page(request, session, _load(request, session), {})


def _load(request: Request, session: Session) -> Permission:
    return load_permission(parts_of(request).catalog, session.site_id, request.path_params["id"])


def permission_page(request: Request, session: Session, found: Permission, values: Mapping[str, Any]) -> Response:
    """The page of a request; values may bring back what was typed, and what was wrong with it."""
    parts, place = parts_of(request), find_place(request, session)
    names = landmark_names(request, place)
    common = {
        **describe(found, place, names),
        "asker": load_asker(parts.catalog, found),
        "clashes": _clashes(request, found, place, names),
        "most_words": MAX_WORDS,
        "typed": {"conditions": "", "reason": ""},
        "problem": None,
        "notice": notice_of(request),
    }
    return staff_page(request, session, "desk/permission.html", {**common, **values})


def _clashes(request: Request, found: Permission, place: Place, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who else would be there at the same time, while that still matters."""
    if found.state not in ("asked", "granted"):
        return []
    beside = {other.id: other for other in list_beside(parts_of(request).catalog, found)}
    clashes = find_clashes(found.wish, [(name, other.wish) for name, other in beside.items()])
    return [{**describe(beside[clash.id], place, names), "sure": clash.sure} for clash in clashes]


@form("give_permission")
def post_decision(request: Request, session: Session, sent: FormData) -> Response:
    """Yes, yes with conditions, or no; the asker reads it at once."""
    parts, found, place = parts_of(request), _load(request, session), find_place(request, session)
    typed = {name: field(sent, name) for name in ("conditions", "reason")}
    try:
        decision = _read_decision(sent, place)
        _check_part(session, found)
        decide(parts.catalog, found, decision, change_by(request, session), parts.random_bytes)
    except (Invalid, Conflict, Stale, Forbidden) as error:
        return _refused(request, session, typed, error)
    return RedirectResponse(f"/desk/permissions/{found.id}?done=given", status_code=303)


def _check_part(session: Session, found: Permission) -> None:
    """Whoever answers for a part of the site decides on its landmarks, and on no place told in words. Raises Forbidden."""
    places = (*found.wish.landmarks, *(["a place in words"] if found.wish.place else []))
    for landmark in places:
        check_may_at(session, landmark)


def _read_decision(sent: FormData, place: Place) -> Decision:
    step, conditions, reason = field(sent, "step"), field(sent, "conditions"), field(sent, "reason")
    decision = Decision(read_revision(sent), granted=True, year=place.today.year)
    if step == "yes":
        return decision
    if step == "conditions":
        return replace(decision, conditions=check_words(conditions, "permit_conditions_missing"))
    if step == "no":
        return replace(decision, granted=False, reason=check_words(reason, "permit_reason_missing"))
    raise Invalid("step_unknown", "Choose what to do with the buttons of the page.")


def _refused(request: Request, session: Session, typed: Mapping[str, str], error: DejimaError) -> Response:
    """The page as it stands now, with what was typed."""
    values = {"typed": typed, "problem": say_problem(error, choose_language(request)), "notice": None}
    response = permission_page(request, session, _load(request, session), values)
    response.status_code = STATUS[type(error)]
    return response


@form("give_permission")
def post_withdrawal(request: Request, session: Session, sent: FormData) -> Response:
    """Take a granted permission back."""
    parts, found, reason = parts_of(request), _load(request, session), field(sent, "reason")
    try:
        _check_part(session, found)
        change = change_by(request, session)
        withdraw_permission(parts.catalog, found, check_words(reason, "permit_reason_missing"), change)
    except (Invalid, Conflict, Forbidden) as error:
        return _refused(request, session, {"conditions": "", "reason": reason}, error)
    return RedirectResponse(f"/desk/permissions/{found.id}?done=withdrawn", status_code=303)


@page(None)
def show_sheet(request: Request, session: Session) -> Response:
    """The permission as a sheet of A4 in Japanese and English, for its asker and for staff."""
    found, place = _load(request, session), find_place(request, session)
    if found.account_id != session.account_id and not may(session, "give_permission"):
        raise NotFound("permission_unknown", "There is no request of this id, or it is not one of yours.")
    if found.code is None:
        raise Conflict("permission_not_granted", "Only what was granted has a sheet. Reload the page.")
    told = {}
    for language in PAGE_LANGUAGES:
        there = replace(place, language=language)
        told[language] = {**describe(found, there, landmark_names(request, there)), "site": there.site.name}
    link = f"{base_of(request)}/permits/{found.code}"
    asker = load_asker(parts_of(request).catalog, found)
    values = {"told": told, "it": found, "link": link, "qr": draw_qr(link), "asker": asker, "say": _say}
    return staff_page(request, session, "permit_sheet.html", values)


def _say(language: str, key: str, **parts: object) -> str:
    """A text in a language that need not be the page's."""
    return fill(load_texts(language)[key], language, **parts)


def show_check(request: Request) -> Response:
    """The form in which a guard types a code; it leads to the page of the code."""
    typed = request.query_params.get("code", "").strip()
    if not typed:
        return _public(staff_page(request, None, "permit_check.html", {"typed": "", "problem": None}))
    try:
        found = find_by_code(parts_of(request).catalog, typed)
    except NotFound as error:
        values = {"typed": typed, "problem": say_problem(error, choose_language(request))}
        response = staff_page(request, None, "permit_check.html", values)
        response.status_code = 404
        return _public(response)
    return RedirectResponse(f"/permits/{found.code}", status_code=303)


def show_permit(request: Request) -> Response:
    """Whether a permission holds today, where and when; never whose it is."""
    try:
        found = find_by_code(parts_of(request).catalog, request.path_params["code"])
        site = find_site(parts_of(request), found.site_id)
        if site is None:
            raise NotFound(
                "permit_unknown", "No permission has this code. Compare it with the sheet, letter by letter."
            )
    except NotFound as error:
        return _public(answer_people(request, error))
    now = datetime.fromtimestamp(parts_of(request).clock() / 1000, UTC)
    place = Place(site, ZoneInfo(site.time_zone), now, choose_language(request))
    values = describe(found, place, landmark_names(request, place))
    values["within_hours"] = is_within_hours(found.wish, now.astimezone(place.zone))
    return _public(staff_page(request, None, "permit.html", values))


def _public(response: Response) -> Response:
    response.headers.update(UNINDEXED)
    return response


routes = [
    Route("/desk/permissions", show_permissions),
    Route("/desk/permissions/{id}", show_permission, methods=["GET"]),
    Route("/desk/permissions/{id}", post_decision, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/permissions/{id}/withdraw", post_withdrawal, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/studio/permissions/{id}/sheet", show_sheet),
    Route("/permits/", show_check),
    Route("/permits/{code}", show_permit),
]
