"""What a process and all it has started use of the memory, pages that several share counted once. Standard library only."""

import ctypes
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SAMPLE_S = 0.25
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt, as glibc numbers them
KEPT_ARRAY_BYTES, KEPT_BYTES = 1 << 24, 1 << 26
PROC = Path("/proc")


def keep_freed(array_bytes: int = KEPT_ARRAY_BYTES, kept_bytes: int = KEPT_BYTES) -> None:
    """Let the allocator keep freed arrays for the next ones: fresh pages cost a tenth of a build's processor time.

    Kept are arrays up to a size, and as many bytes of them as are named.
    """
    if sys.platform == "linux":
        tune = getattr(ctypes.CDLL(None), "mallopt", None)
        if tune is not None:
            tune(M_MMAP_THRESHOLD, array_bytes)
            tune(M_TRIM_THRESHOLD, kept_bytes)


def give_back() -> None:
    """Return to the system what this process no longer uses: the allocator would keep it for later."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def family_memory(leader: int) -> int:
    """Bytes that a process and its descendants fill at this moment (PSS); 0 where the system does not tell."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit():
            children.setdefault(_parent(entry), []).append(int(entry.name))
    total, waiting = 0, [leader]
    while waiting:
        pid = waiting.pop()
        total += _share(PROC / str(pid))
        waiting += children.get(pid, [])
    return total


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has just ended
        return 0


def _share(entry: Path) -> int:
    try:
        lines = (entry / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@contextmanager
def watch_memory(leader: int) -> Iterator[Callable[[], int]]:
    """Sample the memory of a process and its descendants; what is given tells the most so far, in bytes."""
    most, ended = 0, threading.Event()

    def sample() -> None:
        nonlocal most
        while not ended.wait(SAMPLE_S):
            most = max(most, family_memory(leader))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield lambda: max(most, _own_peak())
    finally:
        ended.set()
        thread.join()


def _own_peak() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
