"""The package manifest: the JSON that lists a package, and whose SHA-256 is the package's name.

Standard library only, so that the server and the header checks can use it without numpy.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from asset_pipeline.errors import PackageBroken
from asset_pipeline.geopose import GeoPose, dump_geopose, parse_geopose

SCHEMA = "dejima.package/1"
PIPELINE_VERSION = "5"
MANIFEST_FILE = "manifest.json"
USDZ_FILE = "model.usdz"

Provenance = Literal["evidence", "estimate", "fiction"]
HeightKind = Literal["ellipsoidal", "floor"]


@dataclass(frozen=True)
class FileEntry:
    """One file of a package."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class AvifFile:
    """The same level with its pictures as AVIF, for clients that read it."""

    file: str
    bytes: int


@dataclass(frozen=True)
class Level:
    """One level of detail; `lod0.glb` is the finest. avif: a smaller file of it, where that is worth having.

    points: how many it has when it consists of points, and then triangles is 0.
    """

    file: str
    triangles: int
    bytes: int
    texture_px: int
    avif: AvifFile | None = None
    points: int | None = None


@dataclass(frozen=True)
class Source:
    """The scan a package was made from; lengths in its own unit."""

    file: str
    sha256: str
    bytes: int
    triangles: int
    vertices: int
    unit: str
    up: str


@dataclass(frozen=True)
class Credit:
    """What people are told about the scan; empty strings mean not stated. period: the time that it shows."""

    title: str = ""
    creator: str = ""
    licence: str = ""
    provenance: Provenance = "estimate"
    sources: tuple[str, ...] = ()
    period: str = ""


@dataclass(frozen=True)
class Anchor:
    """The survey default of a package: a scene may place it elsewhere."""

    geopose: GeoPose
    height_kind: HeightKind
    horizontal_accuracy_m: float
    surveyed_on: str | None = None


@dataclass(frozen=True)
class Manifest:
    """Everything a package says about itself; bounds are metres, y up, round its origin."""

    source: Source
    credit: Credit
    anchor: Anchor
    bounds_min_m: tuple[float, float, float]
    bounds_max_m: tuple[float, float, float]
    levels: tuple[Level, ...]
    files: dict[str, FileEntry] = field(default_factory=dict)
    pipeline_version: str = PIPELINE_VERSION


def dump_manifest(manifest: Manifest) -> bytes:
    """The canonical bytes: UTF-8 JSON, keys sorted, no spaces, one form for one manifest."""
    anchor = manifest.anchor
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "pipeline_version": manifest.pipeline_version,
        "source": asdict(manifest.source),
        "credit": _dump_credit(manifest.credit),
        "geopose": dump_geopose(anchor.geopose),
        "height_kind": anchor.height_kind,
        "horizontal_accuracy_m": anchor.horizontal_accuracy_m,
        "surveyed_on": anchor.surveyed_on,
        "bounds": {"min": list(manifest.bounds_min_m), "max": list(manifest.bounds_max_m)},
        "levels": [_dump_level(level) for level in manifest.levels],
        "files": {name: asdict(entry) for name, entry in manifest.files.items()},
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def parse_manifest(data: bytes) -> Manifest:
    """The manifest in canonical or any other JSON form. Raises PackageBroken."""
    try:
        document = json.loads(data)
        if document["schema"] != SCHEMA:
            raise PackageBroken("manifest_schema", f"This package follows {document['schema']}, not {SCHEMA}.")
        return Manifest(
            source=Source(**document["source"]),
            credit=Credit(**{**document["credit"], "sources": tuple(document["credit"]["sources"])}),
            anchor=Anchor(
                geopose=parse_geopose(document["geopose"]),
                height_kind=document["height_kind"],
                horizontal_accuracy_m=document["horizontal_accuracy_m"],
                surveyed_on=document["surveyed_on"],
            ),
            bounds_min_m=tuple(document["bounds"]["min"]),
            bounds_max_m=tuple(document["bounds"]["max"]),
            levels=tuple(_parse_level(level) for level in document["levels"]),
            files={name: FileEntry(**entry) for name, entry in document["files"].items()},
            pipeline_version=document["pipeline_version"],
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise PackageBroken("manifest_unreadable", f"The package's manifest cannot be read: {error}.") from error


def _dump_credit(credit: Credit) -> dict[str, Any]:
    """Without a period nothing is said of it, as before there was one: such packages keep their digest."""
    document = {**asdict(credit), "sources": list(credit.sources)}
    return document if credit.period else {name: value for name, value in document.items() if name != "period"}


def _dump_level(level: Level) -> dict[str, Any]:
    return {name: value for name, value in asdict(level).items() if value is not None}


def _parse_level(document: dict[str, Any]) -> Level:
    avif = document.get("avif")
    return Level(**{**document, "avif": None if avif is None else AvifFile(**avif)})


def manifest_digest(canonical: bytes) -> str:
    """The package's name: SHA-256 in hexadecimal of the canonical manifest."""
    return hashlib.sha256(canonical).hexdigest()
