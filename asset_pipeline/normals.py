"""Normals for shading: smooth over curved parts, sharp along edges such as eaves and corners.

An edge is one only where the surface is calm on both sides. Leaves and rubble turn by more than the crease at every
second edge; to split their vertices there showed facets instead of form, and made a terrain's file 2.5 times as large.
"""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clean import weld
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Mesh, Positions

CREASE_DEG = 50.0
CALM_DEG, CALM_AREA = 10.0, 4.0  # a face is calm when it goes on flatly over one edge, or is this many means large
FEW_FACES = 200  # so few are a drawing, not a scan: every sharp edge is meant
WIDE = 256  # faces round one vertex above which they count as one group: comparing all pairs would take for ever


def smooth_normals(mesh: Mesh) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3) of a mesh, as if its texture seams were not there."""
    surface = weld(mesh)
    return corner_normals(surface.positions, surface.faces)


def corner_normals(positions: Positions, faces: Faces, crease_deg: float = CREASE_DEG) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3), one a corner of each face.

    The faces round a vertex fall into groups that are joined by turns of less than the crease, or by not being calm; a
    group's corners share one normal, the mean by area, so that a vertex stands only as often as there are real edges at it.
    """
    a, b, c = (positions[faces[:, k]] for k in range(3))
    scaled = np.cross(b - a, c - a)  # twice the area long, so larger faces count for more
    lengths = np.linalg.norm(scaled, axis=1, keepdims=True)
    units = scaled / np.maximum(lengths, 1e-30)
    corners = faces.reshape(-1)
    order = np.argsort(corners, kind="stable")
    starts = np.searchsorted(corners[order], np.arange(len(positions) + 1))
    result = np.zeros((len(faces) * 3, 3), np.float32)
    most = int(np.diff(starts).max(initial=1))
    calm = calm_faces(faces, units, lengths[:, 0])
    _gather(most, order, starts, units, scaled, calm, np.cos(np.radians(crease_deg)), result)
    return result.reshape(-1, 3, 3)


def calm_faces(faces: Faces, units: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which faces (m,) go on flatly over one of their edges or are large, by their unit normals (m, 3) and sizes (m,)."""
    if len(faces) < FEW_FACES:
        return np.ones(len(faces), np.bool_)
    ends = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1).astype(np.int64)
    edge = ends[:, 0] * (int(faces.max()) + 1) + ends[:, 1]
    order = np.argsort(edge, kind="stable")
    met = np.flatnonzero(edge[order[1:]] == edge[order[:-1]])
    one, other = order[met] % len(faces), order[met + 1] % len(faces)
    flat = np.einsum("nk,nk->n", units[one], units[other]) > np.cos(np.radians(CALM_DEG))
    calm: NDArray[np.bool_] = sizes >= CALM_AREA * sizes.mean()
    calm[one[flat]] = calm[other[flat]] = True
    return calm


@njit(cache=True)
def _gather(most, order, starts, units, scaled, calm, limit, result):
    group, sums = np.empty(most, np.int64), np.empty((most, 3))
    for vertex in range(len(starts) - 1):
        first, count = starts[vertex], starts[vertex + 1] - starts[vertex]
        for i in range(count):
            group[i] = 0 if count > WIDE else i
            sums[i] = 0.0
        for i in range(count if count <= WIDE else 0):
            for j in range(i):
                if group[i] == group[j]:
                    continue
                a, b = order[first + i] // 3, order[first + j] // 3
                turn = units[a, 0] * units[b, 0] + units[a, 1] * units[b, 1] + units[a, 2] * units[b, 2]
                if turn >= limit or not (calm[a] and calm[b]):
                    kept, gone = group[j], group[i]
                    for k in range(i + 1):
                        if group[k] == gone:
                            group[k] = kept
        for i in range(count):
            for axis in range(3):
                sums[group[i], axis] += scaled[order[first + i] // 3, axis]
        for i in range(count):
            x, y, z = sums[group[i]]
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0:
                corner = order[first + i]
                result[corner, 0], result[corner, 1], result[corner, 2] = x / length, y / length, z / length
            else:
                result[order[first + i], 1] = 1.0
