"""Things of squared timber and stone, drawn as sweeps: beams, posts, railings, steps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from dejima_models.geometry import Points, Sweep, even_lines

UP = np.array([0.0, 1.0, 0.0])
SEGMENT_M = 0.7
BEVEL_M = 0.012
BAR_M, BAR_SPACING_M = 0.052, 0.23  # upright bars of a balustrade: stout enough to outlast a coarser level
BAR_PROFILE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (BAR_M / 2)


def bevelled(width: float, height: float, bevel: float = BEVEL_M) -> Points:
    """An eight-sided profile about its middle, counterclockwise."""
    x, y, b = width / 2, height / 2, min(bevel, width / 4, height / 4)
    return np.array(
        [(-x, b - y), (b - x, -y), (x - b, -y), (x, b - y), (x, y - b), (x - b, y), (b - x, y), (-x, y - b)]
    )


def straight(start: ArrayLike, end: ArrayLike, step_m: float = SEGMENT_M) -> Points:
    """Points from start to end at most step_m apart."""
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    share = even_lines(0.0, float(np.linalg.norm(b - a)), step_m) / float(np.linalg.norm(b - a))
    return np.asarray(a + share[:, None] * (b - a))


def beam(start: ArrayLike, end: ArrayLike, size: tuple[float, float], swatch: str = "timber") -> Sweep:
    """A squared beam or post (width, height of its section) between two points."""
    path = straight(start, end)
    run = path[-1] - path[0]
    upright = abs(run[1]) > 0.9 * np.linalg.norm(run)
    return Sweep(bevelled(*size), path, np.array([0.0, 0.0, -1.0]) if upright else UP, swatch)


def block(middle: ArrayLike, size: tuple[float, float, float]) -> Sweep:
    """A dressed stone of a size (x, y, z) standing on its lower middle."""
    foot, (x, y, z) = np.asarray(middle, np.float64), size
    half = np.array([x / 2, 0.0, 0.0])
    path = np.linspace(foot + UP * (y / 2) - half, foot + UP * (y / 2) + half, 4)
    return Sweep(bevelled(z, y, 0.025), path, UP, "stone")


def railing(
    start: ArrayLike, end: ArrayLike, height: float, swatch: str, spacing: float = BAR_SPACING_M
) -> list[Sweep]:
    """A balustrade between two points on its floor line: hand rail, foot rail and upright bars."""
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    parts = [
        replace(beam(a + UP * height, b + UP * height, (0.09, 0.07), swatch), closed=False),  # they end in posts
        replace(beam(a + UP * 0.13, b + UP * 0.13, (0.06, 0.06), swatch), closed=False),
    ]
    count = max(2, round(float(np.linalg.norm(b - a)) / spacing))
    for number in range(1, count):
        foot = a + (b - a) * number / count
        ends = np.array([foot + UP * 0.14, foot + UP * (height - 0.01)])
        parts.append(Sweep(BAR_PROFILE, ends, np.array([0.0, 0.0, -1.0]), swatch, closed=False))
    return parts


def posts(feet: Sequence[ArrayLike], height: float, side: float, swatch: str) -> list[Sweep]:
    """Upright posts of a square section."""
    return [beam(foot, np.asarray(foot, np.float64) + UP * height, (side, side), swatch) for foot in feet]
