"""The plan of a year or a month as lanes: the days of each season and of each experience's dates, one lane a landmark. Pure."""

import dataclasses
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal

import msgspec
from msgspec.structs import replace

from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Experience, Landmark, Record
from xr_server.domain.days import DateRange, Window, cut_to, join_ranges, leave_out, parse_day
from xr_server.domain.rally import Rally
from xr_server.domain.schedule import schedule_days
from xr_server.domain.season import InSeason, Schedule, Season
from xr_server.domain.season_days import season_spans
from xr_server.errors import Invalid

LaneKind = Literal["seasons", "campaigns", "rallies", "landmark"]
KEPT = 6_144  # expansions, by what a rule says: three years of two thousand rules


@dataclass(frozen=True)
class Planned:
    """A record of the plan as it is looked at; draft: not yet, or not in these words, what visitors see."""

    body: Record
    draft: bool


@dataclass(frozen=True)
class Bar:
    """Days of a season, a campaign, a rally, or of an experience's dates; schedule None: it has none, so all of its days.

    open_on: first days of a season whose last day nobody has entered. draft as in Planned.
    """

    thing: Season | Experience | Campaign | Rally
    schedule: Schedule | None
    ranges: tuple[DateRange, ...]
    draft: bool
    open_on: tuple[date, ...] = ()

    @property
    def hull(self) -> DateRange:
        """From its first day to its last, whatever lies between."""
        return self.ranges[0][0], self.ranges[-1][1]


@dataclass(frozen=True)
class Lane:
    """What happens at a landmark, by its id, and its days without anything; empty: of another kind, which the town has.

    landmark is None also for one that is not there, or not published yet.
    """

    at: str
    landmark: Landmark | None
    bars: tuple[Bar, ...]
    gaps: tuple[DateRange, ...] = ()
    kind: LaneKind = "landmark"


@dataclass(frozen=True)
class Plan:
    """Everything a calendar is drawn from, by id."""

    seasons: Mapping[str, Planned]
    experiences: Mapping[str, Planned]
    landmarks: Mapping[str, Landmark]
    schedules: Sequence[Planned]
    campaigns: Sequence[Planned] = ()
    rallies: Sequence[Planned] = ()

    @cached_property
    def season_bodies(self) -> dict[str, Season]:
        """The seasons by id, as rules look them up."""
        return {name: one.body for name, one in self.seasons.items() if isinstance(one.body, Season)}

    @property
    def places(self) -> set[str]:
        """The landmarks that experiences name, whether they are there or not."""
        return {one.body.landmark for one in self.experiences.values() if isinstance(one.body, Experience)}

    @cached_property
    def dated(self) -> dict[str, list[tuple[Schedule, bool]]]:
        """The schedules of each experience, each with whether it is a draft."""
        found: dict[str, list[tuple[Schedule, bool]]] = {}
        for one in self.schedules:
            if isinstance(one.body, Schedule):
                found.setdefault(one.body.experience, []).append((one.body, one.draft))
        return found


def gather_plan(records: Sequence[Planned]) -> Plan:
    """Records sorted by kind."""
    return Plan(
        seasons={one.body.id: one for one in records if isinstance(one.body, Season)},
        experiences={one.body.id: one for one in records if isinstance(one.body, Experience)},
        landmarks={one.body.id: one.body for one in records if isinstance(one.body, Landmark)},
        schedules=[one for one in records if isinstance(one.body, Schedule)],
        campaigns=[one for one in records if isinstance(one.body, Campaign)],
        rallies=[one for one in records if isinstance(one.body, Rally)],
    )


def with_dates(plan: Plan, experience: Experience, schedule: Schedule | None) -> Plan:
    """The plan with a schedule of an experience as it would be, in place of the one of its name."""
    kept = [one for one in plan.schedules if schedule is None or one.body.id != schedule.id]
    added = [Planned(schedule, True)] if schedule else []
    offered = {**plan.experiences, experience.id: Planned(experience, True)}
    return dataclasses.replace(plan, experiences=offered, schedules=[*kept, *added])


def days_of(schedule: Schedule, seasons: Mapping[str, Season], window: Window) -> tuple[DateRange, ...]:
    """The days of the window on which a schedule is on; computed once for all schedules that say the same. Raises Invalid."""
    season = seasons.get(schedule.days.season) if isinstance(schedule.days, InSeason) else None
    rule = replace(schedule, id="any", experience="any", opens_at=None, closes_at=None, exclusive=False)
    return _days_said(_Rule(msgspec.json.encode((rule, rule_of(season) if season else None)), schedule, season), window)


def rule_of(season: Season) -> Season:
    """A season without its words: a sentence that changes moves no day."""
    return replace(season, name={}, note={}, sources=[], confidence="", landmarks=[])


@dataclass(frozen=True)
class _Rule:
    """Dates known by what their rule says: all that say the same are one, whatever they are called and about."""

    said: bytes
    schedule: Schedule = field(compare=False)
    season: Season | None = field(compare=False)


@lru_cache(maxsize=KEPT)
def _days_said(rule: _Rule, window: Window) -> tuple[DateRange, ...]:
    return tuple(schedule_days(rule.schedule, {rule.season.id: rule.season} if rule.season else {}, window))


@lru_cache(maxsize=KEPT)
def _season_said(said: bytes, window: Window) -> tuple[tuple[DateRange, ...], tuple[date, ...]]:
    """The days of a season in the window, and the first days of those without an end."""
    spans = season_spans(msgspec.json.decode(said, type=Season), window)
    known = [(span.first_on, span.last_on) for span in spans if span.last_on is not None]
    asked = [span.first_on for span in spans if span.last_on is None and span.first_on >= window.from_on]
    return tuple(cut_to(known, window)), tuple(asked)


def count_expansions() -> int:
    """How many rules have been expanded since the program began: what looking at the plan again must not raise."""
    return _days_said.cache_info().misses + _season_said.cache_info().misses


def draw_lanes(plan: Plan, window: Window, only: str = "") -> tuple[list[Lane], list[Schedule]]:
    """The lanes by landmark, and the schedules whose days cannot be computed; only: of this landmark alone."""
    bars: dict[str, list[Bar]] = {}
    broken: list[Schedule] = []
    for planned in plan.experiences.values():
        experience = planned.body
        if not isinstance(experience, Experience) or only not in ("", experience.landmark):
            continue
        lane = bars.setdefault(experience.landmark, [])
        dated = plan.dated.get(experience.id)
        if dated is None:
            lane.append(Bar(experience, None, ((window.from_on, window.until_on),), planned.draft))
        for schedule, draft in dated or ():
            try:
                ranges = days_of(schedule, plan.season_bodies, window)
            except Invalid:
                broken.append(schedule)
                continue
            if ranges:
                lane.append(Bar(experience, schedule, ranges, draft or planned.draft))
    return [_lane(name, plan, found, window) for name, found in sorted(bars.items())], broken


def _lane(at: str, plan: Plan, bars: Sequence[Bar], window: Window) -> Lane:
    taken = join_ranges([pair for bar in bars for pair in bar.ranges])
    gaps = leave_out([(window.from_on, window.until_on)], taken)
    return Lane(at, plan.landmarks.get(at), _in_order(bars), tuple(gaps))


def draw_seasons(plan: Plan, window: Window) -> Lane:
    """The lane of the seasons: those with a day in the window, also those whose last day is still to be entered."""
    bars = []
    for planned in plan.seasons.values():
        season = planned.body
        if not isinstance(season, Season):
            continue
        try:
            ranges, asked = _season_said(msgspec.json.encode(rule_of(season)), window)
        except Invalid:  # stored before there were limits: its own page says what is amiss
            continue
        days = sorted([*ranges, *((day, day) for day in asked)])
        if days:
            bars.append(Bar(season, None, tuple(days), planned.draft, asked))
    return Lane("", None, _in_order(bars), kind="seasons")


def draw_offers(plan: Plan, window: Window, only: str = "") -> list[Lane]:
    """The lanes of campaigns and of rallies, where there are any at all; only: of the rallies that lead to this landmark."""
    led = [one for one in plan.rallies if only in ("", *_landmarks_of(one))]
    kinds: list[tuple[LaneKind, Sequence[Planned]]] = [("campaigns", () if only else plan.campaigns), ("rallies", led)]
    return [Lane("", None, _in_order(_offers(found, window)), kind=kind) for kind, found in kinds if found]


def _landmarks_of(planned: Planned) -> Sequence[str]:
    return planned.body.landmarks if isinstance(planned.body, Rally) else ()


def _offers(found: Sequence[Planned], window: Window) -> Iterator[Bar]:
    for planned in found:
        body = planned.body
        if isinstance(body, Campaign | Rally):
            days = cut_to([(parse_day(body.first_on), parse_day(body.last_on))], window)
            if days:
                yield Bar(body, None, tuple(days), planned.draft)


def _in_order(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    return tuple(sorted(bars, key=lambda bar: (bar.hull, bar.thing.id)))


def pack(items: Sequence[tuple[float, float]]) -> list[int]:
    """The row of each item (from, to; in order of from) such that no two of a row overlap, in the fewest rows."""
    free: list[int] = []
    ends: list[tuple[float, int]] = []
    rows = []
    for start, end in items:
        while ends and ends[0][0] <= start:
            heapq.heappush(free, heapq.heappop(ends)[1])
        row = heapq.heappop(free) if free else len(ends)
        heapq.heappush(ends, (end, row))
        rows.append(row)
    return rows
