"""The Chief Factor's house (kapitan-beya) about 1820: an estimate.

What is known here: the largest building of the island, office and home of the chief, rebuilt 1808 or 1809. The size,
the timber frame with plaster, the stair on the street side and the sash windows follow what houses of the kind had;
nothing is measured. Front (street side) towards +z, metres, y up, origin in the middle of the footprint on the ground.
"""

import numpy as np

from dejima_models.build import Plan
from dejima_models.geometry import Patch, Points, Sweep, make_frame
from dejima_models.materials import plaster, planks_upright, shadow, weatherboard
from dejima_models.roof import Slope, eave_board, end_tile, ridge, soffit, tiled
from dejima_models.stone import lay_stones, masonry_skin
from dejima_models.tiles import PANTILE
from dejima_models.timber import beam, posts, railing
from dejima_models.walls import Panel, frame_timbers, lattice_window, sash_window, wall

HALF_X, HALF_Z = 11.4, 5.45  # half the walls' length and depth: 12.5 by 6 bays of 1.82 m
FOOT_Y, FLOOR_Y, TOP_Y = 0.34, 3.20, 6.20  # base stones, upper floor, top of the walls
EAVE_OUT = 1.05
PITCH = 0.5  # five parts up in ten, the usual slope of tiles
HIP_RUN = 3.5  # where the hips end and the gables begin
GABLE_IN = 0.42  # the gable's wall stands so far behind the edge of the upper roof
EAVE_Y = TOP_Y + 0.22 - PITCH * EAVE_OUT
RIDGE_RUN = HALF_Z + EAVE_OUT
RIDGE_Y = EAVE_Y + PITCH * RIDGE_RUN
X, Y, Z = np.eye(3)
LANDING = (1.6, 1.75)  # half width, depth of the landing before the door
STEPS, TREAD_M = 17, 0.27


def house_plan() -> Plan:
    """The whole house."""
    patches = [*_walls(), *_roof_patches(), *_veranda_patches(), *_porch_patches()]
    sweeps = [*_roof_sweeps(), *_veranda_sweeps(), *_stair(), *_porch_sweeps(), *_base()]
    return Plan("chief-factor-house", patches, sweeps, 1820)


def _walls() -> list[Patch]:
    front, back = 2 * HALF_X, 2 * HALF_Z
    sides = (
        (np.array([-HALF_X, 0, HALF_Z]), X, front, "front"),
        (np.array([HALF_X, 0, HALF_Z]), -Z, back, "east"),
        (np.array([HALF_X, 0, -HALF_Z]), -X, front, "back"),
        (np.array([-HALF_X, 0, -HALF_Z]), Z, back, "west"),
    )
    walls = []
    for number, (corner, across, length, side) in enumerate(sides):
        lower = make_frame(corner + Y * FOOT_Y, across, Y)
        upper = make_frame(corner + Y * FLOOR_Y, across, Y)
        base = make_frame(corner - across * 0.06 + np.cross(across, Y) * 0.06, across, Y)
        stones = lay_stones((length + 0.12, FOOT_Y + 0.05), (0.75, 0.42), np.random.default_rng(30 + number))
        walls.append(
            Patch(
                base,
                np.linspace(0, length + 0.12, int(length / 0.06)),
                np.linspace(0, FOOT_Y + 0.04, 8),
                masonry_skin(stones),
            )
        )
        walls.append(wall(lower, (length, FLOOR_Y - FOOT_Y), plaster, _lower_panels(length, side)))
        walls.append(wall(upper, (length, TOP_Y - FLOOR_Y + 0.05), plaster, _upper_panels(length, side)))
    return walls


def _lower_panels(length: float, side: str) -> list[Panel]:
    """Store rooms: boards below, plaster above, doors of planks, barred windows."""
    height = FLOOR_Y - FOOT_Y
    bays = round(length / 3.64)
    at = [length * number / bays for number in range(bays + 1)]
    panels = [Panel((0.0, 0.0, length, 1.15), 0.02, weatherboard)]
    panels += frame_timbers(length, height, at, (0.06, 1.15, height - 0.12))
    for number in range(bays):
        middle = (at[number] + at[number + 1]) / 2
        if side == "front" and number in (0, bays - 1):
            panels += _plank_door(middle)
        elif side == "back" and number % 3 == 1:
            panels += _plank_door(middle)
        else:
            panels += lattice_window(middle, 1.42, 1.5, 0.95, shadow)
    return panels


def _plank_door(s: float) -> list[Panel]:
    return [
        Panel((s - 1.05, 0.0, s + 1.05, 2.25), 0.05, weatherboard),
        Panel((s - 0.95, 0.02, s + 0.95, 2.14), -0.06, planks_upright),
        Panel((s - 0.02, 0.02, s + 0.02, 2.14), -0.05, shadow),
    ]


def _upper_panels(length: float, side: str) -> list[Panel]:
    """The chief's rooms: plaster, the frame showing at corners and sill, sash windows; a glazed door to the stair."""
    height = TOP_Y - FLOOR_Y + 0.05
    panels = frame_timbers(length, height, (0.0, length), (0.09, height - 0.30))
    bays = round(length / 3.64)
    for number in range(bays):
        middle = length * (number + 0.5) / bays
        if side in ("front", "back") and abs(middle - length / 2) < 1.9:
            continue
        panels += sash_window(middle, 0.75, 1.05, 1.62)
    if side in ("front", "back"):
        panels += _glazed_door(length / 2)
    return panels


def _glazed_door(s: float) -> list[Panel]:
    door = sash_window(s, 0.20, 1.5, 2.15)[:-4]  # without shutters
    return [panel for panel in door if panel.depth_m != 0.09] + [
        Panel((s - 0.75, 0.20, s + 0.75, 0.75), -0.03, planks_upright),
        Panel((s - 0.03, 0.20, s + 0.03, 2.35), 0.0, planks_upright),
    ]


def _slopes() -> list[Slope]:
    half_x, half_z = HALF_X + EAVE_OUT, HALF_Z + EAVE_OUT
    top = HIP_RUN + GABLE_IN
    return [
        Slope(np.array([0, EAVE_Y, half_z]), X, -Z, half_x, RIDGE_RUN, PITCH, HIP_RUN),
        Slope(np.array([0, EAVE_Y, -half_z]), -X, Z, half_x, RIDGE_RUN, PITCH, HIP_RUN),
        Slope(np.array([half_x, EAVE_Y, 0]), -Z, -X, half_z, top, PITCH, top),
        Slope(np.array([-half_x, EAVE_Y, 0]), Z, X, half_z, top, PITCH, top),
    ]


def _roof_patches() -> list[Patch]:
    slopes = _slopes()
    patches = [tiled(slope, PANTILE, 100 + 20 * number) for number, slope in enumerate(slopes)]
    patches += [soffit(slope, EAVE_OUT + 0.1) for slope in slopes]
    for sign in (-1.0, 1.0):
        patches.append(_gable(sign))
    return patches


def _gable(sign: float) -> Patch:
    """The plastered triangle above the end slope."""
    x = sign * (HALF_X + EAVE_OUT - HIP_RUN - GABLE_IN)
    foot = EAVE_Y + PITCH * (HIP_RUN - 0.1)
    half = RIDGE_RUN - HIP_RUN
    frame = make_frame([x, foot, sign * half], [0, 0, -sign], Y)
    high = RIDGE_Y - foot - 0.05

    def narrow(t: Points) -> tuple[Points, Points]:
        left = np.clip(t / PITCH - 0.1, 0, half)
        return left, 2 * half - left

    panels = [
        Panel((half - 0.09, 0.0, half + 0.09, high), 0.04, weatherboard, upright=True),
        Panel((0.0, 0.28, 2 * half, 0.46), 0.03, weatherboard),
    ]
    plain = wall(frame, (2 * half, high), plaster, panels)
    return Patch(plain.frame, plain.s_lines, plain.t_lines, plain.skin, limits=narrow)


def _roof_sweeps() -> list[Sweep]:
    slopes = _slopes()
    sweeps = [eave_board(slope) for slope in slopes]
    top_x = HALF_X + EAVE_OUT - HIP_RUN
    sweeps += ridge([-top_x, RIDGE_Y, 0], [top_x, RIDGE_Y, 0], 5, 0.46)
    for sx in (-1.0, 1.0):
        sweeps += end_tile([sx * (top_x + 0.06), RIDGE_Y + 0.06, 0], [sx, 0, 0], 0.62)
        for sz in (-1.0, 1.0):
            corner = np.array([sx * (HALF_X + EAVE_OUT - 0.12), EAVE_Y + 0.06, sz * (HALF_Z + EAVE_OUT - 0.12)])
            hip_top = np.array([sx * top_x, EAVE_Y + PITCH * HIP_RUN, sz * (RIDGE_RUN - HIP_RUN)])
            sweeps += ridge(hip_top + Y * 0.02, corner, 2, 0.32)
            sweeps += end_tile(corner, corner - hip_top, 0.40)
            verge = np.array([sx * (top_x - 0.12), RIDGE_Y, sz * 0.2])
            low = np.array([sx * (top_x - 0.12), EAVE_Y + PITCH * (HIP_RUN - 0.1), sz * (RIDGE_RUN - HIP_RUN + 0.1)])
            sweeps += ridge(verge, low, 2, 0.30)
            sweeps += end_tile(low, low - verge, 0.34)
            board = np.array([sx * (top_x - 0.03), -0.18, 0])
            sweeps.append(beam(verge * [0, 1, 1] + board, low * [0, 1, 1] + board, (0.06, 0.26), "dark"))
    return sweeps


VERANDA_OUT, VERANDA_Y = 1.9, 5.62  # depth of the upper gallery, height of its roof at the wall


def _veranda_slope() -> Slope:
    run = VERANDA_OUT + 0.4
    return Slope(np.array([0, VERANDA_Y - 0.28 * run, -HALF_Z - run]), -X, Z, HALF_X - 0.3, run, 0.28, 0.0)


def _veranda_patches() -> list[Patch]:
    floor = make_frame([-HALF_X + 0.6, FLOOR_Y, -HALF_Z], X, -Z)
    under = make_frame([HALF_X - 0.6, FLOOR_Y - 0.16, -HALF_Z], -X, -Z)
    length = 2 * HALF_X - 1.2
    boards = [wall(frame, (length, VERANDA_OUT), weatherboard, []) for frame in (under,)]
    deck = wall(floor, (length, VERANDA_OUT), weatherboard, [])
    flipped = Patch(
        make_frame([-HALF_X + 0.6, FLOOR_Y, -HALF_Z - VERANDA_OUT], X, Z), deck.s_lines, deck.t_lines, planks_upright
    )
    slope = _veranda_slope()
    return [*boards, _facing_up(flipped), tiled(slope, PANTILE, 220), soffit(slope, slope.run_m)]


def _facing_up(patch: Patch) -> Patch:
    """The same rectangle seen from above: along runs the other way."""
    frame = patch.frame
    end = frame.origin + frame.along * patch.t_lines[-1]
    return Patch(make_frame(end, frame.across, -frame.along), patch.s_lines, patch.t_lines, patch.skin, density=0.6)


def _veranda_sweeps() -> list[Sweep]:
    z, left, right = -HALF_Z - VERANDA_OUT, -HALF_X + 0.6, HALF_X - 0.6
    at = np.linspace(left + 0.1, right - 0.1, 9)
    top = VERANDA_Y - 0.28 * VERANDA_OUT - 0.22
    sweeps = [eave_board(_veranda_slope())]
    sweeps += posts([[x, 0.12, z + 0.08] for x in at], top - 0.12, 0.16, "dark")
    sweeps += [beam([x, 0.0, z + 0.08], [x, 0.14, z + 0.08], (0.34, 0.34), "stone") for x in at]
    sweeps.append(beam([left - 0.1, top, z + 0.08], [right + 0.1, top, z + 0.08], (0.14, 0.18), "dark"))
    sweeps.append(
        beam([left - 0.1, FLOOR_Y - 0.1, z + 0.06], [right + 0.1, FLOOR_Y - 0.1, z + 0.06], (0.16, 0.24), "dark")
    )
    for a, b in zip(at[:-1], at[1:], strict=True):
        sweeps += railing([a, FLOOR_Y, z + 0.08], [b, FLOOR_Y, z + 0.08], 0.92, "green")
    for x in (at[0], at[-1]):
        sweeps += railing([x, FLOOR_Y, -HALF_Z - 0.05], [x, FLOOR_Y, z + 0.08], 0.92, "green")
    return sweeps


def _stair() -> list[Sweep]:
    """Two flights that rise from left and right to the landing before the door."""
    half, depth = LANDING
    near, far = HALF_Z + 0.12, HALF_Z + depth
    rise = FLOOR_Y / STEPS
    run = TREAD_M * (STEPS - 1)
    sweeps = [
        beam([-half, FLOOR_Y - 0.03, z], [half, FLOOR_Y - 0.03, z], (0.235, 0.06), "timber")
        for z in np.arange(near + 0.12, far, 0.24)
    ]
    for z in (near + 0.1, far - 0.06):
        sweeps.append(beam([-half, FLOOR_Y - 0.18, z], [half, FLOOR_Y - 0.18, z], (0.16, 0.24), "green"))
    sweeps += posts([[sx * (half - 0.09), 0.0, far - 0.06] for sx in (-1, 1)], FLOOR_Y - 0.05, 0.18, "green")
    for sign in (-1.0, 1.0):
        for step in range(1, STEPS):
            x, y = sign * (half + TREAD_M * (STEPS - step - 0.5)), rise * step
            sweeps.append(beam([x, y - 0.025, near], [x, y - 0.025, far], (0.30, 0.05), "timber"))
            sweeps.append(
                beam(
                    [x - sign * 0.12, y + rise / 2 - 0.03, near + 0.05],
                    [x - sign * 0.12, y + rise / 2 - 0.03, far - 0.05],
                    (0.02, rise - 0.04),
                    "timber",
                )
            )
        top, foot = np.array([sign * half, FLOOR_Y - 0.14, 0]), np.array([sign * (half + run + 0.1), 0.02, 0])
        for z in (near + 0.03, far - 0.03):
            sweeps.append(beam(top + Z * z, foot + Z * z, (0.07, 0.34), "green"))
        low = np.array([sign * (half + run), rise, far - 0.05])
        high = np.array([sign * half, FLOOR_Y, far - 0.05])
        sweeps += railing(high, low, 0.92, "green", 0.19)
        sweeps += posts([low - Y * rise, high - Y * 0.1], 1.12, 0.12, "green")
    sweeps += railing([-half, FLOOR_Y, far - 0.05], [half, FLOOR_Y, far - 0.05], 0.92, "green")
    return sweeps


PORCH_HALF, PORCH_EAVE_Y, PORCH_PITCH = 2.15, 5.60, 0.52
PORCH_FRONT = HALF_Z + LANDING[1] + 0.55


def _porch_slopes() -> list[Slope]:
    """A small gabled roof over the landing, its ridge running into the main roof."""
    back = 3.3
    middle, half = (PORCH_FRONT + back) / 2, (PORCH_FRONT - back) / 2
    return [
        Slope(
            np.array([sign * PORCH_HALF, PORCH_EAVE_Y, middle]),
            -sign * Z,
            -sign * X,
            half,
            PORCH_HALF,
            PORCH_PITCH,
            0.0,
        )
        for sign in (1.0, -1.0)
    ]


def _inside_main_roof(centres: Points) -> np.ndarray:
    """What lies below the tiles of the front slope."""
    return centres[:, 1] < EAVE_Y + PITCH * (HALF_Z + EAVE_OUT - centres[:, 2]) - 0.05


def _porch_patches() -> list[Patch]:
    patches = []
    for number, slope in enumerate(_porch_slopes()):
        patches.append(tiled(slope, PANTILE, 260 + 20 * number, hole=_inside_main_roof))
        below = soffit(slope, slope.run_m)
        patches.append(
            Patch(below.frame, below.s_lines, below.t_lines, below.skin, hole=_inside_main_roof, density=0.45)
        )
    half = PORCH_HALF - 0.25
    high = half * PORCH_PITCH

    def narrow(t: Points) -> tuple[Points, Points]:
        left = np.clip(t / PORCH_PITCH, 0, half)
        return left, 2 * half - left

    frame = make_frame([-half, PORCH_EAVE_Y + 0.02, PORCH_FRONT - 0.45], X, Y)
    plain = wall(
        frame, (2 * half, high), plaster, [Panel((half - 0.08, 0, half + 0.08, high), 0.04, weatherboard, upright=True)]
    )
    return [*patches, Patch(plain.frame, plain.s_lines, plain.t_lines, plain.skin, limits=narrow)]


def _porch_sweeps() -> list[Sweep]:
    top = PORCH_EAVE_Y + PORCH_PITCH * PORCH_HALF
    far, half = HALF_Z + LANDING[1] - 0.06, LANDING[0] - 0.09
    sweeps = ridge([0, top, PORCH_FRONT], [0, top, 4.0], 3, 0.34)
    sweeps += end_tile([0, top + 0.04, PORCH_FRONT + 0.05], [0, 0, 1], 0.46)
    sweeps += posts([[sx * half, FLOOR_Y, far] for sx in (-1, 1)], PORCH_EAVE_Y - FLOOR_Y - 0.1, 0.16, "green")
    sweeps.append(
        beam([-half - 0.3, PORCH_EAVE_Y - 0.08, far], [half + 0.3, PORCH_EAVE_Y - 0.08, far], (0.16, 0.2), "green")
    )
    for sign in (-1.0, 1.0):
        x = sign * half
        sweeps.append(
            beam([x, PORCH_EAVE_Y + 0.06, 5.6], [x, PORCH_EAVE_Y + 0.06, PORCH_FRONT - 0.2], (0.14, 0.18), "green")
        )
        low = np.array([sign * PORCH_HALF, PORCH_EAVE_Y - 0.12, PORCH_FRONT - 0.05])
        high = np.array([0.0, top - 0.12, PORCH_FRONT - 0.05])
        sweeps.append(beam(low, high, (0.06, 0.22), "green"))
    return sweeps + [eave_board(slope) for slope in _porch_slopes()]


def _base() -> list[Sweep]:
    """Stones at the foot of the stair and before the doors."""
    sweeps = []
    for sign in (-1.0, 1.0):
        x = sign * (LANDING[0] + TREAD_M * (STEPS - 1) + 0.35)
        sweeps.append(beam([x, 0.04, HALF_Z + 0.1], [x, 0.04, HALF_Z + LANDING[1] + 0.1], (0.7, 0.12), "stone"))
    for x in (-HALF_X + 1.9, HALF_X - 1.9):
        sweeps.append(beam([x - 0.9, 0.09, HALF_Z + 0.35], [x + 0.9, 0.09, HALF_Z + 0.35], (0.5, 0.18), "stone"))
    return sweeps
