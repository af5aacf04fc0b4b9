"""Signing in and out, and the guard every page and form of creators and staff passes."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import SESSION_LIFE_MS, Session, Step, check_csrf, check_may, may
from xr_server.errors import Busy, DejimaError, Forbidden, NotSignedIn
from xr_server.parts import Parts, parts_of
from xr_server.routes.pages import PAGE_LANGUAGES, choose_language, load_texts, render_page
from xr_server.routes.problems import STATUS
from xr_server.storage.accounts import close_session, find_session, open_session, sign_in

SESSION_COOKIE = "dejima_session"
LOGIN_COOKIE = "dejima_login"
CSRF_HEADER = "X-CSRF-Token"
MAX_FORM_BYTES = 64 * 1024
MAX_FORM_FIELDS = 200
SHOWN_STEPS: tuple[Step, ...] = ("upload", "review", "schedule", "read_figures")

PageHandler = Callable[[Request, Session], Response]
FormHandler = Callable[[Request, Session, FormData], Response]


def session_of(request: Request) -> Session | None:
    """The session of a request, None for a visitor."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return find_session(parts_of(request).catalog, token, parts_of(request).clock()) if token else None


def get_session(request: Request, step: Step) -> Session:
    """The session of a request that may take a step. Raises NotSignedIn, Forbidden."""
    session = session_of(request)
    if session is None:
        raise NotSignedIn("sign_in_first", "Sign in at /login first; a session lasts 12 hours. Nothing was changed.")
    check_may(session, step)
    return session


def check_header_token(request: Request, session: Session) -> None:
    """Refuse a changing request whose X-CSRF-Token is not the session's. Raises Forbidden."""
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))


def page(step: Step) -> Callable[[PageHandler], Callable[[Request], Response]]:
    """A page for accounts that may take a step; others are asked to sign in, or told why not."""

    def decorate(handler: PageHandler) -> Callable[[Request], Response]:
        @wraps(handler)
        def guarded(request: Request) -> Response:
            try:
                return handler(request, get_session(request, step))
            except DejimaError as error:
                return answer_people(request, error)

        return guarded

    return decorate


def form(step: Step) -> Callable[[FormHandler], Callable[[Request], Awaitable[Response]]]:
    """A form's target: as `page`, and only with the session's own token in the field `csrf`."""

    def decorate(handler: FormHandler) -> Callable[[Request], Awaitable[Response]]:
        def guarded(request: Request, sent: FormData) -> Response:
            try:
                session = get_session(request, step)
                check_csrf(session, field(sent, "csrf"))
                return handler(request, session, sent)
            except DejimaError as error:
                return answer_people(request, error)

        @wraps(handler)
        async def read_form(request: Request) -> Response:
            async with request.form(max_files=0, max_fields=MAX_FORM_FIELDS) as sent:
                return await run_in_threadpool(guarded, request, sent)

        return read_form

    return decorate


def field(sent: FormData, name: str) -> str:
    """One text field of a form, trimmed; empty when it was not sent."""
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def answer_people(request: Request, error: DejimaError) -> Response:
    """A refusal as a page in the reader's language; whoever is not signed in is taken to the login page."""
    language = choose_language(request)
    if isinstance(error, NotSignedIn) and request.method == "GET":
        after = quote(request.url.path, safe="/")
        return RedirectResponse(f"/login?next={after}", status_code=303)
    values = {"title": "auth.problem_title", "problem": say_problem(error, language)}
    response = staff_page(request, session_of(request), "staff_problem.html", values)
    response.status_code = STATUS[type(error)]
    return response


def say_problem(error: DejimaError, language: str) -> str:
    """The refusal's sentence in a language; its own English one where nobody has translated it."""
    return load_texts(language).get(f"auth.problem.{error.code}", error.text)


def staff_page(request: Request, session: Session | None, template: str, values: Mapping[str, object]) -> Response:
    """A page of studio or desk: private, in the language asked for, which a cookie remembers."""
    language = choose_language(request)
    steps = {step: session is not None and may(session, step) for step in SHOWN_STEPS}
    common = {"session": session, "may": steps, "csrf": session.csrf_token if session else "", "notice": None}
    response = render_page(request, template, language, {**common, **values})
    response.headers["Cache-Control"] = "private, no-store"
    if request.query_params.get("lang") in PAGE_LANGUAGES:
        response.set_cookie("lang", language, max_age=31_536_000, samesite="lax", secure=is_secure(request))
    return response


def is_secure(request: Request) -> bool:
    """Whether cookies may insist on HTTPS."""
    return request.url.scheme == "https" or parts_of(request).settings.public_url.startswith("https://")


def show_login(request: Request) -> Response:
    """The login page; whoever is signed in already goes on."""
    session = session_of(request)
    if session is not None and "lang" not in request.query_params:
        return RedirectResponse(_after_login(request.query_params.get("next", ""), session), status_code=303)
    return _login_page(request, {"name": "", "problem": None, "next": request.query_params.get("next", "")})


def _login_page(request: Request, values: Mapping[str, object], status: int = 200) -> Response:
    """The form carries a random value that must come back together with its cookie: no row for an anonymous visitor."""
    token = request.cookies.get(LOGIN_COOKIE) or parts_of(request).random_bytes(16).hex()
    response = staff_page(request, None, "login.html", {**values, "login_token": token})
    response.status_code = status
    response.set_cookie(
        LOGIN_COOKIE, token, max_age=3600, path="/login", httponly=True, samesite="lax", secure=is_secure(request)
    )
    return response


async def post_login(request: Request) -> Response:
    """Sign in with name and password."""
    async with request.form(max_files=0, max_fields=20) as sent:
        return await run_in_threadpool(_sign_in, request, sent)


def _sign_in(request: Request, sent: FormData) -> Response:
    parts, name = parts_of(request), field(sent, "name")
    password = str(sent.get("password", ""))  # not trimmed: a blank may belong to it
    language = choose_language(request)
    try:
        _check_login_token(request, field(sent, "login_token"))
        account_id = sign_in(parts.catalog, name[:200], password[:1000], parts.clock())
    except (NotSignedIn, Busy, Forbidden) as error:
        values = {"name": name, "problem": say_problem(error, language), "next": field(sent, "next")}
        response = _login_page(request, values, STATUS[type(error)])
        if isinstance(error, Busy):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    return _start_session(request, parts, account_id, field(sent, "next"))


def _check_login_token(request: Request, sent: str) -> None:
    kept = request.cookies.get(LOGIN_COOKIE, "")
    if not kept or not hmac.compare_digest(kept.encode(), sent.encode()):
        raise Forbidden(
            "login_page_old", "This login page was open for long. Nothing was sent on; please sign in again."
        )


def _start_session(request: Request, parts: Parts, account_id: str, after: str) -> Response:
    token = open_session(parts.catalog, account_id, parts.clock(), parts.random_bytes)
    session = find_session(parts.catalog, token, parts.clock())
    response = RedirectResponse(_after_login(after, session), status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=SESSION_LIFE_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    response.delete_cookie(LOGIN_COOKIE, path="/login")
    return response


def _after_login(wanted: str, session: Session | None) -> str:
    """Where to go: a page of ours that was asked for, else where the account's work is."""
    if wanted.startswith(("/studio", "/desk")) and "\\" not in wanted and wanted.isprintable():
        return wanted
    return "/desk/" if session is not None and may(session, "review") else "/studio/"


def _sign_out(request: Request, _session: Session, _sent: FormData) -> Response:
    close_session(parts_of(request).catalog, request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(SESSION_COOKIE)
    return response


routes = [
    Route("/login", show_login, methods=["GET"]),
    Route("/login", post_login, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/logout", form("upload")(_sign_out), methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
