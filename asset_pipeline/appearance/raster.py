"""Triangles into a picture without a GPU: a depth buffer filled in numba."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces

NOTHING = -1


def rasterise(
    screen: NDArray[np.float64], faces: Faces, width: int, height: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Which face is seen where: owner (h, w) int32 with -1 for none, weights (h, w, 3), depth (h, w), nearest first.

    screen (n, 3): x to the right and y down in px, depth growing away from the eye; weights are linear on the screen,
    which is exact for a parallel view and close enough for a poster's long lens.
    """
    owner = np.full((height, width), NOTHING, np.int32)
    weights = np.zeros((height, width, 3), np.float32)
    depth = np.full((height, width), np.inf, np.float32)
    _fill(screen, faces, owner, weights, depth)
    return owner, weights, depth


@njit(cache=True)
def _fill(screen, faces, owner, weights, depth):
    height, width = owner.shape
    for f in range(len(faces)):
        ax, ay, az = screen[faces[f, 0], 0], screen[faces[f, 0], 1], screen[faces[f, 0], 2]
        bx, by, bz = screen[faces[f, 1], 0], screen[faces[f, 1], 1], screen[faces[f, 1], 2]
        cx, cy, cz = screen[faces[f, 2], 0], screen[faces[f, 2], 1], screen[faces[f, 2], 2]
        double = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if abs(double) < 1e-12:
            continue
        left, right = max(0, int(np.floor(min(ax, bx, cx) - 0.5))), min(width - 1, int(np.ceil(max(ax, bx, cx))))
        top, bottom = max(0, int(np.floor(min(ay, by, cy) - 0.5))), min(height - 1, int(np.ceil(max(ay, by, cy))))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                x, y = column + 0.5, row + 0.5
                v = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / double
                w = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / double
                u = 1.0 - v - w
                if u < 0 or v < 0 or w < 0:
                    continue
                z = u * az + v * bz + w * cz
                if z < depth[row, column]:
                    depth[row, column] = z
                    owner[row, column] = f
                    weights[row, column, 0], weights[row, column, 1], weights[row, column, 2] = u, v, w
