"""Sounds are found by their lengths, kept without anything beside them, and refused with a sentence when these lie."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.mutations import damage
from tests.samples import wave_bytes
from xr_server.domain.sound import MAX_SOUND_S, read_sound
from xr_server.domain.sound_mp3 import parse_frame
from xr_server.domain.sound_mp4 import list_boxes
from xr_server.errors import Invalid

# made with ffmpeg 8 from a tone of 1.5 s (front.m4a and plain.wav 0.5 s), titles and names put in on purpose
SOUNDS = Path(__file__).parents[1] / "sounds"
GOOD = {"constant.mp3": 1.5, "varying.mp3": 1.5, "plain.m4a": 1.5, "front.m4a": 0.5, "plain.wav": 0.5}
PERSONAL = (b"Hanako", b"Secret", b"+32.7437")


def sound(name: str) -> bytes:
    return (SOUNDS / name).read_bytes()


def code_of(data: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_sound(data)
    assert refused.value.text.endswith(".")
    return refused.value.code


@pytest.mark.parametrize(("name", "seconds"), GOOD.items())
def test_a_sound_is_kept_without_names_and_places(name, seconds):
    data, found = sound(name), read_sound(sound(name))
    assert any(word in data for word in PERSONAL)
    assert not any(word in found.data for word in PERSONAL)
    assert abs(found.duration_s - seconds) < 0.1
    assert found.suffix == name[-4:]
    assert len(found.data) < len(data)


@pytest.mark.parametrize("name", GOOD)
def test_what_was_cleaned_once_stays_as_it_is(name):
    found = read_sound(sound(name))
    assert read_sound(found.data) == found


def test_the_samples_of_an_m4a_are_the_same_and_its_index_stands_first():
    data, found = sound("plain.m4a"), read_sound(sound("plain.m4a")).data
    kinds = [box.kind for box in list_boxes(found, 0, len(found))]
    assert kinds == [b"ftyp", b"moov", b"mdat"]
    (old,) = (box for box in list_boxes(data, 0, len(data)) if box.kind == b"mdat")
    (new,) = (box for box in list_boxes(found, 0, len(found)) if box.kind == b"mdat")
    assert found[new.start : new.end] in data[old.start : old.end]
    assert b"udta" not in found and b"udta" in data


def test_moments_of_recording_are_gone():
    data = sound("plain.m4a")
    at = data.index(b"mvhd") + 8
    dated = data[:at] + struct.pack(">II", 3_900_000_000, 3_900_000_000) + data[at + 8 :]
    assert read_sound(dated).data == read_sound(data).data


def test_frames_of_an_mp3_follow_one_another_to_the_end():
    data, at, count = read_sound(sound("varying.mp3")).data, 0, 0
    sizes = set()
    while at < len(data):
        frame = parse_frame(data, at)
        assert frame is not None
        sizes.add(frame.size_bytes)
        at, count = at + frame.size_bytes, count + 1
    assert at == len(data) and count > 20
    assert len(sizes) > 2  # a bit rate that varies


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (sound("film.mp4"), "sound_video"),
        (sound("lossless.m4a"), "sound_coding"),
        (sound("two.m4a"), "sound_tracks"),
        (sound("pieces.mp4"), "sound_stream"),
        (sound("plain.m4a")[:-400], "sound_broken"),
        (sound("constant.mp3")[:4000], "sound_broken"),
        (sound("plain.wav")[:3000], "sound_broken"),
        (b"", "sound_kind"),
        (b"OggS" + bytes(100), "sound_kind"),
        (b"\xff\xf1" + bytes(100), "sound_kind"),  # AAC without a file round it
        (b"ID3" + bytes(500), "sound_broken"),
        (wave_bytes(0.01), "sound_empty"),
        (wave_bytes(MAX_SOUND_S + 1), "sound_too_long"),
        (wave_bytes().replace(struct.pack("<HH", 1, 1), struct.pack("<HH", 85, 1), 1), "sound_wav_form"),
        (sound("plain.m4a").replace(b"stco", b"skip"), "sound_broken"),
    ],
)
def test_what_cannot_be_played_everywhere_or_is_not_whole_is_refused(data, code):
    assert code_of(data) == code


def test_samples_that_lie_in_one_place_a_thousand_times_are_refused():
    data = sound("plain.m4a")
    at = data.index(b"stco") + 8
    (count,) = struct.unpack_from(">I", data, at)
    sizes = data.index(b"stsz") + 8
    huge = bytearray(data)
    struct.pack_into(">I", huge, sizes, len(data) // 2)
    for index in range(count):
        struct.pack_into(">I", huge, at + 4 + 4 * index, 0)
    assert code_of(bytes(huge)) == "sound_broken"


@settings(max_examples=400, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(GOOD)), chance=st.integers(0, 2**32).map(random.Random))
def test_a_damaged_sound_is_kept_or_refused_with_one_sentence(name, chance):
    data = damage(sound(name), chance)
    try:
        found = read_sound(data)
    except Invalid as refused:
        assert refused.text.endswith(".") and len(refused.text) < 300
        return
    assert len(found.data) <= len(data) + 1000
    assert read_sound(found.data).data == found.data
