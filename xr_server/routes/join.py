"""The way in for pupils: a class's code, a made pen name, a password of one's own. No e-mail and no real name is asked for."""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import MIN_PASSWORD_LENGTH, Session
from xr_server.domain.pen_name import SEED_BYTES, make_pen_name
from xr_server.domain.school import check_open
from xr_server.errors import Busy, DejimaError, Forbidden, Invalid
from xr_server.parts import parts_of
from xr_server.routes.auth import start_session
from xr_server.routes.guard import MAX_FORM_BYTES, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import status_of
from xr_server.routes.staff import field, is_secure, say_problem, staff_page
from xr_server.storage.classes import SchoolClass, new_id, today_at
from xr_server.storage.pupils import Knock, check_code, find_free_seed, is_free, join_class

JOIN_COOKIE = "dejima_join"
SEED = re.compile(f"[0-9a-f]{{{2 * SEED_BYTES}}}")
AFTER = "/join/welcome"


def show_join(request: Request) -> Response:
    """The page that asks for the code of a class."""
    return _join_page(request, "join/code.html", {"typed": "", "problem": None})


def _join_page(
    request: Request, template: str, values: Mapping[str, Any], error: DejimaError | None = None
) -> Response:
    """A page of the way in; its form carries a random value that must come back together with its cookie."""
    token = request.cookies.get(JOIN_COOKIE) or parts_of(request).random_bytes(16).hex()
    response = staff_page(request, None, template, {"join_token": token, **values})
    response.set_cookie(
        JOIN_COOKIE, token, max_age=86_400, path="/join", httponly=True, samesite="lax", secure=is_secure(request)
    )
    if error is not None:
        response.status_code = status_of(error)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


async def post_code(request: Request) -> Response:
    """Look for the class of a code; the page that answers has the pen name, and asks for a password."""
    async with request.form(max_files=0, max_fields=20) as sent:
        return await run_in_threadpool(_enter, request, sent)


def _enter(request: Request, sent: FormData) -> Response:
    try:
        found = _find_class(request, sent)
    except DejimaError as error:
        return _code_again(request, sent, error)
    return _name_page(request, sent, found, {})


def _find_class(request: Request, sent: FormData) -> SchoolClass:
    parts, browser = parts_of(request), request.cookies.get(JOIN_COOKIE, "")
    if not browser or not hmac.compare_digest(browser.encode(), field(sent, "join_token").encode()):
        raise Forbidden("join_page_old", "This page was open for long. Nothing was sent on; please try again.")
    found = check_code(parts.catalog, Knock(field(sent, "code")[:60], browser[:64]), parts.clock())
    check_open(found.said.ends_on, today_at(parts.catalog, found.site_id, parts.clock()))
    return found


def _code_again(request: Request, sent: FormData, error: DejimaError) -> Response:
    values = {"typed": field(sent, "code")[:60], "problem": _say(request, error)}
    return _join_page(request, "join/code.html", values, error)


def _say(request: Request, error: DejimaError) -> str:
    """The refusal in words for children, where there are some."""
    code = "join_paused" if isinstance(error, Busy) else error.code
    return say_problem(type(error)(code, error.text), choose_language(request))


def _name_page(
    request: Request, sent: FormData, found: SchoolClass, values: Mapping[str, Any], error: DejimaError | None = None
) -> Response:
    parts, language = parts_of(request), choose_language(request)
    seed = find_free_seed(parts.catalog, language, parts.random_bytes)
    common = {
        "found": found,
        "code": field(sent, "code")[:60],
        "seed": seed.hex(),
        "pen_name": make_pen_name(language, seed),
        "least": MIN_PASSWORD_LENGTH,
        "problem": None,
    }
    return _join_page(request, "join/name.html", {**common, **values}, error)


async def post_account(request: Request) -> Response:
    """Make the account, or another pen name, as the button says."""
    async with request.form(max_files=0, max_fields=20) as sent:
        return await run_in_threadpool(_make, request, sent)


def _make(request: Request, sent: FormData) -> Response:
    parts, language = parts_of(request), choose_language(request)
    try:
        found = _find_class(request, sent)
    except DejimaError as error:
        return _code_again(request, sent, error)
    if field(sent, "step") == "another":
        return _name_page(request, sent, found, {})
    seed = field(sent, "seed")
    kept: dict[str, Any] = {}
    try:
        if not SEED.fullmatch(seed):
            raise Invalid(
                "pen_name_taken", "Somebody else has this name by now. Here is another one; nothing was lost."
            )
        name = make_pen_name(language, bytes.fromhex(seed))
        kept = {"seed": seed, "pen_name": name} if is_free(parts.catalog, name) else {}
        made = parts.clock(), new_id(parts.random_bytes)
        # not trimmed: a blank may belong to it
        account_id = join_class(parts.catalog, found, name, str(sent.get("password", "")), made)
    except DejimaError as error:
        return _name_page(request, sent, found, {**kept, "problem": _say(request, error)}, error)
    return start_session(request, account_id, RedirectResponse(AFTER, status_code=303))


@page(None)
def show_welcome(request: Request, session: Session) -> Response:
    """What a pupil is called from now on, and the way to the own scans."""
    return staff_page(request, session, "join/welcome.html", {})


routes = [
    Route("/join", show_join, methods=["GET"]),
    Route("/join", post_code, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/join/account", post_account, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route(AFTER, show_welcome),
]
