"""Roof tiles as relief: pantiles (sangawara) and round-and-flat tiles (hongawara), course over course up a slope."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dejima_models.geometry import EDGE_M, Line, Relief, Skin
from dejima_models.materials import blend, tint
from dejima_models.noise import Plane, chance, cloud, soft_step

GREY = (116, 121, 128)
NOSE_M = 0.030  # how far a tile's lower end lies above the one below
THICK_M = 0.065  # what shows of the lowest course at the eave


@dataclass(frozen=True)
class TileKind:
    """width_m, course_m: what one tile shows; stations: where across a tile (0..1) the mesh has lines."""

    width_m: float
    course_m: float
    stations: Sequence[float]
    round: bool


PANTILE = TileKind(0.27, 0.245, (0.0, 0.22, 0.46, 0.63, 0.74, 0.87, 0.98), round=False)
ROUND_AND_FLAT = TileKind(0.30, 0.26, (0.0, 0.055, 0.15, 0.245, 0.30, 0.48, 0.66, 0.84, 0.945), round=True)


def tile_profile(kind: TileKind, share: Plane) -> Plane:
    """Height in metres across one tile, share 0..1."""
    if kind.round:  # a half pipe over the joint, then the hollow of the flat tile
        pipe = np.sqrt(np.clip(1 - ((share - 0.15) / 0.15) ** 2, 0, 1)) * 0.075
        hollow = -0.022 * np.clip(1 - ((share - 0.65) / 0.35) ** 2, 0, 1)
        return np.asarray(np.where(share < 0.30, pipe, hollow), np.float32)
    hollow = -0.018 * np.sin(np.clip(share / 0.62, 0, 1) * np.pi)
    roll = 0.034 * np.sin(np.clip((share - 0.60) / 0.40, 0, 1) * np.pi) ** 0.8
    return np.asarray(np.where(share < 0.62, hollow, roll), np.float32)


def tile_lines(kind: TileKind, start: float, end: float) -> Line:
    """Lines across the slope from start to end: the same stations on every tile."""
    first, last = int(np.floor(start / kind.width_m)), int(np.ceil(end / kind.width_m))
    lines = (np.arange(first, last)[:, None] + np.array(kind.stations)[None, :]).reshape(-1) * kind.width_m
    return np.concatenate([[start], lines[(lines > start + 0.004) & (lines < end - 0.004)], [end]])


def course_lines(kind: TileKind, length_m: float) -> Line:
    """Lines up the slope, from just below the eave: a close pair at every course."""
    noses = np.arange(0, length_m - 0.02, kind.course_m)
    lines = np.concatenate([noses - EDGE_M, noses + EDGE_M, [length_m]])
    return np.unique(lines)


def tile_skin(kind: TileKind, seed: int) -> Skin:
    """The relief and colour of a tiled slope: s across, t up from the eave; every tile has its own seat and tone."""

    def skin(s: Plane, t: Plane) -> Relief:
        column, course = np.floor(s / kind.width_m), np.floor(np.maximum(t, 0) / kind.course_m)
        share, up = s / kind.width_m - column, np.maximum(t, 0) / kind.course_m - course
        which = (column.astype(np.int64), course.astype(np.int64))
        tone, seat, lean = (chance(*which, seed + k) for k in range(3))
        profile = tile_profile(kind, share)
        height = profile + NOSE_M * (1 - up) + (seat - 0.5) * 0.008 + (lean - 0.5) * 0.014 * (share - 0.5)
        height = np.where(t < 0, profile * 0.35 - THICK_M, height) + cloud(s, t, 2.5, seed + 5) * 0.012
        return Relief(np.asarray(height, np.float32), _colour(s, t, (tone, share, up, profile), seed))

    return skin


def _colour(s: Plane, t: Plane, tile: tuple[Plane, Plane, Plane, Plane], seed: int) -> Plane:
    tone, share, up, profile = tile
    smoke = cloud(s, t, 0.5, seed + 6)
    colour = tint(GREY, s) * (0.90 + 0.20 * tone + 0.06 * smoke + 1.8 * profile)[..., None]
    colour = blend(colour, (138, 126, 110), soft_step(tone, 0.92, 0.97) * 0.40)  # a replaced, browner tile
    damp = soft_step(cloud(s, t, 2.6, seed + 7) + 1.2 * (0.010 - profile) / 0.03 * 0.5, 0.9, 2.2)
    colour = blend(colour, (102, 108, 76), damp * soft_step(cloud(s, t, 0.16, seed + 8), -0.4, 1.2) * 0.75)  # moss
    colour = blend(colour, (158, 158, 146), soft_step(cloud(s, t, 0.10, seed + 9), 1.9, 2.5) * 0.55)  # lichen
    joint = soft_step(np.minimum(share, 1 - share), 0.035, 0.0)
    shade = np.maximum(soft_step(up, 0.86, 1.0), joint * 0.6)
    return blend(colour, (40, 42, 44), shade * 0.75)


def ridge_skin(s: Plane, t: Plane) -> Relief:
    """Stacked ridge tiles with lime plaster between: t goes round the ridge, from one foot over the top to the other."""
    tone = chance(np.floor(s / 0.28).astype(np.int64), np.floor(t / 0.07).astype(np.int64), 40)
    colour = tint(GREY, s) * (0.86 + 0.24 * tone + 0.05 * cloud(s, t, 0.3, 41))[..., None]
    joint = soft_step(np.abs(s / 0.28 - np.round(s / 0.28)), 0.05, 0.0)
    colour = blend(colour, (52, 54, 56), joint * 0.8)
    colour = blend(colour, (104, 108, 80), soft_step(cloud(s, t, 0.8, 42), 1.0, 2.2) * 0.6)
    return Relief(np.zeros_like(s), colour)


def plaster_bed_skin(s: Plane, t: Plane) -> Relief:
    """Lime plaster under a ridge, greyed by the weather."""
    wide = cloud(s, t, 0.6, 43)
    colour = tint((222, 216, 202), s) + (wide * 6 + cloud(s, t, 0.08, 44) * 4)[..., None]
    return Relief(np.zeros_like(s), blend(colour, (150, 148, 132), soft_step(wide, 0.6, 2.2) * 0.6))
