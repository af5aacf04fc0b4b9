"""From an empty place of the calendar to the form that fills it: which experience, from which day to which."""

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Experience
from xr_server.domain.days import parse_day
from xr_server.domain.published import pick
from xr_server.errors import DejimaError, Invalid
from xr_server.parts import parts_of
from xr_server.routes.clashing import name_of
from xr_server.routes.guard import page
from xr_server.routes.live import find_place
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import say_problem, staff_page
from xr_server.storage.plans import load_plan

NEW = {  # what is made anew, rather than an experience given days; no experience is called so
    "new:season": "/desk/seasons/new",
    "new:campaign": "/desk/campaigns/new",
    "new:rally": "/desk/rallies/new",
}


@page("schedule")
def show_adding(request: Request, session: Session) -> Response:
    """Days and a choice of what is to be on; sent, it leads to the form of the dates, where nothing is saved yet."""
    place, asked = find_place(request, session), request.query_params
    plan = load_plan(parts_of(request).catalog, session.site_id, drafts=True)
    landmark, chosen, problem = asked.get("landmark", ""), asked.get("what", ""), None
    first, last = asked.get("first", "") or place.today.isoformat(), asked.get("last", "")
    if landmark in plan.landmarks:
        check_may_at(session, landmark)
    if chosen:
        try:
            one, other = _read_days(first, last)
            if chosen in NEW:
                return RedirectResponse(f"{NEW[chosen]}?first={one}&last={other}", status_code=303)
            if chosen in plan.experiences:
                target = f"/desk/dates/{chosen}?schedule=new&first={one}&last={other}"
                return RedirectResponse(target, status_code=303)
            raise Invalid("experience_choose", "Choose what is to be on.")
        except DejimaError as error:
            problem = error
    bodies = [one.body for one in plan.experiences.values() if isinstance(one.body, Experience)]
    values: dict[str, Any] = {
        "landmark": landmark,
        "landmark_name": name_of(plan.landmarks.get(landmark), "", place.language),
        "first": first,
        "last": last or first,
        "chosen": chosen,
        "problem": say_problem(problem, place.language) if problem else None,
        "experiences": sorted(
            (body.landmark != landmark, pick(body.title, place.language) or body.id, body.id) for body in bodies
        ),
    }
    response = staff_page(request, session, "desk/plan_add.html", values)
    response.status_code = STATUS[type(problem)] if problem else 200
    return response


def read_period(request: Request) -> dict[str, str]:
    """The period that an empty place of the calendar asks a form for, as its fields; nothing where none does. Raises Invalid."""
    first, last = request.query_params.get("first", ""), request.query_params.get("last", "")
    if not first:
        return {}
    one, other = _read_days(first, last)
    return {"first_on": one.isoformat(), "last_on": other.isoformat()}


def _read_days(first: str, last: str) -> tuple[date, date]:
    """The two days in order, however they were typed or dragged. Raises Invalid."""
    one, other = parse_day(first), parse_day(last or first)
    return min(one, other), max(one, other)


routes = [Route("/desk/calendar/add", show_adding)]
