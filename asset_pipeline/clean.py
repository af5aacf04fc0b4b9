"""Make a scan sound: metres, y up, centred, without what is no surface."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import Faces, Mesh, Positions
from asset_pipeline.scan import Cleaned, Scan


@dataclass(frozen=True)
class WeldedSurface:
    """The bare surface: bit-equal positions once.

    positions (n, 3); faces (m, 3), row i is the mesh's face i; vertex_of (mesh.vertices,) is the welded row of each vertex.
    """

    positions: Positions
    faces: Faces
    vertex_of: NDArray[np.int32]


def weld(mesh: Mesh) -> WeldedSurface:
    """The mesh with bit-equal positions joined; faces keep their order and number."""
    raise NotImplementedError


def clean_scan(scan: Scan) -> Cleaned:
    """The scan ready for collapse. Raises ScanRefused when nothing is left."""
    raise NotImplementedError
