"""Pictures of a scan, decoded under our own pixel limit."""

import io
import warnings as python_warnings

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Image, Material
from asset_pipeline.precheck_image import MAX_PIXELS, check_picture

JPEG_MAGIC = b"\xff\xd8"


def decode_picture(data: bytes, name: str) -> Image:
    """The picture as (h, w, 3) uint8 sRGB. Raises ScanRefused."""
    check_picture(data, name)
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)  # our own limit stands before it
            with Pillow.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ScanRefused("picture_too_large", f"The picture {name} is too large.", "read")
                return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise ScanRefused("picture_broken", f"The picture {name} cannot be decoded: {error}.", "read") from error


def make_material(name: str, colour: tuple[float, float, float], data: bytes | None) -> Material:
    """A material with its picture, if any; a JPEG's own bytes are kept beside. Raises ScanRefused."""
    if data is None:
        return Material(name, colour)
    return Material(name, colour, decode_picture(data, name), data if data.startswith(JPEG_MAGIC) else None)
