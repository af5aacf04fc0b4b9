"""Opening hours of a landmark: for each weekday, days off, days that differ, and days of every year when it is closed. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Annotated

import msgspec

from xr_server.domain.days import WEEKDAYS
from xr_server.domain.days_off import is_day_off
from xr_server.domain.fields import LocalDate, LocalTime, MonthDay, Strict
from xr_server.domain.season import Weekday

MOST_HOURS = 4
MOST_DAYS = 100


class Hours(Strict, frozen=True, kw_only=True):
    """From when until when it is open; closes_at not later than opens_at means past midnight, 00:00 to 00:00 all day."""

    opens_at: LocalTime
    closes_at: LocalTime


class OtherDay(Strict, frozen=True, kw_only=True):
    """A local date with hours of its own; without any it is closed."""

    on: LocalDate
    hours: Annotated[list[Hours], msgspec.Meta(max_length=MOST_HOURS)] = []


class Opening(Strict, frozen=True, kw_only=True):
    """Hours by weekday (a weekday that is not named is closed), days that differ, month-day pairs closed every year.

    days_off: the hours on Japan's national holidays; None: those of the weekday.
    """

    weekly: dict[Weekday, Annotated[list[Hours], msgspec.Meta(max_length=MOST_HOURS)]]
    days_off: Annotated[list[Hours], msgspec.Meta(max_length=MOST_HOURS)] | None = None
    other_days: Annotated[list[OtherDay], msgspec.Meta(max_length=MOST_DAYS)] = []
    closed_yearly: Annotated[list[MonthDay], msgspec.Meta(max_length=MOST_DAYS)] = []


@dataclass(frozen=True)
class Run:
    """Weekdays in a row with the same hours, 0 for Monday, both in."""

    first: int
    last: int
    hours: tuple[tuple[str, str], ...]


def hours_on(opening: Opening, day: date) -> list[Hours]:
    """The hours of a local date; none when it is closed. A day of its own comes before every year's, these before days off."""
    own = next((other for other in opening.other_days if other.on == day.isoformat()), None)
    if own is not None:
        return list(own.hours)
    if f"{day:%m-%d}" in opening.closed_yearly:
        return []
    if opening.days_off is not None and is_day_off(day):
        return list(opening.days_off)
    return list(_of(opening, day.weekday()))


def dump_opening(opening: Opening, first: date, days: int) -> dict[str, object]:
    """What a document says of it: seven lists of hours, and the dates within so many days that differ from them."""
    week = [_pairs(_of(opening, number)) for number in range(7)]
    dates = [first + timedelta(days=ahead) for ahead in range(days + 1)]
    found = {day: _pairs(hours_on(opening, day)) for day in dates}
    return {"week": week, "days": {str(day): hours for day, hours in found.items() if hours != week[day.weekday()]}}


def _of(opening: Opening, number: int) -> list[Hours]:
    """The hours of a weekday, 0 for Monday."""
    return next((hours for weekday, hours in opening.weekly.items() if weekday == WEEKDAYS[number]), [])


def _pairs(hours: Sequence[Hours]) -> list[list[str]]:
    return [[one.opens_at, one.closes_at] for one in hours]


def pairs_on(dumped: Mapping[str, object], day: date) -> list[list[str]]:
    """The hours of a local date by what a document says."""
    week, days = dumped["week"], dumped["days"]
    if not isinstance(week, list) or not isinstance(days, dict):
        raise TypeError("a document's hours hold a week and days")
    found: list[list[str]] = days[day.isoformat()] if day.isoformat() in days else week[day.weekday()]
    return found


def gather_week(week: Sequence[Sequence[Sequence[str]]]) -> list[Run]:
    """The seven days as runs of days with the same hours, from Monday on."""
    runs: list[Run] = []
    for number, day in enumerate(week):
        hours = tuple((opens, closes) for opens, closes in day)
        if runs and runs[-1].hours == hours:
            runs[-1] = Run(runs[-1].first, number, hours)
        else:
            runs.append(Run(number, number, hours))
    return runs


def find_slips(opening: Opening) -> Iterator[tuple[str, str]]:
    """What cannot be, as (field, sentence): hours that overlap, a date that no calendar has or that stands there twice."""
    days = Counter(other.on for other in opening.other_days)
    named = [*opening.weekly.items(), *((other.on, other.hours) for other in opening.other_days)]
    named.append(("days_off", opening.days_off or []))
    yield from ((str(name), "these hours overlap") for name, hours in named if overlap(hours))
    yield from ((day, "this day stands there twice") for day, count in days.items() if count > 1)
    yield from ((day, f"{day} is not a date such as 2026-12-30") for day in days if not is_date(day))
    for pair in opening.closed_yearly:
        if not is_date(f"2028-{pair}"):  # a leap year, in which every day exists
            yield "closed_yearly", f"{pair} is not a day such as 12-29"


def overlap(hours: Sequence[Hours]) -> bool:
    """Whether one of a day's hours begins before another has ended; only the last may reach past midnight."""
    spans = sorted((time.fromisoformat(one.opens_at), time.fromisoformat(one.closes_at)) for one in hours)
    return any(closes <= opens or later < closes for (opens, closes), (later, _) in pairwise(spans))


def is_date(text: str) -> bool:
    """Whether a calendar has the date."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
