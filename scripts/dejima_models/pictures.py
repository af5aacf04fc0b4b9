"""The model's picture: every patch and swatch gets a rectangle, and its skin is painted there."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dejima_models.geometry import Patch, Skin, Swatch

MARGIN_PX = 4  # painted beyond the edge on every side, so that smaller copies of the picture do not bleed
BAND_PX = 256  # rows painted at a time
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Place:
    """Where a patch or swatch lies in the picture: its first corner in px (margin excluded), px for a metre."""

    x_px: int
    y_px: int
    px_per_m: float


def pack(sizes_m: Sequence[tuple[float, float]], densities: Sequence[float], side_px: int) -> list[Place]:
    """Places for rectangles of these sizes in a square picture, at the highest common density that fits."""
    low, high = 4.0, 2000.0
    while high / low > 1.005:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if _try_pack(sizes_m, densities, middle, side_px) else (low, middle)
    places = _try_pack(sizes_m, densities, low, side_px)
    if places is None:
        raise ValueError(f"{len(sizes_m)} rectangles do not fit into {side_px} px at any density.")
    return places


def _try_pack(
    sizes_m: Sequence[tuple[float, float]], densities: Sequence[float], px_per_m: float, side_px: int
) -> list[Place] | None:
    """Shelves filled with the highest first; None when they overflow."""
    boxes = [
        tuple(int(np.ceil(length * px_per_m * density)) + 2 * MARGIN_PX for length in size)
        for size, density in zip(sizes_m, densities, strict=True)
    ]
    places: dict[int, Place] = {}
    x = y = shelf = 0
    for index in sorted(range(len(boxes)), key=lambda i: (-boxes[i][1], -boxes[i][0], i)):
        width, height = boxes[index]
        if x + width > side_px:
            x, y, shelf = 0, y + shelf, 0
        if width > side_px or y + height > side_px:
            return None
        places[index] = Place(x + MARGIN_PX, y + MARGIN_PX, px_per_m * densities[index])
        x, shelf = x + width, max(shelf, height)
    return [places[index] for index in range(len(boxes))]


def paint(items: Sequence[Patch | Swatch], places: Sequence[Place], side_px: int) -> NDArray[np.uint8]:
    """The picture (side, side, 3) with every item's skin at its place."""
    picture = np.full((side_px, side_px, 3), 128, np.uint8)
    for item, place in zip(items, places, strict=True):
        width_m, height_m = item.size_m() if isinstance(item, Patch) else item.size_m
        start = (float(item.s_lines[0]), float(item.t_lines[0])) if isinstance(item, Patch) else (0.0, 0.0)
        columns = np.arange(-MARGIN_PX, int(np.ceil(width_m * place.px_per_m)) + MARGIN_PX)
        rows = np.arange(-MARGIN_PX, int(np.ceil(height_m * place.px_per_m)) + MARGIN_PX)
        s = np.clip((columns + 0.5) / place.px_per_m, 0, width_m) + start[0]
        t = np.clip((rows + 0.5) / place.px_per_m, 0, height_m) + start[1]
        for first in range(0, len(rows), BAND_PX):
            band = rows[first : first + BAND_PX]
            colour = _paint_band(item.skin, s, t[first : first + BAND_PX])
            y, x = place.y_px + band[0], place.x_px + columns[0]
            picture[y : y + len(band), x : x + len(columns)] = colour
    return picture


def _paint_band(skin: Skin, s: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.uint8]:
    rows, columns = np.meshgrid(t.astype(np.float32), s.astype(np.float32), indexing="ij")
    return np.asarray(np.clip(skin(columns, rows).colour + 0.5, 0, 255), np.uint8)


def encode_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """The picture as JPEG."""
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return sink.getvalue()
