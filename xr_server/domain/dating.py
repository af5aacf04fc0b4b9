"""What staff type to date an experience, as a schedule."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from xr_server.domain.days import WEEKDAYS, check_year, parse_day, parse_range
from xr_server.domain.rule_form import BLANK, make_rule, show_rule
from xr_server.domain.schedule import find_schedule_faults
from xr_server.domain.season import ByRule, InSeason, OnDates, Schedule
from xr_server.errors import Invalid

Typed = Mapping[str, Any]  # the fields below, and those of a rule, as the form holds them
BY_SUN = ("sunrise", "sunset")
DAYS_OFF = ("as_others", "also", "never", "only")


def show_schedule(body: Schedule | None) -> dict[str, Any]:
    """What the form shows of a schedule; a new one begins as dated."""
    typed: dict[str, Any] = {
        **BLANK,
        **dict.fromkeys(("season", "opens_at", "closes_at", "opens_by", "closes_by", "on_from", "on_until"), ""),
        "days": "dates",
        "ranges": [],
        "left_out": [],
        "weekdays": [],
        "days_off": "as_others",
        "exclusive": "",
    }
    if body is None:
        return typed
    for name, value in (("opens", body.opens_at), ("closes", body.closes_at)):
        typed[f"{name}_by" if value in BY_SUN else f"{name}_at"] = value or ""
    typed |= {"weekdays": list(body.weekdays), "days_off": body.days_off, "left_out": list(body.except_on)}
    typed |= {"on_from": body.valid_from or "", "on_until": body.valid_until or ""}
    typed["exclusive"] = "yes" if body.exclusive else ""
    if isinstance(body.days, OnDates):
        return {**typed, "ranges": list(body.days.ranges)}
    if isinstance(body.days, InSeason):
        return {**typed, "days": "season", "season": body.days.season}
    if isinstance(body.days, ByRule):
        return {**typed, **show_rule(body.days.rule), "days": "rule"}
    return {**typed, "days": "always"}


def make_schedule(schedule_id: str, experience_id: str, typed: Typed, seasons: Sequence[str]) -> Schedule:
    """The schedule that was typed. Raises Invalid with a sentence about the first thing amiss."""
    opens_at, closes_at = _make_hours(typed)
    values = {
        "id": schedule_id,
        "experience": experience_id,
        "days": _make_days(typed, seasons),
        "opens_at": opens_at,
        "closes_at": closes_at,
        "weekdays": [weekday for weekday in WEEKDAYS if weekday in typed.get("weekdays", ())],
        "days_off": typed["days_off"] if typed.get("days_off") in DAYS_OFF else "as_others",
        "except_on": _make_ranges(typed.get("left_out", ())),
        "valid_from": _make_day(typed.get("on_from", "")),
        "valid_until": _make_day(typed.get("on_until", "")),
        "exclusive": typed.get("exclusive") == "yes",
    }
    try:
        schedule = msgspec.convert({k: v for k, v in values.items() if v is not None}, Schedule)
    except msgspec.ValidationError as error:
        raise Invalid("hours_unreadable", "Hours are written like 18:00. Choose them again.") from error
    if schedule.valid_from and schedule.valid_until:
        parse_range((schedule.valid_from, schedule.valid_until))
    for _, sentence in find_schedule_faults(schedule):
        raise Invalid("schedule_unfit", f"These dates cannot be: {sentence}.", sentence=sentence)
    return schedule


def move_ranges(ranges: Sequence[tuple[str, str]], days: int, from_on: str = "") -> list[tuple[str, str]]:
    """Ranges moved on by days (negative: back), all of them or those that begin on from_on. Raises Invalid."""
    moved = []
    for first, last in ranges:
        pair = parse_range((first or last, last or first))
        if from_on in ("", first):
            pair = _moved(pair[0], days), _moved(pair[1], days)
        moved.append((pair[0].isoformat(), pair[1].isoformat()))
    return sorted(moved)


def _moved(day: date, days: int) -> date:
    number = day.toordinal() + days
    check_year(date.fromordinal(number).year if 1 <= number <= date.max.toordinal() else 0)
    return date.fromordinal(number)


def _make_hours(typed: Typed) -> tuple[str | None, str | None]:
    opens_at, closes_at = (
        typed[f"{name}_by"] if typed.get(f"{name}_by") in BY_SUN else typed[f"{name}_at"] or None
        for name in ("opens", "closes")
    )
    if (opens_at is None) != (closes_at is None):
        raise Invalid("hours_half", "Give both hours, from and until, or neither for the whole day.")
    if opens_at is not None and opens_at == closes_at:
        raise Invalid("hours_equal", "From and until are the same hour. Leave both empty for the whole day.")
    return opens_at, closes_at


def _make_day(text: str) -> str | None:
    if not text:
        return None
    check_year(parse_day(text).year)
    return text


def _make_ranges(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Ranges in order; one day alone may stand for both ends. Raises Invalid."""
    ranges = [(first or last, last or first) for first, last in pairs]
    for pair in ranges:
        for day in parse_range(pair):
            check_year(day.year)
    return sorted(ranges)


def _make_days(typed: Typed, seasons: Sequence[str]) -> dict[str, Any]:
    if typed["days"] == "always":
        return {"type": "always"}
    if typed["days"] == "season":
        if typed["season"] not in seasons:
            raise Invalid("season_missing", "Choose the season in which it is on.")
        return {"type": "season", "season": typed["season"]}
    if typed["days"] == "rule":
        rule = make_rule({**BLANK, **typed})
        if getattr(rule, "duration_days", 1) is None:
            raise Invalid("duration_missing", "Say how many days it lasts each time.")
        return {"type": "rule", "rule": msgspec.to_builtins(rule)}
    ranges = _make_ranges(typed["ranges"])
    if typed["days"] != "dates" or not ranges:
        raise Invalid("dates_missing", "Give at least one day, or choose a season, or every day.")
    return {"type": "dates", "ranges": ranges}
