"""Roofs over the ground of a surveyed tile: areas that stand high, hang together and are even, as crowns of trees are not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.grid import Labels, Mask, Plane, label_areas
from asset_pipeline.clouds.ground import Layers, mean_around, slide

LOWEST_ROOF_M = 2.2
LEAST_AREA_M2, MOST_AREA_M2 = 15.0, 60_000.0
ROUGHNESS_M = 0.16  # of a roof about the plane through nine cells: the noise of a survey, tiles and gutters
STEEPEST = 2.0  # rise over run of that plane; walls are steeper
EVEN_NEIGHBOURS = 5 / 9  # a cell is inside a roof when so many round it are even
STEP_M = 0.7  # between neighbouring cells of one roof, beside what its slope makes
EVEN_SHARE = 0.55  # of a roof's cells, its edge included; less is a tree with a few flat places
SEVERAL_RETURNS = 0.5  # share of pulses with several returns over a whole area: leaves let light through, roofs do not
GROWTH_CELLS = 2
WALL_M, WALL_CELLS = 1.2, 7  # a roof ends in such a step down, within a square of so many cells;
WALLED_SHARE = 0.5  # a roof does so along that much of its free edge, a knoll along less
LEAST_LAND_M2 = 300.0  # smaller even things without walls are lorries and sheds, not land
CLASSED = 0.3  # share of a cell's points of class building or vegetation that decides


@dataclass(frozen=True)
class Roofs:
    """labels (rows, columns): the roof each cell belongs to, -1 for none; count: roofs; refused: areas that are none.

    land: cells of the refused areas that are even and end without walls: knolls and embankments, which belong to the ground.
    """

    labels: Labels
    count: int
    refused: int
    land: Mask


def find_roofs(tops: Plane, ground: Plane, layers: Layers, cell_m: float) -> Roofs:
    """The roofs of a tile, from its surface and its ground, both in every cell (NaN where not known) in metres."""
    known = np.isfinite(tops)
    height = np.where(known, tops - ground, 0).astype(np.float32)
    high = height > LOWEST_ROOF_M
    roughness, slope = _fit_planes(np.where(known, tops, ground).astype(np.float32), cell_m)
    even = high & (roughness < ROUGHNESS_M) & (slope < STEEPEST)
    points = np.maximum(layers.points, 1)
    classed_roof, classed_plant = layers.roofs / points > CLASSED, layers.plants / points > CLASSED
    if classed_roof.any():  # the survey knows better
        even, high = high & classed_roof, high & (classed_roof | ~classed_plant)
    inside = even & (mean_around(even.astype(np.float32), 3) >= EVEN_NEIGHBOURS - 1e-3)
    step = np.float32(STEP_M + cell_m)
    surface = np.where(known, tops, 0).astype(np.float32)
    labels, count = label_areas(inside, surface, float(step))
    sizes = np.bincount(labels[labels >= 0], minlength=count) * cell_m**2
    labels = _renumber(labels, sizes >= LEAST_AREA_M2 / 2)
    for _ in range(GROWTH_CELLS):
        labels = _grow(labels, high, surface, step)
    labels, _ = label_areas(labels >= 0, surface, float(step))  # the two sides of a steep ridge are one roof
    around = np.where(known, tops, ground).astype(np.float32)
    walled = surface - slide(around, WALL_CELLS, lowest=True) > WALL_M
    attached = slide(around, WALL_CELLS, lowest=False) - surface > WALL_M
    return _judge(labels, (even, walled, walled | ~attached), layers, cell_m)


def _judge(labels: Labels, masks: tuple[Mask, Mask, Mask], layers: Layers, cell_m: float) -> Roofs:
    """Roofs only, without areas that are too small or too large, rough, seen through, or without walls.

    masks: which cells are even, which have something much lower close by, and which have that or nothing much higher.
    """
    even, walled, free = masks
    flat = labels.reshape(-1)
    mine = flat >= 0
    count = int(flat.max(initial=-1)) + 1

    def total(plane: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(flat[mine], plane.reshape(-1)[mine].astype(np.float64), count), np.float64)

    cells, points = total(np.ones_like(flat)), total(layers.points)
    area = cells * cell_m**2
    leafy = total(layers.several) > SEVERAL_RETURNS * np.maximum(points, 1)
    sized = (area >= LEAST_AREA_M2) & (area <= MOST_AREA_M2)
    edge = _find_edge(labels)
    stands = total(edge & walled) / np.maximum(total(edge & free), 1)
    calm = (total(even) >= EVEN_SHARE * np.maximum(cells, 1)) & ~leafy
    roofs = sized & calm & (stands >= WALLED_SHARE)
    land = np.append(calm & (stands < WALLED_SHARE) & (area >= LEAST_LAND_M2), False)[labels]
    return Roofs(_renumber(labels, roofs), int(roofs.sum()), int((sized & ~roofs).sum()), land)


def _find_edge(labels: Labels) -> Mask:
    """Cells of an area beside one of no area."""
    free = np.pad(labels < 0, 1, constant_values=True)
    return np.asarray((labels >= 0) & (free[:-2, 1:-1] | free[2:, 1:-1] | free[1:-1, :-2] | free[1:-1, 2:]))


def _fit_planes(plane: Plane, cell_m: float) -> tuple[Plane, Plane]:
    """(RMS distance in height, slope) of the plane through each cell's nine, by sums over the square."""
    rows, columns = plane.shape
    base = plane - np.float32(plane.mean())  # small numbers: squares of heights would lose the centimetres
    padded = np.pad(base, 1, mode="edge").astype(np.float64)
    mean = np.zeros((rows, columns))
    across, along, square = mean.copy(), mean.copy(), mean.copy()
    for row in range(3):
        for column in range(3):
            part = padded[row : row + rows, column : column + columns]
            mean += part / 9
            square += part**2 / 9
            across += part * (column - 1) / 6
            along += part * (row - 1) / 6
    rest = square - mean**2 - (across**2 + along**2) * (6 / 9)
    return np.sqrt(np.maximum(rest, 0)).astype(np.float32), (np.hypot(across, along) / cell_m).astype(np.float32)


def _grow(labels: Labels, high: Mask, surface: Plane, step: np.float32) -> Labels:
    """Labels passed on by one cell to high neighbours of nearly the same height; the lowest label wins where two meet."""
    grown = labels.copy()
    for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
        beside, over = np.roll(labels, shift, axis), np.roll(surface, shift, axis)
        edge = [slice(None), slice(None)]
        edge[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
        beside[tuple(edge)] = -1
        taken = (labels < 0) & high & (beside >= 0) & (np.abs(over - surface) <= step)
        grown = np.where(taken & ((grown < 0) | (beside < grown)), beside, grown)
    return grown


def _renumber(labels: Labels, kept: Mask) -> Labels:
    """The labels kept, numbered from 0 in their order; others become -1."""
    numbers = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)  # the last one is that of label -1
    return numbers[labels].astype(np.int32)
