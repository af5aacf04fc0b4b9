"""A tile drawn from above: its surface in slanting light, and the outlines of the roofs found on it."""

import io

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from asset_pipeline.clouds.grid import Grid, Plane
from asset_pipeline.clouds.occluders import Occluder

MOST_PX = 2400
PLASTER, VERMILION, INK = np.array([247, 243, 234], np.float32), (183, 55, 31), (22, 33, 63)
FILL = 0.35
SUN = np.array([-0.5, 0.5, 0.7])  # from the north-west, as maps are lit
BARS_M = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def draw_relief(tops: Plane, grid: Grid, occluders: list[Occluder]) -> bytes:
    """The tile as a WebP picture, north on top, at most MOST_PX a side, with a bar that tells the scale."""
    surface = np.where(np.isfinite(tops), tops, np.nanmin(tops))
    picture = Pillow.fromarray(_light(surface.astype(np.float32), grid.cell)[::-1].copy())
    factor = min(MOST_PX / max(grid.shape), max(1, round(1200 / max(grid.shape))))
    size = (max(1, round(grid.columns * factor)), max(1, round(grid.rows * factor)))
    picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    scale = factor / grid.cell  # px in a metre
    layer = Pillow.new("RGBA", size)
    pen = ImageDraw.Draw(layer)
    for each in occluders:
        rings = [
            [((x - grid.left) * scale, size[1] - (y - grid.bottom) * scale) for x, y in ring.tolist()]
            for ring in (each.footprint.outline, *each.footprint.holes)
        ]
        pen.polygon(rings[0], fill=(*VERMILION, int(255 * FILL)))
        for hole in rings[1:]:
            pen.polygon(hole, fill=(0, 0, 0, 0))
        for ring in rings:
            pen.line([*ring, ring[0]], fill=(*VERMILION, 255), width=2)
    picture = Pillow.alpha_composite(picture.convert("RGBA"), layer)
    _draw_bar(picture, scale)
    sink = io.BytesIO()
    picture.convert("RGB").save(sink, "WEBP", quality=85, method=4)
    return sink.getvalue()


def _light(surface: Plane, cell: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    north, east = np.gradient(surface, cell)
    sun = SUN / np.linalg.norm(SUN)
    lit = (sun[2] - east * sun[0] - north * sun[1]) / np.sqrt(1 + east**2 + north**2)
    return np.asarray(np.clip(PLASTER * (0.35 + 0.8 * np.clip(lit, 0, 1))[..., None], 0, 255), np.uint8)


def _draw_bar(picture: Pillow.Image, scale: float) -> None:
    """A bar of a round number of metres, about a sixth of the picture long, and that number."""
    length_m = min(BARS_M, key=lambda metres: abs(metres * scale - picture.width / 6))
    pen = ImageDraw.Draw(picture)
    left, bottom, length = 24, picture.height - 24, round(length_m * scale)
    pen.rectangle((left - 12, bottom - 34, left + length + 12, bottom + 12), fill=(247, 243, 234, 255))
    pen.line((left, bottom, left + length, bottom), fill=INK, width=4)
    pen.text((left, bottom - 28), f"{length_m} m", fill=INK, font_size=18)
