"""The kernels that join edges of a surface laid out in charts: on a seam, both sides at once.

A place has a wedge for each chart round it, and a wedge has texture coordinates. Each wedge's quadric (see
chart_quadric.py) is of its own side; a place's price is the sum, the best coordinates of each side eliminated.
"""

import numpy as np

from asset_pipeline.jit import njit

COLUMNS = 19  # of a wedge's quadric, as seen from the wedge's place and texture coordinates
FREE, LINE, FIXED = 0, 1, 2  # kinds of places: inside a chart, on one seam or border, where more meets
DAMPING = 1e-4  # of the solve for the best place, relative
REACH = 2.0  # edge lengths from the middle beyond which the best place is not believed
TURN = 0.2  # cosine of the most a triangle may turn
LEAST_UV = 0.02  # of the mean area that triangles in a chart have there: what one must keep of it, or of what it had
BUCKETS = 1 << 15  # the top bits of a float32


@njit(cache=True)
def _add_square(row, x, y, z, weight):
    row[0] += weight * x * x
    row[1] += weight * x * y
    row[2] += weight * x * z
    row[3] += weight * y * y
    row[4] += weight * y * z
    row[5] += weight * z * z


@njit(cache=True)
def _gather(row, origin, away, total):
    """Add a quadric to `total`, seen from elsewhere: origin (3,) further on, coordinates away (2,) further."""
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
    weight = row[10]
    total[10] += weight
    for j in range(2):
        up = away[j]
        along = row[11 + 4 * j] * x + row[12 + 4 * j] * y + row[13 + 4 * j] * z
        d = row[14 + 4 * j]
        for k in range(3):
            total[6 + k] -= row[11 + 4 * j + k] * up
            total[11 + 4 * j + k] += row[11 + 4 * j + k]
        total[9] += up * (weight * up - 2.0 * (d + along))
        total[14 + 4 * j] += d + along - weight * up


@njit(cache=True)
def _sum_pair(points, place, uv, quadrics, a, b, origin, away, total):
    """The quadric of two wedges as seen from the middle between them."""
    total[:] = 0.0
    for end in range(2):
        one, other = (a, b) if end == 0 else (b, a)
        for k in range(3):
            origin[k] = 0.5 * (points[place[other], k] - points[place[one], k])
        for j in range(2):
            away[j] = 0.5 * (uv[other, j] - uv[one, j])
        _gather(quadrics[one], origin, away, total)


@njit(cache=True)
def _price(points, place, uv, quadrics, pairs, held, work):
    """The cost of joining the pairs (1 or 2, 2) of wedges, the first of each into the second; held: at the second's place.

    work: row 0 gets the place about the middle, rows 1 and 2 the texture coordinates of the pairs about theirs, rows 4
    and 5 their quadrics.
    """
    spot, origin, away, total = work[0], work[6], work[7], work[3]
    total[:] = 0.0
    g, k = place[pairs[0, 0]], place[pairs[0, 1]]
    hx, hy = 0.5 * (points[k, 0] - points[g, 0]), 0.5 * (points[k, 1] - points[g, 1])
    hz = 0.5 * (points[k, 2] - points[g, 2])
    count = 1 if pairs[1, 0] < 0 else 2
    for pair in range(count):
        row = work[4 + pair]
        _sum_pair(points, place, uv, quadrics, pairs[pair, 0], pairs[pair, 1], origin, away, row)
        if held:
            cost = row[9] + 2.0 * (row[6] * hx + row[7] * hy + row[8] * hz)
            cost += row[0] * hx * hx + row[3] * hy * hy + row[5] * hz * hz
            cost += 2.0 * (row[1] * hx * hy + row[2] * hx * hz + row[4] * hy * hz)
            for j in range(2):
                s = 0.5 * (uv[pairs[pair, 1], j] - uv[pairs[pair, 0], j])
                work[1 + pair, j] = s
                level = row[11 + 4 * j] * hx + row[12 + 4 * j] * hy + row[13 + 4 * j] * hz + row[14 + 4 * j]
                cost += s * (row[10] * s - 2.0 * level)
            total[9] += cost
            continue
        for column in range(10):
            total[column] += row[column]
        if row[10] > 0:
            share = 1.0 / row[10]
            for j in range(2):
                gx, gy, gz, d = row[11 + 4 * j], row[12 + 4 * j], row[13 + 4 * j], row[14 + 4 * j]
                _add_square(total, gx, gy, gz, -share)
                total[6] -= share * gx * d
                total[7] -= share * gy * d
                total[8] -= share * gz * d
                total[9] -= share * d * d
    if held:
        spot[0], spot[1], spot[2] = hx, hy, hz
        return max(total[9], 0.0)
    best = _solve(total, hx, hy, hz, spot)
    for pair in range(count):
        row = work[4 + pair]
        for j in range(2):
            level = row[11 + 4 * j] * spot[0] + row[12 + 4 * j] * spot[1] + row[13 + 4 * j] * spot[2] + row[14 + 4 * j]
            middle = 0.5 * (uv[pairs[pair, 0], j] + uv[pairs[pair, 1], j])  # a picture's edge is not left
            work[1 + pair, j] = min(max(level / row[10] if row[10] > 0 else 0.0, -middle), work[7, 2] - middle)
    return max(best, 0.0)


@njit(cache=True)
def _solve(total, hx, hy, hz, spot):
    """Put the place of least cost about the middle into spot: the true one when it is near, else an end or the middle."""
    xx, xy, xz, yy, yz, zz = total[0], total[1], total[2], total[3], total[4], total[5]
    lx, ly, lz, constant = total[6], total[7], total[8], total[9]
    even = constant + xx * hx * hx + yy * hy * hy + zz * hz * hz + 2.0 * (xy * hx * hy + xz * hx * hz + yz * hy * hz)
    odd = 2.0 * (lx * hx + ly * hy + lz * hz)
    damp = DAMPING * (xx + yy + zz) + 1e-30
    px, py, pz = xx + damp, yy + damp, zz + damp
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
    spot[0], spot[1], spot[2] = x, y, z
    return best


@njit(cache=True)
def _count_faces(faces, heads, following, a, b):
    """How many triangles have both wedges; dead corners of a are unlinked."""
    count, previous, corner = 0, -1, heads[a]
    while corner >= 0:
        f, after = corner // 3, following[corner]
        if faces[f, 0] < 0:
            if previous < 0:
                heads[a] = after
            else:
                following[previous] = after
        else:
            count += faces[f, (corner + 1) % 3] == b or faces[f, (corner + 2) % 3] == b
            previous = corner
        corner = after
    return count


@njit(cache=True)
def _find_pairs(place, twin, kind, faces, heads, following, a, b, pairs):
    """Put the wedges that join when edge a b goes into pairs, the staying second; gives the triangles that go, 0: may not."""
    if kind[place[a]] > kind[place[b]]:
        a, b = b, a
    pairs[0, 0], pairs[0, 1], pairs[1, 0], pairs[1, 1] = a, b, -1, -1
    kind_a, shared = kind[place[a]], _count_faces(faces, heads, following, a, b)
    # two lines are not joined across a chart
    if kind_a == FIXED or shared != (2 if kind_a == FREE else 1):
        return 0
    if kind_a == FREE:
        return 2
    if twin[a] == a:
        return 1 if twin[b] == b or kind[place[b]] == FIXED else 0
    other, found, partner = twin[a], -1, twin[b]
    while partner != b:
        if _count_faces(faces, heads, following, other, partner) == 1:
            if found >= 0:
                return 0
            found = partner
        partner = twin[partner]
    if found < 0:
        return 0
    pairs[1, 0], pairs[1, 1] = other, found
    return 2


@njit(cache=True)
def _is_sound_link(place, twin, faces, heads, following, pairs, marks, tag):
    """Whether the two places have only those neighbours in common that the vanishing triangles have."""
    a, b = pairs[0, 0], pairs[0, 1]
    shared = 0
    for end in range(2):
        start = a if end == 0 else b
        wedge = start
        while True:
            corner = heads[wedge]
            while corner >= 0:
                f = corner // 3
                if faces[f, 0] >= 0:
                    for step in range(1, 3):
                        other = place[faces[f, (corner + step) % 3]]
                        if end == 0:
                            marks[other] = tag
                        elif marks[other] == tag and other != place[a]:
                            marks[other] = -tag
                            shared += 1
                corner = following[corner]
            wedge = twin[wedge]
            if wedge == start:
                break
    going = 0
    for pair in range(2):
        if pairs[pair, 0] >= 0:
            here = _count_faces(faces, heads, following, pairs[pair, 0], pairs[pair, 1])
            going += here
            corners = 0
            for end in range(2):
                corner = heads[pairs[pair, end]]
                while corner >= 0:
                    corners += faces[corner // 3, 0] >= 0
                    corner = following[corner]
            if corners <= 2 * here:  # the last of a chart there
                return False
    return shared == going


@njit(cache=True)
def _keeps_shape(points, place, uv, faces, heads, following, sign, pairs, work, least, moves):
    """Whether no triangle of the pairs turns too far in space or at all in its chart; moves: of a and b, the second too."""
    count = 1 if pairs[1, 0] < 0 else 2
    g, k = place[pairs[0, 0]], place[pairs[0, 1]]
    tx, ty = 0.5 * (points[g, 0] + points[k, 0]) + work[0, 0], 0.5 * (points[g, 1] + points[k, 1]) + work[0, 1]
    tz = 0.5 * (points[g, 2] + points[k, 2]) + work[0, 2]
    for pair in range(count):
        one, other = pairs[pair, 0], pairs[pair, 1]
        tu, tv = (
            0.5 * (uv[one, 0] + uv[other, 0]) + work[1 + pair, 0],
            0.5 * (uv[one, 1] + uv[other, 1]) + work[1 + pair, 1],
        )
        for end in range(2 if moves else 1):
            wedge, gone = (one, other) if end == 0 else (other, one)
            p = place[wedge]
            corner = heads[wedge]
            while corner >= 0:
                f = corner // 3
                b, c = faces[f, (corner + 1) % 3], faces[f, (corner + 2) % 3]
                corner = following[corner]
                if faces[f, 0] < 0 or gone in (b, c):
                    continue
                bu, bv, cu, cv = uv[b, 0], uv[b, 1], uv[c, 0], uv[c, 1]
                before = sign[f] * (
                    (bu - uv[wedge, 0]) * (cv - uv[wedge, 1]) - (bv - uv[wedge, 1]) * (cu - uv[wedge, 0])
                )
                after = sign[f] * ((bu - tu) * (cv - tv) - (bv - tv) * (cu - tu))
                if after < min(least, LEAST_UV * max(before, 0.0)) or (after <= 0 < before):
                    return False
                b, c = place[b], place[c]
                ex, ey, ez = points[c, 0] - points[b, 0], points[c, 1] - points[b, 1], points[c, 2] - points[b, 2]
                ox, oy, oz = points[b, 0] - points[p, 0], points[b, 1] - points[p, 1], points[b, 2] - points[p, 2]
                sx, sy, sz = points[b, 0] - tx, points[b, 1] - ty, points[b, 2] - tz
                ax, ay, az = oy * ez - oz * ey, oz * ex - ox * ez, ox * ey - oy * ex
                nx, ny, nz = sy * ez - sz * ey, sz * ex - sx * ez, sx * ey - sy * ex
                squares = (ax * ax + ay * ay + az * az) * (nx * nx + ny * ny + nz * nz)
                if ax * nx + ay * ny + az * nz < TURN * np.sqrt(squares) or (squares == 0 and nx == ny == nz == 0):
                    return False
    return True


@njit(cache=True)
def _merge(faces, heads, following, b, a):
    """Let b's triangles be a's; those with both vanish; gives how many."""
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
def _key(cost, single, bits):
    single[0] = cost
    return bits[0] >> 16


@njit(cache=True)
def join_charts(points, place, uv, faces, sign, twin, kind, quadrics, heads, following, state, first, ends, after):
    """Join edges from the cheapest on; gives how many triangles are left. Points, uv and faces change in place.

    state: triangles now and wanted, least area in uv, its largest value. first, ends (k, 2), after (k,): the queue's memory.
    """
    live, wanted, least = int(state[0]), int(state[1]), state[2]
    stamps = np.zeros(len(points), np.int32)
    issued = np.zeros(len(ends), np.int32)
    marks = np.zeros(len(points), np.int32)
    work, pairs = np.zeros((8, COLUMNS)), np.empty((2, 2), np.int32)
    work[7, 2] = state[3]
    single = np.empty(1, np.float32)
    bits = single.view(np.int32)
    first[:] = -1
    count, free, tag, bucket = 0, -1, 0, 0
    for f in range(len(faces)):
        for side in range(3):
            a, b = faces[f, side], faces[f, (side + 1) % 3]
            if kind[place[a]] == FREE or kind[place[b]] == FREE:
                if a > b:
                    continue  # its other triangle tells of it
            elif place[a] > place[b] and (twin[a] != a if kind[place[a]] == LINE else twin[b] != b):
                continue  # the seam's other side does
            if _find_pairs(place, twin, kind, faces, heads, following, a, b, pairs) > 0:
                held = kind[place[pairs[0, 1]]] > kind[place[pairs[0, 0]]]
                key = _key(_price(points, place, uv, quadrics, pairs, held, work), single, bits)
                ends[count, 0], ends[count, 1] = a, b
                after[count] = first[key]
                first[key] = count
                count += 1
    while live > wanted:
        while bucket < len(first) and first[bucket] < 0:
            bucket += 1
        if bucket == len(first):
            break
        entry = first[bucket]
        first[bucket] = after[entry]
        a, b = ends[entry, 0], ends[entry, 1]
        stale = issued[entry] != stamps[place[a]] + stamps[place[b]]
        after[entry] = free
        free = entry
        if heads[a] < 0 or heads[b] < 0 or stale:
            continue
        going = _find_pairs(place, twin, kind, faces, heads, following, a, b, pairs)
        if going == 0 or live - going < wanted - 1:
            continue
        tag += 1
        if not _is_sound_link(place, twin, faces, heads, following, pairs, marks, tag):
            continue
        held = kind[place[pairs[0, 1]]] > kind[place[pairs[0, 0]]]
        _price(points, place, uv, quadrics, pairs, held, work)
        if not _keeps_shape(points, place, uv, faces, heads, following, sign, pairs, work, least, not held):
            continue
        g, k = place[pairs[0, 0]], place[pairs[0, 1]]
        for pair in range(2):
            one, other = pairs[pair, 0], pairs[pair, 1]
            if one < 0:
                continue
            for j in range(0 if held else 2):
                uv[other, j] = 0.5 * (uv[one, j] + uv[other, j]) + work[1 + pair, j]
            quadrics[other] = 0.0
            _gather(work[4 + pair], work[0], work[1 + pair], quadrics[other])
            live -= _merge(faces, heads, following, one, other)
        if not held:
            for axis in range(3):
                points[k, axis] = 0.5 * (points[g, axis] + points[k, axis]) + work[0, axis]
        stamps[k] += 1
        start = pairs[0, 1]
        wedge = start
        while True:
            corner = heads[wedge]
            while corner >= 0:
                f, here = corner // 3, corner % 3
                corner = following[corner]
                if faces[f, 0] < 0:
                    continue
                for step in range(1, 3):
                    other = faces[f, (here + step) % 3]
                    if _find_pairs(place, twin, kind, faces, heads, following, wedge, other, pairs) == 0:
                        continue
                    held = kind[place[pairs[0, 1]]] > kind[place[pairs[0, 0]]]
                    key = _key(_price(points, place, uv, quadrics, pairs, held, work), single, bits)
                    if free >= 0:
                        entry = free
                        free = after[entry]
                    elif count < len(ends):
                        entry = count
                        count += 1
                    else:
                        return live
                    ends[entry, 0], ends[entry, 1] = wedge, other
                    issued[entry] = stamps[place[wedge]] + stamps[place[other]]
                    after[entry] = first[key]
                    first[key] = entry
                    bucket = min(bucket, key)
            wedge = twin[wedge]
            if wedge == start:
                break
    return live
