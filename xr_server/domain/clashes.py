"""What does not fit together in a plan, and what is missing for it: told before it is saved, and on the calendar. Pure.

None of it stops anybody: two things at one place may be meant, and a text may be on its way.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from xr_server.domain.catalog import Experience, Origin, Scene, Site
from xr_server.domain.days import ONE_DAY, DateRange, Window, join_ranges, meet
from xr_server.domain.lanes import Lane, Plan, days_of, rule_of
from xr_server.domain.published import node_digest
from xr_server.domain.schedule import Occurrence, hours_on
from xr_server.domain.season import InSeason, Schedule, Season
from xr_server.domain.survey import OVERLAY_ACCURACY_M, SurveyPoint, find_standing
from xr_server.domain.text_review import each_text
from xr_server.errors import Invalid

Kind = Literal["exclusive", "end", "season", "scene", "package", "text", "anchor", "gap"]
Dated = tuple[str, Schedule]  # an experience's id and dates of it
Row = tuple[str, Schedule, Season | None]
KEPT = 1024  # landmarks and windows whose overlaps are kept, by what their dates say
GRAVE: tuple[Kind, ...] = (
    "exclusive",
    "end",
    "season",
    "scene",
    "package",
)  # visitors would find something else than planned


@dataclass(frozen=True)
class Clash:
    """One thing to look at. first_on, last_on: the days it is about; other: the experience it collides with."""

    kind: Kind
    landmark: str
    experience: str = ""
    other: str = ""
    days: DateRange | None = None
    languages: tuple[str, ...] = ()
    season: str = ""
    at: Occurrence | None = None  # the first time that both are on

    @property
    def is_grave(self) -> bool:
        """Whether visitors would find something else than is planned."""
        return self.kind in GRAVE


@dataclass(frozen=True)
class Ground:
    """What experiences stand on: scenes by id, packages that are built and may be shown, survey points, languages."""

    scenes: Mapping[str, Scene]
    packages: Set[str]
    models: Mapping[str, str]
    points: Mapping[str, SurveyPoint]
    languages: Sequence[str]


def find_overlaps(plan: Plan, window: Window, site: Site, about: str = "") -> list[Clash]:
    """Times at which two experiences both need a landmark for themselves; about: only those with this experience in them."""
    asked: dict[str, list[tuple[Experience, Schedule]]] = {}
    for planned in plan.experiences.values():
        experience = planned.body
        for schedule, _ in plan.dated.get(experience.id, ()):
            if isinstance(experience, Experience) and schedule.exclusive:
                asked.setdefault(experience.landmark, []).append((experience, schedule))
    found: list[Clash] = []
    for landmark, pairs in sorted(asked.items()):
        if len({experience.id for experience, _ in pairs}) > 1 and (not about or about in {it.id for it, _ in pairs}):
            said = [(experience.id, schedule, _season_of(schedule, plan)) for experience, schedule in pairs]
            place = site.time_zone, site.origin
            found += _overlaps_said(landmark, msgspec.json.encode((said, place)), window)
    met = [clash for clash in found if about in ("", clash.experience, clash.other)]
    return sorted(met, key=lambda clash: (clash.days or (date.max,), clash.experience))


def _season_of(schedule: Schedule, plan: Plan) -> Season | None:
    """The season a schedule names, without its words."""
    season = plan.season_bodies.get(schedule.days.season) if isinstance(schedule.days, InSeason) else None
    return rule_of(season) if season else None


@lru_cache(maxsize=KEPT)
def _overlaps_said(landmark: str, said: bytes, window: Window) -> tuple[Clash, ...]:
    """The first overlap of each two at a landmark; computed once for as long as their dates say the same."""
    rows, (zone, origin) = msgspec.json.decode(said, type=tuple[list[Row], tuple[str, Origin]])
    seasons = {season.id: season for _, _, season in rows if season}
    site = Site(id="any", name={}, origin=origin, time_zone=zone, languages=["en"])
    return tuple(_overlaps_at(landmark, [(name, schedule) for name, schedule, _ in rows], seasons, window, site))


def _overlaps_at(
    landmark: str, pairs: Sequence[Dated], seasons: Mapping[str, Season], window: Window, site: Site
) -> Iterator[Clash]:
    """The first overlap of each two at one landmark: everything that is still on when something begins meets it."""
    wide = Window(window.from_on - ONE_DAY, window.until_on + ONE_DAY)  # a night reaches in, another one out
    dated = [(name, schedule, _days(schedule, seasons, wide)) for name, schedule in pairs]
    shared = _shared_days([(name, meet(days, [(window.from_on, window.until_on)])) for name, _, days in dated])
    spans = sorted(
        (start, end, name)
        for name, schedule, days in dated
        for start, end in hours_on(meet(days, shared), schedule, site)
    )
    names = {name for name, _ in pairs}
    unmet = {name: names - {name} for name in names}
    still_on: dict[str, datetime] = {}
    ends: list[tuple[datetime, str]] = []
    for start, end, name in spans:
        while ends and ends[0][0] <= start:
            over, gone = heapq.heappop(ends)
            if still_on[gone] == over:
                del still_on[gone]
        for other in sorted(unmet[name] & still_on.keys()):
            unmet[name].discard(other)
            unmet[other].discard(name)
            until = min(end, still_on[other])
            pair = (name, other) if name < other else (other, name)
            yield Clash("exclusive", landmark, *pair, _local_days(start, until, site), at=(start, until))
        if end > still_on.get(name, start):
            still_on[name] = end
            heapq.heappush(ends, (end, name))


def _shared_days(dated: Sequence[tuple[str, Sequence[DateRange]]]) -> list[DateRange]:
    """The days on which at least two experiences have something, the night after counted in: only there hours are asked."""
    days: dict[str, list[DateRange]] = {}
    for name, ranges in dated:
        days.setdefault(name, []).extend((first, last + ONE_DAY) for first, last in ranges)
    steps = [step for ranges in days.values() for pair in join_ranges(ranges) for step in ((pair[0], 1), (pair[1], -1))]
    steps.sort(key=lambda step: (step[0], -step[1]))  # what begins on a day meets what ends on it
    shared: list[DateRange] = []
    on, begun = 0, date.min
    for day, change in steps:
        if on == 2 and change < 0:
            shared.append((begun - ONE_DAY, day))  # an evening of the day before may reach into it
        on += change
        if on == 2 and change > 0:
            begun = day
    return join_ranges(shared)


def _days(schedule: Schedule, seasons: Mapping[str, Season], window: Window) -> Sequence[DateRange]:
    try:
        return days_of(schedule, seasons, window)
    except Invalid:  # told as a lost season
        return ()


def _local_days(start: datetime, end: datetime, site: Site) -> DateRange:
    zone = ZoneInfo(site.time_zone)
    return start.astimezone(zone).date(), (end - timedelta(microseconds=1)).astimezone(zone).date()


def find_gaps(lanes: Sequence[Lane], from_on: date) -> list[Clash]:
    """Days, from one on, on which nothing at all is on at a landmark that has something at other times."""
    return [
        Clash("gap", lane.at, days=(max(first, from_on), last))
        for lane in lanes
        if lane.at
        for first, last in lane.gaps
        if last >= from_on
    ]


def find_open_ends(seasons: Lane) -> list[Clash]:
    """Seasons that begin without anybody having entered when they end: until then nothing of them is shown."""
    return [Clash("end", "", season=bar.thing.id, days=(first, first)) for bar in seasons.bars for first in bar.open_on]


def find_missing(experience: Experience, ground: Ground) -> list[Clash]:
    """What an experience still lacks: its scene, a built package, texts in a language of the site, a surveyed place."""
    scene = ground.scenes.get(experience.scene)
    about = experience.landmark, experience.id
    if scene is None:
        return [Clash("scene", *about)]
    found = []
    if not all(node_digest(node, ground.models) in ground.packages for node in scene.nodes):
        found.append(Clash("package", *about))
    lacking = _languages_lacking(experience, scene, ground.languages)
    if lacking:
        found.append(Clash("text", *about, languages=lacking))
    if not _is_surveyed(scene, ground.points):
        found.append(Clash("anchor", *about))
    return found


def _languages_lacking(experience: Experience, scene: Scene, languages: Sequence[str]) -> tuple[str, ...]:
    """The site's languages in which a text is missing that another language has."""
    told = [text for record in (experience, scene) for text in each_text(record) if text]
    return tuple(one for one in languages if not all(one in text for text in told))


def _is_surveyed(scene: Scene, points: Mapping[str, SurveyPoint]) -> bool:
    for node in scene.nodes:
        standing, place = find_standing(node.ties, points), node.placement
        if not (standing.surveyed if standing else place.surveyed and place.accuracy_m <= OVERLAY_ACCURACY_M):
            return False
    return True


def find_lost_seasons(broken: Sequence[Schedule], plan: Plan) -> list[Clash]:
    """Dates that cannot be computed, such as those of a season that is not there or not published."""
    found = []
    for schedule in broken:
        planned = plan.experiences.get(schedule.experience)
        if planned is not None and isinstance(planned.body, Experience):
            found.append(Clash("season", planned.body.landmark, schedule.experience))
    return found
