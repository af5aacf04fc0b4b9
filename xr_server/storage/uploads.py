"""The bytes of scans while they are received: one folder a scan, one writer at a time, durable before acknowledged."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from xr_server.domain.scan import stored_suffix
from xr_server.errors import Conflict, TooLarge, Unavailable
from xr_server.storage.files import sync
from xr_server.storage.scans import StoredScan, list_kept

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
    """Make the empty file durably, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    sync(path.parent)
    sync(path.parent.parent)


@contextmanager
def open_at(stored: StoredScan, path: Path) -> Iterator[BinaryIO]:
    """The file ready to take the byte after the last acknowledged one; what a crash left beyond it is cut off.

    Raises Locked while another connection writes, Unavailable when acknowledged bytes are missing.
    """
    missing = Unavailable(
        "bytes_missing", "The beginning of this upload is not on this server. Cancel it and send the file again."
    )
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
        if os.fstat(handle).st_size < stored.received_bytes:
            raise missing
        os.ftruncate(handle, stored.received_bytes)
        file.seek(stored.received_bytes)
        yield file


def append(file: BinaryIO, data: bytes) -> None:
    """Write all of data at the file's end."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def make_durable(file: BinaryIO) -> None:
    """Return only when the written bytes would outlive a power cut."""
    os.fsync(file.fileno())


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
