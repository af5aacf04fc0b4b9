"""One's own account: another password, the sessions that are open, and the one-time link that lets somebody in."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import API_TOKEN_LIFE_MS, MIN_PASSWORD_LENGTH, Session
from xr_server.errors import Busy, Conflict, DejimaError, Forbidden, Invalid
from xr_server.parts import base_of, parts_of
from xr_server.routes.auth import remember_browser, start_session
from xr_server.routes.guard import MAX_FORM_BYTES, answer_people, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import SESSION_COOKIE, field, say_problem, staff_page
from xr_server.routes.wording import say_when
from xr_server.storage.accounts import change_password
from xr_server.storage.api_tokens import end_token, issue_token, list_tokens
from xr_server.storage.feeds import find_feed
from xr_server.storage.mail import find_address
from xr_server.storage.resets import find_reset, use_reset
from xr_server.storage.sessions import end_other_sessions, end_session, list_sessions

NOTICES = ("password_changed", "session_ended", "others_ended", "token_ended", "feed_ended")
MAIL_NOTICES = ("mail_set", "mail_kept", "mail_confirmed", "mail_ended")


@page(None)
def show_account(request: Request, session: Session) -> Response:
    """Who one is here, another password, and where one is signed in."""
    return account_page(request, session, {})


def account_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    """The page of one's own account; values may say what was wrong with a password."""
    parts, language = parts_of(request), choose_language(request)
    done = request.query_params.get("done")
    address = find_address(parts.catalog, session.account_id)
    common = {
        "tokens": list_tokens(parts.catalog, session.account_id, parts.clock()),
        "typed_label": "",
        "label_problem": None,
        "feed": find_feed(parts.catalog, session.account_id, parts.clock()),
        "mail": bool(parts.settings.smtp_url),
        "address": address.text,
        "mail_state": ("confirmed" if address.confirmed else "waiting") if address.text else "",
        "address_problem": None,
        "sessions": list_sessions(parts.catalog, session.account_id, _token(request), parts.clock()),
        "say_when": lambda at: say_when(at, language),
        "least": MIN_PASSWORD_LENGTH,
        "problem": None,
        "problem_field": "",
        "notice": {"text": f"auth.notice_{done}", "undo": None} if done in (*NOTICES, *MAIL_NOTICES) else None,
    }
    return staff_page(request, session, "account.html", {**common, **values})


@form(None)
def post_password(request: Request, session: Session, sent: FormData) -> Response:
    """Another password; whoever else was signed in with the old one is not any more."""
    parts = parts_of(request)
    try:
        old, new = _password(sent, "old"), _password(sent, "new")
        change_password(parts.catalog, session.account_id, old, new, parts.clock())
    except (Invalid, Forbidden, Busy) as error:
        wrong = "new" if isinstance(error, Invalid) else "old"
        values = {"problem": say_problem(error, choose_language(request)), "problem_field": wrong}
        response = account_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    end_other_sessions(parts.catalog, session.account_id, _token(request))
    return RedirectResponse("/account?done=password_changed", status_code=303)


@form(None)
def post_end_session(request: Request, session: Session, sent: FormData) -> Response:
    """End one of one's own sessions."""
    end_session(parts_of(request).catalog, session.account_id, field(sent, "session"))
    return RedirectResponse("/account?done=session_ended", status_code=303)


@form(None)
def post_end_others(request: Request, session: Session, _sent: FormData) -> Response:
    """End all of one's own sessions but this one."""
    end_other_sessions(parts_of(request).catalog, session.account_id, _token(request))
    return RedirectResponse("/account?done=others_ended", status_code=303)


@form("upload")
def post_token(request: Request, session: Session, sent: FormData) -> Response:
    """Make a token for a program; the page that answers shows it, once."""
    parts, label = parts_of(request), field(sent, "label")
    try:
        token = issue_token(parts.catalog, session.account_id, label, parts.clock(), parts.random_bytes)
    except (Invalid, Conflict) as error:
        values = {"typed_label": label, "label_problem": say_problem(error, choose_language(request))}
        response = account_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    until = say_when(parts.clock() + API_TOKEN_LIFE_MS, choose_language(request))
    return staff_page(request, session, "token.html", {"token": token, "until": until, "server": base_of(request)})


@form(None)
def post_end_token(request: Request, session: Session, sent: FormData) -> Response:
    """End one of one's own tokens."""
    parts = parts_of(request)
    end_token(parts.catalog, session.account_id, field(sent, "token"), parts.clock())
    return RedirectResponse("/account?done=token_ended", status_code=303)


def show_reset(request: Request) -> Response:
    """The page of a one-time link: whose account it opens, and a field for the password."""
    try:
        return _reset_page(request, {})
    except DejimaError as error:
        return answer_people(request, error)


async def post_reset(request: Request) -> Response:
    """Set the password; the token in the address is the proof, which no other site can know."""
    async with request.form(max_files=0, max_fields=20) as sent:
        return await run_in_threadpool(_use, request, sent)


def _use(request: Request, sent: FormData) -> Response:
    parts = parts_of(request)
    try:
        reset = find_reset(parts.catalog, request.path_params["token"], parts.clock())
        try:
            name = use_reset(parts.catalog, request.path_params["token"], _password(sent, "new"), parts.clock())
        except Invalid as error:
            response = _reset_page(request, {"problem": say_problem(error, choose_language(request))})
            response.status_code = STATUS[Invalid]
            return response
    except DejimaError as error:
        return answer_people(request, error)
    if reset.is_pupil:  # the card was the proof; a child need not type it all once more
        return start_session(request, reset.account_id, RedirectResponse("/join/welcome", status_code=303))
    return remember_browser(request, RedirectResponse("/login?done=password_set", status_code=303), name)


def _reset_page(request: Request, values: Mapping[str, Any]) -> Response:
    parts, language = parts_of(request), choose_language(request)
    reset = find_reset(parts.catalog, request.path_params["token"], parts.clock())
    common = {
        "name": reset.name,
        "until": say_when(reset.expires_at, language),
        "least": MIN_PASSWORD_LENGTH,
        "is_pupil": reset.is_pupil,
        "problem": None,
    }
    return staff_page(request, None, "reset.html", {**common, **values})


def _token(request: Request) -> str:
    return request.cookies.get(SESSION_COOKIE, "")


def _password(sent: FormData, name: str) -> str:
    return str(sent.get(name, ""))  # not trimmed: a blank may belong to it


routes = [
    Route("/account", show_account),
    Route("/account/password", post_password, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/sessions/end", post_end_session, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/sessions/end-others", post_end_others, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/tokens", post_token, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/tokens/end", post_end_token, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/reset/{token}", show_reset, methods=["GET"]),
    Route("/reset/{token}", post_reset, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
