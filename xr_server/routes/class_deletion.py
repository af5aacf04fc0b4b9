"""Deleting a class, or one pupil: first a list of what goes, afterwards a receipt of what went."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.quota import say_room
from xr_server.errors import Conflict
from xr_server.parts import parts_of
from xr_server.routes.classes import back_to, get_class
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import status_of
from xr_server.routes.staff import change_by, say_problem, staff_page
from xr_server.routes.wording import say_when
from xr_server.storage.class_deletion import Leaving, delete_leaving, find_going
from xr_server.storage.pupils import get_pupil, list_pupils


def _leaving(request: Request, session: Session) -> Leaving:
    """Who goes, as the address says: one pupil, or all with their class."""
    catalog, found = parts_of(request).catalog, get_class(request, session)
    if "pupil" in request.path_params:
        return Leaving(found, [get_pupil(catalog, found.id, request.path_params["pupil"])], whole_class=False)
    return Leaving(found, list_pupils(catalog, found.id), whole_class=True)


@page("teach")
def show_delete(request: Request, session: Session) -> Response:
    """What would go, and the button for it."""
    return _delete_page(request, session, _leaving(request, session), None)


def _delete_page(request: Request, session: Session, leaving: Leaving, problem: str | None) -> Response:
    going = find_going(parts_of(request).catalog, leaving)
    values = {"leaving": leaving, "going": going, "say_room": say_room, "problem": problem}
    return staff_page(request, session, "desk/class_delete.html", values)


@form("teach")
def post_delete(request: Request, session: Session, _sent: FormData) -> Response:
    """Delete it; the page that answers is the receipt."""
    parts, leaving = parts_of(request), _leaving(request, session)
    try:
        went = delete_leaving(parts.catalog, parts.settings, leaving, change_by(request, session))
    except Conflict as error:
        response = _delete_page(request, session, leaving, say_problem(error, choose_language(request)))
        response.status_code = status_of(error)
        return response
    if not leaving.whole_class:
        return back_to(leaving.found, "pupil_deleted")
    when = say_when(parts.clock(), choose_language(request))
    values = {"name": leaving.found.said.name, "went": went, "when": when, "say_room": say_room}
    return staff_page(request, session, "desk/class_receipt.html", values)


routes = [
    Route(f"/desk/classes/{{id}}/{address}", handler, methods=[method], max_body_size=MAX_FORM_BYTES)
    for address in ("delete", "pupils/{pupil}/delete")
    for method, handler in (("GET", show_delete), ("POST", post_delete))
]
