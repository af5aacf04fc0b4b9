"""The sea wall at the Water Gate: leaning faces of stone, the landing with its paving, the steps down to the water."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dejima_models.geometry import Patch, Points, Relief, Skin, Sweep, even_lines, floor_frame, make_frame
from dejima_models.materials import earth
from dejima_models.noise import Plane
from dejima_models.stone import lay_stones, masonry_skin
from dejima_models.timber import bevelled

LANDING_X, LANDING_Z = 7.2, 6.0  # the landing before the gate: half its width, its edge
SHORE_X, SHORE_Z = 14.0, 3.1  # the sea wall beside it: half the stretch, its edge
BACK_Z = -4.4  # where the stretch ends on the island's side
DEPTH = 2.75  # from the ground down to the foot of the sea wall
BATTER = 0.14  # how far the sea wall leans back for each metre of height
EARTH_M = DEPTH + 0.015  # the cut earth closes up with the uneven ground
LEAN_M = BATTER * DEPTH
TIDE_M = 1.25  # ordinary high water, above the foot
STEP_HALF, STEP_RUN, STEP_COUNT = 3.6, 0.33, 12
STEPS_OUT = STEP_RUN * STEP_COUNT
STONES_OUT_M = 0.05  # how far the stones stand out from the plane of their face
TOP_STONES_M = 0.14  # so far below the ground the coping begins
STONE_GRID_M = 0.035
X, Y, Z = np.eye(3)


def shore_patches() -> Iterator[Patch]:
    """Stone faces, paving, earth."""
    side, step = SHORE_X - LANDING_X, LANDING_Z - SHORE_Z
    front = _stone_face(np.array([-LANDING_X, 0, LANDING_Z]), X, 2 * LANDING_X, 1, (LEAN_M, LEAN_M))
    yield replace(front, hole=_behind_steps)
    yield _stone_face(np.array([LANDING_X, 0, LANDING_Z]), -Z, step, 2, (LEAN_M, 0.0))
    yield _stone_face(np.array([-LANDING_X, 0, SHORE_Z]), Z, step, 3, (0.0, LEAN_M))
    yield _stone_face(np.array([LANDING_X, 0, SHORE_Z]), X, side, 4, (0.0, 0.0))
    yield _stone_face(np.array([-SHORE_X, 0, SHORE_Z]), X, side, 5, (0.0, 0.0))
    yield from (_step_side(sign) for sign in (1.0, -1.0))
    yield from _ground()


def _stone_face(top_left: Points, across: Points, length: float, seed: int, widen_m: tuple[float, float]) -> Patch:
    """A leaning face of stones below a top edge; towards its foot it widens left and right by so many metres."""
    out, (left, right) = np.cross(across, Y), widen_m
    foot = top_left - Y * DEPTH + out * LEAN_M
    slant = float(np.hypot(DEPTH, LEAN_M))
    whole = length + left + right
    stones = lay_stones((whole, slant), (0.66, 0.46), np.random.default_rng(seed))

    def limits(t: Plane) -> tuple[Plane, Plane]:
        share = np.clip(1 - t / np.float32(slant), 0, 1)
        return left - left * share, left + length + right * share

    return Patch(
        make_frame(foot - across * left, across, Y * DEPTH - out * LEAN_M),
        even_lines(0.0, whole, STONE_GRID_M),
        even_lines(0.0, slant - TOP_STONES_M, STONE_GRID_M),
        masonry_skin(stones, TIDE_M),
        limits=limits,
    )


def _behind_steps(centres: Points) -> NDArray[np.bool_]:
    """What the steps cover: below the slope over their edges."""
    steps = -(centres[:, 2] - LANDING_Z + STEP_RUN) / STEPS_OUT * DEPTH
    return np.asarray((np.abs(centres[:, 0]) < STEP_HALF - 0.05) & (centres[:, 1] < steps + 0.25))


def _step_side(sign: float) -> Patch:
    """The stones that carry the steps on one side."""
    stones = lay_stones((STEPS_OUT, DEPTH), (0.6, 0.42), np.random.default_rng(6 + int(sign)))
    near = LANDING_Z + (STEPS_OUT if sign > 0 else 0.0)

    def limits(t: Plane) -> tuple[Plane, Plane]:
        cut = np.clip(t / np.float32(DEPTH) + np.float32(0.06), 0, 1) * np.float32(STEPS_OUT)
        whole = np.full_like(t, STEPS_OUT)
        return (cut, whole) if sign > 0 else (np.zeros_like(t), whole - cut)

    return Patch(
        make_frame([sign * (STEP_HALF - 0.04), -DEPTH, near], -sign * Z, Y),
        even_lines(0.0, STEPS_OUT, STONE_GRID_M),
        even_lines(0.0, DEPTH, STONE_GRID_M),
        masonry_skin(stones, TIDE_M),
        limits=limits,
    )


def _ground() -> Iterator[Patch]:
    """Trodden earth on the island's side, paving on the landing, and the earth where the stretch ends."""
    size = (2 * SHORE_X, SHORE_Z - 0.2 - BACK_Z)
    yield Patch(
        floor_frame(-SHORE_X, 0.0, SHORE_Z - 0.2), even_lines(0, size[0], 0.25), even_lines(0, size[1], 0.25), earth,
        density=0.5,
    )  # fmt: skip
    size = (2 * LANDING_X - 0.5, LANDING_Z - SHORE_Z + 0.3)
    yield Patch(
        floor_frame(-LANDING_X + 0.25, 0.0, LANDING_Z - 0.25),
        even_lines(0, size[0], STONE_GRID_M * 1.2),
        even_lines(0, size[1], STONE_GRID_M * 1.2),
        _paving(size),
    )
    yield from (_earth_end(sign) for sign in (1.0, -1.0))
    back = make_frame([SHORE_X, -DEPTH, BACK_Z], -X, Y)
    yield Patch(back, even_lines(0, 2 * SHORE_X, 0.3), even_lines(0, EARTH_M, 0.3), earth, density=0.3)


def _earth_end(sign: float) -> Patch:
    """The earth at one end of the stretch, behind the leaning face."""
    depth = SHORE_Z - BACK_Z
    whole = depth + LEAN_M + STONES_OUT_M
    start = SHORE_Z + LEAN_M + STONES_OUT_M if sign > 0 else BACK_Z

    def limits(t: Plane) -> tuple[Plane, Plane]:
        lean = np.float32(LEAN_M) * np.clip(t / np.float32(DEPTH), 0, 1)
        end = np.full_like(t, whole)
        return (lean, end) if sign > 0 else (np.zeros_like(t), end - lean)

    frame = make_frame([sign * SHORE_X, -DEPTH, start], -sign * Z, Y)
    return Patch(frame, even_lines(0, whole, 0.2), even_lines(0, EARTH_M, 0.2), earth, limits=limits, density=0.3)


def _paving(size_m: tuple[float, float]) -> Skin:
    """Flat stones, trodden level."""
    stones = lay_stones(size_m, (0.95, 0.62), np.random.default_rng(12))
    skin = masonry_skin(replace(stones, lean=stones.lean * 0.12, proud=stones.proud * 0.25))

    def level(s: Plane, t: Plane) -> Relief:
        relief = skin(s, t)
        return Relief(relief.height_m * np.float32(0.5) - np.float32(0.02), relief.colour)

    return level


def shore_sweeps() -> Iterator[Sweep]:
    """Single dressed stones: steps, coping, the landing's corners."""
    yield from _steps()
    yield from _coping()
    yield from _corners()


def _steps() -> Iterator[Sweep]:
    """Steps down to the water, each of several blocks that have settled."""
    random = np.random.default_rng(21)
    rise = DEPTH / (STEP_COUNT + 1)
    for number in range(1, STEP_COUNT + 1):
        z, y = LANDING_Z + STEP_RUN * (number - 0.5), -rise * number
        share = np.cumsum(random.uniform(0.6, 1.5, 5))
        cuts = np.concatenate([[-STEP_HALF], 2 * STEP_HALF * share / share[-1] - STEP_HALF])
        for left, right in pairwise(cuts):
            dz, dy = random.normal(0, 0.014, 2)
            start, end = [left + 0.008, y - 0.16 + dy, z + dz], [right - 0.008, y - 0.16 + dy, z + dz]
            yield Sweep(bevelled(STEP_RUN + 0.20, 0.32, 0.03), np.linspace(start, end, 4), Y, "stone")


def _coping() -> Iterator[Sweep]:
    """Long dressed stones along the top edge of the sea wall."""
    random = np.random.default_rng(22)
    corners = [
        (-SHORE_X, SHORE_Z), (-LANDING_X, SHORE_Z), (-LANDING_X, LANDING_Z),
        (LANDING_X, LANDING_Z), (LANDING_X, SHORE_Z), (SHORE_X, SHORE_Z),
    ]  # fmt: skip
    points = [np.array([x, 0.0, z]) for x, z in corners]
    for a, b in pairwise(points):
        length = float(np.linalg.norm(b - a))
        way = (b - a) / length
        share = np.cumsum(random.uniform(0.8, 1.5, max(2, round(length / 1.2))))
        cuts = np.concatenate([[0.0], length * share / share[-1]])
        for start, end in pairwise(cuts):
            shift = np.cross(Y, way) * (0.19 + random.normal(0, 0.012)) + Y * (random.normal(0, 0.012) - 0.11)
            path = np.linspace(a + way * (start + 0.008) + shift, a + way * (end - 0.008) + shift, 4)
            yield Sweep(bevelled(0.58, 0.28, 0.03), path, Y, "stone")


def _corners() -> Iterator[Sweep]:
    """Long and short stones in turn at the landing's outer corners (sangi-zumi)."""
    random = np.random.default_rng(23)
    courses = 6
    high = (DEPTH - 0.2) / courses
    for sign in (-1.0, 1.0):
        for course in range(courses):
            y = -DEPTH + high * (course + 0.5)
            out = BATTER * -y + 0.12
            corner = np.array([sign * (LANDING_X + out), y, LANDING_Z + out])
            ways = (-sign * X, -Z) if course % 2 == 0 else (-Z, -sign * X)
            start = corner + ways[1] * 0.31
            path = np.linspace(start, start + ways[0] * random.uniform(1.0, 1.4), 5)
            yield Sweep(bevelled(0.62, high - 0.015, 0.035), path, Y, "stone")
