"""Width and height of a picture from its header alone, and the limit on them."""

import struct

from asset_pipeline.errors import ScanRefused

MAX_PIXELS = 8192 * 8192
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
HEAD_BYTES = 64 * 1024


def check_picture(data: bytes, name: str) -> tuple[int, int]:
    """(width, height) in px of a PNG, JPEG or WebP; the data may be just its head. Raises ScanRefused."""
    size = find_picture_size(data)
    if size is None:
        raise ScanRefused("picture_kind", f"The picture {name} is not a sound PNG, JPEG or WebP file.", "check")
    if size[0] < 1 or size[1] < 1 or size[0] * size[1] > MAX_PIXELS:
        raise ScanRefused(
            "picture_too_large",
            f"The picture {name} claims {size[0]} x {size[1]} pixels; at most {MAX_PIXELS // 10**6} million can be taken.",
            "check",
        )
    return size


def find_picture_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) that the header states, None when it is no PNG, JPEG or WebP."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            width, height = struct.unpack(">II", data[16:24])
            return width, height
        if data.startswith(b"\xff\xd8"):
            return _find_jpeg_size(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _find_webp_size(data)
    except (struct.error, IndexError):
        return None
    return None


def _find_jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None


def _find_webp_size(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
