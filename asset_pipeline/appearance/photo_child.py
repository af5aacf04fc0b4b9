"""A picture that somebody sent, written anew: `python -m asset_pipeline.appearance.photo_child IN OUT`, under limits.

Decoding is where pictures attack, so it is done in a process of its own that may take little. Only colours reach the result:
no camera, no place, no profile. Beside OUT, `OUT.small` is a smaller one for lists. Standard output is a JSON object: the
size in px, or under `refused` a code, with exit code 3.
"""

import json
import struct
import sys
import zlib
from pathlib import Path

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_image import MAX_REDUCED_PIXELS, find_picture_size, is_progressive
from asset_pipeline.readers.child_limits import limit_process

MEMORY_BYTES, CPU_S = 640 * 1024**2, 20
REFUSED = 3
MAX_PIXELS = (
    40_000_000  # held whole while it is decoded, 160 MB with transparency; of an ordinary JPEG a part of the size is
)
MOST_PASSES = 40  # of a progressive JPEG; encoders make about ten
HEIF = frozenset((b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1"))
DECODER_ERRORS = (OSError, zlib.error, ValueError, SyntaxError, EOFError, RuntimeError, struct.error, MemoryError)


def check_head(data: bytes) -> tuple[int, int]:
    """(width, height) in px that a picture claims. Raises ScanRefused for what is not decoded at all."""
    if b"<svg" in data[:4000].lower():
        raise ScanRefused("picture_svg", "An SVG is a program as well as a picture; save it as PNG.", "check")
    if data[4:8] == b"ftyp" and data[8:12] in HEIF:
        raise ScanRefused("picture_heic", "HEIC is a picture that few programs read; save it as JPEG.", "check")
    size = find_picture_size(data)
    if size is None:
        raise ScanRefused("picture_unknown", "This is no sound JPEG, PNG, WebP or AVIF.", "check")
    is_jpeg = data.startswith(b"\xff\xd8")
    plain = is_jpeg and not is_progressive(data)
    if min(size) < 1 or size[0] * size[1] > (MAX_REDUCED_PIXELS if plain else MAX_PIXELS):
        raise ScanRefused("picture_too_many", f"The picture claims {size[0]} x {size[1]} pixels.", "check")
    if is_jpeg and not plain and data.count(b"\xff\xda") > MOST_PASSES:
        raise ScanRefused("picture_damaged", "This JPEG is sent in far too many passes.", "check")
    return size


def main(arguments: list[str]) -> int:
    """0 when it is written, 3 when the picture is at fault."""
    source, target = (Path(argument) for argument in arguments)
    data = source.read_bytes()
    try:
        size = check_head(data)
        limit_process(MEMORY_BYTES, CPU_S)
        from asset_pipeline.appearance.photo import make_photo  # the decoders, once the head is believed

        photo = make_photo(data, size)
    except ScanRefused as error:
        return _refuse(error.code)
    except DECODER_ERRORS:
        return _refuse("picture_damaged")
    target.write_bytes(photo.data)
    target.with_name(f"{target.name}.small").write_bytes(photo.small)
    sys.stdout.write(json.dumps({"width_px": photo.width_px, "height_px": photo.height_px}))
    return 0


def _refuse(code: str) -> int:
    sys.stdout.write(json.dumps({"refused": code}))
    return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
