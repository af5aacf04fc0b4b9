"""The plan as it is drawn: bars over the months of a year, and over the days of a month."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from unicodedata import east_asian_width

from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Experience
from xr_server.domain.days import ONE_DAY, DateRange, Window, each_day
from xr_server.domain.lanes import Bar, Lane, Plan, pack
from xr_server.domain.published import pick
from xr_server.domain.rally import Rally
from xr_server.domain.schedule import occurrences
from xr_server.domain.season import OnDates, Season
from xr_server.routes.clashing import say_days
from xr_server.routes.live import Place
from xr_server.routes.pages import fill, load_texts

ROWS_SHOWN = 6  # of a lane; its own page shows all
PAGES = {  # where a bar is changed, by what it is of
    Experience: "/desk/dates",
    Season: "/desk/seasons",
    Campaign: "/desk/campaigns",
    Rally: "/desk/rallies",
}
LEAST_WIDTH = 0.3  # per cent of the year, so that a single day is seen
YEAR_LETTERS = (1.75, 0.95, 24.0)  # per cent of the year that a wide and a narrow letter take, and a label at most
MONTH_LETTERS = (0.42, 0.23, 8.0)  # the same in days of a month; both where they are drawn smallest


@dataclass(frozen=True)
class Strip:
    """A bar on the page of a year, in per cent of its width: pieces as (from, width); its label, and where that stands."""

    href: str
    words: str
    label: str
    label_at: float
    ends: bool  # the label ends where it stands, since it would run out of the year
    pieces: tuple[tuple[float, float], ...]
    draft: bool
    open: bool
    hull: tuple[float, float]
    reach: tuple[float, float]  # where it is touched: from, width
    name: str = ""


@dataclass(frozen=True)
class Placed:
    """A bar before it is drawn: from when until when nothing else may stand in its row; label and ends as in Strip."""

    bar: Bar
    reach: tuple[float, float]
    label: str
    ends: bool


@dataclass(frozen=True)
class Cell:
    """A cell of the page of a month: an empty day, or a bar over several; move: where it leads when it is moved."""

    first: date
    last: date
    href: str
    words: str = ""
    label: str = ""
    ends: bool = False  # as in Strip
    draft: bool = False
    open: bool = False
    move: str = ""

    @property
    def span(self) -> int:
        """How many days it covers."""
        return (self.last - self.first).days + 1


def draw_year(lane: Lane, year: int, language: str, most: int = ROWS_SHOWN) -> tuple[list[tuple[int, Strip]], int, int]:
    """The strips of a lane with their rows, how many rows there are, and how many strips had no room."""
    placed = sorted((_place(bar, year, language) for bar in lane.bars), key=lambda one: one.reach)
    rows = pack([one.reach for one in placed])
    shown = [(row, _strip(one, year, language)) for row, one in zip(rows, placed, strict=True) if row < most]
    return shown, min(most, max(rows, default=-1) + 1), len(placed) - len(shown)


def _place(bar: Bar, year: int, language: str) -> Placed:
    """A bar with its label beside it: all that its row must be known for."""
    start = _at(bar.hull[0], year)
    end = max(_at(bar.hull[1] + ONE_DAY, year), _at(bar.ranges[-1][0], year) + LEAST_WIDTH)
    label, width = _shorten(name_of_bar(bar, language), YEAR_LETTERS)
    ends = start + width > 100
    reach = (min(start, end - width), end) if ends else (start, max(end, start + width))
    return Placed(bar, reach, label, ends)


def _strip(placed: Placed, year: int, language: str) -> Strip:
    bar, reach = placed.bar, placed.reach
    pieces = tuple(
        (start, round(max(LEAST_WIDTH, _at(last + ONE_DAY, year) - start), 2))
        for first, last in bar.ranges
        for start in [round(_at(first, year), 2)]
    )
    start, end = pieces[0][0], pieces[-1][0] + pieces[-1][1]
    return Strip(
        href=href_of(bar),
        words=say_bar(bar, bar.hull, language),
        label=placed.label,
        label_at=round(end if placed.ends else start, 2),
        ends=placed.ends,
        pieces=pieces,
        draft=bar.draft,
        open=bool(bar.open_on),
        hull=(start, round(end - start, 2)),
        reach=(round(reach[0], 2), round(reach[1] - reach[0], 2)),
    )


@lru_cache(maxsize=1024)
def _at(day: date, year: int) -> float:
    """Where a day begins, in per cent of a year of twelve equal months."""
    if day.year > year:
        return 100.0
    following = date(year + day.month // 12, day.month % 12 + 1, 1)
    return (day.month - 1 + (day.day - 1) / (following - day.replace(day=1)).days) * 100 / 12


@lru_cache(maxsize=4096)
def _shorten(name: str, letters: tuple[float, float, float]) -> tuple[str, float]:
    """A label with the width it takes at most, cut where it would take too much."""
    wide, narrow, most = letters
    width = 0.0
    for index, character in enumerate(name):
        width += wide if east_asian_width(character) in "WF" else narrow
        if width > most:
            return f"{name[:index].rstrip()}…", width + narrow
    return name, width + narrow


def draw_month(lane: Lane, window: Window, language: str, most: int = ROWS_SHOWN) -> tuple[list[list[Cell]], int]:
    """The rows of a lane, the last of them with an empty place on each day, and how many bars had no room."""
    pieces = [_piece(bar, pair, window, language) for bar in lane.bars for pair in bar.ranges]
    pieces.sort(key=lambda piece: piece[0].reach)
    rows = pack([placed.reach for placed, _ in pieces])
    count = min(most, max(rows, default=-1) + 1)
    of_row: list[list[Cell]] = [[] for _ in range(count + 1)]
    for row, (placed, days) in zip(rows, pieces, strict=True):
        if row < most:
            of_row[row].append(_cell(placed, days, language))
    add = add_href(lane)
    return [list(_with_free(cells, window, add)) for cells in of_row], sum(row >= most for row in rows)


def _piece(bar: Bar, days: DateRange, window: Window, language: str) -> tuple[Placed, DateRange]:
    """Days in a row of a bar, with its label beside them."""
    label, width = _shorten(name_of_bar(bar, language), MONTH_LETTERS)
    start, end = float(days[0].day), float(days[1].day + 1)
    ends = start + width > window.until_on.day + 1
    reach = (min(start, end - width), end) if ends else (start, max(end, start + width))
    return Placed(bar, reach, label, ends), days


def _cell(placed: Placed, days: DateRange, language: str) -> Cell:
    bar, words = placed.bar, say_bar(placed.bar, days, language)
    move = _move(bar, days[0])
    return Cell(*days, href_of(bar), words, placed.label, placed.ends, bar.draft, bool(bar.open_on), move)


def _with_free(taken: Sequence[Cell], window: Window, add: str) -> Iterator[Cell]:
    """A row's cells with the empty places between them."""
    day = window.from_on
    for cell in taken:
        yield from (Cell(free, free, f"{add}first={free}&last={free}") for free in each_day(day, cell.first - ONE_DAY))
        yield cell
        day = cell.last + timedelta(days=1)
    yield from (Cell(free, free, f"{add}first={free}&last={free}") for free in each_day(day, window.until_on))


def draw_day(lane: Lane, day: date, plan: Plan, place: Place) -> list[Strip]:
    """The strips of a lane over the hours of a day, in per cent of it, by when they begin."""
    strips = []
    for bar in lane.bars:
        spans = _hours(bar, day, plan, place)
        if not spans:
            continue
        pieces = tuple((round(start, 2), round(max(LEAST_WIDTH, end - start), 2)) for start, end in spans)
        words = say_bar(bar, (day, day), place.language)
        label = say_hours(bar, place.language) or load_texts(place.language)["planning.all_day"]
        hull = (pieces[0][0], pieces[-1][0] + pieces[-1][1] - pieces[0][0])
        name = name_of_bar(bar, place.language)
        strips.append(
            Strip(href_of(bar), words, label, 0, False, pieces, bar.draft, bool(bar.open_on), hull, hull, name)
        )
    return sorted(strips, key=lambda strip: (strip.hull, strip.name))


def _hours(bar: Bar, day: date, plan: Plan, place: Place) -> list[tuple[float, float]]:
    """When a bar is on within a day, in per cent of it; an evening of the day before may reach into it."""
    if bar.schedule is None:
        return [(0.0, 100.0)] if any(first <= day <= last for first, last in bar.ranges) else []
    begins = datetime.combine(day, time(), place.zone)
    length = datetime.combine(day + ONE_DAY, time(), place.zone).astimezone(UTC) - begins.astimezone(UTC)
    found = []
    for start, end in occurrences(bar.schedule, plan.season_bodies, Window(day - ONE_DAY, day), place.site):
        one, other = ((moment - begins) / length * 100 for moment in (start, end))
        if other > 0 and one < 100:
            found.append((max(0.0, one), min(100.0, other)))
    return found


def _move(bar: Bar, first: date) -> str:
    """Where moving fixed dates leads, without the number of days; nothing for days that follow from a rule."""
    schedule = bar.schedule
    if schedule is None or not isinstance(schedule.days, OnDates):
        return ""
    held = [pair for pair in schedule.days.ranges if pair[0] <= first.isoformat() <= pair[1]]
    if not held:
        return ""
    return f"/desk/dates/{schedule.experience}?schedule={schedule.id}&moved={held[0][0]}&by="


def add_href(lane: Lane) -> str:
    """Where an empty place of a lane leads, to be followed by first and last."""
    return f"/desk/calendar/add?landmark={lane.at}&" if lane.at else f"/desk/{lane.kind}/new?"


def href_of(bar: Bar) -> str:
    """The page on which a bar is changed."""
    if bar.schedule is not None:
        return f"/desk/dates/{bar.schedule.experience}?schedule={bar.schedule.id}"
    return f"{PAGES[type(bar.thing)]}/{bar.thing.id}"


def name_of_bar(bar: Bar, language: str) -> str:
    """What a bar is called."""
    words = bar.thing.name if isinstance(bar.thing, Season) else bar.thing.title
    return pick(words, language) or bar.thing.id


def say_bar(bar: Bar, days: DateRange, language: str) -> str:
    """A bar in words: its name, days and hours, and whether it is a draft or lacks its last day."""
    texts = load_texts(language)
    parts = [name_of_bar(bar, language), say_days(*days, language), say_hours(bar, language)]
    parts += [texts["planning.is_draft"]] if bar.draft else []
    parts += [texts["planning.is_open"]] if bar.open_on else []
    return texts["planning.comma"].join(part for part in parts if part)


def say_hours(bar: Bar, language: str) -> str:
    """The hours of a bar; nothing for whole days."""
    schedule, texts = bar.schedule, load_texts(language)
    if schedule is None or schedule.opens_at is None or schedule.closes_at is None:
        return ""
    hours = {
        name: texts.get(f"seasons.{hour}", hour)
        for name, hour in (("opens", schedule.opens_at), ("closes", schedule.closes_at))
    }
    return fill(texts["planning.hours"], language, **hours)
