"""Calendar pages of the desk: what is on in a year, a month, on a day, in lanes by landmark, and what does not fit together."""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Experience
from xr_server.domain.clashes import (
    Clash,
    Ground,
    find_gaps,
    find_lost_seasons,
    find_missing,
    find_open_ends,
    find_overlaps,
)
from xr_server.domain.days import ONE_DAY, Window, check_year, each_day
from xr_server.domain.days_off import is_day_off
from xr_server.domain.lanes import Lane, Plan, draw_lanes, draw_offers, draw_seasons
from xr_server.domain.season import Schedule
from xr_server.errors import Invalid, NotFound
from xr_server.parts import parts_of
from xr_server.routes.clashing import SHOWN, name_of, say_clashes
from xr_server.routes.guard import page
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import environment, load_texts
from xr_server.routes.plan_drawing import ROWS_SHOWN, add_href, draw_day, draw_month, draw_year
from xr_server.routes.staff import staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.plans import load_ground, load_plan

ALL_ROWS = 400  # of the lane of one landmark


def prepare_pages() -> None:
    """Have the pages of the calendar compiled before anybody asks for one."""
    for name in ("staff_base", "menu", "desk/plan_parts", "desk/plan_year", "desk/plan_month", "desk/plan_day"):
        environment().get_template(f"{name}.html")


@dataclass(frozen=True)
class Look:
    """What of the plan a page shows: with drafts or only what visitors see, of all landmarks or of one."""

    place: Place
    plan: Plan
    drafts: bool
    only: str

    def query(self, **other: str) -> str:
        """The same look at another address."""
        values = {"show": "" if self.drafts else "published", "landmark": self.only, **other}
        kept = {name: value for name, value in values.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def _look(request: Request, session: Session) -> Look:
    """What a request looks at. Raises NotFound for a landmark that is not there."""
    place = find_place(request, session)
    drafts = request.query_params.get("show") != "published"
    plan = load_plan(parts_of(request).catalog, session.site_id, drafts)
    only = request.query_params.get("landmark", "")
    if only and only not in plan.landmarks and only not in plan.places:
        raise NotFound("landmark_unknown", "There is no landmark of this name here; the calendar lists all of them.")
    return Look(place, plan, drafts, only)


def _lanes(look: Look, window: Window) -> tuple[list[Lane], list[Schedule]]:
    """The lanes of seasons, campaigns and rallies, and the landmarks' by name; of one landmark alone its own, and its rallies."""
    lanes, broken = draw_lanes(look.plan, window, look.only)
    language = look.place.language
    lanes.sort(key=lambda lane: name_of(lane.landmark, lane.at, language))
    town = [] if look.only else [draw_seasons(look.plan, window)]
    return [*town, *draw_offers(look.plan, window, look.only), *lanes], broken


def _find_clashes(
    request: Request, look: Look, window: Window, drawn: tuple[list[Lane], list[Schedule]]
) -> list[Clash]:
    """What to look at within a window, of what is shown."""
    lanes, broken = drawn
    ground: Ground = load_ground(parts_of(request).catalog, look.place.site, look.drafts)
    found = find_overlaps(look.plan, window, look.place.site) + find_lost_seasons(broken, look.plan)
    shown = {bar.thing.id: bar.thing for lane in lanes for bar in lane.bars if isinstance(bar.thing, Experience)}
    for _, experience in sorted(shown.items()):
        found += find_missing(experience, ground)
    found += find_gaps(lanes, max(window.from_on, look.place.today))
    for lane in lanes:
        found += find_open_ends(lane) if lane.kind == "seasons" else []
    return [clash for clash in found if look.only in ("", clash.landmark)]


def _common(request: Request, look: Look, clashes: list[Clash]) -> dict[str, Any]:
    shown = name_of(look.plan.landmarks.get(look.only), look.only, look.place.language)
    return {
        "look": look,
        "query": look.query(),
        "other_show": request.url.path + look.query(show="published" if look.drafts else ""),
        "landmark_name": shown,
        "all_landmarks": request.url.path + look.query(landmark=""),
        "clashes": say_clashes(clashes, look.plan, look.place, SHOWN),
        "more_clashes": max(0, len(clashes) - SHOWN),
        "today": look.place.today,
        "quiet_days": set(look.place.site.quiet_days),
    }


def _lane_values(look: Look, lane: Lane, path: str) -> dict[str, Any]:
    texts = load_texts(look.place.language)
    name = name_of(lane.landmark, lane.at, look.place.language) if lane.at else texts[f"planning.{lane.kind}"]
    return {
        "name": name,
        "kind": lane.kind,
        "href": path + look.query(landmark=lane.at) if lane.at else f"/desk/{lane.kind}",
        "add": add_href(lane),
    }


@page("schedule")
def show_year(request: Request, session: Session) -> Response:
    """A year: seasons on top, then campaigns and rallies, below them a lane for each landmark."""
    look = _look(request, session)
    year = _number(request, "year") if "year" in request.path_params else look.place.today.year
    check_year(year)
    window = Window(date(year, 1, 1), date(year, 12, 31))
    drawn = _lanes(look, window)
    lanes, path = [], f"/desk/calendar/{year}"
    for lane in drawn[0]:
        most = ALL_ROWS if look.only or not lane.at else ROWS_SHOWN
        strips, rows, hidden = draw_year(lane, year, look.place.language, most)
        lanes.append({**_lane_values(look, lane, path), "strips": strips, "rows": max(1, rows), "hidden": hidden})
    texts = load_texts(look.place.language)
    names = [texts["planning.month_short"].format(month=name) for name in texts["visitor.ui.months"].split(" ")]
    values = {
        "year": year,
        "title": _year_name(year, look.place.language),
        "lanes": lanes,
        "months": [(name, f"{path}/{number}{look.query()}") for number, name in enumerate(names, 1)],
        "before": (_year_name(year - 1, look.place.language), f"/desk/calendar/{year - 1}{look.query()}"),
        "after": (_year_name(year + 1, look.place.language), f"/desk/calendar/{year + 1}{look.query()}"),
    }
    clashes = _find_clashes(request, look, window, drawn)
    return staff_page(request, session, "desk/plan_year.html", {**_common(request, look, clashes), **values})


@page("schedule")
def show_month(request: Request, session: Session) -> Response:
    """A month: its days side by side, a lane for each landmark, empty places that lead to a form."""
    look, (year, month) = _look(request, session), _read_month(request)
    window = Window(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
    drawn = _lanes(look, window)
    path, lanes = f"/desk/calendar/{year}/{month}", []
    for lane in drawn[0]:
        most = ALL_ROWS if look.only or not lane.at else ROWS_SHOWN
        rows, hidden = draw_month(lane, window, look.place.language, most)
        lanes.append({**_lane_values(look, lane, path), "rows": rows, "hidden": hidden})
    before, after = window.from_on - ONE_DAY, window.until_on + ONE_DAY
    language = look.place.language
    weekdays = load_texts(language)["visitor.ui.weekdays"].split(" ")
    values = {
        "year": (_year_name(year, language), f"/desk/calendar/{year}{look.query()}"),
        "title": _month_name(window.from_on, language),
        "lanes": lanes,
        "days": [
            {
                "day": day,
                "weekday": weekdays[day.weekday()],
                "words": say_date(day, language),
                "href": f"{path}/{day.day}{look.query()}",
                "off": is_day_off(day) or day.weekday() == 6,
                "quiet": f"{day:%m-%d}" in look.place.site.quiet_days,
            }
            for day in each_day(window.from_on, window.until_on)
        ],
        "before": (_month_name(before, language), f"/desk/calendar/{before.year}/{before.month}{look.query()}"),
        "after": (_month_name(after, language), f"/desk/calendar/{after.year}/{after.month}{look.query()}"),
    }
    clashes = _find_clashes(request, look, window, drawn)
    return staff_page(request, session, "desk/plan_month.html", {**_common(request, look, clashes), **values})


def _number(request: Request, name: str) -> int:
    """A number of an address. Raises NotFound."""
    text = request.path_params[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NotFound("calendar_unknown", "This is no year, month or day of the calendar.")
    return int(text)


def _read_month(request: Request) -> tuple[int, int]:
    """The year and month of an address. Raises Invalid."""
    year, month = _number(request, "year"), _number(request, "month")
    check_year(year)
    if not 1 <= month <= 12:
        raise Invalid("month_unknown", "A year has twelve months. Choose one on the page of the year.")
    return year, month


def _year_name(year: int, language: str) -> str:
    return load_texts(language)["planning.year"].format(year=year)


def _month_name(day: date, language: str) -> str:
    texts = load_texts(language)
    month = texts["visitor.ui.months"].split(" ")[day.month - 1]
    return texts["planning.month"].format(month=month, year=day.year)


@page("schedule")
def show_day(request: Request, session: Session) -> Response:
    """A day: who is on from when until when, and the way to see it as a visitor would."""
    look, (year, month) = _look(request, session), _read_month(request)
    try:
        day = date(year, month, _number(request, "day"))
    except ValueError as error:
        raise Invalid("day_unknown", "This month has no such day. Choose one on the page of the month.") from error
    drawn = _lanes(look, Window(day - ONE_DAY, day))  # an evening of the day before may reach into it
    path = f"/desk/calendar/{year}/{month}/{day.day}"
    lanes = [
        {**_lane_values(look, lane, path), "strips": draw_day(lane, day, look.plan, look.place)} for lane in drawn[0]
    ]
    values = {
        "day": day,
        "year": (_year_name(year, look.place.language), f"/desk/calendar/{year}{look.query()}"),
        "title": say_date(day, look.place.language),
        "month": (_month_name(day, look.place.language), f"/desk/calendar/{year}/{month}{look.query()}"),
        "lanes": lanes,
        "before": (_day_name(day - ONE_DAY, look), _day_href(day - ONE_DAY, look)),
        "after": (_day_name(day + ONE_DAY, look), _day_href(day + ONE_DAY, look)),
        "quiet": f"{day:%m-%d}" in look.place.site.quiet_days,
        "moment": f"{day.isoformat()}T12:00",
    }
    clashes = _find_clashes(request, look, Window(day, day), drawn)
    return staff_page(request, session, "desk/plan_day.html", {**_common(request, look, clashes), **values})


def _day_name(day: date, look: Look) -> str:
    return say_date(day, look.place.language, with_year=False)


def _day_href(day: date, look: Look) -> str:
    return f"/desk/calendar/{day.year}/{day.month}/{day.day}{look.query()}"


routes = [
    Route("/desk/calendar", show_year),
    Route("/desk/calendar/{year}", show_year),
    Route("/desk/calendar/{year}/{month}", show_month),
    Route("/desk/calendar/{year}/{month}/{day}", show_day),
]
