"""Writing files so that a crash at any moment leaves either the old file or the new one, never half of one."""

import os
import threading
from pathlib import Path


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write data durably under a temporary name, then rename it to path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:  # a full disk, say: what was begun must not stay
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)
