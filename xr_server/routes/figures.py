"""The figures pages: what visits tell, from released blocks alone, with definitions and nothing that singles anybody out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.figures import SMALLEST_SHOWN
from xr_server.domain.period import PRESETS, compare, preset_window, read_window
from xr_server.errors import Invalid
from xr_server.parts import parts_of
from xr_server.routes.figure_ar import list_ar
from xr_server.routes.figure_audience import list_audience
from xr_server.routes.figure_campaigns import list_campaign_figures
from xr_server.routes.figure_overview import list_overview
from xr_server.routes.figure_panels import Frame, Panel, query_of
from xr_server.routes.figure_places import draw_places, list_places
from xr_server.routes.figure_seasons import list_seasons
from xr_server.routes.figure_targets import list_targets
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.quality import describe_quality
from xr_server.routes.staff import say_problem, staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.figures import find_summed_days

FIGURE_PAGES = (
    ("overview", "/desk/figures"),
    ("places", "/desk/figures/places"),
    ("ar", "/desk/figures/ar"),
    ("audience", "/desk/figures/audience"),
    ("campaigns", "/desk/figures/campaigns"),
    ("seasons", "/desk/figures/seasons"),
    ("now", "/desk/figures/now"),
    ("quality", "/desk/figures/quality"),
)
"""The pages in the order of their links; each is called figures.page_NAME."""


@dataclass(frozen=True)
class Chosen:
    """The days somebody chose, or why they cannot be shown. frame None: there are no figures yet."""

    frame: Frame | None
    problem: str | None
    typed: tuple[str, str]


def choose_days(request: Request, session: Session, place: Place) -> Chosen:
    """The days asked for by the address."""
    typed = (request.query_params.get("from", ""), request.query_params.get("until", ""))
    told = find_summed_days(parts_of(request).events, session.site_id)
    if told is None:
        return Chosen(None, None, typed)
    problem = None
    try:
        window = read_window(*typed, told.until_on)
        typed = (window.from_on.isoformat(), window.until_on.isoformat())
    except Invalid as error:
        window, problem = read_window("", "", told.until_on), say_problem(error, place.language)
    return Chosen(Frame(request, session, place, compare(window), told.until_on), problem, typed)


def figures_page(
    request: Request, session: Session, name: str, list_panels: Callable[[Frame], Sequence[Panel]]
) -> Response:
    """One of the pages, with its figures; before there are any it says when they come."""
    chosen = choose_days(request, session, find_place(request, session))
    values: dict[str, Any] = {
        "name": name,
        "pages": FIGURE_PAGES,
        "problem": chosen.problem,
        "typed": chosen.typed,
        "smallest": SMALLEST_SHOWN,
        "panels": [],
        "days": None,
        "island": None,
    }
    frame = chosen.frame
    if frame is not None:
        panels = list_panels(frame)
        few = sum(panel.few for panel in panels)
        values |= describe_days(frame) | {
            "panels": panels,
            "quality": describe_quality(request, frame.place, frame.window, few),
        }
        note_read(request, session, "figures", (frame.window.from_on, frame.window.until_on))
        values |= draw_places(frame) if name == "places" else {}
    return staff_page(request, session, "desk/figures.html", values)


def describe_days(frame: Frame) -> dict[str, Any]:
    """The days shown and compared with, in words, and the ready-made choices."""
    presets = [(preset, preset_window(preset, frame.newest_on)) for preset in PRESETS]
    return {
        "days": frame.say_window(frame.window),
        "before": frame.say_window(frame.compared.before),
        "year_before": frame.say_window(frame.compared.year_before),
        "newest": say_date(frame.newest_on, frame.language),
        "query": query_of(frame.window),
        "presets": [(preset, query_of(window), window == frame.window) for preset, window in presets],
        "say_window": frame.say_window,
        "query_of": query_of,
    }


@page("read_figures")
def show_overview(request: Request, session: Session) -> Response:
    """Visits by day, what changed, and when people come."""
    return figures_page(request, session, "overview", lambda frame: [*list_overview(frame), *list_targets(frame)])


@page("read_figures")
def show_places(request: Request, session: Session) -> Response:
    """Where visitors went, when, for how long, and where to from there."""
    return figures_page(request, session, "places", list_places)


@page("read_figures")
def show_ar(request: Request, session: Session) -> Response:
    """How far visitors came with what is shown on the spot, and what stood in the way."""
    return figures_page(request, session, "ar", list_ar)


@page("read_figures")
def show_audience(request: Request, session: Session) -> Response:
    """Languages, devices and ways of looking, on site and at home."""
    return figures_page(request, session, "audience", list_audience)


@page("read_figures")
def show_campaign_figures(request: Request, session: Session) -> Response:
    """What campaigns brought, and stamps."""
    return figures_page(request, session, "campaigns", list_campaign_figures)


@page("read_figures")
def show_seasons(request: Request, session: Session) -> Response:
    """Months, seasons and experiences beside one another."""
    return figures_page(request, session, "seasons", list_seasons)


routes = [
    Route("/desk/figures", show_overview),
    Route("/desk/figures/places", show_places),
    Route("/desk/figures/ar", show_ar),
    Route("/desk/figures/audience", show_audience),
    Route("/desk/figures/campaigns", show_campaign_figures),
    Route("/desk/figures/seasons", show_seasons),
]
