"""Fewer triangles for the same shape: quadric edge collapse, the quadrics made anew from the mesh as it has become.

After Garland and Heckbert 1997, with colours as further dimensions (Hoppe 1999). One run of the queue takes a fifth of
the triangles away, the cheapest edges first; then planes and colours are measured again. What would break the surface
or turn a triangle over is not forbidden but costs more, so every budget is reached. Where many times fewer triangles are
wanted, vertices may first be joined in pairs, several times as fast.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import BuildFailed
from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.geometry.joining import BUCKETS, price_edges, run_step
from asset_pipeline.geometry.order import morton_order
from asset_pipeline.geometry.pairing import join_pairs
from asset_pipeline.geometry.quadric import COLOURED, PLAIN, find_borders, link_corners, measure_borders, measure_faces
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.mesh import Faces, Positions, Surface

COLOUR_SHARE = 0.006  # of the diagonal: the length that the full range of a colour is worth
SHARE = 0.3  # of the edges, the cheapest, that one run of the queue looks at
STEP = 0.8  # what a run of the queue leaves of the triangles
BORDER_WEIGHT, MESSY_BORDER_WEIGHT = 1.0, 10.0  # messy: many edges have more than two triangles
LINK_PRICE, MESSY_LINK_PRICE, TURN_PRICE = 3.0, 1.1, 10.0
ROOM = 1.6  # entries of the queue for each edge it starts with: joining makes new ones
LOSS_PRICE = 0.3  # of the (doubled) area round a vertex times its squared distance from what is left
MESSY = 0.005  # share of edges with more than two triangles from which on a surface is messy
LUMPED_BITS = 4  # prices within an eighth of an octave go in the order of memory: up to 8 % faster, and no further off
LEAST_PAIRED = 0.8  # of the triangles: when joining in pairs leaves more, the queue does better
OVERSHOOT = 1  # triangles below the target that are as good as the target
TOLERATED = 2  # and where single triangles cannot be had
NO_COLOURS = np.zeros((0, 3))

Numbers = NDArray[np.int32]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How to collapse. colour_m: the length in metres that the full range of a colour is worth; None: from the surface's size.

    A length, not a share: a part of a scan must price its colours as the whole does. messy None: seen from the edges.
    loss_price: what the ends' true distances from the result count for; more keeps the maximum down. lumped_bits: prices are
    told apart by 7 bits of an octave less these; more than 7 lump octaves together. pairs_above: times the target, above
    which vertices are joined in pairs, without the queue.
    """

    colour_m: float | None = None
    messy: bool | None = None
    step: float = STEP
    loss_price: float = LOSS_PRICE
    lumped_bits: int = LUMPED_BITS
    pairs_above: float = np.inf


@dataclass(frozen=True)
class Edges:
    """How many edges there are, and of them how many have one triangle, and more than two."""

    count: int
    borders: int
    branchings: int

    @property
    def messy(self) -> bool:
        """Whether so many edges branch that the surface is no sheet."""
        return self.branchings > MESSY * self.count


@dataclass
class Working:
    """A surface being collapsed, in its own frame: written to in place. origin (n,): the vertex each came from."""

    points: Positions
    colours: NDArray[np.float64]
    faces: Faces
    locked: NDArray[np.bool_]
    origin: NDArray[np.int32]


def ignore_progress(fraction: float) -> None:
    """Tell nobody how far the work is."""


def collapse(
    surface: Surface,
    target: int,
    settings: Settings = Settings(),
    locked: NDArray[np.bool_] | None = None,
    progress: Callable[[float], None] = ignore_progress,
) -> Surface:
    """A welded surface of `target` triangles, give or take two; more only where too much is locked.

    Vertices with locked (n,) True stay, bit for bit. Raises BuildFailed when nothing is left.
    """
    if surface.triangles <= target:
        return surface
    low, high = surface.positions.min(axis=0), surface.positions.max(axis=0)
    centre, size = (low + high) / 2, max(float(np.linalg.norm(high - low)), 1e-12)
    colour_m = COLOUR_SHARE * size if settings.colour_m is None else settings.colour_m
    colour_unit = max(colour_m / size, 1e-9) / 255
    work = _prepare(surface, locked, (centre, size), colour_unit)
    _run(work, target, settings, progress)
    if len(work.faces) == 0:
        raise BuildFailed("collapse_empty", f"Nothing was left of the surface at {target} triangles.", "collapse")
    return _finish(work, surface, (centre, size), colour_unit)


def _prepare(
    surface: Surface, locked: NDArray[np.bool_] | None, frame: tuple[NDArray[np.float64], float], colour_unit: float
) -> Working:
    """Sorted along a Morton curve, so that neighbours are near each other in memory; doubles dropped."""
    order = morton_order(surface.positions)
    row = np.empty(len(order), np.int32)
    row[order] = np.arange(len(order), dtype=np.int32)
    faces = drop_doubles(row[surface.faces])
    faces = faces[np.argsort(faces.min(axis=1), kind="stable")]
    colours = NO_COLOURS
    if surface.colours is not None:
        colours = surface.colours[order].astype(np.float64) * colour_unit
    held = np.zeros(len(order), bool) if locked is None else locked[order]
    return Working((surface.positions[order] - frame[0]) / frame[1], colours, faces, held, order.astype(np.int32))


def _finish(work: Working, surface: Surface, frame: tuple[NDArray[np.float64], float], colour_unit: float) -> Surface:
    positions = work.points * frame[1] + frame[0]
    positions[work.locked] = surface.positions[work.origin[work.locked]]
    if surface.colours is None:
        return Surface(positions, work.faces)
    colours = np.clip(work.colours / colour_unit, 0, 255).astype(np.float32)
    colours[work.locked] = surface.colours[work.origin[work.locked]]
    return Surface(positions, work.faces, colours)


def _run(work: Working, target: int, settings: Settings, progress: Callable[[float], None]) -> None:
    start = len(work.faces)
    _join_pairs(work, settings.pairs_above * target)
    share, overshoot = SHARE, OVERSHOOT
    messy = settings.messy
    while len(work.faces) > target:
        before = len(work.faces)
        wanted = max(target, int(settings.step * before))
        messy = _step(work, (wanted, target - overshoot), (share, replace(settings, messy=messy)))
        done = before - len(work.faces)
        progress(min(1.0, (start - len(work.faces)) / (start - target)))
        if done > (before - wanted) // 2:
            share = max(SHARE, share / 2)
        elif share < 1:
            share = min(1.0, 2 * share)  # what is refused must be able to pay
        elif done == 0:
            if overshoot >= TOLERATED or len(work.faces) <= target + TOLERATED:
                break
            overshoot = TOLERATED
    if len(work.faces) > target + TOLERATED and not work.locked.any():
        _drop_smallest(work, len(work.faces) - target)


def _join_pairs(work: Working, most: float) -> None:
    """Join most vertices with a neighbour until no more triangles are left than so many, or that gets nowhere."""
    before = np.inf
    while most < len(work.faces) <= LEAST_PAIRED * before:
        before = len(work.faces)
        heads, following = np.empty(len(work.points), np.int32), np.empty(3 * len(work.faces), np.int32)
        link_corners(work.faces, heads, following)
        marks = np.zeros((len(work.points), 2), np.int32)
        join_pairs(work.points, work.colours, work.faces, ~work.locked, heads, following, marks)
        _drop_dead(work)


def _step(work: Working, goal: tuple[int, int], how: tuple[float, Settings]) -> bool:
    """One run of the queue with fresh quadrics; gives whether the surface was taken for messy."""
    share, settings = how
    colours = work.colours
    vertices, triangles = len(work.points), len(work.faces)
    heads, following = np.empty(vertices, np.int32), np.empty(3 * triangles, np.int32)
    link_corners(work.faces, heads, following)
    quadrics = np.zeros((vertices, COLOURED if len(colours) else PLAIN), np.float32)
    marks = np.zeros((vertices, 4), np.int32)
    borders, edges = find_edges(work.faces, heads, following, marks)
    messy = edges.messy if settings.messy is None else settings.messy
    measure_faces(work.points, colours, work.faces, quadrics)
    measure_borders(work.points, work.faces, borders, MESSY_BORDER_WEIGHT if messy else BORDER_WEIGHT, quadrics)
    room = int(edges.count * max(1.0, ROOM * share)) + 1024
    ends, keys = np.empty((room, 2), np.int32), np.empty(room, np.int32)
    lists = (work.points, colours, work.faces, quadrics, work.locked, heads, following, marks, ends, keys)
    count = price_edges(*lists, settings.lumped_bits)
    if count == 0:
        return messy
    last = BUCKETS - 1
    if share < 1:
        last = int(np.searchsorted(np.cumsum(np.bincount(keys[:count], minlength=BUCKETS)), share * count))
    state = np.array([triangles, goal[0], goal[1], last, count, settings.lumped_bits])
    prices = np.array([MESSY_LINK_PRICE if messy else LINK_PRICE, TURN_PRICE, settings.loss_price])
    run_step(*lists, np.empty(BUCKETS, np.int32), state, prices)
    _drop_dead(work)
    return messy


def find_edges(
    faces: Faces, heads: Numbers, following: Numbers, marks: NDArray[np.int32]
) -> tuple[NDArray[np.int32], Edges]:
    """The edges with one triangle (k, 3), as ends and triangle, and how many edges there are of each kind."""
    room = len(faces) // 8 + 64
    while True:
        borders = np.empty((room, 3), np.int32)
        edges = Edges(*find_borders(faces, heads, following, marks, borders))
        if edges.borders <= room:
            return borders[: edges.borders], edges
        room = edges.borders


def _drop_smallest(work: Working, surplus: int) -> None:
    """In a tangle, where any edge takes dozens of triangles with it, the last few are left out one by one."""
    smallest = np.argsort(face_areas(work.points, work.faces), kind="stable")[:surplus]
    work.faces[smallest, 0] = -1
    _drop_dead(work)


def _drop_dead(work: Working) -> None:
    faces = work.faces[work.faces[:, 0] >= 0]
    used = np.zeros(len(work.points), bool)
    used[faces] = True
    work.faces = (np.cumsum(used, dtype=np.int32) - np.int32(1))[faces]
    work.points, work.locked, work.origin = work.points[used], work.locked[used], work.origin[used]
    if len(work.colours):
        work.colours = work.colours[used]


def drop_doubles(faces: Rows | Faces) -> Faces:
    """The triangles without those that name a corner twice or repeat an earlier one, whichever way it turns."""
    sound = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    faces = np.ascontiguousarray(faces[sound], np.int32)
    number, first = number_rows(np.sort(faces, axis=1))
    kept: Faces = faces[first[number] == np.arange(len(faces))]
    return kept
