"""Saying something else of a built scan: title, maker, licence, grade; stamped into a new package in a moment."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.restating import RESTATED, read_details, type_details
from xr_server.errors import Conflict, DejimaError
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import field, say_problem, staff_page
from xr_server.storage.catalog import Change
from xr_server.storage.scans import StoredScan
from xr_server.storage.stamping import restate_scan


def _load(request: Request, session: Session) -> StoredScan:
    stored = get_own_scan(request, session, request.path_params["id"])
    if stored.state != "built":
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    return stored


@page("attach")
def show_details(request: Request, session: Session) -> Response:
    """What the package says of itself, to be said otherwise."""
    stored = _load(request, session)
    return _details_page(request, session, stored, {"typed": type_details(stored.details)})


def _details_page(request: Request, session: Session, stored: StoredScan, values: Mapping[str, Any]) -> Response:
    common = {"scan": stored, "digest": stored.package_digest, "problem": None}
    return staff_page(request, session, "studio/details.html", {**common, **values})


@form("attach")
def post_details(request: Request, session: Session, sent: FormData) -> Response:
    """Stamp a new package that says what was typed; the models in it stay byte for byte."""
    parts, stored = parts_of(request), _load(request, session)
    typed = {name: field(sent, name) for name in RESTATED}
    try:
        if field(sent, "digest") != stored.package_digest:
            raise Conflict("step_impossible", "Somebody else has changed this scan meanwhile. Reload the page.")
        change = Change(parts.clock(), session.account_id)
        restate_scan(parts.catalog, parts.settings, stored, read_details(typed, stored.details), change)
    except DejimaError as error:
        values = {"typed": typed, "problem": say_problem(error, choose_language(request))}
        response = _details_page(request, session, stored, values)
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}?done=restated", status_code=303)


routes = [
    Route("/studio/scans/{id}/details", show_details, methods=["GET"]),
    Route("/studio/scans/{id}/details", post_details, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
