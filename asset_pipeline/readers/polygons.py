"""Polygons as triangles: fans where that is right, ears cut off where a corner turns inwards."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit
from asset_pipeline.mesh import Positions

MAX_CUT = 4096  # corners of a polygon whose ears are looked for; beyond, a fan
MAX_WORK = 200_000_000  # looks at a corner, for each chunk of polygons: outlines made to cost more end as fans
CHUNK = 1 << 18


def triangulate(
    positions: Positions, corners: NDArray[np.int32], sizes: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Polygons of sizes (f,) corners, laid end to end, as triangles in the polygons' order.

    Gives (t, 3) places in `corners`, and (t,) the polygon of each triangle. Corners that name no row of positions count
    as its first, so that the check of indices may come later.
    """
    sizes = sizes.astype(np.int64)
    begins = np.cumsum(sizes) - sizes
    fans = np.maximum(sizes - 2, 0)
    owner = np.repeat(np.arange(len(sizes)), fans)
    firsts = np.cumsum(fans) - fans
    step = np.arange(len(owner)) - firsts[owner]
    places = np.stack([begins[owner], begins[owner] + step + 1, begins[owner] + step + 2], axis=1)
    if len(positions):
        many = np.flatnonzero((sizes > 3) & (sizes <= MAX_CUT))
        for start in range(0, len(many), CHUNK):
            chosen = many[start : start + CHUNK]
            _cut_ears(positions, corners, begins[chosen], sizes[chosen], firsts[chosen], places)
    return places, owner


@njit(cache=True)
def _cut_ears(positions, corners, begins, sizes, firsts, places):
    """Replace the fans of those polygons that turn inwards somewhere; each is looked at along its own normal."""
    ring = np.empty(MAX_CUT, np.int64)
    flat = np.empty((MAX_CUT, 2))
    point = np.empty((2, 3))
    work = 0
    for k in range(len(begins)):
        size, begin = sizes[k], begins[k]
        nx = ny = nz = 0.0
        for i in range(size):  # Newell: the sum of the edges' turns
            for side in range(2):
                row = corners[begin + (i + side) % size]
                if row < 0 or row >= len(positions):
                    row = 0
                for axis in range(3):
                    point[side, axis] = positions[row, axis]
            nx += (point[0, 1] - point[1, 1]) * (point[0, 2] + point[1, 2])
            ny += (point[0, 2] - point[1, 2]) * (point[0, 0] + point[1, 0])
            nz += (point[0, 0] - point[1, 0]) * (point[0, 1] + point[1, 1])
        ax, ay, az = abs(nx), abs(ny), abs(nz)
        first, second, turn = 0, 1, nz
        if ax >= ay and ax >= az:
            first, second, turn = 1, 2, nx
        elif ay >= az:
            first, second, turn = 2, 0, ny
        if not (turn > 0 or turn < 0):
            continue
        sign = 1.0 if turn > 0 else -1.0
        for i in range(size):
            row = corners[begin + i]
            if row < 0 or row >= len(positions):
                row = 0
            flat[i, 0], flat[i, 1] = positions[row, first], positions[row, second] * sign
            ring[i] = i
        if not _turns_inwards(flat, size):
            continue
        left, triangle, at, tried = size, firsts[k], 0, 0
        while left > 3 and tried < left and work < MAX_WORK:
            work += left
            before, ear, after = ring[(at + left - 1) % left], ring[at % left], ring[(at + 1) % left]
            if _is_ear(flat, ring, left, before, ear, after):
                places[triangle, 0], places[triangle, 1], places[triangle, 2] = (
                    begin + before,
                    begin + ear,
                    begin + after,
                )
                triangle += 1
                for i in range(at % left, left - 1):
                    ring[i] = ring[i + 1]
                left -= 1
                at = (at + left - 1) % left
                tried = 0
            else:
                at = (at + 1) % left
                tried += 1
        for i in range(1, left - 1):  # what is left, three corners unless the outline crosses itself
            places[triangle, 0] = begin + ring[0]
            places[triangle, 1] = begin + ring[i]
            places[triangle, 2] = begin + ring[i + 1]
            triangle += 1


@njit(cache=True)
def _double_area(flat, a, b, c):
    return (flat[b, 0] - flat[a, 0]) * (flat[c, 1] - flat[a, 1]) - (flat[c, 0] - flat[a, 0]) * (flat[b, 1] - flat[a, 1])


@njit(cache=True)
def _turns_inwards(flat, size):
    found = False
    for i in range(size):
        found |= _double_area(flat, i, (i + 1) % size, (i + 2) % size) < 0
    return found


@njit(cache=True)
def _is_ear(flat, ring, left, before, ear, after):
    """Whether the corner turns outwards and no other corner lies in its triangle."""
    if _double_area(flat, before, ear, after) <= 0:
        return False
    for i in range(left):
        other = ring[i]
        if other in (before, ear, after):
            continue
        inside = (
            _double_area(flat, before, ear, other) >= 0
            and _double_area(flat, ear, after, other) >= 0
            and _double_area(flat, after, before, other) >= 0
        )
        if inside:
            return False
    return True
