"""A scan ready to be baked from and compared with: its tree, its normals, and points on it of which everything is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.tangent import shown_normals
from asset_pipeline.geometry.bvh import Bvh
from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.geometry.surface import Colours, colours_at, points_at, sample_surface
from asset_pipeline.mesh import Mesh

SAMPLES = 200_000  # three times as many tell the RMS of a fine level 0.3 % otherwise, and its PSNR 0.06 dB

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class ScanPlaces:
    """Points (n, 3) spread by area over a scan, neighbours near one another, and what is seen there.

    colours and nearest (n, 3): sRGB 0..255, read between texels and at the nearest one; normals (n, 3): as it is lit.
    """

    points: NDArray[np.float64]
    colours: Colours
    nearest: Colours
    normals: Rows

    def spread(self, samples: int) -> "ScanPlaces":
        """About so many of them, as evenly spread."""
        step = max(1, len(self.points) // samples)
        if step == 1:
            return self
        return ScanPlaces(
            self.points[::step].copy(),
            self.colours[::step].copy(),
            self.nearest[::step].copy(),
            self.normals[::step].copy(),
        )


@dataclass(frozen=True)
class Source:
    """A scan, its tree, its own normals (m, 3, 3), one a corner of each face, and the points where levels are compared."""

    scan: Mesh
    bvh: Bvh
    normals: Rows
    places: ScanPlaces


def make_source(scan: Mesh, bvh: Bvh) -> Source:
    """The scan with its smooth normals and its points."""
    normals = smooth_normals(scan)
    return Source(scan, bvh, normals, read_places(scan, normals))


def read_places(scan: Mesh, normals: Rows) -> ScanPlaces:
    """The points where levels are compared with the scan, the same at every call."""
    hits = sample_surface(scan.positions, scan.faces, SAMPLES, seed=2)
    return ScanPlaces(
        points_at(scan.positions, scan.faces, hits),
        colours_at(scan, hits),
        colours_at(scan, hits, nearest=True),
        shown_normals(scan, normals, hits),
    )
