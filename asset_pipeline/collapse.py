"""Fewer triangles for the same shape: quadric edge collapse in rounds, each measured against the surface as it has become.

A round prices every edge by the area-weighted squared distances of its two ends' planes (Garland and Heckbert 1997),
takes the cheapest edges that share no vertex, leaves out those that would turn a triangle over, and joins the ends of
the rest. The quadrics are made anew each round: over a whole run that is more exact than carrying them along.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import BuildFailed
from asset_pipeline.jit import njit
from asset_pipeline.mesh import Faces, Positions, Surface

CHEAPEST = 0.15  # the share of the edges a round may choose from: smaller is more exact and slower
LEAST_CHOICE = 16
CLOSING = 8  # so near to the target, single collapses count
TRIES = 50
STALLED = 0.01  # a round that removes less than this share is stuck
TURN_LIMIT, TURN_STEP, ANY_TURN = 0.2, 0.4, -1.5  # cosine of the most a triangle may turn; lowered while stuck
HELD = 1e-4  # weight of staying near, relative to the planes: keeps flat parts regular and the solve sound

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Edges:
    """Each edge once: ends (n, 2), the lower number first; border_keys: sorted keys of the edges with one triangle."""

    ends: Rows
    border_keys: Rows


@dataclass(frozen=True)
class Settings:
    """How to collapse. colour_m: the length in metres that the full range of a colour is worth; None: from the surface's size.

    A length, not a share: a part of a scan must price its colours as the whole does.
    """

    colour_m: float | None = None


def ignore_progress(fraction: float) -> None:
    """Tell nobody how far the work is."""


def collapse(
    surface: Surface,
    target: int,
    settings: Settings = Settings(),
    locked: NDArray[np.bool_] | None = None,
    progress: Callable[[float], None] = ignore_progress,
) -> Surface:
    """A welded surface of `target` triangles or a few less; more only where nothing can be joined.

    Vertices with locked (n,) True stay, bit for bit. Raises BuildFailed when nothing is left.
    """
    del settings
    left, total = surface, surface.triangles - target
    held = np.zeros(len(surface.positions), bool) if locked is None else locked
    centre = surface.positions.mean(axis=0)
    size = max(float(np.linalg.norm(np.ptp(surface.positions, axis=0))), 1e-12)
    turn_limit = TURN_LIMIT
    while left.triangles > target:
        before = left.triangles
        left, held = _collapse_round(left, held, target, (centre, size), turn_limit)
        progress((surface.triangles - left.triangles) / total)
        if before - left.triangles >= min(STALLED * before, (before - target) / 2):
            turn_limit = min(TURN_LIMIT, turn_limit + TURN_STEP / 8)
        elif turn_limit > ANY_TURN:
            turn_limit -= TURN_STEP
        else:
            break
    if left.triangles == 0:
        raise BuildFailed("collapse_empty", f"Nothing was left of the surface at {target} triangles.", "collapse")
    return left


def _how_many(surplus: int) -> int:
    """Edges to collapse in a round: each takes two triangles with it, sometimes more, so the end comes in small steps."""
    return max(1, surplus // 2 if surplus <= CLOSING else int(surplus * 0.4))


def _collapse_round(
    surface: Surface,
    locked: NDArray[np.bool_],
    target: int,
    frame: tuple[NDArray[np.float64], float],
    turn_limit: float,
) -> tuple[Surface, NDArray[np.bool_]]:
    points, faces = (surface.positions - frame[0]) / frame[1], surface.faces
    edges = find_edges(faces, len(points))
    quadrics = np.zeros((len(points), 10))
    _add_planes(points, faces, edges.border_keys, quadrics)
    costs = np.empty(len(edges.ends))
    _price(points, edges.ends, quadrics, costs)
    costs[locked[edges.ends].any(axis=1)] = np.inf
    choice = min(max(LEAST_CHOICE, int(CHEAPEST * len(costs))), len(costs))
    cheap = np.flatnonzero((costs <= np.partition(costs, choice - 1)[choice - 1]) & (costs < np.inf))
    order = cheap[np.argsort(costs[cheap], kind="stable")]
    chosen = edges.ends[_choose_apart(order, edges.ends, len(points))]
    places = np.empty((len(chosen), 3))
    _place(points, chosen, quadrics, places)
    edge_of = np.full(len(points), -1, np.int64)
    edge_of[chosen[:, 0]] = edge_of[chosen[:, 1]] = np.arange(len(chosen))
    kept = np.ones(len(chosen), bool)
    _reject_turned(points, faces, edge_of, chosen, places, turn_limit, kept)
    may, most = np.flatnonzero(kept), _how_many(len(faces) - target)
    tries = 0
    while len(may) and tries < TRIES:
        joined = chosen[may[:most]]
        into = np.arange(len(points), dtype=np.int64)
        into[joined[:, 1]] = joined[:, 0]
        left = drop_doubles(into[faces])
        if len(left) >= target - 1:
            return _join_ends(surface, locked, joined, places[may[:most]] * frame[1] + frame[0], left)
        if most == 1:  # in a tangle one edge takes many triangles with it: leave it and try the next
            may, tries = may[1:], tries + 1
        most = max(1, most // 2)
    return surface, locked


def find_edges(faces: Faces, vertices: int) -> Edges:
    """The edges of a surface."""
    keys = np.empty(3 * len(faces), np.int64)
    _edge_keys(faces, vertices, keys)
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    single = np.diff(first, append=len(keys)) == 1
    unique = keys[first]
    return Edges(np.stack(np.divmod(unique, vertices), axis=1), unique[single])


def _join_ends(
    surface: Surface, locked: NDArray[np.bool_], joined: Rows, places: Positions, faces: Rows
) -> tuple[Surface, NDArray[np.bool_]]:
    positions, colours = surface.positions.copy(), surface.colours
    positions[joined[:, 0]] = places
    used = np.zeros(len(positions), bool)
    used[faces] = True
    if colours is not None:
        colours = colours.copy()
        colours[joined[:, 0]] = colours[joined].mean(axis=1)
        colours = colours[used]
    positions, left = drop_unused(positions, faces)
    return Surface(positions, left, colours), locked[used]


def drop_doubles(faces: Rows) -> Rows:
    """The triangles without those that name a corner twice or repeat an earlier one, whichever way it turns."""
    sound = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    faces = faces[sound]
    corners = np.sort(faces, axis=1)
    order = np.lexsort((corners[:, 2], corners[:, 1], corners[:, 0]))
    double = np.zeros(len(faces), bool)
    double[order[1:]] = (np.diff(corners[order], axis=0) == 0).all(axis=1)
    return faces[~double]


def drop_unused(positions: Positions, faces: Rows) -> tuple[Positions, Faces]:
    """The same surface without vertices that no triangle names."""
    used = np.zeros(len(positions), bool)
    used[faces] = True
    return positions[used], (np.cumsum(used, dtype=np.int32) - 1)[faces].astype(np.int32)


@njit(cache=True)
def _edge_keys(faces, vertices, keys):
    for f in range(len(faces)):
        for k in range(3):
            a, b = np.int64(faces[f, k]), np.int64(faces[f, (k + 1) % 3])
            keys[3 * f + k] = min(a, b) * vertices + max(a, b)


@njit(cache=True)
def _add_plane(quadric, x, y, z, d, weight):
    """Add weight times the squared distance to the plane (x, y, z) . p + d = 0: upper triangle, linear part, constant."""
    quadric[0] += weight * x * x
    quadric[1] += weight * x * y
    quadric[2] += weight * x * z
    quadric[3] += weight * y * y
    quadric[4] += weight * y * z
    quadric[5] += weight * z * z
    quadric[6] += weight * x * d
    quadric[7] += weight * y * d
    quadric[8] += weight * z * d
    quadric[9] += weight * d * d


@njit(cache=True)
def _add_planes(points, faces, border_keys, quadrics):
    """Each vertex's planes: its triangles by area, upright planes along borders, and a little of staying where it is."""
    vertices = len(points)
    for f in range(len(faces)):
        x, y, z = _normal(points, faces[f, 0], faces[f, 1], faces[f, 2])
        double = np.sqrt(x * x + y * y + z * z)
        if double == 0:
            continue
        x, y, z = x / double, y / double, z / double
        first = faces[f, 0]
        d = -(x * points[first, 0] + y * points[first, 1] + z * points[first, 2])
        for k in range(3):
            _add_plane(quadrics[faces[f, k]], x, y, z, d, 0.5 * double)
        for k in range(3):
            v, w = np.int64(faces[f, k]), np.int64(faces[f, (k + 1) % 3])
            key = min(v, w) * vertices + max(v, w)
            at = np.searchsorted(border_keys, key)
            if at < len(border_keys) and border_keys[at] == key:
                ex, ey, ez = points[w, 0] - points[v, 0], points[w, 1] - points[v, 1], points[w, 2] - points[v, 2]
                # across the edge and its triangle, as long as the edge: squared, its length is the weight
                sx, sy, sz = ey * z - ez * y, ez * x - ex * z, ex * y - ey * x
                away = -(sx * points[v, 0] + sy * points[v, 1] + sz * points[v, 2])
                _add_plane(quadrics[v], sx, sy, sz, away, 1.0)
                _add_plane(quadrics[w], sx, sy, sz, away, 1.0)
    for vertex in range(vertices):
        q = quadrics[vertex]
        weight = HELD * (q[0] + q[3] + q[5])
        _add_plane(q, 1.0, 0.0, 0.0, -points[vertex, 0], weight)
        _add_plane(q, 0.0, 1.0, 0.0, -points[vertex, 1], weight)
        _add_plane(q, 0.0, 0.0, 1.0, -points[vertex, 2], weight)


@njit(cache=True)
def _normal(points, a, b, c):
    """The normal of a triangle, twice its area long."""
    ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
    vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@njit(cache=True)
def _value(q, x, y, z):
    """The quadric's value at a point."""
    return (
        q[0] * x * x
        + q[3] * y * y
        + q[5] * z * z
        + 2 * (q[1] * x * y + q[2] * x * z + q[4] * y * z + q[6] * x + q[7] * y + q[8] * z)
        + q[9]
    )


@njit(cache=True)
def _best_place(a, b, q, place):
    """Put the cheapest place for ends a and b into `place`, give its cost: the minimum, if near, or an end or the middle."""
    mx, my, mz = 0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), 0.5 * (a[2] + b[2])
    place[0], place[1], place[2] = mx, my, mz
    best = _value(q, mx, my, mz)
    for end in (a, b):
        cost = _value(q, end[0], end[1], end[2])
        if cost < best:
            best = cost
            place[0], place[1], place[2] = end[0], end[1], end[2]
    # the minimum, solved about the middle and held to it a little
    held = HELD * (q[0] + q[3] + q[5]) + 1e-30
    xx, yy, zz = q[0] + held, q[3] + held, q[5] + held
    xy, xz, yz = q[1], q[2], q[4]
    rx = -(q[6] + q[0] * mx + xy * my + xz * mz)
    ry = -(q[7] + xy * mx + q[3] * my + yz * mz)
    rz = -(q[8] + xz * mx + yz * my + q[5] * mz)
    c0, c1, c2 = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    determinant = xx * c0 + xy * c1 + xz * c2
    if determinant > 0:
        x = (c0 * rx + c1 * ry + c2 * rz) / determinant
        y = (c1 * rx + (xx * zz - xz * xz) * ry + (xy * xz - xx * yz) * rz) / determinant
        z = (c2 * rx + (xy * xz - xx * yz) * ry + (xx * yy - xy * xy) * rz) / determinant
        length = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2
        cost = _value(q, mx + x, my + y, mz + z)
        if x * x + y * y + z * z <= 4 * length and cost < best:
            best = cost
            place[0], place[1], place[2] = mx + x, my + y, mz + z
    return max(best, 0.0)


@njit(cache=True)
def _price(points, ends, quadrics, costs):
    place, sum_of_both = np.empty(3), np.empty(10)
    for i in range(len(ends)):
        for k in range(10):
            sum_of_both[k] = quadrics[ends[i, 0], k] + quadrics[ends[i, 1], k]
        costs[i] = _best_place(points[ends[i, 0]], points[ends[i, 1]], sum_of_both, place)


@njit(cache=True)
def _place(points, ends, quadrics, places):
    for i in range(len(ends)):
        a, b = ends[i, 0], ends[i, 1]
        _best_place(points[a], points[b], quadrics[a] + quadrics[b], places[i])


@njit(cache=True)
def _choose_apart(order, ends, vertices):
    """The first edges of an order that share no vertex."""
    taken = np.zeros(vertices, np.bool_)
    chosen = np.empty(len(order), np.int64)
    count = 0
    for i in order:
        a, b = ends[i, 0], ends[i, 1]
        if not taken[a] and not taken[b]:
            taken[a] = taken[b] = True
            chosen[count] = i
            count += 1
    return chosen[:count]


@njit(cache=True)
def _reject_turned(points, faces, edge_of, chosen, places, turn_limit, kept):
    """Give up collapses after which a triangle would have turned further than the limit, until none does."""
    corner, name = np.empty((3, 3)), np.empty(3, np.int64)
    stale = np.ones(len(points), np.bool_)  # vertices round which something changed since the last look
    rejected = 1
    while rejected:
        rejected = 0
        look, stale = stale, np.zeros(len(points), np.bool_)
        for f in range(len(faces)):
            if not (look[faces[f, 0]] or look[faces[f, 1]] or look[faces[f, 2]]):
                continue
            moved = False
            for k in range(3):
                v = faces[f, k]
                edge = edge_of[v]
                goes = edge >= 0 and kept[edge]
                moved = moved or goes
                name[k] = chosen[edge, 0] if goes else v
                for axis in range(3):
                    corner[k, axis] = places[edge, axis] if goes else points[v, axis]
            if not moved or name[0] == name[1] or name[1] == name[2] or name[2] == name[0]:
                continue
            bx, by, bz = _normal(points, faces[f, 0], faces[f, 1], faces[f, 2])
            ax, ay, az = _normal(corner, 0, 1, 2)
            lengths = np.sqrt((bx * bx + by * by + bz * bz) * (ax * ax + ay * ay + az * az))
            if bx * ax + by * ay + bz * az < turn_limit * lengths:
                for k in range(3):
                    edge = edge_of[faces[f, k]]
                    if edge >= 0 and kept[edge]:
                        kept[edge] = False
                        stale[chosen[edge, 0]] = stale[chosen[edge, 1]] = True
                        rejected += 1
