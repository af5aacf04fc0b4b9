"""The upper veranda behind the Chief Factor's house, with its own lean-to roof."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dejima_models.geometry import Patch, Sweep, ceiling_frame, floor_frame
from dejima_models.house_shape import FLOOR_Y, HALF_X, HALF_Z, X, Z
from dejima_models.materials import dark_timber, planks_upright
from dejima_models.roof import Slope, eave_board, soffit, tiled
from dejima_models.tiles import PANTILE
from dejima_models.timber import beam, block, posts, railing
from dejima_models.walls import wall

OUT = 1.9  # how far it stands out from the wall
ROOF_Y, ROOF_PITCH, ROOF_RUN = 5.66, 0.28, 2.3  # height of its roof at the wall, slope, depth
HALF = HALF_X - 0.6  # half its length
EDGE = -HALF_Z - OUT
POSTS = 8


def _slope() -> Slope:
    eave = np.array([0, ROOF_Y - ROOF_PITCH * ROOF_RUN, -HALF_Z - ROOF_RUN])
    return Slope(eave, -X, Z, HALF + 0.3, ROOF_RUN, ROOF_PITCH, 0.0)


def veranda_patches() -> Iterator[Patch]:
    """Floor, its underside, and the roof."""
    size = (2 * HALF, OUT)
    yield replace(wall(floor_frame(-HALF, FLOOR_Y, -HALF_Z), size, planks_upright, []), density=0.6)
    yield replace(wall(ceiling_frame(-HALF, FLOOR_Y - 0.16, EDGE), size, dark_timber, []), density=0.4)
    yield tiled(_slope(), PANTILE, 220)
    yield soffit(_slope(), ROOF_RUN)


def veranda_sweeps() -> Iterator[Sweep]:
    """Posts on stones, beams, railings."""
    z, at = EDGE + 0.08, np.linspace(-HALF + 0.1, HALF - 0.1, POSTS)
    top = ROOF_Y - ROOF_PITCH * OUT - 0.22
    yield eave_board(_slope())
    yield from posts([[x, 0.12, z] for x in at], top - 0.12, 0.16, "dark")
    yield from (block([x, 0, z], (0.36, 0.14, 0.36)) for x in at)
    yield beam([-HALF - 0.1, top, z], [HALF + 0.1, top, z], (0.14, 0.18), "dark")
    yield beam([-HALF - 0.1, FLOOR_Y - 0.1, z - 0.02], [HALF + 0.1, FLOOR_Y - 0.1, z - 0.02], (0.16, 0.24), "dark")
    corners = [
        [-HALF + 0.1, FLOOR_Y, -HALF_Z - 0.05],
        *([x, FLOOR_Y, z] for x in at),
        [HALF - 0.1, FLOOR_Y, -HALF_Z - 0.05],
    ]
    for start, end in pairwise(corners):
        yield from railing(start, end, 0.92, "green")
