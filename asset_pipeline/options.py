"""What the caller says about a scan, checked. Standard library only, so that it can run before numpy is loaded."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from asset_pipeline.errors import OptionRefused
from asset_pipeline.geopose import GeoPose, Position, heading_to_quaternion
from asset_pipeline.manifest import Anchor, Credit, HeightKind, Provenance

Unit = Literal["m", "cm", "mm", "ft"]
Up = Literal["y", "z"]
PointsAs = Literal["surface", "points"]
METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}
DEFAULT_LEVELS = (100_000, 25_000, 5_000)
DEFAULT_ACCURACY_M = 15.0
MAX_TEXTURE_PX = 8192
METADATA_FIELDS = {"title", "creator", "licence", "provenance", "sources", "period", "surveyed_on", "height_kind"}
MAX_TEXT_CHARS, MAX_SOURCES = 4000, 100
UNWRITABLE = re.compile("[\0\ud800-\udfff]")  # what no UTF-8 text and no database can hold
SEA_LEVEL_MAX_M = 5.0


@dataclass(frozen=True)
class OwnPlace:
    """The scan stands where its own map coordinates say; what the caller knows better is given, else None."""

    height_m: float | None = None
    heading_deg: float | None = None


@dataclass(frozen=True)
class BuildOptions:
    """Everything that shapes a package besides the scan; unit and up None mean: guess, and say so.

    points: what becomes of a point cloud. crs: EPSG code of its map coordinates, when the file is silent. own_place: not
    None when the place comes from those coordinates, and the anchor's geopose then counts for nothing. A scan of more than
    whole_triangles is cut into cells of about cell_triangles. compare: also make what the scan's owner compares in 3D, which
    is no part of the package.
    """

    anchor: Anchor
    credit: Credit = field(default_factory=Credit)
    unit: Unit | None = None
    up: Up | None = None
    levels: tuple[int, ...] = DEFAULT_LEVELS
    texture_px: int = 2048
    points: PointsAs = "surface"
    crs: int | None = None
    own_place: OwnPlace | None = None
    whole_triangles: int = 2_000_000
    cell_triangles: int = 1_200_000
    compare: bool = False


def make_anchor(place: Position, heading_deg: float, accuracy_m: float, metadata: Mapping[str, Any]) -> Anchor:
    """The survey default of a package. Raises OptionRefused."""
    if not 0 <= heading_deg < 360:
        raise OptionRefused(
            "heading_out_of_range", f"The heading must be from 0 up to 360 degrees, not {heading_deg:g}."
        )
    if not 0 < accuracy_m <= 10_000:
        raise OptionRefused(
            "accuracy_out_of_range", f"The accuracy must be above 0 and at most 10000 m, not {accuracy_m:g}."
        )
    kind: HeightKind = metadata.get("height_kind", "ellipsoidal")
    if kind not in get_args(HeightKind):
        raise OptionRefused("height_kind", f"height_kind must be ellipsoidal or floor, not {kind}.")
    surveyed_on = metadata.get("surveyed_on")
    if surveyed_on is not None:
        check_date(surveyed_on)
    return Anchor(GeoPose(place, heading_to_quaternion(heading_deg)), kind, accuracy_m, surveyed_on)


def check_date(text: object) -> None:
    """Refuse what is no date such as 2026-11-24. Raises OptionRefused."""
    try:
        sound = date.fromisoformat(str(text)).isoformat() == text
    except ValueError:
        sound = False
    if not sound:
        raise OptionRefused("date_unreadable", f"surveyed_on must be a date such as 2026-11-24, not {text}.")


def make_credit(metadata: Mapping[str, Any], fallback_title: str) -> Credit:
    """What people are told about the scan. Raises OptionRefused."""
    provenance: Provenance = metadata.get("provenance", "estimate")
    if provenance not in get_args(Provenance):
        raise OptionRefused("provenance", f"provenance must be evidence, estimate or fiction, not {provenance}.")
    sources = metadata.get("sources", ())
    if not isinstance(sources, (list, tuple)) or len(sources) > MAX_SOURCES:
        raise OptionRefused("metadata_sources", f"sources must be a list of at most {MAX_SOURCES} texts.")
    return Credit(
        title=_check_text("title", metadata.get("title")) or _check_text("title", fallback_title),
        creator=_check_text("creator", metadata.get("creator")),
        licence=_check_text("licence", metadata.get("licence")),
        provenance=provenance,
        sources=tuple(_check_text("sources", source) for source in sources),
        period=_check_text("period", metadata.get("period")),
    )


def change_credit(credit: Credit, metadata: Mapping[str, Any]) -> Credit:
    """The credit with what the metadata names put in its place. Raises OptionRefused."""
    return make_credit({**asdict(credit), **metadata}, credit.title)


def change_anchor(anchor: Anchor, metadata: Mapping[str, Any], moved: Mapping[str, float | None]) -> Anchor:
    """The anchor with what is given put in its place; moved: lat, lon, height, heading, accuracy, each or None.

    Raises OptionRefused.
    """
    pose, known = anchor.geopose, {"height_kind": anchor.height_kind, "surveyed_on": anchor.surveyed_on}
    old = {"lat": pose.position.lat, "lon": pose.position.lon, "height": pose.position.h}
    given = {name: value for name, value in moved.items() if value is not None}
    lat, lon, height = (given.get(name, old[name]) for name in ("lat", "lon", "height"))
    accuracy_m = given.get("accuracy", anchor.horizontal_accuracy_m)
    changed = make_anchor(Position(lat, lon, height), given.get("heading", 0.0), accuracy_m, {**known, **metadata})
    if "heading" in given:
        return changed
    return replace(changed, geopose=GeoPose(changed.geopose.position, pose.quaternion))


def _check_text(name: str, value: object) -> str:
    """The text, empty for None. Raises OptionRefused for what is no text, too long, or not to be written."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
        raise OptionRefused("metadata_text", f"{name} must be a text of at most {MAX_TEXT_CHARS} characters.")
    if UNWRITABLE.search(value):
        raise OptionRefused("metadata_text", f"{name} holds a sign that is no character; write it anew.")
    return value


def read_metadata(path: Path | None) -> dict[str, Any]:
    """The metadata file as a dictionary with known fields only. Raises OptionRefused."""
    if path is None:
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OptionRefused("metadata_unreadable", f"The metadata file {path.name} cannot be read: {error}.") from error
    if not isinstance(document, dict) or not isinstance(document.get("sources", []), list):
        raise OptionRefused(
            "metadata_shape", f"The metadata file {path.name} must hold one JSON object; sources is a list."
        )
    unknown = sorted(set(document) - METADATA_FIELDS)
    if unknown:
        raise OptionRefused(
            "metadata_field",
            f"The metadata file has the unknown field {unknown[0]}; known: {', '.join(sorted(METADATA_FIELDS))}.",
        )
    return document


def parse_levels(text: str) -> tuple[int, ...]:
    """Triangle budgets such as `100000,25000,5000`, finest first. Raises OptionRefused."""
    try:
        levels = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise OptionRefused(
            "levels_unreadable", f"Levels are whole numbers such as 100000,25000,5000, not {text}."
        ) from error
    if not 1 <= len(levels) <= 8 or min(levels) < 4 or list(levels) != sorted(set(levels), reverse=True):
        raise OptionRefused(
            "levels_order", "Levels go from fine to coarse, each at least 4 triangles, at most 8 of them."
        )
    return levels


def check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    """Refuse an option that is not one of its choices. Raises OptionRefused."""
    if value is not None and value not in choices:
        raise OptionRefused(f"{name}_unknown", f"{name} must be one of {', '.join(choices)}, not {value}.")


def check_texture_px(value: int) -> None:
    """Refuse a texture size that is not a power of two from 64 to 8192. Raises OptionRefused."""
    if value < 64 or value > MAX_TEXTURE_PX or value & (value - 1):
        raise OptionRefused(
            "texture_px", f"The texture size must be a power of two from 64 to {MAX_TEXTURE_PX}, not {value}."
        )


def make_place(lat: float | None, lon: float | None, height: float | None, heading: float | None) -> OwnPlace | None:
    """None when the caller states a place; else what is stated of one that the scan's own map coordinates give.

    Raises OptionRefused when a place is stated in part.
    """
    if lat is None and lon is None:
        return OwnPlace(height, heading)
    if lat is None or lon is None or height is None or heading is None:
        raise OptionRefused("place_in_part", "A place needs --lat, --lon, --height and --heading together.")
    return None


def looks_like_sea_level(anchor: Anchor) -> bool:
    """Whether the height looks like one above the sea rather than above the ellipsoid."""
    return anchor.height_kind == "ellipsoidal" and 0 <= anchor.geopose.position.h <= SEA_LEVEL_MAX_M
