"""What staff want to reach in a year and its months: a form, and how far it is reached as a line of the figures."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.target import MEASURES, field_of, list_periods, parse_year, read_targets, type_targets
from xr_server.domain.typed import Unfit
from xr_server.errors import DejimaError, NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import form, page
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.problems import status_of
from xr_server.routes.staff import change_by, field, read_moment, say_problem, staff_page
from xr_server.storage.targets import load_targets, save_targets


@page("schedule")
def go_to_targets(request: Request, session: Session) -> Response:
    """To the year that is."""
    return RedirectResponse(f"/desk/figures/targets/{find_place(request, session).today.year}", status_code=303)


def _year_of(request: Request, place: Place) -> int:
    try:
        return parse_year(request.path_params["year"], place.today.year)
    except DejimaError as error:
        raise NotFound(error.code, error.text, **error.values) from error


@page("schedule")
def show_targets(request: Request, session: Session) -> Response:
    """The form with the targets of a year."""
    place = find_place(request, session)
    year = _year_of(request, place)
    found = load_targets(parts_of(request).catalog, session.site_id, year)
    notice = {"text": "targets.saved", "undo": None} if request.query_params.get("done") == "saved" else None
    values = {"typed": type_targets(found.all), "seen": found.set_at, "notice": notice}
    return _targets_page(request, session, (year, place.language), values)


@form("schedule")
def post_targets(request: Request, session: Session, sent: FormData) -> Response:
    """Set the targets of a year."""
    parts, place = parts_of(request), find_place(request, session)
    year = _year_of(request, place)
    typed = {field_of(measure, period): "" for period in list_periods(year) for measure in MEASURES}
    typed = {name: field(sent, name) for name in typed}
    try:
        targets = read_targets(typed, year)
        save_targets(
            parts.catalog, (session.site_id, year), targets, read_moment(sent, "seen"), change_by(request, session)
        )
    except DejimaError as error:
        return _refuse(request, session, (year, place.language), typed, error)
    return RedirectResponse(f"/desk/figures/targets/{year}?done=saved", status_code=303)


def _refuse(
    request: Request, session: Session, about: tuple[int, str], typed: Mapping[str, str], error: DejimaError
) -> Response:
    """What was typed with what is amiss; where somebody else was faster, what they set stands beside it."""
    found = load_targets(parts_of(request).catalog, session.site_id, about[0])
    values: dict[str, Any] = {"typed": typed, "seen": found.set_at, "problem": say_problem(error, about[1])}
    if isinstance(error, Unfit):
        values["faults"] = {name: say_problem(fault, about[1]) for name, fault in error.faults.items()}
    else:
        values["stored"] = type_targets(found.all)
    response = _targets_page(request, session, about, values)
    response.status_code = status_of(error)
    return response


def _targets_page(request: Request, session: Session, about: tuple[int, str], values: Mapping[str, Any]) -> Response:
    year, language = about
    usual = {"year": year, "faults": {}, "problem": None, "stored": None, "measures": MEASURES, "field_of": field_of}
    rows = [(period, say_period(period, language)) for period in list_periods(year)]
    return staff_page(request, session, "desk/figures/targets.html", {**usual, "rows": rows, **values})


def say_period(period: str, language: str) -> str:
    """A year or a month in words: 2026年11月, November 2026."""
    texts = load_texts(language)
    year, _, month = period.partition("-")
    if not month:
        return fill(texts["targets.year"], language, year=year)
    name = texts["visitor.ui.months"].split(" ")[int(month) - 1]
    return fill(texts["targets.month"], language, year=year, month=name)


routes = [
    Route("/desk/figures/targets", go_to_targets),
    Route("/desk/figures/targets/{year}", show_targets),
    Route("/desk/figures/targets/{year}", post_targets, methods=["POST"]),
]
