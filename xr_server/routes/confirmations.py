"""The page of a link by mail: whoever gave the address confirms it, whoever only got the letter has it forgotten."""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.errors import DejimaError, Forbidden
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, answer_people, form
from xr_server.routes.pages import choose_language
from xr_server.routes.staff import session_of, staff_page
from xr_server.routes.wording import say_when
from xr_server.storage.confirmations import confirm_address, decline_address, find_confirmation


def show_confirmation(request: Request) -> Response:
    """Who asked for news to which address; opening the page changes nothing, since mail servers open links too."""
    parts, session = parts_of(request), session_of(request)
    try:
        found = find_confirmation(parts.catalog, request.path_params["token"], parts.clock())
    except DejimaError as error:
        return answer_people(request, error)
    values = {
        "it": found,
        "is_mine": session is not None and session.account_id == found.account_id,
        "until": say_when(found.expires_at, choose_language(request)),
    }
    return staff_page(request, session, "confirmation.html", values)


@form(None)
def post_confirmation(request: Request, session: Session, _sent: FormData) -> Response:
    """Let news go to the address: the link proves that it can be read, the session who asked."""
    parts, token = parts_of(request), request.path_params["token"]
    if find_confirmation(parts.catalog, token, parts.clock()).account_id != session.account_id:
        raise Forbidden(
            "confirmation_anothers", "Another account gave this address. Sign in with that one to confirm it."
        )
    confirm_address(parts.catalog, token, parts.clock())
    return RedirectResponse("/account?done=mail_confirmed#mail-title", status_code=303)


async def post_decline(request: Request) -> Response:
    """Forget the address; the token is the proof, and whoever got a stray letter has no account."""
    return await run_in_threadpool(_decline, request)


def _decline(request: Request) -> Response:
    parts = parts_of(request)
    try:
        decline_address(parts.catalog, request.path_params["token"], parts.clock())
    except DejimaError as error:
        return answer_people(request, error)
    return staff_page(request, session_of(request), "confirmation_declined.html", {})


routes = [
    Route("/account/mail/{token}", show_confirmation, methods=["GET"]),
    Route("/account/mail/{token}/confirm", post_confirmation, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/account/mail/{token}/decline", post_decline, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
