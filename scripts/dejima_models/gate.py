"""The Water Gate (suimon) with a stretch of sea wall about 1820: an estimate.

What is known here: built 1699 as the west gate for all cargo; seen from the sea imports came in by the right (south)
opening and exports left by the left (north) one. Sizes, doors, roof and the stones of the wall follow what gates and
sea walls of the kind had; nothing is measured. Sea side towards +z, metres, y up; y = 0 is the ground of the island
under the gate, the sea wall goes down from there.
"""

import numpy as np

from dejima_models.build import Plan
from dejima_models.geometry import Limits, Patch, Points, Sweep, even_lines, make_frame
from dejima_models.materials import earth, plaster, planks_upright, rough_stone, weatherboard
from dejima_models.noise import Plane
from dejima_models.roof import Slope, eave_board, end_tile, ridge, soffit, tiled
from dejima_models.stone import lay_stones, masonry_skin
from dejima_models.tiles import ROUND_AND_FLAT
from dejima_models.timber import beam, bevelled, posts
from dejima_models.walls import Panel, frame_timbers, openings, wall

HALF_X, HALF_Z, TOP_Y = 5.4, 2.2, 4.75  # the gate's walls
DOOR_X, DOOR_HALF, DOOR_Y = 2.45, 1.45, 3.05  # middle and half width of an opening, its height
LANDING_X, LANDING_Z = 7.2, 6.0  # the landing before the gate
SHORE_X, SHORE_Z = 14.0, 3.1  # the sea wall beside it
DEPTH = 2.75  # from the ground down to the foot of the sea wall
BATTER = 0.14  # how far the sea wall leans back for each metre of height
TIDE_M = 1.25  # ordinary high water, above the foot
STEP_HALF, STEP_RUN, STEP_COUNT = 3.6, 0.33, 12
PITCH, EAVE_OUT, VERGE_OUT = 0.52, 1.05, 0.75
WALL_Y = 2.05  # height of the plastered wall beside the gate
X, Y, Z = np.eye(3)
STONE_GRID_M = 0.040


def gate_plan() -> Plan:
    """The whole gate with its stretch of wall."""
    patches = [*_sea_walls(), *_ground(), *_gate_walls(), *_roof_patches(), *_side_walls()]
    sweeps = [*_steps(), *_coping(), *_corners(), *_roof_sweeps(), *_doors(), *_side_wall_ridges(), *_timbers()]
    return Plan("water-gate", patches, sweeps, 1699)


def _stone_face(top_left: Points, across: Points, length: float, seed: int, corners: tuple[bool, bool]) -> Patch:
    """A leaning face of stones below a top edge; at an outer corner it widens towards its foot."""
    out = np.cross(across, Y)
    lean = BATTER * DEPTH
    foot = top_left - Y * DEPTH + out * lean
    high = float(np.hypot(DEPTH, lean))
    left, right = (lean if corner else 0.0 for corner in corners)
    stones = lay_stones((length + left + right, high), (0.66, 0.46), np.random.default_rng(seed))

    def widen(t: Plane) -> tuple[Plane, Plane]:
        share = np.clip(1 - t / np.float32(high), 0, 1)
        return left - left * share, left + length + right * share

    return Patch(
        make_frame(foot - across * left, across, Y * DEPTH - out * lean),
        even_lines(0.0, length + left + right, STONE_GRID_M),
        even_lines(0.0, high, STONE_GRID_M),
        masonry_skin(stones, TIDE_M),
        limits=widen,
    )


def _sea_walls() -> list[Patch]:
    side = SHORE_X - LANDING_X
    return [
        _stone_face(np.array([-LANDING_X, 0, LANDING_Z]), X, 2 * LANDING_X, 1, (True, True)),
        _stone_face(np.array([LANDING_X, 0, LANDING_Z]), -Z, LANDING_Z - SHORE_Z, 2, (True, False)),
        _stone_face(np.array([-LANDING_X, 0, SHORE_Z]), Z, LANDING_Z - SHORE_Z, 3, (False, True)),
        _stone_face(np.array([LANDING_X, 0, SHORE_Z]), X, side, 4, (False, False)),
        _stone_face(np.array([-SHORE_X, 0, SHORE_Z]), X, side, 5, (False, False)),
        *_step_sides(),
    ]


def _step_sides() -> list[Patch]:
    """The stones that carry the steps, left and right."""
    run = STEP_RUN * STEP_COUNT
    patches = []
    for sign in (1.0, -1.0):
        stones = lay_stones((run, DEPTH), (0.6, 0.42), np.random.default_rng(6 + int(sign)))
        patches.append(
            Patch(
                make_frame([sign * STEP_HALF, -DEPTH, LANDING_Z + (run if sign > 0 else 0.0)], -sign * Z, Y),
                even_lines(0.0, run, STONE_GRID_M),
                even_lines(0.0, DEPTH, STONE_GRID_M),
                masonry_skin(stones, TIDE_M),
                limits=_under_steps(sign, run),
            )
        )
    return patches


def _under_steps(sign: float, run: float) -> Limits:
    def narrow(t: Plane) -> tuple[Plane, Plane]:
        cut = np.clip(t / np.float32(DEPTH), 0, 1) * np.float32(run)
        whole = np.full_like(t, run)
        return (cut, whole) if sign > 0 else (np.zeros_like(t), whole - cut)

    return narrow


def _ground() -> list[Patch]:
    """Trodden earth on the island's side, paving on the landing, and the earth where the stretch ends."""
    back = -4.4
    patches = [
        _level((-SHORE_X, back), (SHORE_X, SHORE_Z - 0.3), earth, 0.25, 0.5),
        _level((-LANDING_X + 0.3, SHORE_Z - 0.3), (LANDING_X - 0.3, LANDING_Z - 0.3), _paving(), 0.045, 1.0),
    ]
    cut = SHORE_Z - back
    for corner, across, length in (
        ([SHORE_X, -DEPTH, SHORE_Z], -Z, cut),
        ([-SHORE_X, -DEPTH, back], Z, cut),
        ([SHORE_X, -DEPTH, back], -X, 2 * SHORE_X),
    ):
        frame = make_frame(corner, across, Y)
        patches.append(Patch(frame, even_lines(0, length, 0.3), even_lines(0, DEPTH, 0.3), earth, density=0.3))
    return patches


def _paving():  # type: ignore[no-untyped-def]
    stones = lay_stones((2 * LANDING_X, LANDING_Z - SHORE_Z), (0.95, 0.62), np.random.default_rng(12))
    stones = type(stones)(
        stones.middle, stones.half, stones.lean * 0.12, stones.proud * 0.25, stones.tone, stones.course
    )
    skin = masonry_skin(stones)

    def flat(s: Plane, t: Plane):  # type: ignore[no-untyped-def]
        relief = skin(s, t)
        return type(relief)(relief.height_m * np.float32(0.5) - np.float32(0.03), relief.colour)

    return flat


def _level(low: tuple[float, float], high: tuple[float, float], skin, step: float, density: float) -> Patch:  # type: ignore[no-untyped-def]
    """A level rectangle from (x, z) to (x, z) at y = 0."""
    frame = make_frame([low[0], 0.0, high[1]], X, -Z)
    return Patch(
        frame, even_lines(0, high[0] - low[0], step), even_lines(0, high[1] - low[1], step), skin, density=density
    )


def _gate_walls() -> list[Patch]:
    """Front and back with the two openings, the ends, and the passages with their ceilings."""
    length, depth = 2 * HALF_X, 2 * HALF_Z
    gaps = [
        (
            np.array([sign * DOOR_X - DOOR_HALF, -0.1, -HALF_Z - 0.3]),
            np.array([sign * DOOR_X + DOOR_HALF, DOOR_Y, HALF_Z + 0.3]),
        )
        for sign in (-1.0, 1.0)
    ]
    hole = openings(gaps)
    front = make_frame([-HALF_X, 0, HALF_Z], X, Y)
    back = make_frame([HALF_X, 0, -HALF_Z], -X, Y)
    walls = [wall(frame, (length, TOP_Y), plaster, _front_panels(length), hole=hole) for frame in (front, back)]
    for sign in (1.0, -1.0):
        end = make_frame([sign * HALF_X, 0, sign * HALF_Z], -sign * Z, Y)
        walls.append(wall(end, (depth, TOP_Y), plaster, _end_panels(depth)))
        walls.append(_gable(sign))
        for side in (1.0, -1.0):
            x = sign * DOOR_X + side * DOOR_HALF
            inner = make_frame([x, 0, -side * HALF_Z], side * Z, Y)
            walls.append(
                wall(inner, (depth, DOOR_Y), plaster, frame_timbers(depth, DOOR_Y, (0.0, depth), (0.1, DOOR_Y)))
            )
        ceiling = make_frame([sign * DOOR_X - DOOR_HALF, DOOR_Y, -HALF_Z], X, Z)
        walls.append(_ceiling(ceiling.origin, depth))
    return walls


def _ceiling(corner: Points, depth: float) -> Patch:
    frame = make_frame(corner, X, Z)
    return Patch(frame, even_lines(0, 2 * DOOR_HALF, 0.2), even_lines(0, depth, 0.2), _turned_down, density=0.5)


def _turned_down(s: Plane, t: Plane):  # type: ignore[no-untyped-def]
    return planks_upright(s, t)


def _front_panels(length: float) -> list[Panel]:
    """Heavy timber round the openings, boards at the foot, plaster above."""
    panels = [Panel((0.0, 0.0, length, 0.42), 0.05, rough_stone)]
    middle = length / 2
    edges = sorted(middle + sign * DOOR_X + side * DOOR_HALF for sign in (-1, 1) for side in (-1, 1))
    for number, edge in enumerate(edges):
        outward = -1 if number % 2 == 0 else 1
        low, high = sorted((edge, edge + outward * 0.34))
        panels.append(Panel((low, 0.0, high, DOOR_Y + 0.38), 0.10, weatherboard_plain, upright=True))
    panels.append(Panel((edges[0] - 0.6, DOOR_Y, edges[-1] + 0.6, DOOR_Y + 0.40), 0.13, weatherboard_plain))
    panels += frame_timbers(length, TOP_Y, (0.0, length), (TOP_Y - 0.12,))
    return panels


def weatherboard_plain(s: Plane, t: Plane):  # type: ignore[no-untyped-def]
    from dejima_models.materials import timber

    return timber(s, t, (96, 78, 62))


def _end_panels(depth: float) -> list[Panel]:
    return [
        Panel((0.0, 0.0, depth, 0.42), 0.05, rough_stone),
        Panel((0.0, 0.42, depth, 1.60), 0.02, weatherboard),
        *frame_timbers(depth, TOP_Y, (0.0, depth), (1.60, TOP_Y - 0.12)),
    ]


def _slopes() -> list[Slope]:
    half, run = HALF_X + VERGE_OUT, HALF_Z + EAVE_OUT
    eave = TOP_Y + 0.20 - PITCH * EAVE_OUT
    return [
        Slope(np.array([0, eave, run]), X, -Z, half, run, PITCH, 0.0),
        Slope(np.array([0, eave, -run]), -X, Z, half, run, PITCH, 0.0),
    ]


def _roof_patches() -> list[Patch]:
    slopes = _slopes()
    patches = [tiled(slope, ROUND_AND_FLAT, 300 + 20 * number) for number, slope in enumerate(slopes)]
    return patches + [soffit(slope, slope.run_m) for slope in slopes]


def _gable(sign: float) -> Patch:
    """The plastered triangle under the verge."""
    half = HALF_Z
    high = half * PITCH + 0.02
    frame = make_frame([sign * HALF_X, TOP_Y - 0.02, sign * half], -sign * Z, Y)

    def narrow(t: Plane) -> tuple[Plane, Plane]:
        left = np.clip(t / np.float32(PITCH), 0, half)
        return left, 2 * half - left

    panels = [Panel((half - 0.09, 0.0, half + 0.09, high), 0.03, weatherboard_plain, upright=True)]
    plain = wall(frame, (2 * half, high), plaster, panels)
    return Patch(plain.frame, plain.s_lines, plain.t_lines, plain.skin, limits=narrow)


def _roof_sweeps() -> list[Sweep]:
    slopes = _slopes()
    front = slopes[0]
    half, top = front.half_m, float(front.eave[1] + PITCH * front.run_m)
    sweeps = [eave_board(slope) for slope in slopes]
    sweeps += ridge([-half, top, 0], [half, top, 0], 5, 0.46)
    for sign in (-1.0, 1.0):
        sweeps += end_tile([sign * (half + 0.05), top + 0.08, 0], [sign, 0, 0], 0.66)
        for slope in slopes:
            turn = sign if slope is front else -sign
            low, high = (
                slope.point(turn * (half - 0.14), 0.12, 0.05),
                slope.point(turn * (half - 0.14), slope.run_m - 0.1, 0.05),
            )
            sweeps += ridge(high, low, 1, 0.26)
            low, high = (
                slope.point(turn * (half - 0.04), 0.0, -0.14),
                slope.point(turn * (half - 0.04), slope.run_m, -0.14),
            )
            sweeps.append(beam(low, high, (0.07, 0.26), "dark"))
    return sweeps


def _doors() -> list[Sweep]:
    """Two leaves to each opening: those of the import side stand open, those of the export side are shut."""
    sweeps = []
    z = HALF_Z - 0.55
    for side in (-1.0, 1.0):
        shut = np.array([-DOOR_X + side * DOOR_HALF, 0, z])
        sweeps += _leaf(shut, np.array([-side, 0, 0.0]))
        opened = np.array([DOOR_X + side * (DOOR_HALF - 0.10), 0, z])
        sweeps += _leaf(opened, np.array([-side * 0.10, 0, -1.0]))
    return sweeps


def _leaf(hinge: Points, way: Points) -> list[Sweep]:
    """A door leaf of thick planks on rails; way points from the hinge along the closed leaf."""
    way = way / np.linalg.norm(way)
    wide, boards = DOOR_HALF - 0.02, 6
    each = wide / boards
    up = np.cross(way, Y)
    sweeps = []
    for number in range(boards):
        foot = hinge + way * (each * (number + 0.5)) + Y * 0.06
        path = np.linspace(foot, foot + Y * (DOOR_Y - 0.12), 7)
        sweeps.append(Sweep(bevelled(each - 0.006, 0.07), path, up, "dark"))
    for y in (0.35, 1.55, 2.70):
        for side in (-1.0, 1.0):
            start = hinge + Y * y + up * 0.055 * side
            sweeps.append(beam(start + way * 0.03, start + way * (wide - 0.03), (0.05, 0.17), "timber"))
    return sweeps


def _timbers() -> list[Sweep]:
    """Sills of stone under the doors, and the posts that carry the eaves beside the openings."""
    sweeps = []
    for sign in (-1.0, 1.0):
        sweeps.append(
            beam(
                [sign * DOOR_X - DOOR_HALF, 0.03, HALF_Z - 0.55],
                [sign * DOOR_X + DOOR_HALF, 0.03, HALF_Z - 0.55],
                (0.42, 0.12),
                "stone",
            )
        )
    return sweeps


def _steps() -> list[Sweep]:
    """Steps down to the water, each of several blocks that have settled."""
    random = np.random.default_rng(21)
    rise = DEPTH / (STEP_COUNT + 1)
    sweeps = []
    for number in range(1, STEP_COUNT + 1):
        z, y = LANDING_Z + STEP_RUN * (number - 0.5), -rise * number
        cuts = np.concatenate(
            [[-STEP_HALF], np.sort(random.uniform(-STEP_HALF + 0.7, STEP_HALF - 0.7, 4)), [STEP_HALF]]
        )
        for left, right in zip(cuts[:-1], cuts[1:], strict=True):
            if right - left < 0.25:
                continue
            dz, dy = random.normal(0, 0.014, 2)
            path = np.linspace([left + 0.012, y - 0.16 + dy, z + dz], [right - 0.012, y - 0.16 + dy, z + dz], 4)
            sweeps.append(Sweep(bevelled(STEP_RUN + 0.16, 0.32, 0.03), path, Y, "stone"))
    return sweeps


def _coping() -> list[Sweep]:
    """Long dressed stones along the top edge of the sea wall."""
    random = np.random.default_rng(22)
    edges = (
        ([-LANDING_X, LANDING_Z], [LANDING_X, LANDING_Z]),
        ([LANDING_X, LANDING_Z], [LANDING_X, SHORE_Z]),
        ([-LANDING_X, SHORE_Z], [-LANDING_X, LANDING_Z]),
        ([LANDING_X, SHORE_Z], [SHORE_X, SHORE_Z]),
        ([-SHORE_X, SHORE_Z], [-LANDING_X, SHORE_Z]),
    )
    sweeps = []
    for start, end in edges:
        a, b = np.array([start[0], 0, start[1]]), np.array([end[0], 0, end[1]])
        length = float(np.linalg.norm(b - a))
        way = (b - a) / length
        inward = -np.cross(way, Y)
        at = 0.0
        while at < length - 0.05:
            block = min(random.uniform(0.8, 1.6), length - at)
            shift = inward * (0.20 + random.normal(0, 0.012)) + Y * (random.normal(0, 0.012) - 0.11)
            path = np.linspace(a + way * (at + 0.01) + shift, a + way * (at + block - 0.01) + shift, 4)
            sweeps.append(Sweep(bevelled(0.56, 0.28, 0.03), path, Y, "stone"))
            at += block
    return sweeps


def _corners() -> list[Sweep]:
    """Long and short stones in turn at the landing's outer corners (sangi-zumi)."""
    random = np.random.default_rng(23)
    sweeps = []
    courses = 6
    high = (DEPTH - 0.2) / courses
    for sign in (-1.0, 1.0):
        for course in range(courses):
            y = -DEPTH + high * (course + 0.5)
            out = BATTER * -y + 0.03
            corner = np.array([sign * (LANDING_X + out), y, LANDING_Z + out])
            long_x = course % 2 == 0
            way = np.array([-sign, 0, 0.0]) if long_x else -Z
            side = -Z if long_x else np.array([-sign, 0, 0.0])
            start = corner + side * 0.30
            length = random.uniform(1.0, 1.4)
            sweeps.append(
                Sweep(bevelled(0.60, high - 0.02, 0.035), np.linspace(start, start + way * length, 5), Y, "stone")
            )
    return sweeps


def _side_wall_slopes(sign: float) -> list[Slope]:
    half, run, pitch = (SHORE_X - HALF_X) / 2, 0.52, 0.5
    x = sign * (SHORE_X + HALF_X) / 2
    z, eave = HALF_Z - 0.6, WALL_Y + 0.14 - pitch * 0.24
    return [
        Slope(np.array([x, eave, z + run]), X, -Z, half, run, pitch, 0.0),
        Slope(np.array([x, eave, z - run]), -X, Z, half, run, pitch, 0.0),
    ]


def _side_walls() -> list[Patch]:
    """The plastered wall with its own small roof, left and right of the gate."""
    length, thick = SHORE_X - HALF_X, 0.28
    z = HALF_Z - 0.6
    patches = []
    for sign in (-1.0, 1.0):
        left = HALF_X if sign > 0 else -SHORE_X
        panels = [Panel((0.0, 0.0, length, 0.40), 0.06, rough_stone)]
        front = make_frame([left, 0, z + thick], X, Y)
        back = make_frame([left + length, 0, z - thick], -X, Y)
        patches += [wall(frame, (length, WALL_Y), plaster, panels) for frame in (front, back)]
        end = make_frame([sign * SHORE_X, 0, z + sign * thick], -sign * Z, Y)
        patches.append(wall(end, (2 * thick, WALL_Y + 0.3), plaster, panels[:0]))
        for number, slope in enumerate(_side_wall_slopes(sign)):
            patches.append(tiled(slope, ROUND_AND_FLAT, 340 + 20 * number + int(sign)))
            patches.append(soffit(slope, slope.run_m))
    return patches


def _side_wall_ridges() -> list[Sweep]:
    sweeps = []
    for sign in (-1.0, 1.0):
        slopes = _side_wall_slopes(sign)
        front = slopes[0]
        top = float(front.eave[1] + front.pitch * front.run_m)
        z = HALF_Z - 0.6
        start, end = [sign * HALF_X, top, z], [sign * (SHORE_X + 0.02), top, z]
        sweeps += ridge(start, end, 2, 0.30)
        sweeps += end_tile(end, [sign, 0, 0], 0.34)
        sweeps += [eave_board(slope) for slope in slopes]
    return sweeps


__all__ = ["gate_plan", "posts"]
