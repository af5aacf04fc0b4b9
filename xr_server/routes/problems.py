"""Every refusal as an answer: problem details (RFC 9457) for programs, a page for people, one table of status codes."""

import json
import logging
from http.client import responses

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from xr_server import errors
from xr_server.routes.pages import choose_language, render_page

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
GENERAL = {
    404: ("not_found", "Nothing stands at this address. The API is listed at /openapi.json and in docs/api.md."),
    405: ("method_not_allowed", "This address does not take that method; the Allow header names those it takes."),
    413: ("too_large", "What was sent is larger than this address takes."),
}
UNEXPECTED = ("internal_error", "Something failed on our side. Nothing you sent was kept half-way; please try again.")
log = logging.getLogger("dejima.problems")


def answer(request: Request, status: int, code: str, text: str, headers: dict[str, str] | None = None) -> Response:
    """The refusal in the form the asker reads: a page when HTML is asked for outside the API, else problem details."""
    if _wants_page(request):
        page = render_page(
            request, "errors.html", choose_language(request), {"status": status, "code": code, "text": text}, status
        )
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


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith(("/api/", "/packages/", "/static/")):
        return False
    return "text/html" in request.headers.get("accept", "")


def on_dejima_error(request: Request, error: Exception) -> Response:
    """The answer to an outcome of our own family."""
    assert isinstance(error, errors.DejimaError)  # noqa: S101 - registered for this class alone
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.Busy) else {}
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = "5"
    return answer(request, STATUS[type(error)], error.code, error.text, headers)


def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to what Starlette itself refuses: unknown addresses, wrong methods, bodies too large."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    code, text = GENERAL.get(error.status_code, (f"http_{error.status_code}", error.detail))
    return answer(request, error.status_code, code, text, dict(error.headers or {}))


def on_unexpected(request: Request, error: Exception) -> Response:
    """The answer to a fault of ours; the log has the traceback, the asker a sentence."""
    log.error("unexpected", exc_info=error)
    return answer(request, 500, *UNEXPECTED)
