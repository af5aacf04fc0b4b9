"""Where compiled kernels are kept: numba must be told before it is imported, so kernels import it from here."""

import os
import tempfile
from pathlib import Path


def _cache_folder() -> str:
    """The user's cache folder: one compilation serves every data folder, and source trees may be read-only."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dejima-xr" / "numba"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"dejima-xr-numba-{os.getuid()}"
    return str(folder)


os.environ.setdefault("NUMBA_CACHE_DIR", _cache_folder())

from numba import njit, prange  # noqa: E402 - after the folder is set

__all__ = ["njit", "prange"]
