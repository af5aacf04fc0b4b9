"""Recurrence rules of RFC 5545 within our limits: read into a value, refused with a sentence, unrolled into days. Pure.

Rules are unrolled here and not by a calendar library: those look for the next match as far as the year 9999, and hang on
a rule for every second. Here only the periods that a window touches are ever looked at.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice

from xr_server.domain.days import FIRST_DAY, LAST_DAY, ONE_DAY, WEEKDAYS, Window
from xr_server.errors import Invalid

MAX_LENGTH = 400
MAX_INTERVAL = 99
MAX_COUNT = 1000
OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
NUMBER = re.compile(r"[1-9][0-9]{0,3}")
MONTH = re.compile(r"[1-9]|1[0-2]")
MONTH_DAY = re.compile(r"-?(?:[1-9]|[12][0-9]|3[01])")
WEEKDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
DAY = re.compile(r"[0-9]{8}")
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST")


@dataclass(frozen=True)
class Recurrence:
    """A rule as read. weekdays: (n, weekday), n 0 for each of them, negative from the month's end; Monday is 0."""

    freq: str
    interval: int = 1
    count: int | None = None
    until_on: date | None = None
    months: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    weekdays: tuple[tuple[int, int], ...] = ()
    week_start: int = 0


@lru_cache(maxsize=4096)
def read_recurrence(rule: str) -> Recurrence:
    """The rule as a value. Raises Invalid for what is no rule, or lies outside our limits."""
    parts = _split(rule)
    if parts.get("FREQ") in OFTEN:
        raise Invalid(
            "rule_too_often",
            "A rule may repeat by the day, the week, the month or the year, not by the hour, the minute or the second: "
            f"{rule[:100]}",
            rule=rule[:100],
        )
    try:
        found = Recurrence(
            freq=_choice(parts["FREQ"], ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")),
            interval=_number(parts.get("INTERVAL", "1"), MAX_INTERVAL),
            count=_number(parts["COUNT"], MAX_COUNT) if "COUNT" in parts else None,
            until_on=_day(parts["UNTIL"]) if "UNTIL" in parts else None,
            months=tuple(int(text) for text in _items(parts, "BYMONTH", MONTH, 12)),
            month_days=tuple(int(text) for text in _items(parts, "BYMONTHDAY", MONTH_DAY, 62)),
            weekdays=tuple(_weekday(text) for text in _items(parts, "BYDAY", WEEKDAY, 20)),
            week_start=WEEKDAYS.index(_choice(parts.get("WKST", "MO"), WEEKDAYS)),
        )
    except (KeyError, ValueError) as error:
        raise _unreadable(rule) from error
    _check_together(found, rule)
    return found


def _split(rule: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in rule.split(";")] if len(rule) <= MAX_LENGTH else []
    parts = {name: value for name, _, value in pairs}
    if len(parts) != len(pairs) or not parts or not set(parts) <= set(PARTS):
        raise _unreadable(rule)
    return parts


def _unreadable(rule: str) -> Invalid:
    return Invalid(
        "rule_unreadable",
        "A recurrence rule is written like FREQ=YEARLY;BYMONTH=2;BYDAY=1FR, of the parts "
        f"{', '.join(PARTS)}, each at most once. This one is not understood: {rule[:100]}",
        rule=rule[:100],
    )


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(text)
    return text


def _number(text: str, most: int) -> int:
    if not NUMBER.fullmatch(text) or int(text) > most:
        raise ValueError(text)
    return int(text)


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _items(parts: dict[str, str], name: str, item: re.Pattern[str], most: int) -> list[str]:
    items = parts[name].split(",") if name in parts else []
    if len(items) > most or not all(item.fullmatch(text) for text in items):
        raise ValueError(name)
    return items


def _weekday(text: str) -> tuple[int, int]:
    match = WEEKDAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1] or 0), WEEKDAYS.index(match[2])


def _check_together(rule: Recurrence, text: str) -> None:
    """Refuse parts that make no sense together, as RFC 5545 does."""
    numbered = any(nth for nth, _ in rule.weekdays)
    wrong = (
        (rule.count is not None and rule.until_on is not None)
        or (numbered and (rule.freq in ("DAILY", "WEEKLY") or bool(rule.month_days)))
        or (rule.freq == "WEEKLY" and bool(rule.month_days))
        or (rule.freq == "YEARLY" and bool(rule.weekdays) and not rule.months)  # would count weekdays of a year
    )
    if wrong:
        raise _unreadable(text)


def recurrence_days(rule: Recurrence, starts_on: date, window: Window) -> Iterator[date]:
    """The rule's days in the window, in order, of which none lies before starts_on; a COUNT counts from there."""
    last = min(window.until_on, rule.until_on or LAST_DAY, LAST_DAY)
    first = max(starts_on, FIRST_DAY)
    seek = first if rule.count is not None else max(window.from_on, first)
    periods = _month_days_of if rule.freq in ("MONTHLY", "YEARLY") else _dates_of
    days = (day for day in periods(rule, first, (seek, last)) if seek <= day <= last)
    yield from (day for day in islice(days, rule.count) if day >= window.from_on)


def _dates_of(rule: Recurrence, start: date, within: tuple[date, date]) -> Iterator[date]:
    """Days of a daily or weekly rule, from the period that holds the first day of `within`."""
    period = ONE_DAY
    origin = start
    named = {weekday for _, weekday in rule.weekdays}
    ahead = [timedelta()]
    if rule.freq == "WEEKLY":
        period = timedelta(days=7)
        origin = start - timedelta(days=(start.weekday() - rule.week_start) % 7)
        places = sorted((weekday - rule.week_start) % 7 for weekday in named or {start.weekday()})
        ahead, named = [timedelta(days=place) for place in places], set()
    step = period * rule.interval
    day = origin + step * ((within[0] - origin) // step)
    while day <= within[1]:
        for days in ahead:
            if _fits(found := day + days, rule, named):
                yield found
        day += step


def _fits(day: date, rule: Recurrence, named: set[int]) -> bool:
    """Whether a day is of the weekdays (none: of any), months and days of the month that are named."""
    return (
        (not named or day.weekday() in named)
        and (not rule.months or day.month in rule.months)
        and (not rule.month_days or _is_month_day(day, rule.month_days))
    )


def _is_month_day(day: date, month_days: tuple[int, ...]) -> bool:
    return day.day in month_days or day.day - monthrange(day.year, day.month)[1] - 1 in month_days


def _month_days_of(rule: Recurrence, start: date, within: tuple[date, date]) -> Iterator[date]:
    """Days of a monthly or yearly rule, from the period that holds the first day of `within`."""
    months = rule.months
    if rule.freq == "YEARLY" and not months and not rule.month_days:
        months = (start.month,)
    step = rule.interval if rule.freq == "MONTHLY" else 12 * rule.interval
    origin = 12 * start.year + (start.month - 1 if rule.freq == "MONTHLY" else 0)
    number = origin + step * ((12 * within[0].year + within[0].month - 1 - origin) // step)
    end = 12 * within[1].year + within[1].month - 1
    while number <= end:
        for month in (number,) if rule.freq == "MONTHLY" else range(number, number + 12):
            if not months or month % 12 + 1 in months:
                yield from _days_of_month(rule, start, month // 12, month % 12 + 1)
        number += step


def _days_of_month(rule: Recurrence, start: date, year: int, month: int) -> Iterator[date]:
    length = monthrange(year, month)[1]
    if not rule.month_days and not rule.weekdays:
        if start.day <= length:
            yield date(year, month, start.day)
        return
    numbers: set[int] | None = None
    if rule.weekdays:
        starts = date(year, month, 1).weekday()
        numbers = {
            day for nth, weekday in rule.weekdays for day in _weekday_days(nth, (weekday - starts) % 7 + 1, length)
        }
    if rule.month_days:
        named = {number if number > 0 else length + 1 + number for number in rule.month_days}
        numbers = named if numbers is None else named & numbers
    for number in sorted(numbers or ()):
        if 1 <= number <= length:
            yield date(year, month, number)


def _weekday_days(nth: int, first: int, length: int) -> Sequence[int]:
    """The days of a month that are its n-th weekday (0: each of them), where the weekday first comes on a day."""
    days = range(first, length + 1, 7)
    if nth == 0:
        return days
    place = nth - 1 if nth > 0 else len(days) + nth
    return days[place : place + 1] if place >= 0 else ()


@lru_cache(maxsize=4096)
def ever_comes(rule: Recurrence, starts_on: date) -> bool:
    """Whether the rule has a day at all before the end of the years that can be planned."""
    if rule.month_days and not rule.weekdays and rule.months:  # 31 February: no need to look through the years
        longest = max(monthrange(2028, month)[1] for month in rule.months)
        if all(abs(number) > longest for number in rule.month_days):
            return False
    return next(recurrence_days(rule, starts_on, Window(starts_on, LAST_DAY)), None) is not None
