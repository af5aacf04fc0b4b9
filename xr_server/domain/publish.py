"""Compiling: published records in, the documents that visitors' phones read out. Pure; one document a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pygeomag import GeoMag

from xr_server.domain.catalog import Experience, Landmark, Origin, Record, Scene, Site
from xr_server.domain.guidance import Footpath, Hazard, Sign, length_m
from xr_server.domain.kiosk import dump_kiosk
from xr_server.domain.media import digest_of
from xr_server.domain.memory import mark_landmarks
from xr_server.domain.notice import Notice, in_document
from xr_server.domain.opening import dump_opening
from xr_server.domain.publish_rally import compile_rallies
from xr_server.domain.publish_scene import captions_of, media_url
from xr_server.domain.published import (
    Document,
    Published,
    node_digest,
    pick,
    shown_digests,
    shown_media,
    shown_scenes,
    told_in,
)
from xr_server.domain.questionnaire import find_current
from xr_server.domain.schedule import HORIZON_DAYS, Occurrence, Window, merge, occurrences, quiet_dates
from xr_server.domain.season import Schedule
from xr_server.domain.survey import SurveyPoint
from xr_server.domain.text_review import find_unreviewed, gather_texts
from xr_server.errors import Invalid

SITE_SCHEMA = "dejima.site/1"
Times = Mapping[str, Document]  # by experience: its occurrences and quiet days, as documents say them


@dataclass(frozen=True)
class Edition:
    """Which compilation this is: the publication's number, the local date it holds for, and its language."""

    revision: int
    compiled_for_on: date
    language: str


def utc_text(moment: datetime) -> str:
    """An aware moment as ISO 8601 in UTC with a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def experience_occurrences(experience_id: str, published: Published, window: Window) -> list[Occurrence]:
    """When an experience is on within the window; without any published schedule it is always on.

    A schedule that `find_faults` lists adds nothing: it must not keep the rest of the site from being published.
    """
    zone = ZoneInfo(published.site.time_zone)
    schedules = [schedule for schedule in published.schedules if schedule.experience == experience_id]
    if not schedules:
        start = datetime.combine(window.from_on, datetime.min.time(), zone)
        end = datetime.combine(window.until_on + timedelta(days=1), datetime.min.time(), zone)
        return [(start.astimezone(UTC), end.astimezone(UTC))]
    found = [_spans_or_fault(schedule, published, window) for schedule in schedules]
    return merge([span for spans in found if not isinstance(spans, str) for span in spans])


def _spans_or_fault(schedule: Schedule, published: Published, window: Window) -> list[Occurrence] | str:
    try:
        return occurrences(schedule, published.seasons, window, published.site)
    except Invalid as error:
        return error.text


def find_faults(published: Published, window: Window) -> list[str]:
    """A sentence for each schedule that cannot be computed, such as one whose season has been withdrawn."""
    found = [_spans_or_fault(schedule, published, window) for schedule in published.schedules]
    return [fault for fault in found if isinstance(fault, str)]


def live_experiences(published: Published, at: datetime) -> list[str]:
    """The experiences that visitors find live at a moment, by id: shown, on, and not resting on a quiet day."""
    day = at.astimezone(ZoneInfo(published.site.time_zone)).date()
    window = Window(day - timedelta(days=1), day)  # from the day before, since an evening may reach past midnight
    scenes = {scene.id for scene in shown_scenes(published)}
    return [
        experience.id
        for experience in published.experiences
        if experience.scene in scenes
        and not (experience.promotional and quiet_dates(published.site.quiet_days, Window(day, day)))
        and any(start <= at < end for start, end in experience_occurrences(experience.id, published, window))
    ]


def horizon(compiled_for_on: date) -> Window:
    """The local dates a document covers; from the day before, since an evening may reach past midnight."""
    return Window(compiled_for_on - timedelta(days=1), compiled_for_on + timedelta(days=HORIZON_DAYS))


def compile_sites(published: Published, revision: int, on: date) -> dict[str, Document]:
    """The site documents in all languages of the site; when something is on, which no language changes, is computed once."""
    times = find_times(published, on)
    return {lang: compile_site(published, Edition(revision, on, lang), times) for lang in published.site.languages}


def find_times(published: Published, on: date) -> Times:
    """When each experience is on and rests, as the documents of a local date say it, by id."""
    window = horizon(on)
    quiet = [day.isoformat() for day in quiet_dates(published.site.quiet_days, window)]
    times = {}
    for experience in published.experiences:
        spans = experience_occurrences(experience.id, published, window)
        said = [[utc_text(start), utc_text(end)] for start, end in spans]
        times[experience.id] = {"occurrences": said, "quiet_on": quiet if experience.promotional else []}
    return times


def compile_site(published: Published, edition: Edition, times: Times | None = None) -> Document:
    """The site document (schema dejima.site/1) in the edition's language; times as of `find_times`, else computed here."""
    times = find_times(published, edition.compiled_for_on) if times is None else times
    site, language = published.site, edition.language
    scenes = {scene.id: scene for scene in shown_scenes(published)}
    return {
        "schema": SITE_SCHEMA,
        "revision": edition.revision,
        "compiled_for_on": edition.compiled_for_on.isoformat(),
        "language": language,
        "site": {
            "id": site.id,
            "name": pick(site.name, language),
            "summary": pick(site.summary, language),
            "origin": {"lat": site.origin.lat, "lon": site.origin.lon, "h": site.origin.h},
            "bounds": find_bounds(published),
            "time_zone": site.time_zone,
            "declination_deg": declination_deg(site, edition.compiled_for_on),
            "languages": list(site.languages),
            "reviewed": is_reviewed(published, language),
            "quiet_days": list(site.quiet_days),
            "attribution": [{"text": a.text, "licence": a.licence, "url": a.url} for a in site.attribution],
            "timeline": [
                {
                    "year": entry.year,
                    "text": pick(entry.text, language),
                    "landmarks": entry.landmarks,
                    "confidence": entry.confidence,
                    "sources": entry.sources,
                }
                for entry in site.timeline
            ],
            **({"kiosk": dump_kiosk(site.kiosk)} if site.kiosk else {}),
        },
        "landmarks": [_compile_landmark(landmark, edition) for landmark in published.landmarks],
        "experiences": [
            {**_compile_experience(experience, published, edition, scenes[experience.scene]), **times[experience.id]}
            for experience in published.experiences
            if experience.scene in scenes
        ],
        **_compile_ground(published, language),
        "notices": _compile_notices(published, edition),
        "creators": _compile_creators(published, set(scenes)),
        "rallies": compile_rallies(published, edition.compiled_for_on, language),
        **_compile_questionnaire(published, edition.compiled_for_on),
        "memories": mark_landmarks(published.memories, published.memories_taken),
        **({} if published.memories_taken else {"memories_closed": True}),
        "packages": sorted(shown_digests(published)),
        "media": sorted({*media_digests(published), *captions_by_digest(published)}),
    }


def _compile_questionnaire(published: Published, on: date) -> Document:
    """What visitors are asked on this day, by its id; on days of quiet nobody is asked anything."""
    current = find_current(published.questionnaires, on)
    resting = quiet_dates(published.site.quiet_days, Window(on, on))
    return {"questionnaire": current.id} if current and not resting else {}


def _compile_creators(published: Published, shown: set[str]) -> list[Document]:
    """The public pages of makers, each with the experiences that show a scene of theirs."""
    offers = [offer for offer in published.experiences if offer.scene in shown]
    return [
        {
            "slug": page.slug,
            "name": page.name,
            "experiences": [offer.id for offer in offers if offer.scene in page.scenes],
        }
        for page in published.creators
    ]


def media_digests(published: Published) -> dict[str, str]:
    """File names by digest of the pictures and sounds that visitors may fetch."""
    return {media.digest: media.file for media in shown_media(published) if media.digest}


def captions_by_digest(published: Published) -> dict[str, str]:
    """The captions that visitors may fetch, in all languages of the site, by digest."""
    texts = [
        captions_of(sound, lang)
        for sound in shown_media(published)
        if sound.captions
        for lang in published.site.languages
    ]
    return {digest_of(text): text for text in texts}


def _compile_ground(published: Published, language: str) -> Document:
    """What was measured and what leads about: survey points, ways, edges, signs."""
    points = published.survey_points
    return {
        "survey_points": [_compile_point(point, language) for _, point in sorted(points.items())],
        "paths": [_compile_footpath(path, language) for path in published.footpaths],
        "hazards": [_compile_hazard(hazard, language) for hazard in published.hazards],
        "signs": [_compile_sign(sign, points[sign.point]) for sign in published.signs if sign.point in points],
    }


def _compile_point(point: SurveyPoint, language: str) -> Document:
    return {
        "id": point.id,
        "name": pick(point.name, language),
        "lat": point.lat,
        "lon": point.lon,
        "h": point.h,
        "accuracy_m": point.accuracy_m,
        "surveyed_on": point.surveyed_on,
        "author": point.author,
        "demonstration": point.demonstration,
        "landmark": point.landmark,
    }


def _compile_footpath(path: Footpath, language: str) -> Document:
    return {
        "id": path.id,
        "from": path.start,
        "to": path.end,
        "points": [list(place) for place in path.points],
        "length_m": round(length_m(path.points), 1),
        "steps": path.steps,
        "slope_percent": path.slope_percent,
        "wheelchair": path.wheelchair,
        **{name: value for name, value in _looked_at(path) if value is not None},
        "note": pick(path.note, language) or None,
        "accuracy_m": path.accuracy_m,
    }


def _looked_at(path: Footpath) -> list[tuple[str, object]]:
    """What came later than version 1: said only where somebody has looked, so that documents stay small."""
    return [("width_m", path.width_m), ("surface", path.surface), ("seats", path.seats)]


def _compile_hazard(hazard: Hazard, language: str) -> Document:
    return {
        "id": hazard.id,
        "kind": hazard.kind,
        "lines": [[list(place) for place in line] for line in hazard.lines],
        "name": pick(hazard.name, language),
        "accuracy_m": hazard.accuracy_m,
    }


def _compile_sign(sign: Sign, point: SurveyPoint) -> Document:
    return {
        "id": sign.id,
        "code": sign.code,
        "landmark": sign.landmark,
        "lat": point.lat,
        "lon": point.lon,
        "h": point.h,
        "heading_deg": sign.heading_deg,
        "side_m": sign.side_m,
        "accuracy_m": point.accuracy_m,
        "demonstration": point.demonstration,
    }


def is_reviewed(published: Published, language: str) -> bool:
    """Whether a person has read every published text of a language."""
    reviews = published.site.reviews
    if not any(review.language == language for review in reviews):
        return False
    records: list[Record] = [published.site, *published.landmarks, *published.seasons.values()]
    records += [*published.media.values(), *published.surveys, *published.footpaths, *published.hazards]
    texts = gather_texts([*records, *published.scenes, *published.experiences, *published.rallies])
    return not find_unreviewed(texts.get(language, {}), reviews, language)


def _compile_notices(published: Published, edition: Edition) -> list[Document]:
    """What is told of landmarks and of the site, the gravest first; what has ended before the day begins is left out."""
    zone = ZoneInfo(published.site.time_zone)
    found = in_document(published.notices, edition.compiled_for_on, HORIZON_DAYS, zone)
    return [_compile_notice(notice, edition.language) for notice in found]


def _compile_notice(notice: Notice, language: str) -> Document:
    return {
        "id": notice.id,
        "landmark": notice.landmark,
        "severity": notice.severity,
        "text": pick(notice.text, language),
        "from_at": notice.from_at,
        "until_at": notice.until_at,
        **told_in(notice.text, language),
    }


def _compile_landmark(landmark: Landmark, edition: Edition) -> Document:
    fence, language = landmark.geofence, edition.language
    opening = dump_opening(landmark.opening, edition.compiled_for_on, HORIZON_DAYS) if landmark.opening else None
    return {
        "id": landmark.id,
        "name": pick(landmark.name, language),
        "kana": landmark.kana,
        "category": landmark.category,
        "status": landmark.status,
        "lat": landmark.lat,
        "lon": landmark.lon,
        "accuracy_m": landmark.accuracy_m,
        "geofence": {"enter_m": fence.enter_m, "leave_m": fence.leave_m} if fence else None,
        "history": pick(landmark.history, language),
        "years": landmark.years,
        "certainty": landmark.certainty,
        "geometry": landmark.geometry,
        "attribution": landmark.geometry_licence,
        "sources": landmark.sources,
        **({"opening": opening} if opening else {}),
        **told_in(landmark.name, language),
    }


def _compile_experience(experience: Experience, published: Published, edition: Edition, scene: Scene) -> Document:
    first = node_digest(scene.nodes[0], published.models) if scene.nodes else None
    cover = published.media.get(experience.cover)
    return {
        "id": experience.id,
        "title": pick(experience.title, edition.language),
        "summary": pick(experience.summary, edition.language),
        "body": pick(experience.body, edition.language),
        "landmark": experience.landmark,
        "scene": experience.scene,
        "creator_page": next((page.slug for page in published.creators if experience.scene in page.scenes), None),
        "trigger": {"kind": experience.trigger.kind},
        "cover": media_url(cover) if cover else (f"/packages/{first}/poster.webp" if first else ""),
        **told_in(experience.title, edition.language),
    }


def find_bounds(published: Published) -> list[float]:
    """[west, south, east, north] in degrees round all landmarks of the site, its origin included."""
    points = [(published.site.origin.lat, published.site.origin.lon)]
    points += [(mark.lat, mark.lon) for mark in published.landmarks if mark.lat is not None and mark.lon is not None]
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return [min(lons), min(lats), max(lons), max(lats)]


def declination_deg(site: Site, on: date) -> float:
    """Degrees that magnetic north lies east of true north at the site (negative: west), World Magnetic Model."""
    year = on.year + (on.timetuple().tm_yday - 1) / 365.25
    return _declination_deg(site.origin, year)


@lru_cache(maxsize=1024)
def _declination_deg(place: Origin, year: float) -> float:
    model = GeoMag()  # the newest coefficients the library carries; after their five years a slowly growing error
    result = model.calculate(place.lat, place.lon, place.h / 1000, year, allow_date_outside_lifespan=True)
    return round(float(result.d), 2)
