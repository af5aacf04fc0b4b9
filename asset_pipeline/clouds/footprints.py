"""The outline of an area of cells as a polygon with few corners, and with right angles where they fit.

Points are (east, north) in metres. Rings are closed without repeating the first point, leftwards round what they hold;
holes run rightwards.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.grid import Mask
from asset_pipeline.clouds.ground import mean_around

SQUARE_SHARE = 0.7  # of the outline that must lie along two directions at right angles for the whole to be made so
SQUARE_DEG = 18.0
AREA_KEPT = 0.12  # how much of its area an outline may gain or lose by being made square
LEAST_HOLE_M2 = 25.0
TOLERANCE, COARSEST_M = 0.05, 2.0  # how far a corner may be left out: this share of the roof's width, at most so much

Ring = NDArray[np.float64]


@dataclass(frozen=True)
class Footprint:
    """The outline of a roof and the courts in it, each (n, 2)."""

    outline: Ring
    holes: tuple[Ring, ...]


def draw_footprint(mask: Mask, left: float, bottom: float, cell: float) -> Footprint | None:
    """The footprint of the cells in a mask whose outer corner is (left, bottom); None when hardly anything is left of it."""
    calm = mean_around(np.pad(mask, 2).astype(np.float32), 5) >= 0.5  # the survey frays every edge by a cell or two
    rings = [(ring - 2) * cell + (left, bottom) for ring in trace_rings(calm)]
    outlines = [ring for ring in rings if area_of(ring) > 0]
    if not outlines:
        return None
    outline = max(outlines, key=area_of)
    tolerance = max(1.5 * cell, min(COARSEST_M, TOLERANCE * area_of(outline) ** 0.5))
    holes = [ring for ring in rings if area_of(ring) < -LEAST_HOLE_M2]
    drawn = [square_up(ring, find_corners(ring, tolerance)) for ring in (outline, *holes)]
    if len(drawn[0]) < 3:
        return None
    return Footprint(drawn[0], tuple(hole for hole in drawn[1:] if len(hole) >= 3))


def area_of(ring: Ring) -> float:
    """The area of a ring, negative when it runs rightwards."""
    x, y = ring[:, 0], ring[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def trace_rings(mask: Mask) -> list[Ring]:
    """The borders of the cells in a mask as rings of (column, row) corners; areas that touch at a corner are kept apart."""
    padded = np.pad(mask, 1)
    ways: dict[tuple[int, int], list[tuple[int, int]]] = {}
    # each side of a cell that has nothing beside it, walked with the cell on the left
    for shift_row, shift_column, start, step in (
        (-1, 0, (0, 0), (1, 0)),
        (0, 1, (1, 0), (0, 1)),
        (1, 0, (1, 1), (-1, 0)),
        (0, -1, (0, 1), (0, -1)),
    ):
        beside = np.roll(padded, (-shift_row, -shift_column), (0, 1))
        for row, column in np.argwhere(padded & ~beside).tolist():
            ways.setdefault((column - 1 + start[0], row - 1 + start[1]), []).append(step)
    rings = []
    while ways:
        at, step = next((at, steps[-1]) for at, steps in ways.items())
        rings.append(_walk(ways, at, step))
    return rings


def _walk(ways: dict[tuple[int, int], list[tuple[int, int]]], start: tuple[int, int], step: tuple[int, int]) -> Ring:
    """One ring, its steps taken out of the ways; where two areas touch it turns left, staying with its own."""
    points, at = [], start
    while True:
        ways[at].remove(step)
        if not ways[at]:
            del ways[at]
        points.append(at)
        at = (at[0] + step[0], at[1] + step[1])
        if at == start:
            return np.array(points, np.float64)
        left = (-step[1], step[0])
        step = left if left in ways[at] else ways[at][0]


def find_corners(ring: Ring, tolerance: float) -> NDArray[np.int64]:
    """Row numbers, ascending, of few points of the ring, such that no other is further than the tolerance from their ring.

    After Douglas and Peucker, from the two points that are furthest from the middle and from one another.
    """
    first = int(np.argmax(np.hypot(*(ring - ring.mean(axis=0)).T)))
    rolled = np.roll(ring, -first, axis=0)
    second = int(np.argmax(np.hypot(*(rolled - rolled[0]).T)))
    if second == 0:
        return np.array([first])
    closed = np.concatenate([rolled, rolled[:1]])
    kept = np.zeros(len(closed), bool)
    kept[[0, second, len(ring)]] = True
    spans = [(0, second), (second, len(ring))]
    while spans:
        start, end = spans.pop()
        if end - start < 2:
            continue
        away = _distances(closed[start + 1 : end], closed[start], closed[end])
        furthest = int(np.argmax(away))
        if away[furthest] > tolerance:
            middle = start + 1 + furthest
            kept[middle] = True
            spans += [(start, middle), (middle, end)]
    return np.sort((np.flatnonzero(kept[:-1]) + first) % len(ring))


def _distances(points: Ring, start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    along = end - start
    length = float(along @ along) or 1e-12
    share = np.clip((points - start) @ along / length, 0, 1)
    return np.asarray(np.hypot(*(points - start - share[:, None] * along).T))


def square_up(ring: Ring, corners: NDArray[np.int64]) -> Ring:
    """The ring's corners, moved so that all are right angles where it is nearly so already."""
    found = ring[corners]
    sides = np.roll(found, -1, axis=0) - found
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    # directions that differ by a quarter turn are one, so they are averaged at four times the angle
    main = float(np.angle(np.sum(lengths**2 * np.exp(4j * angles))) / 4)
    off = np.abs((angles - main + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    if lengths[off < np.radians(SQUARE_DEG)].sum() < SQUARE_SHARE * lengths.sum():
        return found
    turn = np.array([[np.cos(main), -np.sin(main)], [np.sin(main), np.cos(main)]])
    squared = _snap_sides(ring @ turn, corners)
    if squared is None:
        return found
    squared = squared @ turn.T
    same = abs(area_of(squared) - area_of(ring)) <= AREA_KEPT * abs(area_of(ring))
    return squared if same and is_simple(squared) else found


def _snap_sides(ring: Ring, corners: NDArray[np.int64]) -> Ring | None:
    """The ring of level and upright sides along the middle of the old ones; None when fewer than four are left."""
    sides = np.roll(ring[corners], -1, axis=0) - ring[corners]
    level = np.abs(sides[:, 0]) >= np.abs(sides[:, 1])
    turns = np.flatnonzero(level != np.roll(level, 1))  # sides that differ in kind from the one before
    if len(turns) < 4:
        return None
    runs = []
    for number, start in enumerate(turns):
        first, last = corners[start], corners[turns[(number + 1) % len(turns)]]
        rows = np.arange(first, last + 1 + (len(ring) if last <= first else 0)) % len(ring)
        axis = 1 if level[start] else 0
        steps = np.abs(np.diff(ring[rows], axis=0))[:, 1 - axis]
        middles = (ring[rows[:-1], axis] + ring[rows[1:], axis]) / 2
        runs.append(_weighted_median(middles, steps))
    placed = []
    for number, start in enumerate(turns):  # level and upright runs take turns, so that each corner has one of both
        before, here = runs[number - 1], runs[number]
        placed.append((before, here) if level[start] else (here, before))
    return np.array(placed)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(values[order[min(int(np.searchsorted(sums, sums[-1] / 2)), len(order) - 1)]])


def is_simple(ring: Ring) -> bool:
    """Whether no side of the ring crosses another."""
    a, b = ring, np.roll(ring, -1, axis=0)

    def turn(p: Ring, q: Ring, r: Ring) -> NDArray[np.float64]:
        return np.asarray(
            (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        )

    first, second = a[:, None], b[:, None]
    crossing = (turn(first, second, a[None]) * turn(first, second, b[None]) < 0) & (
        turn(a[None], b[None], first) * turn(a[None], b[None], second) < 0
    )
    return not bool(crossing.any())


def bridge_holes(footprint: Footprint) -> Ring:
    """One ring for outline and holes: each hole is joined by a way there and back, where a polygon may have no holes."""
    ring = footprint.outline
    for hole in sorted(footprint.holes, key=lambda each: -float(each[:, 0].max())):
        away = np.hypot(*(ring[:, None] - hole[None]).transpose(2, 0, 1))
        near, there = np.unravel_index(int(np.argmin(away)), away.shape)
        detour = np.concatenate([np.roll(hole, -int(there), axis=0), hole[there : there + 1], ring[near : near + 1]])
        ring = np.concatenate([ring[: int(near) + 1], detour, ring[int(near) + 1 :]])
    return ring
