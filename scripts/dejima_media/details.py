"""Details of the bundled models as pictures, in the light of the packages' posters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.mesh import Mesh
from asset_pipeline.report.camera import Viewpoint, fit_camera
from asset_pipeline.report.poster import SCALE, encode_view, halve
from asset_pipeline.report.shading import choose_exposure, lit_colours, paint, see

WIDTH_PX, HEIGHT_PX, QUALITY = 960, 720, 78


@dataclass(frozen=True)
class Detail:
    """A part of a model: its box in the model's metres, and where it is looked at from."""

    model: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    azimuth_deg: float
    elevation_deg: float


def draw_detail(mesh: Mesh, detail: Detail) -> bytes:
    """The part as WebP of 960 x 720, what stands round it included."""
    corners = np.array(np.meshgrid(*zip(detail.low, detail.high, strict=True))).reshape(3, -1).T
    view = Viewpoint("detail", detail.azimuth_deg, detail.elevation_deg)
    sight = see(mesh, fit_camera(corners.astype(np.float32), view, WIDTH_PX * SCALE, HEIGHT_PX * SCALE))
    colours: NDArray[np.float32] = lit_colours(mesh, sight, smooth_normals(mesh))
    return encode_view(halve(paint(sight, colours * choose_exposure(colours))), QUALITY)
