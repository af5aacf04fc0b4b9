"""The upper surface of a point cloud as a mesh over a grid: one vertex a cell, at the mean of the points on top of it.

The cell follows the density of the points. Lone points far above or below all around them are left out, small gaps are
bridged, large ones stay open. Linear in the points, and the memory depends on the number of cells alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.cloud import Cloud, Points, inside, read_colours, read_records, sample_cloud
from asset_pipeline.clouds.grid import Grid, Plane, cells_of, cover, label_areas
from asset_pipeline.errors import ScanRefused
from asset_pipeline.jit import njit

POINTS_A_CELL = 2.0
MOST_CELLS = 4_000_000
LAYER_CELLS = 1.0  # points this far below the top of their cell still belong to the surface,
UNDER_CELLS = 3.0  # and those further below than this lie under it
SPIKE_CELLS = 4.0  # a cell is a spike when no other near it comes as near to its height
SPIKE_ROUNDS = 2
BRIDGE_CELLS = 4
SEVERAL_HEIGHTS = 0.3  # share of cells from which a cloud is no 2.5D surface


@dataclass(frozen=True)
class Heightfield:
    """tops (rows, columns): the surface, NaN where there is none; means: what a cell's vertex is made of, see mesh_heightfield.

    under_share: points below the surface; several_share: cells with several heights; spikes and bridged: cells;
    open_gaps: areas without points inside the surface.
    """

    grid: Grid
    tops: Plane
    means: NDArray[np.float32]
    coloured: bool
    on_top: int
    under_share: float
    several_share: float
    spikes: int
    bridged: int
    open_gaps: int


def choose_cell(cloud: Cloud, most_cells: int = MOST_CELLS) -> float:
    """The side of a cell in cloud units: a few points in each where the cloud is as dense as usual, and not too many cells."""
    at = sample_cloud(cloud, 200_000)
    size = cloud.high[:2] - cloud.low[:2]
    if not size.max() > 0:
        raise ScanRefused("cloud_no_area", "All points lie above one another, so they span no surface.", "read")
    size = np.maximum(size, size.max() * 1e-3)
    coarse = float(
        np.sqrt(size.prod() * 16 / len(at))
    )  # sixteen sampled points a block, so that covered ones are not missed
    blocks = cells_of(cover(cloud.low, cloud.high, coarse), at.astype(np.float32))
    _, counts = np.unique(blocks, return_counts=True)
    dense = np.sort(counts)[
        np.searchsorted(np.cumsum(np.sort(counts)), counts.sum() / 2)
    ]  # of the block of the median point
    usual = min(float(dense), counts.mean() * 4) * cloud.points / len(at) / coarse**2
    return max(float(np.sqrt(POINTS_A_CELL / usual)), float(np.sqrt(size.prod() / min(most_cells, MOST_CELLS))))


def make_heightfield(cloud: Cloud, cell: float) -> Heightfield:
    """The upper surface of the cloud over cells of that side. Raises ScanRefused when there is none."""
    grid = cover(cloud.low, cloud.high, cell)
    tops, floors, spikes = _find_tops(cloud, grid)
    means, on_top, under = _add_up(cloud, grid, tops)
    filled = means[:, :, 0] > 0
    np.divide(means[:, :, 1:], means[:, :, :1], out=means[:, :, 1:], where=filled[:, :, None])
    surface = np.where(filled, tops + means[:, :, 3], np.float32(np.nan))
    bridged = _bridge(surface, means, BRIDGE_CELLS, np.float32(SPIKE_CELLS * cell), np.float32(cell))
    return Heightfield(
        grid,
        surface,
        means,
        cloud.shift is not None,
        on_top,
        under / max(1, on_top + under),
        _several_share(tops, floors, cell),
        spikes,
        bridged,
        _count_gaps(surface),
    )


def _find_tops(cloud: Cloud, grid: Grid) -> tuple[Plane, Plane, int]:
    """(highest, lowest) point of each cell, NaN in empty ones, spikes taken off, and how many spikes there were."""
    ceiling = np.full(grid.shape, np.inf, np.float32)
    spikes = 0
    for remaining in range(SPIKE_ROUNDS, -1, -1):
        tops, floors = np.full(grid.shape, -np.inf, np.float32), np.full(grid.shape, np.inf, np.float32)
        for records in read_records(cloud):
            at = np.ascontiguousarray(records["at"])
            at = at[inside(cloud, at)]
            _raise_tops(at, cells_of(grid, at), ceiling.reshape(-1), tops.reshape(-1), floors.reshape(-1))
        found = _find_spikes(tops, np.float32(SPIKE_CELLS * grid.cell))
        spikes += int(found.sum())
        ceiling[found] = tops[found]
        if not found.any() or remaining == 0:
            break
    tops[found] = -np.inf
    empty = np.isinf(tops)
    tops[empty] = floors[empty] = np.nan
    return tops, floors, spikes


def _add_up(cloud: Cloud, grid: Grid, tops: Plane) -> tuple[NDArray[np.float32], int, int]:
    """(sums, points on top, points under the surface): sums (rows, columns, 7) are the count of the points on top of each

    cell, their x and y from its corner, their z from its top, and their colours.
    """
    sums = np.zeros((grid.rows * grid.columns, 7), np.float32)
    on_top = under = 0
    layer, deep = np.float32(LAYER_CELLS * grid.cell), np.float32(UNDER_CELLS * grid.cell)
    for records in read_records(cloud):
        at = np.ascontiguousarray(records["at"])
        colours = read_colours(cloud, records)
        if colours is None:
            colours = np.zeros((1, 3), np.uint8)
        counted = _add_points(
            at, colours, cells_of(grid, at), tops, sums, (grid.left, grid.bottom, grid.cell, layer, deep)
        )
        on_top, under = on_top + counted[0], under + counted[1]
    return sums.reshape(*grid.shape, 7), on_top, under


def _count_gaps(surface: Plane) -> int:
    """How many areas of empty cells do not reach the border of the grid."""
    empty = np.isnan(surface)
    labels, count = label_areas(empty, np.zeros_like(surface), 1.0)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return count - len(np.unique(border[border >= 0]))


def _several_share(tops: Plane, floors: Plane, cell: float) -> float:
    """Share of cells in which points lie well below others."""
    known = np.isfinite(tops)
    return float((known & (tops - floors > UNDER_CELLS * cell)).sum() / max(1, known.sum()))


def sample_top(cloud: Cloud, field: Heightfield, count: int) -> Points:
    """Every k-th of the points that made the surface, about `count`, (n, 3) without the origin; seldom the very same cell."""
    at = sample_cloud(cloud, count)
    cells = cells_of(field.grid, at.astype(np.float32))
    tops = field.tops.reshape(-1)[cells]
    # a vertex is the mean of its layer, so its points lie within a layer of it
    return at[(cells >= 0) & (np.abs(at[:, 2] - tops) <= LAYER_CELLS * field.grid.cell)]


@njit(cache=True)
def _raise_tops(at, cells, ceiling, tops, floors):
    for i in range(len(at)):
        cell = cells[i]
        if cell < 0:
            continue
        z = at[i, 2]
        if z < ceiling[cell]:
            tops[cell] = max(tops[cell], z)
            floors[cell] = min(floors[cell], z)


@njit(cache=True)
def _find_spikes(tops, reach):
    """Cells with at least three others round them, none of which comes within reach of their height."""
    rows, columns = tops.shape
    found = np.zeros((rows, columns), np.bool_)
    for row in range(rows):
        for column in range(columns):
            top = tops[row, column]
            if not np.isfinite(top):
                continue
            around, close = 0, 0
            for r in range(max(0, row - 2), min(rows, row + 3)):
                for c in range(max(0, column - 2), min(columns, column + 3)):
                    if np.isfinite(tops[r, c]) and (r != row or c != column):
                        around += 1
                        close += abs(tops[r, c] - top) <= reach
            found[row, column] = around >= 3 and close == 0
    return found


@njit(cache=True)
def _add_points(at, colours, cells, tops, sums, sizes):
    left, bottom, side, layer, deep = sizes
    columns = tops.shape[1]
    on_top, under = 0, 0
    for i in range(len(at)):
        cell = cells[i]
        if cell < 0:
            continue
        row, column = cell // columns, cell % columns
        below = tops[row, column] - at[i, 2]
        if not below >= 0:  # a spike, or a stray point over nothing
            continue
        if below > layer:
            under += below > deep
            continue
        on_top += 1
        sums[cell, 0] += 1
        sums[cell, 1] += at[i, 0] - (left + column * side)
        sums[cell, 2] += at[i, 1] - (bottom + row * side)
        sums[cell, 3] -= below
        if len(colours) == len(at):
            for k in range(3):
                sums[cell, 4 + k] += colours[i, k]
    return on_top, under


@njit(cache=True)
def _bridge(surface, means, reach, step, side):
    """Fill empty cells that have filled ones on opposite sides; of very different heights the lower ones count.

    A gap beside a wall is what the wall hid from the scanner: it belongs to the ground. Returns how many were filled.
    """
    rows, columns = surface.shape
    source = surface.copy()
    filled = 0
    away = np.empty(2, np.float32)
    place = np.empty(2, np.int64)
    between, weights, colours = np.empty(4, np.float32), np.empty(4, np.float32), np.empty((4, 3), np.float32)
    for row in range(rows):
        for column in range(columns):
            if np.isfinite(source[row, column]):
                continue
            lowest = np.float32(np.inf)
            for line in range(4):  # across, along and both diagonals
                down, right = (0, 1, 1, 1)[line], (1, 0, 1, -1)[line]
                between[line] = np.inf
                for end in range(2):
                    sign = 1 - 2 * end
                    place[end] = -1
                    for steps in range(1, reach + 1):
                        r, c = row + sign * down * steps, column + sign * right * steps
                        if not (0 <= r < rows and 0 <= c < columns):
                            break
                        if np.isfinite(source[r, c]):
                            place[end], away[end] = r * columns + c, steps
                            break
                if place[0] < 0 or place[1] < 0:
                    continue
                first, second = source.flat[place[0]], source.flat[place[1]]
                share = away[0] / (away[0] + away[1])
                if abs(first - second) > step:
                    share = np.float32(0 if first < second else 1)
                between[line] = first + share * (second - first)
                weights[line] = 1 / ((away[0] + away[1]) * np.sqrt(np.float32(down * down + right * right)))
                for k in range(3):
                    one, other = (
                        means[place[0] // columns, place[0] % columns, 4 + k],
                        means[place[1] // columns, place[1] % columns, 4 + k],
                    )
                    colours[line, k] = one + share * (other - one)
                lowest = min(lowest, between[line])
            if not np.isfinite(lowest):
                continue
            whole, height = np.float32(0), np.float32(0)
            colour = np.zeros(3, np.float32)
            for line in range(4):
                if between[line] <= lowest + step:
                    whole += weights[line]
                    height += weights[line] * between[line]
                    for k in range(3):
                        colour[k] += weights[line] * colours[line, k]
            surface[row, column] = height / whole
            for k in range(3):
                means[row, column, 4 + k] = colour[k] / whole
            means[row, column, 1] = means[row, column, 2] = side / 2
            filled += 1
    return filled
