"""Textures as files: the smaller of WebP and JPEG that keep the colours asked for."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.mesh import Image

WEBP_QUALITIES = (80, 86, 92)
MIN_PSNR_DB = 36.0  # of the encoded picture against the baked one; above it a visitor sees no difference outdoors
JPEG_QUALITY = 90
WEBP_METHOD = 5


@dataclass(frozen=True)
class Texture:
    """An encoded picture; px is its longer side."""

    data: bytes
    media_type: str
    px: int


def encode_texture(picture: Image, source_jpeg: bytes | None = None) -> Texture:
    """The picture as WebP of sufficient quality, or the JPEG it came from when that is no larger."""
    px = max(picture.shape[:2])
    for quality in WEBP_QUALITIES:
        data = encode_webp(picture, quality)
        if picture_psnr_db(picture, decode(data)) >= MIN_PSNR_DB:
            break
    if source_jpeg is not None and len(source_jpeg) <= len(data):
        return Texture(source_jpeg, "image/jpeg", px)
    return Texture(data, "image/webp", px)


def encode_webp(picture: Image, quality: int) -> bytes:
    """The picture (h, w, 3) as lossy WebP."""
    sink = io.BytesIO()
    Pillow.fromarray(picture).save(sink, "WEBP", quality=quality, method=WEBP_METHOD)
    return sink.getvalue()


def encode_jpeg(picture: Image) -> bytes:
    """The picture (h, w, 3) as JPEG, for tools that read no WebP."""
    sink = io.BytesIO()
    Pillow.fromarray(picture).save(sink, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return sink.getvalue()


def decode(data: bytes) -> Image:
    """One of our own encoded pictures as (h, w, 3)."""
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))


def picture_psnr_db(a: Image, b: Image) -> float:
    """Peak signal-to-noise ratio of two pictures of one size, in dB."""
    mean_square = float(np.mean((a.astype(np.float32) - b.astype(np.float32)) ** 2))
    return 99.0 if mean_square == 0 else float(10 * np.log10(255**2 / mean_square))
