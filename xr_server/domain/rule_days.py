"""The days that a rule means: each occurrence's first day, and its last where the rule knows it. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from xr_server.domain.days import (
    FIRST_DAY,
    FIRST_YEAR,
    LAST_DAY,
    LAST_YEAR,
    WEEKDAYS,
    Window,
    check_year,
    parse_day,
    parse_range,
)
from xr_server.domain.lunar import FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR, lunar_day
from xr_server.domain.recurrence import Recurrence, ever_comes, read_recurrence, recurrence_days
from xr_server.domain.season import BetweenRule, ComputedRule, DatedRule, LunarRule, RecurringRule, Rule, YearlyRule
from xr_server.errors import Invalid

LONGEST_DAYS = 120  # of a rule that says how long it lasts
MOST_MOVED_DAYS = 6  # by a shift
LUNAR_TAIL_DAYS = 51  # of a year in which the lunar one before it may still go on, until 20 February


class RuleSpan(msgspec.Struct, frozen=True):
    """One occurrence in local days, both in; last_on None while nobody has entered when it ends."""

    first_on: date
    last_on: date | None


def check_recurrence(rrule: str, starts_on: date = FIRST_DAY) -> Recurrence:
    """Read a recurrence rule, and refuse one outside our limits, or whose day never comes. Raises Invalid.

    This is what stands between a foreign calendar's rules and any computation.
    """
    found = read_recurrence(rrule)
    if not ever_comes(found, starts_on):
        raise Invalid(
            "rule_never",
            f"This rule names a day that never comes, such as 31 February: {rrule[:100]}",
            rule=rrule[:100],
        )
    return found


def check_rule(rrule: str) -> None:
    """Refuse a season's recurrence rule that is not yearly in plain parts. Raises Invalid."""
    found = check_recurrence(rrule)
    with_day = bool(found.months) and bool(found.month_days) != bool(found.weekdays)
    plain = found.freq == "YEARLY" and found.interval == 1 and found.count is None and found.until_on is None
    if not (plain and with_day):
        raise Invalid(
            "rule_not_yearly",
            "A season's rule must be yearly with a month and either a day of the month or a weekday, such as "
            f"FREQ=YEARLY;BYMONTH=2;BYDAY=1FR. This one is not: {rrule[:100]}",
            rule=rrule[:100],
        )


def check_days_of(rule: Rule) -> None:
    """Refuse a rule that cannot be computed, or that never has a day. Raises Invalid with a sentence about what is amiss."""
    if isinstance(rule, DatedRule):
        for pair in rule.ranges:
            parse_range(pair)
        return
    if isinstance(rule, RecurringRule):
        starts_on = parse_day(rule.starts_on)
        check_year(starts_on.year)
        check_recurrence(rule.rrule, starts_on)
        return
    if isinstance(rule, YearlyRule):
        check_rule(rule.rrule)
    elif isinstance(rule, BetweenRule):
        for text in (rule.first, rule.last):
            parse_day(f"2028-{text}")  # a leap year, in which every day exists
    _check_validity(rule)


def _check_validity(rule: YearlyRule | BetweenRule | LunarRule) -> None:
    for year in (rule.valid_from, rule.valid_until):
        if year is not None:
            check_year(year)
    if rule.valid_from is not None and rule.valid_until is not None and rule.valid_until < rule.valid_from:
        raise Invalid(
            "years_reversed", f"The last year {rule.valid_until} lies before the first one {rule.valid_from}."
        )
    if isinstance(rule, LunarRule) and (rule.valid_from or 0) > LAST_LUNAR_YEAR:
        raise Invalid(
            "lunar_far",
            f"The lunar calendar is known here from {FIRST_LUNAR_YEAR} to {LAST_LUNAR_YEAR}, not for {rule.valid_from}.",
            year=str(rule.valid_from),
        )


def rule_spans(rule: ComputedRule, window: Window) -> list[RuleSpan]:
    """The rule's occurrences that begin in the window or reach into it, in order. Raises Invalid for a rule out of bounds."""
    before, after = _reach(rule)
    wide = Window(max(FIRST_DAY, _back(window.from_on, before)), min(LAST_DAY, _on(window.until_on, after)))
    spans = _spans_near(rule, wide)
    from_on, until_on = window.from_on, window.until_on
    met = [span for span in spans if span.first_on <= until_on and (span.last_on or span.first_on) >= from_on]
    return sorted(met, key=lambda span: span.first_on)


def _reach(rule: ComputedRule) -> tuple[int, int]:
    """How many days before and after a window its rule's own days may lie whose occurrences reach into it."""
    if isinstance(rule, BetweenRule):
        return 366, 0
    if isinstance(rule, RecurringRule):
        return rule.duration_days, 0
    lasts, offset = rule.duration_days or LONGEST_DAYS, rule.start_offset_days
    lasts += LUNAR_TAIL_DAYS if isinstance(rule, LunarRule) else 0
    return lasts + max(offset, 0) + MOST_MOVED_DAYS, max(-offset, 0) + MOST_MOVED_DAYS


def _back(day: date, days: int) -> date:
    return day - timedelta(days=min(days, (day - date.min).days))


def _on(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))


def _spans_near(rule: ComputedRule, wide: Window) -> Iterator[RuleSpan]:
    if isinstance(rule, RecurringRule):
        starts_on = parse_day(rule.starts_on)
        check_year(starts_on.year)
        for day in recurrence_days(read_recurrence(rule.rrule), starts_on, wide):
            yield _span(day, rule.duration_days, 0)
    elif isinstance(rule, BetweenRule):
        for year in _years(rule, wide):
            yield _between(rule, year)
    elif isinstance(rule, LunarRule):
        for year in _years(rule, wide, FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR):
            day_on = lunar_day(year, rule.month, rule.day)
            if day_on is not None:
                yield _span(day_on, rule.duration_days, rule.start_offset_days)
    else:
        yield from _yearly_spans(rule, wide)


def _years(
    rule: YearlyRule | BetweenRule | LunarRule, wide: Window, first: int = FIRST_YEAR, last: int = LAST_YEAR
) -> range:
    """The years that the rule holds in and the window touches."""
    start = max(wide.from_on.year, first, rule.valid_from or first)
    return range(start, min(wide.until_on.year, last, rule.valid_until or last) + 1)


def _between(rule: BetweenRule, year: int) -> RuleSpan:
    past_new_year = rule.last < rule.first
    return RuleSpan(_in_year(year, rule.first, first=True), _in_year(year + past_new_year, rule.last, first=False))


def _in_year(year: int, month_day: str, first: bool) -> date:
    """The day in a year; 29 February, where there is none, is the day after as a first day, the day before as a last."""
    month, day = int(month_day[:2]), int(month_day[3:])
    if (month, day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
        return date(year, 3, 1) if first else date(year, 2, 28)
    return date(year, month, day)


def _yearly_spans(rule: YearlyRule, wide: Window) -> Iterator[RuleSpan]:
    check_rule(rule.rrule)
    years = _years(rule, wide)
    if not years:
        return
    window = Window(date(years[0], 1, 1), date(years[-1], 12, 31))
    for day in recurrence_days(read_recurrence(rule.rrule), FIRST_DAY, window):
        moved = rule.shifts.get(WEEKDAYS[day.weekday()], 0)  # type: ignore[call-overload]
        yield _span(day, rule.duration_days, moved + rule.start_offset_days)


def _span(day: date, duration_days: int | None, offset_days: int) -> RuleSpan:
    if offset_days == 0 and duration_days == 1:  # most days of most rules
        return RuleSpan(day, day)
    first_on = day + timedelta(days=offset_days)
    return RuleSpan(first_on, None if duration_days is None else first_on + timedelta(days=duration_days - 1))
