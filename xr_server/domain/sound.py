"""Sounds as people send them: which kind, how long, and the same sound without whatever else the file says. Pure.

Nothing is decoded: the frames and samples are found by the lengths the file states, and written again one after another.
What does not add up is refused. Titles, names, pictures and places in the file have no way into the result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from xr_server.domain.sound_mp3 import read_mp3
from xr_server.domain.sound_mp4 import read_mp4
from xr_server.domain.sound_wav import read_wav
from xr_server.errors import Invalid

MAX_SOUND_S = 300
LEAST_SOUND_S = 0.1
Suffix = Literal[".mp3", ".m4a", ".wav"]


@dataclass(frozen=True)
class Sound:
    """A sound that can be kept: its bytes and nothing beside them, the suffix of its kind, seconds."""

    data: bytes
    suffix: Suffix
    duration_s: float

    @property
    def kbit_s(self) -> float:
        """How many thousand bits a second of it takes."""
        return len(self.data) * 8 / 1000 / self.duration_s


def read_sound(data: bytes) -> Sound:
    """The sound of an MP3, M4A (AAC) or WAV file. Raises Invalid with a sentence for anything else."""
    suffix, reader = _find_reader(data)
    kept, duration_s = reader(data)
    if duration_s < LEAST_SOUND_S:
        raise Invalid("sound_empty", "There is no sound in this file. Choose the one that your recorder exported.")
    if duration_s > MAX_SOUND_S:
        raise Invalid(
            "sound_too_long",
            f"This sound lasts {duration_s:.0f} seconds; {MAX_SOUND_S} are the most that visitors can be asked to load. "
            "Cut it into parts, each for a place of its own.",
            seconds=round(duration_s),
            most=MAX_SOUND_S,
        )
    return Sound(kept, suffix, duration_s)


def _find_reader(data: bytes) -> tuple[Suffix, Callable[[bytes], tuple[bytes, float]]]:
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return ".wav", read_wav
    if data[4:8] == b"ftyp":
        return ".m4a", read_mp4
    is_layer_3 = len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2
    if data[:3] == b"ID3" or is_layer_3:
        return ".mp3", read_mp3
    raise Invalid(
        "sound_kind",
        "This file is no MP3, M4A (AAC) or WAV. Open it in the program you recorded it with and export it as MP3 or M4A.",
    )
