"""Signing in and out."""

import hashlib
import hmac

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import SESSION_LIFE_MS, Session, clean_name
from xr_server.errors import Busy, Forbidden, NotSignedIn
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.kept import LOGIN_COOKIE, LoginForm, go_on_page, is_own_path, login_page, read_kept
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import SESSION_COOKIE, field, home_of, is_secure, say_problem, session_of
from xr_server.storage.accounts import find_name, sign_in
from xr_server.storage.keys import load_secret
from xr_server.storage.sessions import close_session, find_session, open_session

KNOWN_COOKIE = "dejima_known"
KNOWN_S = 31_536_000


def show_login(request: Request) -> Response:
    """The login page; whoever is signed in already goes on."""
    session, after = session_of(request), request.query_params.get("next", "")
    if session is not None and "lang" not in request.query_params:
        return RedirectResponse(_after_login(after, session), status_code=303)
    notice = (
        {"text": "auth.notice_password_set", "undo": None}
        if request.query_params.get("done") == "password_set"
        else None
    )
    return login_page(request, LoginForm(after=after, notice=notice))


async def post_login(request: Request) -> Response:
    """Sign in with name and password."""
    async with request.form(max_files=0, max_fields=20) as sent:
        return await run_in_threadpool(_sign_in, request, sent)


def _sign_in(request: Request, sent: FormData) -> Response:
    parts, name = parts_of(request), field(sent, "name")
    password = str(sent.get("password", ""))  # not trimmed: a blank may belong to it
    try:
        _check_login_token(request, field(sent, "login_token"))
        known = _known_browser(request, find_name(parts.catalog, name[:200]))
        account_id = sign_in(parts.catalog, name[:200], password[:1000], parts.clock(), known)
    except (NotSignedIn, Busy, Forbidden) as error:
        problem = say_problem(error, choose_language(request))
        again = LoginForm(name, problem, field(sent, "next"), read_kept(sent))
        response = login_page(request, again, STATUS[type(error)])
        if isinstance(error, Busy):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    return _start_session(request, account_id, sent)


def _known_browser(request: Request, name: str) -> str:
    """What tells a browser in which this name has signed in before; empty for all others."""
    browser, _, seal = request.cookies.get(KNOWN_COOKIE, "").partition(".")
    return browser if browser and hmac.compare_digest(seal, _seal(request, browser, name)) else ""


def _seal(request: Request, browser: str, name: str) -> str:
    parts = parts_of(request)
    secret = load_secret(parts.settings.key_dir, "known-browsers", parts.random_bytes)
    return hmac.new(secret, f"{browser}\n{clean_name(name)}".encode(), hashlib.sha256).hexdigest()


def _check_login_token(request: Request, sent: str) -> None:
    kept = request.cookies.get(LOGIN_COOKIE, "")
    if not kept or not hmac.compare_digest(kept.encode(), sent.encode()):
        raise Forbidden(
            "login_page_old", "This login page was open for long. Nothing was sent on; please sign in again."
        )


def _start_session(request: Request, account_id: str, sent: FormData) -> Response:
    parts = parts_of(request)
    token = open_session(parts.catalog, account_id, parts.clock(), parts.random_bytes)
    session, kept = find_session(parts.catalog, token, parts.clock()), read_kept(sent)
    if session is not None and kept is not None:
        response = go_on_page(request, session, kept)
    else:
        response = RedirectResponse(_after_login(field(sent, "next"), session), status_code=303)
    return _carry_session(request, response, token, session)


def start_session(request: Request, account_id: str, response: Response) -> Response:
    """The answer, with which somebody is signed in."""
    parts = parts_of(request)
    token = open_session(parts.catalog, account_id, parts.clock(), parts.random_bytes)
    return _carry_session(request, response, token, find_session(parts.catalog, token, parts.clock()))


def _carry_session(request: Request, response: Response, token: str, session: Session | None) -> Response:
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=SESSION_LIFE_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    response.delete_cookie(LOGIN_COOKIE, path="/login")
    return response if session is None else remember_browser(request, response, session.name)


def remember_browser(request: Request, response: Response, name: str) -> Response:
    """The answer, which also tells the browser that this name belongs to whoever uses it."""
    browser = parts_of(request).random_bytes(16).hex()
    response.set_cookie(
        KNOWN_COOKIE,
        f"{browser}.{_seal(request, browser, name)}",
        max_age=KNOWN_S,
        path="/login",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    return response


def _after_login(wanted: str, session: Session | None) -> str:
    """Where to go: a page of ours that was asked for, else where the account's work is."""
    return wanted if is_own_path(wanted) else home_of(session)


def _sign_out(request: Request, _session: Session, _sent: FormData) -> Response:
    close_session(parts_of(request).catalog, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


routes = [
    Route("/login", show_login, methods=["GET"]),
    # a form that waits behind the login travels inside this one
    Route("/login", post_login, methods=["POST"], max_body_size=16 * MAX_FORM_BYTES),
    Route("/logout", form(None)(_sign_out), methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
