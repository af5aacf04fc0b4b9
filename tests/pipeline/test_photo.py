"""Pictures that people send: what reaches visitors of them, and what is turned away before or while it is decoded."""

import io
import json
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from asset_pipeline.appearance.photo import MAX_BYTES, SIDE_PX, Photo, encode_photo, make_photo
from asset_pipeline.appearance.photo_child import DECODER_ERRORS, check_head
from asset_pipeline.errors import ScanRefused
from tests.hostile.mutations import damage, make_pictures
from tests.pipeline.builders import HOSTILE, png_header
from tests.pipeline.shapes import smooth_picture

GPS = 0x8825


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, kind, **how)
    return sink.getvalue()


def shown(data: bytes) -> Image.Image:
    """What visitors see of a picture."""
    photo = make_photo(data, check_head(data))
    picture = Image.open(io.BytesIO(photo.data))
    assert (picture.format, picture.size) == ("WEBP", (photo.width_px, photo.height_px))
    assert not {"exif", "xmp", "icc_profile"} & picture.info.keys()
    return picture


def run_child(data: bytes, folder: Path) -> tuple[int, dict[str, Any]]:
    """The child's exit code and what it says."""
    (folder / "in").write_bytes(data)
    command = [sys.executable, "-m", "asset_pipeline.appearance.photo_child", str(folder / "in"), str(folder / "out")]
    ended = subprocess.run(command, capture_output=True, check=False)
    return ended.returncode, json.loads(ended.stdout)


@pytest.mark.parametrize("kind", make_pictures())
def test_every_kind_of_picture_becomes_webp(kind):
    assert shown(make_pictures()[kind]).mode == "RGB"


def test_place_camera_and_words_are_gone_and_the_picture_stands_upright():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret camera"  # turned by a quarter
    exif.get_ifd(GPS)[2] = (32.0, 44.0, 37.0)
    picture = Image.new("RGB", (60, 40), (0, 0, 200))
    picture.paste((220, 0, 0), (0, 0, 60, 10))
    data = saved(picture, "JPEG", exif=exif.tobytes(), comment=b"Secret words", quality=95)
    found = shown(data)
    assert found.size == (40, 60)
    right = found.convert("RGB").getpixel((37, 30))
    assert isinstance(right, tuple) and right[0] > 150 > right[2]
    assert b"Secret" not in make_photo(data, check_head(data)).data


def test_colours_of_a_wider_profile_are_converted():
    """Green of Adobe RGB lies outside of sRGB's 128: unconverted it would look pale."""
    linear = ImageCms.createProfile("XYZ")
    assert linear is not None
    wide = wide_profile()
    found = (
        shown(saved(Image.new("RGB", (32, 32), (100, 200, 100)), "PNG", icc_profile=wide))
        .convert("RGB")
        .getpixel((16, 16))
    )
    assert isinstance(found, tuple)
    assert found[0] < 80 and found[1] > 195


def wide_profile() -> bytes:
    """An ICC profile with the primaries of Adobe RGB and a gamma of 2.2, made by hand: no file of one is at hand."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(fixed(value) for value in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    words = b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(78)
    tags = {
        b"desc": words + bytes(-len(words) % 4),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
        b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
        b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    size = at + len(body)
    head = (
        struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
        + bytes(12)
        + b"acsp"
        + bytes(24)
    )
    head += xyz(0.9642, 1.0, 0.8249)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def test_what_is_seen_through_stays_so_and_nothing_else_does():
    clear = Image.new("RGBA", (40, 40), (200, 30, 30, 0))
    clear.paste((200, 30, 30, 255), (0, 0, 20, 40))
    assert shown(saved(clear, "PNG")).mode == "RGBA"
    assert shown(saved(Image.new("RGBA", (40, 40), (200, 30, 30, 255)), "PNG")).mode == "RGB"


def test_a_large_picture_becomes_as_large_as_a_phone_needs(tmp_path):
    data = saved(Image.fromarray(smooth_picture(64)).resize((5000, 2500)), "JPEG", quality=80)
    code, said = run_child(data, tmp_path)
    assert (code, said) == (0, {"width_px": SIDE_PX, "height_px": SIDE_PX // 2})
    with Image.open(tmp_path / "out.small") as small:
        assert small.size == (320, 160)


def test_the_byte_limit_holds_for_noise_too():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (1500, 1500, 3), np.uint8))
    data, size = encode_photo(noise)
    assert len(data) <= MAX_BYTES
    assert 300 < size[0] < 1500


def test_a_drawing_keeps_its_lines():
    drawing = Image.new("RGB", (300, 200), (255, 255, 255))
    for step in range(0, 300, 7):
        drawing.paste((20, 30, 60), (step, 0, step + 1, 200))
    found = shown(saved(drawing, "PNG")).convert("RGB")
    assert np.array_equal(np.asarray(found), np.asarray(drawing))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "picture_svg"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "picture_heic"),
        (b"GIF89a", "picture_unknown"),
        (b"", "picture_unknown"),
        (png_header(30000, 30000), "picture_too_many"),
        (png_header(0, 10), "picture_too_many"),
    ],
)
def test_what_its_head_gives_away_is_never_decoded(data, code):
    with pytest.raises(ScanRefused) as refused:
        check_head(data)
    assert refused.value.code == code


def test_a_picture_that_moves_is_refused():
    frames = [Image.new("RGB", (20, 20), (value, 0, 0)) for value in (0, 100, 200)]
    data = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    with pytest.raises(ScanRefused) as refused:
        make_photo(data, check_head(data))
    assert refused.value.code == "picture_moving"


def test_a_bomb_within_the_limit_is_decoded_in_little_memory_and_a_greater_one_not_at_all(tmp_path):
    rows = zlib.compress(bytes((1 + 6000 * 3) * 6000), 9)
    head = struct.pack(">IIBBBBB", 6000, 6000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert len(data) < 200_000
    assert run_child(data, tmp_path)[0] == 0
    lying = data.replace(struct.pack(">II", 6000, 6000), struct.pack(">II", 600, 600), 1)
    assert run_child(lying, tmp_path) == (3, {"refused": "picture_damaged"})


@pytest.mark.parametrize("path", sorted(filter(Path.is_file, HOSTILE.glob("*"))), ids=lambda path: path.name)
def test_a_hostile_file_is_refused_before_a_decoder_is_loaded(path):
    with pytest.raises(ScanRefused):
        check_head(path.read_bytes())


@settings(max_examples=60, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(sorted(make_pictures())), chance=st.integers(0, 2**32).map(random.Random))
def test_a_damaged_picture_is_shown_or_refused(kind, chance):
    data = damage(make_pictures()[kind], chance)
    try:
        photo = make_photo(data, check_head(data))
    except (ScanRefused, *DECODER_ERRORS):
        return
    assert isinstance(photo, Photo) and len(photo.data) <= MAX_BYTES
