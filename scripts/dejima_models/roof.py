"""Roofs: tiled slopes clipped at hips and gables, the boards and rafters below them, ridges and their end tiles."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from dejima_models.geometry import Frame, Hole, Limits, Patch, Points, Relief, Sweep, even_lines, make_frame
from dejima_models.materials import blend, dark_timber
from dejima_models.noise import Plane, soft_step
from dejima_models.tiles import TileKind, course_lines, tile_lines, tile_skin
from dejima_models.timber import UP, straight

RAFTER_M = 0.42  # from rafter to rafter
SOFFIT_DROP_M = 0.16  # rafters and boards under the tiles


@dataclass(frozen=True)
class Slope:
    """One side of a roof: middle of its eave, direction across it (eave seen from outside, to the right), inward.

    half_m: half the eave; run_m: horizontal way up; pitch: rise per run; cut_m: run up to which a hip narrows it
    (0: a gable, straight sides).
    """

    eave: Points
    across: Points
    inward: Points
    half_m: float
    run_m: float
    pitch: float
    cut_m: float

    def frame(self, drop_m: float = 0.0) -> Frame:
        """Its plane, so many metres lower."""
        along = self.inward + UP * self.pitch
        return make_frame(self.eave - UP * drop_m, self.across, along)

    def stretch(self) -> float:
        """Metres up the slope for each metre of run."""
        return float(np.hypot(1.0, self.pitch))

    def limits(self) -> Limits:
        """How wide it is at each way up."""
        stretch, cut, half = self.stretch(), self.cut_m, self.half_m

        def narrow(t: Plane) -> tuple[Plane, Plane]:
            wide = np.float32(half) - np.clip(t / np.float32(stretch), 0, np.float32(cut))
            return -wide, wide

        return narrow

    def top_y(self) -> float:
        """Height of its upper edge."""
        return float(self.eave[1] + self.run_m * self.pitch)

    def point(self, s: float, run: float, above: float = 0.0) -> Points:
        """A point on the plane."""
        return np.asarray(self.eave + self.across * s + self.inward * run + UP * (run * self.pitch + above))


def tiled(slope: Slope, kind: TileKind, seed: int, hole: Hole | None = None) -> Patch:
    """The slope's tiles."""
    length = slope.run_m * slope.stretch()
    s_lines = tile_lines(kind, -slope.half_m, slope.half_m)
    return Patch(
        slope.frame(), s_lines, course_lines(kind, length), tile_skin(kind, seed), limits=slope.limits(), hole=hole
    )


def soffit(slope: Slope, run_m: float) -> Patch:
    """Rafters and boards below the tiles, from the eave inward."""
    length = run_m * slope.stretch()
    turned = replace(slope, across=-slope.across)
    edges = np.arange(-slope.half_m, slope.half_m, RAFTER_M)
    s_lines = np.unique(
        np.clip(
            np.concatenate([edges, edges + 0.006, edges + 0.09, edges + 0.096, [slope.half_m]]),
            -slope.half_m,
            slope.half_m,
        )
    )
    frame = turned.frame(SOFFIT_DROP_M)

    def skin(s: Plane, t: Plane) -> Relief:
        share = (s + np.float32(slope.half_m)) / np.float32(RAFTER_M)
        share = (share - np.floor(share)) * np.float32(RAFTER_M)
        rafter = (share > 0.003) & (share < 0.093)
        wood = dark_timber(t, s)
        shade = ~rafter * soft_step(np.minimum(share - 0.09, RAFTER_M - share), 0.06, 0.0)
        return Relief(
            np.asarray(wood.height_m + np.where(rafter, 0.08, 0.0), np.float32),
            blend(wood.colour, (40, 33, 27), shade * 0.5),
        )

    lines = even_lines(0.0, length, 0.4)
    return Patch(frame, s_lines, lines, skin, limits=slope.limits(), density=0.45)


def gable_limits(half_m: float, pitch: float, foot_m: float) -> Limits:
    """Limits of a triangle over 2 half_m, its foot already so far up its sides."""

    def narrow(t: Plane) -> tuple[Plane, Plane]:
        left = np.clip(t / np.float32(pitch) - np.float32(foot_m), 0, half_m)
        return left, 2 * half_m - left

    return narrow


def eave_board(slope: Slope) -> Sweep:
    """The board along the eave that carries the first tiles."""
    half = slope.half_m - (0.11 if slope.cut_m else 0.03)
    drop = UP * (SOFFIT_DROP_M / 2 + 0.05)
    path = straight(slope.point(-half, 0.11) - drop, slope.point(half, 0.11) - drop)
    return Sweep(np.array([(-0.05, -0.09), (0.05, -0.09), (0.05, 0.08), (-0.05, 0.08)]), path, UP, "dark")


def ridge(start: ArrayLike, end: ArrayLike, layers: int, width: float = 0.40) -> list[Sweep]:
    """A ridge: a bed of plaster, layers of flat tiles each a little narrower, a round tile on top."""
    path = straight(start, end, 0.28)
    bed = np.array([(-width / 2, -0.12), (width / 2, -0.12), (width / 2 - 0.02, 0.07), (0.02 - width / 2, 0.07)])
    right, low = [], 0.06
    for layer in range(layers):
        half = width / 2 + 0.01 - layer * 0.022
        right += [(half, low), (half, low + 0.035), (half - 0.03, low + 0.045)]
        low += 0.05
    top = width / 2 - layers * 0.022 - 0.05
    turn = np.linspace(0, np.pi, 9)
    dome = [(np.cos(a) * top, low + 0.01 + np.sin(a) * top * 0.85) for a in turn]
    left = [(-x, y) for x, y in reversed(right)]
    return [
        Sweep(bed, path, UP, "bed"),
        Sweep(np.array([*right, *dome, *left]), path, UP, "ridge", fixed=True),
    ]


def end_tile(at: ArrayLike, facing: ArrayLike, size: float) -> list[Sweep]:
    """A plain end tile (onigawara): a shouldered plate with a raised boss."""
    outline = [
        (-0.50, 0.0), (0.50, 0.0), (0.56, 0.16), (0.40, 0.30), (0.42, 0.52), (0.30, 0.74), (0.14, 0.90),
        (0.0, 1.0), (-0.14, 0.90), (-0.30, 0.74), (-0.42, 0.52), (-0.40, 0.30), (-0.56, 0.16),
    ]  # fmt: skip
    foot, way = np.asarray(at, np.float64), np.asarray(facing, np.float64)
    way = way / np.linalg.norm(way)
    plate = np.array(outline) * size - [0.0, 0.25 * size]
    turn = np.linspace(0, 2 * np.pi, 13)[:-1]
    boss = np.stack([np.cos(turn), np.sin(turn)], axis=1) * 0.17 * size + [0.0, 0.22 * size]
    return [
        Sweep(plate, straight(foot - way * 0.06, foot + way * 0.07, 0.05), UP, "ridge"),
        Sweep(boss, straight(foot + way * 0.06, foot + way * 0.13, 0.05), UP, "ridge"),
    ]
