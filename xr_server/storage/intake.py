"""Pictures and sounds that somebody has sent, made fit to be shown, while what is said of them is not complete yet.

They wait in a folder of their account for a day, so that a form with a gap need not send them again.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xr_server.domain.media import KB, MAX_SENT_BYTES, TYPES
from xr_server.domain.sound import read_sound
from xr_server.errors import Invalid, TooLarge
from xr_server.storage.files import write_file
from xr_server.storage.pictures import rewrite_picture

KEY = re.compile(r"([0-9a-f]{64})(\.webp|\.mp3|\.m4a|\.wav)")
SMALL = ".small.webp"
HELD_S, WORK_S = 24 * 3600, 3600
Kind = Literal["image", "sound"]


@dataclass(frozen=True)
class Held:
    """A file that waits: its key (digest and suffix), where it lies, and what was found out about it."""

    key: str
    path: Path
    size_bytes: int
    duration_s: float

    @property
    def digest(self) -> str:
        """Its SHA-256."""
        return self.key[:64]

    @property
    def suffix(self) -> str:
        """Which kind of file it is, with the dot."""
        return self.key[64:]

    @property
    def kind(self) -> Kind:
        """Picture or sound."""
        return TYPES[self.suffix][0]

    @property
    def small(self) -> Path:
        """The small picture beside a picture."""
        return self.path.with_name(self.path.name + SMALL)


def take_in(folder: Path, account_id: str, data: bytes, kind: Kind) -> Held:
    """Make a file fit to be shown and keep it for its account. Raises Invalid, TooLarge, Unavailable."""
    check_sent(len(data), kind)
    if kind == "sound":
        sound = read_sound(data)
        _check_size(len(sound.data), sound.suffix, sound.duration_s)
        return _hold(folder / account_id, sound.data, sound.suffix, sound.duration_s)
    picture = rewrite_picture(folder, data)
    held = _hold(folder / account_id, picture.data, ".webp", 0.0)
    write_file(held.small, picture.small)
    return held


def check_sent(size_bytes: int, kind: Kind) -> None:
    """Refuse a file that is empty or far too large. Raises Invalid, TooLarge."""
    if size_bytes == 0:
        raise Invalid("media_empty", "This file is empty. Choose another one.")
    most = MAX_SENT_BYTES[kind]
    if size_bytes > most:
        raise TooLarge(
            "media_too_large",
            f"This file has {size_bytes / KB / KB:.0f} MB; {most // KB // KB} MB can be sent. Save it smaller or shorter.",
            size=f"{size_bytes / KB / KB:.0f}",
            most=most // KB // KB,
        )


def _check_size(size_bytes: int, suffix: str, duration_s: float) -> None:
    most = TYPES[suffix][3]
    if size_bytes > most:
        fits = most * 8 / 1000 / duration_s
        raise TooLarge(
            "sound_too_large",
            f"This sound has {size_bytes // KB} kB and lasts {duration_s:.0f} seconds; {most // KB} kB are the most that "
            f"visitors load on the way. Export it as MP3 or M4A with {fits:.0f} kbit/s or less, or make it shorter.",
            size=size_bytes // KB,
            most=most // KB,
            seconds=round(duration_s),
            rate=int(fits),
        )


def _hold(folder: Path, data: bytes, suffix: str, duration_s: float) -> Held:
    key = hashlib.sha256(data).hexdigest() + suffix
    held = Held(key, folder / key, len(data), duration_s)
    write_file(held.path, data)
    return held


def find_held(folder: Path, account_id: str, key: str) -> Held | None:
    """A file that waits for its account; None when none of that key does any more."""
    if not KEY.fullmatch(key):
        return None
    path = folder / account_id / key
    if not path.is_file():
        return None
    duration_s = 0.0 if key.endswith(".webp") else read_sound(path.read_bytes()).duration_s
    return Held(key, path, path.stat().st_size, duration_s)


def drop_held(held: Held) -> None:
    """Let go of a file that is in the library now."""
    held.path.unlink(missing_ok=True)
    held.small.unlink(missing_ok=True)


def sweep_intake(folder: Path, at: int) -> int:
    """Delete what waited in vain, and what a crash left half-written, at a moment in ms UTC; gives how many."""
    gone = 0
    for path in list(_list_waiting(folder)):
        patience_s = WORK_S if path.name.startswith(".") else HELD_S
        if at / 1000 - path.stat().st_mtime <= patience_s:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        gone += 1
    _drop_empty(folder, at)
    return gone


def _drop_empty(folder: Path, at: int) -> None:
    """Folders in which nothing waits for a day: each form of a memory with a picture made one of its own."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and at / 1000 - path.stat().st_mtime > HELD_S:
            with suppress(OSError):  # something waits in it
                path.rmdir()


def _list_waiting(folder: Path) -> Iterator[Path]:
    """Folders of work, and files of accounts."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.name.startswith("."):
            yield path
        elif path.is_dir():
            yield from (Path(entry.path) for entry in os.scandir(path))
