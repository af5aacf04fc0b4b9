"""What other tools made, put into a content folder: a survey, and present-day buildings for a scene."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from xr_server.domain.catalog import Occluder, Record, Scene
from xr_server.domain.content_check import check_record
from xr_server.domain.content_check_scene import MOST_AWAY_M, away_from_scene_m
from xr_server.domain.content_index import index_records
from xr_server.domain.survey import Survey, SurveyPoint
from xr_server.domain.survey_file import parse_survey
from xr_server.errors import Invalid, NotFound
from xr_server.storage.content import Content, read_content, write_content

MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """A file to take over: its path, and how high the sea lies above the ellipsoid when its heights count from the sea."""

    path: Path
    geoid_m: float = 0.0


def add_survey(folder: Path, source: Source, survey_id: str) -> str:
    """Put a survey into the folder, in place of one of the same id; gives a sentence. Raises Invalid."""
    content = read_content(folder)
    found = parse_survey(_read_text(source.path), content.site.languages[0])
    before = next((r for r in content.records if isinstance(r, Survey) and r.id == survey_id), None)
    known = {point.id: point for point in before.points} if before else {}
    points = [_keep_names(_above_ellipsoid(point, source.geoid_m), known) for point in found.points]
    survey = msgspec.convert({"id": survey_id, "points": msgspec.to_builtins(points)}, Survey)
    if before:
        survey = replace(before, points=survey.points)
    _write(folder, content, survey)
    worst_m = max(point.accuracy_m for point in points)
    said = f"Wrote {len(points)} points to {folder / 'survey' / survey_id}.json, good to {worst_m:g} m or better."
    return said + (f" Not kept: {', '.join(found.ignored)}." if found.ignored else "")


def _above_ellipsoid(point: SurveyPoint, geoid_m: float) -> SurveyPoint:
    return replace(point, h=round(point.h + geoid_m, 3), geoid_m=geoid_m) if geoid_m else point


def _keep_names(point: SurveyPoint, known: dict[str, SurveyPoint]) -> SurveyPoint:
    """The point with names that translators have given it before."""
    return replace(point, name={**known[point.id].name, **point.name}) if point.id in known else point


def add_occluders(folder: Path, source: Source, scene_id: str) -> str:
    """Put the buildings near a scene into it, in place of those it has; gives a sentence. Raises Invalid, NotFound."""
    content = read_content(folder)
    scene = next((r for r in content.records if isinstance(r, Scene) and r.id == scene_id), None)
    if scene is None:
        there = ", ".join(r.id for r in content.records if isinstance(r, Scene))
        raise NotFound("scene_unknown", f"There is no scene called {scene_id} in {folder}; there are {there}.")
    found = _parse_occluders(source)
    near = [occluder for occluder in found if away_from_scene_m(occluder, scene) <= MOST_AWAY_M]
    _write(folder, content, replace(scene, occluders=near))
    away = f"{len(found) - len(near)} stand farther than {MOST_AWAY_M:g} m away and were left out"
    return f"Wrote {len(near)} occluders to {folder / 'scenes' / scene_id}.json; {away}."


def _parse_occluders(source: Source) -> list[Occluder]:
    try:
        document = json.loads(_read_text(source.path))
        listed: list[dict[str, Any]] = document["occluders"]
        positions, heights = document.get("positions"), document.get("height_kind")
        origin = str(document.get("source", ""))
        occluders = [msgspec.convert({**one, "source": origin}, Occluder) for one in listed]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(
            "occluders_unreadable", f"{source.path} is no occluders.json of dejima terrain: {error}."
        ) from error
    if positions != "WGS 84":
        raise Invalid(
            "occluders_unplaced",
            "These occluders have no place on the Earth. Run dejima terrain again with --crs, or with --lat and --lon.",
        )
    if heights != "ellipsoidal" and not source.geoid_m:
        raise Invalid(
            "occluders_heights",
            "It is not known from where the heights of these occluders count. Run dejima terrain with --height, or give "
            "--geoid-m here when they are above the sea (about 32 at Nagasaki).",
        )
    lift_m = source.geoid_m
    return [replace(one, base_m=round(one.base_m + lift_m, 2), top_m=round(one.top_m + lift_m, 2)) for one in occluders]


def _read_text(path: Path) -> str:
    """A text of people's: UTF-8, or what spreadsheets write on Japanese computers. Raises Invalid."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Invalid("file_too_large", f"{path} has more than {MAX_FILE_BYTES >> 20} MB.")
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("file_encoding", f"{path} is not text in UTF-8 or Shift JIS; save it as CSV UTF-8.")


def _write(folder: Path, content: Content, changed: Record) -> None:
    """Write the folder with one record changed or new, but only when everything still fits together. Raises Invalid."""
    same = [r for r in content.records if (type(r), r.id) != (type(changed), changed.id)]
    records: Sequence[Record] = [*same, changed]
    index = index_records(records, frozenset(content.models))
    if index is None:
        raise ValueError("a folder that was read has a site")
    found = [
        f"  {type(record).__name__.lower()} {record.id}: {field}: {text}"
        for record in records
        for field, text in check_record(record, index)
    ]
    if found:
        raise Invalid("content_invalid", "\n".join([f"Nothing was written to {folder}:", *found[:20]]))
    write_content(folder, records)
