"""Whether the records of one site fit together: everything named is there, and places and dates are possible. Pure."""

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Experience, Landmark, Record, Scene, Site
from xr_server.domain.content_check_campaign import check_campaign
from xr_server.domain.content_check_ground import (
    check_footpath,
    check_hazard,
    check_media,
    check_notice,
    check_polygon,
    check_sign,
    check_survey,
)
from xr_server.domain.content_check_rally import check_rally
from xr_server.domain.content_check_scene import check_scene
from xr_server.domain.content_index import Found, Index, find_far, find_unknown
from xr_server.domain.days import parse_range
from xr_server.domain.guidance import Footpath, Hazard, Sign
from xr_server.domain.media import Media
from xr_server.domain.notice import Notice
from xr_server.domain.opening import find_slips
from xr_server.domain.questionnaire import Questionnaire, find_faults
from xr_server.domain.rally import Rally
from xr_server.domain.schedule import find_schedule_faults
from xr_server.domain.season import InSeason, Schedule, Season
from xr_server.domain.season_days import find_season_faults
from xr_server.domain.survey import Survey
from xr_server.errors import Invalid

SEA_LEVEL_MAX_M = 5.0


def check_record(record: Record, index: Index) -> list[Found]:
    """Everything amiss with one record, as (field, sentence) pairs."""
    checks: dict[type[Record], Callable[..., Iterator[Found]]] = {
        Site: _check_site,
        Landmark: _check_landmark,
        Season: _check_season,
        Media: check_media,
        Survey: check_survey,
        Scene: check_scene,
        Experience: _check_experience,
        Schedule: _check_schedule,
        Footpath: check_footpath,
        Hazard: check_hazard,
        Sign: check_sign,
        Notice: check_notice,
        Rally: check_rally,
        Campaign: check_campaign,
        Questionnaire: lambda questionnaire, _: find_faults(questionnaire),
    }
    return list(checks[type(record)](record, index))


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
            yield from find_unknown(f"timeline, {entry.year}", "landmark", name, index.landmarks)


def _check_landmark(landmark: Landmark, index: Index) -> Iterator[Found]:
    if not landmark.name:
        yield "name", "a landmark needs a name in at least one language"
    if (landmark.lat is None) != (landmark.lon is None):
        yield "lat", "latitude and longitude belong together"
    if landmark.lat is not None and landmark.lon is not None:
        yield from find_far("geometry", landmark.lat, landmark.lon, index.site)
    elif landmark.geofence:
        yield "geofence", "a geofence needs the landmark's point"
    if landmark.geometry and landmark.geometry.get("type") == "Polygon":
        yield from check_polygon(landmark.geometry, index)
    if landmark.geofence and landmark.geofence.leave_m <= landmark.geofence.enter_m:
        yield "geofence", "leave_m must be wider than enter_m, or the landmark flickers at the edge"
    for field, text in find_slips(landmark.opening) if landmark.opening else ():
        yield f"opening, {field}", text


def _check_season(season: Season, index: Index) -> Iterator[Found]:
    if not season.name:
        yield "name", "a season needs a name in at least one language"
    yield from find_season_faults(season)
    for name in season.landmarks:
        yield from find_unknown("landmarks", "landmark", name, index.landmarks)


def _check_experience(experience: Experience, index: Index) -> Iterator[Found]:
    if not experience.title:
        yield "title", "an experience needs a title in at least one language"
    yield from find_unknown("landmark", "landmark", experience.landmark, index.landmarks)
    yield from find_unknown("scene", "scene", experience.scene, index.scenes)
    if experience.cover:
        yield from find_unknown("cover", "picture", experience.cover, index.media)


def _check_schedule(schedule: Schedule, index: Index) -> Iterator[Found]:
    yield from find_unknown("experience", "experience", schedule.experience, index.experiences)
    if isinstance(schedule.days, InSeason):
        yield from find_unknown("days", "season", schedule.days.season, index.seasons)
    yield from find_schedule_faults(schedule)


def warn_of_heights(records: Sequence[Record]) -> list[str]:
    """A sentence for every height that looks like one above the sea rather than above the ellipsoid."""
    heights = [(f"site {record.id}", record.origin.h) for record in records if isinstance(record, Site)]
    for scene in (record for record in records if isinstance(record, Scene)):
        heights += [(f"scene {scene.id}, {node.id}", node.placement.h) for node in scene.nodes]
    for survey in (record for record in records if isinstance(record, Survey)):
        heights += [(f"survey point {point.id}", point.h) for point in survey.points]
    return [
        f"{name}: the height {height_m:g} m looks like one above sea level; metres above the WGS 84 ellipsoid are wanted, "
        "about 32 m more at Nagasaki."
        for name, height_m in heights
        if 0 <= height_m <= SEA_LEVEL_MAX_M
    ]
