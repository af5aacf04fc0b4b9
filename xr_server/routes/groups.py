"""Pages of groups: one phone leads, the others follow it to the same stop. No account, and no list of who follows."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.group import (
    CODE_LENGTH,
    LIFE_MS,
    Group,
    Stop,
    find_stop,
    get_stop,
    list_stops,
    next_stop,
    read_group_code,
)
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.ruby import dress_page, plain
from xr_server.errors import Busy, DejimaError, NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.client_texts import follow_texts
from xr_server.routes.guard import MAX_FORM_BYTES
from xr_server.routes.held_groups import held_groups
from xr_server.routes.island import draw_island
from xr_server.routes.pages import asset, choose_language, load_texts
from xr_server.routes.problems import status_of
from xr_server.routes.qr import draw_qr
from xr_server.routes.scenes import etag_matches
from xr_server.routes.staff import is_secure
from xr_server.routes.visitor import Visit, answer, answer_once, open_visit
from xr_server.storage.groups import begin_group, end_group, is_guide, lead_group, not_led

GUIDE_COOKIE = "dejima_guide"
SHEET = "src/follow.css"
UNKEPT = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


async def show_groups(request: Request) -> Response:
    """Where a group is begun, or joined by its code."""
    return answer(request, open_visit(request), "visitor/groups.html", lambda: _start_values("", None))


def _start_values(typed: str, problem: str | None) -> dict[str, Any]:
    return {"sheet": asset(SHEET), "typed": typed, "problem": problem, "length": CODE_LENGTH}


async def post_group(request: Request) -> Response:
    """Begin a group; this phone leads it from now on."""
    visit, parts = open_visit(request), parts_of(request)
    try:
        group, token = await run_in_threadpool(
            begin_group, parts.catalog, visit.site_id, parts.clock(), parts.random_bytes
        )
    except Busy as error:
        values = _start_values("", load_texts(visit.language)[f"errors.{error.code}"])
        response = answer_once(visit, "visitor/groups.html", values)
        response.status_code = status_of(error)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    path = f"/g/{group.code}"
    response = RedirectResponse(f"{path}/lead?lang={visit.language}", status_code=303, headers=UNKEPT)
    response.set_cookie(
        GUIDE_COOKIE,
        token,
        max_age=LIFE_MS // 1000,
        path=path,
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    return response


async def find_by_code(request: Request) -> Response:
    """From the form for a code to the group's page, however the code was typed."""
    typed = request.query_params.get("code", "")[:40]
    language = _named_language(request)
    try:
        code = read_group_code(typed)
    except DejimaError as error:
        sites = parts_of(request).published.snapshot.sites
        site_id = request.query_params.get("site", "")
        site_id = site_id if site_id in sites else next(iter(sites), "")
        visit = _visit(request, site_id)
        values = _start_values(typed, load_texts(visit.language)[f"errors.{error.code}"])
        response = answer_once(visit, "visitor/groups.html", values)
        response.status_code = status_of(error)
        return response
    return RedirectResponse(f"/g/{code}{language}", status_code=303, headers=UNKEPT)


def _named_language(request: Request) -> str:
    named = request.query_params.get("lang", "")
    return f"?lang={named}" if named in NAMES else ""


def _visit(request: Request, site_id: str) -> Visit:
    """The site in the asker's language, at an address that names none."""
    parts = parts_of(request)
    language = choose_language(request, list(parts.published.get_site(site_id).documents))
    at = datetime.fromtimestamp(parts.clock() / 1000, UTC)
    compiled = parts.published.site(site_id, language)
    return Visit(compiled, site_id, language, base_of(request), f"/{language}/{site_id}/group", at)


async def show_group(request: Request) -> Response:
    """What the others' phones open: where the group is, and the way there; it goes on by itself from then on."""
    held, at = held_groups(request), parts_of(request).clock()
    wait_ms = held.wrong.wait_ms(at)
    if wait_ms:
        raise Busy("group_wait", "Many wrong codes were tried just now. Please wait a moment.", -(-wait_ms // 1000))
    code = read_group_code(request.path_params["code"])
    try:
        group = await held.get(code)
    except NotFound:
        held.wrong.note(at)
        raise
    visit = _visit(request, group.site_id)
    stop = find_stop(_stops(visit), group.stop)
    joined = f"{code}.{held.key_of(code)}"
    values = {
        "group": group,
        "stop": stop,
        "joined": joined,
        "way": f"{visit.path.removesuffix('group')}{stop.page}?group={joined}" if stop else None,
        "follow_texts": follow_texts(visit.language),
    }
    return answer_once(visit, "visitor/group.html", {**values, **_common(visit, f"/g/{code}")})


def _stops(visit: Visit) -> list[Stop]:
    return list_stops(visit.document, [mark.id for mark in draw_island(visit.document).marks])


def _common(visit: Visit, path: str) -> dict[str, Any]:
    """What the pages of one group have in common: no language is in their address."""
    offered = visit.document["site"]["languages"]
    languages = [(code, dress_page(NAMES[code]), html_tag(code), f"{path}?lang={code}") for code in offered]
    return {"languages": languages, "sheet": asset(SHEET), "here": path}


async def show_now(request: Request) -> Response:
    """Where a group is: 304 as long as it is where the phone knows it to be. Asked every two seconds by each follower."""
    held, code = held_groups(request), request.path_params["code"]
    if not held.fits(request.query_params.get("key", "")[:40], code):
        raise NotFound("group_unknown", "There is no group with this code, or it has ended. Ask the guide for it.")
    group = await held.get(code)
    headers = {"ETag": f'"{group.step}{"-over" if group.ended else ""}"', "Cache-Control": "private, no-store"}
    if etag_matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return JSONResponse(_describe(request, group), headers=headers)


def _describe(request: Request, group: Group) -> dict[str, Any]:
    visit = _visit(request, group.site_id)
    stop = find_stop(_stops(visit), group.stop)
    return {
        "step": group.step,
        "ended": group.ended,
        "stop": stop.page if stop else None,
        "name": plain(stop.name) if stop else "",
    }


async def show_lead(request: Request) -> Response:
    """The guide's page: the code for the others, where the group is, the next stop and all the others."""
    held, code = held_groups(request), read_group_code(request.path_params["code"])
    await _check_guide(request, code)
    try:
        group = await held.get(code)
    except NotFound:
        raise not_led() from None
    return await _lead_page(request, group, None)


async def _check_guide(request: Request, code: str) -> str:
    """The guide's token. Raises Forbidden; the same for a wrong code, which nobody shall learn here."""
    token = request.cookies.get(GUIDE_COOKIE, "")
    if not token or not await run_in_threadpool(is_guide, parts_of(request).catalog, code, token):
        raise not_led()
    return token


async def _lead_page(request: Request, group: Group, problem: DejimaError | None) -> Response:
    visit, path = _visit(request, group.site_id), f"/g/{group.code}"
    stops, home = _stops(visit), visit.path.removesuffix("group")
    ends = datetime.fromtimestamp(group.ends_at / 1000, ZoneInfo(visit.document["site"]["time_zone"]))
    joined = f"{group.code}.{held_groups(request).key_of(group.code)}"
    address = f"{visit.base}{path}"
    values = {
        "group": group,
        "stops": stops,
        "stop": find_stop(stops, group.stop),
        "next": next_stop(stops, group.stop),
        "way": f"{home}{group.stop}?group={joined}&lead=1" if group.stop else None,
        "address": address.partition("://")[2],
        "qr": draw_qr(address),
        "ends": f"{ends:%H:%M}",
        "problem": load_texts(visit.language)[f"errors.{problem.code}"] if problem else None,
    }
    response = answer_once(visit, "visitor/group_lead.html", {**values, **_common(visit, f"{path}/lead")})
    if problem is not None:
        response.status_code = status_of(problem)
    return response


async def post_lead(request: Request) -> Response:
    """Lead the group on to a stop, or end it."""
    parts, code = parts_of(request), read_group_code(request.path_params["code"])
    token, held = await _check_guide(request, code), held_groups(request)
    async with request.form(max_files=0, max_fields=10) as sent:
        step, page = str(sent.get("step", "")), str(sent.get("stop", ""))[:120]
    if step == "end":
        await run_in_threadpool(end_group, parts.catalog, (code, token), parts.clock())
    else:
        group = await held.get(code)
        try:
            get_stop(_stops(_visit(request, group.site_id)), page)
        except NotFound as error:
            return await _lead_page(request, group, error)
        await run_in_threadpool(lead_group, parts.catalog, (code, token), page, parts.clock())
    held.drop(code)
    return RedirectResponse(f"/g/{code}/lead{_named_language(request)}", status_code=303, headers=UNKEPT)


routes = [
    Route("/{lang:language}/{site}/group", show_groups, methods=["GET"]),
    Route("/{lang:language}/{site}/group", post_group, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/g/", find_by_code),
    Route("/g/{code}", show_group),
    Route("/g/{code}/now", show_now),
    Route("/g/{code}/lead", show_lead, methods=["GET"]),
    Route("/g/{code}/lead", post_lead, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
