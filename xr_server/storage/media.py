"""Pictures and sounds as files: read with a content folder, kept by digest in the package store, written back by an export."""

import filecmp
import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from xr_server.domain.catalog import Record
from xr_server.domain.media import HEAD_BYTES, Media, find_fault
from xr_server.domain.sound import read_sound
from xr_server.errors import Conflict, Invalid
from xr_server.storage.files import write_file

MEDIA_FOLDER = "media"  # in the package store; packages are folders named by digest beside it
SMALL_FILE = ".small.webp"  # of a picture, beside it; no record names it, and no visitor can ask for it
UNNAMED_S = 24 * 3600  # so long a file may lie in the store before a record names it


def read_media(folder: Path, media: Media) -> Media:
    """The record with what its file in the folder tells: digest, size, how long. Raises Invalid when that cannot be shown."""
    path = folder / media.file
    if not path.is_file():
        raise Invalid("media_missing", f"there is no media/{media.file}")
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        fault = find_fault(media.file, file.read(HEAD_BYTES), size_bytes)
        if fault:
            raise Invalid("media_unfit", fault)
        file.seek(0)
        data = file.read()
    duration_s = round(read_sound(data).duration_s, 3) if media.kind == "sound" else 0.0
    digest = hashlib.sha256(data).hexdigest()
    return msgspec.structs.replace(media, digest=digest, size_bytes=size_bytes, duration_s=duration_s)


def keep_media(store: Path, folder: Path, records: Sequence[Record]) -> None:
    """Copy the files of media records from a content folder into the package store. Raises Conflict when one has changed."""
    for media in (record for record in records if isinstance(record, Media)):
        target = _path_of(store, media)
        if target is None or target.is_file():
            continue
        data = (folder / MEDIA_FOLDER / media.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != media.digest:
            raise Conflict(
                "media_changed", f"media/{media.file} has changed while it was imported. Import the folder again."
            )
        write_file(target, data)


def copy_media(store: Path, folder: Path, records: Sequence[Record]) -> list[str]:
    """Write the files of media records into a content folder; gives the names of those the store has lost."""
    lost = []
    for media in (record for record in records if isinstance(record, Media)):
        source, target = _path_of(store, media), folder / MEDIA_FOLDER / media.file
        if source is None or not source.is_file():
            lost.append(media.file)
        elif not target.is_file() or not filecmp.cmp(source, target, shallow=False):
            write_file(target, source.read_bytes())
    return lost


def find_media_file(store: Path, digest: str, name: str) -> Path | None:
    """The path of a kept picture or sound whose digest and name a record gave; None when it is not there."""
    path = store / MEDIA_FOLDER / digest / name
    return path if path.is_file() else None


def add_file(store: Path, media: Media, data: bytes, small: bytes | None) -> None:
    """Put a file into the store before a record names it: whole and durable, or not at all."""
    target = _path_of(store, media)
    if target is None:
        raise ValueError("a record that is kept has a digest")
    if small is not None:
        write_file(target.with_name(SMALL_FILE), small)
    if not target.is_file():
        write_file(target, data)


def find_small_picture(store: Path, media: Media) -> Path | None:
    """The small picture for lists, else the picture itself; None when the store has neither."""
    target = _path_of(store, media)
    if target is None:
        return None
    small = target.with_name(SMALL_FILE)
    return small if small.is_file() else target if target.is_file() else None


def remove_files(store: Path, digests: Sequence[str]) -> None:
    """Delete what no record names any more."""
    for digest in digests:
        shutil.rmtree(store / MEDIA_FOLDER / digest, ignore_errors=True)


def sweep_store(store: Path, find_named: Callable[[Sequence[str]], set[str]], at: int) -> int:
    """Delete files that no record came to name, and what a crash left half-written, at a moment in ms UTC; gives how many."""
    folder = store / MEDIA_FOLDER
    if not folder.is_dir():
        return 0
    old = [path for path in folder.iterdir() if at / 1000 - path.stat().st_mtime > UNNAMED_S]
    named = find_named([path.name for path in old]) if old else set()
    gone = [path.name for path in old if path.name not in named]
    remove_files(store, gone)
    halves = [half for path in old if path.name in named for half in path.glob(".*.tmp")]
    for half in halves:
        half.unlink(missing_ok=True)
    return len(gone) + len(halves)


def _path_of(store: Path, media: Media) -> Path | None:
    return store / MEDIA_FOLDER / media.digest / media.file if media.digest else None
