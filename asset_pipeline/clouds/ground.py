"""The bare ground of a surveyed tile: from the survey's own class where it has one, else by a filter of our own.

The filter is a progressive morphological one (Zhang et al. 2003) on heights from which the lie of the land was taken off:
an opening by windows of growing size cuts off what is smaller than the window and stands higher than land would.
"""

from dataclasses import dataclass

import numpy as np

from asset_pipeline.clouds.cloud import BUILDING, GROUND, VEGETATION, Cloud, inside, read_records
from asset_pipeline.clouds.grid import Grid, Mask, Plane, cells_of
from asset_pipeline.jit import njit

WIDEST_ROOF_M = 100.0
LOWEST_STEP_M, HIGHEST_STEP_M, SLOPE = 0.3, 2.5, 0.15  # how far a cell may stand above an opening and still be ground
PIT_M = 1.5  # a cell so much below all round it is an echo from nowhere
CLASSED_SHARE = 0.02  # of the cells, from which on the survey's own ground class is trusted
SMOOTHINGS = 20


@dataclass(frozen=True)
class Layers:
    """What a tile holds in each cell, all (rows, columns): the lowest point; the lowest of class ground, NaN without.

    points, several, roofs, plants: how many points, of pulses with several returns, of class building, of vegetation.
    """

    lowest: Plane
    classed: Plane
    points: Plane
    several: Plane
    roofs: Plane
    plants: Plane


def read_layers(cloud: Cloud, grid: Grid) -> Layers:
    """The layers of a cloud over a grid."""
    lowest = np.full((2, grid.rows * grid.columns), np.inf, np.float32)
    counts = np.zeros((4, grid.rows * grid.columns), np.float32)
    for records in read_records(cloud):
        at = np.ascontiguousarray(records["at"])
        cells = cells_of(grid, at)
        cells[~inside(cloud, at)] = -1
        _add_layers(at, cells, records["kind"].copy(), records["returns"].copy(), lowest, counts)
    lowest[np.isinf(lowest)] = np.nan
    points, several, roofs, plants = (layer.reshape(grid.shape) for layer in counts)
    every, classed = (layer.reshape(grid.shape) for layer in lowest)
    return Layers(every, classed, points, several, roofs, plants)


def find_ground(layers: Layers, cell_m: float) -> tuple[Plane, Mask, bool]:
    """(ground in every cell, cells in which it was seen, whether the survey's own class gave it)."""
    classed = np.isfinite(layers.classed)
    known = np.isfinite(layers.lowest)
    if classed.sum() >= CLASSED_SHARE * known.sum():
        return fill_plane(layers.classed, SMOOTHINGS), classed, True
    low = sound_lowest(layers)
    wide = max(3, int(WIDEST_ROOF_M / cell_m) | 1)
    rest = low - _find_trend(low, wide)
    seen = known.copy()
    opened, width = rest, 1
    while width < wide:
        wider = min(wide, 2 * width + 1)
        step = min(HIGHEST_STEP_M, LOWEST_STEP_M + SLOPE * (wider - width) * cell_m)
        cut = slide(slide(opened, wider, lowest=True), wider, lowest=False)
        seen &= ~(opened - cut > step)
        opened, width = cut, wider
    return fill_plane(np.where(seen, low, np.float32(np.nan)), SMOOTHINGS), seen, False


def _find_trend(low: Plane, wide: int) -> Plane:
    """The lie of the land: the mean over a wide square of what is lowest in one.

    Beyond the border it goes on as it came, turned about the border's own height, so that slopes do not end there; houses
    are opened away before, or they would be pits.
    """
    half, house = wide // 2, wide // 4 | 1
    opened = slide(slide(low, house, lowest=True), house, lowest=False)
    padded = np.pad(opened, half, mode="reflect", reflect_type="odd")
    trend = mean_around(slide(padded, wide, lowest=True), wide)
    return trend[half:-half, half:-half]


def sound_lowest(layers: Layers) -> Plane:
    """The lowest point of each cell, without echoes from below the ground; cells without points are filled in."""
    around = _neighbour_minimum(np.where(np.isfinite(layers.lowest), layers.lowest, np.float32(np.inf)))
    pit = np.isfinite(around) & (around - layers.lowest > PIT_M)
    return fill_plane(np.where(pit, np.float32(np.nan), layers.lowest), 0)


def fill_plane(plane: Plane, smoothings: int) -> Plane:
    """The plane with its NaN filled in from all round: coarse means first, then each finer one, then smoothed where filled."""
    known = np.isfinite(plane)
    if known.all() or not known.any():
        return plane if known.all() else np.zeros_like(plane)
    filled = _fill(np.where(known, plane, 0).astype(np.float32), known.astype(np.float32))
    filled = np.where(known, plane, filled).astype(np.float32)
    for _ in range(smoothings):
        filled = np.where(known, plane, mean_around(filled, 3)).astype(np.float32)
    return filled


def _fill(total: Plane, weight: Plane) -> Plane:
    """Means of known cells spread into unknown ones over a pyramid of halved planes."""
    mean = np.where(weight > 0, total / np.maximum(weight, 1e-9), 0)
    if min(total.shape) <= 2 or (weight > 0).all():
        overall = total.sum() / max(float(weight.sum()), 1e-9)
        return np.where(weight > 0, mean, overall).astype(np.float32)
    rows, columns = total.shape
    padded = [np.pad(plane, ((0, rows % 2), (0, columns % 2))) for plane in (total, weight)]
    halved = [plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2] for plane in padded]
    coarse = _fill(halved[0], halved[1])
    finer = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)[:rows, :columns]
    return np.where(weight > 0, mean, mean_around(finer, 3)).astype(np.float32)


def mean_around(plane: Plane, wide: int) -> Plane:
    """The mean of each cell's square of `wide` (odd) cells a side, the border repeated."""
    half = wide // 2
    for axis in (0, 1):
        ends = [(0, 0), (0, 0)]
        ends[axis] = (half + 1, half)
        sums = np.cumsum(np.pad(plane, ends, mode="edge"), axis=axis, dtype=np.float64)
        upper = sums[wide:] if axis == 0 else sums[:, wide:]
        lower = sums[:-wide] if axis == 0 else sums[:, :-wide]
        plane = ((upper - lower) / wide).astype(np.float32)
    return plane


def slide(plane: Plane, wide: int, lowest: bool) -> Plane:
    """The lowest or highest value in each cell's square of `wide` (odd) cells a side."""
    sign = np.float32(1 if lowest else -1)
    across = _slide_rows(np.ascontiguousarray(plane * sign), wide // 2)
    return np.asarray(_slide_rows(np.ascontiguousarray(across.T), wide // 2).T * sign)


def _neighbour_minimum(plane: Plane) -> Plane:
    """The lowest of the eight cells round each."""
    padded = np.pad(plane, 1, mode="edge")
    rows, columns = plane.shape
    shifts = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    found: Plane = np.minimum.reduce([padded[r : r + rows, c : c + columns] for r, c in shifts])
    return found


@njit(cache=True)
def _add_layers(at, cells, kinds, returns, lowest, counts):
    for i in range(len(at)):
        cell = cells[i]
        if cell < 0:
            continue
        z, kind = at[i, 2], kinds[i]
        lowest[0, cell] = min(lowest[0, cell], z)
        if kind == GROUND:
            lowest[1, cell] = min(lowest[1, cell], z)
        counts[0, cell] += 1
        counts[1, cell] += returns[i] > 1
        counts[2, cell] += kind == BUILDING
        counts[3, cell] += VEGETATION[0] <= kind <= VEGETATION[-1]


@njit(cache=True)
def _slide_rows(plane, half):
    """The lowest value within `half` cells along each row, by a queue of candidates: linear whatever the width."""
    rows, columns = plane.shape
    found = np.empty_like(plane)
    queue = np.empty(columns, np.int64)
    for row in range(rows):
        first, last, ahead = 0, 0, 0
        for column in range(columns):
            while ahead < min(columns, column + half + 1):
                while last > first and plane[row, queue[last - 1]] >= plane[row, ahead]:
                    last -= 1
                queue[last] = ahead
                last += 1
                ahead += 1
            while queue[first] < column - half:
                first += 1
            found[row, column] = plane[row, queue[first]]
    return found
