"""The Chief Factor's house of today as a plain shape: how large it is about, and nothing of how it looks.

The restored house follows the state of about 1820, so the shape has the measures of that model: an estimate as well.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dejima_models.build import Plan
from dejima_models.geometry import Patch, Relief, even_lines, make_frame
from dejima_models.house_shape import EAVE_OUT, HALF_X, HALF_Z, PITCH, TOP_Y, Y
from dejima_models.materials import tint
from dejima_models.noise import Plane
from dejima_models.roof import Slope

WITHIN_M = 0.12  # so much smaller than the model of 1820, so that the two never flicker where they meet
GRID_M = 1.0
CLAY, CLAY_ROOF = (226, 222, 212), (186, 186, 184)
SIDE_PX = 512


def massing_plan() -> Plan:
    """Walls and roof without detail."""
    return Plan("chief-factor-house-today", [*_walls(), *_roof()], [], seed=2006, lowest_m=0.0, side_px=SIDE_PX)


def _clay(s: Plane, _: Plane) -> Relief:
    return Relief(np.zeros_like(s), tint(CLAY, s))


def _clay_roof(s: Plane, _: Plane) -> Relief:
    return Relief(np.zeros_like(s), tint(CLAY_ROOF, s))


def _walls() -> Iterator[Patch]:
    x, z = HALF_X - WITHIN_M, HALF_Z - WITHIN_M
    corners = [(-x, z), (x, z), (x, -z), (-x, -z)]
    for (ax, az), (bx, bz) in zip(corners, [*corners[1:], corners[0]], strict=True):
        length = abs(bx - ax) + abs(bz - az)
        frame = make_frame([ax, 0, az], [bx - ax, 0, bz - az], Y)
        yield Patch(frame, even_lines(0, length, GRID_M), even_lines(0, TOP_Y, GRID_M), _clay)


def _roof() -> Iterator[Patch]:
    out = EAVE_OUT - WITHIN_M
    half_x, half_z, y = HALF_X + out, HALF_Z + out, TOP_Y - PITCH * out
    for across, inward, half, deep in (
        ([1, 0, 0], [0, 0, -1], half_x, half_z),
        ([-1, 0, 0], [0, 0, 1], half_x, half_z),
        ([0, 0, -1], [-1, 0, 0], half_z, half_x),
        ([0, 0, 1], [1, 0, 0], half_z, half_x),
    ):
        eave = y * Y - np.array(inward, np.float64) * deep
        slope = Slope(eave, np.array(across, np.float64), np.array(inward, np.float64), half, half_z, PITCH, half_z)
        lines = even_lines(-half, half, GRID_M)
        yield Patch(
            slope.frame(), lines, even_lines(0, half_z * slope.stretch(), GRID_M), _clay_roof, limits=slope.limits()
        )
        under = replace(slope, across=-slope.across).frame(0.1)  # so that who looks up sees a roof
        yield Patch(under, lines, even_lines(0, (out + 0.3) * slope.stretch(), GRID_M), _clay, limits=slope.limits())
