"""How far a level is from the scan: distances both ways, colour, and how it looks when lit."""

from dataclasses import dataclass

import numpy as np

from asset_pipeline.appearance.source import SAMPLES, Rows, ScanPlaces, Source
from asset_pipeline.appearance.tangent import shown_normals
from asset_pipeline.geometry.bvh import Bvh, Hits, build_bvh, find_closest
from asset_pipeline.geometry.normals import encoded_normals
from asset_pipeline.geometry.surface import colours_at, points_at, sample_surface
from asset_pipeline.mesh import Mesh

MAX_PSNR_DB = 99.0
LIGHTS = np.concatenate([np.eye(3), -np.eye(3)]).astype(np.float32)  # from all six sides in turn


@dataclass(frozen=True)
class Deviation:
    """rms_m and max_m: the worse direction of the sampled distance, in metres; colour_psnr_db None without colours."""

    rms_m: float
    max_m: float
    colour_psnr_db: float | None


@dataclass(frozen=True)
class Places:
    """Points of a scan, the closest points of a level, and the normals (m, 3, 3) that a client reads from the level's file.

    However the level's pictures are made, all of these stay.
    """

    on_scan: ScanPlaces
    on_level: Hits
    level_normals: Rows


def find_places(source: Source, level: Mesh, samples: int) -> Places:
    """Where a level's look is compared with its scan's."""
    on_scan = source.places.spread(samples)
    on_level = find_closest(build_bvh(level.positions, level.faces), on_scan.points)
    return Places(on_scan, on_level, encoded_normals(level))


def measure_level(source: Source, level: Mesh, samples: int = SAMPLES, bvh: Bvh | None = None) -> Deviation:
    """The level's deviation from the scan, at points spread by area over both, with exact closest points.

    bvh: the level's, if there is one already.
    """
    on_scan = source.places.spread(samples)
    to_level = find_closest(bvh or build_bvh(level.positions, level.faces), on_scan.points)
    on_level = sample_surface(level.positions, level.faces, samples, seed=3)
    to_scan = find_closest(source.bvh, points_at(level.positions, level.faces, on_level))
    both = (to_level, to_scan)
    rms = max(float(np.sqrt(np.mean(hits.distance.astype(np.float64) ** 2))) for hits in both)
    furthest = max(float(hits.distance.max()) for hits in both)
    psnr_db = _compare_colours(level, on_scan, to_level) if has_colour(source.scan) else None
    return Deviation(rms, furthest, psnr_db)


def measure_colour(level: Mesh, places: Places) -> float:
    """How alike the colours of level and scan are, nearest texel, as PSNR in dB."""
    return _compare_colours(level, places.on_scan, places.on_level)


def measure_look(source: Source, level: Mesh, places: Places) -> float:
    """How alike level and scan look to somebody who sees them lit from six sides in turn, as PSNR in dB.

    Colour times the cosine of the light, at points spread by area over the scan and the closest points of the level: what
    a normal map wins and what a texture wins count in one figure.
    """
    on_scan = places.on_scan
    shown = shown_normals(level, places.level_normals, places.on_level)
    # one grey for both where the scan has no colour
    level_colour = colours_at(level, places.on_level) if has_colour(source.scan) else on_scan.colours
    squares = []
    for light in LIGHTS:
        lit = on_scan.colours * np.maximum(on_scan.normals @ light, 0)[:, None]
        squares.append(np.mean((lit - level_colour * np.maximum(shown @ light, 0)[:, None]) ** 2, dtype=np.float64))
    return _to_db(float(np.mean(squares)))


def has_colour(mesh: Mesh) -> bool:
    """Whether the mesh carries any colour of its own."""
    return mesh.colours is not None or bool(mesh.materials)


def _compare_colours(level: Mesh, on_scan: ScanPlaces, on_level: Hits) -> float:
    shown = colours_at(level, on_level, nearest=True)
    return _to_db(float(np.mean((on_scan.nearest - shown) ** 2, dtype=np.float64)))


def _to_db(mean_square: float) -> float:
    return MAX_PSNR_DB if mean_square == 0 else min(MAX_PSNR_DB, 10 * float(np.log10(255**2 / mean_square)))
