"""Residents' memories as open data: those whose giver agreed to it, as GeoJSON and as a table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asset_pipeline.licences import find_licence
from xr_server.domain.languages import html_tag
from xr_server.domain.memory import LICENCES, Shown
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row

SCHEMA = "dejima.open-memories/1"
GEOJSON_FILE, CSV_FILE = "memories.geojson", "memories.csv"
GEOJSON_TYPE = "application/geo+json"
NAME_LANGUAGES = ("ja", "en")
COLUMNS = (
    *("id", "landmark", "landmark_name_ja", "landmark_name_en", "lat", "lon", "year", "year_uncertain", "language"),
    *("words", "picture", "picture_shows", "credit", "licence", "licence_url", "page"),
)


@dataclass(frozen=True)
class Spot:
    """A landmark that memories are told of: its names by language, and where it lies in degrees; None: nobody knows."""

    names: Mapping[str, str]
    lat: float | None
    lon: float | None


@dataclass(frozen=True)
class OpenedFrom:
    """The site that memories are handed out from: the server's address, its names by language, its landmarks by id."""

    base: str
    site_id: str
    site_names: Mapping[str, str]
    spots: Mapping[str, Spot]


def choose_open(memories: Sequence[Shown], spots: Mapping[str, Spot]) -> list[Shown]:
    """Those whose giver agreed to open data and whose landmark is published, as are all that visitors see."""
    return [one for one in memories if one.told.is_open and one.landmark in spots]


def describe_memories(memories: Sequence[Shown], source: OpenedFrom) -> dict[str, Any]:
    """A GeoJSON FeatureCollection (RFC 7946): each memory stands where its landmark lies."""
    return {
        "type": "FeatureCollection",
        "schema": SCHEMA,
        "site": source.site_id,
        "site_name": dict(source.site_names),
        "features": [_feature(one, source) for one in choose_open(memories, source.spots)],
    }


def _feature(memory: Shown, source: OpenedFrom) -> dict[str, Any]:
    spot = source.spots[memory.landmark]
    point = None if spot.lat is None or spot.lon is None else {"type": "Point", "coordinates": [spot.lon, spot.lat]}
    told = {"landmark": memory.landmark, "landmark_name": dict(spot.names), **_facts(memory, source)}
    return {"type": "Feature", "id": memory.id, "geometry": point, "properties": told}


def _facts(memory: Shown, source: OpenedFrom) -> dict[str, Any]:
    """What is handed out of a memory, the same in both files; the credit as its giver wrote it, or nothing."""
    told = memory.told
    licence = find_licence(LICENCES[told.licence])
    spoken = told.language if told.language in source.site_names else next(iter(source.site_names))
    return {
        "year": told.year,
        "year_uncertain": None if told.year is None else told.about,
        "language": html_tag(told.language),
        "words": told.words or None,
        "picture": f"{source.base}/memories/pictures/{memory.id}.webp" if memory.has_picture else None,
        "picture_shows": told.shows or None,
        "credit": told.name or None,
        "licence": LICENCES[told.licence],
        "licence_url": licence.url if licence else None,
        "page": f"{source.base}/{spoken}/{source.site_id}/landmarks/{memory.landmark}",
    }


def write_table(memories: Sequence[Shown], source: OpenedFrom) -> bytes:
    """The same as CSV (RFC 4180, UTF-8 with a byte order mark); no cell is taken for a formula."""
    lines = [dump_row(COLUMNS), *(dump_row(_cells(one, source)) for one in choose_open(memories, source.spots))]
    return (BYTE_ORDER_MARK + "".join(lines)).encode()


def _cells(memory: Shown, source: OpenedFrom) -> list[Any]:
    """A memory by the columns."""
    spot, facts = source.spots[memory.landmark], _facts(memory, source)
    names = {f"landmark_name_{one}": spot.names.get(one, "") for one in NAME_LANGUAGES}
    row = {"id": memory.id, "landmark": memory.landmark, **names, "lat": spot.lat, "lon": spot.lon, **facts}
    return [_plain(row[column]) for column in COLUMNS]


def _plain(cell: Any) -> Any:
    """Yes and no as the words that programs read; they are numbers otherwise."""
    return str(cell).lower() if isinstance(cell, bool) else cell
