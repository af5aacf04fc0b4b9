"""The guard every page and form of creators and staff passes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import wraps
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from xr_server.domain.account import Session, Step, check_csrf, check_may
from xr_server.errors import DejimaError, NotSignedIn
from xr_server.parts import parts_of
from xr_server.routes.kept import LoginForm, go_on_page, keep_form, login_page
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import field, say_problem, session_of, staff_page
from xr_server.storage.api_tokens import find_token_session

CSRF_HEADER = "X-CSRF-Token"
MAX_FORM_BYTES = 64 * 1024
MAX_FORM_FIELDS = 200
FILES_AT_ONCE = 2  # a file may take a processor for a second; whoever comes third waits without holding a thread

PageHandler = Callable[[Request, Session], Response]
FormHandler = Callable[[Request, Session, FormData], Response]


def get_session(request: Request, step: Step | None) -> Session:
    """The session of a request that may take a step (None: any account). Raises NotSignedIn, Forbidden."""
    session = session_of(request)
    if session is None:
        raise NotSignedIn("sign_in_first", "Sign in at /login first; a session lasts 12 hours. Nothing was changed.")
    if step is not None:
        check_may(session, step)
    return session


def get_api_session(request: Request, step: Step) -> Session:
    """The session of a request by a page of ours or by a program with a token. Raises NotSignedIn, Forbidden."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return get_session(request, step)
    parts = parts_of(request)
    session = find_token_session(parts.catalog, token.strip(), parts.clock())
    if session is None:
        raise NotSignedIn(
            "token_over",
            "This token is not known here, was ended, or is more than a year old. Make another one on the page of your "
            "account. Nothing was changed.",
        )
    check_may(session, step)
    return session


def check_header_token(request: Request, session: Session) -> None:
    """Refuse a changing request of a page whose X-CSRF-Token is not the session's. Raises Forbidden."""
    if session.by_token:
        return
    check_csrf(session, request.headers.get(CSRF_HEADER, ""))


def page(step: Step | None) -> Callable[[PageHandler], Callable[[Request], Response]]:
    """A page for accounts that may take a step (None: any account); others are asked to sign in, or told why not."""

    def decorate(handler: PageHandler) -> Callable[[Request], Response]:
        @wraps(handler)
        def guarded(request: Request) -> Response:
            try:
                return handler(request, get_session(request, step))
            except NotSignedIn:
                return RedirectResponse(f"/login?next={quote(request.url.path, safe='/')}", status_code=303)
            except DejimaError as error:
                return answer_people(request, error)

        return guarded

    return decorate


def form(
    step: Step | None, most_fields: int = MAX_FORM_FIELDS, files: int = 0
) -> Callable[[FormHandler], Callable[[Request], Awaitable[Response]]]:
    """A form's target: as `page`, and only with the session's own token in the field `csrf`. files: as many may come along."""

    def decorate(handler: FormHandler) -> Callable[[Request], Awaitable[Response]]:
        def guarded(request: Request, sent: FormData) -> Response:
            try:
                session = get_session(request, step)
                check_csrf(session, field(sent, "csrf"))
                return handler(request, session, sent)
            except DejimaError as error:
                return answer_form(request, sent, error)

        @wraps(handler)
        async def read_form(request: Request) -> Response:
            if files and await run_in_threadpool(_is_unread, request):
                return await run_in_threadpool(_answer_unread, request)
            turn = turn_of(request) if files else nullcontext()
            async with request.form(max_files=files, max_fields=most_fields) as sent, turn:
                return await run_in_threadpool(guarded, request, sent)

        return read_form

    return decorate


def turn_of(request: Request) -> asyncio.Semaphore:
    """The server's own turnstile for files."""
    state = request.app.state
    if not hasattr(state, "file_turns"):
        state.file_turns = asyncio.Semaphore(FILES_AT_ONCE)
    turns: asyncio.Semaphore = state.file_turns
    return turns


def _is_unread(request: Request) -> bool:
    """Whether a body with a file comes from nobody who has signed in: then it is not even read."""
    length = request.headers.get("content-length", "")
    small = length.isdigit() and int(length) <= MAX_FORM_BYTES
    return not small and session_of(request) is None


def _answer_unread(request: Request) -> Response:
    problem = load_texts(choose_language(request))["auth.file_unread"]
    return login_page(request, LoginForm(problem=problem, after=request.url.path), STATUS[NotSignedIn])


def answer_form(request: Request, sent: FormData, error: DejimaError) -> Response:
    """A refused form: without a session, or with the token of an earlier one, what was typed is kept and can go on."""
    if not isinstance(error, NotSignedIn) and error.code != "csrf_missing":
        return answer_people(request, error)
    kept, session = keep_form(request, sent), session_of(request)
    if session is None:
        language = choose_language(request)
        problem = load_texts(language)["auth.kept_behind_login"] if kept else say_problem(error, language)
        return login_page(request, LoginForm(problem=problem, kept=kept), STATUS[NotSignedIn])
    if kept is None:
        return answer_people(request, error)
    response = go_on_page(request, session, kept)
    response.status_code = STATUS[type(error)]
    return response


def answer_people(request: Request, error: DejimaError) -> Response:
    """A refusal as a page in the reader's language."""
    values = {"title": "auth.problem_title", "problem": say_problem(error, choose_language(request))}
    response = staff_page(request, session_of(request), "staff_problem.html", values)
    response.status_code = STATUS[type(error)]
    return response
