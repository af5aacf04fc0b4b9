"""An order in which neighbours in space are neighbours in the list: along a Morton curve."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit

CELLS = (1 << 21) - 1  # along each axis: three of them fill an int64


def morton_order(positions: NDArray[np.floating]) -> NDArray[np.int64]:
    """The row numbers of positions (n, 3) along the curve; equal places keep their order."""
    keys = np.empty(len(positions), np.int64)
    low = positions.min(axis=0).astype(np.float64)
    scale = CELLS / max(float(np.max(positions.max(axis=0) - low)), 1e-300)
    _morton_keys(positions, low, scale, keys)
    return np.argsort(keys, kind="stable")


@njit(cache=True)
def _morton_keys(positions, low, scale, keys):
    for row in range(len(positions)):
        key = np.int64(0)
        for axis in range(3):
            bits = np.int64((positions[row, axis] - low[axis]) * scale)
            bits = (bits | bits << 32) & 0x1F00000000FFFF
            bits = (bits | bits << 16) & 0x1F0000FF0000FF
            bits = (bits | bits << 8) & 0x100F00F00F00F00F
            bits = (bits | bits << 4) & 0x10C30C30C30C30C3
            bits = (bits | bits << 2) & 0x1249249249249249
            key |= bits << axis
        keys[row] = key
