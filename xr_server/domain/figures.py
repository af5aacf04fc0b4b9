"""Figures from events: counts by local day, landmark and type, with small cells suppressed so that nobody stands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xr_server.domain.schedule import Window
from xr_server.errors import Invalid

SMALLEST_SHOWN = 10
LONGEST_DAYS = 366
DAY_MS = 86_400_000


@dataclass(frozen=True)
class DayRun:
    """Local days in a row, each exactly 24 hours long, from a moment in ms UTC; a day of other length runs alone."""

    first_on: date
    start_at: int
    end_at: int
    days: int


@dataclass(frozen=True)
class Cell:
    """One count of a table; None is a count too small to show."""

    count: int | None


@dataclass(frozen=True)
class Table:
    """Arrivals by day (rows) and landmark (columns). shown_total is the sum of the cells that are shown."""

    days: Sequence[date]
    landmarks: Sequence[str]
    cells: Mapping[tuple[date, str], Cell]
    shown_by_landmark: Mapping[str, int]
    shown_total: int
    suppressed: int


def read_window(from_text: str, until_text: str, today: date) -> Window:
    """The days asked for, both in; the last 14 when none are named. Raises Invalid."""
    try:
        until_on = date.fromisoformat(until_text) if until_text else today
        from_on = date.fromisoformat(from_text) if from_text else until_on - timedelta(days=13)
    except ValueError as error:
        raise Invalid("date_unreadable", "A day is written like 2026-11-24. Choose both days again.") from error
    if until_on < from_on:
        raise Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    if (until_on - from_on).days >= LONGEST_DAYS:
        raise Invalid("range_too_long", f"At most {LONGEST_DAYS} days can be shown at once. Choose a shorter range.")
    return Window(from_on, until_on)


def day_runs(window: Window, zone: ZoneInfo) -> list[DayRun]:
    """The window's local days cut into runs that whole-number division can count in; one run where clocks never change."""
    runs: list[DayRun] = []
    day = window.from_on
    while day <= window.until_on:
        start, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        last = runs[-1] if runs else None
        if last is not None and end - start == DAY_MS and last.end_at - last.start_at == last.days * DAY_MS:
            runs[-1] = DayRun(last.first_on, last.start_at, end, last.days + 1)
        else:
            runs.append(DayRun(day, start, end, 1))
        day += timedelta(days=1)
    return runs


def _midnight(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def make_table(counts: Mapping[tuple[date, str], int]) -> Table:
    """Counts by day and landmark with cells below 10 suppressed, and one more where a total would give one away."""
    counts = {key: count for key, count in counts.items() if count > 0}
    hidden = {key for key, count in counts.items() if count < SMALLEST_SHOWN}
    # the range's total stands in another table: what is missing from it must not be one small number
    for key in sorted(counts.keys() - hidden, key=lambda key: (counts[key], key)):
        if not hidden or (len(hidden) > 1 and sum(counts[k] for k in hidden) >= SMALLEST_SHOWN):
            break
        hidden.add(key)
    days = sorted({day for day, _ in counts})
    by_landmark = dict.fromkeys((landmark for _, landmark in counts), 0)
    for key, count in counts.items():
        by_landmark[key[1]] += 0 if key in hidden else count
    return Table(
        days=days,
        landmarks=sorted(by_landmark, key=lambda name: (-by_landmark[name], name)),
        cells={key: Cell(None if key in hidden else count) for key, count in counts.items()},
        shown_by_landmark=by_landmark,
        shown_total=sum(by_landmark.values()),
        suppressed=len(hidden),
    )
