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
    # as raw bytes: one sort of opaque keys is much quicker than a lexicographic one of three columns
    rows = np.ascontiguousarray(mesh.positions + 0.0)  # adding zero makes -0.0 and 0.0 one
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * 3))).reshape(-1)
    _, first, vertex_of = np.unique(keys, return_index=True, return_inverse=True)
    vertex_of = vertex_of.reshape(-1).astype(np.int32)
    return WeldedSurface(mesh.positions[first], vertex_of[mesh.faces], vertex_of)


def clean_scan(scan: Scan) -> Cleaned:
    """The scan ready for collapse. Raises ScanRefused when nothing is left."""
    raise NotImplementedError
