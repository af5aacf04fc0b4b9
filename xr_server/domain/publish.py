"""Compiling: published records in, the documents that visitors' phones read out. Pure; one document a language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pygeomag import GeoMag

from asset_pipeline.geopose import GeoPose, Position, dump_geopose, heading_to_quaternion
from asset_pipeline.manifest import USDZ_FILE, Level, Manifest
from xr_server.domain.catalog import Experience, Landmark, Node, Record, Scene, Schedule, Season, Site, Text
from xr_server.domain.schedule import HORIZON_DAYS, Occurrence, Window, merge, occurrences, quiet_dates
from xr_server.domain.text_review import find_unreviewed, gather_texts
from xr_server.errors import Invalid

SITE_SCHEMA = "dejima.site/1"
SCENE_SCHEMA = "dejima.scene/1"
FALLBACKS = {"ja-x-easy": ("ja", "en")}
OVERLAY_ACCURACY_M = 1.0  # a model may stand over the real building only when it is surveyed to this

Document = dict[str, Any]


@dataclass(frozen=True)
class Published:
    """Everything published of one site, ready to compile. packages: manifests by digest; models: digests by model name."""

    site: Site
    landmarks: Sequence[Landmark]
    seasons: Mapping[str, Season]
    scenes: Sequence[Scene]
    experiences: Sequence[Experience]
    schedules: Sequence[Schedule]
    packages: Mapping[str, Manifest]
    models: Mapping[str, str]


@dataclass(frozen=True)
class Edition:
    """Which compilation this is: the publication's number, the local date it holds for, and its language."""

    revision: int
    compiled_for_on: date
    language: str


def gather(records: Sequence[Record], packages: Mapping[str, Manifest], models: Mapping[str, str]) -> Published | None:
    """The published records of one site sorted by kind; None when the site itself is not published."""
    site = next((record for record in records if isinstance(record, Site)), None)
    if site is None:
        return None
    return Published(
        site=site,
        landmarks=[record for record in records if isinstance(record, Landmark)],
        seasons={record.id: record for record in records if isinstance(record, Season)},
        scenes=[record for record in records if isinstance(record, Scene)],
        experiences=[record for record in records if isinstance(record, Experience)],
        schedules=[record for record in records if isinstance(record, Schedule)],
        packages=packages,
        models=models,
    )


def pick(text: Text, language: str) -> str:
    """The text in a language, else in the nearest one that has it, else empty."""
    for choice in (language, *FALLBACKS.get(language, ("en", "ja"))):
        if text.get(choice):
            return text[choice]
    return next(iter(text.values()), "")


def utc_text(moment: datetime) -> str:
    """An aware moment as ISO 8601 in UTC with a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def node_digest(node: Node, models: Mapping[str, str]) -> str | None:
    """The package a node shows; None while its model has not been packaged."""
    return node.package or models.get(node.model or "")


def shown_scenes(published: Published) -> list[Scene]:
    """The scenes all of whose packages are there, by id."""
    return [
        scene
        for scene in published.scenes
        if all(node_digest(node, published.models) in published.packages for node in scene.nodes)
    ]


def shown_digests(published: Published) -> frozenset[str]:
    """The packages that visitors may fetch: those named by a scene that is shown."""
    digests = (node_digest(node, published.models) for scene in shown_scenes(published) for node in scene.nodes)
    return frozenset(digest for digest in digests if digest)


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
        return occurrences(schedule, published.seasons, window, ZoneInfo(published.site.time_zone))
    except Invalid as error:
        return error.text


def find_faults(published: Published, window: Window) -> list[str]:
    """A sentence for each schedule that cannot be computed, such as one whose season has been withdrawn."""
    found = [_spans_or_fault(schedule, published, window) for schedule in published.schedules]
    return [fault for fault in found if isinstance(fault, str)]


def horizon(compiled_for_on: date) -> Window:
    """The local dates a document covers; from the day before, since an evening may reach past midnight."""
    return Window(compiled_for_on - timedelta(days=1), compiled_for_on + timedelta(days=HORIZON_DAYS))


def compile_site(published: Published, edition: Edition) -> Document:
    """The site document (schema dejima.site/1) in the edition's language."""
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
        },
        "landmarks": [_compile_landmark(landmark, language) for landmark in published.landmarks],
        "experiences": [
            _compile_experience(experience, published, edition, scenes[experience.scene])
            for experience in published.experiences
            if experience.scene in scenes
        ],
    }


def is_reviewed(published: Published, language: str) -> bool:
    """Whether a person has read every published text of a language."""
    reviews = published.site.reviews
    if not any(review.language == language for review in reviews):
        return False
    records: list[Record] = [published.site, *published.landmarks, *published.seasons.values()]
    texts = gather_texts([*records, *published.scenes, *published.experiences])
    return not find_unreviewed(texts.get(language, {}), reviews, language)


def _compile_landmark(landmark: Landmark, language: str) -> Document:
    fence = landmark.geofence
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
    }


def _compile_experience(experience: Experience, published: Published, edition: Edition, scene: Scene) -> Document:
    window = horizon(edition.compiled_for_on)
    spans = experience_occurrences(experience.id, published, window)
    quiet = quiet_dates(published.site.quiet_days, window) if experience.promotional else []
    first = node_digest(scene.nodes[0], published.models) if scene.nodes else None
    return {
        "id": experience.id,
        "title": pick(experience.title, edition.language),
        "summary": pick(experience.summary, edition.language),
        "body": pick(experience.body, edition.language),
        "landmark": experience.landmark,
        "scene": experience.scene,
        "trigger": {"kind": experience.trigger.kind},
        "occurrences": [[utc_text(start), utc_text(end)] for start, end in spans],
        "quiet_on": [day.isoformat() for day in quiet],
        "cover": experience.cover or (f"/packages/{first}/poster.webp" if first else ""),
    }


def compile_scene(scene: Scene, published: Published, language: str) -> Document:
    """The scene manifest (schema dejima.scene/1) in a language; only for a scene that `shown_scenes` lists."""
    return {
        "schema": SCENE_SCHEMA,
        "id": scene.id,
        "landmark": scene.landmark,
        "language": language,
        "eras": [{"id": era.id, "year": era.year, "label": pick(era.label, language)} for era in scene.eras],
        "nodes": [_compile_node(node, published) for node in scene.nodes],
        "occluders": [],
        "hotspots": [
            {
                "id": spot.id,
                "node": spot.node,
                "position": list(spot.position),
                "title": pick(spot.title, language),
                "text": pick(spot.text, language),
                "media": None,
            }
            for spot in scene.hotspots
        ],
        "sounds": [],
        "credit": pick(scene.credit, language),
    }


def _compile_node(node: Node, published: Published) -> Document:
    digest = node_digest(node, published.models)
    if digest is None:
        raise ValueError(f"node {node.id} has no package; compile only shown scenes")
    manifest, place = published.packages[digest], node.placement
    pose = GeoPose(Position(place.lat, place.lon, place.h), heading_to_quaternion(place.heading_deg))
    return {
        "id": node.id,
        "package": digest,
        "lods": [_compile_level(level, digest) for level in manifest.levels],
        "usdz": f"/packages/{digest}/{USDZ_FILE}" if USDZ_FILE in manifest.files else None,
        "poster": f"/packages/{digest}/poster.webp",
        "bounds": {"min": list(manifest.bounds_min_m), "max": list(manifest.bounds_max_m)},
        "geopose": dump_geopose(pose),
        "accuracy_m": place.accuracy_m,
        "surveyed": place.surveyed and place.accuracy_m <= OVERLAY_ACCURACY_M,
        "eras": node.eras,
        "provenance": node.provenance,
        "creator": manifest.credit.creator,
        "licence": manifest.credit.licence,
        "sources": node.sources,
    }


def _compile_level(level: Level, digest: str) -> Document:
    """A level and where it lies; avif only where a smaller file of it is there."""
    found: Document = {
        "url": f"/packages/{digest}/{level.file}",
        "triangles": level.triangles,
        "bytes": level.bytes,
        "texture_px": level.texture_px,
    }
    if level.avif is not None:
        found["avif"] = {"url": f"/packages/{digest}/{level.avif.file}", "bytes": level.avif.bytes}
    return found


def find_bounds(published: Published) -> list[float]:
    """[west, south, east, north] in degrees round all landmarks of the site, its origin included."""
    points = [(published.site.origin.lat, published.site.origin.lon)]
    points += [(mark.lat, mark.lon) for mark in published.landmarks if mark.lat is not None and mark.lon is not None]
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    return [min(lons), min(lats), max(lons), max(lats)]


def declination_deg(site: Site, on: date) -> float:
    """Degrees that magnetic north lies east of true north at the site (negative: west), World Magnetic Model."""
    year = on.year + (on.timetuple().tm_yday - 1) / 365.25
    model = GeoMag()  # the newest coefficients the library carries; after their five years a slowly growing error
    place = site.origin
    result = model.calculate(place.lat, place.lon, place.h / 1000, year, allow_date_outside_lifespan=True)
    return round(float(result.d), 2)
