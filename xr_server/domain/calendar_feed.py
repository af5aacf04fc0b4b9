"""The published seasons and dates of a site as events of a calendar: one rule where a calendar can have it, else one a year.

A season whose last day nobody has entered yet is its first day, told as not yet sure. Pure; routes/calendar.py writes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from msgspec.structs import replace as changed

from xr_server.domain.catalog import Site
from xr_server.domain.days import ONE_DAY, Window
from xr_server.domain.fields import Slug, Strict
from xr_server.domain.published import Published, shown_scenes
from xr_server.domain.rule_days import RuleSpan, rule_spans
from xr_server.domain.schedule import Occurrence, occurrences, quiet_dates, schedule_days
from xr_server.domain.season import Always, ByRule, InSeason, RecurringRule, Schedule, Season, YearlyRule
from xr_server.domain.season_days import season_spans
from xr_server.errors import Invalid

YEARS_BACK, YEARS_AHEAD = 1, 5
SUN_DAYS = 366  # hours by the sun are other ones each day, so each day is an event of its own
MOST_EVENTS = 400  # of one season or schedule, the earliest first
SUN = ("sunrise", "sunset")
SURE = ("", "high")


class Stamp(Strict, frozen=True):
    """Which revision of a record is published, and when that revision was made, in ms UTC."""

    revision: int
    at_ms: int


class Plan(Strict, frozen=True):
    """What the calendar is made from: published seasons and dates; stamps by kind and id, such as season/kunchi."""

    site: Site
    seasons: list[Season]
    schedules: list[Schedule]
    promotional: list[Slug]
    stamps: dict[str, Stamp]


@dataclass(frozen=True)
class Happening:
    """One event: days or local moments, the end excluded; `key` stays the same for as long as the event is the same one.

    about: the kind and id of what it tells of.
    """

    key: str
    about: tuple[str, str]
    start: date
    end: date
    rrule: str = ""
    left_out: tuple[date, ...] = ()
    is_sure: bool = True
    has_end: bool = True
    sequence: int = 0
    changed_ms: int = 0


def make_plan(published: Published, stamps: Mapping[tuple[str, str], Stamp]) -> Plan:
    """What the calendar needs of everything that is published."""
    scenes = {scene.id for scene in shown_scenes(published)}
    shown = {offer.id for offer in published.experiences if offer.scene in scenes}
    kinds = ("season", "schedule", "experience")
    return Plan(
        site=published.site,
        seasons=list(published.seasons.values()),
        schedules=[one for one in published.schedules if one.experience in shown],
        promotional=[offer.id for offer in published.experiences if offer.promotional and offer.id in shown],
        stamps={f"{kind}/{name}": stamp for (kind, name), stamp in stamps.items() if kind in kinds},
    )


def feed_window(today: date) -> Window:
    """The years that are told of in single events; a rule goes on after them."""
    return Window(date(today.year - YEARS_BACK, 1, 1), date(today.year + YEARS_AHEAD, 12, 31))


def list_happenings(plan: Plan, today: date) -> list[Happening]:
    """All events of the calendar, seasons first. What cannot be computed is left out: it is shown nowhere else either."""
    seasons = {season.id: season for season in plan.seasons}
    found: list[Happening] = []
    for season in plan.seasons:
        stamps = _stamps_of(plan, f"season/{season.id}")
        found += _safely(season_happenings(season, feed_window(today), ("season", season.id)), stamps)
    for schedule in plan.schedules:
        names = [f"schedule/{schedule.id}", f"experience/{schedule.experience}"]
        if isinstance(schedule.days, InSeason):
            names.append(f"season/{schedule.days.season}")
        found += _safely(schedule_happenings(schedule, seasons, plan, today), _stamps_of(plan, *names))
    return found


def _stamps_of(plan: Plan, *names: str) -> list[Stamp]:
    return [plan.stamps[name] for name in names if name in plan.stamps]


def _safely(happenings: Iterator[Happening], stamps: Sequence[Stamp]) -> list[Happening]:
    """Stamped, at most so many; nothing for a rule that cannot be computed. A sum of revisions rises with each of them."""
    sequence, changed_ms = sum(stamp.revision for stamp in stamps), max((s.at_ms for s in stamps), default=0)
    try:
        some = list(islice(happenings, MOST_EVENTS))
    except Invalid:
        return []
    return [replace(one, sequence=sequence, changed_ms=changed_ms) for one in some]


def season_happenings(season: Season, window: Window, about: tuple[str, str]) -> Iterator[Happening]:
    """A season's events: its rule where a calendar can have it, and what else there is in the window. Raises Invalid."""
    sure = season.confidence in SURE
    as_rule = _as_rule(season, window, about)
    told = set() if as_rule is None else set(_own_days(season, window))
    if as_rule is not None:
        yield replace(as_rule, is_sure=sure and as_rule.is_sure)
    numbers: dict[int, int] = {}
    for span in season_spans(season, window):
        if span.first_on.year < window.from_on.year or span in told:
            continue
        numbers[span.first_on.year] = number = numbers.get(span.first_on.year, 0) + 1
        ending = span.last_on or span.first_on
        yield Happening(
            key=f"{_key(about)}.{span.first_on.year}{f'-{number}' if number > 1 else ''}",
            about=about,
            start=span.first_on,
            end=ending + ONE_DAY,
            is_sure=sure and span.last_on is not None,
            has_end=span.last_on is not None,
        )


def _key(about: tuple[str, str]) -> str:
    return ".".join(about)


def _own_days(season: Season, window: Window) -> list[RuleSpan]:
    """What the season's newest rule computes in the window, without the years in which something was entered."""
    entered = {entry.year for entry in season.entered}
    rule = season.rule
    if not isinstance(rule, YearlyRule | RecurringRule):
        return []
    return [
        span
        for span in rule_spans(rule, window)
        if span.first_on.year not in entered and span.first_on.year >= window.from_on.year
    ]


def _as_rule(season: Season, window: Window, about: tuple[str, str]) -> Happening | None:
    """The season's newest rule as one event that recurs; None for a rule that no calendar can compute."""
    rule, entered = season.rule, {entry.year for entry in season.entered}
    if isinstance(rule, YearlyRule):
        if rule.shifts or rule.start_offset_days:
            return None
        until = f";UNTIL={rule.valid_until}1231" if rule.valid_until is not None else ""
    elif isinstance(rule, RecurringRule) and not entered:
        until = ""
        window = Window(date.fromisoformat(rule.starts_on), window.until_on)  # a COUNT counts from there
    else:
        return None
    days = _own_days(season, window)
    if not days:
        return None
    last = max([window.until_on.year, *entered])
    wide = Window(days[0].first_on, date(last, 12, 31))
    left_out = [span.first_on for span in rule_spans(rule, wide) if span.first_on.year in entered]
    ends = days[0].last_on
    return Happening(
        key=_key(about),
        about=about,
        start=days[0].first_on,
        end=(ends or days[0].first_on) + ONE_DAY,
        rrule=rule.rrule + until,
        left_out=tuple(day for day in left_out if day > days[0].first_on),
        is_sure=ends is not None,
        has_end=ends is not None,
    )


def schedule_happenings(
    schedule: Schedule, seasons: Mapping[str, Season], plan: Plan, today: date
) -> Iterator[Happening]:
    """The events of one schedule of an experience; none for one that is always on. Raises Invalid."""
    about, window = ("experience", schedule.experience), feed_window(today)
    quiet = _quiet_days(schedule, seasons, plan, window)
    plain = schedule == Schedule(id=schedule.id, experience=schedule.experience, days=schedule.days)
    if plain and isinstance(schedule.days, Always):
        return
    season = _season_of(schedule, seasons)
    if plain and not quiet and season is not None:
        for one in season_happenings(season, window, ("experience", f"{schedule.experience}.{schedule.id}")):
            if one.has_end:
                yield replace(one, about=about)
        return
    yield from _stretch_happenings(schedule, seasons, plan, (today, quiet))


def _season_of(schedule: Schedule, seasons: Mapping[str, Season]) -> Season | None:
    """The season whose days a schedule has, also where it has a rule of its own; None for one that is always on."""
    if isinstance(schedule.days, ByRule):
        return Season(id=schedule.id, name={}, rule=schedule.days.rule)
    return seasons.get(schedule.days.season) if isinstance(schedule.days, InSeason) else None


def _quiet_days(schedule: Schedule, seasons: Mapping[str, Season], plan: Plan, window: Window) -> list[date]:
    """The quiet days on which a promotional experience would be on."""
    if schedule.experience not in plan.promotional:
        return []
    ranges = schedule_days(schedule, seasons, window)
    wanted = quiet_dates(plan.site.quiet_days, window)
    return [day for day in wanted if any(first <= day <= last for first, last in ranges)]


def _stretch_happenings(
    schedule: Schedule, seasons: Mapping[str, Season], plan: Plan, when: tuple[date, Sequence[date]]
) -> Iterator[Happening]:
    """Occurrences gathered to stretches of equal days, each an event that recurs daily."""
    (today, quiet), window = when, feed_window(when[0])
    if schedule.opens_at in SUN or schedule.closes_at in SUN:
        window = Window(today - ONE_DAY, today + timedelta(days=SUN_DAYS))
    pairs = [(day.isoformat(), day.isoformat()) for day in quiet]
    rested = changed(schedule, except_on=[*schedule.except_on, *pairs]) if pairs else schedule
    spans = occurrences(rested, seasons, window, plan.site)
    for start, end, days in _gather(spans, ZoneInfo(plan.site.time_zone)):
        yield _of_days(start, end, days, schedule)


def _gather(spans: Sequence[Occurrence], zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, int]]:
    """Occurrences by the clock at the site; equal hours on days in a row are given once, with the number of days."""
    held: tuple[datetime, datetime, int] | None = None
    for span in spans:
        start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in span)
        if held is not None and end - start < ONE_DAY:
            ahead = ONE_DAY * held[2]
            if (start, end) == (held[0] + ahead, held[1] + ahead):
                held = held[0], held[1], held[2] + 1
                continue
        if held is not None:
            yield held
        held = start, end, 1
    if held is not None:
        yield held


def _of_days(start: datetime, end: datetime, days: int, schedule: Schedule) -> Happening:
    key = f"experience.{schedule.experience}.{schedule.id}.{start:%Y%m%d}"
    about = ("experience", schedule.experience)
    if start.time() == end.time() == time():
        return Happening(key, about, start.date(), end.date())
    return Happening(f"{key}T{start:%H%M}", about, start, end, rrule=f"FREQ=DAILY;COUNT={days}" if days > 1 else "")
