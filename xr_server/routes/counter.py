"""The page at a shop's counter: a code is typed or scanned, marked as used, and that taken back within a minute.

No account: a link with a sealed code opens the counter, and a cookie remembers it on that one phone or computer. Taking
back takes that cookie, so a visitor who has seen the link cannot do it.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.sealed_code import SERIAL_LENGTH, clean_letters, make_code, show_code
from xr_server.domain.voucher import UNDO_MS, VOUCHER, Voucher, may_undo, read_voucher_code
from xr_server.errors import Busy, Conflict, DejimaError, Forbidden, Invalid, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, answer_people
from xr_server.routes.offers import describe_offer, load_code_secret
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.problems import status_of
from xr_server.routes.staff import field, is_secure, say_problem, staff_page
from xr_server.routes.studio import find_site
from xr_server.routes.wording import DEFAULT_ZONE, say_date, say_moment
from xr_server.storage.counters import Counter, Purpose, counter_code, find_counter
from xr_server.storage.tokens import hash_token
from xr_server.storage.vouchers import (
    Till,
    check_counter_rested,
    count_wrong_code,
    find_voucher,
    forget_wrong_codes,
    take_back_use,
    use_voucher,
)

COOKIE = "dejima_counter"
COOKIE_LIFE_S = 60 * 86_400
MAX_TYPED = 300
UNINDEXED = {"X-Robots-Tag": "noindex"}


class Opened:
    """A counter as one browser has it open."""

    def __init__(self, counter: Counter, browser: str) -> None:
        self.counter, self.till = counter, Till(counter.serial, browser)
        self.form_token = hash_token(f"form\n{browser}")[:32]


def _open(request: Request) -> Opened | None:
    """The counter that a browser's cookie has open; None when it was ended, or never opened."""
    code, _, browser = request.cookies.get(COOKIE, "").partition(".")
    if not code or not browser:
        return None
    try:
        parts = parts_of(request)
        return Opened(find_counter(parts.catalog, "shop", code, load_code_secret(parts)), browser)
    except (Invalid, NotFound):
        return None


def show_counter(request: Request) -> Response:
    """The form for a visitor's code; for whoever has no counter open, the form for the counter's own."""
    opened = _open(request)
    if opened is None:
        return _enter_page(request, {})
    return _check_page(request, opened, {"typed": read_scanned(request.query_params.get("prize", ""))})


def open_by_link(request: Request) -> Response:
    """Open a counter by its link; the address that stays on the screen has no code in it."""
    return _enter(request, request.path_params["code"])


def _enter(request: Request, typed: str) -> Response:
    parts, language = parts_of(request), choose_language(request)
    try:
        counter = find_by_link(parts, "shop", typed[:MAX_TYPED])
    except (Invalid, NotFound, Busy) as error:
        problem = load_texts(language)["counter.paused"] if isinstance(error, Busy) else say_problem(error, language)
        return _enter_page(request, {"typed": typed[:20], "problem": problem}, error)
    held = request.cookies.get(COOKIE, "").partition(".")[2]
    browser = held or parts.random_bytes(16).hex()
    response = RedirectResponse("/counter/", status_code=303, headers=UNINDEXED)
    value = f"{counter_code(counter, load_code_secret(parts))}.{browser}"
    response.set_cookie(
        COOKIE,
        value,
        max_age=COOKIE_LIFE_S,
        path="/counter",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    return response


def find_by_link(parts: Parts, purpose: Purpose, typed: str) -> Counter:
    """The counter of a code that somebody brings; whoever guesses at one counter's seal has to wait.

    Raises Invalid, NotFound, Busy.
    """
    at, key = parts.clock(), f"link {purpose} {clean_letters(typed)[:SERIAL_LENGTH]}"
    check_counter_rested(parts.catalog, key, at)
    try:
        found = find_counter(parts.catalog, purpose, typed, load_code_secret(parts))
    except NotFound:
        count_wrong_code(parts.catalog, key, at)
        raise
    forget_wrong_codes(parts.catalog, key)
    return found


def read_scanned(text: str) -> str:
    """The code in what a scanner gave: the code alone, or an address that ends with it."""
    return text.strip()[:MAX_TYPED].rpartition("prize=")[2].partition("&")[0]


async def post_enter(request: Request) -> Response:
    """Open a counter by its code as somebody typed it."""
    async with request.form(max_files=0, max_fields=10) as sent:
        return await run_in_threadpool(_enter, request, field(sent, "counter"))


async def post_check(request: Request) -> Response:
    """Check a visitor's code and mark it as used, in one step."""
    return await _post(request, check_code)


async def post_undo(request: Request) -> Response:
    """Take back what was marked a moment ago."""
    return await _post(request, undo_check)


async def _post(request: Request, act: Any) -> Response:
    async with request.form(max_files=0, max_fields=10) as sent:
        return await run_in_threadpool(_act, request, sent, act)


def _act(request: Request, sent: FormData, act: Any) -> Response:
    opened = _open(request)
    if opened is None:
        return _enter_page(request, {"problem": load_texts(choose_language(request))["counter.closed"]})
    try:
        if not hmac.compare_digest(field(sent, "till").encode(), opened.form_token.encode()):
            raise Forbidden("counter_page_old", "This page was open for long. Nothing was changed; please try again.")
        values: Mapping[str, Any] = act(request, opened, sent)
        return _check_page(request, opened, values)
    except DejimaError as error:
        return _refuse(request, opened, sent, error)


def check_code(request: Request, opened: Opened, sent: FormData) -> Mapping[str, Any]:
    """Mark the voucher of a code as used; what the page says of it. Raises Invalid, NotFound, Conflict, Busy."""
    parts, counter, now = parts_of(request), opened.counter, parts_of(request).clock()
    check_counter_rested(parts.catalog, counter.serial, now)
    try:
        found = _find(request, opened, read_scanned(field(sent, "code")))
    except NotFound:
        count_wrong_code(parts.catalog, counter.serial, now)
        raise
    forget_wrong_codes(parts.catalog, counter.serial)
    _check_days(request, counter)
    return {"answer": "valid", "voucher": use_voucher(parts.catalog, found, opened.till, now)}


def _find(request: Request, opened: Opened, typed: str) -> Voucher:
    parts, offer = parts_of(request), opened.counter.offer
    serial = read_voucher_code(typed, load_code_secret(parts))
    found = find_voucher(parts.catalog, offer.site_id, serial)
    if found is None:
        raise NotFound("code_not_ours", "This is no code of ours, or one letter was typed otherwise. Compare it again.")
    if found.offer != offer:
        raise Conflict("voucher_elsewhere", "This code is genuine but for something else; it is not collected here.")
    return found


def _check_days(request: Request, counter: Counter) -> None:
    language = choose_language(request)
    words = describe_offer(parts_of(request), counter.offer, language)
    if _now(request, counter).date() > words.until_on:
        last = say_date(words.until_on, language)
        raise Conflict("voucher_over", f"The code is genuine, but prizes were given until {last}.", last=last)


def _now(request: Request, counter: Counter) -> datetime:
    site = find_site(parts_of(request), counter.offer.site_id)
    zone = ZoneInfo(site.time_zone if site else DEFAULT_ZONE)
    return datetime.fromtimestamp(parts_of(request).clock() / 1000, zone)


def undo_check(request: Request, opened: Opened, sent: FormData) -> Mapping[str, Any]:
    """Take back what this browser marked within the last minute. Raises Invalid, NotFound, Conflict."""
    found = _find(request, opened, field(sent, "code"))
    take_back_use(parts_of(request).catalog, found, opened.till, parts_of(request).clock())
    return {"answer": "undone", "voucher": found}


def _refuse(request: Request, opened: Opened, sent: FormData, error: DejimaError) -> Response:
    """The page again with what is to be said; a code that was used already, with when and where."""
    language, typed = choose_language(request), field(sent, "code")[:40]
    values: dict[str, Any] = {"typed": typed, "problem": say_problem(error, language), "answer": "wrong"}
    if isinstance(error, Busy):
        values["problem"] = load_texts(language)["counter.paused"]
    if error.code == "voucher_used":
        values = {"answer": "used", "voucher": _find(request, opened, read_scanned(typed))}
    response = _check_page(request, opened, values)
    response.status_code = status_of(error)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _check_page(request: Request, opened: Opened, values: Mapping[str, Any]) -> Response:
    parts, counter, language = parts_of(request), opened.counter, choose_language(request)
    voucher: Voucher | None = values.get("voucher")
    now = _now(request, counter)
    try:
        offer = describe_offer(parts, counter.offer, language)
    except DejimaError as error:
        return answer_people(request, error)
    common: dict[str, Any] = {
        "counter": counter,
        "offer": offer,
        "until": say_date(offer.until_on, language),
        "till": opened.form_token,
        "typed": "",
        "problem": None,
        "answer": None,
        "code": "",
        "marked": "",
        "elsewhere": False,
        "undo_s": 0,
    }
    if voucher is not None:
        common["code"] = show_code(make_code(VOUCHER, voucher.serial, load_code_secret(parts)))
    if voucher is not None and voucher.used_at is not None:
        used_at = datetime.fromtimestamp(voucher.used_at / 1000, UTC)
        common["marked"] = say_moment(used_at, now.tzinfo, language)  # type: ignore[arg-type]
        common["elsewhere"] = voucher.counter != counter.serial
        if may_undo(voucher, opened.till.used_by, parts.clock()):
            common["undo_s"] = UNDO_MS // 1000
    response = staff_page(request, None, "counter/check.html", {**common, **values})
    response.headers.update(UNINDEXED)
    return response


def _enter_page(request: Request, values: Mapping[str, Any], error: DejimaError | None = None) -> Response:
    prize = clean_letters(request.query_params.get("prize", ""))
    common = {"typed": "", "problem": None, "for_visitor": bool(prize)}
    response = staff_page(request, None, "counter/enter.html", {**common, **values})
    response.headers.update(UNINDEXED)
    if error is not None:
        response.status_code = status_of(error)
    return response


routes = [
    Route("/counter/", show_counter, methods=["GET"]),
    Route("/counter/", post_check, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/counter/enter", post_enter, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/counter/undo", post_undo, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/counter/{code}", open_by_link),
]
