"""What differs between two versions of a record, in words: each field by its name, texts with their words marked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from asset_pipeline.manifest import Manifest
from xr_server.domain.catalog import Landmark, Record, Site
from xr_server.domain.differences import Difference, Mark, Value, find_differences, mark_words
from xr_server.domain.languages import NAMES, say_number
from xr_server.domain.outline import area_m2, corners_of
from xr_server.domain.published import pick
from xr_server.parts import Parts
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.wording import DEFAULT_ZONE, say_moment
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_bodies, load_revision
from xr_server.storage.packages import load_packages

PARTS = ("nodes", "hotspots", "eras", "occluders")  # lists of things that have a name of their own
WITHIN = ("placement", "trigger", "days", "rule")  # what holds fields that are told by their own names
SHAPE, SHAPE_KIND = ("geometry", "coordinates"), ("geometry", "type")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
UNITS = {"_m": " m", "_deg": "°"}
PLACE_UNITS = {"lat": "°", "lon": "°", "h": " m", "ground_y": " m"}


@dataclass(frozen=True)
class Row:
    """One field that differs. words: a text with its marks, in its language; else before and after as words."""

    label: str
    before: str
    after: str
    words: Sequence[tuple[Mark, str]] = ()
    language: str = ""


@dataclass(frozen=True)
class Facts:
    """What values are called on a page: landmarks and packages by their ids, in a language."""

    language: str
    landmarks: Mapping[str, str]
    packages: Mapping[str, Manifest]
    zone: ZoneInfo


def facts_of(parts: Parts, site_id: str, language: str) -> Facts:
    """The names of a site's landmarks, and what is known of its packages."""
    bodies = [stored.body for stored in list_records(parts.catalog, site_id, "landmark")]
    names = {body.id: pick(body.name, language) or body.id for body in bodies if isinstance(body, Landmark)}
    place = load_bodies(parts.catalog, site_id, {("site", site_id)}).get(("site", site_id))
    zone = ZoneInfo(place.time_zone if isinstance(place, Site) else DEFAULT_ZONE)
    return Facts(language, names, load_packages(parts.catalog, site_id)[0], zone)


def say_differences(facts: Facts, before: Record | None, after: Record | None) -> list[Row]:
    """Every field that differs, in words; of a shape on the ground its size and corners rather than its data."""
    rows = []
    for difference in find_differences(before, after):
        if difference.path == SHAPE:
            label, _ = say_path(SHAPE, facts.language)
            rows.append(Row(label, _say_shape(before, facts.language), _say_shape(after, facts.language)))
        elif difference.path != SHAPE_KIND:
            rows.append(_say(difference, facts))
    return rows


def _say_shape(body: Record | None, language: str) -> str:
    """An outline by its area and its corners, latitude first as the form has them; another shape by its kind."""
    texts, geometry = load_texts(language), body.geometry if isinstance(body, Landmark) else None
    if geometry is None:
        return texts["changes.nothing"]
    corners = corners_of(geometry)
    if corners is None:
        return str(geometry.get("type"))
    area = fill(texts["places.outline_area"], language, area=round(area_m2(corners)), count=len(corners))
    return f"{area} {' · '.join(f'{lat:.7f}, {lon:.7f}' for lat, lon in corners)}"


def say_against_published(parts: Parts, stored: StoredRecord | None, language: str) -> list[Row]:
    """What a record's newest revision changes of what visitors see; nothing while they see none, or just this one."""
    if stored is None or stored.published_revision in (None, stored.revision):
        return []
    name = Name(stored.site_id, stored.kind, stored.id)
    published = load_revision(parts.catalog, name, stored.published_revision or 0)
    return say_differences(facts_of(parts, stored.site_id, language), published, stored.body)


def say_typed(theirs: Mapping[str, str], mine: Mapping[str, str], labels: Mapping[str, str]) -> list[Row]:
    """What was typed against what stands there by now, for the fields of a form that differ, by their labels."""
    rows = []
    for name, label in labels.items():
        before, after = theirs.get(name, ""), mine.get(name, "")
        if before != after:
            rows.append(Row(label, before, after, mark_words(before, after)))
    return rows


def _say(difference: Difference, facts: Facts) -> Row:
    path, before, after = difference.path, difference.before, difference.after
    label, language = say_path(path, facts.language)
    if language and isinstance(before, str | None) and isinstance(after, str | None):
        return Row(label, before or "", after or "", mark_words(before or "", after or ""), language)
    return Row(label, _say_value(path, before, facts), _say_value(path, after, facts))


def say_path(path: Sequence[str], language: str) -> tuple[str, str]:
    """What a field is called, and the language of its text; a field that nobody has named goes by its name in the data."""
    texts, rest, part = load_texts(language), list(path), ""
    if rest[0] in PARTS and len(rest) > 2:
        part, rest = fill(texts[f"changes.part_{rest[0]}"], language, name=rest[1]), rest[2:]
    of = rest.pop() if len(rest) > 1 and rest[-1] in NAMES else ""
    named = [step for step in rest if step not in WITHIN or len(rest) == 1]
    named = [step for step in named if not step.isdecimal()] or rest
    field = texts.get(f"changes.field_{'_'.join(named)}") or texts.get(f"changes.field_{named[0]}") or " ".join(named)
    if of:
        field = fill(texts["changes.in_language"], language, field=field, tongue=NAMES[of])
    return (fill(texts["changes.of_part"], language, part=part, field=field) if part else field), of


def _say_value(path: Sequence[str], value: Value, facts: Facts) -> str:
    texts, field = load_texts(facts.language), path[-1]
    if value is None or value == "":
        return texts["changes.nothing"]
    if isinstance(value, bool):
        return texts["changes.yes" if value else "changes.no"]
    if isinstance(value, int | float):
        return _say_number(field, value)
    if field == "package":
        return say_package(value, facts)
    if field == "landmark":
        return facts.landmarks.get(value, value)
    return _say_word(field, value, facts)


def _say_word(field: str, value: str, facts: Facts) -> str:
    """A moment in words at the site; a word of ours in words; anything else as it is."""
    if MOMENT.fullmatch(value):
        return say_moment(datetime.fromisoformat(value), facts.zone, facts.language)
    texts = load_texts(facts.language)
    return texts.get(f"studio.provenance_{value}" if field == "provenance" else f"changes.value_{value}", value)


def _say_number(field: str, value: float) -> str:
    unit = PLACE_UNITS.get(field) or next((unit for end, unit in UNITS.items() if field.endswith(end)), "")
    return f"{value:.7f}".rstrip("0").rstrip(".") + unit


def say_package(digest: str, facts: Facts) -> str:
    """A package in words: what it says of itself, how fine it is; its digest's beginning tells two apart."""
    manifest, texts = facts.packages.get(digest), load_texts(facts.language)
    if manifest is None:
        return fill(texts["changes.package_gone"], facts.language, digest=digest[:8])
    credit = manifest.credit
    said: dict[str, Any] = {
        "title": credit.title,
        "creator": credit.creator,
        "licence": credit.licence,
        "triangles": say_number(max((level.triangles for level in manifest.levels), default=0), facts.language),
        "digest": digest[:8],
    }
    return fill(texts["changes.package"], facts.language, **said)
