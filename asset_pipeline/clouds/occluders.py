"""Roofs as occluders: footprint, foot and top of each, as GeoJSON and in the form a scene document takes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.footprints import Footprint, area_of, bridge_holes, draw_footprint
from asset_pipeline.clouds.grid import Grid, Plane
from asset_pipeline.clouds.ground import slide
from asset_pipeline.clouds.roofs import Roofs

TOP_SHARE, BASE_SHARE = 0.9, 0.1  # quantiles of roof and of the ground round it: chimneys and pits count for nothing
AROUND_CELLS = 5

DIGITS = 8  # of degrees: a millimetre
Place = Callable[
    [float, float], tuple[float, float]
]  # (east, north) in metres to (latitude, longitude) or what stands for it


@dataclass(frozen=True)
class Occluder:
    """A present-day building shape; footprint in grid metres, heights in metres as the survey has them."""

    id: str
    footprint: Footprint
    base_m: float
    top_m: float
    area_m2: float


def outline_roofs(roofs: Roofs, tops: Plane, ground: Plane, grid: Grid) -> list[Occluder]:
    """An occluder for each roof that keeps a shape, from south-west to north-east."""
    low = slide(ground, AROUND_CELLS, lowest=True)
    occluders: list[Occluder] = []
    for number, (rows, columns) in enumerate(_find_boxes(roofs)):
        mask = roofs.labels[rows, columns] == number
        left, bottom = grid.left + columns.start * grid.cell, grid.bottom + rows.start * grid.cell
        footprint = draw_footprint(mask, left, bottom, grid.cell)
        if footprint is None:
            continue
        roof, foot = tops[rows, columns][mask], low[rows, columns][mask]
        base_m = float(np.quantile(foot, BASE_SHARE))
        top_m = float(np.nanquantile(roof, TOP_SHARE))
        if top_m <= base_m:
            continue
        area_m2 = area_of(footprint.outline) - sum(-area_of(hole) for hole in footprint.holes)
        occluders.append(Occluder(f"roof-{len(occluders) + 1:04d}", footprint, base_m, top_m, area_m2))
    return occluders


def dump_geojson(occluders: list[Occluder], place: Place, lift_m: float, about: dict[str, Any]) -> bytes:
    """The occluders as GeoJSON; lift_m is added to the heights, about stands beside the features."""
    features = []
    for each in occluders:
        rings = [_ring(place, ring) for ring in (each.footprint.outline, *each.footprint.holes)]
        properties = {
            **_heights(each, lift_m),
            "height_m": _round(each.top_m - each.base_m),
            "area_m2": round(each.area_m2, 1),
            "source": about["source"],
        }
        polygon = {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in (*ring, ring[0])] for ring in rings]}
        features.append({"type": "Feature", "id": each.id, "properties": properties, "geometry": polygon})
    return _dump({"type": "FeatureCollection", **about, "features": features})


def dump_for_scene(occluders: list[Occluder], place: Place, lift_m: float, about: dict[str, Any]) -> bytes:
    """The occluders as a scene document takes them: one ring each, latitude before longitude."""
    listed = [
        {"id": each.id, "footprint": _ring(place, bridge_holes(each.footprint)), **_heights(each, lift_m)}
        for each in occluders
    ]
    return _dump({**about, "occluders": listed})


def _heights(occluder: Occluder, lift_m: float) -> dict[str, float]:
    return {"base_m": _round(occluder.base_m + lift_m), "top_m": _round(occluder.top_m + lift_m)}


def _ring(place: Place, ring: NDArray[np.float64]) -> list[tuple[float, float]]:
    return [
        (round(first, DIGITS), round(second, DIGITS)) for first, second in (place(*point) for point in ring.tolist())
    ]


def _round(value: float) -> float:
    return round(value, 2)


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode()


def _find_boxes(roofs: Roofs) -> list[tuple[slice, slice]]:
    """The rows and columns that each roof lies within."""
    rows, columns = np.nonzero(roofs.labels >= 0)
    labels = roofs.labels[rows, columns]
    lows, highs = np.full((roofs.count, 2), np.iinfo(np.int64).max), np.full((roofs.count, 2), -1)
    for axis, values in enumerate((rows, columns)):
        np.minimum.at(lows[:, axis], labels, values)
        np.maximum.at(highs[:, axis], labels, values)
    return [
        (slice(low[0], high[0] + 1), slice(low[1], high[1] + 1))
        for low, high in zip(lows.tolist(), highs.tolist(), strict=True)
    ]
