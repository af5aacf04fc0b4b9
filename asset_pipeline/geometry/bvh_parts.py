"""Closest points on a scan too large for memory: a tree for each of its cells, on disk, looked into one at a time."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Bvh, BvhPart, Hits, find_closest
from asset_pipeline.geometry.spool import let_all_go, load_value
from asset_pipeline.jit import njit

ROUNDING = 1e-6  # of a box's size: how much a distance in float32 may be off


def join_parts(parts: tuple[BvhPart, ...]) -> Bvh:
    """One tree to search all parts with."""
    none = np.zeros((0, 2), np.int32)
    boxes, corners = np.zeros((0, 2, 6), np.float32), np.zeros((0, 3, 3), np.float32)
    return Bvh(corners, np.zeros(0, np.int32), boxes, none, np.zeros(3), 1.0, parts)


def find_in_parts(
    parts: tuple[BvhPart, ...], points: NDArray[np.floating], facing: NDArray[np.float32] | None, reach: float
) -> Hits:
    """What find_closest gives, exactly: each point asks the nearest part first, then those that could hold a closer one."""
    face = np.full(len(points), -1, np.int32)
    weights = np.zeros((len(points), 3), np.float32)
    distance = np.full(len(points), min(reach, 1e30), np.float32)
    nearest, least = np.zeros(len(points), np.int32), np.full(len(points), np.inf, np.float32)
    for index, part in enumerate(parts):
        gap = _gap(part, points)
        nearer = gap < least
        nearest[nearer], least[nearer] = index, gap[nearer]
    for first in (True, False):
        for index, part in enumerate(parts):
            asked = nearest == index
            if not first:
                asked = ~asked & (_gap(part, points) < distance)
            rows = np.flatnonzero(asked)
            if not len(rows):
                continue
            tree = load_value(part.bvh)
            toward = None if facing is None else facing[rows]
            hits = find_closest(tree, points[rows], toward, reach)
            let_all_go()
            better = (hits.face >= 0) & ((hits.distance < distance[rows]) | (face[rows] < 0))
            won = rows[better]
            face[won] = hits.face[better] + part.start
            weights[won], distance[won] = hits.weights[better], hits.distance[better]
    return Hits(face, weights, distance)


def _gap(part: BvhPart, points: NDArray[np.floating]) -> NDArray[np.float32]:
    """A lower bound of each point's distance to a part's triangles."""
    gaps = np.empty(len(points), np.float32)
    _fill_gaps(part.low, part.high, points, ROUNDING * float((part.high - part.low).max()), gaps)
    return gaps


@njit(cache=True)
def _fill_gaps(low, high, points, rounding, gaps):
    for i in range(len(points)):
        squared = 0.0
        for axis in range(3):
            outside = max(low[axis] - points[i, axis], points[i, axis] - high[axis], 0.0)
            squared += outside * outside
        gaps[i] = max(np.sqrt(squared) - rounding, 0.0)
