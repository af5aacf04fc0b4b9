"""Normals for shading: smooth over curved parts, sharp along edges such as eaves and corners.

An edge is one only where the surface is calm on both sides. Leaves and rubble turn by more than the crease at every
second edge; to split their vertices there showed facets instead of form, and made a terrain's file 2.5 times as large.
"""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.clean import weld
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Mesh, Positions

CREASE_DEG = 50.0
CALM_DEG, CALM_AREA = 10.0, 4.0  # a face is calm when it goes on flatly over one edge, or is this many means large
FEW_FACES = 200  # so few are a drawing, not a scan: every sharp edge is meant
WIDE = 256  # faces round one vertex above which they count as one group: comparing all pairs would take for ever
OCT_STEPS = 127  # of a normal in a level's file: two coordinates on an octahedron, 8 bits each


def smooth_normals(mesh: Mesh) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3) of a mesh, as if its texture seams were not there."""
    surface = weld(mesh)
    return corner_normals(surface.positions, surface.faces)


def encoded_normals(mesh: Mesh) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3) as a client reads them from the level's file: what a baked map must be relative to."""
    flat = smooth_normals(mesh).reshape(-1, 3)
    _round_octahedral(flat, OCT_STEPS)
    return flat.reshape(-1, 3, 3)


def corner_normals(positions: Positions, faces: Faces, crease_deg: float = CREASE_DEG) -> NDArray[np.float32]:
    """Unit normals (m, 3, 3), one a corner of each face.

    The faces round a vertex fall into groups that are joined by turns of less than the crease, or by not being calm; a
    group's corners share one normal, the mean by area, so that a vertex stands only as often as there are real edges at it.
    """
    starts, order = _list_corners(faces, len(positions))
    units, sizes = np.empty((len(faces), 3), np.float32), np.empty(len(faces), np.float32)
    span = float(np.ptp(positions, axis=0).max()) if len(positions) else 1.0
    _face_normals(positions, faces, 1 / max(span, 1e-30), units, sizes)
    calm = np.ones(len(faces), np.bool_)
    if len(faces) >= FEW_FACES:
        calm = sizes >= CALM_AREA * sizes.mean(dtype=np.float64)
        _find_calm(faces, starts, order, units, np.cos(np.radians(CALM_DEG)), calm)
    result = np.zeros((len(faces) * 3, 3), np.float32)
    most = int(np.diff(starts).max(initial=1))
    _gather(most, order, starts, units, sizes, calm, np.cos(np.radians(crease_deg)), result)
    return result.reshape(-1, 3, 3)


@njit(cache=True)
def _list_corners(faces, vertices):
    """(starts, corners): corners[starts[v] : starts[v + 1]] are the numbers face * 3 + k of the corners at vertex v."""
    starts = np.zeros(vertices + 1, np.int32)
    for f in range(len(faces)):
        for k in range(3):
            starts[faces[f, k] + 1] += 1
    for v in range(vertices):
        starts[v + 1] += starts[v]
    place, corners = starts[:-1].copy(), np.empty(len(faces) * 3, np.int32)
    for f in range(len(faces)):
        for k in range(3):
            corners[place[faces[f, k]]] = f * 3 + k
            place[faces[f, k]] += 1
    return starts, corners


@njit(cache=True)
def _face_normals(positions, faces, scale, units, sizes):
    """Unit normals and twice the areas, of positions times scale: areas of very small scans must not vanish."""
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        abx, aby, abz = (
            (positions[b, 0] - positions[a, 0]),
            (positions[b, 1] - positions[a, 1]),
            positions[b, 2] - positions[a, 2],
        )
        acx, acy, acz = (
            (positions[c, 0] - positions[a, 0]),
            (positions[c, 1] - positions[a, 1]),
            positions[c, 2] - positions[a, 2],
        )
        abx, aby, abz, acx, acy, acz = abx * scale, aby * scale, abz * scale, acx * scale, acy * scale, acz * scale
        x, y, z = aby * acz - abz * acy, abz * acx - abx * acz, abx * acy - aby * acx
        length = np.sqrt(x * x + y * y + z * z)
        part = 1 / max(length, 1e-30)
        units[f, 0], units[f, 1], units[f, 2], sizes[f] = x * part, y * part, z * part, length


@njit(cache=True)
def _find_calm(faces, starts, order, units, limit, calm):
    """Mark the faces that go on flatly over one of their edges."""
    for f in range(len(faces)):
        for k in range(3):
            here, there = faces[f, k], faces[f, (k + 1) % 3]
            if starts[here + 1] - starts[here] > WIDE:
                continue
            for i in range(starts[here], starts[here + 1]):
                g = order[i] // 3
                if g <= f or (faces[g, 0] != there and faces[g, 1] != there and faces[g, 2] != there):
                    continue
                if units[f, 0] * units[g, 0] + units[f, 1] * units[g, 1] + units[f, 2] * units[g, 2] > limit:
                    calm[f] = calm[g] = True


@njit(cache=True)
def _gather(most, order, starts, units, sizes, calm, limit, result):
    group, sums = np.empty(most, np.int64), np.empty((most, 3))
    for vertex in range(len(starts) - 1):
        first, count = starts[vertex], starts[vertex + 1] - starts[vertex]
        for i in range(count):
            group[i] = 0 if count > WIDE else i
            sums[i] = 0.0
        for i in range(count if count <= WIDE else 0):
            for j in range(i):
                if group[i] == group[j]:
                    continue
                a, b = order[first + i] // 3, order[first + j] // 3
                turn = units[a, 0] * units[b, 0] + units[a, 1] * units[b, 1] + units[a, 2] * units[b, 2]
                if turn >= limit or not (calm[a] and calm[b]):
                    kept, gone = group[j], group[i]
                    for k in range(i + 1):
                        if group[k] == gone:
                            group[k] = kept
        for i in range(count):
            face = order[first + i] // 3
            for axis in range(3):
                sums[group[i], axis] += units[face, axis] * sizes[face]
        for i in range(count):
            x, y, z = sums[group[i]]
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0:
                corner = order[first + i]
                result[corner, 0], result[corner, 1], result[corner, 2] = x / length, y / length, z / length
            else:
                result[order[first + i], 1] = 1.0


@njit(cache=True)
def _round_octahedral(normals, steps):
    """Unit normals rounded, in place, to what two signed bytes on an octahedron hold."""
    for i in range(len(normals)):
        x, y, z = normals[i, 0], normals[i, 1], normals[i, 2]
        total = abs(x) + abs(y) + abs(z)
        if total == 0:
            continue
        u, v = x / total, y / total
        if z < 0:
            u, v = (1 - abs(v)) * (1 if u >= 0 else -1), (1 - abs(u)) * (1 if v >= 0 else -1)
        u, v = (
            np.floor(abs(u) * steps + 0.5) * (1 if u >= 0 else -1),
            np.floor(abs(v) * steps + 0.5) * (1 if v >= 0 else -1),
        )
        z = steps - abs(u) - abs(v)
        fold = max(-z, 0.0)
        x, y = u - fold * (1 if u >= 0 else -1), v - fold * (1 if v >= 0 else -1)
        long = steps / np.sqrt(x * x + y * y + z * z)  # a client unpacks it to three signed bytes
        x, y, z = np.rint(x * long), np.rint(y * long), np.rint(z * long)
        length = np.sqrt(x * x + y * y + z * z)
        normals[i, 0], normals[i, 1], normals[i, 2] = x / length, y / length, z / length
