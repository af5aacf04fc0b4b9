"""What staff type to date an experience, as a schedule."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from xr_server.domain.catalog import InSeason, OnDates, Schedule
from xr_server.domain.schedule import parse_range
from xr_server.errors import Invalid

Typed = Mapping[str, Any]  # days, season, ranges, opens_at, closes_at as the form holds them


def show_schedule(body: Schedule | None) -> dict[str, Any]:
    """What the form shows of a schedule; a new one begins as dated."""
    typed: dict[str, Any] = {"days": "dates", "season": "", "ranges": [], "opens_at": "", "closes_at": ""}
    if body is None:
        return typed
    typed |= {"opens_at": body.opens_at or "", "closes_at": body.closes_at or ""}
    if isinstance(body.days, OnDates):
        return {**typed, "ranges": list(body.days.ranges)}
    if isinstance(body.days, InSeason):
        return {**typed, "days": "season", "season": body.days.season}
    return {**typed, "days": "always"}


def make_schedule(schedule_id: str, experience_id: str, typed: Typed, seasons: Sequence[str]) -> Schedule:
    """The schedule that was typed. Raises Invalid with a sentence about the first thing amiss."""
    opens_at, closes_at = typed["opens_at"] or None, typed["closes_at"] or None
    if (opens_at is None) != (closes_at is None):
        raise Invalid("hours_half", "Give both hours, from and until, or neither for the whole day.")
    if opens_at is not None and opens_at == closes_at:
        raise Invalid("hours_equal", "From and until are the same hour. Leave both empty for the whole day.")
    values = {
        "id": schedule_id,
        "experience": experience_id,
        "days": _make_days(typed, seasons),
        "opens_at": opens_at,
        "closes_at": closes_at,
    }
    try:
        return msgspec.convert({k: v for k, v in values.items() if v is not None}, Schedule)
    except msgspec.ValidationError as error:
        raise Invalid("hours_unreadable", "Hours are written like 18:00. Choose them again.") from error


def _make_days(typed: Typed, seasons: Sequence[str]) -> dict[str, Any]:
    if typed["days"] == "always":
        return {"type": "always"}
    if typed["days"] == "season":
        if typed["season"] not in seasons:
            raise Invalid("season_missing", "Choose the season in which it is on.")
        return {"type": "season", "season": typed["season"]}
    ranges = [(first or last, last or first) for first, last in typed["ranges"]]
    if typed["days"] != "dates" or not ranges:
        raise Invalid("dates_missing", "Give at least one day, or choose a season, or every day.")
    for pair in ranges:
        parse_range(pair)
    return {"type": "dates", "ranges": sorted(ranges)}
