"""The figures page: what visitors did, from stored events, with definitions and nothing that singles anybody out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Landmark
from xr_server.domain.figures import SMALLEST_SHOWN, Table, day_runs, make_table, read_window
from xr_server.domain.published import pick
from xr_server.errors import Invalid
from xr_server.parts import parts_of
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.staff import say_problem, staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.catalog import list_records
from xr_server.storage.figures import count_arrivals, count_types, has_events

SHOWN_TYPES = (
    "site_opened",
    "landmark_entered",
    "landmark_left",
    "experience_opened",
    "scene_opened",
    "ar_started",
    "ar_ended",
    "stamp_collected",
    "prize_redeemed",
)


@page("read_figures")
def show_figures(request: Request, session: Session) -> Response:
    """Arrivals by day and landmark, and everything by type, for a range of days."""
    parts, place = parts_of(request), find_place(request, session)
    asked = (request.query_params.get("from", ""), request.query_params.get("until", ""))
    problem = None
    try:
        window = read_window(*asked, place.today)
    except Invalid as error:
        window, problem = read_window("", "", place.today), say_problem(error, place.language)
    runs = day_runs(window, place.zone)
    table = make_table(count_arrivals(parts.events, session.site_id, runs))
    types = count_types(parts.events, session.site_id, runs[0].start_at, runs[-1].end_at)
    names = _landmark_names(request, session, place)
    note_read(request, session, "figures", (window.from_on, window.until_on))
    values = {
        "typed_from": window.from_on.isoformat() if not problem else asked[0],
        "typed_until": window.until_on.isoformat() if not problem else asked[1],
        "problem": problem,
        "range_from": say_date(window.from_on, place.language),
        "range_until": say_date(window.until_on, place.language),
        "any_event": has_events(parts.events, session.site_id),
        "table": table,
        "days": [(day, say_date(day, place.language, with_year=False)) for day in table.days],
        "names": names,
        "bars": _bars(table, names),
        "types": [(name, types.get(name, 0)) for name in SHOWN_TYPES],
        "most_types": max(types.values(), default=0),
        "smallest": SMALLEST_SHOWN,
        "counted_at": f"{datetime.fromtimestamp(parts.clock() / 1000, UTC).astimezone(place.zone):%H:%M}",
    }
    return staff_page(request, session, "desk/figures.html", values)


def _landmark_names(request: Request, session: Session, place: Place) -> dict[str, str]:
    bodies = [stored.body for stored in list_records(parts_of(request).catalog, session.site_id, "landmark")]
    return {body.id: pick(body.name, place.language) or body.id for body in bodies if isinstance(body, Landmark)}


def _bars(table: Table, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """One bar a landmark, of the largest one's length at most; width in hundredths."""
    most = max(table.shown_by_landmark.values(), default=0) or 1
    return [
        {
            "name": names.get(landmark, landmark),
            "count": table.shown_by_landmark[landmark],
            "width": round(100 * table.shown_by_landmark[landmark] / most, 1),
        }
        for landmark in table.landmarks
    ]


routes = [Route("/desk/figures", show_figures)]
