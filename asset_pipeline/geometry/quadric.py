"""The kernels that measure a mesh for its collapse: each vertex's quadric from planes, colours and borders.

A vertex's quadric is kept in float32 as seen from the vertex and its colour: a mesh that has just been measured then
needs no linear parts at all, and single precision is enough however large the scan. Columns: xx xy xz yy yz zz, x y z,
constant; with colours the weight, then for each channel the gradient's sum x y z and the constant's sum.
"""

import numpy as np

from asset_pipeline.jit import njit

PLAIN, COLOURED = 10, 23  # columns of a quadric
VARIANCE = 1e-4  # weight of staying near, relative to the planes: keeps flat parts regular and the solve sound


@njit(cache=True)
def link_corners(faces, heads, following):
    """List the corners of each vertex: heads (n,) and following (3 m,), ended by -1; corner 3 f + k is faces[f, k]."""
    heads[:] = -1
    for f in range(len(faces) - 1, -1, -1):
        for k in range(2, -1, -1):
            vertex = faces[f, k]
            following[3 * f + k] = heads[vertex]
            heads[vertex] = 3 * f + k


@njit(cache=True)
def _normal(points, a, b, c):
    """The normal of a triangle, twice its area long."""
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@njit(cache=True)
def _add_square(row, x, y, z, weight):
    """Add weight times the square of a linear function with this gradient, zero at the vertex."""
    row[0] += weight * x * x
    row[1] += weight * x * y
    row[2] += weight * x * z
    row[3] += weight * y * y
    row[4] += weight * y * z
    row[5] += weight * z * z


@njit(cache=True)
def measure_faces(points, colours, faces, quadrics):
    """Each vertex's quadric from its triangles: their planes, their colours as linear functions, and staying near."""
    gradient = np.zeros((3, 3))
    coloured = len(colours) > 0
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        x, y, z = _normal(points, a, b, c)
        double = np.sqrt(x * x + y * y + z * z)
        if double == 0:
            continue
        area = 0.5 * double
        x, y, z = x / double, y / double, z / double
        if coloured:
            _face_gradients(points, colours, a, b, c, gradient)
        for k in range(3):
            row = quadrics[faces[f, k]]
            _add_square(row, x, y, z, area)
            row[0] += VARIANCE * area
            row[3] += VARIANCE * area
            row[5] += VARIANCE * area
            if coloured:
                row[10] += area
                for j in range(3):
                    gx, gy, gz = gradient[j, 0], gradient[j, 1], gradient[j, 2]
                    _add_square(row, gx, gy, gz, area)
                    row[11 + 4 * j] += area * gx
                    row[12 + 4 * j] += area * gy
                    row[13 + 4 * j] += area * gz


@njit(cache=True)
def _face_gradients(points, colours, a, b, c, gradient):
    """How each colour changes over a triangle, in its plane; nothing on a sliver, where it has no meaning."""
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    determinant = uu * vv - uv * uv
    sound = determinant > 1e-6 * uu * vv
    for j in range(3):
        p = q = 0.0
        if sound:
            along, across = colours[b, j] - colours[a, j], colours[c, j] - colours[a, j]
            p, q = (vv * along - uv * across) / determinant, (uu * across - uv * along) / determinant
        gradient[j, 0], gradient[j, 1], gradient[j, 2] = p * ux + q * vx, p * uy + q * vy, p * uz + q * vz


@njit(cache=True)
def find_borders(faces, heads, following, marks, borders):
    """Put edges with one triangle into borders (k, 3), as ends and triangle, while there is room; marks (n, 4) zeros.

    Gives the numbers of edges, of borders, and of edges with more than two triangles.
    """
    edges = single = branchings = 0
    for a in range(len(heads)):
        for look in range(2):
            corner = heads[a]
            while corner >= 0:
                f = corner // 3
                for step in range(1, 3):
                    b = faces[f, (corner + step) % 3]
                    if b < a:
                        continue
                    if look == 0:
                        marks[b, 0] += 1
                    elif marks[b, 0] > 0:
                        edges += 1
                        branchings += marks[b, 0] > 2
                        if marks[b, 0] == 1:
                            if single < len(borders):
                                borders[single, 0], borders[single, 1], borders[single, 2] = a, b, f
                            single += 1
                        marks[b, 0] = 0
                corner = following[corner]
    return edges, single, branchings


@njit(cache=True)
def measure_borders(points, faces, borders, weight, quadrics):
    """Add upright planes along borders (k, 3): both ends and the triangle of each edge that has only one."""
    for row in range(len(borders)):
        a, b, f = borders[row, 0], borders[row, 1], borders[row, 2]
        x, y, z = _normal(points, faces[f, 0], faces[f, 1], faces[f, 2])
        double = np.sqrt(x * x + y * y + z * z)
        if double == 0:
            continue
        ex, ey, ez = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        # across the edge and its triangle, as long as the edge: squared, its length is the weight
        sx, sy, sz = (ey * z - ez * y) / double, (ez * x - ex * z) / double, (ex * y - ey * x) / double
        _add_square(quadrics[a], sx, sy, sz, weight)
        _add_square(quadrics[b], sx, sy, sz, weight)
