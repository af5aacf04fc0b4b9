"""The package's picture: a three-quarter view in soft daylight on a plaster-coloured ground, drawn without a GPU."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from asset_pipeline.bvh import Hits
from asset_pipeline.mesh import Image, Mesh
from asset_pipeline.normals import smooth_normals
from asset_pipeline.raster import facing, rasterise
from asset_pipeline.surface import colours_at

WIDTH_PX, HEIGHT_PX = 1200, 900
SCALE = 2  # drawn at twice the size, then halved: smooth edges
GROUND = np.array([247, 243, 234], np.float32)
MARGIN = 0.86
AZIMUTH_DEG, ELEVATION_DEG = 32.0, 20.0
LENS = 3.2  # distance of the eye in diagonals: a long lens, upright lines stay upright enough
SUN = np.array([-0.45, 0.75, 0.6])
SKY, SUNLIGHT = 0.62, 0.55
BRIGHT, MOST_EXPOSURE = 190.0, 1.7  # the value the brightest tenth should reach, and how far to go for it
WEBP_QUALITY = 84

Plane = NDArray[np.float32]


def draw_poster(mesh: Mesh) -> bytes:
    """The mesh (metres, y up, front towards +z) as a WebP of 1200 x 900."""
    width, height = WIDTH_PX * SCALE, HEIGHT_PX * SCALE
    screen = _project(mesh.positions, width, height)
    owner, weights, depth = rasterise(screen, mesh.faces, width, height)
    seen = owner >= 0
    hits = Hits(owner[seen], weights[seen], np.zeros(0, np.float32))
    shade = _light(mesh, hits) * _hollow(depth, seen)[seen]
    picture = _backdrop(seen)
    picture[seen] = np.clip(_expose(colours_at(mesh, hits) * shade[:, None]), 0, 255)
    sink = io.BytesIO()
    small = Pillow.fromarray(picture.astype(np.uint8)).resize((WIDTH_PX, HEIGHT_PX), Pillow.Resampling.LANCZOS)
    small.save(sink, "WEBP", quality=WEBP_QUALITY, method=5)
    return sink.getvalue()


def _project(positions: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    low, high = positions.min(axis=0), positions.max(axis=0)
    turn, tilt = np.radians(AZIMUTH_DEG), np.radians(ELEVATION_DEG)
    # the eye stands before the front (+z in glTF), to its right, a little above
    away = np.array([-np.sin(turn) * np.cos(tilt), -np.sin(tilt), -np.cos(turn) * np.cos(tilt)])
    right = np.cross(away, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, away)
    centred = positions - (low + high) / 2
    view = np.stack([centred @ right, -(centred @ up), centred @ away], axis=1)
    distance = LENS * float(np.linalg.norm(high - low)) or 1.0
    flat = view[:, :2] / (1 + view[:, 2:] / distance)
    span_low, span_high = flat.min(axis=0), flat.max(axis=0)
    size = np.maximum(span_high - span_low, 1e-9)
    scale = MARGIN * min(width / size[0], height / size[1])
    centre = np.array([width, height]) / 2
    return np.concatenate([(flat - (span_low + span_high) / 2) * scale + centre, view[:, 2:]], axis=1)


def _light(mesh: Mesh, hits: Hits) -> Plane:
    upward, sunward = facing(smooth_normals(mesh), hits.face, hits.weights, SUN / np.linalg.norm(SUN))
    return np.asarray(SKY * (0.72 + 0.28 * upward) + SUNLIGHT * np.maximum(sunward, 0), np.float32)


def _expose(colours: Plane) -> Plane:
    """Dark stone a little brighter, as a photographer would expose it; nothing is made darker."""
    bright = float(np.percentile(colours.max(axis=1), 90)) if len(colours) else BRIGHT
    return colours * np.float32(np.clip(BRIGHT / max(bright, 1.0), 1.0, MOST_EXPOSURE))


def _hollow(depth: Plane, seen: NDArray[np.bool_]) -> Plane:
    """Darker where the neighbourhood lies nearer to the eye: the shade in corners and under eaves."""
    near, far = float(depth[seen].min()), float(depth[seen].max())
    span = max(far - near, 1e-9)
    level = np.where(seen, (depth - near) / span, 1.0).astype(np.float32)
    shade = np.ones_like(level)
    for radius, strength in ((6, 9.0), (24, 3.5)):
        shade -= np.clip((level - _mean_around(level, radius)) * strength, 0, 0.28)
    return np.clip(shade, 0.45, 1.0)


def _mean_around(plane: Plane, radius: int) -> Plane:
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
    rows = np.nonzero(seen.any(axis=1))[0]
    columns = np.nonzero(seen.any(axis=0))[0]
    y, x = np.ogrid[:height, :width]
    y, x = y.astype(np.float32), x.astype(np.float32)
    half = max(1.0, (columns[-1] - columns[0]) / 2)
    centre_x, centre_y = (columns[0] + columns[-1]) / 2, rows[-1] - half * 0.10
    away = ((x - centre_x) / (half * 1.08)) ** 2 + ((y - centre_y) / (half * 0.26)) ** 2
    picture *= (1 - 0.22 * np.exp(-2.2 * away, dtype=np.float32))[..., None]
    return picture


def read_poster(data: bytes) -> Image:
    """A poster as (h, w, 3), for those who check it."""
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))
