"""Square cells over the ground: which cell a point falls into, and connected areas of cells. Compiled kernels live here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Grid:
    """rows x columns of square cells of side cell; (left, bottom) is the outer corner of cell (0, 0); row 0 is southmost."""

    left: float
    bottom: float
    cell: float
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns), as of an array over the cells."""
        return self.rows, self.columns


def cover(low: NDArray[np.float64], high: NDArray[np.float64], cell: float) -> Grid:
    """The grid of such cells over a box, low and high (2 or 3,)."""
    rows, columns = (int((high[axis] - low[axis]) // cell) + 1 for axis in (1, 0))
    return Grid(float(low[0]), float(low[1]), cell, rows, columns)


def cells_of(grid: Grid, at: NDArray[np.float32]) -> NDArray[np.int32]:
    """The flat cell number (n,) of points (n, 2 or 3); -1 outside."""
    return _cells_of(at, grid.left, grid.bottom, grid.cell, grid.rows, grid.columns)  # type: ignore[no-any-return]


def label_areas(mask: Mask, height: Plane, step: float) -> tuple[Labels, int]:
    """Areas of cells that hang together by sides and differ by at most step in height there: labels 0.., -1 outside the mask."""
    labels = _label(mask, height, np.float32(step))
    return labels, int(labels.max(initial=-1)) + 1


@njit(cache=True)
def _cells_of(at, left, bottom, cell, rows, columns):
    found = np.empty(len(at), np.int32)
    for i in range(len(at)):
        column = int(np.floor((at[i, 0] - left) / cell))
        row = int(np.floor((at[i, 1] - bottom) / cell))
        inside = 0 <= column < columns and 0 <= row < rows
        found[i] = row * columns + column if inside else -1
    return found


@njit(cache=True)
def _label(mask, height, step):
    rows, columns = mask.shape
    labels = np.full((rows, columns), -1, np.int32)
    waiting = np.empty(rows * columns, np.int32)
    count = 0
    for first in range(rows * columns):
        row, column = first // columns, first % columns
        if not mask[row, column] or labels[row, column] >= 0:
            continue
        labels[row, column] = count
        waiting[0] = first
        pending = 1
        while pending > 0:
            pending -= 1
            r, c = waiting[pending] // columns, waiting[pending] % columns
            for side in range(4):
                rr = r + (side == 0) - (side == 1)
                cc = c + (side == 2) - (side == 3)
                if not (0 <= rr < rows and 0 <= cc < columns) or not mask[rr, cc] or labels[rr, cc] >= 0:
                    continue
                if abs(height[rr, cc] - height[r, c]) <= step:
                    labels[rr, cc] = count
                    waiting[pending] = rr * columns + cc
                    pending += 1
        count += 1
    return labels
