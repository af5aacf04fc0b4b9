"""Where a picture is taken from: viewpoints by the shape of the scan, and the projection onto a picture."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import Positions

LENS = 3.2  # distance of the eye in diagonals: a long lens, upright lines stay upright enough
MARGIN = 0.86  # of the picture's width or height that the model fills
FLAT = 0.2  # height by longest side, below which more is seen from above than from behind


@dataclass(frozen=True)
class Viewpoint:
    """A direction to look from: azimuth_deg 0 is the front (+z), 90 the right (+x); elevation_deg 90 is straight above."""

    name: str
    azimuth_deg: float
    elevation_deg: float


FRONT = Viewpoint("front", 32.0, 20.0)
BEHIND = Viewpoint("behind", 212.0, 20.0)
OVER = Viewpoint("over", 32.0, 38.0)
ABOVE = Viewpoint("above", 0.0, 90.0)


@dataclass(frozen=True)
class Camera:
    """A viewpoint fitted to a model: axes (3, 3) are right, up and away; middle and scale place it on the picture."""

    azimuth_deg: float
    axes: NDArray[np.float64]
    centre: NDArray[np.float64]
    distance: float
    middle: NDArray[np.float64]
    scale: float
    width_px: int
    height_px: int


def choose_viewpoints(positions: Positions) -> tuple[Viewpoint, ...]:
    """Two viewpoints that show most of a model: before and behind what stands, over and above what lies flat."""
    size = positions.max(axis=0) - positions.min(axis=0)
    return (OVER, ABOVE) if size[1] < FLAT * max(size[0], size[2]) else (FRONT, BEHIND)


def fit_camera(positions: Positions, viewpoint: Viewpoint, width_px: int, height_px: int) -> Camera:
    """The camera that shows all of the positions (metres, y up), in the middle of the picture."""
    turn, tilt = np.radians(viewpoint.azimuth_deg), np.radians(viewpoint.elevation_deg)
    away = np.array([-np.sin(turn) * np.cos(tilt), -np.sin(tilt), -np.cos(turn) * np.cos(tilt)])
    right = np.array([np.cos(turn), 0.0, -np.sin(turn)])
    low, high = positions.min(axis=0), positions.max(axis=0)
    distance = LENS * float(np.linalg.norm(high - low)) or 1.0
    axes = np.stack([right, np.cross(right, away), away])
    loose = Camera(viewpoint.azimuth_deg, axes, (low + high) / 2, distance, np.zeros(2), 1.0, 0, 0)
    flat = project(loose, positions)[:, :2]
    span_low, span_high = flat.min(axis=0), flat.max(axis=0)
    size = np.maximum(span_high - span_low, 1e-9)
    scale = MARGIN * float(min(width_px / size[0], height_px / size[1]))
    return replace(loose, middle=(span_low + span_high) / 2, scale=scale, width_px=width_px, height_px=height_px)


def project(camera: Camera, positions: Positions) -> NDArray[np.float64]:
    """Positions on the picture (n, 3): x to the right and y down in px, depth in metres growing away from the eye."""
    right, up, away = camera.axes
    centred = positions - camera.centre
    depth = centred @ away
    near = camera.scale / (1 + depth / camera.distance)
    x = (centred @ right) * near + camera.width_px / 2 - camera.middle[0] * camera.scale
    y = -(centred @ up) * near + camera.height_px / 2 - camera.middle[1] * camera.scale
    return np.stack([x, y, depth], axis=1)
