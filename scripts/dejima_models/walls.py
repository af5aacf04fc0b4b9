"""Walls as relief: a ground skin with panels set on or into it, and the grid that catches every edge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dejima_models.geometry import Frame, Hole, Patch, Points, Relief, Skin, even_lines, with_edges
from dejima_models.materials import blend, dark_timber, glass, green_paint, white_paint
from dejima_models.noise import Plane, soft_step

FILL_M = 0.30


@dataclass(frozen=True)
class Panel:
    """A rectangle (s0, t0, s1, t1) of another material, so many metres before (or behind) the wall's plane.

    upright: the grain or the boards run up.
    """

    box: tuple[float, float, float, float]
    depth_m: float
    skin: Skin
    upright: bool = False


def panel_skin(ground: Skin, panels: Sequence[Panel]) -> Skin:
    """The ground with the panels on it; a later panel lies over an earlier one."""

    def skin(s: Plane, t: Plane) -> Relief:
        base = ground(s, t)
        height, colour = base.height_m.copy(), base.colour.copy()
        for panel in panels:
            s0, t0, s1, t1 = panel.box
            inside = (s >= s0) & (s <= s1) & (t >= t0) & (t <= t1)
            if not inside.any():
                continue
            ds, dt = s[inside] - np.float32(s0), t[inside] - np.float32(t0)
            across, along = (dt, ds) if panel.upright else (ds, dt)
            own = panel.skin(across + np.float32(s0 * 3.1), along + np.float32(t0 * 1.7))
            rim = np.minimum(np.minimum(ds, s1 - s0 - ds), np.minimum(dt, t1 - t0 - dt))
            height[inside] = own.height_m + np.float32(panel.depth_m)
            # joints between two materials gather dirt
            colour[inside] = blend(own.colour, (44, 38, 32), soft_step(rim, 0.014, 0.002) * 0.5)
        return Relief(height, colour)

    return skin


def wall(
    frame: Frame, size_m: tuple[float, float], ground: Skin, panels: Sequence[Panel], hole: Hole | None = None
) -> Patch:
    """A wall (length, height) with its panels."""
    across = [edge for panel in panels for edge in (panel.box[0], panel.box[2])]
    along = [edge for panel in panels for edge in (panel.box[1], panel.box[3])]
    s_lines = with_edges(even_lines(0.0, size_m[0], FILL_M), across)
    t_lines = with_edges(even_lines(0.0, size_m[1], FILL_M), along)
    return Patch(frame, s_lines, t_lines, panel_skin(ground, panels), hole=hole)


def louvres(s: Plane, t: Plane) -> Relief:
    """Slats of a shutter, each leaning out at its foot."""
    paint = green_paint(s, t)
    share = t / 0.09 - np.floor(t / 0.09)
    return Relief(
        np.asarray(paint.height_m + 0.022 * (1 - share), np.float32),
        blend(paint.colour, (32, 44, 36), soft_step(share, 0.70, 1.0) * 0.65),
    )


def sash_window(s: float, t: float, width: float, height: float, shutters: bool = True) -> list[Panel]:
    """A glazed sash window in a green frame, its shutters open beside it; s, t is the middle of the sill."""
    left, right, top = s - width / 2, s + width / 2, t + height
    panels = [
        Panel((left - 0.10, t - 0.10, right + 0.10, top + 0.10), 0.035, green_paint),
        Panel((left, t, right, top), -0.07, glass),
        Panel((left - 0.16, t - 0.14, right + 0.16, t - 0.06), 0.09, green_paint),
    ]
    for column in range(1, 4):
        at = left + width * column / 4
        panels.append(Panel((at - 0.017, t, at + 0.017, top), -0.056, white_paint, upright=True))
    for row in range(1, 6):
        at, half = t + height * row / 6, 0.035 if row == 3 else 0.017
        panels.append(Panel((left, at - half, right, at + half), -0.044 if row == 3 else -0.056, white_paint))
    for edge in () if not shutters else (left - 0.14 - width / 2, right + 0.14):
        panels.append(Panel((edge, t - 0.04, edge + width / 2, top + 0.06), 0.05, green_paint, upright=True))
        panels.append(Panel((edge + 0.06, t + 0.04, edge + width / 2 - 0.06, top - 0.02), 0.035, louvres))
    return panels


def lattice_window(s: float, t: float, width: float, height: float, behind: Skin) -> list[Panel]:
    """An opening with upright bars (koshi) in a timber frame; s, t is the middle of its foot."""
    left, right, top = s - width / 2, s + width / 2, t + height
    panels = [
        Panel((left - 0.11, t - 0.11, right + 0.11, top + 0.11), 0.04, dark_timber),
        Panel((left, t, right, top), -0.10, behind),
    ]
    count = max(3, round(width / 0.17))
    for number in range(1, count):
        at = left + width * number / count
        panels.append(Panel((at - 0.028, t, at + 0.028, top), 0.0, dark_timber, upright=True))
    middle = t + height / 2
    panels.append(Panel((left, middle - 0.03, right, middle + 0.03), -0.03, dark_timber))
    return panels


def frame_timbers(length: float, height: float, posts: Sequence[float], rails: Sequence[float]) -> list[Panel]:
    """Posts and rails of the timber frame that show in the wall: posts at s, rails at t."""
    panels = [Panel((0.0, max(0.0, t - 0.09), length, min(height, t + 0.09)), 0.025, dark_timber) for t in rails]
    return panels + [
        Panel((max(0.0, s - 0.10), 0.0, min(length, s + 0.10), height), 0.032, dark_timber, upright=True) for s in posts
    ]


def openings(boxes: Sequence[tuple[Points, Points]]) -> Hole:
    """What lies in any of the boxes (low, high), in model metres, is cut away."""

    def hole(centres: Points) -> NDArray[np.bool_]:
        inside = [np.all((centres > low) & (centres < high), axis=1) for low, high in boxes]
        return np.asarray(np.logical_or.reduce(inside), bool)

    return hole
