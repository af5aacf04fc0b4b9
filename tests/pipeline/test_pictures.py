"""Pictures as they come: deep, grey, of few colours, turned, very large, cut off, and with more in them than a picture."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from asset_pipeline.errors import ScanRefused
from asset_pipeline.readers import png_rows
from asset_pipeline.readers.picture import read_picture
from asset_pipeline.readers.png_rows import read_png_reduced
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


def png(width: int, height: int, depth: int, rows: bytes, kind: int = 2) -> bytes:
    """A PNG of rows that have their filter bytes already."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def test_colour_of_16_bits_keeps_its_shades() -> None:
    deep = smooth_picture(32).astype(">u2") * 257
    data = png(32, 32, 16, b"".join(b"\0" + row.tobytes() for row in deep))
    assert (read_picture(data, "deep").image == smooth_picture(32)).all()
    assert (read_png_reduced(data, 1) == smooth_picture(32)).all()


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
        (png_header(16385, 16384), "picture_too_large"),
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


@pytest.mark.parametrize(("mode", "kind"), [("RGB", 2), ("RGBA", 6), ("L", 0), ("LA", 4), ("P", 3)])
def test_a_png_read_in_bands_is_the_mean_of_what_it_is_read_whole(
    mode: str, kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png_rows, "BAND_BYTES", 2000)
    monkeypatch.setattr(png_rows, "PIECE_BYTES", 777)
    source = Image.fromarray(smooth_picture(101)).convert(mode)
    data = encoded(source, "PNG")
    assert data[25] == kind
    whole = np.asarray(source.convert("RGB"), np.float64)[:100, :100]
    wanted = whole.reshape(50, 2, 50, 2, 3).mean(axis=(1, 3))
    assert np.abs(read_png_reduced(data, 2) - wanted).max() <= 0.5
    assert read_png_reduced(data, 4).shape == (25, 25, 3)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
def test_every_filter_of_png_is_undone(kind: int) -> None:
    picture = np.random.default_rng(kind).integers(0, 256, (20, 16, 3)).astype(np.uint8)
    rows, before = [], np.zeros(48, np.int64)
    for line in picture.reshape(20, 48).astype(np.int64):
        left, corner = np.r_[0, 0, 0, line[:-3]], np.r_[0, 0, 0, before[:-3]]
        to = [np.abs(before - corner), np.abs(left - corner), np.abs(left + before - 2 * corner)]
        paeth = np.where((to[0] <= to[1]) & (to[0] <= to[2]), left, np.where(to[1] <= to[2], before, corner))
        guess = [0 * line, left, before, (left + before) // 2, paeth][kind]
        rows.append(bytes([kind]) + ((line - guess) % 256).astype(np.uint8).tobytes())
        before = line
    assert (read_png_reduced(png(16, 20, 8, b"".join(rows)), 1) == picture).all()


def test_a_png_of_more_pixels_than_can_be_held_is_read_smaller_and_said_so() -> None:
    row = b"\0" + np.random.default_rng(1).bytes(16384)
    data = png(16384, 4100, 8, row * 4100, kind=0)
    shown = read_picture(data, "big.png")
    assert shown.image.shape == (2050, 8192, 3)
    grey = np.frombuffer(row[1:], np.uint8).reshape(-1, 2).mean(axis=1)
    assert np.abs(shown.image[7, :, 1] - grey).max() <= 0.5
    assert shown.warnings[0].code == "picture_reduced"


@pytest.mark.parametrize("damage", ["cut", "filter", "interlaced"])
def test_a_png_whose_rows_are_broken_cannot_be_read_in_bands(damage: str) -> None:
    rows = bytearray((b"\0" + np.random.default_rng(1).bytes(64)) * 40)
    rows[65 * 7] = 9 if damage == "filter" else 0
    data = bytearray(png(64, 40, 8, bytes(rows), kind=0))
    if damage == "cut":
        del data[len(data) // 2 :]
    data[28] = damage == "interlaced"
    with pytest.raises(ValueError, match=r"row"):
        read_png_reduced(bytes(data), 2)


def test_a_large_png_of_next_to_nothing_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ScanRefused) as refused:
        read_picture(png(16384, 4100, 8, b"", kind=0), "big.png")
    assert refused.value.code == "picture_too_large"
