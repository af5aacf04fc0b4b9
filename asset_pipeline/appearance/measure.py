"""How far a level is from the scan: distances both ways, colour, and how it looks when lit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.tangent import shown_normals
from asset_pipeline.geometry.bvh import Bvh, Hits, build_bvh, find_closest
from asset_pipeline.geometry.normals import encoded_normals
from asset_pipeline.geometry.surface import colours_at, points_at, sample_surface
from asset_pipeline.mesh import Mesh

SAMPLES = 300_000
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
    """Points spread by area over a scan, and the closest points of a level: however its pictures are made, they stay."""

    on_scan: Hits
    on_level: Hits


def find_places(scan: Mesh, level: Mesh, samples: int = SAMPLES) -> Places:
    """Where a level's look is compared with its scan's."""
    return _find_places(scan, build_bvh(level.positions, level.faces), samples)


def measure_level(scan: Mesh, scan_bvh: Bvh, level: Mesh, samples: int = SAMPLES, bvh: Bvh | None = None) -> Deviation:
    """The level's deviation from the scan, at points spread by area over both, with exact closest points.

    bvh: the level's, if there is one already.
    """
    places = _find_places(scan, bvh or build_bvh(level.positions, level.faces), samples)
    on_level = sample_surface(level.positions, level.faces, samples, seed=3)
    to_scan = find_closest(scan_bvh, points_at(level.positions, level.faces, on_level))
    both = (places.on_level, to_scan)
    rms = max(float(np.sqrt(np.mean(hits.distance.astype(np.float64) ** 2))) for hits in both)
    furthest = max(float(hits.distance.max()) for hits in both)
    return Deviation(rms, furthest, measure_colour(scan, level, places) if has_colour(scan) else None)


def measure_colour(scan: Mesh, level: Mesh, places: Places) -> float:
    """How alike the colours of level and scan are, nearest texel, as PSNR in dB."""
    wanted, shown = colours_at(scan, places.on_scan, nearest=True), colours_at(level, places.on_level, nearest=True)
    return _to_db(float(np.mean((wanted - shown) ** 2, dtype=np.float64)))


def measure_look(
    scan: Mesh, scan_normals: NDArray[np.float32], level: Mesh, samples: int = SAMPLES, places: Places | None = None
) -> float:
    """How alike level and scan look to somebody who sees them lit from six sides in turn, as PSNR in dB.

    Colour times the cosine of the light, at points spread by area over the scan and the closest points of the level: what
    a normal map wins and what a texture wins count in one figure. scan_normals (m, 3, 3): its own, one a corner. places:
    where, if that is known already.
    """
    places = places or find_places(scan, level, samples)
    wanted = shown_normals(scan, scan_normals, places.on_scan)
    shown = shown_normals(level, encoded_normals(level), places.on_level)
    colour, level_colour = colours_at(scan, places.on_scan), colours_at(level, places.on_level)
    if not has_colour(scan):
        level_colour = colour  # one grey for both
    squares = []
    for light in LIGHTS:
        lit = colour * np.maximum(wanted @ light, 0)[:, None]
        squares.append(np.mean((lit - level_colour * np.maximum(shown @ light, 0)[:, None]) ** 2, dtype=np.float64))
    return _to_db(float(np.mean(squares)))


def _find_places(scan: Mesh, level_bvh: Bvh, samples: int) -> Places:
    on_scan = sample_surface(scan.positions, scan.faces, samples, seed=2)
    return Places(on_scan, find_closest(level_bvh, points_at(scan.positions, scan.faces, on_scan)))


def _to_db(mean_square: float) -> float:
    return MAX_PSNR_DB if mean_square == 0 else min(MAX_PSNR_DB, 10 * float(np.log10(255**2 / mean_square)))


def has_colour(mesh: Mesh) -> bool:
    """Whether the mesh carries any colour of its own."""
    return mesh.colours is not None or bool(mesh.materials)
