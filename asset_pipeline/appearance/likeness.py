"""How much two pictures differ, over the texels that a surface shows."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit
from asset_pipeline.mesh import Image

Purpose = Literal["colour", "normal", "roughness"]
Used = NDArray[np.bool_]


def sum_squares(wanted: Image, shown: Image, used: Used | None, purpose: Purpose) -> tuple[float, int]:
    """(the sum of squared differences, how many values that are); of directions for normals, of green and blue for roughness."""
    mask = np.zeros((0, 0), np.bool_) if used is None else used
    first = 1 if purpose == "roughness" else 0  # red means nothing there
    squares, count = _sum(wanted, shown, mask, purpose == "normal", first)
    return float(squares), int(count)


@njit(cache=True, nogil=True)
def _sum(wanted, shown, used, directions, first):
    total, count = 0.0, 0
    for row in range(wanted.shape[0]):
        for column in range(wanted.shape[1]):
            if len(used) and not used[row, column]:
                continue
            count += 3 - first
            if not directions:
                for channel in range(first, 3):
                    difference = float(wanted[row, column, channel]) - float(shown[row, column, channel])
                    total += difference * difference
                continue
            ax, ay, az = wanted[row, column, 0] - 127.5, wanted[row, column, 1] - 127.5, wanted[row, column, 2] - 127.5
            bx, by, bz = shown[row, column, 0] - 127.5, shown[row, column, 1] - 127.5, shown[row, column, 2] - 127.5
            a = 127.5 / max(np.sqrt(ax * ax + ay * ay + az * az), 1e-6)
            b = 127.5 / max(np.sqrt(bx * bx + by * by + bz * bz), 1e-6)
            total += (ax * a - bx * b) ** 2 + (ay * a - by * b) ** 2 + (az * a - bz * b) ** 2
    return total, count
