"""Kernels that go once over the points or triangles of a scan too large for memory, a chunk at a time."""

import numpy as np

from asset_pipeline.jit import njit

MOST_LOOKS = 256  # places in a row of a table that are told apart; a file made to have more is welded less


@njit(cache=True)
def _key(bits, row):
    """64 bits that equal places share and different ones as good as never (after the finaliser of MurmurHash3)."""
    key = np.uint64(0x9E3779B97F4A7C15)
    for axis in range(3):
        key ^= np.uint64(bits[row, axis])
        key = (key ^ (key >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        key = (key ^ (key >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return key ^ (key >> np.uint64(33))


@njit(cache=True)
def weld_share(bits, share, shares, table, first_row):
    """Enter for each of the places (n, 3) int64 that belong to one of several shares the first row that holds the same place.

    table: scratch, as long as a power of two, at least twice the places of the share.
    """
    table[:] = -1
    mask = np.uint64(len(table) - 1)
    for row in range(len(bits)):
        key = _key(bits, row)
        if key % np.uint64(shares) != np.uint64(share):
            continue
        first_row[row] = row
        slot = (key >> np.uint64(24)) & mask
        for _ in range(MOST_LOOKS):
            other = table[slot]
            if other < 0:
                table[slot] = row
                break
            if bits[row, 0] == bits[other, 0] and bits[row, 1] == bits[other, 1] and bits[row, 2] == bits[other, 2]:
                first_row[row] = other
                break
            slot = (slot + np.uint64(1)) & mask


@njit(cache=True)
def keep_sound(positions, faces, sound, flat, kept):
    """Enter which triangles stand on sound points and have an area; gives how many were unsound and how many flat."""
    unsound = 0
    thin = 0
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if not (sound[a] and sound[b] and sound[c]):
            kept[f] = False
            unsound += 1
            continue
        longest = 0.0
        for p, q in ((a, b), (b, c), (c, a)):
            side = 0.0
            for axis in range(3):
                side += (positions[p, axis] - positions[q, axis]) ** 2
            longest = max(longest, side)
        kept[f] = 2 * _area(positions, a, b, c) > flat * longest
        if not kept[f]:
            thin += 1
    return unsound, thin


@njit(cache=True)
def _area(positions, a, b, c):
    ux, uy, uz = (
        positions[b, 0] - positions[a, 0],
        positions[b, 1] - positions[a, 1],
        positions[b, 2] - positions[a, 2],
    )
    vx, vy, vz = (
        positions[c, 0] - positions[a, 0],
        positions[c, 1] - positions[a, 1],
        positions[c, 2] - positions[a, 2],
    )
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return 0.5 * np.sqrt(x * x + y * y + z * z)


@njit(cache=True)
def add_areas(positions, faces, areas):
    """Enter the area of each triangle, in squared units of the positions."""
    for f in range(len(faces)):
        areas[f] = _area(positions, faces[f, 0], faces[f, 1], faces[f, 2])


@njit(cache=True)
def _root(parent, row):
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@njit(cache=True)
def join_pieces(parent, faces, kept, used):
    """Union and find: join the corners of each kept triangle. parent (n,) leads each vertex towards its piece's lowest."""
    for f in range(len(faces)):
        if not kept[f]:
            continue
        used[faces[f, 0]] = used[faces[f, 1]] = used[faces[f, 2]] = True
        a = _root(parent, faces[f, 0])
        for k in (1, 2):
            b = _root(parent, faces[f, k])
            if a < b:
                parent[b] = a
            else:
                parent[a] = b
                a = b


@njit(cache=True)
def number_pieces(parent, used):
    """Replace each used vertex's parent by the number of its piece; gives how many pieces there are."""
    pieces = 0
    for row in range(len(parent)):  # a parent stands before its children, so its place holds its number already
        if not used[row]:
            continue
        if parent[row] == row:
            parent[row] = pieces
            pieces += 1
        else:
            parent[row] = parent[parent[row]]
    return pieces


@njit(cache=True)
def measure_pieces(positions, faces, kept, piece, area, low, high):
    """Add each kept triangle to the area and the box of its piece."""
    for f in range(len(faces)):
        if not kept[f]:
            continue
        row = piece[faces[f, 0]]
        area[row] += _area(positions, faces[f, 0], faces[f, 1], faces[f, 2])
        for k in range(3):
            for axis in range(3):
                value = positions[faces[f, k], axis]
                low[row, axis] = min(low[row, axis], value)
                high[row, axis] = max(high[row, axis], value)


@njit(cache=True)
def find_boxes(points, axes, cuts, below, above, boxes):
    """Enter the number of the box that each point lies in, by a tree of cuts; below and above 0 name a node, else -1 - box."""
    for row in range(len(points)):
        node = 0
        while node >= 0:
            node = below[node] if points[row, axes[node]] < cuts[node] else above[node]
        boxes[row] = -1 - node


@njit(cache=True)
def assign_faces(faces, boxes, first_row, cells, locked):
    """Enter each triangle's cell: the box of two of its corners, else the lowest; lock corners that belong elsewhere.

    All triangles at a vertex whose corners stay in one box are in the cell of that box. So a vertex is in two cells only if
    one of its triangles is in another cell than its own box: these are locked, by the row that holds their place.
    """
    for f in range(len(faces)):
        a, b, c = boxes[faces[f, 0]], boxes[faces[f, 1]], boxes[faces[f, 2]]
        if a in (b, c):
            cell = a
        elif b == c:
            cell = b
        else:
            cell = min(a, b, c)
        cells[f] = cell
        if a == b == c:
            continue
        for k in range(3):
            if boxes[faces[f, k]] != cell:
                locked[first_row[faces[f, k]]] = True
