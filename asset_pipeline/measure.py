"""How far a level is from the scan: distances both ways, and colour."""

from dataclasses import dataclass

import numpy as np

from asset_pipeline.bvh import Bvh, build_bvh, find_closest
from asset_pipeline.mesh import Mesh
from asset_pipeline.surface import colours_at, points_at, sample_surface

SAMPLES = 300_000
MAX_PSNR_DB = 99.0


@dataclass(frozen=True)
class Deviation:
    """rms_m and max_m: the worse direction of the sampled distance, in metres; colour_psnr_db None without colours."""

    rms_m: float
    max_m: float
    colour_psnr_db: float | None


def measure_level(scan: Mesh, scan_bvh: Bvh, level: Mesh, samples: int = SAMPLES) -> Deviation:
    """The level's deviation from the scan, at points spread by area over both, with exact closest points."""
    level_bvh = build_bvh(level.positions, level.faces)
    on_scan = sample_surface(scan.positions, scan.faces, samples, seed=2)
    to_level = find_closest(level_bvh, points_at(scan.positions, scan.faces, on_scan))
    on_level = sample_surface(level.positions, level.faces, samples, seed=3)
    to_scan = find_closest(scan_bvh, points_at(level.positions, level.faces, on_level))
    rms = max(float(np.sqrt(np.mean(hits.distance.astype(np.float64) ** 2))) for hits in (to_level, to_scan))
    furthest = max(float(hits.distance.max()) for hits in (to_level, to_scan))
    psnr = None
    if has_colour(scan):
        difference = colours_at(scan, on_scan, nearest=True) - colours_at(level, to_level, nearest=True)
        mean_square = float(np.mean(difference.astype(np.float64) ** 2))
        psnr = MAX_PSNR_DB if mean_square == 0 else min(MAX_PSNR_DB, 10 * float(np.log10(255**2 / mean_square)))
    return Deviation(rms, furthest, psnr)


def has_colour(mesh: Mesh) -> bool:
    """Whether the mesh carries any colour of its own."""
    return mesh.colours is not None or bool(mesh.materials)
