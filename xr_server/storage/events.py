"""Engagement events as rows: each counts once, what is only to be counted leaves no row, and the day's quality is told.

The statements are written out and go to the driver itself, since events are what comes most: one statement for many rows,
prepared once. SQLite gets its values bound, a few hundred rows a statement; PostgreSQL all rows of a commit as one JSON text.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain

import msgspec
from sqlalchemy import Connection, Engine, Table, delete
from sqlalchemy.engine.interfaces import DBAPICursor

from xr_server.domain.book import mark_of
from xr_server.domain.visit import HOUR_MS, AcceptedEvent
from xr_server.storage.erased_marks import WRITING
from xr_server.storage.tables.events import engagement_event, hourly_count, seen_event
from xr_server.storage.tables.figures import day_quality

DAY_MS = 24 * HOUR_MS
SEEN_DAYS = 7
COLUMNS = (*AcceptedEvent.__struct_fields__, "visit_key")
ROWS_AT_ONCE = (256, 32, 4, 1)  # in a statement of SQLite's: few texts, so that each is prepared once
Values = tuple[object, ...]
Cursors = tuple[DBAPICursor, DBAPICursor, DBAPICursor]


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
class Gathered:
    """What the entries of one commit come to: events to store, hours to count, and the quality of the data by day."""

    rows: list[Values] = field(default_factory=list)
    hours: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    quality: Counter[tuple[str, str, str]] = field(default_factory=Counter)


def store_entries(connection: Connection, entries: list[Entry]) -> list[int]:
    """Store entries in the open transaction; gives for each how many of its events were new."""
    postgresql, driver = connection.dialect.name == "postgresql", connection.connection
    # two ways to PostgreSQL and back instead of five: what waits for nothing is sent together
    with driver.pipeline() if postgresql else nullcontext():
        return _store((driver.cursor(), driver.cursor(), driver.cursor()), entries, postgresql)


def _store(cursors: Cursors, entries: list[Entry], postgresql: bool) -> list[int]:
    cursor = cursors[0]
    days = {event.id: event.received_at // DAY_MS for entry in entries for event in entry.events}
    marks = {mark_of("visit", key): key for key in {key for entry in entries for key in entry.visit_keys.values()}}
    claim = _claim_postgresql if postgresql else _claim_sqlite
    fresh, found = claim(cursors, days, list(marks)) if days else (set(), set())
    erased = {marks[mark] for mark in found}
    gathered, stored = Gathered(), []
    for entry in entries:
        new = {event.id: event for event in entry.events if event.id in fresh}  # twice in one request counts once
        fresh.difference_update(new)
        if erased:  # the phone need not send them again; they are kept nowhere
            new = {name: event for name, event in new.items() if entry.visit_keys.get(name) not in erased}
        stored.append(len(new))
        _gather(entry, new.values(), gathered)
    if gathered.rows:  # an id older than our memory of ids may come again: the stored event stays as it is
        (_insert_postgresql if postgresql else _insert_sqlite)(cursor, gathered.rows)
    for table, counts in ((hourly_count, gathered.hours), (day_quality, gathered.quality)):
        for key, count in sorted(counts.items()):  # in one order, so that two servers never wait for each other
            cursor.execute(ADD_COUNT[table.name, postgresql], (*key, count))
    return stored


def _gather(entry: Entry, new: Collection[AcceptedEvent], gathered: Gathered) -> None:
    for event in new:
        if not entry.counted_only:
            gathered.rows.append((*msgspec.structs.astuple(event), entry.visit_keys.get(event.id)))
        elif not event.flag:
            gathered.hours[event.site_id, event.occurred_at // HOUR_MS * HOUR_MS, event.type] += 1
    if entry.note:
        for what, count in _judge(entry, new, entry.note.refused):
            gathered.quality[entry.note.site_id, entry.note.day_on, what] += count


def _judge(entry: Entry, new: Collection[AcceptedEvent], refused: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """What an entry says of the quality of its day's data: how many events were new, how many not, and why not."""
    told = dict(refused)
    told["counted_only" if entry.counted_only else "accepted"] = len(new)
    told["duplicate"] = len(entry.events) - len(new)
    told["late"] = sum(event.late for event in new)
    if not entry.counted_only:
        told["without_visit"] = sum(event.id not in entry.visit_keys for event in new)
    for event in new:
        if event.flag:
            told[f"flagged_{event.flag}"] = told.get(f"flagged_{event.flag}", 0) + 1
    return ((what, count) for what, count in told.items() if count)  # what there was none of has no row


KNOWN_SQLITE = "SELECT seen_event.id FROM json_each(?) AS asked JOIN seen_event ON seen_event.id = asked.value"
CLAIM_SQLITE = "INSERT INTO seen_event (id, seen_on) SELECT value, ? FROM json_each(?)"
ERASED_SQLITE = "SELECT erased_mark.mark FROM json_each(?) AS asked JOIN erased_mark ON erased_mark.mark = asked.value"
ERASED_POSTGRESQL = "SELECT mark FROM erased_mark WHERE mark = ANY(%s)"
CLAIM_POSTGRESQL = """
INSERT INTO seen_event (id, seen_on) SELECT key, value::integer FROM json_each_text(%s) ORDER BY key
ON CONFLICT DO NOTHING RETURNING id
"""


def _claim_sqlite(cursors: Cursors, days: Mapping[str, int], marks: list[str]) -> tuple[set[str], set[str]]:
    """Mark ids as seen; gives those nobody had sent before, and which marks are of visits that were erased.

    From the look to the commit nobody else writes, or erases.
    """
    cursor = cursors[0]
    cursor.execute("BEGIN IMMEDIATE")
    cursor.execute(KNOWN_SQLITE, (msgspec.json.encode(list(days)).decode(),))
    fresh = set(days).difference(name for (name,) in cursor.fetchall())
    for day in set(days.values()):
        names = msgspec.json.encode(sorted(name for name in fresh if days[name] == day)).decode()
        cursor.execute(CLAIM_SQLITE, (day, names))
    cursor.execute(ERASED_SQLITE, (msgspec.json.encode(marks).decode(),))
    return fresh, {mark for (mark,) in cursor.fetchall()}


def _claim_postgresql(cursors: Cursors, days: Mapping[str, int], marks: list[str]) -> tuple[set[str], set[str]]:
    """Mark ids as seen; gives those nobody had sent before, and which marks are of visits that were erased.

    Another server may claim the same ids at the same time: in the order of the ids, so that two never wait for each other.
    Nobody erases until the transaction ends. A cursor for each statement: one that has sent two gives, by chance, what the
    first of them came to.
    """
    claiming, asking, locking = cursors
    locking.execute(WRITING)
    claiming.execute(CLAIM_POSTGRESQL, (msgspec.json.encode(days).decode(),))
    asking.execute(ERASED_POSTGRESQL, (marks,))
    return {name for (name,) in claiming.fetchall()}, {mark for (mark,) in asking.fetchall()}


def _write_insert(rows: int) -> str:
    marks = f"({', '.join('?' * len(COLUMNS))})"
    values = ", ".join([marks] * rows)
    return f"INSERT INTO engagement_event ({', '.join(COLUMNS)}) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608 - names of columns


INSERT_SQLITE = {rows: _write_insert(rows) for rows in ROWS_AT_ONCE}


def _insert_sqlite(cursor: DBAPICursor, rows: Sequence[Values]) -> None:
    start = 0
    for count in ROWS_AT_ONCE:
        while len(rows) - start >= count:
            cursor.execute(INSERT_SQLITE[count], tuple(chain.from_iterable(rows[start : start + count])))
            start += count


_TYPES = {"BIGINT": "bigint", "INTEGER": "integer", "BOOLEAN": "boolean"}
_AS_TOLD = ", ".join(f"{name} {_TYPES.get(str(engagement_event.c[name].type), 'text')}" for name in COLUMNS)
_AS_STORED = ", ".join("decode(visit_key, 'hex')" if name == "visit_key" else name for name in COLUMNS)
INSERT_POSTGRESQL = f"""
INSERT INTO engagement_event ({", ".join(COLUMNS)})
SELECT {_AS_STORED} FROM json_to_recordset(%s) AS told ({_AS_TOLD}) ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of columns


def _insert_postgresql(cursor: DBAPICursor, rows: Sequence[Values]) -> None:
    told = [{name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None} for row in rows]
    for one in told:
        key = one.get("visit_key")
        if isinstance(key, bytes):
            one["visit_key"] = key.hex()
    cursor.execute(INSERT_POSTGRESQL, (msgspec.json.encode(told).decode(),))


def _write_add(table: Table, mark: str) -> str:
    keys = ", ".join(table.primary_key.columns.keys())
    marks = ", ".join([mark] * (len(table.primary_key) + 1))
    raised = f"DO UPDATE SET count = {table.name}.count + excluded.count"
    insert = f"INSERT INTO {table.name} ({keys}, count) VALUES ({marks})"  # noqa: S608 - names of tables and columns
    return f"{insert} ON CONFLICT ({keys}) {raised}"


ADD_COUNT = {
    (table.name, postgresql): _write_add(table, "%s" if postgresql else "?")
    for table in (hourly_count, day_quality)
    for postgresql in (False, True)
}


def prune_seen(events: Engine, now: int) -> int:
    """Forget ids seen more than a week ago; gives how many."""
    with events.begin() as connection:
        return connection.execute(delete(seen_event).where(seen_event.c.seen_on < now // DAY_MS - SEEN_DAYS)).rowcount
