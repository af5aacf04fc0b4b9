"""A site's records as a folder of files: read whole and checked, or written so that the same records give the same bytes.

site.json, landmarks.geojson, lists such as seasons.json, one file a record in scenes/, experiences/, media/ and survey/,
the words in texts/{language}.json; pictures and sounds beside what is said of them in media/, and bundled models as
models/{name}.glb with models/{name}.json beside.
"""

import filecmp
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from xr_server.domain.catalog import RECORD_TYPES, Record, Site, TextReview
from xr_server.domain.content import (
    FOUND_FIELDS,
    BundledModel,
    Entry,
    LanguageFile,
    Plain,
    Problem,
    find_unasked,
    format_json,
    merge_texts,
    split_texts,
)
from xr_server.domain.content_check import check_record
from xr_server.domain.content_index import index_records
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.media import Media
from xr_server.errors import Conflict, Invalid
from xr_server.storage.content_reader import Reader
from xr_server.storage.files import write_file
from xr_server.storage.media import read_media

LISTS = {
    "season": "seasons.json",
    "schedule": "schedules.json",
    "path": "paths.json",
    "hazard": "hazards.json",
    "sign": "signs.json",
    "notice": "notices.json",
    "rally": "rallies.json",
    "campaign": "campaigns.json",
    "questionnaire": "questionnaires.json",
}
ALWAYS_THERE = ("season", "schedule")  # the other lists are files only where they hold something
FOLDERS = {"scene": "scenes", "experience": "experiences", "media": "media", "survey": "survey"}
LANDMARKS = "landmarks.geojson"
MAX_SHOWN = 20


@dataclass(frozen=True)
class Content:
    """A content folder that was read and holds together: its records, and its bundled models by name."""

    site: Site
    records: Sequence[Record]
    models: Mapping[str, BundledModel]


def read_content(folder: Path) -> Content:
    """The folder's records and models. Raises Invalid with a line for each problem: which file, where, and what."""
    reader = Reader(folder)
    if not (folder / "site.json").is_file():
        raise Invalid("content_missing", f"There is no site.json in {folder}; name a folder such as content/dejima.")
    entries = _read_entries(reader)
    languages = _read_languages(reader)
    for entry in entries:
        reader.problems += merge_texts(entry, languages)
    for file in languages:
        reader.problems += find_unasked(file)
    models = _read_models(reader)
    records = _convert(reader, entries)
    _check(reader, records, frozenset(models))
    site = next((record for _, record in records if isinstance(record, Site)), None)
    if reader.problems or site is None:
        raise _refused(folder, reader.problems)
    return Content(site, [record for _, record in records], models)


def _refused(folder: Path, problems: Sequence[Problem]) -> Invalid:
    lines = [f"  {problem}" for problem in problems[:MAX_SHOWN]]
    if len(problems) > MAX_SHOWN:
        lines.append(f"  and {len(problems) - MAX_SHOWN} more")
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    return Invalid("content_invalid", "\n".join([f"Nothing was imported from {folder}: {count}.", *lines]))


def _read_entries(reader: Reader) -> list[Entry]:
    entries = []
    site = reader.read("site.json", dict)
    if site is not None:
        entries.append(Entry("site", "site.json", "", site))
    entries += _read_landmarks(reader)
    for kind, name in LISTS.items():
        entries += [Entry(kind, name, *pair) for pair in _items(reader, name, reader.read(name, list) or [])]
    for kind, folder in FOLDERS.items():
        for name in reader.names(folder):
            plain = reader.read(name, dict)
            if plain is not None:
                if name != f"{folder}/{plain.get('id')}.json":
                    reader.note(name, "id", "the file must be called like the id in it")
                entries.append(Entry(kind, name, "", plain))
    return entries


def _items(reader: Reader, name: str, items: Sequence[Any]) -> list[tuple[str, Plain]]:
    """The objects of an array, each with what to call it in a sentence."""
    named = []
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            named.append((f"entry {number} ({item.get('id', 'without id')})", item))
        else:
            reader.note(name, f"entry {number}", "must be a JSON object")
    return named


def _read_landmarks(reader: Reader) -> list[Entry]:
    collection = reader.read(LANDMARKS, dict)
    if collection is None:
        return []
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        reader.note(LANDMARKS, "", "must be a GeoJSON FeatureCollection")
        return []
    entries = []
    for where, feature in _items(reader, LANDMARKS, features):
        properties, geometry = feature.get("properties"), feature.get("geometry")
        if not isinstance(properties, dict) or not isinstance(geometry, dict | None):
            reader.note(LANDMARKS, where, "must be a GeoJSON Feature with properties, and geometry or null")
            continue
        plain = {"id": feature.get("id"), **properties}
        if geometry is not None and geometry.get("type") == "Point":
            coordinates = geometry.get("coordinates")
            if not isinstance(coordinates, list) or len(coordinates) != 2:
                reader.note(LANDMARKS, where, "a point is [longitude, latitude]")
                continue
            plain["lon"], plain["lat"] = coordinates
        elif geometry is not None:
            plain["geometry"] = geometry
        entries.append(Entry("landmark", LANDMARKS, where, plain))
    return entries


def _read_languages(reader: Reader) -> list[LanguageFile]:
    files = []
    for name in reader.names("texts"):
        language = Path(name).stem
        if language not in LANGUAGES:
            reader.note(name, "", f"there is no language {language}; there are {', '.join(LANGUAGES)}")
            continue
        files.append(LanguageFile(language, reader.read(name, dict) or {}))
    return sorted(files, key=lambda file: LANGUAGES.index(file.language))


def _read_models(reader: Reader) -> dict[str, BundledModel]:
    models = {}
    for name in reader.names("models"):
        plain = reader.read(name, dict)
        if plain is None:
            continue
        try:
            models[Path(name).stem] = msgspec.convert(plain, BundledModel)
        except msgspec.ValidationError as error:
            reader.note(name, *_place_and_text(error))
    return models


def _place_and_text(error: msgspec.ValidationError) -> tuple[str, str]:
    text, _, place = str(error).partition(" - at `$")
    return place.strip("`.") or "the whole", text


def _convert(reader: Reader, entries: Sequence[Entry]) -> list[tuple[Entry, Record]]:
    records: list[tuple[Entry, Record]] = []
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        try:
            record: Record = msgspec.convert(entry.plain, RECORD_TYPES[entry.kind])
        except msgspec.ValidationError as error:
            reader.problems.append(entry.problem(*_place_and_text(error)))
            continue
        if (entry.kind, record.id) in seen:
            reader.note(entry.file, entry.where, f"a second {entry.kind} called {record.id}")
        seen.add((entry.kind, record.id))
        records.append((entry, _add_found(reader, entry, record)))
    return records


def _add_found(reader: Reader, entry: Entry, record: Record) -> Record:
    """The record with what its file tells: of a picture or a sound, digest and size."""
    for name in FOUND_FIELDS.get(entry.kind, ()):
        if name in entry.plain:
            reader.problems.append(entry.problem(name, "is found out from the file; leave it away"))
    if not isinstance(record, Media):
        return record
    try:
        return read_media(reader.folder / "media", record)
    except Invalid as error:
        reader.problems.append(entry.problem("file", error.text))
        return record


def _check(reader: Reader, records: Sequence[tuple[Entry, Record]], models: frozenset[str]) -> None:
    """Note what does not fit together; only once every record could be read, or one slip would show as many."""
    index = index_records([record for _, record in records], models)
    if reader.problems or index is None:
        return
    for entry, record in records:
        reader.problems += [entry.problem(*found) for found in check_record(record, index)]


def write_content(folder: Path, records: Sequence[Record]) -> None:
    """Write the records of one site as a content folder; files of records that are no longer there go. Raises Conflict."""
    site = next((record for record in records if isinstance(record, Site)), None)
    if site is None:
        raise Conflict("nothing_published", "No site is published among these records, so there is nothing to export.")
    _check_target(folder, site.id)
    files = dump_content(records)
    for name, data in files.items():
        write_file(folder / name, data)
    known = [folder / name for name in LISTS.values() if (folder / name).is_file()]
    for stale in known + [path for part in (*FOLDERS.values(), "texts") for path in (folder / part).glob("*.json")]:
        if str(stale.relative_to(folder)) not in files:
            stale.unlink()


def _check_target(folder: Path, site_id: str) -> None:
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    document = Reader(folder).read("site.json", dict)
    if document is None or document.get("id") != site_id:
        raise Conflict(
            "folder_taken", f"{folder} holds something else than the content of {site_id}; name a new or empty folder."
        )


def add_review(folder: Path, review: TextReview) -> None:
    """Keep in a folder's site.json what somebody has approved. Raises Invalid for a folder that cannot be read."""
    records = [
        msgspec.structs.replace(record, reviews=[*record.reviews, review]) if isinstance(record, Site) else record
        for record in read_content(folder).records
    ]
    (folder / "site.json").write_bytes(dump_content(records)["site.json"])


def dump_content(records: Sequence[Record]) -> dict[str, bytes]:
    """The files of a content folder by name, one form for one set of records."""
    languages = {language: LanguageFile(language) for language in LANGUAGES}
    plains: dict[str, list[Plain]] = {kind: [] for kind in RECORD_TYPES}
    kinds = {record_type: kind for kind, record_type in RECORD_TYPES.items()}
    order = list(RECORD_TYPES)
    for record in sorted(records, key=lambda record: (order.index(kinds[type(record)]), record.id)):
        kind = kinds[type(record)]
        plain = split_texts(kind, msgspec.to_builtins(record), languages)
        plains[kind].append({name: value for name, value in plain.items() if name not in FOUND_FIELDS.get(kind, ())})
    files: dict[str, Any] = {"site.json": plains["site"][0]}
    files[LANDMARKS] = {"type": "FeatureCollection", "features": [_feature(plain) for plain in plains["landmark"]]}
    files |= {name: plains[kind] for kind, name in LISTS.items() if plains[kind] or kind in ALWAYS_THERE}
    files |= {f"{folder}/{plain['id']}.json": plain for kind, folder in FOLDERS.items() for plain in plains[kind]}
    files |= {file.file: file.tree for file in languages.values() if file.tree}
    return {name: (format_json(document) + "\n").encode() for name, document in files.items()}


def _feature(plain: Plain) -> Plain:
    properties = {name: value for name, value in plain.items() if name not in ("id", "geometry")}
    geometry = plain.get("geometry")
    if geometry is None and "lat" in plain:
        geometry = {"type": "Point", "coordinates": [properties.pop("lon"), properties.pop("lat")]}
    return {"type": "Feature", "id": plain["id"], "geometry": geometry, "properties": properties}


def copy_models(source: Path, target: Path) -> None:
    """Copy the bundled models of a content folder, their sidecars last, so that no sidecar stands without its model."""
    for path in sorted((source / "models").glob("*.glb")) + sorted((source / "models").glob("*.json")):
        destination = target / "models" / path.name
        if destination.is_file() and filecmp.cmp(path, destination, shallow=False):
            continue
        destination.parent.mkdir(parents=True, exist_ok=True)
        draft = destination.with_name(f".{path.name}.tmp")
        shutil.copyfile(path, draft)
        draft.replace(destination)
