"""The texels of an atlas: which triangle each belongs to, and where it lies on it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Hits
from asset_pipeline.jit import njit, prange
from asset_pipeline.mesh import Faces, Positions

RIM_PX = (0.75, 1.5)  # around what lies inside of triangles, for bilinear reading: the nearer part first
LEAST_DOUBLE = 1e-12  # twice the area in squared px of a triangle that covers anything
QUARTERS = 4  # of a texel, whose colours its own is the mean of


@dataclass(frozen=True)
class Texels:
    """Covered texels of a picture of px x px, in the order of their faces.

    place (n,): row * px + column; face (n,): whose they are; scaled (v, 2): texture coordinates in px; faces (m, 3).
    """

    px: int
    place: NDArray[np.int32]
    face: NDArray[np.int32]
    scaled: NDArray[np.float64]
    faces: Faces

    def part(self, start: int, stop: int) -> Hits:
        """Where on the surface the centres of the texels from start to stop lie, the rim's moved onto their face."""
        face = self.face[start:stop]
        weights = np.empty((len(face), 3), np.float32)
        _weigh_all(self.scaled, self.faces, face, self.place[start:stop], self.px, weights)
        return Hits(face, weights, np.zeros(0, np.float32))


def find_texels(uv: NDArray[np.float32], faces: Faces, px: int) -> Texels:
    """The texels whose centres lie in a triangle, or within 1.5 px of one and in no other."""
    scaled = uv.astype(np.float64) * px
    owner = np.full((px, px), -1, np.int32)
    _fill(scaled, faces, owner)
    for margin in RIM_PX:
        _add_rim(scaled, faces, margin, owner)
    count = int(np.count_nonzero(owner >= 0))
    place, face = np.empty(count, np.int32), np.empty(count, np.int32)
    _list(len(faces), owner.reshape(-1), place, face)
    return Texels(px, place, face, scaled, faces)


def find_covered(uv: NDArray[np.float32], faces: Faces, rows: int, columns: int) -> NDArray[np.bool_]:
    """Which texels of a picture (rows, columns) have their centre in some triangle."""
    owner = np.full((rows, columns), -1, np.int32)
    _fill(uv * np.array([columns, rows], np.float64), faces, owner)
    return owner >= 0


def count_covered(uv: NDArray[np.float32], faces: Faces, px: int) -> int:
    """How many texels of a picture of px x px have their centre in some triangle."""
    return int(np.count_nonzero(find_covered(uv, faces, px, px)))


@njit(cache=True)
def _weigh(uv, faces, f, x, y):
    """Barycentric weights of a point, clamped to the triangle, and the squared distance that the clamping moved it."""
    ax, ay = uv[faces[f, 0], 0], uv[faces[f, 0], 1]
    bx, by = uv[faces[f, 1], 0], uv[faces[f, 1], 1]
    cx, cy = uv[faces[f, 2], 0], uv[faces[f, 2], 1]
    double = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if abs(double) < LEAST_DOUBLE:
        return 1.0, 0.0, 0.0, np.inf
    v = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / double
    w = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / double
    u = 1.0 - v - w
    if u >= 0 and v >= 0 and w >= 0:
        return u, v, w, 0.0
    best, bu, bv, bw = np.inf, 1.0, 0.0, 0.0
    for side in range(3):  # the nearest point of the three edges
        px, py, qx, qy = (ax, ay, bx, by) if side == 0 else ((bx, by, cx, cy) if side == 1 else (cx, cy, ax, ay))
        length = (qx - px) ** 2 + (qy - py) ** 2
        t = 0.0 if length == 0 else min(max(((x - px) * (qx - px) + (y - py) * (qy - py)) / length, 0.0), 1.0)
        gap = (px + t * (qx - px) - x) ** 2 + (py + t * (qy - py) - y) ** 2
        if gap < best:
            best = gap
            if side == 0:
                bu, bv, bw = 1.0 - t, t, 0.0
            elif side == 1:
                bu, bv, bw = 0.0, 1.0 - t, t
            else:
                bu, bv, bw = t, 0.0, 1.0 - t
    return bu, bv, bw, best


@njit(cache=True)
def _fill(uv, faces, owner):
    """Give every texel without owner whose centre lies in a triangle to that triangle."""
    rows, columns = owner.shape
    for f in range(len(faces)):
        ax, ay = uv[faces[f, 0], 0], uv[faces[f, 0], 1]
        bx, by = uv[faces[f, 1], 0] - ax, uv[faces[f, 1], 1] - ay
        cx, cy = uv[faces[f, 2], 0] - ax, uv[faces[f, 2], 1] - ay
        double = bx * cy - cx * by
        if abs(double) < LEAST_DOUBLE:
            continue
        bx, by, cx, cy = bx / double, by / double, cx / double, cy / double
        left = max(0, int(np.ceil(min(ax, uv[faces[f, 1], 0], uv[faces[f, 2], 0]) - 0.5)))
        right = min(columns - 1, int(np.floor(max(ax, uv[faces[f, 1], 0], uv[faces[f, 2], 0]) - 0.5)))
        top = max(0, int(np.ceil(min(ay, uv[faces[f, 1], 1], uv[faces[f, 2], 1]) - 0.5)))
        bottom = min(rows - 1, int(np.floor(max(ay, uv[faces[f, 1], 1], uv[faces[f, 2], 1]) - 0.5)))
        for row in range(top, bottom + 1):
            y = row + 0.5 - ay
            for column in range(left, right + 1):
                x = column + 0.5 - ax
                v, w = x * cy - cx * y, bx * y - x * by
                if owner[row, column] < 0 and v >= 0 and w >= 0 and v + w <= 1:
                    owner[row, column] = f


@njit(cache=True)
def _add_rim(uv, faces, margin, owner):
    """Give every texel without owner whose centre lies within margin of a triangle to that triangle."""
    size = len(owner)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        left = max(0, int(np.ceil(min(uv[a, 0], uv[b, 0], uv[c, 0]) - margin - 0.5)))
        right = min(size - 1, int(np.floor(max(uv[a, 0], uv[b, 0], uv[c, 0]) + margin - 0.5)))
        top = max(0, int(np.ceil(min(uv[a, 1], uv[b, 1], uv[c, 1]) - margin - 0.5)))
        bottom = min(size - 1, int(np.floor(max(uv[a, 1], uv[b, 1], uv[c, 1]) + margin - 0.5)))
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if owner[row, column] < 0 and _weigh(uv, faces, f, column + 0.5, row + 0.5)[3] <= margin * margin:
                    owner[row, column] = f


@njit(cache=True)
def _list(count, owner, place, face):
    """The owned texels sorted by owner, by counting."""
    ends = np.zeros(count + 1, np.int32)
    for f in owner:
        if f >= 0:
            ends[f + 1] += 1
    for f in range(count):
        ends[f + 1] += ends[f]
    for i in range(len(owner)):
        f = owner[i]
        if f >= 0:
            place[ends[f]], face[ends[f]] = i, f
            ends[f] += 1


@njit(cache=True)
def _weigh_all(uv, faces, face, place, px, weights):
    for i in range(len(face)):
        u, v, w, _ = _weigh(uv, faces, face[i], place[i] % px + 0.5, place[i] // px + 0.5)
        weights[i, 0], weights[i, 1], weights[i, 2] = u, v, w


def spread_hits(texel_steps: NDArray[np.float32], positions: Positions, faces: Faces, hits: Hits) -> Iterator[Hits]:
    """The hits moved within their faces to the middles of a texel's quarters: a texel is an area, not a point.

    texel_steps (n, 2, 3): the way in mesh units that one texel to the right, and one down, goes on the level; the hits move
    as the level's surface does.
    """
    weights = np.empty((QUARTERS, *hits.weights.shape), hits.weights.dtype)
    _shift(texel_steps, positions, faces, hits.face, hits.weights, weights)
    for moved in weights:
        yield Hits(hits.face, moved, hits.distance)


@njit(cache=True, parallel=True)
def _shift(steps, positions, faces, face, weights, result):
    for i in prange(len(face)):
        a, b, c = faces[face[i], 0], faces[face[i], 1], faces[face[i], 2]
        bb, cc, bc, rb, rc, db, dc = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for axis in range(3):
            to_b, to_c = positions[b, axis] - positions[a, axis], positions[c, axis] - positions[a, axis]
            bb, cc, bc = bb + to_b * to_b, cc + to_c * to_c, bc + to_b * to_c
            right, down = steps[i, 0, axis], steps[i, 1, axis]
            rb, rc, db, dc = rb + right * to_b, rc + right * to_c, db + down * to_b, dc + down * to_c
        det = bb * cc - bc * bc
        share = 0.25 / det if det > 1e-12 * bb * cc else 0.0
        right_v, right_w = (rb * cc - rc * bc) * share, (rc * bb - rb * bc) * share
        down_v, down_w = (db * cc - dc * bc) * share, (dc * bb - db * bc) * share
        for quarter in range(QUARTERS):
            across, along = (1 if quarter & 1 else -1), (1 if quarter & 2 else -1)
            v = weights[i, 1] + across * right_v + along * down_v
            w = weights[i, 2] + across * right_w + along * down_w
            u, v, w = max(1 - v - w, 0.0), max(v, 0.0), max(w, 0.0)
            part = 1 / max(u + v + w, 1e-9)
            result[quarter, i, 0], result[quarter, i, 1], result[quarter, i, 2] = u * part, v * part, w * part


def texel_steps(uv: NDArray[np.float32], positions: Positions, faces: Faces, px: int) -> NDArray[np.float32]:
    """For each face (m, 2, 3): the way in mesh units that one texel to the right, and one down, goes on it."""
    steps = np.zeros((len(faces), 2, 3), np.float32)
    _measure_steps(uv.astype(np.float64) * px, positions, faces, steps)
    return steps


@njit(cache=True)
def _measure_steps(uv, positions, faces, steps):
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        u1, v1, u2, v2 = uv[b, 0] - uv[a, 0], uv[b, 1] - uv[a, 1], uv[c, 0] - uv[a, 0], uv[c, 1] - uv[a, 1]
        double = u1 * v2 - u2 * v1
        if abs(double) < 1e-9:
            continue
        for axis in range(3):
            to_b, to_c = positions[b, axis] - positions[a, axis], positions[c, axis] - positions[a, axis]
            steps[f, 0, axis] = (to_b * v2 - to_c * v1) / double
            steps[f, 1, axis] = (to_c * u1 - to_b * u2) / double
