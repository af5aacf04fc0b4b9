"""Pictures and sounds of scenes: what is said of each, what a file may be, and captions as WebVTT. Pure."""

import hashlib
from typing import Annotated, Literal

import msgspec

from xr_server.domain.fields import Digest, Language, Provenance, Slug, Strict, Text
from xr_server.domain.ruby import plain

KB = 1000
# by suffix: kind, media type, how a file begins as (offset, bytes), most bytes
TYPES: dict[str, tuple[Literal["image", "sound"], str, tuple[tuple[int, bytes], ...], int]] = {
    ".webp": ("image", "image/webp", ((0, b"RIFF"), (8, b"WEBP")), 400 * KB),
    ".jpg": ("image", "image/jpeg", ((0, b"\xff\xd8\xff"),), 400 * KB),
    ".png": ("image", "image/png", ((0, b"\x89PNG\r\n\x1a\n"),), 400 * KB),
    ".mp3": ("sound", "audio/mpeg", ((0, b"ID3"),), 1500 * KB),
    ".m4a": ("sound", "audio/mp4", ((4, b"ftyp"),), 1500 * KB),
    ".wav": ("sound", "audio/wav", ((0, b"RIFF"), (8, b"WAVE")), 1500 * KB),
}
MAX_SENT_BYTES = {"image": 30_000 * KB, "sound": 8_000 * KB}
"""What may be sent of each kind: pictures are made smaller here, sounds lose only what is beside the sound."""
CAPTIONS_TYPE = "text/vtt; charset=utf-8"
HEAD_BYTES = 16


class Cue(Strict, frozen=True, kw_only=True):
    """One caption of a sound, from start_s to end_s."""

    id: Slug
    start_s: Annotated[float, msgspec.Meta(ge=0)]
    end_s: Annotated[float, msgspec.Meta(gt=0)]
    text: Text


class Media(Strict, frozen=True, kw_only=True):
    """A picture or a sound: title and alt say what it is, captions what is heard when. language: that of spoken words.

    no_persons: whoever brought it in has declared that nobody and no number plate can be recognised in it.
    digest, size_bytes and duration_s are read from the file, and stand in no file of the content folder.
    """

    id: Slug
    file: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]*\.(webp|jpg|png|mp3|m4a|wav)$(?!\n)", max_length=80)]
    title: Text
    alt: Text = {}
    captions: list[Cue] = []
    language: Language | None = None
    loop: bool = False
    creator: str
    licence: str
    provenance: Provenance
    sources: list[str] = []
    no_persons: bool = False
    digest: Digest | None = None
    size_bytes: int = 0
    duration_s: float = 0.0

    @property
    def kind(self) -> Literal["image", "sound"]:
        """What it is, by the suffix of its file."""
        return TYPES[suffix_of(self.file)][0]


def suffix_of(file: str) -> str:
    """The suffix of a file name, with its dot."""
    return "." + file.rpartition(".")[2]


def find_fault(file: str, head: bytes, size_bytes: int) -> str | None:
    """A sentence when a file (its first bytes, its size) is not what its name says or is too large; None when it is sound."""
    _, media_type, begins, most_bytes = TYPES[suffix_of(file)]
    plain_mp3 = media_type == "audio/mpeg" and head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0
    if not plain_mp3 and any(head[offset : offset + len(magic)] != magic for offset, magic in begins):
        return f"{file} is not {media_type}, as its name says; export it again in that format"
    if size_bytes > most_bytes:
        return (
            f"{file} has {size_bytes / KB:.0f} kB, and {most_bytes // KB} kB are the most; "
            "visitors load it on the way: make it smaller or shorter"
        )
    return None


def dump_webvtt(media: Media, language: str, fallbacks: tuple[str, ...]) -> str:
    """The captions of a sound as WebVTT in a language, else the first of the fallbacks that a cue has."""
    blocks = ["WEBVTT"]
    for cue in media.captions:
        words = next((cue.text[choice] for choice in (language, *fallbacks) if cue.text.get(choice)), "")
        lines = [line for line in plain(words).splitlines() if line.strip()]
        shown = "\n".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)
        blocks.append(f"{cue.id}\n{_clock(cue.start_s)} --> {_clock(cue.end_s)}\n{shown}")
    return "\n\n".join(blocks) + "\n"


def digest_of(text: str) -> str:
    """The SHA-256 of a text, under which it is served."""
    return hashlib.sha256(text.encode()).hexdigest()


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
