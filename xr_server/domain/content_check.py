"""Whether the records of one site fit together: everything named is there, and places and dates are possible. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from xr_server.domain.catalog import (
    DatedRule,
    Experience,
    InSeason,
    Landmark,
    Node,
    OnDates,
    Record,
    Scene,
    Schedule,
    Season,
    Site,
)
from xr_server.domain.geofence import distance_m
from xr_server.domain.schedule import check_rule, parse_range
from xr_server.errors import Invalid

MAX_AWAY_M = 50_000.0  # farther from the site's origin, latitude and longitude have probably changed places
SEA_LEVEL_MAX_M = 5.0
Found = tuple[str, str]  # which field, and a sentence


@dataclass(frozen=True)
class Index:
    """What can be named: ids by kind, models, and the site."""

    site: Site
    landmarks: frozenset[str]
    seasons: frozenset[str]
    scenes: frozenset[str]
    experiences: frozenset[str]
    models: frozenset[str]


def index_records(records: Sequence[Record], models: frozenset[str]) -> Index | None:
    """The index of one site's records; None when the site itself is missing."""
    site = next((record for record in records if isinstance(record, Site)), None)

    def ids(kind: type[Record]) -> frozenset[str]:
        return frozenset(record.id for record in records if isinstance(record, kind))

    return Index(site, ids(Landmark), ids(Season), ids(Scene), ids(Experience), models) if site else None


def check_record(record: Record, index: Index) -> list[Found]:
    """Everything amiss with one record, as (field, sentence) pairs."""
    checks: dict[type[Record], Callable[..., Iterator[Found]]] = {
        Site: _check_site,
        Landmark: _check_landmark,
        Season: _check_season,
        Scene: _check_scene,
        Experience: _check_experience,
        Schedule: _check_schedule,
    }
    return list(checks[type(record)](record, index))


def _unknown(field: str, kind: str, name: str, known: frozenset[str]) -> Iterator[Found]:
    if name not in known:
        yield field, f"there is no {kind} called {name}"


def _check_site(site: Site, index: Index) -> Iterator[Found]:
    if not site.name:
        yield "name", "the site needs a name in at least one language"
    try:
        ZoneInfo(site.time_zone)
    except (KeyError, ValueError, OSError):  # for unknown names, for paths, and for names that are folders
        yield "time_zone", f"{site.time_zone} is not a time zone such as Asia/Tokyo"
    for pair in site.quiet_days:
        try:
            parse_range((f"2028-{pair}", f"2028-{pair}"))  # a leap year, in which every day exists
        except Invalid:
            yield "quiet_days", f"{pair} is not a day such as 08-09"
    yield from _check_timeline(site, index)


def _check_timeline(site: Site, index: Index) -> Iterator[Found]:
    for entry in site.timeline:
        if not entry.text:
            yield f"timeline, {entry.year}", "an entry needs words in at least one language"
        for name in entry.landmarks:
            yield from _unknown(f"timeline, {entry.year}", "landmark", name, index.landmarks)


def _check_landmark(landmark: Landmark, index: Index) -> Iterator[Found]:
    if not landmark.name:
        yield "name", "a landmark needs a name in at least one language"
    if (landmark.lat is None) != (landmark.lon is None):
        yield "lat", "latitude and longitude belong together"
    if landmark.lat is not None and landmark.lon is not None:
        yield from _check_near("geometry", landmark.lat, landmark.lon, index.site)
    elif landmark.geofence:
        yield "geofence", "a geofence needs the landmark's point"
    if landmark.geofence and landmark.geofence.leave_m <= landmark.geofence.enter_m:
        yield "geofence", "leave_m must be wider than enter_m, or the landmark flickers at the edge"


def _check_near(field: str, lat: float, lon: float, site: Site) -> Iterator[Found]:
    away_m = distance_m(lat, lon, site.origin.lat, site.origin.lon)
    if away_m > MAX_AWAY_M:
        yield (
            field,
            f"this place is {away_m / 1000:.0f} km from the site; GeoJSON writes longitude first, then latitude",
        )


def _check_season(season: Season, index: Index) -> Iterator[Found]:
    if not season.name:
        yield "name", "a season needs a name in at least one language"
    try:
        if isinstance(season.rule, DatedRule):
            for pair in season.rule.ranges:
                parse_range(pair)
        else:
            check_rule(season.rule.rrule)
    except Invalid as error:
        yield "rule", error.text
    for name in season.landmarks:
        yield from _unknown("landmarks", "landmark", name, index.landmarks)


def _check_scene(scene: Scene, index: Index) -> Iterator[Found]:
    yield from _unknown("landmark", "landmark", scene.landmark, index.landmarks)
    if not scene.nodes or len({node.id for node in scene.nodes}) != len(scene.nodes):
        yield "nodes", "a scene shows at least one model, and each node has an id of its own"
    for node in scene.nodes:
        yield from _check_node(node, scene, index)
    spots = [spot.id for spot in scene.hotspots]
    for spot in scene.hotspots:
        yield from _unknown(f"hotspots, {spot.id}", "node", spot.node, frozenset(node.id for node in scene.nodes))
        if spots.count(spot.id) > 1:
            yield f"hotspots, {spot.id}", "each hotspot has an id of its own"


def _check_node(node: Node, scene: Scene, index: Index) -> Iterator[Found]:
    where = f"nodes, {node.id}"
    if (node.package is None) == (node.model is None):
        yield where, "a node names either a model of this folder or a package, one of the two"
    if node.model is not None:
        yield from _unknown(where, "model", node.model, index.models)
    for era in node.eras:
        yield from _unknown(where, "era", era, frozenset(era.id for era in scene.eras))
    yield from _check_near(where, node.placement.lat, node.placement.lon, index.site)


def _check_experience(experience: Experience, index: Index) -> Iterator[Found]:
    if not experience.title:
        yield "title", "an experience needs a title in at least one language"
    yield from _unknown("landmark", "landmark", experience.landmark, index.landmarks)
    yield from _unknown("scene", "scene", experience.scene, index.scenes)


def _check_schedule(schedule: Schedule, index: Index) -> Iterator[Found]:
    yield from _unknown("experience", "experience", schedule.experience, index.experiences)
    if isinstance(schedule.days, InSeason):
        yield from _unknown("days", "season", schedule.days.season, index.seasons)
    if isinstance(schedule.days, OnDates):
        for pair in schedule.days.ranges:
            try:
                parse_range(pair)
            except Invalid as error:
                yield "days", error.text
    if (schedule.opens_at is None) != (schedule.closes_at is None):
        yield "opens_at", "give both hours, or neither for the whole day"


def warn_of_heights(records: Sequence[Record]) -> list[str]:
    """A sentence for every height that looks like one above the sea rather than above the ellipsoid."""
    heights = [(f"site {record.id}", record.origin.h) for record in records if isinstance(record, Site)]
    for scene in (record for record in records if isinstance(record, Scene)):
        heights += [(f"scene {scene.id}, {node.id}", node.placement.h) for node in scene.nodes]
    return [
        f"{name}: the height {height_m:g} m looks like one above sea level; metres above the WGS 84 ellipsoid are wanted, "
        "about 32 m more at Nagasaki."
        for name, height_m in heights
        if 0 <= height_m <= SEA_LEVEL_MAX_M
    ]
