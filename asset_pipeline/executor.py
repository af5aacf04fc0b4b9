"""Who does the work: this process, processes beside it, or a Dask cluster, each through an executor of the standard shape.

Jobs are functions of their arguments alone, so they give the same bytes wherever they run, and one that was lost with
its process is simply done again.
"""

import ctypes
import multiprocessing
import os
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
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import wait as wait_for
from multiprocessing.util import Finalize, get_temp_dir
from pathlib import Path
from typing import Any

from asset_pipeline.errors import BuildFailed
from asset_pipeline.geometry.spool import let_all_go, load_value, open_spool, spool_value
from asset_pipeline.memory import give_back, keep_freed
from asset_pipeline.sockets import SHORT_FOLDER, make_socket_folder, remove_socket_folder

MOST_LOSSES = 3  # how often a crew may break before we give up
QUIET_S = 60.0  # without a result, after which a crew is asked whether it lives
WORTH_WAKING_BYTES = 5_000_000  # of a scan's file: smaller ones seldom have levels that others should make
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
PRELOADED = ["asset_pipeline.package"]

Ignore = Callable[[float], None]


@dataclass
class Crew:
    """Hands to work with. make: opens an executor; lend: a value as jobs may be given it; count: its jobs at a time.

    folder: a place for large arrays; shares_disk: whether jobs may read files that lie there. call: runs a job where it is
    done. threads: when it is not 0, the caller does jobs as well, with so many threads, as every other process. alive: asked
    when nothing came for a while.
    """

    make: Callable[[], Executor]
    lend: Callable[[Any], Any]
    count: int
    folder: Path
    shares_disk: bool = True
    call: Callable[..., Any] = field(default_factory=lambda: run_near)
    threads: int = 0
    alive: Callable[[], bool] = lambda: True
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
    """This process and others beside it, together as many as processors unless told; they start with the first job."""
    use_short_names()
    number = max(2, count or usable_processors())
    threads = max(1, usable_processors() // number)
    context = multiprocessing.get_context("forkserver")
    # imports once what every worker needs; numba's threads do not live through a fork, and none are started there
    context.set_forkserver_preload(PRELOADED)
    lent: list[tuple[Any, Any]] = []

    def make() -> Executor:
        return ProcessPoolExecutor(number - 1, context, initializer=_begin_worker, initargs=(threads,))

    def lend(value: Any) -> Any:
        for known, spooled in lent:
            if known is value:
                return spooled
        lent.append((value, spool_value(folder, f"lent{len(lent)}", value)))
        return lent[-1][1]

    with open_spool() as folder, closing(Crew(make, lend, number - 1, folder, threads=threads)) as crew:
        yield crew


def use_short_names() -> None:
    """Let multiprocessing put its sockets where their names are short enough, in a folder that goes with this process."""
    ours = tempfile.gettempdir()
    short = make_socket_folder(Path(ours))
    tempfile.tempdir = str(short or SHORT_FOLDER)
    try:
        get_temp_dir()  # made once and remembered
    finally:
        tempfile.tempdir = ours
    Finalize(None, remove_socket_folder, args=(Path(ours),), exitpriority=-200)  # after multiprocessing's own


def open_crew(address: str | None, scan_bytes: int) -> AbstractContextManager[Crew]:
    """The crew for a scan's file: the Dask cluster when one is named, else processes, woken while the scan is read.

    Raises OptionRefused.
    """
    if address:
        from asset_pipeline.cluster import open_cluster

        return open_cluster(address)
    if usable_processors() < 2:
        return open_here()
    if scan_bytes >= WORTH_WAKING_BYTES:  # imports of what workers come from run beside ours
        use_short_names()
        multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()
    return open_processes()


@contextmanager
def closing(crew: Crew) -> Iterator[Crew]:
    """The crew, its processes ended afterwards."""
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


def run_jobs(
    crew: Crew, task: Task, jobs: Sequence[Any], progress: Ignore = lambda _: None, losses: int = 0
) -> list[Any]:
    """What the task gives for each job, in their order; jobs whose worker was lost are done again.

    losses: how often that has happened already. Raises what the task raises, and BuildFailed when workers are lost again
    and again.
    """
    results: dict[int, Any] = {}
    while len(results) < len(jobs):
        todo = [(index, job) for index, job in enumerate(jobs) if index not in results]
        try:
            for index, result in _run_once(crew, task, todo, again=losses > 0):
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


def begin_job(crew: Crew, task: Task, job: Any) -> Callable[[], Any]:
    """Begin one job and go on; gives a function that waits for what the task gives. A lost job is done again."""
    if crew.executor is None:
        crew.executor = crew.make()
    lent = (crew.lend(value) for value in task.shared)
    future = crew.executor.submit(crew.call, task.function, *lent, job)

    def finish() -> Any:
        try:
            while not _find_done(crew, {future: 0}, QUIET_S):
                pass
            return future.result()
        except Exception as error:
            if not _is_loss(error):
                raise
            dismiss(crew)
            return run_jobs(crew, task, [job], losses=1)[0]

    return finish


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


def _run_once(crew: Crew, task: Task, todo: list[tuple[int, Any]], again: bool) -> Iterator[tuple[int, Any]]:
    """Indices and results as they come; of prepared jobs only as many lie in memory as there are hands, and one that waits.

    A caller that works as well does the last job itself, for all processors are soon its own; but none that ended a worker.
    """
    if crew.executor is None:
        crew.executor = crew.make()
    lent = tuple(crew.lend(value) for value in task.shared)
    waiting, running = todo[::-1], dict[Future[Any], int]()
    own = 1 if crew.threads and not again else 0

    def take() -> tuple[int, tuple[Any, ...]]:
        index, job = waiting.pop()
        return index, (task.function, *lent, job if task.prepare is None else task.prepare(job))

    try:
        while waiting or running:
            while len(waiting) > own and len(running) < crew.count + (crew.count > 1 and not crew.threads):
                index, work = take()
                running[crew.executor.submit(crew.call, *work)] = index
            if waiting and crew.threads:
                index, work = take()
                yield index, _run_beside(crew, work, last=not waiting)
            for future in _find_done(crew, running, 0 if waiting and crew.threads else QUIET_S):
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()


def _find_done(crew: Crew, running: "dict[Future[Any], int]", patience_s: float) -> "list[Future[Any]]":
    """What is done by now, in the order of the jobs. Raises BrokenExecutor when nothing came and nobody is left."""
    done, _ = wait(running, patience_s, FIRST_COMPLETED)
    if patience_s and not done and not crew.alive():
        raise BrokenExecutor("nobody is left to do the jobs")
    return sorted(done, key=running.__getitem__)


def _run_beside(crew: Crew, work: tuple[Any, ...], last: bool) -> Any:
    """The job, done in this process with its share of the processors; the last one soon has them to itself."""
    from asset_pipeline.jit import get_num_threads, set_num_threads

    usual: int = get_num_threads()
    set_num_threads(usual if last else crew.threads)
    try:
        return crew.call(*work)
    finally:
        set_num_threads(usual)


def run_near(function: Callable[..., Any], *arguments: Any) -> Any:
    """On this machine: what was lent is mapped from its files; what the job no longer needs goes back to the system."""
    try:
        return function(*(load_value(argument) for argument in arguments))
    finally:
        let_all_go()
        give_back()


def usable_processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin_worker(threads: int) -> None:
    """In a fresh worker: its share of the processors, and death together with the process that works with it."""
    from asset_pipeline.jit import set_num_threads

    set_num_threads(threads)
    keep_freed()
    if sys.platform == "linux":  # at once, also in the middle of a kernel
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow_parent, args=(parent.sentinel,), daemon=True).start()


def _follow_parent(sentinel: int) -> None:
    # a pool's workers do not notice by themselves that nobody will ever send them a job again
    wait_for([sentinel])
    os._exit(1)
