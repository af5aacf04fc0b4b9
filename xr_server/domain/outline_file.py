"""An outline out of GeoJSON that somebody has pasted or sent as a file. Pure: text in, corners out."""

import json
from collections.abc import Iterator
from typing import Any

from xr_server.domain.fields import Place
from xr_server.domain.outline import MOST_CORNERS, corners_of
from xr_server.errors import Invalid


def parse_outline(text: str, landmark_id: str) -> list[Place]:
    """The corners of the one polygon in a text of GeoJSON, or of the feature called as the landmark. Raises Invalid."""
    try:
        document = json.loads(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    except (ValueError, RecursionError) as error:
        raise Invalid("outline_json", "This is no GeoJSON: it cannot be read as JSON.") from error
    polygons = list(_find_polygons(document))
    named = [rings for name, rings in polygons if name == landmark_id]
    found = named or [rings for _, rings in polygons]
    if not found:
        raise Invalid("outline_shape", "There is no polygon in this GeoJSON.")
    if len(found) > 1:
        raise Invalid("outline_several", f"There are {len(found)} polygons in this GeoJSON.", count=len(found))
    return _read_rings(found[0])


def _find_polygons(document: Any) -> Iterator[tuple[object, Any]]:
    """The rings of every polygon, each with the id of its feature."""
    is_collection = isinstance(document, dict) and document.get("type") == "FeatureCollection"
    features = document.get("features") if is_collection else [document]
    for feature in features if isinstance(features, list) else []:
        if isinstance(feature, dict) and feature.get("type") == "Feature":
            yield from ((feature.get("id"), rings) for rings in _rings_of(feature.get("geometry")))
        else:
            yield from ((None, rings) for rings in _rings_of(feature))


def _rings_of(geometry: Any) -> list[Any]:
    """The rings of each polygon of a geometry."""
    if not isinstance(geometry, dict):
        return []
    if geometry.get("type") == "Polygon":
        return [geometry.get("coordinates")]
    parts = geometry.get("coordinates") if geometry.get("type") == "MultiPolygon" else []
    return parts if isinstance(parts, list) else []


def _read_rings(rings: Any) -> list[Place]:
    if isinstance(rings, list) and len(rings) > 1:
        raise Invalid("outline_holes", "The polygon has a hole; an outline has none.")
    if isinstance(rings, list) and rings and isinstance(rings[0], list) and rings[0]:
        ring = rings[0] if rings[0][0] == rings[0][-1] else [*rings[0], rings[0][0]]  # many writers forget to close it
        corners = corners_of({"type": "Polygon", "coordinates": [ring]})
        if corners is not None and len(corners) > MOST_CORNERS:
            raise Invalid("outline_many", f"An outline has {MOST_CORNERS} corners at most.", most=MOST_CORNERS)
        if corners:
            return corners
    raise Invalid("outline_positions", "The corners of the polygon are not pairs of longitude and latitude.")
