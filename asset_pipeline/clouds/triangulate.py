"""Triangles over a heightfield: between neighbouring cells that both hold a height."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.grid import Plane
from asset_pipeline.clouds.heightfield import Heightfield
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Mesh


def mesh_heightfield(field: Heightfield) -> Mesh:
    """The surface as a mesh in cloud units, z up, each vertex within its cell; cells without neighbours are left out."""
    numbers, count = _number_cells(field.tops)
    faces = _make_faces(field.tops, field.means, numbers, np.float32(field.grid.cell))
    used = np.zeros(count, bool)
    used[faces] = True
    kept = np.flatnonzero(numbers.reshape(-1) >= 0)[used]
    renumbered = np.cumsum(used, dtype=np.int32) - 1
    rows, columns = np.divmod(kept, field.grid.columns)
    means = field.means.reshape(-1, 7)[kept]
    positions = np.empty((len(kept), 3))
    positions[:, 0] = field.grid.left + columns * field.grid.cell + means[:, 1]
    positions[:, 1] = field.grid.bottom + rows * field.grid.cell + means[:, 2]
    positions[:, 2] = field.tops.reshape(-1)[kept]
    colours = np.rint(means[:, 4:]).astype(np.uint8) if field.coloured else None
    return Mesh(positions, renumbered[faces], colours=colours)


def _number_cells(tops: Plane) -> tuple[NDArray[np.int32], int]:
    known = np.isfinite(tops)
    numbers = np.where(known.reshape(-1), np.cumsum(known.reshape(-1), dtype=np.int32) - 1, np.int32(-1))
    return numbers.reshape(tops.shape), int(known.sum())


@njit(cache=True)
def _turns_left(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0


@njit(cache=True)
def _make_faces(surface, means, numbers, side):
    """Two triangles between four cells, split so that both face up and the split crosses the smaller step; one between three."""
    rows, columns = surface.shape
    faces = np.empty((2 * max(0, rows - 1) * max(0, columns - 1), 3), np.int32)
    count = 0
    corner = np.empty((4, 3), np.float32)
    name = np.empty(4, np.int32)
    for row in range(rows - 1):
        for column in range(columns - 1):
            known = 0
            for k in range(4):  # round the square, leftwards seen from above
                r, c = row + (k >= 2), column + (0 < k < 3)
                name[k] = numbers[r, c]
                if name[k] < 0:
                    continue
                known += 1
                corner[k, 0] = (c - column) * side + means[r, c, 1]
                corner[k, 1] = (r - row) * side + means[r, c, 2]
                corner[k, 2] = surface[r, c]
            if known == 3:
                missing = 0
                while name[missing] >= 0:
                    missing += 1
                a, b, c = (missing + 1) % 4, (missing + 2) % 4, (missing + 3) % 4
                if _turns_left(corner[a], corner[b], corner[c]):
                    faces[count, 0], faces[count, 1], faces[count, 2] = name[a], name[b], name[c]
                    count += 1
            if known < 4:
                continue
            first = _turns_left(corner[0], corner[1], corner[2]) and _turns_left(corner[0], corner[2], corner[3])
            second = _turns_left(corner[1], corner[2], corner[3]) and _turns_left(corner[1], corner[3], corner[0])
            start = 0 if first else 1
            if first and second and abs(corner[1, 2] - corner[3, 2]) < abs(corner[0, 2] - corner[2, 2]):
                start = 1
            for k in range(2):
                faces[count, 0] = name[start]
                faces[count, 1] = name[(start + 1 + k) % 4]
                faces[count, 2] = name[(start + 2 + k) % 4]
                count += 1
    return faces[:count].copy()
