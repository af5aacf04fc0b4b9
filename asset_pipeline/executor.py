"""Who does the work: this process, processes beside it, or a Dask cluster, each through an executor of the standard shape.

Jobs are functions of their arguments alone, so they give the same bytes wherever they run, and one that was lost with
its process is simply done again.
"""

import ctypes
import hashlib
import multiprocessing
import os
import platform
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from multiprocessing import forkserver
from multiprocessing.connection import wait as wait_for
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import Any

from asset_pipeline.built import SHAPING
from asset_pipeline.errors import BuildFailed, OptionRefused
from asset_pipeline.spool import let_all_go, load_value, open_spool, spool_value

MOST_LOSSES = 3  # how often a crew may break before we give up
WORTH_WAKING_BYTES = 5_000_000  # of a scan's file: smaller ones seldom have levels that others should make
ANSWER_S = 10.0  # how long a scheduler may take to answer
MOST_NAME_CHARS, SHORT_FOLDER = 64, "/tmp"  # noqa: S108 - the folder made in it has a name by chance; sockets may have 107
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
PRELOADED = ["asset_pipeline.package"]

Ignore = Callable[[float], None]


@dataclass
class Crew:
    """Hands to work with. make: opens an executor; lend: a value as jobs may be given it; count: jobs at a time.

    folder: a place for large arrays; shares_disk: whether jobs may read files that lie there.
    """

    make: Callable[[], Executor]
    lend: Callable[[Any], Any]
    count: int
    folder: Path
    shares_disk: bool = True
    executor: Executor | None = None


@dataclass(frozen=True)
class Task:
    """What is done with each job: function(*shared, job). prepare: makes the job ready when its turn comes."""

    function: Callable[..., Any]
    shared: tuple[Any, ...] = ()
    prepare: Callable[[Any], Any] | None = None


class _Here(Executor):
    """Runs each job at once, in the caller."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """A future that is done already."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def open_here() -> Iterator[Crew]:
    """This process alone, one job after another."""
    with open_spool() as folder:
        yield Crew(_Here, _as_it_is, 1, folder)


@contextmanager
def open_processes(count: int | None = None) -> Iterator[Crew]:
    """Processes beside this one, as many as processors unless told; they start with the first job and end with us."""
    use_short_names()
    number = count or usable_processors()
    threads = max(1, usable_processors() // number)
    context = multiprocessing.get_context("forkserver")
    # imports once what every worker needs; numba's threads do not live through a fork, and none are started there
    context.set_forkserver_preload(PRELOADED)
    lent = 0

    def make() -> Executor:
        return ProcessPoolExecutor(number, context, initializer=_begin_worker, initargs=(threads,))

    def lend(value: Any) -> Any:
        nonlocal lent
        lent += 1
        return spool_value(folder, f"lent{lent}", value)

    with open_spool() as folder, _closing(Crew(make, lend, number, folder)) as crew:
        yield crew


def use_short_names() -> None:
    """Let multiprocessing put its sockets into the system's temporary folder when ours lies too deep for a socket's name."""
    ours = tempfile.gettempdir()
    if len(ours) <= MOST_NAME_CHARS:
        return
    tempfile.tempdir = SHORT_FOLDER
    try:
        get_temp_dir()  # made once and remembered
    finally:
        tempfile.tempdir = ours


def open_crew(address: str | None, scan_bytes: int) -> AbstractContextManager[Crew]:
    """The crew for a scan's file: the Dask cluster when one is named, else processes, woken while the scan is read.

    Raises OptionRefused.
    """
    if address:
        return open_cluster(address)
    if usable_processors() < 2:
        return open_here()
    if scan_bytes >= WORTH_WAKING_BYTES:  # imports of what workers come from run beside ours
        use_short_names()
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()
    return open_processes()


@contextmanager
def open_cluster(address: str) -> Iterator[Crew]:
    """A Dask cluster. Raises OptionRefused when it does not answer or runs another version of the pipeline."""
    try:
        from distributed import Client
    except ImportError:
        text = "Building on a Dask cluster needs the extra `dask`: pip install 'dejima-xr[dask]'."
        raise OptionRefused("dask_missing", text) from None
    try:
        client = Client(address, timeout=ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as error:
        text = f"No Dask scheduler answers at {address}. Start one with `dask scheduler`, or check address and network."
        raise OptionRefused("dask_unreachable", text) from error
    with client, open_spool() as folder:
        hands = _check_cluster(client, address)
        lend = partial(client.scatter, broadcast=True, hash=False)
        with _closing(Crew(partial(client.get_executor, pure=False), lend, hands, folder, shares_disk=False)) as crew:
            yield crew


@contextmanager
def _closing(crew: Crew) -> Iterator[Crew]:
    try:
        yield crew
    finally:
        dismiss(crew)


def dismiss(crew: Crew) -> None:
    """End the crew's processes and free their memory; the next job opens new ones."""
    if crew.executor is not None:
        crew.executor.shutdown(wait=True)
        crew.executor = None


def stay_here(crew: Crew) -> Crew:
    """The same place for arrays, but no other hands than this process."""
    return Crew(_Here, _as_it_is, 1, crew.folder)


def _as_it_is(value: Any) -> Any:
    return value


def run_jobs(crew: Crew, task: Task, jobs: Sequence[Any], progress: Ignore = lambda _: None) -> list[Any]:
    """What the task gives for each job, in their order; jobs whose worker was lost are done again.

    Raises what the task raises, and BuildFailed when workers are lost again and again.
    """
    results: dict[int, Any] = {}
    losses = 0
    while len(results) < len(jobs):
        todo = [(index, job) for index, job in enumerate(jobs) if index not in results]
        try:
            for index, result in _run_once(crew, task, todo):
                results[index] = result
                progress(len(results) / len(jobs))
        except Exception as error:
            if not _is_loss(error):
                raise
            losses += 1
            if losses > MOST_LOSSES or type(error).__name__ == "KilledWorker":  # Dask has tried several workers by then
                raise _lost_workers() from error
            dismiss(crew)
    return [results[index] for index in range(len(jobs))]


def _is_loss(error: Exception) -> bool:
    """Whether a process is gone, or with it what it had been lent; Dask's own errors by name, since it may not be there."""
    names = {"KilledWorker", "CommClosedError", "FutureCancelledError"}
    return isinstance(error, BrokenExecutor | CancelledError) or type(error).__name__ in names


def _lost_workers() -> BuildFailed:
    text = (
        "The processes that build were ended again and again from outside, most likely for want of memory. "
        "Free some memory and try again."
    )
    return BuildFailed("workers_lost", text)


def _run_once(crew: Crew, task: Task, todo: list[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Indices and results as they come; of prepared jobs only as many lie in memory as there are hands, and one that waits."""
    if crew.executor is None:
        crew.executor = crew.make()
    lent = tuple(crew.lend(value) for value in task.shared)
    waiting, running = todo[::-1], dict[Future[Any], int]()
    try:
        while waiting or running:
            while waiting and len(running) < crew.count + (crew.count > 1):
                index, job = waiting.pop()
                ready = job if task.prepare is None else task.prepare(job)
                call: Callable[..., Any] = _run_near if crew.shares_disk else partial(_run_far, fingerprint())
                running[crew.executor.submit(call, task.function, *lent, ready)] = index
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=running.__getitem__):
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()


def _run_near(function: Callable[..., Any], *arguments: Any) -> Any:
    """On this machine: what was lent is mapped from its files; what the job no longer needs goes back to the system."""
    try:
        return function(*(load_value(argument) for argument in arguments))
    finally:
        let_all_go()
        if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
            ctypes.CDLL(None).malloc_trim(0)


def _run_far(expected: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """On a cluster's worker: the job, if the worker's pipeline is ours. Raises OptionRefused."""
    if fingerprint() != expected:
        text = "A Dask worker runs another version of the pipeline or its libraries; install the same one and start it again."
        raise OptionRefused("dask_version", text)
    return function(*arguments)


@cache
def fingerprint() -> str:
    """What decides the bytes of a package besides scan and options: our code, the libraries and the kind of processor."""
    digest = hashlib.sha256(platform.machine().encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    for name in SHAPING:
        digest.update(f"{name} {version(name)}".encode())
    return digest.hexdigest()


def _check_cluster(client: Any, address: str) -> int:
    """How many jobs a cluster does at a time. Raises OptionRefused when it has no worker, or one that is not like us."""
    try:
        client.wait_for_workers(1, timeout=ANSWER_S)
    except TimeoutError:
        text = f"The Dask scheduler at {address} has no workers. Start some with `dask worker {address}`."
        raise OptionRefused("dask_no_workers", text) from None
    try:
        prints: dict[str, str] = client.run(fingerprint)
    except Exception as error:
        text = f"The Dask workers at {address} cannot run the pipeline ({error}); install dejima-xr where they run."
        raise OptionRefused("dask_version", text) from error
    other = sorted(worker for worker, found in prints.items() if found != fingerprint())
    if other:
        text = (
            f"The Dask worker {other[0]} runs another version of the pipeline or its libraries than this machine; "
            "install the same one there and start it again."
        )
        raise OptionRefused("dask_version", text)
    hands: int = sum(client.nthreads().values())
    return hands


def usable_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker(threads: int) -> None:
    """In a fresh worker: its share of the processors, and death together with the process that works with it."""
    from asset_pipeline.jit import set_num_threads

    set_num_threads(threads)
    if sys.platform == "linux":  # at once, also in the middle of a kernel
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow_parent, args=(parent.sentinel,), daemon=True).start()


def _follow_parent(sentinel: int) -> None:
    # a pool's workers do not notice by themselves that nobody will ever send them a job again
    wait_for([sentinel])
    os._exit(1)
