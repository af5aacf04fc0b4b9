"""Where compiled kernels are kept: numba must be told before it is imported, so kernels import it from here."""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path


def cache_folder(wanted: Path) -> Path:
    """A folder numba can use: the wanted one, or, where that cannot be written, a private copy of what it holds.

    numba refuses to work with a cache that it may only read, even when nothing is left to compile.
    """
    with contextlib.suppress(OSError):
        wanted.mkdir(parents=True, exist_ok=True)
    if os.access(wanted, os.W_OK | os.X_OK):
        return wanted
    private = Path(tempfile.gettempdir()) / f"dejima-xr-numba-{os.getuid()}"
    if private.exists() and _is_ours(private):  # code is loaded from there: nobody else may have put it
        return private
    fresh = Path(tempfile.mkdtemp(prefix="dejima-xr-numba-"))
    for source in sorted(wanted.rglob("*")):
        copy = fresh / source.relative_to(wanted)
        if source.is_dir():
            copy.mkdir()
        else:
            shutil.copyfile(source, copy)  # the content alone: the copy must not be read-only as well
    with contextlib.suppress(OSError):  # taken by somebody, or by another process of ours a moment ago
        return fresh.rename(private)
    return fresh


def _is_ours(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _usual_folder() -> Path:
    """In the user's cache folder: one compilation serves every data folder, and source trees may be read-only."""
    named = os.environ.get("NUMBA_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(named) if named else (Path(base) if base else Path.home() / ".cache") / "dejima-xr" / "numba"


os.environ["NUMBA_CACHE_DIR"] = str(cache_folder(_usual_folder()))

from numba import get_num_threads, njit, prange, set_num_threads  # noqa: E402 - after the folder is set

__all__ = ["get_num_threads", "njit", "prange", "set_num_threads"]
