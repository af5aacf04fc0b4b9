"""A mesh as a picture in soft daylight on a plaster-coloured ground, drawn without a GPU."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.raster import rasterise
from asset_pipeline.appearance.tangent import shown_normals
from asset_pipeline.geometry.bvh import Hits
from asset_pipeline.geometry.surface import colours_at
from asset_pipeline.mesh import Mesh
from asset_pipeline.report.camera import FRONT, Camera, project

GROUND = np.array([247, 243, 234], np.float32)
SUN = np.array([-0.45, 0.75, 0.6])  # for who looks from the front; it goes round with the eye
SKY, SUNLIGHT = 0.62, 0.55
BRIGHT, MOST_EXPOSURE = 190.0, 1.7  # the value the brightest tenth should reach, and how far to go for it
HOLLOWS = ((0.0025, 9.0), (0.01, 3.5))  # neighbourhoods in picture widths, and how much each darkens

Plane = NDArray[np.float32]
Normals = NDArray[np.float32]


@dataclass(frozen=True)
class Sight:
    """What one camera sees of a mesh: seen (h, w) bool, hits of the seen pixels in row order, depth (h, w) metres.

    Height and width are even: finished pictures have half of them.
    """

    camera: Camera
    seen: NDArray[np.bool_]
    hits: Hits
    depth: Plane


def see(mesh: Mesh, camera: Camera) -> Sight:
    """What the camera sees of the mesh."""
    owner, weights, depth = rasterise(project(camera, mesh.positions), mesh.faces, camera.width_px, camera.height_px)
    seen = owner >= 0
    return Sight(camera, seen, Hits(owner[seen], weights[seen], np.zeros(0, np.float32)), depth)


def lit_colours(mesh: Mesh, sight: Sight, normals: Normals) -> Plane:
    """The colours (n, 3) of the seen pixels in daylight, 0..255; normals (m, 3, 3), one a corner of each face."""
    shown = shown_normals(mesh, normals, sight.hits)
    sunward = shown @ _sun_for(sight.camera)
    light = SKY * (0.72 + 0.28 * shown[:, 1]) + SUNLIGHT * np.maximum(sunward, 0)
    shade = light.astype(np.float32) * _hollow(sight)[sight.seen]
    return np.asarray(colours_at(mesh, sight.hits) * shade[:, None], np.float32)


def choose_exposure(colours: Plane) -> float:
    """How much brighter a photographer would take dark stone, 1 or more; nothing is made darker."""
    bright = float(np.percentile(colours.max(axis=1), 90)) if len(colours) else BRIGHT
    return float(np.clip(BRIGHT / max(bright, 1.0), 1.0, MOST_EXPOSURE))


def paint(sight: Sight, colours: Plane) -> NDArray[np.uint8]:
    """The picture (h, w, 3) of the seen pixels' colours before the ground with the model's shadow."""
    picture = _backdrop(sight.seen)
    picture[sight.seen] = np.clip(colours, 0, 255)
    return picture.astype(np.uint8)


def _sun_for(camera: Camera) -> Plane:
    turn = np.radians(camera.azimuth_deg - FRONT.azimuth_deg)
    x, y, z = SUN / np.linalg.norm(SUN)
    return np.array([x * np.cos(turn) + z * np.sin(turn), y, z * np.cos(turn) - x * np.sin(turn)], np.float32)


def _hollow(sight: Sight) -> Plane:
    """Darker where the neighbourhood lies nearer to the eye: the shade in corners and under eaves.

    Found at half the size, which is that of the finished picture, from the nearest depth of each four pixels.
    """
    width = sight.depth.shape[1]
    rows = np.minimum(sight.depth[::2], sight.depth[1::2])
    depth = np.minimum(rows[:, ::2], rows[:, 1::2])
    seen = np.isfinite(depth)
    if not seen.any():
        return np.ones_like(sight.depth)
    near, far = float(depth[seen].min()), float(depth[seen].max())
    level = np.where(seen, (depth - near) / max(far - near, 1e-9), 1.0).astype(np.float32)
    shade = np.ones_like(level)
    for radius, strength in HOLLOWS:
        around = mean_around(level, max(1, round(radius * width / 2)))
        shade -= np.clip((level - around) * strength, 0, 0.28)
    return np.repeat(np.repeat(np.clip(shade, 0.45, 1.0), 2, axis=0), 2, axis=1)


def mean_around(plane: Plane, radius: int) -> Plane:
    """The mean of each pixel's square neighbourhood, the edge repeated."""
    for axis in (0, 1):
        ends = [(0, 0), (0, 0)]
        ends[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(plane, ends, mode="edge"), axis=axis, dtype=np.float64)
        size = 2 * radius + 1
        upper, lower = np.split(sums, [size], axis=axis)[1], np.delete(sums, np.s_[-size:], axis=axis)
        plane = ((upper - lower) / size).astype(np.float32)
    return plane


def _backdrop(seen: NDArray[np.bool_]) -> Plane:
    """The ground colour with a soft shadow under the model."""
    height, width = seen.shape
    picture = np.broadcast_to(GROUND, (height, width, 3)).copy()
    if not seen.any():
        return picture
    rows = np.nonzero(seen.any(axis=1))[0]
    columns = np.nonzero(seen.any(axis=0))[0]
    y, x = np.ogrid[:height, :width]
    y, x = y.astype(np.float32), x.astype(np.float32)
    half = max(1.0, (columns[-1] - columns[0]) / 2)
    centre_x, centre_y = (columns[0] + columns[-1]) / 2, rows[-1] - half * 0.10
    beside = np.exp(-2.2 * ((x - centre_x) / (half * 1.08)) ** 2, dtype=np.float32)
    below = np.exp(-2.2 * ((y - centre_y) / (half * 0.26)) ** 2, dtype=np.float32)
    picture *= (1 - 0.22 * below * beside)[..., None]
    return picture
