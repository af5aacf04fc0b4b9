"""Normals for shading: smooth over curved parts, sharp along edges such as eaves and corners."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clean import weld
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Mesh, Positions

CREASE_DEG = 50.0


def smooth_normals(mesh: Mesh) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3) of a mesh, as if its texture seams were not there."""
    surface = weld(mesh)
    return corner_normals(surface.positions, surface.faces)


def corner_normals(positions: Positions, faces: Faces, crease_deg: float = CREASE_DEG) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3), one a corner of each face: the mean of the faces there that turn by less than the crease."""
    a, b, c = (positions[faces[:, k]] for k in range(3))
    scaled = np.cross(b - a, c - a)  # twice the area long, so larger faces count for more
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    units = scaled / np.maximum(lengths, 1e-30)
    corners = faces.reshape(-1)
    order = np.argsort(corners, kind="stable")
    starts = np.searchsorted(corners[order], np.arange(len(positions) + 1))
    result = np.zeros((len(faces) * 3, 3), np.float32)
    _gather(order, starts, units, scaled, np.cos(np.radians(crease_deg)), result)
    return result.reshape(-1, 3, 3)


@njit(cache=True)
def _gather(order, starts, units, scaled, limit, result):
    for vertex in range(len(starts) - 1):
        for i in range(starts[vertex], starts[vertex + 1]):
            face = order[i] // 3
            x, y, z = 0.0, 0.0, 0.0
            for j in range(starts[vertex], starts[vertex + 1]):
                other = order[j] // 3
                turn = (
                    units[face, 0] * units[other, 0]
                    + units[face, 1] * units[other, 1]
                    + units[face, 2] * units[other, 2]
                )
                if turn >= limit:
                    x += scaled[other, 0]
                    y += scaled[other, 1]
                    z += scaled[other, 2]
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0:
                result[order[i], 0], result[order[i], 1], result[order[i], 2] = x / length, y / length, z / length
            else:
                result[order[i], 1] = 1.0
