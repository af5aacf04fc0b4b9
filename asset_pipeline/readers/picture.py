"""Pictures of a scan, decoded under our own pixel limits to plain 8-bit colour."""

import io
import logging
import struct
import warnings as python_warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Image
from asset_pipeline.prechecks.precheck_image import MAX_PIXELS, MAX_REDUCED_PIXELS, check_picture, is_plain_png
from asset_pipeline.readers.png_rows import read_png_reduced
from asset_pipeline.scan import ScanWarning, warn

JPEG_MAGIC = b"\xff\xd8"
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP")
MAP_PIXELS = 4096 * 4096  # of a normal or roughness map: no level shows more
STRIP_ROWS = 512
MAX_PIXELS_A_BYTE = 64  # of a PNG beyond MAX_PIXELS: real ones have ten at the most, and each costs time
ORIENTATION = 0x0112
LEFT_OUT = {*range(0xE1, 0xEE), 0xEF, 0xFE}  # camera, place, colour profile, comments: all but JFIF and Adobe's mark
END_OF_SEGMENTS = 0xDA
# RuntimeError is what the AVIF decoder raises, SyntaxError what the PNG reader does
DECODER_ERRORS = (
    OSError,
    zlib.error,
    ValueError,
    SyntaxError,
    EOFError,
    RuntimeError,
    struct.error,
    Pillow.DecompressionBombError,
)
logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it finds odd is said by us, once
Pillow.MAX_IMAGE_PIXELS = MAX_REDUCED_PIXELS  # our own check stands before it and is stricter


@dataclass(frozen=True)
class Picture:
    """A decoded picture; jpeg: its own bytes, when it is a JPEG that any client shows as `image` has it."""

    image: Image
    jpeg: bytes | None = field(default=None, repr=False)
    warnings: tuple[ScanWarning, ...] = ()


def read_picture(data: bytes, name: str, most_pixels: int = MAX_PIXELS) -> Picture:
    """The picture as (h, w, 3) uint8 sRGB, row 0 on top, made smaller when it has more pixels. Raises ScanRefused."""
    width, height = check_picture(data, name)
    banded = width * height > MAX_PIXELS and is_plain_png(data)
    if banded and len(data) * MAX_PIXELS_A_BYTE < width * height:
        text = f"The picture {name} of {width} x {height} pixels holds next to nothing; save it smaller."
        raise ScanRefused("picture_too_large", text, "read")
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")  # of odd tags: what matters is whether it decodes
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.size != (width, height):
                    raise ScanRefused("picture_broken", f"The picture {name} states two different sizes.", "read")
                turned = _is_turned(opened)
                mode = opened.mode
                shrink = _find_shrink(opened.size, most_pixels)
                image = read_png_reduced(data, shrink) if banded else _decode(opened, shrink)
    except DECODER_ERRORS as error:
        text = f"The picture {name} cannot be decoded ({str(error)[:80]}); save it anew as JPEG or PNG."
        raise ScanRefused("picture_broken", text, "read") from error
    reduced = image.shape[:2] != (height, width)
    keeps_bytes = data.startswith(JPEG_MAGIC) and not reduced and mode in {"RGB", "L"}
    warnings = []
    if reduced:
        now, full = f"{image.shape[1]} x {image.shape[0]}", f"{width} x {height}"
        warnings.append(warn("picture_reduced", name=name, px=now, full_px=full))
    if turned:
        warnings.append(warn("picture_turned", name=name))
    return Picture(image, bare_jpeg(data) if keeps_bytes else None, tuple(warnings))


def _is_turned(opened: Pillow.Image) -> bool:
    if opened.format == "PNG" and "exif" not in opened.info:
        return False  # to look for it behind the rows would decode them all
    return bool(opened.getexif().get(ORIENTATION, 1) != 1)


def _decode(opened: Pillow.Image, shrink: int) -> Image:
    width, height = opened.size
    if shrink > 1:
        opened.draft("RGB", (-(-width // shrink), -(-height // shrink)))  # JPEG alone can: it is decoded at that size
    left = max(1, shrink * opened.size[0] // width)
    picture = opened.reduce(left) if left > 1 and opened.mode in {"RGB", "RGBA", "L"} else opened
    if picture.mode in {"F", "I"} or picture.mode.startswith("I;16"):
        return _from_deep(np.asarray(picture))
    image = np.empty((picture.height, picture.width, 3), np.uint8)
    for top, bottom in _strips(picture.height):  # a conversion in one piece would hold the picture three times
        image[top:bottom] = np.asarray(picture.crop((0, top, picture.width, bottom)).convert("RGB"))
    return image


def _find_shrink(size: tuple[int, int], most_pixels: int) -> int:
    """The power of two by which the sides must be divided."""
    shrink = 1
    while size[0] * size[1] > most_pixels * shrink * shrink:
        shrink *= 2
    return shrink


def _strips(height: int) -> Iterator[tuple[int, int]]:
    for top in range(0, height, STRIP_ROWS):
        yield top, min(top + STRIP_ROWS, height)


def _from_deep(values: np.ndarray) -> Image:
    """Grey of 16 or 32 bit, or floats 0..1, as 8-bit colour."""
    if values.dtype.kind == "f":
        grey = np.clip(np.nan_to_num(values), 0, 1) * 255 + 0.5
    else:
        grey = np.clip(values.astype(np.int32), 0, 65535) >> 8
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def bare_jpeg(data: bytes) -> bytes:
    """A JPEG without what tells of camera, place or person, and without a turn or profile that clients would treat unlike."""
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != END_OF_SEGMENTS:
        end = at + 1 if data[at + 1] == 0xFF else at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])
        if data[at + 1] not in LEFT_OUT:
            parts.append(data[at:end])
        at = end
    return b"".join([*parts, data[at:]])
