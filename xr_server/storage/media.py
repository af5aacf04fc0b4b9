"""Pictures and sounds as files: read with a content folder, kept by digest in the package store, written back by an export."""

import filecmp
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from xr_server.domain.catalog import Record
from xr_server.domain.media import HEAD_BYTES, Media, find_fault
from xr_server.errors import Conflict, Invalid
from xr_server.storage.files import write_file

MEDIA_FOLDER = "media"  # in the package store; packages are folders named by digest beside it


def read_media(folder: Path, media: Media) -> Media:
    """The record with the digest and size of its file in the folder. Raises Invalid when that cannot be shown."""
    path = folder / media.file
    if not path.is_file():
        raise Invalid("media_missing", f"there is no media/{media.file}")
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        fault = find_fault(media.file, file.read(HEAD_BYTES), size_bytes)
        if fault:
            raise Invalid("media_unfit", fault)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return msgspec.structs.replace(media, digest=digest, size_bytes=size_bytes)


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


def _path_of(store: Path, media: Media) -> Path | None:
    return store / MEDIA_FOLDER / media.digest / media.file if media.digest else None
