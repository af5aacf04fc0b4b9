"""Kind, width and height of a picture from its header alone, and the limits on them."""

import struct
from collections.abc import Callable

from asset_pipeline.errors import ScanRefused

MAX_PIXELS = (
    8192 * 8192
)  # what is held in memory at most; JPEG and PNG may be larger where they can be read to a part of their size
MAX_REDUCED_PIXELS = 16384 * 16384
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE_FRAMES = {0xC2, 0xC6, 0xCA, 0xCE}
MAX_SCAN_PIXELS = 40 * MAX_PIXELS  # pixels times passes of a progressive JPEG; encoders make about ten passes
HEAD_BYTES = 64 * 1024
TIFF_WIDTH, TIFF_HEIGHT, TIFF_COMPRESSION = 256, 257, 259
PLAIN = 1
AVIF_BRANDS = {b"avif", b"avis"}


def check_picture(data: bytes, name: str) -> tuple[int, int]:
    """(width, height) in px of a picture; the data may be just its head. Raises ScanRefused."""
    size = find_picture_size(data)
    if size is None:
        raise ScanRefused(
            "picture_kind",
            f"The picture {name} is not a sound PNG, JPEG, WebP, AVIF, BMP or plain TIFF; save it as JPEG or PNG.",
            "check",
        )
    reducible = is_plain_png(data) or (data.startswith(b"\xff\xd8") and not is_progressive(data))
    most = MAX_REDUCED_PIXELS if reducible else MAX_PIXELS
    if size[0] < 1 or size[1] < 1 or size[0] * size[1] > most:
        hint = (
            ""
            if reducible
            else "; an ordinary JPEG or PNG, neither progressive nor interlaced, may have four times as many"
        )
        raise ScanRefused(
            "picture_too_large",
            f"The picture {name} claims {size[0]} x {size[1]} pixels; at most {most // 10**6} million can be taken{hint}.",
            "check",
        )
    if is_progressive(data) and size[0] * size[1] * data.count(b"\xff\xda") > MAX_SCAN_PIXELS:
        raise ScanRefused(
            "picture_passes",
            f"The picture {name} is a JPEG of far too many passes; save it as an ordinary one.",
            "check",
        )
    return size


def find_picture_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) that the header states, None when it is of no kind we read."""
    readers: tuple[tuple[bool, Callable[[bytes], tuple[int, int] | None]], ...] = (
        (data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR", lambda head: _pair(head, ">II", 16)),
        (data.startswith(b"\xff\xd8"), _find_jpeg_size),
        (data[:4] == b"RIFF" and data[8:12] == b"WEBP", _find_webp_size),
        (data[4:8] == b"ftyp" and data[8:12] in AVIF_BRANDS, _find_avif_size),
        (data[:4] in {b"II*\0", b"MM\0*"}, _find_tiff_size),
        (data.startswith(b"BM"), _find_bmp_size),
    )
    try:
        return next((read(data) for fits, read in readers if fits), None)
    except (struct.error, IndexError):
        return None


def is_plain_png(data: bytes) -> bool:
    """Whether the data is a PNG of whole bytes whose rows come one after another, so that it can be read in bands."""
    return data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) > 28 and data[24] in {8, 16} and data[28] == 0


def is_progressive(data: bytes) -> bool:
    """Whether the data is a JPEG that is sent in passes, which must be held whole to be decoded."""
    found = _find_jpeg_frame(data) if data.startswith(b"\xff\xd8") else None
    return found is not None and data[found + 1] in PROGRESSIVE_FRAMES


def _pair(data: bytes, form: str, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, data, at)
    return int(first), int(second)


def _find_jpeg_frame(data: bytes) -> int | None:
    """Where the marker stands that begins the frame, None when the segments lead to none."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in JPEG_FRAMES:
            return at
        if marker == 0xFF:  # fill byte
            at += 1
        else:
            at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return None


def _find_jpeg_size(data: bytes) -> tuple[int, int] | None:
    frame = _find_jpeg_frame(data)
    if frame is None:
        return None
    height, width = _pair(data, ">HH", frame + 5)
    return width, height


def _find_webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = _pair(data, "<HH", 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _find_avif_size(data: bytes) -> tuple[int, int] | None:
    """The largest of the image sizes (`ispe` boxes) in the head; tiles and alpha have one of their own."""
    head, found, at = data[:HEAD_BYTES], [], 0
    while (at := head.find(b"ispe", at)) >= 0:
        found.append(_pair(head, ">II", at + 8))
        at += 4
    return max(found, key=lambda size: size[0] * size[1], default=None)


def _find_tiff_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the first directory, which may stand anywhere in the file; None unless it is uncompressed.

    Compressed ones need a decoder that talks to standard error about every odd tag it meets.
    """
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    found: dict[int, int] = {}
    for index in range(count):
        tag, kind, _, short, _ = struct.unpack_from(order + "HHIHH", data, at + 2 + 12 * index)
        (wide,) = struct.unpack_from(order + "I", data, at + 10 + 12 * index)
        found.setdefault(tag, short if kind == 3 else wide)
    if TIFF_WIDTH not in found or TIFF_HEIGHT not in found or found.get(TIFF_COMPRESSION, PLAIN) != PLAIN:
        return None
    return found[TIFF_WIDTH], found[TIFF_HEIGHT]


def _find_bmp_size(data: bytes) -> tuple[int, int]:
    width, height = _pair(data, "<ii", 18)
    return abs(width), abs(height)
