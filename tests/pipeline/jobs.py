"""Jobs that tests give to other processes: they are found by name there, so they live in a module."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np

from asset_pipeline.geometry.bvh import Bvh
from asset_pipeline.mesh import Mesh


def double(job: int) -> tuple[int, int]:
    """Twice the job, and the process that did it."""
    return 2 * job, os.getpid()


def sum_positions(mesh: Mesh, bvh: Bvh | None, job: int) -> float:
    """What is read of a mesh that was lent."""
    assert bvh is None
    return float(mesh.positions.sum()) + job


def be_killed_once(job: Path) -> int:
    """The process, killed with its first job of that name, unless it is the caller."""
    if not job.exists() and multiprocessing.parent_process() is not None:
        job.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def be_killed(job: int) -> int:
    """Nothing: the process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
    return job


def refuse(job: int) -> int:
    """Nothing: the job cannot be done."""
    raise ValueError(f"job {job} is impossible")


def say_and_wait(job: Path) -> int:
    """Leave the process's number in a file and never end by itself."""
    job.write_text(str(os.getpid()))
    while True:
        time.sleep(1)


def make_rows(count: int) -> np.ndarray:
    """Numbers that fill more than is passed on by value."""
    return np.arange(3.0 * count).reshape(-1, 3)
