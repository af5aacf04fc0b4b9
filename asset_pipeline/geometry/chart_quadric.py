"""The kernel that measures charts for their collapse: each wedge's quadric from planes, texture coordinates and borders.

As seen from the wedge's place and texture coordinates. Columns: xx xy xz yy yz zz, x y z, constant, weight, then for u
and for v the gradient's sum x y z and the constant's sum.
"""

import numpy as np

from asset_pipeline.jit import njit

COLUMNS = 19
VARIANCE = 1e-4  # weight of staying near, relative to the planes


@njit(cache=True)
def _add_square(row, x, y, z, weight):
    row[0] += weight * x * x
    row[1] += weight * x * y
    row[2] += weight * x * z
    row[3] += weight * y * y
    row[4] += weight * y * z
    row[5] += weight * z * z


@njit(cache=True)
def measure_wedges(points, place, uv, faces, borders, weight, quadrics):
    """Add to each wedge's quadric (n, 19) its triangles, and upright planes along borders (k, 3): two wedges and a face."""
    u, w, n, g = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        for k in range(3):
            u[k] = points[place[b], k] - points[place[a], k]
            w[k] = points[place[c], k] - points[place[a], k]
        n[0], n[1], n[2] = u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]
        double = np.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2])
        if double == 0:
            continue
        area = 0.5 * double
        uu, uw, ww = (u * u).sum(), (u * w).sum(), (w * w).sum()
        determinant = uu * ww - uw * uw
        for corner in range(3):
            row = quadrics[faces[f, corner]]
            _add_square(row, n[0] / double, n[1] / double, n[2] / double, area)
            row[0] += VARIANCE * area
            row[3] += VARIANCE * area
            row[5] += VARIANCE * area
            row[10] += area
        for j in range(2):
            g[:] = 0.0
            if determinant > 1e-6 * uu * ww:
                along, across = uv[b, j] - uv[a, j], uv[c, j] - uv[a, j]
                p, q = (ww * along - uw * across) / determinant, (uu * across - uw * along) / determinant
                for k in range(3):
                    g[k] = p * u[k] + q * w[k]
            for corner in range(3):
                row = quadrics[faces[f, corner]]
                _add_square(row, g[0], g[1], g[2], area)
                for k in range(3):
                    row[11 + 4 * j + k] += area * g[k]
    for i in range(len(borders)):
        a, b, f = borders[i, 0], borders[i, 1], borders[i, 2]
        for k in range(3):
            u[k] = points[place[faces[f, 1]], k] - points[place[faces[f, 0]], k]
            w[k] = points[place[faces[f, 2]], k] - points[place[faces[f, 0]], k]
            g[k] = points[place[b], k] - points[place[a], k]
        n[0], n[1], n[2] = u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]
        double = np.sqrt((n * n).sum())
        if double > 0:
            x, y, z = g[1] * n[2] - g[2] * n[1], g[2] * n[0] - g[0] * n[2], g[0] * n[1] - g[1] * n[0]
            _add_square(quadrics[a], x / double, y / double, z / double, weight)
            _add_square(quadrics[b], x / double, y / double, z / double, weight)
