"""Equal rows found by hashing in compiled code: one pass, and numbers in the order in which rows first appear."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.jit import njit

PROBES_PER_ROW = 64  # tries before the table is given up: rows chosen so that their places collide must not cost hours


def number_rows(rows: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """For rows (n, k): the number (n,) of each row's value, and (u,) the first row that has each value."""
    size = 1 << max(4, (len(rows) * 10 // 9).bit_length())
    numbers, firsts = np.empty(len(rows), np.int32), np.empty(len(rows), np.int32)
    count = _number(rows, np.full(size, -1, np.int32), numbers, firsts)
    if count >= 0:
        return numbers, firsts[:count].copy()
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place[inverse.reshape(-1)], first[order].astype(np.int32)


@njit(cache=True)
def _number(rows, table, numbers, firsts):
    """How many values there are, -1 when too many places were tried."""
    mask, count, left = len(table) - 1, 0, PROBES_PER_ROW * (len(rows) + 16)
    for i in range(len(rows)):
        hashed = np.uint64(0x9E3779B97F4A7C15)
        for k in range(rows.shape[1]):
            hashed = (hashed ^ np.uint64(rows[i, k] & 0xFFFFFFFF)) * np.uint64(0xBF58476D1CE4E5B9)
            hashed ^= hashed >> np.uint64(29)
        slot = np.int64(hashed >> np.uint64(8)) & mask
        while True:
            known = table[slot]
            if known < 0:
                table[slot] = count
                firsts[count] = i
                numbers[i] = count
                count += 1
                break
            same = True
            for k in range(rows.shape[1]):
                same &= rows[firsts[known], k] == rows[i, k]
            if same:
                numbers[i] = known
                break
            slot = (slot + 1) & mask
            left -= 1
            if left < 0:
                return -1
    return count
