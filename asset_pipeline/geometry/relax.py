"""A level moved towards the scan: all its vertices at once, so that its planes fit the scan's points best.

Point to plane least squares. The level's triangles keep their normals while the system is solved, so each needs only
ten sums of its points; the points themselves come in parts and are forgotten. Solved by conjugate gradients.
"""

from collections.abc import Iterator

import numpy as np

from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.surface import face_areas, points_at, sample_surface
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Positions, Surface

POINTS_PER_TRIANGLE = 40  # with 8 the level follows single points instead of the surface
MOST_POINTS = 1_000_000
PART = 1 << 18
HOLD = 0.05  # how strongly a vertex is held to its place, relative to its points' share
ROUNDS = 40
REACH = 1.5  # a vertex moves no further than this many times its points' height over the level
TURN = 0.5  # cosine of the most a triangle may turn


def relax(level: Surface, scan: Surface, most_points: int = MOST_POINTS) -> Surface:
    """The level with its vertices moved to where the scan's points are nearest to its triangles; colours as they were."""
    count = min(most_points, POINTS_PER_TRIANGLE * level.triangles)
    tree = build_bvh(level.positions, level.faces)
    masses, pulls = np.zeros((level.triangles, 6)), np.zeros((level.triangles, 4))
    normals = np.zeros((level.triangles, 3))
    _unit_normals(level.positions, level.faces, normals)
    for points in _points_of(scan, count):
        hits = find_closest(tree, points)
        _add_points(level.positions, level.faces, normals, (hits.face, hits.weights), points, masses, pulls)
    moves = np.zeros_like(level.positions)
    _solve(level.faces, normals, masses, pulls, HOLD, ROUNDS, moves)
    _limit(level.faces, masses, pulls, REACH, moves)
    _undo_turns(level.positions, level.faces, TURN, moves)
    return Surface(level.positions + moves, level.faces, level.colours)


def _points_of(scan: Surface, count: int) -> Iterator[Positions]:
    """Points spread over the scan by area, in parts."""
    ends = np.cumsum(face_areas(scan.positions, scan.faces))
    parts = -(-count // PART)
    for part in range(parts):
        low, high = np.searchsorted(ends, np.array([part, part + 1]) / parts * ends[-1])
        faces = scan.faces[low : max(high + 1, low + 1)]
        yield points_at(scan.positions, faces, sample_surface(scan.positions, faces, count // parts, seed=11 + part))


@njit(cache=True)
def _unit_normals(positions, faces, normals):
    for f in range(len(faces)):
        a, b, c = positions[faces[f, 0]], positions[faces[f, 1]], positions[faces[f, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[f, 0], normals[f, 1], normals[f, 2] = x / length, y / length, z / length


@njit(cache=True)
def _add_points(positions, faces, normals, hits, points, masses, pulls):
    """Add each point to its triangle's sums: products of its weights, weights times its height, height squared."""
    face, weights = hits
    for i in range(len(points)):
        f = face[i]
        a = faces[f, 0]
        height = 0.0
        for axis in range(3):
            height += normals[f, axis] * (points[i, axis] - positions[a, axis])
        u, v, w = weights[i, 0], weights[i, 1], weights[i, 2]
        masses[f, 0] += u * u
        masses[f, 1] += v * v
        masses[f, 2] += w * w
        masses[f, 3] += u * v
        masses[f, 4] += v * w
        masses[f, 5] += w * u
        pulls[f, 0] += u * height
        pulls[f, 1] += v * height
        pulls[f, 2] += w * height
        pulls[f, 3] += height * height


@njit(cache=True)
def _push(faces, normals, masses, holds, moves, out):
    """out: the system's matrix times moves."""
    for vertex in range(len(moves)):
        for axis in range(3):
            out[vertex, axis] = holds[vertex] * moves[vertex, axis]
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x, y, z = normals[f, 0], normals[f, 1], normals[f, 2]
        u = x * moves[a, 0] + y * moves[a, 1] + z * moves[a, 2]
        v = x * moves[b, 0] + y * moves[b, 1] + z * moves[b, 2]
        w = x * moves[c, 0] + y * moves[c, 1] + z * moves[c, 2]
        at_a = masses[f, 0] * u + masses[f, 3] * v + masses[f, 5] * w
        at_b = masses[f, 3] * u + masses[f, 1] * v + masses[f, 4] * w
        at_c = masses[f, 5] * u + masses[f, 4] * v + masses[f, 2] * w
        for axis in range(3):
            out[a, axis] += at_a * normals[f, axis]
            out[b, axis] += at_b * normals[f, axis]
            out[c, axis] += at_c * normals[f, axis]


@njit(cache=True)
def _solve(faces, normals, masses, pulls, hold, rounds, moves):
    """Conjugate gradients from no move at all, preconditioned by each vertex's own share."""
    vertices = len(moves)
    shares, rest = np.zeros(vertices), np.zeros((vertices, 3))
    for f in range(len(faces)):
        for k in range(3):
            shares[faces[f, k]] += masses[f, k]
            for axis in range(3):
                rest[faces[f, k], axis] += pulls[f, k] * normals[f, axis]
    mean = shares.sum() / vertices
    holds = hold * (shares + 0.1 * mean) + 1e-12
    scale = 1.0 / (shares + holds)
    step, pushed = np.empty((vertices, 3)), np.empty((vertices, 3))
    size = 0.0
    for vertex in range(vertices):
        for axis in range(3):
            step[vertex, axis] = scale[vertex] * rest[vertex, axis]
            size += step[vertex, axis] * rest[vertex, axis]
    least = 1e-6 * size
    for _ in range(rounds):
        if size <= least:
            break
        _push(faces, normals, masses, holds, step, pushed)
        along = 0.0
        for vertex in range(vertices):
            for axis in range(3):
                along += step[vertex, axis] * pushed[vertex, axis]
        length = size / along
        previous, size = size, 0.0
        for vertex in range(vertices):
            for axis in range(3):
                moves[vertex, axis] += length * step[vertex, axis]
                rest[vertex, axis] -= length * pushed[vertex, axis]
                size += scale[vertex] * rest[vertex, axis] ** 2
        for vertex in range(vertices):
            for axis in range(3):
                step[vertex, axis] = scale[vertex] * rest[vertex, axis] + size / previous * step[vertex, axis]


@njit(cache=True)
def _limit(faces, masses, pulls, reach, moves):
    """Shorten moves that go further than some multiple of the height of the points round a vertex: they only stick out."""
    heights = np.zeros(len(moves))
    for f in range(len(faces)):
        points = masses[f, :3].sum() + 2.0 * masses[f, 3:].sum()
        for k in range(3):
            if points > 0:
                heights[faces[f, k]] = max(heights[faces[f, k]], pulls[f, 3] / points)
    for vertex in range(len(moves)):
        length = np.sqrt((moves[vertex] ** 2).sum())
        most = reach * np.sqrt(heights[vertex])
        if length > most:
            moves[vertex] *= most / length


@njit(cache=True)
def _undo_turns(positions, faces, limit, moves):
    """Take back the moves of every triangle that turns further than the limit, until none does."""
    corner = np.empty((3, 3))
    undone = 1
    while undone:
        undone = 0
        for f in range(len(faces)):
            moved = False
            for k in range(3):
                for axis in range(3):
                    corner[k, axis] = positions[faces[f, k], axis] + moves[faces[f, k], axis]
                    moved = moved or moves[faces[f, k], axis] != 0
            if not moved:
                continue
            a, b, c = positions[faces[f, 0]], positions[faces[f, 1]], positions[faces[f, 2]]
            ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
            x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            a, b, c = corner[0], corner[1], corner[2]
            ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
            nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            squares = (x * x + y * y + z * z) * (nx * nx + ny * ny + nz * nz)
            if x * nx + y * ny + z * nz < limit * np.sqrt(squares):
                undone += 1
                for k in range(3):
                    for axis in range(3):
                        moves[faces[f, k], axis] = 0.0
