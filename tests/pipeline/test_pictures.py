"""Pictures as they come: deep, grey, of few colours, turned, very large, cut off, and with more in them than a picture."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from asset_pipeline.errors import ScanRefused
from asset_pipeline.picture import read_picture
from tests.pipeline.builders import checker, encode_picture, png_header
from tests.pipeline.shapes import smooth_picture


def encoded(picture: Image.Image, kind: str, **more: object) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, kind, **more)
    return sink.getvalue()


def test_grey_of_16_bits_keeps_its_shades() -> None:
    shades = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    for kind in ("PNG", "TIFF"):
        image = read_picture(encoded(Image.fromarray(shades), kind), "deep").image
        assert (image == np.arange(256).reshape(16, 16, 1)).all()


def test_colour_of_16_bits_keeps_its_shades() -> None:
    deep = smooth_picture(32).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert (read_picture(data, "deep").image == smooth_picture(32)).all()


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "1"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_pictures_of_every_mode_are_read(mode: str, kind: str) -> None:
    source = Image.fromarray(checker()).convert(mode)
    assert (read_picture(encoded(source, kind), "any").image == np.asarray(source.convert("RGB"))).all()


def test_a_jpeg_in_printing_colours_is_converted_and_not_passed_on() -> None:
    shown = read_picture(encoded(Image.fromarray(smooth_picture()).convert("CMYK"), "JPEG", quality=95), "print")
    assert shown.jpeg is None
    assert np.abs(shown.image.astype(int) - smooth_picture()).mean() < 5


def exif(**tags: object) -> Image.Exif:
    found = Image.Exif()
    for tag, value in tags.items():
        found[int(tag[1:], 16)] = value
    return found


def test_a_turned_picture_is_laid_on_as_stored_for_every_client_and_said_so() -> None:
    picture = smooth_picture()[:128]
    data = encoded(Image.fromarray(picture), "JPEG", quality=95, exif=exif(x0112=6))
    shown = read_picture(data, "wall.jpg")
    assert shown.image.shape == (128, 256, 3)
    assert [warning.code for warning in shown.warnings] == ["picture_turned"]
    assert shown.jpeg is not None and not Image.open(io.BytesIO(shown.jpeg)).getexif()


def test_what_a_jpeg_says_of_camera_and_place_is_not_passed_on() -> None:
    data = encoded(
        Image.fromarray(smooth_picture()), "JPEG", quality=90, exif=exif(x010f="Maker", x0110="Model"), comment=b"home"
    )
    shown = read_picture(data, "wall.jpg")
    assert shown.jpeg is not None and shown.warnings == ()
    assert b"Maker" not in shown.jpeg and b"home" not in shown.jpeg
    assert (np.asarray(Image.open(io.BytesIO(shown.jpeg))) == np.asarray(Image.open(io.BytesIO(data)))).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "BMP", "TIFF"])
def test_a_picture_that_is_cut_off_is_refused(kind: str) -> None:
    data = encode_picture(smooth_picture(), kind)
    for share in (0.02, 0.3, 0.9):
        with pytest.raises(ScanRefused) as refused:
            read_picture(data[: int(share * len(data))], "wall")
        assert refused.value.code in {"picture_broken", "picture_kind"}


def test_a_jpeg_of_more_pixels_than_can_be_held_is_read_smaller_and_said_so() -> None:
    data = encoded(Image.new("RGB", (16384, 4100), (10, 200, 30)), "JPEG")
    shown = read_picture(data, "big.jpg")
    assert shown.image.shape == (2050, 8192, 3) and shown.jpeg is None
    assert np.abs(shown.image[1000, 1000].astype(int) - (10, 200, 30)).max() <= 2
    assert (
        shown.warnings[0].code == "picture_reduced" and "8192 x 2050 instead of 16384 x 4100" in shown.warnings[0].text
    )


def test_a_map_is_made_small_enough_for_what_is_shown() -> None:
    shown = read_picture(encode_picture(smooth_picture(64)), "normal.png", 32 * 32)
    assert shown.image.shape == (32, 32, 3)
    assert np.abs(shown.image.astype(int) - smooth_picture(64)[::2, ::2]).max() < 10


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (png_header(8193, 8192), "picture_too_large"),
        (encoded(Image.new("L", (8200, 8200)), "JPEG", progressive=True), "picture_too_large"),
        (encode_picture(checker(), "GIF"), "picture_kind"),
        (encoded(Image.new("RGB", (64, 64)), "TIFF", compression="tiff_lzw"), "picture_kind"),
        (b"", "picture_kind"),
        (b"BM" + b"\x7f" * 60, "picture_too_large"),
    ],
)
def test_a_picture_beyond_the_limits_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ScanRefused) as refused:
        read_picture(data, "wall")
    assert refused.value.code == code and refused.value.text.endswith(".")


def test_a_jpeg_of_thousands_of_passes_is_refused_before_it_is_decoded() -> None:
    data = encoded(Image.new("RGB", (4096, 4096)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ScanRefused) as refused:
        read_picture(data[:last] + data[last:-2] * 200 + data[-2:], "wall.jpg")
    assert refused.value.code == "picture_passes"
