"""A picture decoded, turned upright, brought to sRGB and to a size for phones, and written as WebP with nothing beside it."""

import io
import logging
import warnings
from dataclasses import dataclass

from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_image import MAX_REDUCED_PIXELS

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP")
MAX_BYTES = 400_000
SIDE_PX, SMALL_PX = 2048, 320
# of renders, an aerial picture and a texture, 80 leaves 37 dB and more (docs/decisions.md 57); where the picture is too
# large all the same (leaves, gravel), first the quality goes down and then the size
STEPS = ((1.0, 80), (1.0, 70), (0.8, 74), (0.8, 64), (0.64, 68), (0.5, 64), (0.4, 60), (0.3, 50), (0.2, 40))
HOPE = 0.6  # of the bytes of one step the next may have, whose quality is lower: what cannot fit even so is not tried
SMALL_QUALITY = 70
FEW_COLOURS = 1024  # a drawing: lossless is often smaller there, and keeps its lines
GREY_BITS = 8  # beyond the eight that are kept
SMOOTH = frozenset(("RGB", "RGBA", "L", "LA", "CMYK"))  # what can be made smaller before its colours are converted
SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
Pillow.MAX_IMAGE_PIXELS = MAX_REDUCED_PIXELS  # the check of the head stands before it
logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it finds odd is nobody's business here


@dataclass(frozen=True)
class Photo:
    """A picture for visitors and a small one for lists, both WebP; width and height of the former in px."""

    data: bytes
    small: bytes
    width_px: int
    height_px: int


def make_photo(data: bytes, size: tuple[int, int]) -> Photo:
    """The picture whose head claims that size. Raises ScanRefused, and whatever decoders raise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd tags: what matters is whether it decodes
        try:
            picture = to_srgb(*_open(data, size))
        except Pillow.DecompressionBombError as error:
            raise ScanRefused("picture_damaged", "The picture states two different sizes.", "read") from error
    picture.thumbnail((SIDE_PX, SIDE_PX), Pillow.Resampling.LANCZOS)
    encoded, shown = encode_photo(picture)
    picture.thumbnail((SMALL_PX, SMALL_PX), Pillow.Resampling.LANCZOS)
    return Photo(encoded, _save(picture, quality=SMALL_QUALITY), *shown)


def _open(data: bytes, size: tuple[int, int]) -> tuple[Pillow.Image, bytes | None]:
    """The picture upright, about as large as it is needed, and its colour profile."""
    with Pillow.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.size != size:
            raise ScanRefused("picture_damaged", "The picture states two different sizes.", "read")
        if opened.format != "TIFF" and getattr(opened, "n_frames", 1) > 1:
            raise ScanRefused("picture_moving", "The picture moves; save a still one.", "read")
        opened.draft(None, (SIDE_PX, SIDE_PX))  # JPEG alone can: it is decoded at the nearest size above
        opened.load()
        profile = opened.info.get("icc_profile")
        picture = ImageOps.exif_transpose(opened)
    if picture.mode in SMOOTH:
        picture.thumbnail((SIDE_PX, SIDE_PX), Pillow.Resampling.LANCZOS)
    return picture, profile


def to_srgb(picture: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    """The picture as RGB, or RGBA where something of it is seen through, in the colours that every screen knows."""
    alpha = None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
        picture = picture.convert("RGB")
    elif picture.mode in {"I", "I;16", "I;16B", "I;16L"}:
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode not in SPACES:
        picture = picture.convert("L" if picture.mode in {"1", "F"} else "RGB")
    picture = _convert(picture, profile)
    if alpha is not None and alpha.getextrema() != (255, 255):
        picture.putalpha(alpha)
    picture.info.clear()
    return picture


def _convert(picture: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    """RGB by the picture's own profile; one that is damaged or of another kind says nothing, as in browsers."""
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if own.profile.xcolor_space == SPACES[picture.mode]:
                converted = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return converted if converted is not None else picture
        except (ImageCms.PyCMSError, OSError):
            pass
    return picture.convert("RGB")


def encode_photo(picture: Pillow.Image) -> tuple[bytes, tuple[int, int]]:
    """(WebP of at most MAX_BYTES, its width and height in px), as large and as good as that allows."""
    lossless = _save(picture, lossless=True) if picture.getcolors(FEW_COLOURS) is not None else None
    foreseen = 0.0  # bytes at full size, of the last try
    for scale, quality in STEPS:
        if foreseen * scale**2 * HOPE > MAX_BYTES:
            continue
        shown = picture
        if scale < 1:
            shown = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
        lossy = _save(shown, quality=quality)
        if lossless is not None and len(lossless) <= min(len(lossy), MAX_BYTES):
            return lossless, picture.size
        if len(lossy) <= MAX_BYTES:
            return lossy, shown.size
        foreseen = len(lossy) / scale**2
    raise ScanRefused("picture_too_many", "The picture cannot be made small enough.", "write")


def _save(picture: Pillow.Image, **how: int) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, "WEBP", method=4, **how)
    return sink.getvalue()
