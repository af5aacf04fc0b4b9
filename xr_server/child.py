"""Running one command with limits on memory, processor time and wall time, read line by line while it works."""

import ctypes
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from asset_pipeline.memory import family_memory
from asset_pipeline.sockets import remove_socket_folder

MAX_OUTPUT_BYTES = 16 * 1024 * 1024
MAX_FILE_BYTES = 16 * 1024**3
STDERR_KEPT_BYTES = 8000
TICK_S = 0.5
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux

MEMORY_TICK_S = 1.0
Stopped = Literal["", "time", "output", "memory", "told"]


@dataclass(frozen=True)
class Limits:
    """What one child may use: memory in bytes, alone as address space and together with what it starts; seconds."""

    memory_bytes: int
    cpu_s: int = 1800
    wall_s: int = 2700


@dataclass(frozen=True)
class Job:
    """A command, the folder it works in, and its whole environment."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    limits: Limits


@dataclass(frozen=True)
class Ended:
    """How a child ended. code below 0 is a signal; stopped says whether we ended it, and why; peak_bytes with all it started."""

    code: int
    stopped: Stopped
    seconds: float
    peak_bytes: int
    stderr: str


def default_limits() -> Limits:
    """Three quarters of this machine's memory; half an hour of one processor, or 45 minutes by the clock."""
    installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Limits(memory_bytes=max(2 * 1024**3, installed * 3 // 4))


def run_limited(job: Job, on_line: Callable[[bytes], None], go_on: Callable[[], bool]) -> Ended:
    """Run a job to its end. go_on is asked twice a second; the child is killed when it says no, or a limit is met."""
    started = time.monotonic()
    unit = 1 if sys.platform == "darwin" else 1024
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    errors = job.folder / "stderr.txt"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - a fixed command of ours, no shell
            list(job.command),
            cwd=job.folder,
            env=dict(job.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: _limit(job.limits),  # noqa: PLW1509 - the worker has one thread
        )
    stopped: Stopped = "told"
    memory = _Memory(process.pid, job.limits.memory_bytes)
    try:
        stopped = _follow(
            process, started + job.limits.wall_s, on_line, lambda: memory.look() or ("" if go_on() else "told")
        )
    finally:
        _end(process, stopped)
        if process.stdout is not None:
            process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        remove_socket_folder(job.folder)
    if process.returncode == -signal.SIGXCPU:
        stopped = "time"
    with errors.open("rb") as file:
        file.seek(max(0, errors.stat().st_size - STDERR_KEPT_BYTES))
        tail = file.read().decode(errors="replace")
    # until its program starts a child is a copy of us, and keeps that mark: one below ours says nothing of it
    own = usage.ru_maxrss * unit if usage.ru_maxrss > ours else 0
    peak_bytes = max(own, memory.most_bytes)
    return Ended(process.returncode, stopped, time.monotonic() - started, peak_bytes, tail)


@dataclass
class _Memory:
    """What a child and all it has started fill together, looked at now and then."""

    leader: int
    limit_bytes: int
    most_bytes: int = 0
    looked_s: float = field(default_factory=time.monotonic)

    def look(self) -> Stopped:
        """Why the child must be stopped, if it must."""
        if time.monotonic() - self.looked_s >= MEMORY_TICK_S:
            self.looked_s = time.monotonic()
            self.most_bytes = max(self.most_bytes, family_memory(self.leader))
        return "memory" if self.most_bytes > self.limit_bytes else ""


def _limit(limits: Limits) -> None:
    """In the child, before its program starts: limits, and death together with the worker."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)  # visitors are served first
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)


def _follow(
    process: "subprocess.Popen[bytes]", until: float, on_line: Callable[[bytes], None], why_stop: Callable[[], Stopped]
) -> Stopped:
    """Hand over lines until the output ends; gives the reason when the child must be stopped."""
    assert process.stdout is not None  # noqa: S101 - asked for a pipe above
    handle = process.stdout.fileno()
    os.set_blocking(handle, False)
    rest, seen_bytes = b"", 0
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while True:
            if selector.select(TICK_S):
                data = os.read(handle, 65536)
                if not data:
                    return ""
                seen_bytes += len(data)
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    on_line(line)
            if seen_bytes > MAX_OUTPUT_BYTES:
                return "output"
            if time.monotonic() > until:
                return "time"
            if reason := why_stop():
                return reason


def _end(process: "subprocess.Popen[bytes]", stopped: Stopped) -> None:
    """End the child and whatever it started; one whose output ended gets five seconds to leave with its own code."""
    deadline = time.monotonic() + (0 if stopped else 5)
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            break
        time.sleep(0.02)
    # not reaped yet, so the group's number still is the child's own
    os.killpg(process.pid, signal.SIGKILL)
