"""The Chief Factor's house (kapitan-beya) about 1820: an estimate.

What is known here: the largest building of the island, office and home of the chief, rebuilt 1808 or 1809. The size,
the timber frame with plaster, the stair on the street side and the sash windows follow what houses of the kind had;
nothing is measured. Front (street side) towards +z, metres, y up, y = 0 on the ground.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dejima_models.build import Plan
from dejima_models.geometry import Patch, Points, Sweep, even_lines, make_frame
from dejima_models.house_shape import EAVE_OUT, FLOOR_Y, FOOT_Y, HALF_X, HALF_Z, PITCH, TOP_Y, X, Y, Z
from dejima_models.house_stair import porch_patches, porch_sweeps, stair
from dejima_models.house_veranda import veranda_patches, veranda_sweeps
from dejima_models.materials import dark_timber, planks_upright, plaster, shadow, weatherboard
from dejima_models.roof import Slope, eave_board, end_tile, gable_limits, ridge, soffit, tiled
from dejima_models.stone import lay_stones, masonry_skin
from dejima_models.tiles import PANTILE
from dejima_models.timber import beam, block
from dejima_models.walls import Panel, frame_timbers, lattice_window, sash_window, wall

BAY_M = 3.4  # about so far from post to post
BOARDS_M = 1.15  # boards protect the wall up to here
HIP_RUN = 3.5  # where the hips end and the gables begin
GABLE_IN = 0.42  # the gable's wall stands so far behind the edge of the upper roof
EAVE_Y = TOP_Y + 0.22 - PITCH * EAVE_OUT
RIDGE_RUN = HALF_Z + EAVE_OUT
RIDGE_Y = EAVE_Y + PITCH * RIDGE_RUN
STONE_GRID_M = 0.055


@dataclass(frozen=True)
class Side:
    """One side of the house: the foot of its left corner seen from outside, the way to the right, its length."""

    name: str
    corner: Points
    across: Points
    length: float

    def bays(self) -> int:
        """How many bays it has."""
        return round(self.length / BAY_M)


SIDES = (
    Side("front", np.array([-HALF_X, 0, HALF_Z]), X, 2 * HALF_X),
    Side("east", np.array([HALF_X, 0, HALF_Z]), -Z, 2 * HALF_Z),
    Side("back", np.array([HALF_X, 0, -HALF_Z]), -X, 2 * HALF_X),
    Side("west", np.array([-HALF_X, 0, -HALF_Z]), Z, 2 * HALF_Z),
)


def house_plan() -> Plan:
    """The whole house."""
    patches = [*_walls(), *_roof_patches(), *veranda_patches(), *porch_patches()]
    sweeps = [*_corners(), *_roof_sweeps(), *veranda_sweeps(), *stair(), *porch_sweeps(), *_door_stones()]
    return Plan("chief-factor-house", patches, sweeps, seed=1820, lowest_m=0.0)


def _walls() -> Iterator[Patch]:
    for number, side in enumerate(SIDES):
        out = np.cross(side.across, Y)
        base = make_frame(side.corner + out * 0.05, side.across, Y)
        stones = lay_stones((side.length, FOOT_Y + 0.05), (0.75, 0.42), np.random.default_rng(30 + number))
        lines = even_lines(0, side.length, STONE_GRID_M), even_lines(0, FOOT_Y + 0.04, STONE_GRID_M)
        yield Patch(base, *lines, masonry_skin(stones))
        lower = make_frame(side.corner + Y * FOOT_Y, side.across, Y)
        yield wall(lower, (side.length, FLOOR_Y - FOOT_Y), plaster, _lower_panels(side))
        upper = make_frame(side.corner + Y * FLOOR_Y, side.across, Y)
        yield wall(upper, (side.length, TOP_Y - FLOOR_Y + 0.05), plaster, _upper_panels(side))


def _lower_panels(side: Side) -> list[Panel]:
    """Store rooms: boards below, plaster above, doors of planks, barred windows."""
    height, bays = FLOOR_Y - FOOT_Y, side.bays()
    at = [side.length * number / bays for number in range(bays + 1)]
    panels = [Panel((0.0, 0.0, side.length, BOARDS_M), 0.02, weatherboard)]
    panels += frame_timbers(side.length, height, at[1:-1], (0.06, BOARDS_M, height - 0.09))
    with_door = {"front": (0, 3, 6), "back": (1, 5)}.get(side.name, ())
    for number in range(bays):
        middle = (at[number] + at[number + 1]) / 2
        panels += _plank_door(middle) if number in with_door else lattice_window(middle, 1.42, 1.4, 0.95, shadow)
    return panels


def _plank_door(s: float) -> list[Panel]:
    return [
        Panel((s - 1.06, 0.0, s + 1.06, 2.25), 0.05, dark_timber),
        Panel((s - 0.93, 0.02, s + 0.93, 2.12), -0.06, planks_upright),
        Panel((s - 0.012, 0.02, s + 0.012, 2.12), -0.075, shadow),
        Panel((s - 0.93, 0.45, s + 0.93, 0.60), -0.03, dark_timber),
        Panel((s - 0.93, 1.50, s + 0.93, 1.65), -0.03, dark_timber),
    ]


def _upper_panels(side: Side) -> list[Panel]:
    """The chief's rooms: plaster, sill and head of the frame, sash windows; a glazed door to stair and veranda."""
    height, bays = TOP_Y - FLOOR_Y + 0.05, side.bays()
    panels = frame_timbers(side.length, height, (), (0.05, height - 0.28))
    for number in range(bays):
        middle = side.length * (number + 0.5) / bays
        if side.name in ("front", "back") and number == bays // 2:
            panels += _glazed_door(middle)
        else:
            panels += sash_window(middle, 0.75, 1.05, 1.62)
    return panels


def _glazed_door(s: float) -> list[Panel]:
    """Two glazed leaves with panels of wood below."""
    frame = [panel for panel in sash_window(s, 0.20, 1.5, 2.15, shutters=False) if panel.depth_m < 0.09]
    leaves = [Panel((s - 0.75, 0.20, s + 0.75, 0.80), -0.03, dark_timber)]
    return [*frame, *leaves, Panel((s - 0.04, 0.20, s + 0.04, 2.35), 0.0, dark_timber, upright=True)]


def _slopes() -> list[Slope]:
    half_x, half_z = HALF_X + EAVE_OUT, HALF_Z + EAVE_OUT
    top = HIP_RUN + GABLE_IN
    return [
        Slope(np.array([0, EAVE_Y, half_z]), X, -Z, half_x, RIDGE_RUN, PITCH, HIP_RUN),
        Slope(np.array([0, EAVE_Y, -half_z]), -X, Z, half_x, RIDGE_RUN, PITCH, HIP_RUN),
        Slope(np.array([half_x, EAVE_Y, 0]), -Z, -X, half_z, top, PITCH, top),
        Slope(np.array([-half_x, EAVE_Y, 0]), Z, X, half_z, top, PITCH, top),
    ]


def _roof_patches() -> Iterator[Patch]:
    for number, slope in enumerate(_slopes()):
        yield tiled(slope, PANTILE, 100 + 20 * number)
        yield soffit(slope, EAVE_OUT + 0.1)
    yield from (_gable(sign) for sign in (-1.0, 1.0))


def _gable(sign: float) -> Patch:
    """The plastered triangle above the end slope."""
    x = sign * (HALF_X + EAVE_OUT - HIP_RUN - GABLE_IN)
    foot, half = EAVE_Y + PITCH * (HIP_RUN - 0.1), RIDGE_RUN - HIP_RUN
    high = RIDGE_Y - foot - 0.05
    panels = [
        Panel((half - 0.09, 0.0, half + 0.09, high), 0.04, dark_timber, upright=True),
        Panel((0.0, 0.28, 2 * half, 0.46), 0.03, dark_timber),
    ]
    frame = make_frame([x, foot, sign * half], -sign * Z, Y)
    return replace(wall(frame, (2 * half, high), plaster, panels), limits=gable_limits(half, PITCH, 0.1))


def _roof_sweeps() -> Iterator[Sweep]:
    top_x = HALF_X + EAVE_OUT - HIP_RUN
    yield from (eave_board(slope) for slope in _slopes())
    yield from ridge([-top_x, RIDGE_Y, 0], [top_x, RIDGE_Y, 0], 5, 0.46)
    for sx in (-1.0, 1.0):
        yield from end_tile([sx * (top_x + 0.06), RIDGE_Y + 0.06, 0], [sx, 0, 0], 0.62)
        for sz in (-1.0, 1.0):
            yield from _hip(sx, sz, top_x)
            yield from _verge(sx, sz, top_x)


def _hip(sx: float, sz: float, top_x: float) -> Iterator[Sweep]:
    """The ridge from a corner of the eaves up to the gable's foot."""
    corner = np.array([sx * (HALF_X + EAVE_OUT - 0.12), EAVE_Y + 0.06, sz * (HALF_Z + EAVE_OUT - 0.12)])
    top = np.array([sx * top_x, EAVE_Y + PITCH * HIP_RUN + 0.02, sz * (RIDGE_RUN - HIP_RUN)])
    yield from ridge(top, corner, 2, 0.32)
    yield from end_tile(corner, corner - top, 0.40)


def _verge(sx: float, sz: float, top_x: float) -> Iterator[Sweep]:
    """The ridge along a gable's edge, and the board below it."""
    x = sx * (top_x - 0.12)
    high = np.array([x, RIDGE_Y, sz * 0.2])
    low = np.array([x, EAVE_Y + PITCH * (HIP_RUN - 0.1), sz * (RIDGE_RUN - HIP_RUN + 0.1)])
    yield from ridge(high, low, 2, 0.30)
    yield from end_tile(low, low - high, 0.34)
    board = np.array([sx * 0.09, -0.18, 0.0])
    yield beam(high + board, low + board, (0.06, 0.26), "dark")


def _corners() -> Iterator[Sweep]:
    """Corner posts on their stones."""
    for sx in (-1.0, 1.0):
        for sz in (-1.0, 1.0):
            foot = np.array([sx * (HALF_X - 0.07), FOOT_Y - 0.02, sz * (HALF_Z - 0.07)])
            yield beam(foot, foot + Y * (TOP_Y - FOOT_Y), (0.22, 0.22), "dark")
            yield block(foot * [1, 0, 1], (0.46, FOOT_Y - 0.01, 0.46))


def _door_stones() -> Iterator[Sweep]:
    """A flat stone before each door of the ground floor."""
    bay = 2 * HALF_X / SIDES[0].bays()
    for x in (-3 * bay, 3 * bay):
        yield block([x, 0, HALF_Z + 0.36], (1.9, 0.18, 0.52))
