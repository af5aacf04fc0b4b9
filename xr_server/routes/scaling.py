"""Whether a scan came out as large as the thing is: two points of it, one length somebody knows, and what to do if not."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.scale import CHECK_FIELDS, check_scale
from xr_server.errors import Conflict, Invalid
from xr_server.parts import parts_of
from xr_server.routes.guard import page
from xr_server.routes.pages import choose_language
from xr_server.routes.placing import model_values
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan
from xr_server.routes.staff import say_problem, staff_page


@page("upload")
def show_scale(request: Request, session: Session) -> Response:
    """The form; with its fields in the address also what they say. Nothing is stored: a size is never stretched silently."""
    parts, stored = parts_of(request), get_own_scan(request, session, request.path_params["id"])
    if stored.state != "built":
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    typed = {name: request.query_params.get(name, "").strip()[:40] for name in CHECK_FIELDS}
    model = model_values(parts, stored)
    values: dict[str, Any] = {"scan": stored, "typed": typed, "model": model, "check": None, "problem": None}
    values["is_own"] = stored.account_id == session.account_id
    if not any(typed.values()):
        return staff_page(request, session, "studio/scale.html", values)
    try:
        values["check"] = check_scale(typed, model["unit"])
    except Invalid as error:
        values["problem"] = say_problem(error, choose_language(request))
        response = staff_page(request, session, "studio/scale.html", values)
        response.status_code = STATUS[type(error)]
        return response
    return staff_page(request, session, "studio/scale.html", values)


routes = [Route("/studio/scans/{id}/scale", show_scale)]
