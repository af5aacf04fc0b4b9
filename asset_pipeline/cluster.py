"""A Dask cluster as a crew: whether it answers, and whether its workers would give the same bytes."""

import asyncio
import hashlib
import platform
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, wait
from contextlib import contextmanager
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from asset_pipeline.built import SHAPING
from asset_pipeline.errors import OptionRefused
from asset_pipeline.executor import Crew, closing
from asset_pipeline.geometry.spool import open_spool

ANSWER_S = 10.0  # how long a scheduler may take to answer
BACK_S = 60.0  # how long workers may take to come back when all have died, which their nannies start again
LOOK_S = 1.0  # how often to look whether all workers are still there while something is sent to them


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
        make, call = partial(client.get_executor, pure=False), partial(_run_far, fingerprint())
        with closing(Crew(make, partial(_lend, client), hands, folder, shares_disk=False, call=call)) as crew:
            crew.alive = lambda: bool(client.nthreads())
            yield crew


def _lend(client: Any, value: Any) -> Any:
    """The value on one worker, from which others fetch it. Raises BrokenExecutor when a worker leaves at that moment.

    Not sent to all at once: a scheduler that does so while one of them dies tries for ever, and keeps everybody's later
    values waiting (distributed 2026.8.0, Scheduler.replicate). What is lost with its worker is lent again.
    """
    left = "a worker left while something was lent to it"
    try:
        client.wait_for_workers(1, timeout=BACK_S)
    except TimeoutError as error:
        raise BrokenExecutor("no worker came back") from error
    there = set(client.nthreads())
    sending = client.scatter(value, hash=False, asynchronous=True)
    future = asyncio.run_coroutine_threadsafe(sending, client.loop.asyncio_loop)
    while not wait([future], LOOK_S).done:  # one that is frozen takes nothing and says nothing
        if not there <= set(client.nthreads()):
            future.cancel()
            raise BrokenExecutor(left)
    try:
        return future.result()
    except Exception as error:  # Dask names this in many ways, a KeyError among them
        raise BrokenExecutor(left) from error


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
    for path in sorted(Path(__file__).parent.rglob("*.py")):
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
