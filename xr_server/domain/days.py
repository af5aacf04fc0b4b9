"""Local days: windows and ranges of them, first and last both in. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from xr_server.errors import Invalid

# years that rules and plans may speak of; outside them no calendar library is asked and nothing is searched
FIRST_YEAR, LAST_YEAR = 1900, 2199
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # in the order of date.weekday()
ONE_DAY = timedelta(days=1)
DateRange = tuple[date, date]


@dataclass(frozen=True)
class Window:
    """Local dates from_on to until_on, both in."""

    from_on: date
    until_on: date


def parse_day(text: str) -> date:
    """A local date from its ISO form. Raises Invalid."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("date_unreadable", f"{text} is not a day such as 2026-12-05.") from error


def parse_range(pair: Sequence[str]) -> DateRange:
    """An inclusive range of local dates from two ISO dates. Raises Invalid."""
    try:
        first, last = date.fromisoformat(pair[0]), date.fromisoformat(pair[1])
    except ValueError as error:
        raise Invalid(
            "date_unreadable", f"{pair[0]} to {pair[1]} is not a pair of dates such as 2026-12-05."
        ) from error
    if last < first:
        raise Invalid("range_reversed", f"The last day {last} lies before the first day {first}.")
    return first, last


def check_year(year: int) -> None:
    """Refuse years that nobody plans for. Raises Invalid."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(
            "year_far", f"Years from {FIRST_YEAR} to {LAST_YEAR} can be planned, not {year}.", year=str(year)[:12]
        )


def each_day(first: date, last: date) -> Iterator[date]:
    """The days from one to another, both in."""
    for ahead in range((last - first).days + 1):
        yield first + timedelta(days=ahead)


def cut_to(ranges: Sequence[DateRange], window: Window) -> list[DateRange]:
    """What of the ranges lies in the window, in order."""
    cut = [(max(first, window.from_on), min(last, window.until_on)) for first, last in ranges]
    return sorted(pair for pair in cut if pair[0] <= pair[1])


def join_ranges(ranges: Sequence[DateRange]) -> list[DateRange]:
    """The same days as the fewest ranges, in order; ranges that follow one another become one."""
    joined: list[DateRange] = []
    for first, last in sorted(ranges):
        if joined and (first - joined[-1][1]).days <= 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def meet(ranges: Sequence[DateRange], others: Sequence[DateRange]) -> list[DateRange]:
    """The days that two lists have in common; each list is in order, and none of its ranges touches another of it."""
    common, place = [], 0
    for first, last in ranges:
        while place < len(others) and others[place][1] < first:
            place += 1
        for other_first, other_last in islice(others, place, None):
            if other_first > last:
                break
            common.append((max(first, other_first), min(last, other_last)))
    return common


def leave_out(ranges: Sequence[DateRange], left_out: Sequence[DateRange]) -> list[DateRange]:
    """The ranges without the days of others, in order."""
    kept = sorted(ranges)
    for gone_first, gone_last in left_out:
        parts = []
        for first, last in kept:
            if gone_last < first or gone_first > last:
                parts.append((first, last))
                continue
            if first < gone_first:
                parts.append((first, gone_first - ONE_DAY))
            if gone_last < last:
                parts.append((gone_last + ONE_DAY, last))
        kept = parts
    return kept
