"""The bytes of scans while they are received: one folder a scan, one writer at a time, durable before acknowledged."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from xr_server.domain.scan import stored_suffix
from xr_server.errors import Conflict, TooLarge, Unavailable
from xr_server.storage.files import sync
from xr_server.storage.scans import StoredScan, list_kept, load_scan

ROOM_LEFT_BYTES = 1024**3


class Locked(Conflict):
    """Another connection is writing this upload just now."""


def scan_path(upload_dir: Path, scan_id: str, file_name: str) -> Path:
    """Where a scan's bytes lie: the folder is its id, and of the name only a known kind of suffix remains."""
    return upload_dir / scan_id / f"scan{stored_suffix(file_name)}"


def check_room(upload_dir: Path, length_bytes: int) -> None:
    """Refuse a scan that the disk has no room for. Raises TooLarge."""
    upload_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(upload_dir).free < length_bytes + ROOM_LEFT_BYTES:
        raise TooLarge(
            "disk_full", "There is no room for this scan on the server just now. Nothing was sent; tell an operator."
        )


def create_file(path: Path) -> None:
    """Make the empty file and its folder; their places are made durable with the first bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@contextmanager
def open_at(catalog: Engine, stored: StoredScan, path: Path) -> Iterator[BinaryIO]:
    """The file ready to take the byte after the last acknowledged one; what a crash left beyond it is cut off.

    Raises Locked while another connection writes, Conflict when one has gone on since stored was read, Unavailable when
    acknowledged bytes are missing.
    """
    missing = Unavailable(
        "bytes_missing", "The beginning of this upload is not on this server. Cancel it and send the file again."
    )
    if not stored.received_bytes:
        create_file(path)
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError as error:
        raise missing from error
    with os.fdopen(handle, "r+b", buffering=0) as file:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(
                "upload_locked",
                "Another connection is sending this upload just now. Wait a moment, then ask where it stands.",
            ) from error
        # under the lock and before anything is cut off: what another connection brought meanwhile is acknowledged
        now = load_scan(catalog, stored.site_id, stored.id)
        if now.received_bytes != stored.received_bytes or now.state != stored.state:
            raise Conflict("offset_conflict", f"This server has {now.received_bytes} bytes of this upload by now.")
        length = os.fstat(handle).st_size
        if length < stored.received_bytes:
            raise missing
        if length > stored.received_bytes:
            os.ftruncate(handle, stored.received_bytes)
        file.seek(stored.received_bytes)
        yield file


def append(file: BinaryIO, pieces: Sequence[bytes]) -> int:
    """Write pieces at the file's end, and have the disk begin with them at once; gives how many bytes they are.

    So little is left to wait for when they have to be durable.
    """
    at, length = file.tell(), sum(map(len, pieces))
    written = os.writev(file.fileno(), pieces)
    while written < length:  # a signal or a nearly full disk: the rest, which ends in an error if there is no room
        written += file.write(memoryview(b"".join(pieces))[written:])
    if sys.platform == "linux":  # where this means: begin to write out, without waiting
        os.posix_fadvise(file.fileno(), at, length, os.POSIX_FADV_DONTNEED)
    return length


def make_durable(file: BinaryIO, new_at: Path | None = None) -> None:
    """Return only when the written bytes would outlive a power cut; so would a new file's place, which new_at names."""
    os.fsync(file.fileno())
    if new_at is not None:
        with suppress(FileNotFoundError):  # the scan was cancelled meanwhile: its row takes no more bytes
            sync(new_at.parent)
            sync(new_at.parent.parent)


def remove_scan_files(upload_dir: Path, scan_id: str) -> None:
    """Delete a scan's folder, if it is there."""
    shutil.rmtree(upload_dir / scan_id, ignore_errors=True)


def sweep_files(catalog: Engine, upload_dir: Path) -> list[str]:
    """Delete the folders of scans that were cancelled, expired, or never got a row; gives their ids."""
    present = {path.name for path in upload_dir.iterdir() if path.is_dir()} if upload_dir.is_dir() else set()
    gone = sorted(present - list_kept(catalog, present)) if present else []
    for scan_id in gone:
        remove_scan_files(upload_dir, scan_id)
    return gone
