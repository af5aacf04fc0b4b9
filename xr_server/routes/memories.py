"""Residents' memories without an account: the form of a landmark, the page of a code, and the pictures that are shown."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain import memory as rules
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.media import MAX_SENT_BYTES
from xr_server.domain.memory import FormMark
from xr_server.domain.memory_rule import are_told, check_taken
from xr_server.domain.ruby import dress_page, plain
from xr_server.domain.typed import Unfit
from xr_server.errors import Busy, DejimaError, Forbidden, Invalid, NotFound, TooLarge, Withdrawn
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, turn_of
from xr_server.routes.memories_told import SHEET, say_credit
from xr_server.routes.offers import load_code_secret
from xr_server.routes.packages import send_file
from xr_server.routes.pages import asset, choose_language, fill, load_texts
from xr_server.routes.problems import status_of
from xr_server.routes.qr import draw_qr
from xr_server.routes.staff import field
from xr_server.routes.visitor import Visit, answer_once
from xr_server.routes.wording import say_when
from xr_server.storage.intake import Held, drop_held, find_held, take_in
from xr_server.storage.memories import (
    Memory,
    New,
    check_open,
    count_picture,
    find_by_code,
    find_picture,
    is_told,
    keep_back,
    tell_memory,
    was_taken_off,
    withdraw_memory,
)
from xr_server.storage.memory_rules import load_rule

MAX_BODY_BYTES = MAX_SENT_BYTES["image"] + MAX_FORM_BYTES
MOST_FIELDS = 30
KEPT_A_MINUTE = "public, max-age=60, must-revalidate"  # what was withdrawn is gone from caches a minute later
PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex"}


def _open(request: Request, site_id: str, path: str) -> Visit:
    """A site in the asker's language, at an address that names none."""
    parts = parts_of(request)
    language = choose_language(request, list(parts.published.get_site(site_id).documents))
    at = datetime.fromtimestamp(parts.clock() / 1000, UTC)
    return Visit(parts.published.site(site_id, language), site_id, language, base_of(request), path, at)


def _page(visit: Visit, template: str, values: Mapping[str, Any], error: DejimaError | None = None) -> Response:
    """A page of one visitor's own, with the way to the same page in each language."""
    offered = visit.document["site"]["languages"]
    languages = [(one, dress_page(NAMES[one]), html_tag(one), f"{visit.path}?lang={one}") for one in offered]
    response = answer_once(visit, template, {"languages": languages, "sheet": asset(SHEET), **values})
    if error is not None:
        response.status_code = status_of(error)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def say_problem(error: DejimaError, language: str) -> str:
    """A refusal in a visitor's language."""
    return fill(load_texts(language)[f"memory.problem_{error.code}"], language, **error.values)


# ---- the form of a landmark


def _landmark_of(visit: Visit, wanted: str) -> Mapping[str, Any]:
    found = next((mark for mark in visit.document["landmarks"] if mark["id"] == wanted), None)
    if found is None:
        raise NotFound("landmark_unknown", "There is no landmark of this name here; the site's page lists all of them.")
    return dict(found)


def _open_form(request: Request) -> Visit:
    site_id, landmark = request.path_params["site"], request.path_params["landmark"]
    return _open(request, site_id, f"/memories/add/{site_id}/{landmark}")


def show_form(request: Request) -> Response:
    """The form in which somebody adds a memory to a landmark."""
    visit, parts = _open_form(request), parts_of(request)
    blank = dict.fromkeys(rules.FIELDS, "")
    try:
        check_open(parts.catalog, visit.site_id, parts.clock())
    except (Busy, Forbidden) as error:
        return _closed_page(request, visit, blank, error)
    return _form_page(request, visit, {"typed": {**blank, "language": _usual_language(visit)}})


def _closed_page(request: Request, visit: Visit, typed: Mapping[str, str], error: DejimaError) -> Response:
    """In place of the form why none is taken, with the words that were sent: whoever wrote them can still copy them."""
    values = {"typed": typed, "closed": say_problem(error, visit.language)}
    return _form_page(request, visit, values, error)


def _usual_language(visit: Visit) -> str:
    return "ja" if visit.language == "ja-x-easy" else visit.language


def _languages(visit: Visit) -> list[str]:
    """In which one may write: plain Japanese is Japanese."""
    return [one for one in visit.document["site"]["languages"] if one != "ja-x-easy"]


def _form_page(request: Request, visit: Visit, values: Mapping[str, Any], error: DejimaError | None = None) -> Response:
    parts, about = parts_of(request), (visit.site_id, request.path_params["landmark"])
    mark = values.get("mark") or FormMark(rules.make_nonce(parts.random_bytes(rules.NONCE_LENGTH)), parts.clock())
    faults = getattr(error, "faults", {})
    common = {
        "landmark": _landmark_of(visit, about[1]),
        "token": rules.make_form_token(load_code_secret(parts), about, mark),
        "choices": [(choice, rules.LICENCES[choice]) for choice in rules.CHOICES],
        "spoken": [(one, plain(NAMES[one])) for one in _languages(visit)],
        "most": {"words": rules.MAX_WORDS, "shows": rules.MAX_SHOWS, "name": rules.MAX_NAME},
        "first_year": str(rules.FIRST_YEAR),
        "this_year": str(_now(request, visit).year),
        "kept_days": rules.KEPT_MS // 86_400_000,
        "consent": rules.CONSENT,
        "open_consent": rules.OPEN_CONSENT,
        "held": None,
        "closed": None,
        "faults": {name: say_problem(one, visit.language) for name, one in faults.items()},
        "problem": None if error is None else say_problem(error, visit.language),
    }
    return _page(visit, "visitor/memory_form.html", {**common, **values}, error)


def _now(request: Request, visit: Visit) -> datetime:
    zone = ZoneInfo(visit.document["site"]["time_zone"])
    return datetime.fromtimestamp(parts_of(request).clock() / 1000, zone)


async def post_form(request: Request) -> Response:
    """Keep a memory, which then waits for staff; a form with a gap comes back with everything that was typed."""
    async with request.form(max_files=1, max_fields=MOST_FIELDS) as sent, turn_of(request):
        return await run_in_threadpool(_take_form, request, sent)


def _take_form(request: Request, sent: FormData) -> Response:
    visit, parts, at = _open_form(request), parts_of(request), parts_of(request).clock()
    about = visit.site_id, request.path_params["landmark"]
    _landmark_of(visit, about[1])
    secret = load_code_secret(parts)
    typed = {name: field(sent, name).replace("\r\n", "\n") for name in rules.FIELDS}
    mark = rules.read_form_token(secret, about, field(sent, "token"), at)
    if mark is None:
        late = Invalid("memory_form_old", "This page was open for very long. Look at it once more and send it again.")
        return _form_page(request, visit, {"typed": typed}, late)
    code = rules.make_code(secret, mark.nonce)
    if is_told(parts.catalog, code):  # sent once more: a picture that waited is with its memory now
        return _lead_to(visit, code)
    try:
        check_taken(load_rule(parts.catalog, visit.site_id).rule)
    except Forbidden as error:
        return _closed_page(request, visit, typed, error)
    held = find_held(parts.settings.intake_dir, mark.nonce, field(sent, "held"))
    values = {"typed": typed, "mark": mark, "held": held}
    try:
        held = _take_picture(request, sent, mark) or held
        values["held"] = held
        told = rules.read_memory(typed, held is not None, _languages(visit), _now(request, visit).date())
        rules.check_patient(mark, at)
        new = New(*about, told, code, held.path.read_bytes() if held else None)
        tell_memory(parts.catalog, parts.settings.package_dir, new, at, parts.random_bytes)
    except DejimaError as error:
        return _form_page(request, visit, values, error)
    if held is not None:
        drop_held(held)
    return _lead_to(visit, code)


def _lead_to(visit: Visit, code: str) -> Response:
    address = f"/memories/mine/{code}?lang={visit.language}&done=told"
    return RedirectResponse(address, status_code=303, headers=PRIVATE)


def _take_picture(request: Request, sent: FormData, mark: FormMark) -> Held | None:
    """The picture that came along, written anew without what a camera adds; None when none was chosen. Raises Unfit."""
    parts, upload = parts_of(request), sent.get("picture")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    count_picture(parts.catalog, request.path_params["site"], parts.clock())
    try:
        return take_in(parts.settings.intake_dir, mark.nonce, upload.file.read(), "image")
    except (Invalid, TooLarge) as error:
        raise Unfit({"picture": Invalid(error.code, error.text, **error.values)}) from error


# ---- the page of a code


def show_enter(request: Request) -> Response:
    """Where a code is typed; it leads to the page of its memory."""
    sites = parts_of(request).published.snapshot.sites
    asked = request.query_params.get("site", "")
    site_id = asked if asked in sites else next(iter(sites), "")
    visit, typed = _open(request, site_id, "/memories/"), request.query_params.get("code", "")[:80]
    if not typed:
        return _page(visit, "visitor/memory_enter.html", {"typed": "", "problem": None})
    try:
        code = rules.read_code(typed)
        find_by_code(parts_of(request).catalog, code)
    except DejimaError as error:
        values = {"typed": typed, "problem": say_problem(error, visit.language)}
        return _page(visit, "visitor/memory_enter.html", values, error)
    return RedirectResponse(f"/memories/mine/{code}?lang={visit.language}", status_code=303, headers=PRIVATE)


def _find(request: Request) -> tuple[Memory, str]:
    """The memory of the address, and its code as it is stored. Raises NotFound."""
    try:
        code = rules.read_code(request.path_params["code"])
    except Invalid:
        code = ""
    return find_by_code(parts_of(request).catalog, code), code


def show_mine(request: Request) -> Response:
    """How a memory stands, to whoever has its code: with the sheet to print, and the way to withdraw it."""
    try:
        found, code = _find(request)
    except NotFound:
        return RedirectResponse(f"/memories/?code={request.path_params['code'][:40]}", status_code=303, headers=PRIVATE)
    visit = _open(request, found.site_id, f"/memories/mine/{code}")
    landmark = next((mark for mark in visit.document["landmarks"] if mark["id"] == found.landmark), None)
    address = f"{visit.base}/memories/mine/{code}"
    zone = visit.document["site"]["time_zone"]
    values = {
        "memory": found,
        "told": found.told,
        "tag": html_tag(found.told.language) if found.told else None,
        "credit": say_credit(found.told, visit.language) if found.told else "",
        "licence": rules.LICENCES[found.told.licence] if found.told else "",
        "landmark": landmark,
        "is_open": found.told is not None and found.told.is_open,
        "is_away": not are_told(load_rule(parts_of(request).catalog, found.site_id).rule),
        "code": rules.show_code(code),
        "plain_code": code,
        "enter": f"{visit.base}/memories/".partition("://")[2],
        "qr": draw_qr(address),
        "done": request.query_params.get("done"),
        "since": say_when(found.created_at, visit.language, zone),
        "until": say_when((found.decided_at or 0) + rules.KEPT_MS, visit.language, zone),
    }
    return _page(visit, "visitor/memory_mine.html", values)


async def post_mine(request: Request) -> Response:
    """Withdraw a memory, whose words and picture are deleted for good, or take it out of the open data alone."""
    async with request.form(max_files=0, max_fields=5) as sent:
        step = field(sent, "step")
    return await run_in_threadpool(_take_back, request, step)


def _take_back(request: Request, step: str) -> Response:
    parts, done = parts_of(request), ""
    found, code = _find(request)
    if step == "withdraw":
        withdraw_memory(parts.catalog, parts.settings.package_dir, code, parts.clock())
    elif step == "keep_back":
        keep_back(parts.catalog, code, parts.clock())
        done = "&done=kept_back"
    language = choose_language(request, list(parts.published.get_site(found.site_id).documents))
    return RedirectResponse(f"/memories/mine/{code}?lang={language}{done}", status_code=303, headers=PRIVATE)


def show_own_picture(request: Request) -> Response:
    """The picture of a memory to whoever has its code, shown to visitors or not."""
    found, _ = _find(request)
    return send_unkept(request, found)


def send_unkept(request: Request, found: Memory) -> Response:
    """A picture that nobody keeps. Raises NotFound."""
    path = find_picture(parts_of(request).settings.package_dir, found.id) if found.has_picture else None
    if path is None:
        raise NotFound("memory_picture_unknown", "There is no picture here, or not any more.")
    response = send_file(request, path, f'"{found.id}"', PRIVATE["Cache-Control"])
    response.headers.update(PRIVATE)
    return response


# ---- what visitors see


def get_picture(request: Request) -> Response:
    """The picture of a memory that is shown; 410 once it is withdrawn."""
    parts, name = parts_of(request), request.path_params["file"]
    memory_id = name.removesuffix(".webp")
    path = None
    if parts.published.find_memory(memory_id) is not None:
        path = find_picture(parts.settings.package_dir, memory_id)
    if path is not None and name.endswith(".webp"):
        return send_file(request, path, f'"{memory_id}"', KEPT_A_MINUTE)
    if was_taken_off(parts.catalog, memory_id):
        raise Withdrawn("memory_withdrawn", "This picture was withdrawn or taken off its page; it is no longer shown.")
    raise NotFound("memory_picture_unknown", "There is no picture here, or not any more.")


routes = [
    Route("/memories/", show_enter),
    Route("/memories/add/{site}/{landmark}", show_form, methods=["GET"]),
    Route("/memories/add/{site}/{landmark}", post_form, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/memories/mine/{code}", show_mine, methods=["GET"]),
    Route("/memories/mine/{code}", post_mine, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/memories/mine/{code}/picture", show_own_picture),
    Route("/memories/pictures/{file}", get_picture),
]
