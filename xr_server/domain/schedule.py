"""When something is on: seasons and schedules in, occurrences out. Starts are in, ends are out, all moments UTC."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from xr_server.domain.catalog import Always, DatedRule, InSeason, Schedule, Season, YearlyRule
from xr_server.errors import Invalid

# days a month can have: a rule for a day that never comes would keep the calendar library searching to the year 9999
MONTH_DAYS = {month: monthrange(2028, month)[1] for month in range(1, 13)}
MONTH = r"(?:[1-9]|1[0-2])"
MONTH_DAY = r"-?(?:[1-9]|[12][0-9]|3[01])"
WEEKDAY = r"(?:[+-]?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)"
RULE_PARTS = {
    name: re.compile(rf"{item}(?:,{item}){{0,11}}")
    for name, item in (("BYMONTH", MONTH), ("BYMONTHDAY", MONTH_DAY), ("BYDAY", WEEKDAY))
}
HORIZON_DAYS = 60
Occurrence = tuple[datetime, datetime]
DateRange = tuple[date, date]


@dataclass(frozen=True)
class Window:
    """Local dates from_on to until_on, both in."""

    from_on: date
    until_on: date


def check_rule(rule: str) -> None:
    """Refuse a recurrence rule that is not yearly in plain parts, before any calendar code sees it. Raises Invalid."""
    freq, *rest = rule.split(";")
    parts = dict(part.partition("=")[::2] for part in rest)
    plain = freq == "FREQ=YEARLY" and len(parts) == len(rest) == 2 and set(parts) <= set(RULE_PARTS)
    plain = plain and "BYMONTH" in parts and all(RULE_PARTS[name].fullmatch(text) for name, text in parts.items())
    if not plain or not _ever_comes(parts):
        raise Invalid(
            "rule_not_yearly",
            "A season's rule must be yearly with a month and either a day of the month or a weekday, such as "
            f"FREQ=YEARLY;BYMONTH=2;BYDAY=1FR. This one is not: {rule[:100]}",
        )


def _ever_comes(parts: Mapping[str, str]) -> bool:
    if "BYMONTHDAY" not in parts:
        return True
    longest = max(MONTH_DAYS[int(month)] for month in parts["BYMONTH"].split(","))
    return any(abs(int(day)) <= longest for day in parts["BYMONTHDAY"].split(","))


def season_ranges(season: Season, window: Window) -> list[DateRange]:
    """The season's inclusive date ranges that touch the window, in order. Raises Invalid for a rule out of bounds."""
    if isinstance(season.rule, DatedRule):
        ranges = [parse_range(pair) for pair in season.rule.ranges]
    else:
        ranges = _yearly_ranges(season.rule, window)
    return sorted(pair for pair in ranges if pair[0] <= window.until_on and pair[1] >= window.from_on)


def _yearly_ranges(rule: YearlyRule, window: Window) -> list[DateRange]:
    check_rule(rule.rrule)
    first_year = max(window.from_on.year - 1, rule.valid_from or 1)
    last_year = window.until_on.year + 1
    if first_year > last_year:
        return []
    first_day = datetime(first_year, 1, 1)  # noqa: DTZ001 - a calendar day, before any time zone
    last_day = datetime(last_year, 12, 31)  # noqa: DTZ001
    days = rrulestr(rule.rrule, dtstart=first_day).between(first_day, last_day, inc=True)
    starts = [day.date() + timedelta(days=rule.start_offset_days) for day in days]
    return [(start, start + timedelta(days=rule.duration_days - 1)) for start in starts]


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


def occurrences(schedule: Schedule, seasons: Mapping[str, Season], window: Window, zone: ZoneInfo) -> list[Occurrence]:
    """The schedule's occurrences on the window's local days, merged and in order. Raises Invalid."""
    if isinstance(schedule.days, Always):
        ranges = [(window.from_on, window.until_on)]
    elif isinstance(schedule.days, InSeason):
        season = seasons.get(schedule.days.season)
        if season is None:
            raise Invalid(
                "season_unknown",
                f"The schedule {schedule.id} names the season {schedule.days.season}, which is not there.",
            )
        ranges = season_ranges(season, window)
    else:
        ranges = [parse_range(pair) for pair in schedule.days.ranges]
    spans: list[Occurrence] = []
    for first, last in ranges:
        day, end = max(first, window.from_on), min(last, window.until_on)
        while day <= end:
            start_at, end_at = _span_on(day, schedule, zone)
            if start_at < end_at:  # clocks put forward can swallow a short span whole
                spans.append((start_at, end_at))
            day += timedelta(days=1)
    return merge(spans)


def _span_on(day: date, schedule: Schedule, zone: ZoneInfo) -> Occurrence:
    opens = time.fromisoformat(schedule.opens_at or "00:00")
    start = datetime.combine(day, opens, zone)
    if schedule.closes_at is None:
        end = datetime.combine(day + timedelta(days=1), time(), zone)
    else:
        closes = time.fromisoformat(schedule.closes_at)
        end = datetime.combine(day + timedelta(days=int(closes <= opens)), closes, zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def merge(spans: Sequence[Occurrence]) -> list[Occurrence]:
    """The same time covered by the fewest intervals, in order; intervals that only touch become one."""
    merged: list[Occurrence] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def is_live(spans: Sequence[Occurrence], quiet_on: Sequence[date], at: datetime, zone: ZoneInfo) -> bool:
    """Whether an occurrence contains the moment and its local day is not a quiet day.

    The phone runs the same rule in webxr_client/src/geo/live.ts; tests/contract/is_live.json holds both to it.
    """
    return at.astimezone(zone).date() not in quiet_on and any(start <= at < end for start, end in spans)


def quiet_dates(month_days: Sequence[str], window: Window) -> list[date]:
    """The site's quiet days, month-day pairs such as 08-09, that lie in the window."""
    wanted = set(month_days)
    days = (window.from_on + timedelta(days=ahead) for ahead in range((window.until_on - window.from_on).days + 1))
    return [day for day in days if f"{day:%m-%d}" in wanted]
