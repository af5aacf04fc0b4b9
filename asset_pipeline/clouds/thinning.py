"""Fewer points, evenly spread: no two closer than a radius, which of them chosen by a hash of the points themselves.

The same points give the same choice, in whatever chunks they come. Linear in the points; memory by the budget alone.
"""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.cloud import Cloud, inside, read_colours, read_records
from asset_pipeline.jit import njit

KEPT_TIMES = 6  # candidates kept of a cloud, in budgets
FINEST_STEPS = 2.0**20  # across the cloud: points nearer than one are copies of one another
TRIES, CLOSE_ENOUGH = 12, 1.04  # when searching the radius

At = NDArray[np.float32]


def thin_cloud(cloud: Cloud, budget: int) -> tuple[At, NDArray[np.uint8] | None]:
    """About `budget` times KEPT_TIMES points of the cloud or all, one in a box of space: positions (n, 3) and colours."""
    most = budget * KEPT_TIMES
    size = float((cloud.high - cloud.low).max()) / FINEST_STEPS or 1.0
    low = cloud.low.astype(np.float32)
    kept, colours = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8)
    for records in read_records(cloud):
        at = np.ascontiguousarray(records["at"])
        sound = inside(cloud, at)
        shown = read_colours(cloud, records)
        kept = np.concatenate([kept, at[sound]])
        colours = np.concatenate(
            [colours, np.zeros((int(sound.sum()), 3), np.uint8) if shown is None else shown[sound]]
        )
        chosen = choose_one_a_box(kept, low, size)
        while len(chosen) > most:
            size *= 2.0 if len(chosen) > 4 * most else 1.25
            chosen = chosen[choose_one_a_box(kept[chosen], low, size)]
        kept, colours = kept[chosen], colours[chosen]
    return kept, None if cloud.shift is None else colours


def choose_one_a_box(at: At, low: At, size: float) -> NDArray[np.int64]:
    """Indices, ascending, of one point in each cube of that size: the one whose hash is lowest."""
    return _choose(at, low, size, _hash(at))  # type: ignore[no-any-return]


def spread_points(at: At, budget: int) -> NDArray[np.int64]:
    """Indices, ascending, of exactly `budget` points (all, when there are no more) as far apart as may be."""
    if len(at) <= budget:
        return np.arange(len(at))
    low = at.min(axis=0)
    order = np.argsort(_hash(at), kind="stable")
    near, far, chosen = 0.0, float(np.linalg.norm(at.max(axis=0) - low)), order
    radius = far / np.sqrt(budget) / 2
    for _ in range(TRIES):
        found = _throw(at, low, order, np.float32(radius))
        if len(found) < budget:
            far = radius
        else:
            near, chosen = radius, found
            if len(found) <= CLOSE_ENOUGH * budget:
                break
        # most clouds are surfaces, on which the number goes with the square of the radius; else halve what is left
        wanted = radius * float(np.sqrt(len(found) / (budget * (1 + CLOSE_ENOUGH) / 2)))
        radius = wanted if near < wanted < far else (near + far) / 2
    return np.sort(chosen[:budget])  # the last ones in the order of their hash are any ones


def _hash(at: At) -> NDArray[np.uint64]:
    """A number (n,) for each point that looks like chance and is always the same."""
    bits = (at + np.float32(0)).view(np.uint32).astype(np.uint64)  # adding zero makes -0.0 and 0.0 one
    mixed = np.zeros(len(at), np.uint64)
    for axis in range(3):
        mixed = (mixed ^ bits[:, axis]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    return mixed


@njit(cache=True)
def _slot(table, names, key):
    """Where a key stands, or may be put, in an open table whose length is a power of two."""
    mask = len(table) - 1
    at = (key * 0x2545F4914F6CDD1D >> 20) & mask
    while table[at] >= 0 and names[at] != key:
        at = (at + 1) & mask
    return at


@njit(cache=True)
def _choose(at, low, size, priority):
    length = 4
    while length < 2 * len(at):
        length *= 2
    table, names = np.full(length, -1, np.int64), np.zeros(length, np.int64)
    for i in range(len(at)):
        key = np.int64(0)
        for axis in range(3):
            key = key << 21 | (np.int64((at[i, axis] - low[axis]) / size) & 0x1FFFFF)
        slot = _slot(table, names, key)
        other = table[slot]
        if other < 0 or priority[i] < priority[other]:
            table[slot] = i
            names[slot] = key
    return np.sort(table[table >= 0])


@njit(cache=True)
def _throw(at, low, order, radius):
    """Indices of the points that are taken in that order, each unless one within the radius was taken before."""
    length = 4
    while length < 2 * len(at):
        length *= 2
    table, names = np.full(length, -1, np.int64), np.zeros(length, np.int64)
    after = np.full(len(at), -1, np.int64)  # the next taken point of the same box
    taken = np.empty(len(at), np.int64)
    count = 0
    box = np.empty(3, np.int64)
    for i in order:
        for axis in range(3):
            box[axis] = np.int64((at[i, axis] - low[axis]) / radius) + 1
        free = True
        for step in range(27):
            x, y, z = box[0] + step % 3 - 1, box[1] + step // 3 % 3 - 1, box[2] + step // 9 - 1
            other = table[_slot(table, names, x << 42 | y << 21 | z)]
            while other >= 0 and free:
                distance = np.float32(0)
                for axis in range(3):
                    distance += (at[i, axis] - at[other, axis]) ** 2
                free = distance >= radius * radius
                other = after[other]
            if not free:
                break
        if free:
            key = box[0] << 42 | box[1] << 21 | box[2]
            slot = _slot(table, names, key)
            after[i] = table[slot]
            table[slot], names[slot] = i, key
            taken[count] = i
            count += 1
    return taken[:count].copy()
