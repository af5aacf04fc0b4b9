"""Secrets as files of their own, outside both stores and their backups: the server's secret, and one key a day."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from xr_server.errors import Unavailable
from xr_server.storage.files import sync

KEY_BYTES = 32
DAYS_KEPT = 2
LOOKED_S = 0.1
"""For how long a file that was looked at is taken to be the same: to look with every batch lets other threads run each time."""
RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True)
class _Held:
    """A secret as it was read, what tells whether its file is still that one, and when it was looked at (monotonic, in s)."""

    secret: bytes
    mark: tuple[int, int, int]
    looked_s: float


_held: dict[str, _Held] = {}
"""Secrets as last read, by their file."""


def load_secret(folder: Path, name: str, random_bytes: RandomBytes) -> bytes:
    """The 32-byte secret of that name, made on first use. Raises Unavailable when its file cannot be read or made."""
    path, now_s = f"{folder}{os.sep}{name}.key", time.monotonic()
    held = _held.get(path)
    if held is not None and now_s - held.looked_s < LOOKED_S:
        return held.secret
    try:
        mark = _mark(path)
        if mark is None:
            _create(Path(path), random_bytes)
            mark = _mark(path)
        secret = held.secret if held is not None and held.mark == mark else Path(path).read_bytes()
        if mark is not None:
            _held[path] = _Held(secret, mark, now_s)
        return secret
    except OSError as error:
        raise Unavailable(
            "keys_unavailable", "The server cannot reach its keys right now. Nothing was taken; try again later."
        ) from error


def load_day_key(folder: Path, on: date, random_bytes: RandomBytes) -> bytes:
    """The key under which visit ids of a local date are hashed, made on first use. Raises Unavailable."""
    return load_secret(folder, f"day-{on.isoformat()}", random_bytes)


def oldest_day_kept(today: date) -> date:
    """The earliest local date whose key is still there: that day ended less than 48 hours ago."""
    return today - timedelta(days=DAYS_KEPT)


def destroy_old_day_keys(folder: Path, today: date) -> list[str]:
    """Delete the keys of days that ended 48 hours ago, so that no visit can be traced any more; gives their names."""
    oldest = f"day-{oldest_day_kept(today).isoformat()}"
    names: list[str] = []
    for held in [Path(path) for path in list(_held)]:
        if held.parent == folder and held.stem.startswith("day-") and held.stem < oldest:
            _held.pop(str(held), None)  # this process must not remember what another one may have destroyed already
    for path in sorted(folder.glob("day-*")):  # drafts of a crash too: they hold keys
        if path.stem < oldest:
            _overwrite(path)
            path.unlink(missing_ok=True)  # another server process may be as far
            names.append(path.stem)
    return names


def _mark(path: str) -> tuple[int, int, int] | None:
    """What changes when a file is written anew or replaced; None when it is not there. Raises OSError."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - asked for with each batch, and a Path costs more than the answer
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino, facts.st_mtime_ns


def _overwrite(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            file.write(bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return


def _create(path: Path, random_bytes: RandomBytes) -> None:
    """Write a key unless another process was first: a hard link is made only where no name stands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{random_bytes(8).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(random_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # the first one's key counts
    finally:
        draft.unlink()
    sync(path.parent)
