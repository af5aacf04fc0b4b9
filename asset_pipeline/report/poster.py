"""The package's picture: a three-quarter view in soft daylight, drawn without a GPU."""

import io

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.mesh import Image, Mesh
from asset_pipeline.report.camera import FRONT, fit_camera
from asset_pipeline.report.shading import Normals, choose_exposure, lit_colours, paint, see

WIDTH_PX, HEIGHT_PX = 1200, 900
SCALE = 2  # drawn at twice the size, then halved: smooth edges
WEBP_QUALITY = 84


def draw_poster(mesh: Mesh, normals: Normals) -> bytes:
    """The mesh (metres, y up, front towards +z) as a WebP of 1200 x 900; normals (m, 3, 3), one a corner of each face."""
    camera = fit_camera(mesh.positions, FRONT, WIDTH_PX * SCALE, HEIGHT_PX * SCALE)
    sight = see(mesh, camera)
    colours = lit_colours(mesh, sight, normals)
    return encode_view(halve(paint(sight, colours * choose_exposure(colours))), WEBP_QUALITY)


def halve(picture: Image) -> Image:
    """The picture (h, w, 3) at half its size, edges smooth."""
    height, width = picture.shape[:2]
    size = (width // SCALE, height // SCALE)
    return np.asarray(Pillow.fromarray(picture).resize(size, Pillow.Resampling.LANCZOS))


def encode_view(picture: Image, quality: int) -> bytes:
    """The picture (h, w, 3) as WebP."""
    sink = io.BytesIO()
    Pillow.fromarray(picture).save(sink, "WEBP", quality=quality, method=5)
    return sink.getvalue()


def read_poster(data: bytes) -> Image:
    """A poster as (h, w, 3), for those who check it."""
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))
