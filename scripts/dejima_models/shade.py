"""Soft shade as a scan brings it home: how much of the sky each vertex sees, and the same number everywhere inside.

From every direction of the sky the model is drawn into a depth picture; a vertex sees the sky there when nothing lies
before it.
"""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.raster import rasterise

DIRECTIONS = 40
PX = 700
BIAS_M = 0.06  # what lies so little before a vertex is the vertex's own surface
DARKEST = 0.46


def sky_shade(positions: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float32]:
    """Shade (n,) from DARKEST, where no sky is seen, to 1 where all of it in front of the surface is."""
    corners = positions[faces]
    normal = np.zeros_like(positions)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for corner in range(3):
        np.add.at(normal, faces[:, corner], across)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    seen, could = np.zeros(len(positions)), np.full(len(positions), 1e-9)
    triangles = faces.astype(np.int32)
    for direction in _sky():
        facing = np.maximum(normal @ direction, 0.0)
        could += facing + 0.15  # a little of all directions: light that comes off the ground and the walls
        seen += (facing + 0.15) * _is_open(positions, triangles, direction)
    return np.asarray(DARKEST + (1 - DARKEST) * np.clip(seen / could, 0, 1) ** 0.8, np.float32)


def _sky() -> NDArray[np.float64]:
    """Directions (n, 3) spread evenly over the upper half and a little below the horizon."""
    number = np.arange(DIRECTIONS) + 0.5
    height = 1 - 1.25 * number / DIRECTIONS
    turn = number * np.pi * (3 - 5**0.5)
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], axis=1)


def _is_open(
    positions: NDArray[np.float64], faces: NDArray[np.int32], direction: NDArray[np.float64]
) -> NDArray[np.bool_]:
    helper = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    right = np.cross(helper, direction)
    right /= np.linalg.norm(right)
    view = positions @ np.stack([right, np.cross(direction, right), -direction], axis=1)
    low = view.min(axis=0)
    scale = (PX - 4) / np.ptp(view[:, :2], axis=0).max()
    screen = np.concatenate([(view[:, :2] - low[:2]) * scale + 2, view[:, 2:]], axis=1)
    _, _, depth = rasterise(screen, faces, PX, PX)
    column, row = (screen[:, 0]).astype(int), (screen[:, 1]).astype(int)
    return np.asarray(view[:, 2] <= depth[row, column] + BIAS_M + 1.0 / scale)
