"""The report of a month on A4: what stands on the pages of figures, in the order in which it is read aloud in a meeting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.answers import SMALLEST_MEAN
from xr_server.domain.figures import SMALLEST_SHOWN
from xr_server.domain.period import compare
from xr_server.domain.published import pick
from xr_server.domain.questionnaire import Questionnaire
from xr_server.domain.ruby import plain
from xr_server.domain.target import FIRST_YEAR, LAST_YEAR, period_window
from xr_server.errors import NotFound
from xr_server.parts import parts_of
from xr_server.routes.answers import Results, list_rows
from xr_server.routes.figure_ar import list_ar
from xr_server.routes.figure_audience import list_audience
from xr_server.routes.figure_campaigns import list_campaign_figures
from xr_server.routes.figure_names import list_seasons_of
from xr_server.routes.figure_overview import list_overview
from xr_server.routes.figure_panels import Frame, Panel, query_of
from xr_server.routes.figure_places import list_places
from xr_server.routes.figure_seasons import list_seasons
from xr_server.routes.figure_targets import list_aims, list_targets
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.quality import describe_quality
from xr_server.routes.staff import staff_page
from xr_server.routes.targets import say_period
from xr_server.routes.wording import say_date
from xr_server.storage.answers import load_counts
from xr_server.storage.catalog import list_records
from xr_server.storage.figures import find_summed_days

SUMMED_UP = ("by_day", "main", "landmarks", "circulation", "stays", "funnel", "language", "reach", "stamps")
"""Whose sentences stand on the first page."""


@dataclass(frozen=True)
class Section:
    """A part of the report that begins a page: its name among the texts of the report, and its figures."""

    id: str
    panels: Sequence[Panel]

    @property
    def told(self) -> list[Panel]:
        """The figures that have a number that may be shown."""
        return [panel for panel in self.panels if _tells(panel)]

    @property
    def untold(self) -> list[Panel]:
        """Those that have none."""
        return [panel for panel in self.panels if not _tells(panel)]


@page("read_figures")
def go_to_report(request: Request, session: Session) -> Response:
    """To the newest month that is over, or to the one that is on where figures have only begun."""
    newest_on = newest_day(request, session, find_place(request, session))
    tomorrow = newest_on + timedelta(days=1)
    ended = newest_on if tomorrow.day == 1 else newest_on.replace(day=1) - timedelta(days=1)
    told = find_summed_days(parts_of(request).events, session.site_id)
    month = ended if told is not None and told.from_on <= ended else newest_on
    return RedirectResponse(f"/desk/figures/report/{month:%Y-%m}", status_code=303)


def newest_day(request: Request, session: Session, place: Place) -> date:
    """The newest day that figures are told of; before there is one, today."""
    told = find_summed_days(parts_of(request).events, session.site_id)
    return place.today if told is None else told.until_on


def month_frame(request: Request, session: Session) -> Frame:
    """The month that an address names. Raises NotFound."""
    place, month = find_place(request, session), request.path_params["month"]
    year, _, number = month.partition("-")
    is_month = len(month) == 7 and (year + number).isascii() and (year + number).isdigit() and 1 <= int(number) <= 12
    if not is_month or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise NotFound("month_unknown", "A report is of a month, such as 2026-11. Choose one on the page of figures.")
    return Frame(request, session, place, compare(period_window(month)), newest_day(request, session, place))


def list_sections(frame: Frame) -> list[Section]:
    """Everything that is told of a window, in order."""
    return [
        Section("overview", list_overview(frame)),
        Section("places", list_places(frame)),
        Section("ar", list_ar(frame)),
        Section("audience", list_audience(frame)),
        Section("campaigns", [*list_campaign_figures(frame), *list_aims(frame)]),
        Section("seasons", list_seasons(frame)),
    ]


@page("read_figures")
def show_report(request: Request, session: Session) -> Response:
    """The report of a month."""
    frame = month_frame(request, session)
    note_read(request, session, "report", (frame.window.from_on, frame.window.until_on))
    sections = list_sections(frame)
    panels = [panel for section in sections for panel in section.panels]
    targets = list_targets(frame, frame.window)
    month, place = request.path_params["month"], frame.place
    values: dict[str, Any] = {
        "site_name": plain(pick(place.site.name, place.language)) or place.site.id,
        "month": month,
        "month_words": say_period(month, place.language),
        "days": frame.say_window(frame.window),
        "before": frame.say_window(frame.compared.before),
        "year_before": frame.say_window(frame.compared.year_before),
        "made_on": say_date(place.today, place.language),
        "unfinished": say_date(frame.newest_on, place.language) if frame.newest_on < frame.window.until_on else None,
        "earlier": f"{frame.window.from_on - timedelta(days=1):%Y-%m}",
        "later": f"{frame.window.until_on + timedelta(days=1):%Y-%m}",
        "query": query_of(frame.window),
        "summary": [" ".join(panel.sentences) for panel in panels if panel.id in SUMMED_UP and _tells(panel)],
        "targets": targets,
        "sections": sections,
        "told": [*targets, *panels],
        "seasons": [
            (name, frame.say_window(days)) for name, runs in list_seasons_of(frame, frame.window) for days in runs
        ],
        "surveys": list(list_surveys(frame)),
        "smallest": SMALLEST_SHOWN,
        "smallest_mean": SMALLEST_MEAN,
        "say_window": frame.say_window,
        "quality": describe_quality(request, place, frame.window, sum(panel.few for panel in panels)),
    }
    return staff_page(request, session, "desk/figures/report.html", values)


def _tells(panel: Panel) -> bool:
    """Whether a figure has a number at all that may be shown."""
    return any(cell.value for row in panel.rows for cell in row.cells)


Cells = list[str | int | float | None]


@dataclass(frozen=True)
class Survey:
    """A questionnaire's answers of the days shown: its title, and the rows of its table below their header."""

    id: str
    title: str
    columns: Cells
    rows: Sequence[Cells]


def list_surveys(frame: Frame) -> Iterator[Survey]:
    """The questionnaires that were answered in the window by enough to be told of; answers nobody gave are left out."""
    events = parts_of(frame.request).events
    for stored in list_records(parts_of(frame.request).catalog, frame.session.site_id, "questionnaire"):
        body = stored.body
        if not isinstance(body, Questionnaire):
            continue
        counts = load_counts(events, frame.session.site_id, body.id, frame.window, "language")
        columns, *rows = list_rows(Results(body, frame.place, frame.window, "", counts, None))
        told = [row for row in rows if row[2] or row[3] is not None]
        if any(row[2] for row in told):
            yield Survey(body.id, plain(pick(body.title, frame.language)) or body.id, columns, told)


routes = [
    Route("/desk/figures/report", go_to_report),
    Route("/desk/figures/report/{month}", show_report),
]
