"""The kernels that join edges: who is whose neighbour, the price and place of an edge, the queue, and one run of it.

The queue is a list for each of 32,768 keys, the top bits of a price, so all in it takes constant time. Entries that a change
made stale are known by their stamps. Those of one key go as the mesh lies in memory: with bits lumped, memory is faster.
"""

import numpy as np

from asset_pipeline.jit import njit

PLAIN = 10  # columns of a quadric without colours, see quadric.py; kernels of one file keep to it: numba's cache
DAMPING = 1e-4  # of the solve for the best place, relative
REACH = 2.0  # edge lengths from the middle beyond which the best place is not believed
TURN = 0.2  # cosine of the most a triangle may turn without paying
BUCKETS = 1 << 15  # the top bits of a float32: 8 of exponent and 7 of mantissa
LINK_PAID, TURN_PAID, LOSS_PAID = 1, 2, 4
DEARER = 1.25  # the loss must be so much more than the price to count


@njit(cache=True)
def _mark_ring(faces, heads, following, a, marks, column, tag):
    """Mark the neighbours of a with the tag, and beside it count the triangles on each edge; dead corners are unlinked."""
    previous, corner = -1, heads[a]
    while corner >= 0:
        f, after = corner // 3, following[corner]
        if faces[f, 0] < 0:
            if previous < 0:
                heads[a] = after
            else:
                following[previous] = after
            corner = after
            continue
        for step in range(1, 3):
            b = faces[f, (corner + step) % 3]
            if marks[b, column] != tag:
                marks[b, column] = tag
                marks[b, column + 1] = 0
            marks[b, column + 1] += 1
        previous, corner = corner, after


@njit(cache=True)
def _gather(row, origin, away, total):
    """Add a quadric to `total`, seen from elsewhere: origin (3,) further on, colours away (3,) further up."""
    x, y, z = origin[0], origin[1], origin[2]
    ax = row[0] * x + row[1] * y + row[2] * z
    ay = row[1] * x + row[3] * y + row[4] * z
    az = row[2] * x + row[4] * y + row[5] * z
    for k in range(6):
        total[k] += row[k]
    total[6] += row[6] + ax
    total[7] += row[7] + ay
    total[8] += row[8] + az
    total[9] += row[9] + 2.0 * (row[6] * x + row[7] * y + row[8] * z) + ax * x + ay * y + az * z
    if len(total) == PLAIN:
        return
    weight = row[10]
    total[10] += weight
    for j in range(3):
        gx, gy, gz, d = row[11 + 4 * j], row[12 + 4 * j], row[13 + 4 * j], row[14 + 4 * j]
        up = away[j]
        along = gx * x + gy * y + gz * z
        for k in range(3):
            total[6 + k] -= row[11 + 4 * j + k] * up
            total[11 + 4 * j + k] += row[11 + 4 * j + k]
        total[9] += up * (weight * up - 2.0 * (d + along))
        total[14 + 4 * j] += d + along - weight * up


@njit(cache=True)
def _price(points, colours, quadrics, locked, a, b, work):
    """The cost of joining a and b; work: row 0 gets the place about the middle, 3 the sum's quadric seen from there.

    The colour at each place is the best one: eliminated, it leaves a quadric of the place alone.
    """
    place, origin, away, total = work[0], work[1], work[2], work[3, : quadrics.shape[1]]
    coloured = len(total) > PLAIN
    total[:] = 0.0
    for end in range(2):
        one, other = (a, b) if end == 0 else (b, a)
        for k in range(3):
            origin[k] = 0.5 * (points[other, k] - points[one, k])
            if coloured:
                away[k] = 0.5 * (colours[other, k] - colours[one, k])
        _gather(quadrics[one], origin, away, total)
    xx, xy, xz, yy, yz, zz = total[0], total[1], total[2], total[3], total[4], total[5]
    lx, ly, lz, constant = total[6], total[7], total[8], total[9]
    if coloured and total[10] > 0:
        share = 1.0 / total[10]
        for j in range(3):
            gx, gy, gz, d = total[11 + 4 * j], total[12 + 4 * j], total[13 + 4 * j], total[14 + 4 * j]
            xx -= share * gx * gx
            xy -= share * gx * gy
            xz -= share * gx * gz
            yy -= share * gy * gy
            yz -= share * gy * gz
            zz -= share * gz * gz
            lx -= share * gx * d
            ly -= share * gy * d
            lz -= share * gz * d
            constant -= share * d * d
    # half the edge, from the middle to b; to a it is the negative
    hx, hy, hz = (
        0.5 * (points[b, 0] - points[a, 0]),
        0.5 * (points[b, 1] - points[a, 1]),
        0.5 * (points[b, 2] - points[a, 2]),
    )
    even = constant + xx * hx * hx + yy * hy * hy + zz * hz * hz + 2.0 * (xy * hx * hy + xz * hx * hz + yz * hy * hz)
    odd = 2.0 * (lx * hx + ly * hy + lz * hz)
    if locked[a] or locked[b]:
        side = 1.0 if locked[b] else -1.0
        place[0], place[1], place[2] = side * hx, side * hy, side * hz
        return max(even + side * odd, 0.0)
    held = DAMPING * (xx + yy + zz) + 1e-30
    px, py, pz = xx + held, yy + held, zz + held
    c0, c1, c2 = py * pz - yz * yz, xz * yz - xy * pz, xy * yz - xz * py
    determinant = px * c0 + xy * c1 + xz * c2
    best, x, y, z = constant, 0.0, 0.0, 0.0
    if determinant > 0:
        x = -(c0 * lx + c1 * ly + c2 * lz) / determinant
        y = -(c1 * lx + (px * pz - xz * xz) * ly + (xy * xz - px * yz) * lz) / determinant
        z = -(c2 * lx + (xy * xz - px * yz) * ly + (px * py - xy * xy) * lz) / determinant
        if x * x + y * y + z * z <= REACH * REACH * 4.0 * (hx * hx + hy * hy + hz * hz):
            best = constant + xx * x * x + yy * y * y + zz * z * z
            best += 2.0 * (xy * x * y + xz * x * z + yz * y * z + lx * x + ly * y + lz * z)
        else:
            x = y = z = 0.0
    if even - abs(odd) < best:
        side = 1.0 if odd < 0 else -1.0
        best, x, y, z = even - abs(odd), side * hx, side * hy, side * hz
    place[0], place[1], place[2] = x, y, z
    return max(best, 0.0)


@njit(cache=True)
def _count_shared(faces, heads, following, a, b, marks, tag):
    """(triangles on the edge a b, vertices next to both, whether both lie on a border); marks both rings."""
    _mark_ring(faces, heads, following, a, marks, 0, tag)
    _mark_ring(faces, heads, following, b, marks, 2, tag)
    if marks[b, 0] != tag:
        return 0, 0, False
    common, border_a, border_b = 0, False, False
    corner = heads[a]
    while corner >= 0:
        for step in range(1, 3):
            u = faces[corner // 3, (corner + step) % 3]
            border_a = border_a or marks[u, 1] == 1
        corner = following[corner]
    corner = heads[b]
    while corner >= 0:
        for step in range(1, 3):
            u = faces[corner // 3, (corner + step) % 3]
            border_b = border_b or abs(marks[u, 3]) == 1
            if u != a and marks[u, 0] == tag and marks[u, 3] > 0:
                common += 1
                marks[u, 3] = -marks[u, 3]
        corner = following[corner]
    return marks[b, 1], common, border_a and border_b


@njit(cache=True)
def _to_segment(px, py, pz, x, y, z):
    """Squared distance of a point from the segment between 0 and (x, y, z)."""
    square = x * x + y * y + z * z
    t = min(max((px * x + py * y + pz * z) / square, 0.0), 1.0) if square > 0 else 0.0
    return (px - t * x) ** 2 + (py - t * y) ** 2 + (pz - t * z) ** 2


@njit(cache=True)
def _to_triangle(px, py, pz, ux, uy, uz, wx, wy, wz):
    """Squared distance of a point from the triangle between 0, u and w."""
    uu, uw, ww = ux * ux + uy * uy + uz * uz, ux * wx + uy * wy + uz * wz, wx * wx + wy * wy + wz * wz
    determinant = uu * ww - uw * uw
    if determinant > 1e-12 * uu * ww:
        pu, pw = px * ux + py * uy + pz * uz, px * wx + py * wy + pz * wz
        s, t = (ww * pu - uw * pw) / determinant, (uu * pw - uw * pu) / determinant
        if s >= 0 and t >= 0 and s + t <= 1:
            return (px - s * ux - t * wx) ** 2 + (py - s * uy - t * wy) ** 2 + (pz - s * uz - t * wz) ** 2
    sides = min(_to_segment(px, py, pz, ux, uy, uz), _to_segment(px, py, pz, wx, wy, wz))
    return min(sides, _to_segment(px - ux, py - uy, pz - uz, wx - ux, wy - uy, wz - uz))


@njit(cache=True)
def _look_round(points, faces, heads, following, a, b, target, far):
    """(whether a triangle of a turns too far when a and b go to target (3,), the area round a), areas doubled.

    far (2,) is lowered to the squared distances of a and b from the triangles that a will then have.
    """
    turned, area = False, 0.0
    px, py, pz = points[a, 0] - target[0], points[a, 1] - target[1], points[a, 2] - target[2]
    qx, qy, qz = points[b, 0] - target[0], points[b, 1] - target[1], points[b, 2] - target[2]
    corner = heads[a]
    while corner >= 0:
        f = corner // 3
        u, w = faces[f, (corner + 1) % 3], faces[f, (corner + 2) % 3]
        corner = following[corner]
        ux, uy, uz = points[u, 0] - target[0], points[u, 1] - target[1], points[u, 2] - target[2]
        wx, wy, wz = points[w, 0] - target[0], points[w, 1] - target[1], points[w, 2] - target[2]
        ex, ey, ez, ox, oy, oz = wx - ux, wy - uy, wz - uz, ux - px, uy - py, uz - pz
        bx, by, bz = oy * ez - oz * ey, oz * ex - ox * ez, ox * ey - oy * ex
        before = np.sqrt(bx * bx + by * by + bz * bz)
        area += before
        if b in (u, w):
            continue
        nx, ny, nz = uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx
        after = np.sqrt(nx * nx + ny * ny + nz * nz)
        turned = turned or bx * nx + by * ny + bz * nz < TURN * before * after
        far[0] = min(far[0], _to_triangle(px, py, pz, ux, uy, uz, wx, wy, wz))
        far[1] = min(far[1], _to_triangle(qx, qy, qz, ux, uy, uz, wx, wy, wz))
    return turned, area


@njit(cache=True)
def _doubles(faces, heads, following, a, b, marks, tag, remove):
    """How many triangles of b (or, when b is a, of a) repeat one of a over the same corners; `remove` takes them away."""
    count = 0
    corner = heads[b]
    while corner >= 0:
        f = corner // 3
        u, w = faces[f, (corner + 1) % 3], faces[f, (corner + 2) % 3]
        corner = following[corner]
        both_common = marks[u, 2] == tag and marks[u, 3] < 0 and marks[w, 2] == tag and marks[w, 3] < 0
        if faces[f, 0] < 0 or a in (u, w) or not both_common:
            continue
        other = corner if b == a else heads[a]
        while other >= 0:
            g = other // 3
            v, x = faces[g, (other + 1) % 3], faces[g, (other + 2) % 3]
            other = following[other]
            if faces[g, 0] >= 0 and ((u == v and w == x) or (u == x and w == v)):
                count += 1
                if remove:
                    faces[g, 0] = -1
                else:
                    break
    return count


@njit(cache=True)
def _merge(faces, heads, following, a, b):
    """Let b's triangles be a's; gives how many vanish because they had both."""
    gone = 0
    corner = heads[b]
    while corner >= 0:
        f, after = corner // 3, following[corner]
        if faces[f, 0] >= 0:
            if faces[f, (corner + 1) % 3] == a or faces[f, (corner + 2) % 3] == a:
                faces[f, 0] = -1
                gone += 1
            else:
                faces[f, corner % 3] = a
                following[corner] = heads[a]
                heads[a] = corner
        corner = after
    heads[b] = -1
    return gone


@njit(cache=True)
def _key(cost, single, bits, lumped):
    single[0] = cost
    return (bits[0] >> (16 + lumped)) << lumped


@njit(cache=True)
def price_edges(points, colours, faces, quadrics, locked, heads, following, marks, ends, keys, lumped):
    """All edges that may go, ends (k, 2), the lower number first, with the queue's key of each; gives how many."""
    work = np.zeros((4, quadrics.shape[1]))
    single = np.empty(1, np.float32)
    bits = single.view(np.int32)
    count = 0
    marks[:] = 0
    for a in range(len(points)):
        _mark_ring(faces, heads, following, a, marks, 0, a + 1)
        corner = heads[a]
        while corner >= 0:
            for step in range(1, 3):
                b = faces[corner // 3, (corner + step) % 3]
                if b > a and marks[b, 1] > 0 and not (locked[a] and locked[b]):
                    ends[count, 0], ends[count, 1] = a, b
                    keys[count] = _key(_price(points, colours, quadrics, locked, a, b, work), single, bits, lumped)
                    count += 1
                marks[b, 1] = 0
            corner = following[corner]
    return count


@njit(cache=True)
def run_step(points, colours, faces, quadrics, locked, heads, following, marks, ends, after, first, state, prices):
    """Join edges from the cheapest on until so many triangles are left; gives how many are.

    state: triangles now, wanted, least allowed, last key looked at, entries, bits lumped. prices: of a broken link, of a turn, of
    what is lost. ends (k, 2) and after (k,), the key of each edge, become the queue's entries; first is scratch.
    """
    live, wanted, least, last, count, lumped = state[0], state[1], state[2], state[3], state[4], state[5]
    stamps = np.zeros(len(points), np.int32)
    issued = np.zeros(len(after), np.int32)  # the sum of both ends' stamps, times eight, and what the entry has paid
    work = np.zeros((4, quadrics.shape[1]))
    away, spot, far = np.zeros(3), np.zeros(3), np.zeros(2)
    single = np.empty(1, np.float32)
    bits = single.view(np.int32)
    marks[:] = 0
    first[:] = -1
    free, tag = -1, 0
    for entry in range(len(after) - 1, -1, -1):
        key = after[entry]
        if entry < count and key <= last:
            after[entry] = first[key]
            first[key] = entry
        else:
            after[entry] = free
            free = entry
    bucket = 0
    while live > wanted:
        while bucket <= last and first[bucket] < 0:
            bucket += 1
        if bucket > last:
            break
        entry = first[bucket]
        first[bucket] = after[entry]
        a, b, paid = ends[entry, 0], ends[entry, 1], issued[entry] & 7
        after[entry] = free
        free = entry
        if heads[a] < 0 or heads[b] < 0 or issued[entry] >> 3 != stamps[a] + stamps[b]:
            continue
        if locked[b]:
            a, b = b, a
        tag += 1
        shared, common, pinched = _count_shared(faces, heads, following, a, b, marks, tag)
        doubled = _doubles(faces, heads, following, a, b, marks, tag, False)
        if shared == 0 or live - shared - doubled < least:
            continue
        broken = common != shared or (pinched and shared > 1) or doubled > 0
        cost = _price(points, colours, quadrics, locked, a, b, work)
        for k in range(3):
            spot[k] = 0.5 * (points[a, k] + points[b, k]) + work[0, k]
        far[:] = np.inf
        turned_a, area_a = _look_round(points, faces, heads, following, a, b, spot, far)
        far[0], far[1] = far[1], far[0]
        turned_b, area_b = _look_round(points, faces, heads, following, b, a, spot, far)
        if far[0] == np.inf:  # nothing is left of the piece
            far[:] = 4.0 * ((points[a] - spot) ** 2).sum() + 4.0 * ((points[b] - spot) ** 2).sum()
        # planes do not see that the tip of a spike is gone: the true distance of both ends does
        lost = prices[2] * (area_a * far[1] + area_b * far[0])
        owed, dearer = 0, max(cost, lost)
        if lost > DEARER * cost and not paid & LOSS_PAID:
            owed = LOSS_PAID
        elif broken and not paid & LINK_PAID:
            owed, dearer = LINK_PAID, dearer * prices[0]
        elif (turned_a or turned_b) and not paid & TURN_PAID:
            owed, dearer = TURN_PAID, dearer * prices[1] * (prices[0] if paid & LINK_PAID else 1.0)
        if owed:
            key = max(_key(dearer, single, bits, lumped), bucket)
            if key <= last:
                free = after[entry]
                after[entry] = first[key]
                first[key] = entry
                issued[entry] |= owed
            continue
        total = work[3]
        for j in range(3 if len(total) > PLAIN else 0):
            level = (total[11 + 4 * j : 14 + 4 * j] * work[0, :3]).sum() + total[14 + 4 * j]
            level = level / total[10] if total[10] > 0 else 0.0
            middle = 0.5 * (colours[a, j] + colours[b, j])
            away[j] = colours[a, j] - middle if locked[a] else level
            if not locked[a]:
                colours[a, j] = middle + level
        quadrics[b] = total
        total[:] = 0.0
        _gather(quadrics[b], work[0], away, total)
        quadrics[a] = total
        if not locked[a]:
            points[a] = spot
        live -= _merge(faces, heads, following, a, b)
        if doubled:
            live -= _doubles(faces, heads, following, a, a, marks, tag, True)
        stamps[a] += 1
        tag += 1
        _mark_ring(faces, heads, following, a, marks, 0, tag)
        corner = heads[a]
        while corner >= 0:
            for step in range(1, 3):
                u = faces[corner // 3, (corner + step) % 3]
                if marks[u, 1] == 0 or (locked[a] and locked[u]):
                    continue
                marks[u, 1] = 0
                key = _key(_price(points, colours, quadrics, locked, a, u, work), single, bits, lumped)
                if key > last:
                    continue
                if free < 0:
                    return live
                entry = free
                free = after[entry]
                ends[entry, 0], ends[entry, 1] = a, u
                issued[entry] = (stamps[a] + stamps[u]) << 3
                after[entry] = first[key]
                first[key] = entry
                bucket = min(bucket, key)
            corner = following[corner]
    return live
