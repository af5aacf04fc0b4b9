"""Secrets as files of their own, outside both stores and their backups: the server's secret, and one key a day."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from xr_server.storage.files import write_file

KEY_BYTES = 32
DAYS_KEPT = 2
RandomBytes = Callable[[int], bytes]


def load_secret(folder: Path, name: str, random_bytes: RandomBytes) -> bytes:
    """The 32-byte secret of that name, made on first use."""
    path = folder / f"{name}.key"
    if not path.is_file():
        _create(path, random_bytes(KEY_BYTES))
    return path.read_bytes()


def load_day_key(folder: Path, on: date, random_bytes: RandomBytes) -> bytes:
    """The key under which visit ids of a local date are hashed, made on first use."""
    return load_secret(folder, f"day-{on.isoformat()}", random_bytes)


def destroy_old_day_keys(folder: Path, today: date) -> list[str]:
    """Delete the day keys of more than 48 hours ago, so that no visit can be traced any more; gives their names."""
    oldest = f"day-{(today - timedelta(days=DAYS_KEPT)).isoformat()}"
    names = sorted(path.stem for path in folder.glob("day-*.key") if path.stem < oldest)
    for name in names:
        path = folder / f"{name}.key"
        path.write_bytes(bytes(KEY_BYTES))
        path.unlink()
    return names


def _create(path: Path, key: bytes) -> None:
    """Write the key unless another process was first: a hard link is made only where no name stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{key[:8].hex()}")
    write_file(draft, key, mode=0o600)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # the first one's key counts
    finally:
        draft.unlink()
