"""A rule as a form: what it shows of one, and the rule that was typed. Pure."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from xr_server.domain.days import LAST_YEAR, WEEKDAYS, parse_day
from xr_server.domain.recurrence import read_recurrence
from xr_server.domain.rule_days import check_days_of
from xr_server.domain.season import BetweenRule, ComputedRule, LunarRule, RecurringRule, YearlyRule
from xr_server.errors import Invalid

Typed = Mapping[str, Any]  # the fields below as the form holds them: texts, and lists of texts for shifts
KINDS = ("day", "weekday", "between", "lunar", "rrule")
NTHS = ("1", "2", "3", "4", "5", "-1", "-2")
BLANK: dict[str, Any] = {
    "kind": "day",
    **dict.fromkeys(("month", "day", "nth", "weekday", "weekday_month", "first_month", "first_day"), ""),
    **dict.fromkeys(("last_month", "last_day", "lunar_month", "lunar_day", "rrule", "starts_on"), ""),
    **dict.fromkeys(("duration", "offset", "valid_from", "valid_until"), ""),
    "shift_weekday": [],
    "shift_days": [],
}
SHIFT_ROWS = 2


def show_rule(rule: ComputedRule | None) -> dict[str, Any]:
    """What the form shows of a rule; a new one begins as a day of the year."""
    if rule is None:
        return dict(BLANK)
    typed = {**BLANK, "duration": str(getattr(rule, "duration_days", None) or "")}
    typed |= {"offset": str(getattr(rule, "start_offset_days", 0) or "")}
    for name in ("valid_from", "valid_until"):
        typed[name] = str(getattr(rule, name, None) or "")
    if isinstance(rule, BetweenRule):
        months = dict(zip(("first_month", "first_day"), _split(rule.first), strict=True))
        return {
            **typed,
            "kind": "between",
            **months,
            **dict(zip(("last_month", "last_day"), _split(rule.last), strict=True)),
        }
    if isinstance(rule, LunarRule):
        return {**typed, "kind": "lunar", "lunar_month": str(rule.month), "lunar_day": str(rule.day)}
    if isinstance(rule, RecurringRule):
        return {**typed, "kind": "rrule", "rrule": rule.rrule, "starts_on": rule.starts_on}
    typed |= {"shift_weekday": list(rule.shifts), "shift_days": [str(days) for days in rule.shifts.values()]}
    return {**typed, **_show_yearly(rule.rrule)}


def _split(month_day: str) -> tuple[str, str]:
    month, _, day = month_day.partition("-")
    return month.lstrip("0"), day.lstrip("0")


def _show_yearly(rrule: str) -> dict[str, str]:
    """A yearly rule as a plain day, or as the n-th weekday of a month; else as it is written."""
    try:
        rule = read_recurrence(rrule)
    except Invalid:  # stored before there were limits: shown as it is, to be mended
        return {"kind": "rrule", "rrule": rrule}
    if len(rule.months) == 1 and len(rule.month_days) == 1 and rule.month_days[0] > 0 and not rule.weekdays:
        return {"kind": "day", "month": str(rule.months[0]), "day": str(rule.month_days[0])}
    if len(rule.months) == 1 and len(rule.weekdays) == 1 and str(rule.weekdays[0][0]) in NTHS and not rule.month_days:
        nth, weekday = rule.weekdays[0]
        return {"kind": "weekday", "weekday_month": str(rule.months[0]), "nth": str(nth), "weekday": WEEKDAYS[weekday]}
    return {"kind": "rrule", "rrule": rrule}


def make_rule(typed: Typed) -> ComputedRule:
    """The rule that was typed. Raises Invalid with a sentence about the first thing amiss."""
    makers: dict[str, Callable[[Typed], ComputedRule]] = {
        "day": _make_day,
        "weekday": _make_weekday,
        "between": _make_between,
        "lunar": _make_lunar,
        "rrule": _make_rrule,
    }
    if typed["kind"] not in makers:
        raise Invalid("rule_kind_missing", "Choose what kind of days it is.")
    rule = makers[typed["kind"]](typed)
    check_days_of(rule)
    return rule


def _years(typed: Typed) -> dict[str, int | None]:
    return {name: read_number(typed[name], (-9999, LAST_YEAR * 10), None) for name in ("valid_from", "valid_until")}


def read_number(text: str, within: tuple[int, int], empty: int | None) -> int | None:
    """A whole number as people type it, also in wide digits; `empty` for nothing. Raises Invalid."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    if not plain:
        return empty
    if not (plain.removeprefix("-").isascii() and plain.removeprefix("-").isdigit() and len(plain) < 7):
        raise Invalid("number_unreadable", f"{text[:20]} is not a whole number.", number=text[:20])
    if not within[0] <= int(plain) <= within[1]:
        raise Invalid(
            "number_outside",
            f"{plain} is outside of what is possible here: {within[0]} to {within[1]}.",
            number=plain,
            low=str(within[0]),
            high=str(within[1]),
        )
    return int(plain)


def _wanted(text: str, low: int, high: int) -> int:
    number = read_number(text, (low, high), None)
    if number is None:
        raise Invalid("month_day_missing", "Give the month and the day.")
    return number


def _lasting(typed: Typed) -> dict[str, Any]:
    return {
        "duration_days": read_number(typed["duration"], (1, 120), None),
        "start_offset_days": read_number(typed["offset"], (-120, 120), 0) or 0,
    }


def _shifts(typed: Typed) -> dict[str, int]:
    shifts = {}
    for weekday, days in zip(typed["shift_weekday"], typed["shift_days"], strict=False):
        moved = read_number(days, (-6, 6), 0) or 0
        if weekday and not moved:
            raise Invalid("shift_missing", "Say by how many days it moves when it falls on that weekday, such as -1.")
        if weekday in WEEKDAYS:
            shifts[weekday] = moved
    return shifts


def _yearly(rrule: str, typed: Typed) -> YearlyRule:
    return YearlyRule(rrule=rrule, shifts=_shifts(typed), **_lasting(typed), **_years(typed))  # type: ignore[arg-type]


def _make_day(typed: Typed) -> YearlyRule:
    month, day = _wanted(typed["month"], 1, 12), _wanted(typed["day"], 1, 31)
    return _yearly(f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}", typed)


def _make_weekday(typed: Typed) -> YearlyRule:
    month = _wanted(typed["weekday_month"], 1, 12)
    if typed["nth"] not in NTHS or typed["weekday"] not in WEEKDAYS:
        raise Invalid("weekday_missing", "Choose which weekday of the month it is, such as the first Friday.")
    return _yearly(f"FREQ=YEARLY;BYMONTH={month};BYDAY={typed['nth']}{typed['weekday']}", typed)


def _make_between(typed: Typed) -> BetweenRule:
    first, last = (
        f"{_wanted(typed[f'{end}_month'], 1, 12):02}-{_wanted(typed[f'{end}_day'], 1, 31):02}"
        for end in ("first", "last")
    )
    return BetweenRule(first=first, last=last, **_years(typed))


def _make_lunar(typed: Typed) -> LunarRule:
    month, day = _wanted(typed["lunar_month"], 1, 12), _wanted(typed["lunar_day"], 1, 30)
    return LunarRule(month=month, day=day, **_lasting(typed), **_years(typed))  # type: ignore[arg-type]


def _make_rrule(typed: Typed) -> ComputedRule:
    """A rule as calendar programs write it: counted from a day, or yearly without one."""
    rrule = typed["rrule"].strip().removeprefix("RRULE:")
    if not typed["starts_on"]:
        return _yearly(rrule, typed)
    parse_day(typed["starts_on"])
    lasts = read_number(typed["duration"], (1, 120), 1) or 1
    return RecurringRule(rrule=rrule, starts_on=typed["starts_on"], duration_days=lasts)
