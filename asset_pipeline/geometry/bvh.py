"""Closest points on a surface: a bounding volume hierarchy over its triangles, built and searched in numba.

The tree is binary and split by the surface area heuristic over bins. An inner node holds the boxes of both children, so
that one fetch decides where to go; everything is scaled to a box of side 1 first, so that neither millimetres nor
kilometres lose digits in float32.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit, prange
from asset_pipeline.mesh import Faces, Positions

LEAF = 4  # triangles in a leaf, at most
BINS = 16
CHUNK = 512
STACK = 192  # deeper than any tree that is built: below DEPTH nodes are halved by number
DEPTH = 96


@dataclass(frozen=True)
class Bvh:
    """corners (k, 3, 3) float32 in tree order, scaled to a box of side 1; order (k,) the original face of each.

    boxes (nodes, 2, 6) float32: low and high corner of both children; children (nodes, 2) int32: the number of an inner
    node, or -1 - (first triangle * 8 + count) of a leaf. A place is `position = corner * scale + centre`. Over a scan too
    large for memory there are parts instead, see bvh_parts.py, and the arrays are empty.
    """

    corners: NDArray[np.float32]
    order: NDArray[np.int32]
    boxes: NDArray[np.float32]
    children: NDArray[np.int32]
    centre: NDArray[np.float64]
    scale: float
    parts: "tuple[BvhPart, ...]" = ()


@dataclass(frozen=True)
class BvhPart:
    """The tree over the triangles from row `start` on, which lie in the box low (3,) to high (3,); its arrays are on disk."""

    start: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    bvh: Bvh


@dataclass(frozen=True)
class Hits:
    """For each query: the closest face (n,), -1 for none; barycentric weights (n, 3) there; distance (n,) in mesh units."""

    face: NDArray[np.int32]
    weights: NDArray[np.float32]
    distance: NDArray[np.float32]


def build_bvh(positions: Positions, faces: Faces) -> Bvh:
    """The tree over all triangles of a surface."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    centre, scale = (low + high) / 2, float((high - low).max()) or 1.0
    scaled = ((positions - centre) / scale).astype(np.float32)
    ends = np.empty((len(faces), 3), np.float32), np.empty((len(faces), 3), np.float32)
    _bound(scaled, faces, *ends)
    order = np.arange(len(faces), dtype=np.int32)
    boxes = np.zeros((max(1, len(faces)), 2, 6), np.float32)
    children = np.zeros((max(1, len(faces)), 2), np.int32)
    used = _build(*ends, order, boxes, children)
    del ends
    corners = np.empty((len(faces), 3, 3), np.float32)
    _take_corners(scaled, faces, order, corners)
    return Bvh(corners, order, boxes[:used].copy(), children[:used].copy(), centre, scale)


def find_closest(
    bvh: Bvh, points: NDArray[np.floating], facing: NDArray[np.float32] | None = None, reach: float = np.inf
) -> Hits:
    """The closest point of the surface to each of points (n, 3); neighbours in the list should be neighbours in space.

    With directions (n, 3) given as facing, only triangles that face the same way count. Beyond reach (mesh units) nothing
    is found.
    """
    if bvh.parts:
        from asset_pipeline.geometry.bvh_parts import find_in_parts

        return find_in_parts(bvh.parts, points, facing, reach)
    queries = ((points - bvh.centre) / bvh.scale).astype(np.float32)
    face = np.empty(len(queries), np.int32)
    weights = np.empty((len(queries), 3), np.float32)
    squared = np.empty(len(queries), np.float32)
    directions = np.zeros((0, 3), np.float32) if facing is None else facing
    limit = np.float32(min(reach / bvh.scale, 1e9) ** 2)
    _search(bvh.corners, bvh.boxes, bvh.children, queries, directions, limit, face, weights, squared)
    found = np.where(face >= 0, bvh.order[face], -1).astype(np.int32)
    return Hits(found, weights, np.sqrt(squared) * np.float32(bvh.scale))


@njit(cache=True)
def _bound(positions, faces, low, high):
    for f in range(len(faces)):
        for axis in range(3):
            a, b, c = positions[faces[f, 0], axis], positions[faces[f, 1], axis], positions[faces[f, 2], axis]
            low[f, axis], high[f, axis] = min(a, b, c), max(a, b, c)


@njit(cache=True)
def _take_corners(positions, faces, order, corners):
    for i in range(len(order)):
        for k in range(3):
            for axis in range(3):
                corners[i, k, axis] = positions[faces[order[i], k], axis]


@njit(cache=True)
def _area(box):
    x, y, z = box[3] - box[0], box[4] - box[1], box[5] - box[2]
    return x * y + y * z + z * x


@njit(cache=True)
def _grow(box, low, high, row):
    for axis in range(3):
        box[axis] = min(box[axis], low[row, axis])
        box[3 + axis] = max(box[3 + axis], high[row, axis])


@njit(cache=True)
def _build(low, high, order, boxes, children):
    """Fill boxes and children, sort order; gives the number of nodes. Sums of both ends stand for centres (times 2)."""
    starts, ends = np.empty(STACK, np.int64), np.empty(STACK, np.int64)
    depths, parents, sides = np.empty(STACK, np.int64), np.empty(STACK, np.int64), np.empty(STACK, np.int64)
    bin_boxes, bin_counts = np.empty((BINS, 6), np.float32), np.empty(BINS, np.int64)
    right_costs, right_counts = np.empty(BINS, np.float32), np.empty(BINS, np.int64)
    box, centre_box = np.empty(6, np.float32), np.empty(6, np.float32)
    starts[0], ends[0], depths[0], parents[0], sides[0] = 0, len(order), 0, -1, 0
    top, used = 1, 0
    while top:
        top -= 1
        start, end, depth, parent, side = starts[top], ends[top], depths[top], parents[top], sides[top]
        count = end - start
        box[:3], box[3:] = np.inf, -np.inf
        centre_box[:3], centre_box[3:] = np.inf, -np.inf
        for i in range(start, end):
            row = order[i]
            _grow(box, low, high, row)
            for axis in range(3):
                centre = low[row, axis] + high[row, axis]
                centre_box[axis] = min(centre_box[axis], centre)
                centre_box[3 + axis] = max(centre_box[3 + axis], centre)
        if parent >= 0:
            boxes[parent, side] = box
        if count <= LEAF and parent >= 0:
            children[parent, side] = -1 - (start * 8 + count)
            continue
        node = used
        used += 1
        if parent >= 0:
            children[parent, side] = node
        if count <= LEAF:  # the whole surface is one leaf
            boxes[node, 0] = box
            boxes[node, 1, :3], boxes[node, 1, 3:] = np.inf, -np.inf
            children[node, 0], children[node, 1] = -1 - (start * 8 + count), -1
            continue
        axis = 0
        for other in range(1, 3):
            if centre_box[3 + other] - centre_box[other] > centre_box[3 + axis] - centre_box[axis]:
                axis = other
        span = centre_box[3 + axis] - centre_box[axis]
        middle = start + count // 2
        if depth < DEPTH and span > 0:
            factor = np.float32(BINS * 0.9999) / span
            if np.isfinite(factor):
                for k in range(BINS):
                    bin_counts[k] = 0
                    bin_boxes[k, :3], bin_boxes[k, 3:] = np.inf, -np.inf
                for i in range(start, end):
                    row = order[i]
                    k = min(BINS - 1, int((low[row, axis] + high[row, axis] - centre_box[axis]) * factor))
                    bin_counts[k] += 1
                    _grow(bin_boxes[k], low, high, row)
                box[:3], box[3:] = np.inf, -np.inf
                total = 0
                for k in range(BINS - 1, 0, -1):
                    _grow(box, bin_boxes[:, :3], bin_boxes[:, 3:], k)
                    total += bin_counts[k]
                    right_counts[k], right_costs[k] = total, _area(box) * total if total else 0.0
                box[:3], box[3:] = np.inf, -np.inf
                total, best, cut = 0, np.float32(np.inf), -1
                for k in range(BINS - 1):
                    _grow(box, bin_boxes[:, :3], bin_boxes[:, 3:], k)
                    total += bin_counts[k]
                    if total and right_counts[k + 1]:
                        cost = _area(box) * total + right_costs[k + 1]
                        if cost < best:
                            best, cut = cost, k
                if cut >= 0:
                    i, j = start, end - 1
                    while i <= j:
                        row = order[i]
                        k = min(BINS - 1, int((low[row, axis] + high[row, axis] - centre_box[axis]) * factor))
                        if k <= cut:
                            i += 1
                        else:
                            order[i], order[j] = order[j], row
                            j -= 1
                    middle = i
        starts[top], ends[top], depths[top], parents[top], sides[top] = middle, end, depth + 1, node, 1
        starts[top + 1], ends[top + 1], depths[top + 1] = start, middle, depth + 1
        parents[top + 1], sides[top + 1] = node, 0
        top += 2
    return used


@njit(cache=True)
def _closest_on_triangle(corners, k, px, py, pz):
    """(squared distance, second and third weight) of triangle k. After Ericson, Real-Time Collision Detection, 5.1.5."""
    # differences are exact enough in float32; their products are not: a sliver would be missed by its own width
    ax, ay, az = corners[k, 0, 0], corners[k, 0, 1], corners[k, 0, 2]
    abx, aby, abz = (
        np.float64(corners[k, 1, 0] - ax),
        np.float64(corners[k, 1, 1] - ay),
        np.float64(corners[k, 1, 2] - az),
    )
    acx, acy, acz = (
        np.float64(corners[k, 2, 0] - ax),
        np.float64(corners[k, 2, 1] - ay),
        np.float64(corners[k, 2, 2] - az),
    )
    apx, apy, apz = np.float64(px - ax), np.float64(py - ay), np.float64(pz - az)
    d1 = abx * apx + aby * apy + abz * apz
    d2 = acx * apx + acy * apy + acz * apz
    bb = abx * abx + aby * aby + abz * abz
    cc = acx * acx + acy * acy + acz * acz
    bc = abx * acx + aby * acy + abz * acz
    d3, d4, d5, d6 = d1 - bb, d2 - bc, d1 - bc, d2 - cc
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    v, w = 0.0, 0.0
    if d1 <= 0 and d2 <= 0:
        pass
    elif d3 >= 0 and d4 <= d3:
        v = 1.0
    elif vc <= 0 and d1 >= 0 and d3 <= 0:
        v = d1 / bb if bb > 0 else v
    elif d6 >= 0 and d5 <= d6:
        w = 1.0
    elif vb <= 0 and d2 >= 0 and d6 <= 0:
        w = d2 / cc if cc > 0 else w
    elif va <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
        edge = (d4 - d3) + (d5 - d6)
        w = (d4 - d3) / edge if edge > 0 else w
        v = 1.0 - w
    else:
        total = va + vb + vc
        if total > 0:
            v, w = vb / total, vc / total
    x = apx - v * abx - w * acx
    y = apy - v * aby - w * acy
    z = apz - v * abz - w * acz
    return np.float32(x * x + y * y + z * z), np.float32(v), np.float32(w)


@njit(cache=True)
def _faces_along(corners, k, direction):
    """Whether triangle k faces the way of a direction, within about 80 degrees."""
    ax, ay, az = corners[k, 0, 0], corners[k, 0, 1], corners[k, 0, 2]
    abx, aby, abz = corners[k, 1, 0] - ax, corners[k, 1, 1] - ay, corners[k, 1, 2] - az
    acx, acy, acz = corners[k, 2, 0] - ax, corners[k, 2, 1] - ay, corners[k, 2, 2] - az
    x, y, z = aby * acz - abz * acy, abz * acx - abx * acz, abx * acy - aby * acx
    along = x * direction[0] + y * direction[1] + z * direction[2]
    return along > 0 and along * along > np.float32(0.03) * (x * x + y * y + z * z)


@njit(cache=True)
def _box_squared(box, px, py, pz):
    x = max(box[0] - px, px - box[3], np.float32(0))
    y = max(box[1] - py, py - box[4], np.float32(0))
    z = max(box[2] - pz, pz - box[5], np.float32(0))
    return x * x + y * y + z * z


@njit(cache=True, parallel=True)
def _search(corners, boxes, children, queries, directions, limit, face, weights, squared):
    choosy = len(directions) > 0
    for chunk in prange((len(queries) + CHUNK - 1) // CHUNK):
        stack, gaps = np.empty(STACK, np.int32), np.empty(STACK, np.float32)
        guess = 0
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(queries))):
            px, py, pz = queries[i, 0], queries[i, 1], queries[i, 2]
            best, found, v, w = limit, -1, np.float32(0), np.float32(0)
            if not choosy or _faces_along(corners, guess, directions[i]):
                # start from the previous answer: neighbouring queries mostly end on the same few triangles
                gap, v1, w1 = _closest_on_triangle(corners, guess, px, py, pz)
                if gap < best:
                    best, found, v, w = gap, guess, v1, w1
            stack[0], gaps[0] = 0, 0
            top = 1
            while top:
                top -= 1
                if gaps[top] >= best:
                    continue
                node = stack[top]
                near, far = 0, 1
                near_gap = _box_squared(boxes[node, 0], px, py, pz)
                far_gap = _box_squared(boxes[node, 1], px, py, pz)
                if far_gap < near_gap:
                    near, far, near_gap, far_gap = 1, 0, far_gap, near_gap
                if far_gap < best and children[node, far] >= 0:
                    stack[top], gaps[top] = children[node, far], far_gap
                    top += 1
                for step in range(2):
                    side = near if step == 0 else far
                    child = children[node, side]
                    if child >= 0 or (near_gap if step == 0 else far_gap) >= best:
                        continue
                    leaf = -1 - child
                    for k in range(leaf >> 3, (leaf >> 3) + (leaf & 7)):
                        if choosy and not _faces_along(corners, k, directions[i]):
                            continue
                        gap, v1, w1 = _closest_on_triangle(corners, k, px, py, pz)
                        if gap < best:
                            best, found, v, w = gap, k, v1, w1
                if near_gap < best and children[node, near] >= 0:
                    stack[top], gaps[top] = children[node, near], near_gap
                    top += 1
            if found >= 0:
                guess = found
            face[i] = found
            squared[i] = best
            weights[i, 0], weights[i, 1], weights[i, 2] = np.float32(1) - v - w, v, w
