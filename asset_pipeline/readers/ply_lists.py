"""Where the values stand in PLY rows whose lists differ in length: compiled walks over bytes and over the numbers of a text."""

from asset_pipeline.jit import njit


@njit(cache=True)
def _read_count(data, at, size, big, signed):
    """A whole number of that many bytes."""
    value = 0
    for k in range(size):
        byte = data[at + k] if big else data[at + size - 1 - k]
        value = value * 256 + byte
    if signed and value >= 1 << (8 * size - 1):
        value -= 1 << (8 * size)
    return value


@njit(cache=True)
def walk_bytes(data, at, layout, big, offsets, counts):
    """Fill offsets and counts (rows, wanted) from a place in the data: (rows done, where the next one begins).

    layout (p, 4): for each property the bytes of its count, 0 when it is no list, whether that count is signed, the bytes
    of a value, and the column wanted for it or -1. Stops at a row that the data does not hold; (-1, where) at a list of
    negative length.
    """
    rows, end = len(offsets), len(data)
    for row in range(rows):
        begin = at
        for p in range(len(layout)):
            count = 1
            if layout[p, 0]:
                if at + layout[p, 0] > end:
                    return row, begin
                count = _read_count(data, at, layout[p, 0], big, layout[p, 1] == 1)
                at += layout[p, 0]
                if count < 0:
                    return -1, begin
            if count > (end - at) // layout[p, 2]:
                return row, begin
            if layout[p, 3] >= 0:
                offsets[row, layout[p, 3]] = at
                counts[row, layout[p, 3]] = count
            at += count * layout[p, 2]
    return rows, at


@njit(cache=True)
def walk_numbers(numbers, layout, offsets, counts):
    """As walk_bytes, over the words of a text as numbers: every value is one long, whatever layout says of bytes."""
    at, rows, end = 0, len(offsets), len(numbers)
    for row in range(rows):
        begin = at
        for p in range(len(layout)):
            count = 1
            if layout[p, 0]:
                if at >= end:
                    return row, begin
                if not (0 <= numbers[at] < 2**31) or numbers[at] != int(numbers[at]):
                    return -1, begin
                count = int(numbers[at])
                at += 1
            if count > end - at:
                return row, begin
            if layout[p, 3] >= 0:
                offsets[row, layout[p, 3]] = at
                counts[row, layout[p, 3]] = count
            at += count
    return rows, at
