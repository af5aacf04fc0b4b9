"""The Water Gate (suimon) with a stretch of sea wall about 1820: an estimate.

What is known here: built 1699 as the west gate for all cargo; the south opening was for imports, the north one for
exports. Seen from the sea the south is on the right. Sizes, doors, roof and the stones of the wall follow what gates
and sea walls of the kind had; nothing is measured. Sea side towards +z, metres, y up; y = 0 is the ground of the
island under the gate, the sea wall goes down from there.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dejima_models.build import Plan
from dejima_models.geometry import Frame, Patch, Points, Sweep, ceiling_frame, make_frame
from dejima_models.materials import PLANK_M, dark_timber, planks_upright, plaster, rough_stone, weatherboard
from dejima_models.roof import Slope, eave_board, end_tile, gable_limits, ridge, soffit, tiled
from dejima_models.shore import DEPTH, SHORE_X, TIDE_M, shore_patches, shore_sweeps
from dejima_models.tiles import ROUND_AND_FLAT
from dejima_models.timber import beam
from dejima_models.walls import Panel, frame_timbers, openings, wall

HALF_X, HALF_Z, TOP_Y = 5.4, 2.2, 4.75  # the gate's walls
DOOR_X, DOOR_HALF, DOOR_Y = 2.45, 1.45, 3.05  # middle and half width of an opening, its height
DOOR_Z = HALF_Z - 0.60  # where the leaves hang
JAMB_M = 0.34
PITCH, EAVE_OUT, VERGE_OUT = 0.52, 1.05, 0.75
WALL_Y, WALL_Z, WALL_THICK = 2.05, 1.6, 0.28  # the plastered wall beside the gate; half its thickness
X, Y, Z = np.eye(3)


def gate_plan() -> Plan:
    """The whole gate with its stretch of wall."""
    patches = [*shore_patches(), *_gate_walls(), *_roof_patches(), *_side_walls()]
    sweeps = [*shore_sweeps(), *_timbers(), *_doors(), *_roof_sweeps(), *_side_wall_sweeps()]
    return Plan("water-gate", patches, sweeps, seed=1699, lowest_m=-DEPTH, tide_m=TIDE_M)


def _gate_walls() -> Iterator[Patch]:
    """Front and back with the two openings, the ends, and the passages with their ceilings."""
    length, depth = 2 * HALF_X, 2 * HALF_Z
    reach = np.array([DOOR_HALF, 0.0, HALF_Z + 0.5])
    boxes = [(x * X - reach - Y, x * X + reach + Y * DOOR_Y) for x in (-DOOR_X, DOOR_X)]
    for sign in (1.0, -1.0):
        face = make_frame([-sign * HALF_X, 0, sign * HALF_Z], sign * X, Y)
        yield wall(face, (length, TOP_Y), plaster, _front_panels(length), hole=openings(boxes))
        end = make_frame([sign * HALF_X, 0, sign * HALF_Z], -sign * Z, Y)
        yield wall(end, (depth, TOP_Y), plaster, _end_panels(depth))
        yield _gable(sign)
        yield from _passage(sign * DOOR_X, depth)


def _passage(x: float, depth: float) -> Iterator[Patch]:
    for side in (1.0, -1.0):
        inner = make_frame([x + side * DOOR_HALF, 0, -side * HALF_Z], side * Z, Y)
        yield wall(inner, (depth, DOOR_Y), plaster, frame_timbers(depth, DOOR_Y, (), (0.1, DOOR_Y - 0.1)))
    ceiling = ceiling_frame(x - DOOR_HALF, DOOR_Y, -HALF_Z)
    yield replace(wall(ceiling, (2 * DOOR_HALF, depth), planks_upright, []), density=0.5)


def _front_panels(length: float) -> list[Panel]:
    """Stone at the foot, plaster above; bare panels mark the openings' edges for the grid."""
    panels = [Panel((0.0, 0.0, length, 0.42), 0.05, rough_stone)]
    for x in (-DOOR_X, DOOR_X):
        middle = length / 2 + x
        panels.append(Panel((middle - DOOR_HALF, 0.0, middle + DOOR_HALF, DOOR_Y), 0.0, plaster))
    return panels + frame_timbers(length, TOP_Y, (), (TOP_Y - 0.12,))


def _end_panels(depth: float) -> list[Panel]:
    return [
        Panel((0.0, 0.0, depth, 0.42), 0.05, rough_stone),
        Panel((0.0, 0.42, depth, 1.60), 0.02, weatherboard),
        *frame_timbers(depth, TOP_Y, (), (1.60, TOP_Y - 0.12)),
    ]


def _gable(sign: float) -> Patch:
    """The plastered triangle under the verge."""
    high = HALF_Z * PITCH + 0.02
    frame = make_frame([sign * HALF_X, TOP_Y - 0.02, sign * HALF_Z], -sign * Z, Y)
    post = Panel((HALF_Z - 0.09, 0.0, HALF_Z + 0.09, high), 0.03, dark_timber, upright=True)
    return replace(wall(frame, (2 * HALF_Z, high), plaster, [post]), limits=gable_limits(HALF_Z, PITCH, 0.0))


def _timbers() -> Iterator[Sweep]:
    """Corner posts, and the heavy posts, lintels and sills of the openings."""
    for sz in (-1.0, 1.0):
        face = sz * (HALF_Z - 0.04)
        for sx in (-1.0, 1.0):
            corner = np.array([sx * (HALF_X - 0.06), 0.02, sz * (HALF_Z - 0.06)])
            yield beam(corner, corner + Y * (TOP_Y - 0.05), (0.24, 0.24), "dark")
            for side in (-1.0, 1.0):
                foot = np.array([sx * DOOR_X + side * (DOOR_HALF + JAMB_M / 2 - 0.03), 0.0, face])
                yield beam(foot, foot + Y * (DOOR_Y + 0.02), (JAMB_M, JAMB_M), "timber")
        reach = DOOR_X + DOOR_HALF + 0.65
        y = DOOR_Y + 0.17
        yield beam([-reach, y, face + sz * 0.02], [reach, y, face + sz * 0.02], (0.38, 0.40), "timber")
    for x in (-DOOR_X, DOOR_X):
        yield beam([x - DOOR_HALF, 0.03, DOOR_Z], [x + DOOR_HALF, 0.03, DOOR_Z], (0.42, 0.12), "stone")


def _doors() -> Iterator[Sweep]:
    """Two leaves to each opening: those of the import side stand open, those of the export side are shut."""
    for side in (-1.0, 1.0):
        shut = np.array([-DOOR_X + side * (DOOR_HALF - 0.01), 0, DOOR_Z])
        yield from _leaf(shut, -side * X)
        opened = np.array([DOOR_X + side * (DOOR_HALF - 0.14), 0, DOOR_Z])
        yield from _leaf(opened, -side * 0.10 * X - Z)


def _leaf(hinge: Points, way: Points) -> Iterator[Sweep]:
    """A door leaf of thick planks on rails; way points from the hinge along the leaf."""
    way = way / np.linalg.norm(way)
    wide, face = DOOR_HALF - 0.012, np.cross(way, Y)
    foot = hinge + way * (wide / 2) + Y * 0.10
    yield Sweep(_boards(wide), np.linspace(foot, foot + Y * (DOOR_Y - 0.16), 5), face, "planks", fixed=True)
    for y in (0.40, 1.55, 2.70):
        for side in (-1.0, 1.0):
            start = hinge + Y * y + face * 0.055 * side
            yield beam(start + way * 0.03, start + way * (wide - 0.03), (0.05, 0.17), "timber")


def _boards(wide: float) -> Points:
    """The section of a leaf: one board beside the other, a groove on both faces where they meet."""
    half, groove, thick = wide / 2, 0.011, 0.036
    joints = np.arange(-half + PLANK_M, half - 0.05, PLANK_M)
    grooves = np.array([(x + dx, thick - (groove if dx == 0 else 0)) for x in joints for dx in (-groove, 0.0, groove)])
    lower = np.concatenate([[(-half, -thick)], grooves * [1, -1], [(half, -thick)]])
    return np.concatenate([lower, [(half, thick)], grooves[::-1], [(-half, thick)]])


def _slopes() -> list[Slope]:
    half, run = HALF_X + VERGE_OUT, HALF_Z + EAVE_OUT
    eave = TOP_Y + 0.20 - PITCH * EAVE_OUT
    return [Slope(np.array([0, eave, s * run]), s * X, -s * Z, half, run, PITCH, 0.0) for s in (1.0, -1.0)]


def _roof_patches() -> Iterator[Patch]:
    for number, slope in enumerate(_slopes()):
        yield tiled(slope, ROUND_AND_FLAT, 300 + 20 * number)
        yield soffit(slope, slope.run_m)


def _roof_sweeps() -> Iterator[Sweep]:
    slopes = _slopes()
    half, top = slopes[0].half_m, slopes[0].top_y()
    yield from ridge([-half, top, 0], [half, top, 0], 5, 0.46)
    for sign in (-1.0, 1.0):
        yield from end_tile([sign * (half + 0.05), top + 0.08, 0], sign * X, 0.66)
    for slope in slopes:
        yield eave_board(slope)
        for side in (-1.0, 1.0):
            edge = side * (half - 0.14)
            yield from ridge(slope.point(edge, slope.run_m - 0.1, 0.05), slope.point(edge, 0.12, 0.05), 1, 0.26)
            edge = side * (half - 0.04)
            yield beam(slope.point(edge, 0.0, -0.14), slope.point(edge, slope.run_m, -0.14), (0.07, 0.26), "dark")


def _side_wall_slopes(sign: float) -> list[Slope]:
    half, run, pitch = (SHORE_X - HALF_X) / 2, 0.52, 0.5
    x, eave = sign * (SHORE_X + HALF_X) / 2, WALL_Y + 0.14 - pitch * (run - WALL_THICK)
    return [Slope(np.array([x, eave, WALL_Z + s * run]), s * X, -s * Z, half, run, pitch, 0.0) for s in (1.0, -1.0)]


def _side_wall_frames(sign: float) -> list[Frame]:
    middle, half = sign * (SHORE_X + HALF_X) / 2, (SHORE_X - HALF_X) / 2
    return [make_frame([middle - s * half, 0, WALL_Z + s * WALL_THICK], s * X, Y) for s in (1.0, -1.0)]


def _side_walls() -> Iterator[Patch]:
    """The plastered wall with its own small roof, left and right of the gate."""
    length = SHORE_X - HALF_X
    foot = Panel((0.0, 0.0, length, 0.40), 0.06, rough_stone)
    for sign in (-1.0, 1.0):
        for frame in _side_wall_frames(sign):
            yield wall(frame, (length, WALL_Y), plaster, [foot])
        end = make_frame([sign * SHORE_X, 0, WALL_Z + sign * WALL_THICK], -sign * Z, Y)
        yield wall(end, (2 * WALL_THICK, WALL_Y + 0.3), plaster, [])
        for number, slope in enumerate(_side_wall_slopes(sign)):
            yield tiled(slope, ROUND_AND_FLAT, 350 + 20 * number + 5 * int(sign))
            yield soffit(slope, slope.run_m)


def _side_wall_sweeps() -> Iterator[Sweep]:
    for sign in (-1.0, 1.0):
        slopes = _side_wall_slopes(sign)
        top = slopes[0].top_y()
        end = [sign * (SHORE_X + 0.02), top, WALL_Z]
        yield from ridge([sign * HALF_X, top, WALL_Z], end, 2, 0.30)
        yield from end_tile(end, sign * X, 0.34)
        yield from (eave_board(slope) for slope in slopes)
