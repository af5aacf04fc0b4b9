"""Neighbours joined in pairs, without a queue: a quick first thinning where many times fewer triangles are wanted.

Going once over the vertices as they lie in memory, each that is free is joined with its nearest free neighbour, at the
place that lies best in the planes round both, if that turns no triangle far. A vertex is joined once in a pass, so
what is left is even, and about 0.6 of the triangles. Borders, branchings and locked vertices stay as they are.
"""

import numpy as np

from asset_pipeline.jit import njit

LEAST_RING = 4  # triangles at a vertex: with three, what is left could be two triangles back to back
TURN = 0.5  # cosine of the most a triangle may turn
STAYING = 1e-2  # weight of the middle of the edge, relative to the planes: decides where these leave the place open
REACH = 1.0  # edge lengths from the middle beyond which the best place is not believed


@njit(cache=True)
def _is_closed(faces, heads, following, a, marks, tag):
    """Whether every edge at a has two triangles; marks its neighbours with the tag, and beside it counts triangles."""
    corner, ring = heads[a], 0
    while corner >= 0:
        for step in range(1, 3):
            b = faces[corner // 3, (corner + step) % 3]
            if marks[b, 0] != tag:
                marks[b, 0], marks[b, 1] = tag, 0
                ring += 1
            marks[b, 1] += 1
        corner = following[corner]
    count = 0
    corner = heads[a]
    while corner >= 0:
        for step in range(1, 3):
            if marks[faces[corner // 3, (corner + step) % 3], 1] != 2:
                return False
        count += 1
        corner = following[corner]
    return count >= LEAST_RING and ring == count


@njit(cache=True)
def _find_nearest(points, faces, free, heads, following, a):
    """The nearest neighbour of a that is free, -1 without any."""
    nearest, best = np.inf, -1
    corner = heads[a]
    while corner >= 0:
        for step in range(1, 3):
            b = faces[corner // 3, (corner + step) % 3]
            if free[b]:
                x, y, z = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
                square = x * x + y * y + z * z
                if square < nearest:
                    nearest, best = square, b
        corner = following[corner]
    return best


@njit(cache=True)
def _count_common(faces, heads, following, b, marks, tag):
    """How many neighbours of b bear the tag, each seen in two triangles; many when one would keep too few triangles."""
    count = 0
    corner = heads[b]
    while corner >= 0:
        for step in range(1, 3):
            u = faces[corner // 3, (corner + step) % 3]
            if marks[u, 0] == tag:
                count += 1
                at, left = heads[u], LEAST_RING
                while at >= 0 and left > 0:
                    at, left = following[at], left - 1
                count += left * LEAST_RING
        corner = following[corner]
    return count // 2


@njit(cache=True)
def _add_planes(points, faces, heads, following, a, place, planes):
    """Add the planes of the triangles at a, as seen from place (3,), weighted by area: planes xx xy xz yy yz zz x y z."""
    corner = heads[a]
    while corner >= 0:
        f = corner // 3
        p, q, r = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = points[q, 0] - points[p, 0], points[q, 1] - points[p, 1], points[q, 2] - points[p, 2]
        vx, vy, vz = points[r, 0] - points[p, 0], points[r, 1] - points[p, 1], points[r, 2] - points[p, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        double = np.sqrt(x * x + y * y + z * z)
        corner = following[corner]
        if double == 0:
            continue
        share = 1.0 / double
        off = x * (place[0] - points[p, 0]) + y * (place[1] - points[p, 1]) + z * (place[2] - points[p, 2])
        planes[0] += share * x * x
        planes[1] += share * x * y
        planes[2] += share * x * z
        planes[3] += share * y * y
        planes[4] += share * y * z
        planes[5] += share * z * z
        planes[6] += share * x * off
        planes[7] += share * y * off
        planes[8] += share * z * off


@njit(cache=True)
def _move_to_best(planes, square, place):
    """Move place (3,) to where the planes are nearest, unless that is further than REACH edges; square: of the edge."""
    xx, xy, xz, yy, yz, zz = planes[0], planes[1], planes[2], planes[3], planes[4], planes[5]
    held = STAYING * (xx + yy + zz) + 1e-300
    xx, yy, zz = xx + held, yy + held, zz + held
    c0, c1, c2 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    determinant = xx * c0 + xy * c1 + xz * c2
    if determinant <= 0:
        return
    x = -(c0 * planes[6] + c1 * planes[7] + c2 * planes[8]) / determinant
    y = -(c1 * planes[6] + (xx * zz - xz * xz) * planes[7] + (xy * xz - xx * yz) * planes[8]) / determinant
    z = -(c2 * planes[6] + (xy * xz - xx * yz) * planes[7] + (xx * yy - xy * xy) * planes[8]) / determinant
    if x * x + y * y + z * z <= REACH * REACH * square:
        place[0] += x
        place[1] += y
        place[2] += z


@njit(cache=True)
def _turns(points, faces, heads, following, a, b, place):
    """Whether a triangle of a that has not b turns too far when a goes to place (3,)."""
    corner = heads[a]
    while corner >= 0:
        f = corner // 3
        u, w = faces[f, (corner + 1) % 3], faces[f, (corner + 2) % 3]
        corner = following[corner]
        if b in (u, w):
            continue
        ex, ey, ez = points[w, 0] - points[u, 0], points[w, 1] - points[u, 1], points[w, 2] - points[u, 2]
        ox, oy, oz = points[u, 0] - points[a, 0], points[u, 1] - points[a, 1], points[u, 2] - points[a, 2]
        bx, by, bz = oy * ez - oz * ey, oz * ex - ox * ez, ox * ey - oy * ex
        ox, oy, oz = points[u, 0] - place[0], points[u, 1] - place[1], points[u, 2] - place[2]
        nx, ny, nz = oy * ez - oz * ey, oz * ex - ox * ez, ox * ey - oy * ex
        long = np.sqrt((bx * bx + by * by + bz * bz) * (nx * nx + ny * ny + nz * nz))
        if bx * nx + by * ny + bz * nz < TURN * long:
            return True
    return False


@njit(cache=True)
def _join(faces, heads, following, a, b):
    """Let b's triangles be a's; the two that had both are dead: their first corner is -1, and a's list is without them."""
    corner = heads[b]
    while corner >= 0:
        f, after = corner // 3, following[corner]
        if faces[f, (corner + 1) % 3] == a or faces[f, (corner + 2) % 3] == a:
            for k in range(3):
                _unlink(heads, following, faces[f, k], 3 * f + k, b)
            faces[f, 0] = -1
        else:
            faces[f, corner % 3] = a
            following[corner] = heads[a]
            heads[a] = corner
        corner = after
    heads[b] = -1


@njit(cache=True)
def _unlink(heads, following, vertex, corner, dying):
    """Take a corner out of the list of a vertex, unless that vertex dies with its list."""
    if vertex == dying:
        return
    previous, at = -1, heads[vertex]
    while at != corner:
        previous, at = at, following[at]
    if previous < 0:
        heads[vertex] = following[corner]
    else:
        following[previous] = following[corner]


@njit(cache=True)
def join_pairs(points, colours, faces, free, heads, following, marks):
    """Join each vertex that is free (n,) with its nearest free neighbour, once; marks (n, 2) zeros. Gives how many went.

    Triangles that went have the first corner -1; colours (n, 3), or none, become those between both.
    """
    place, planes = np.zeros(3), np.zeros(9)
    joined, tag = 0, 0
    for a in range(len(points)):
        if not free[a]:
            continue
        b = _find_nearest(points, faces, free, heads, following, a)
        tag += 2
        if b < 0 or not _is_closed(faces, heads, following, b, marks, tag - 1):
            continue
        if not _is_closed(faces, heads, following, a, marks, tag):
            continue
        if _count_common(faces, heads, following, b, marks, tag) != 2:
            continue
        square = 0.0
        for k in range(3):
            place[k] = 0.5 * (points[a, k] + points[b, k])
            square += (points[a, k] - points[b, k]) ** 2
        planes[:] = 0.0
        _add_planes(points, faces, heads, following, a, place, planes)
        _add_planes(points, faces, heads, following, b, place, planes)
        _move_to_best(planes, square, place)
        if _turns(points, faces, heads, following, a, b, place) or _turns(points, faces, heads, following, b, a, place):
            continue
        _join(faces, heads, following, a, b)
        free[a] = free[b] = False
        for k in range(3):
            points[a, k] = place[k]
            if len(colours):
                colours[a, k] = 0.5 * (colours[a, k] + colours[b, k])
        joined += 1
    return joined
