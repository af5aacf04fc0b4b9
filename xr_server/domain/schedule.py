"""When something is on: seasons and schedules in, occurrences out. Starts are in, ends are out, all moments UTC."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from xr_server.domain.catalog import Site
from xr_server.domain.day_hours import Occurrence as Occurrence  # noqa: PLC0414 - what this module gives
from xr_server.domain.day_hours import span_on
from xr_server.domain.days import (
    ONE_DAY,
    WEEKDAYS,
    DateRange,
    cut_to,
    each_day,
    join_ranges,
    leave_out,
    parse_day,
    parse_range,
)
from xr_server.domain.days import Window as Window  # noqa: PLC0414 - what this module is asked with
from xr_server.domain.days_off import days_off
from xr_server.domain.rule_days import check_days_of, rule_spans
from xr_server.domain.season import Always, ByRule, OnDates, Schedule, Season
from xr_server.domain.season_days import season_ranges
from xr_server.errors import Invalid

HORIZON_DAYS = 60


def occurrences(schedule: Schedule, seasons: Mapping[str, Season], window: Window, site: Site) -> list[Occurrence]:
    """The schedule's occurrences on the window's local days, merged and in order. Raises Invalid."""
    return hours_on(schedule_days(schedule, seasons, window), schedule, site)


def hours_on(ranges: Sequence[DateRange], schedule: Schedule, site: Site) -> list[Occurrence]:
    """The occurrences that the schedule's hours make of local days, merged and in order."""
    if schedule.opens_at is None and schedule.closes_at is None:  # whole days need no look at each of them
        zone = ZoneInfo(site.time_zone)
        return merge([(_midnight(first, zone), _midnight(last + ONE_DAY, zone)) for first, last in ranges])
    spans = (span_on(day, schedule, site) for first, last in ranges for day in each_day(first, last))
    return merge([span for span in spans if span is not None])


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def schedule_days(schedule: Schedule, seasons: Mapping[str, Season], window: Window) -> list[DateRange]:
    """The window's local days on which the schedule is on, as inclusive ranges, without looking at hours. Raises Invalid."""
    ranges = join_ranges(cut_to(_named_days(schedule, seasons, window), _valid(schedule, window)))
    if schedule.weekdays or schedule.days_off != "as_others":
        ranges = [part for pair in ranges for part in _choose(pair, schedule)]
    return leave_out(ranges, [parse_range(pair) for pair in schedule.except_on])


def _named_days(schedule: Schedule, seasons: Mapping[str, Season], window: Window) -> list[DateRange]:
    days = schedule.days
    if isinstance(days, Always):
        return [(window.from_on, window.until_on)]
    if isinstance(days, OnDates):
        return [parse_range(pair) for pair in days.ranges]
    if isinstance(days, ByRule):
        spans = rule_spans(days.rule, window)
        return [(span.first_on, span.last_on) for span in spans if span.last_on is not None]
    season = seasons.get(days.season)
    if season is None:
        raise Invalid(
            "season_unknown", f"The schedule {schedule.id} names the season {days.season}, which is not there."
        )
    return season_ranges(season, window)


def _valid(schedule: Schedule, window: Window) -> Window:
    first = parse_day(schedule.valid_from) if schedule.valid_from else window.from_on
    last = parse_day(schedule.valid_until) if schedule.valid_until else window.until_on
    return Window(max(first, window.from_on), min(last, window.until_on))


def _choose(pair: DateRange, schedule: Schedule) -> list[DateRange]:
    """The days of a range that weekdays and days off leave, as ranges; reckoned in day numbers, for years of many rules."""
    named = {WEEKDAYS.index(weekday) for weekday in schedule.weekdays} or set(range(7))
    off: frozenset[int] = frozenset()
    if schedule.days_off != "as_others":
        off = frozenset().union(*(days_off(year) for year in range(pair[0].year, pair[1].year + 1)))
    on_off, on_others = schedule.days_off != "never", schedule.days_off != "only"
    kept: list[list[int]] = []
    for number in range(pair[0].toordinal(), pair[1].toordinal() + 1):
        if on_off if number in off else on_others and (number + 6) % 7 in named:
            if kept and kept[-1][1] == number - 1:
                kept[-1][1] = number
            else:
                kept.append([number, number])
    return [(date.fromordinal(first), date.fromordinal(last)) for first, last in kept]


def find_schedule_faults(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """What is amiss with a schedule by itself, as (field, sentence); what it names is not looked up."""
    days = schedule.days
    pairs = [("except_on", pair) for pair in schedule.except_on]
    pairs += [("days", pair) for pair in (days.ranges if isinstance(days, OnDates) else [])]
    first, last = schedule.valid_from, schedule.valid_until
    if first or last:
        pairs.append(("valid_from", (first or last or "", last or first or "")))
    for field, pair in pairs:
        try:
            parse_range(pair)
        except Invalid as error:
            yield field, error.text
    if isinstance(days, ByRule):
        yield from _find_rule_faults(days)
    if (schedule.opens_at is None) != (schedule.closes_at is None):
        yield "opens_at", "give both hours, or neither for the whole day"


def _find_rule_faults(days: ByRule) -> Iterator[tuple[str, str]]:
    try:
        check_days_of(days.rule)
    except Invalid as error:
        yield "days", error.text
    if getattr(days.rule, "duration_days", 1) is None:
        yield (
            "days",
            "a schedule's own rule says how many days it lasts; make it a season when that is announced each year",
        )


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
    return [day for day in each_day(window.from_on, window.until_on) if f"{day:%m-%d}" in wanted]
