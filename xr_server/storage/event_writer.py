"""The one thread that writes events: many requests a commit, an answer only after the commit."""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from xr_server.domain.visit import MAX_EVENTS
from xr_server.errors import Busy, Unavailable
from xr_server.storage.events import Entry, store_entries

QUEUE_LIMIT = 2000
GROUP_EVENTS = 2000  # in one commit
GATHER_S = 0.002
"""How long a first request waits for others: a commit costs about as much as what is in it."""
RETRY_AFTER_S = 5
log = logging.getLogger("dejima.events")


@dataclass(frozen=True)
class Pending:
    """An entry waiting for its commit."""

    entry: Entry
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[int]" = field(repr=False)


class EventWriter:
    """The one thread that writes events: it takes what has queued up and commits it together."""

    def __init__(self, events: Engine, queue_limit: int = QUEUE_LIMIT) -> None:
        self._events = events
        self._queue: queue.Queue[Pending | None] = queue.Queue(queue_limit)
        self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)

    @property
    def waiting(self) -> int:
        """How many requests wait for a commit."""
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is queued, then end."""
        self._queue.put(None)
        self._thread.join()

    async def write(self, entry: Entry) -> int:
        """Store an entry; gives how many events were new, after the commit. Raises Busy, Unavailable."""
        loop = asyncio.get_running_loop()
        pending = Pending(entry, loop, loop.create_future())
        try:
            self._queue.put_nowait(pending)
        except queue.Full as error:
            text = "Too many events are waiting; nothing of yours was taken. Send them again later."
            raise Busy("events_busy", text, RETRY_AFTER_S) from error
        return await pending.done

    def _run(self) -> None:
        while True:
            group, last = self._take_group()
            if group:
                self._commit(group)
            if last:
                return

    def _take_group(self) -> tuple[list[Pending], bool]:
        group: list[Pending] = []
        held = 0
        pending = self._queue.get()
        if pending is not None:
            time.sleep(GATHER_S)
        while pending is not None:
            group.append(pending)
            held += len(pending.entry.events)
            if held + MAX_EVENTS > GROUP_EVENTS:
                return group, False
            try:
                pending = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[Pending]) -> None:
        try:
            with self._events.begin() as connection:
                stored = store_entries(connection, [pending.entry for pending in group])
        except Exception as error:  # whatever it is, the thread must go on and every request must be answered
            log.error("events not written: %s", type(error).__name__)
            if len(group) == 1 or self._is_away(error):
                self._refuse(group)
            else:  # one entry the database will not have must not cost the others theirs
                for pending in group:
                    self._commit([pending])
            return
        _hand_back(group, _finish, stored)

    def _is_away(self, error: Exception) -> bool:
        """Whether the store is what failed, or we, rather than one of the entries: the driver's errors come as they are."""
        driver = self._events.dialect.loaded_dbapi
        away = (OperationalError, InterfaceError, driver.OperationalError, driver.InterfaceError)
        return isinstance(error, away) or not isinstance(error, SQLAlchemyError | driver.Error)

    def _refuse(self, group: list[Pending]) -> None:
        text = "The event store cannot be written right now. Nothing was taken; send the same events again later."
        _hand_back(group, _fail, [Unavailable("events_unavailable", text) for _ in group])


def _hand_back(group: Sequence[Pending], settle: Callable[..., None], outcomes: Sequence[object]) -> None:
    """Give each of a group its outcome; a loop is woken once for all that wait in it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], object]]] = {}
    for pending, outcome in zip(group, outcomes, strict=True):
        by_loop.setdefault(pending.loop, []).append((pending.done, outcome))
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, settle, waiting)
        except RuntimeError:  # the loop has ended, and nobody waits any more
            log.warning("an answer came after its server had ended")


def _settle_all(settle: Callable[..., None], waiting: "Sequence[tuple[asyncio.Future[int], object]]") -> None:
    for done, outcome in waiting:
        if not done.done():  # the request may have been cancelled meanwhile
            settle(done, outcome)


def _finish(done: "asyncio.Future[int]", count: int) -> None:
    done.set_result(count)


def _fail(done: "asyncio.Future[int]", error: Exception) -> None:
    done.set_exception(error)
