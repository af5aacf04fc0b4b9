"""Every refusal as an answer: problem details (RFC 9457) for programs, a page for people, one table of status codes."""

import json
import logging
from http.client import responses

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from xr_server import errors
from xr_server.domain.languages import NAMES
from xr_server.logs import describe_fault
from xr_server.routes.pages import choose_language, link_languages, render_page

STATUS: dict[type[errors.DejimaError], int] = {
    errors.Invalid: 400,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Stale: 409,
    errors.Withdrawn: 410,
    errors.TooLarge: 413,
    errors.Busy: 503,
    errors.Unavailable: 503,
}
# what Starlette itself refuses, in words of ours
GENERAL = {
    400: (
        "request_malformed",
        "The request cannot be read as HTTP intends it. docs/api.md shows what each address takes.",
    ),
    404: ("not_found", "Nothing stands at this address. docs/api.md lists those there are."),
    405: ("method_not_allowed", "This address does not take that method; the Allow header names those it takes."),
    413: ("too_large", "What was sent is larger than this address takes. Send less at once."),
    416: ("range_not_satisfiable", "The file is shorter than the asked range; Content-Range tells its length."),
}
UNEXPECTED = ("internal_error", "Something failed on our side. Nothing you sent was kept half-way; please try again.")
STORE_AWAY = (
    "store_away",
    "What is kept cannot be reached right now. Nothing you sent was kept half-way; go back and try again in a moment.",
)
UNAVAILABLE_RETRY_S = 5
WITHIN_SITE = frozenset(
    ("landmark_unknown", "experience_unknown", "scene_unknown", "creator_unknown", "rally_unknown")
)  # the site itself is there


log = logging.getLogger("dejima.problems")


def answer(request: Request, status: int, code: str, text: str, headers: dict[str, str] | None = None) -> Response:
    """The refusal in the form the asker reads: a page when HTML is asked for outside the API, else problem details."""
    if _wants_page(request):
        page = _page(request, status, code, text)
        page.headers.update(headers or {})
        return page
    body = {
        "type": f"urn:dejima:problem:{code}",
        "title": responses.get(status, code.replace("_", " ").capitalize()),  # 460 is a status of tus, not of HTTP
        "status": status,
        "code": code,
        "detail": text,
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def _page(request: Request, status: int, code: str, text: str) -> Response:
    """The refusal as a page, in the language of the address and with a way on that keeps it."""
    language = choose_language(request, tuple(NAMES))
    steps = request.url.path.split("/")
    home = f"/{language}/" if steps[1] == language else "/"
    if home != "/" and code in WITHIN_SITE:
        home += f"{steps[2]}/"
    values = {"status": status, "code": code, "text": text, "home": home}
    return render_page(
        request, "errors.html", language, {**values, "languages": link_languages(request.url.path)}, status
    )


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith(("/api/", "/packages/", "/media/", "/static/")):
        return False
    return "text/html" in request.headers.get("accept", "")


def status_of(error: errors.DejimaError) -> int:
    """The status code of an outcome of our own family."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def on_dejima_error(request: Request, error: Exception) -> Response:
    """The answer to an outcome of our own family."""
    assert isinstance(error, errors.DejimaError)  # noqa: S101 - registered for this class alone
    headers = {}
    if isinstance(error, errors.Busy):
        headers["Retry-After"] = str(error.retry_after_s)
    elif isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(UNAVAILABLE_RETRY_S)
    return answer(request, status_of(error), error.code, error.text, headers)


def on_store_away(request: Request, error: Exception) -> Response:
    """The answer while the database is away, locked or full: the same request may well succeed a little later."""
    log.error("the store: %s", describe_fault(error))
    return answer(request, 503, *STORE_AWAY, {"Retry-After": str(UNAVAILABLE_RETRY_S)})


def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to what Starlette itself refuses: unknown addresses, wrong methods, bodies too large."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    return answer_general(request, error.status_code, dict(error.headers or {}))


def answer_general(request: Request, status: int, headers: dict[str, str]) -> Response:
    """The answer to a refusal of a library, which says no more than its status."""
    code, text = GENERAL.get(status, (f"http_{status}", "The request was refused as its status says."))
    return answer(request, status, code, text, headers)


def on_unexpected(request: Request, _error: Exception) -> Response:
    """The answer to a fault of ours; routes/shell.py logs where it happened."""
    return answer(request, 500, *UNEXPECTED)
