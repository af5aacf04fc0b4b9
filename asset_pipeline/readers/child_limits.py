"""Limits that a process reading somebody's file in somebody else's code sets for itself. Standard library only."""

import contextlib
import resource
from pathlib import Path


def limit_process(memory_bytes: int, cpu_s: int) -> None:
    """Bound what this process may take beyond what it has loaded by now."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():  # elsewhere than on Linux the address space cannot be told, nor held to
        limit = int(statm.read_text().split()[0]) * resource.getpagesize() + memory_bytes
        with contextlib.suppress(ValueError):  # a limit from above that is lower still stands
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
