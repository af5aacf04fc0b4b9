"""The stair before the Chief Factor's house: two flights up to a landing under a small gabled roof."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dejima_models.geometry import Patch, Points, Sweep, make_frame
from dejima_models.house_shape import EAVE_OUT, FLOOR_Y, HALF_Z, PITCH, TOP_Y, X, Y, Z
from dejima_models.materials import dark_timber, plaster
from dejima_models.roof import Slope, end_tile, gable_limits, ridge, soffit, tiled
from dejima_models.tiles import PANTILE
from dejima_models.timber import beam, block, posts, railing
from dejima_models.walls import Panel, wall

LANDING_HALF, LANDING_OUT = 1.6, 1.85  # half its width; how far it stands out from the wall
STEPS, TREAD_M = 17, 0.27
RISE_M = FLOOR_Y / STEPS
FLIGHT_M = TREAD_M * (STEPS - 1)
NEAR, FAR = HALF_Z + 0.12, HALF_Z + LANDING_OUT  # the stair's wall side and street side
RAIL_M = 0.92
ROOF_HALF, ROOF_EAVE_Y, ROOF_PITCH = 2.15, 5.62, 0.52
ROOF_FRONT, ROOF_BACK = HALF_Z + LANDING_OUT + 0.55, 3.3
MAIN_EAVE_Y = TOP_Y + 0.22 - PITCH * EAVE_OUT


def stair() -> Iterator[Sweep]:
    """Landing, flights, railings, posts and the stones they stand on."""
    edge = FAR - 0.06
    for z in np.arange(NEAR + 0.12, FAR, 0.24):
        yield beam([-LANDING_HALF, FLOOR_Y - 0.03, z], [LANDING_HALF, FLOOR_Y - 0.03, z], (0.235, 0.06), "timber")
    for z in (NEAR + 0.1, edge):
        yield beam([-LANDING_HALF, FLOOR_Y - 0.18, z], [LANDING_HALF, FLOOR_Y - 0.18, z], (0.16, 0.24), "green")
    yield from railing([-LANDING_HALF, FLOOR_Y, FAR - 0.05], [LANDING_HALF, FLOOR_Y, FAR - 0.05], RAIL_M, "green")
    for sign in (-1.0, 1.0):
        x = sign * (LANDING_HALF - 0.09)
        yield from posts([[x, 0.16, edge]], FLOOR_Y - 0.2, 0.18, "green")
        yield block([x, 0, edge], (0.40, 0.18, 0.40))
        yield from _flight(sign)


def _flight(sign: float) -> Iterator[Sweep]:
    """One flight: treads and risers between two strings, a railing on the street side."""
    for step in range(1, STEPS):
        x, y = sign * (LANDING_HALF + TREAD_M * (STEPS - step - 0.5)), RISE_M * step
        yield beam([x, y - 0.025, NEAR], [x, y - 0.025, FAR], (0.30, 0.05), "timber")
        x, y = x - sign * 0.12, y + RISE_M / 2 - 0.03
        yield beam([x, y, NEAR + 0.05], [x, y, FAR - 0.05], (0.02, RISE_M - 0.04), "timber")
    top, foot = sign * LANDING_HALF * X + (FLOOR_Y - 0.14) * Y, sign * (LANDING_HALF + FLIGHT_M + 0.1) * X + 0.06 * Y
    for z in (NEAR + 0.03, FAR - 0.03):
        yield beam(top + Z * z, foot + Z * z, (0.07, 0.34), "green")
    high = np.array([sign * LANDING_HALF, FLOOR_Y, FAR - 0.05])
    low = np.array([sign * (LANDING_HALF + FLIGHT_M), RISE_M, FAR - 0.05])
    yield from railing(high, low, RAIL_M, "green", 0.25)
    yield from posts([low - Y * (RISE_M - 0.08), high - Y * 0.1], RAIL_M + 0.16, 0.12, "green")
    yield block([sign * (LANDING_HALF + FLIGHT_M + 0.32), 0, (NEAR + FAR) / 2], (0.72, 0.12, LANDING_OUT + 0.2))


def _slopes() -> list[Slope]:
    middle, half = (ROOF_FRONT + ROOF_BACK) / 2, (ROOF_FRONT - ROOF_BACK) / 2
    return [
        Slope(np.array([s * ROOF_HALF, ROOF_EAVE_Y, middle]), -s * Z, -s * X, half, ROOF_HALF, ROOF_PITCH, 0.0)
        for s in (1.0, -1.0)
    ]


def _in_main_roof(centres: Points) -> NDArray[np.bool_]:
    """What lies inside the main roof or behind the wall, where nobody sees it."""
    tiles = MAIN_EAVE_Y + PITCH * (HALF_Z + EAVE_OUT - centres[:, 2])
    deep = centres[:, 1] < tiles - 0.05
    return np.asarray(deep & ((centres[:, 1] > tiles - 0.30) | (centres[:, 2] < HALF_Z - 0.05)))


def porch_patches() -> Iterator[Patch]:
    """The landing's roof: a small gable towards the street, its ridge running into the main roof."""
    for number, slope in enumerate(_slopes()):
        yield tiled(slope, PANTILE, 260 + 20 * number, hole=_in_main_roof)
        yield replace(soffit(slope, slope.run_m), hole=_in_main_roof)
    half = ROOF_HALF - 0.25
    high = half * ROOF_PITCH
    middle = Panel((half - 0.08, 0, half + 0.08, high), 0.04, dark_timber, upright=True)
    frame = make_frame([-half, ROOF_EAVE_Y + 0.02, ROOF_FRONT - 0.45], X, Y)
    yield replace(wall(frame, (2 * half, high), plaster, [middle]), limits=gable_limits(half, ROOF_PITCH, 0.0))


def porch_sweeps() -> Iterator[Sweep]:
    """Its ridge, posts and beams."""
    top, far, half = ROOF_EAVE_Y + ROOF_PITCH * ROOF_HALF, FAR - 0.06, LANDING_HALF - 0.09
    yield from ridge([0, top, ROOF_FRONT], [0, top, 4.0], 3, 0.34)
    yield from end_tile([0, top + 0.04, ROOF_FRONT + 0.05], Z, 0.46)
    yield from posts([[s * half, FLOOR_Y, far] for s in (-1, 1)], ROOF_EAVE_Y - FLOOR_Y - 0.1, 0.16, "green")
    y = ROOF_EAVE_Y - 0.08
    yield beam([-half - 0.3, y, far], [half + 0.3, y, far], (0.16, 0.2), "green")
    for sign in (-1.0, 1.0):
        x, y = sign * half, ROOF_EAVE_Y + 0.06
        yield beam([x, y, HALF_Z + 0.1], [x, y, ROOF_FRONT - 0.2], (0.14, 0.18), "green")
        low = np.array([sign * ROOF_HALF, ROOF_EAVE_Y - 0.12, ROOF_FRONT - 0.05])
        eave = low + np.array([-sign * 0.03, 0.01, 0.0])
        yield beam(eave, eave * [1, 1, 0] + Z * HALF_Z, (0.09, 0.17), "dark")
        yield beam(low, [0.0, top - 0.12, ROOF_FRONT - 0.05], (0.06, 0.22), "green")
