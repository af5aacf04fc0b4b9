"""Engagement events in: one writer, many requests a commit, an answer only after the commit."""

import asyncio
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, Engine, Insert, Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from xr_server.domain.visit import HOUR_MS, MAX_EVENTS, AcceptedEvent
from xr_server.errors import Busy, Unavailable
from xr_server.storage.tables.events import engagement_event, hourly_count, seen_event
from xr_server.storage.tables.figures import day_quality

QUEUE_LIMIT = 2000
GROUP_EVENTS = 2000  # in one commit
DAY_MS = 24 * HOUR_MS
SEEN_DAYS = 7
LOOK_UP_LIMIT = 500  # ids in one IN clause
RETRY_AFTER_S = 5
log = logging.getLogger("dejima.events")


@dataclass(frozen=True)
class Note:
    """On which local date a request came to a site, and how many of its events were not taken, by the reason."""

    site_id: str
    day_on: str
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """The accepted events of one request. counted_only: keep hourly counts and no event; visit_keys: 32 bytes by id.

    note: what the quality of the day's data is told by.
    """

    events: list[AcceptedEvent]
    counted_only: bool
    visit_keys: Mapping[str, bytes] = field(default_factory=dict)
    note: Note | None = None


@dataclass(frozen=True)
class Pending:
    """An entry waiting for its commit."""

    entry: Entry
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[int]" = field(repr=False)


@dataclass(frozen=True)
class Gathered:
    """What the entries of one commit come to: events to store, hours to count, and the quality of the data by day."""

    rows: list[dict[str, object]] = field(default_factory=list)
    hours: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    quality: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def store_entries(connection: Connection, entries: list[Entry]) -> list[int]:
    """Store entries in the open transaction; gives for each how many of its events were new."""
    fresh = _claim_ids(connection, [event for entry in entries for event in entry.events])
    gathered, stored = Gathered(), []
    for entry in entries:
        new = {event.id: event for event in entry.events if event.id in fresh}  # twice in one request counts once
        fresh.difference_update(new)
        stored.append(len(new))
        _gather(entry, new.values(), gathered)
    if gathered.rows:  # an id older than our memory of ids may come again: the stored event stays as it is
        connection.execute(_insert_new(connection, engagement_event), gathered.rows)
    for (site_id, hour_at, kind), count in sorted(gathered.hours.items()):
        _add_count(connection, hourly_count, {"site_id": site_id, "hour_at": hour_at, "type": kind}, count)
    for (site_id, day_on, what), count in sorted(gathered.quality.items()):
        _add_count(connection, day_quality, {"site_id": site_id, "day_on": day_on, "what": what}, count)
    return stored


def _gather(entry: Entry, new: Collection[AcceptedEvent], gathered: Gathered) -> None:
    for event in new:
        if not entry.counted_only:
            gathered.rows.append({**msgspec.structs.asdict(event), "visit_key": entry.visit_keys.get(event.id)})
        elif not event.flag:
            gathered.hours[event.site_id, event.occurred_at // HOUR_MS * HOUR_MS, event.type] += 1
    if entry.note:
        for what, count in _judge(entry, new, entry.note.refused).items():
            gathered.quality[entry.note.site_id, entry.note.day_on, what] += count


def _judge(entry: Entry, new: Collection[AcceptedEvent], refused: Mapping[str, int]) -> Mapping[str, int]:
    """What an entry says of the quality of its day's data: how many events were new, how many not, and why not."""
    told = Counter(refused)
    told["counted_only" if entry.counted_only else "accepted"] = len(new)
    told["duplicate"] = len(entry.events) - len(new)
    told["late"] = sum(event.late for event in new)
    told.update(f"flagged_{event.flag}" for event in new if event.flag)
    return +told  # what there was none of has no row


def _claim_ids(connection: Connection, events: list[AcceptedEvent]) -> set[str]:
    """Mark ids as seen; gives those nobody had sent before."""
    days = {event.id: event.received_at // DAY_MS for event in events}
    ids = sorted(days)  # every writer claims in the same order, so that two of them never wait for each other
    known: set[str] = set()
    for start in range(0, len(ids), LOOK_UP_LIMIT):
        part = ids[start : start + LOOK_UP_LIMIT]
        known |= set(connection.scalars(select(seen_event.c.id).where(seen_event.c.id.in_(part))))
    fresh = [{"id": name, "seen_on": days[name]} for name in ids if name not in known]
    if not fresh:
        return set()
    # another server may claim the same id between our look and our write: what it wrote first is not ours
    return set(connection.scalars(_insert_new(connection, seen_event).returning(seen_event.c.id), fresh))


def _insert_new(connection: Connection, table: Table) -> Insert:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement: Insert = dialect.insert(table).on_conflict_do_nothing()
    return statement


def _add_count(connection: Connection, table: Table, key: Mapping[str, object], count: int) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**key, count=count)
    raised = {"count": table.c["count"] + statement.excluded["count"]}
    connection.execute(statement.on_conflict_do_update(index_elements=[table.c[name] for name in key], set_=raised))


def prune_seen(events: Engine, now: int) -> int:
    """Forget ids seen more than a week ago; gives how many."""
    with events.begin() as connection:
        return connection.execute(delete(seen_event).where(seen_event.c.seen_on < now // DAY_MS - SEEN_DAYS)).rowcount


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
            away = isinstance(error, OperationalError | InterfaceError) or not isinstance(error, SQLAlchemyError)
            if len(group) == 1 or away:
                self._refuse(group)
            else:  # one entry the database will not have must not cost the others theirs
                for pending in group:
                    self._commit([pending])
            return
        for pending, count in zip(group, stored, strict=True):
            _hand_back(pending, _finish, count)

    def _refuse(self, group: list[Pending]) -> None:
        text = "The event store cannot be written right now. Nothing was taken; send the same events again later."
        for pending in group:
            _hand_back(pending, _fail, Unavailable("events_unavailable", text))


def _hand_back(pending: Pending, settle: Callable[..., None], outcome: object) -> None:
    try:
        pending.loop.call_soon_threadsafe(settle, pending.done, outcome)
    except RuntimeError:  # the loop has ended, and nobody waits any more
        log.warning("an answer came after its server had ended")


def _finish(done: "asyncio.Future[int]", count: int) -> None:
    if not done.done():  # the request may have been cancelled meanwhile
        done.set_result(count)


def _fail(done: "asyncio.Future[int]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
