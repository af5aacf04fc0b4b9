"""The days that figures are asked of, and the days they are compared with, weekday on weekday. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from xr_server.domain.days import ONE_DAY, DateRange, Window, cut_to, join_ranges, leave_out
from xr_server.errors import Invalid

LONGEST_DAYS = 366
DEFAULT_DAYS = 28
WEEK_DAYS = 7
YEAR_DAYS = 364
"""The same weekday a year before: 52 weeks."""
Preset = Literal["four_weeks", "this_month", "last_month", "this_year", "last_year"]
PRESETS: tuple[Preset, ...] = get_args(Preset)


@dataclass(frozen=True)
class Compared:
    """A window and what it is held against: as many days just before it, and the same days a year before."""

    window: Window
    before: Window
    year_before: Window


def read_window(from_text: str, until_text: str, newest_on: date) -> Window:
    """The days asked for, both in; the 28 days up to the newest that figures are told of when none are. Raises Invalid."""
    try:
        until_on = date.fromisoformat(until_text) if until_text else newest_on
        from_on = date.fromisoformat(from_text) if from_text else until_on - timedelta(days=DEFAULT_DAYS - 1)
    except (ValueError, OverflowError) as error:
        raise Invalid("date_unreadable", "A day is written like 2026-11-24. Choose both days again.") from error
    if until_on < from_on:
        raise Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    if count_days(Window(from_on, until_on)) > LONGEST_DAYS:
        raise Invalid("range_too_long", f"At most {LONGEST_DAYS} days can be shown at once. Choose a shorter range.")
    if from_on.year < 1900:  # a year before it must still be a date
        raise Invalid("date_unreadable", "A day is written like 2026-11-24. Choose both days again.")
    return Window(from_on, until_on)


def count_days(window: Window) -> int:
    """How many days a window has."""
    return (window.until_on - window.from_on).days + 1


def compare(window: Window) -> Compared:
    """The windows that a window is compared with, of its length and beginning on its weekday.

    The one before is moved by whole weeks, as few as leave no day in both: a month of 30 days by 35.
    """
    weeks = -(-count_days(window) // WEEK_DAYS)
    return Compared(window, move(window, -weeks * WEEK_DAYS), move(window, -YEAR_DAYS))


def move(window: Window, days: int) -> Window:
    """A window so many days later."""
    by = timedelta(days=days)
    return Window(window.from_on + by, window.until_on + by)


def preset_window(preset: Preset, newest_on: date) -> Window:
    """The days that a ready-made choice means when figures are told up to a day."""
    month_on = newest_on.replace(day=1)
    if preset == "four_weeks":
        return Window(newest_on - timedelta(days=DEFAULT_DAYS - 1), newest_on)
    if preset == "this_month":
        return Window(month_on, newest_on)
    if preset == "last_month":
        return Window((month_on - ONE_DAY).replace(day=1), month_on - ONE_DAY)
    if preset == "this_year":
        return Window(date(newest_on.year, 1, 1), newest_on)
    return Window(date(newest_on.year - 1, 1, 1), date(newest_on.year - 1, 12, 31))


def month_windows(window: Window) -> list[Window]:
    """The calendar months that lie in a window as a whole, in order."""
    months = []
    first = window.from_on
    while first <= window.until_on:
        after = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
        if first.day == 1 and after - ONE_DAY <= window.until_on:
            months.append(Window(first, after - ONE_DAY))
        first = after
    return months


def days_without(window: Window, left_out: Sequence[date]) -> list[Window]:
    """A window without some days, as the fewest windows, in order."""
    kept = leave_out([(window.from_on, window.until_on)], [(day, day) for day in left_out])
    return [Window(*pair) for pair in kept]


def cut_ranges(ranges: Sequence[DateRange], window: Window) -> list[DateRange]:
    """What of some ranges of days lies in a window, joined and in order."""
    return join_ranges(cut_to(ranges, window))
