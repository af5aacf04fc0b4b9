"""Closest points on a surface: a bounding volume hierarchy over its triangles, built in numpy, searched in numba.

Triangles are sorted along a Morton curve and halved by position in that order, so the tree needs no pointers: node i
has the children 2 i + 1 and 2 i + 2, and the leaves hold LEAF triangles each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit, prange
from asset_pipeline.mesh import Faces, Positions

LEAF = 4
CHUNK = 512
STACK = 64


@dataclass(frozen=True)
class Bvh:
    """corners (k, 3, 3) float32 in tree order, order (k,) the original face of each; low, high (nodes, 3) float32."""

    corners: NDArray[np.float32]
    order: NDArray[np.int32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    leaves: int


@dataclass(frozen=True)
class Hits:
    """For each query: the closest face (n,), barycentric weights (n, 3) of the point on it, distance (n,) in mesh units."""

    face: NDArray[np.int32]
    weights: NDArray[np.float32]
    distance: NDArray[np.float32]


def build_bvh(positions: Positions, faces: Faces) -> Bvh:
    """The tree over all triangles of a surface."""
    corners = positions[faces].astype(np.float32)
    order = np.argsort(_morton(corners.mean(axis=1)), kind="stable").astype(np.int32)
    corners = corners[order]
    leaves = 1 << max(0, int(np.ceil(np.log2(max(1, -(-len(corners) // LEAF))))))
    low = np.full((2 * leaves - 1, 3), np.inf, np.float32)
    high = np.full((2 * leaves - 1, 3), -np.inf, np.float32)
    padded = np.full((leaves * LEAF, 3, 3), np.nan, np.float32)
    padded[: len(corners)] = corners
    boxes = padded.reshape(leaves, LEAF * 3, 3)
    used = -(-len(corners) // LEAF)
    low[leaves - 1 : leaves - 1 + used] = np.nanmin(boxes[:used], axis=1)
    high[leaves - 1 : leaves - 1 + used] = np.nanmax(boxes[:used], axis=1)
    first = leaves - 1
    while first:
        parent = (first - 1) // 2
        low[parent:first] = np.minimum(low[first : 2 * first + 1 : 2], low[first + 1 : 2 * first + 1 : 2])
        high[parent:first] = np.maximum(high[first : 2 * first + 1 : 2], high[first + 1 : 2 * first + 1 : 2])
        first = parent
    return Bvh(corners, order, low, high, leaves)


def _morton(points: NDArray[np.float32]) -> NDArray[np.uint64]:
    low, high = points.min(axis=0), points.max(axis=0)
    cell = np.clip((points - low) / np.maximum(high - low, 1e-30) * 0x1FFFFF, 0, 0x1FFFFF).astype(np.uint64)
    key = np.zeros(len(points), np.uint64)
    for axis in range(3):
        bits = cell[:, axis]
        for shift, mask in (
            (32, 0x1F00000000FFFF),
            (16, 0x1F0000FF0000FF),
            (8, 0x100F00F00F00F00F),
            (4, 0x10C30C30C30C30C3),
            (2, 0x1249249249249249),
        ):
            bits = (bits | bits << np.uint64(shift)) & np.uint64(mask)
        key |= bits << np.uint64(axis)
    return key


def find_closest(bvh: Bvh, points: NDArray[np.floating]) -> Hits:
    """The closest point of the surface to each of points (n, 3); neighbours in the list should be neighbours in space."""
    queries = np.ascontiguousarray(points, np.float32)
    face = np.empty(len(queries), np.int32)
    weights = np.empty((len(queries), 3), np.float32)
    squared = np.empty(len(queries), np.float32)
    _search(bvh.corners, bvh.low, bvh.high, bvh.leaves, queries, face, weights, squared)
    return Hits(bvh.order[face], weights, np.sqrt(squared))


@njit(cache=True, fastmath=False)
def _closest_on_triangle(a, b, c, p, out):
    """Squared distance from p to triangle abc; out gets the weights. After Ericson, Real-Time Collision Detection, 5.1.5."""
    abx, aby, abz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    acx, acy, acz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    apx, apy, apz = p[0] - a[0], p[1] - a[1], p[2] - a[2]
    d1 = abx * apx + aby * apy + abz * apz
    d2 = acx * apx + acy * apy + acz * apz
    bpx, bpy, bpz = p[0] - b[0], p[1] - b[1], p[2] - b[2]
    d3 = abx * bpx + aby * bpy + abz * bpz
    d4 = acx * bpx + acy * bpy + acz * bpz
    cpx, cpy, cpz = p[0] - c[0], p[1] - c[1], p[2] - c[2]
    d5 = abx * cpx + aby * cpy + abz * cpz
    d6 = acx * cpx + acy * cpy + acz * cpz
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    if d1 <= 0 and d2 <= 0:
        v, w = 0.0, 0.0
    elif d3 >= 0 and d4 <= d3:
        v, w = 1.0, 0.0
    elif vc <= 0 and d1 >= 0 and d3 <= 0:
        v, w = d1 / (d1 - d3) if d1 != d3 else 0.0, 0.0
    elif d6 >= 0 and d5 <= d6:
        v, w = 0.0, 1.0
    elif vb <= 0 and d2 >= 0 and d6 <= 0:
        v, w = 0.0, d2 / (d2 - d6) if d2 != d6 else 0.0
    elif va <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6)) if (d4 - d3) + (d5 - d6) > 0 else 0.0
        v = 1.0 - w
    else:
        total = va + vb + vc
        v, w = (vb / total, vc / total) if total != 0 else (0.0, 0.0)
    x = apx - v * abx - w * acx
    y = apy - v * aby - w * acy
    z = apz - v * abz - w * acz
    out[0], out[1], out[2] = 1.0 - v - w, v, w
    return x * x + y * y + z * z


@njit(cache=True)
def _box_squared(low, high, node, p):
    total = 0.0
    for axis in range(3):
        gap = max(low[node, axis] - p[axis], p[axis] - high[node, axis])
        if gap > 0:
            total += gap * gap
    return total


@njit(cache=True)
def _search_one(corners, low, high, leaves, p, best, best_face, best_weights, weights):
    """Improve (best, best_face, best_weights) over the whole tree; gives the new pair."""
    stack = np.empty(STACK, np.int64)
    stack[0] = 0
    top = 1
    while top:
        top -= 1
        node = stack[top]
        if _box_squared(low, high, node, p) >= best:
            continue
        if node >= leaves - 1:
            start = (node - leaves + 1) * LEAF
            for k in range(start, min(start + LEAF, len(corners))):
                squared = _closest_on_triangle(corners[k, 0], corners[k, 1], corners[k, 2], p, weights)
                if squared < best:
                    best, best_face = squared, k
                    best_weights[0], best_weights[1], best_weights[2] = weights[0], weights[1], weights[2]
            continue
        left, right = 2 * node + 1, 2 * node + 2
        near, far = left, right
        to_left, to_right = _box_squared(low, high, left, p), _box_squared(low, high, right, p)
        if to_right < to_left:
            near, far, to_left, to_right = right, left, to_right, to_left
        if to_right < best:
            stack[top] = far
            top += 1
        if to_left < best:
            stack[top] = near
            top += 1
    return best, best_face


@njit(cache=True, parallel=True)
def _search(corners, low, high, leaves, queries, face, weights, squared):
    for chunk in prange((len(queries) + CHUNK - 1) // CHUNK):
        scratch = np.zeros(3)
        found = np.zeros(3)
        guess = 0
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(queries))):
            # start from the previous answer: neighbouring queries mostly end on the same few triangles
            best = _closest_on_triangle(corners[guess, 0], corners[guess, 1], corners[guess, 2], queries[i], found)
            best, guess = _search_one(corners, low, high, leaves, queries[i], best, guess, found, scratch)
            face[i] = guess
            squared[i] = best
            weights[i, 0], weights[i, 1], weights[i, 2] = found[0], found[1], found[2]
