"""How large a level's pictures need to be: by what a screen shows of them, and by what the scan holds."""

from dataclasses import dataclass

import numpy as np

from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.mesh import Mesh, Surface

FILL = 0.6  # what charts usually cover of an atlas
SCREEN_PX = 1600  # the longer side of a phone's view: a model opens filling it
MIN_PX = 64
ROOM = 2.0  # an atlas turns and shifts the scan's texels: with twice as many none is lost
COARSE_NORMAL_PX = 1024  # below the finest level: a map of 2048 px is three times the bytes for 2 dB of shading
SAMPLES_PER_VERTEX = 2.0  # texels a normal map needs to show the form that the scan's vertices hold


@dataclass(frozen=True)
class Sides:
    """Sides in px, powers of two, of a level's colour picture and of its normal map; normal_px 0: none is useful."""

    colour_px: int
    normal_px: int


def choose_sides(scan: Mesh, surface: Surface, error_m: float, limit_px: int, finest: bool) -> Sides:
    """The useful sides of the level's pictures, at most limit_px.

    The nearest a level is looked at is where its error covers a pixel, or where the whole fills the screen if that is
    nearer; a texel smaller than a pixel there is not seen. Nor does a texel help that is smaller than the scan's own.
    """
    area = float(face_areas(surface.positions, surface.faces).sum())
    diagonal = float(np.linalg.norm(np.ptp(surface.positions, axis=0)))
    seen_m = min(error_m, diagonal / SCREEN_PX) if error_m > 0 else diagonal / SCREEN_PX
    wanted = area / max(seen_m**2, 1e-30)
    colour_px = min(_power_of_two(wanted, limit_px), _power_of_two(ROOM * scan_texels(scan), limit_px))
    if surface.triangles >= scan.triangles:  # nothing was lost that a map could give back
        return Sides(colour_px, 0)
    normal_limit_px = min(colour_px, limit_px if finest else COARSE_NORMAL_PX)
    return Sides(colour_px, _power_of_two(SAMPLES_PER_VERTEX * scan.vertices, normal_limit_px))


def scan_texels(scan: Mesh) -> float:
    """How many texels of its pictures the scan's surface shows; its vertices where it has none."""
    pictures = [material.picture for material in scan.materials]
    if scan.uv is None or all(picture is None for picture in pictures):
        return float(scan.vertices)
    corners = scan.uv[scan.faces].astype(np.float64)
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    share = 0.5 * np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
    sizes = np.array([0 if picture is None else picture.shape[0] * picture.shape[1] for picture in pictures])
    part = np.zeros(scan.triangles, np.int32) if scan.face_material is None else scan.face_material
    return float((share * sizes[part]).sum())


def _power_of_two(texels: float, limit_px: int) -> int:
    """The nearest power of two, in ratio, to the side of an atlas that shows so many texels."""
    side = np.sqrt(max(texels, 1.0) / FILL)
    return int(min(limit_px, max(MIN_PX, 2 ** round(float(np.log2(side))))))
