"""Deleting what has had its time: events after 90 days, visits after 13 months, day by day, each day with a proof.

A day is deleted in parts, each in a short transaction, so that who writes events is never held up. A part's rows and the
note of how far it has come go together: killed at any moment, the next turn goes on from there and counts nothing twice.
Several servers may be at it; the note of a day is a row that only one of them holds at a time.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as midnight
from time import sleep
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from xr_server.domain.visit_facts import local_day
from xr_server.storage.database import forget_pages, insert_into
from xr_server.storage.tables.events import engagement_event
from xr_server.storage.tables.figures import summed_day, visit
from xr_server.storage.tables.retention import retention_progress, retention_proof

VISITS_DAYS = 395  # 13 months
UNSUMMED_DAYS = 7  # how much longer a day is kept that nobody has summed up
PART_ROWS = 500
PARTS_A_TURN = 400
PAUSE_S = 0.01  # between parts, in which others write
PATIENCE_MS = 100  # how long the log may be waited for, since nobody writes meanwhile
EMPTY_HASH = hashlib.sha256().hexdigest()
log = logging.getLogger("dejima.retention")


@dataclass(frozen=True)
class Kept:
    """A kind of rows that is kept for a time: what to call it, its table, its id, and how its days are found."""

    what: str
    table: Table
    key: Column[object]
    order: Column[object]
    days: int

    def within(self, site_id: str, day: date, zone: ZoneInfo) -> ColumnElement[bool]:
        """Which rows are a site's of a local day."""
        of_site = self.table.c.site_id == site_id
        if self.what == "visits":
            return and_(of_site, self.order == day.isoformat())
        return and_(of_site, self.order >= _begin(day, zone), self.order < _begin(day + timedelta(days=1), zone))

    def since(self, site_id: str, day: date | None, zone: ZoneInfo) -> Select[object]:
        """The query for the oldest row of a site, since a local day or at all."""
        oldest = select(func.min(self.order)).where(self.table.c.site_id == site_id)
        if day is None:
            return oldest
        return oldest.where(self.order >= (day.isoformat() if self.what == "visits" else _begin(day, zone)))

    def day_of(self, value: object, zone: ZoneInfo) -> date:
        """The local day of such an oldest row."""
        return date.fromisoformat(str(value)) if self.what == "visits" else local_day(int(str(value)), zone)


def _begin(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, midnight(), zone).timestamp() * 1000)


def kinds_kept(events_days: int) -> tuple[Kept, Kept]:
    """What is kept for how long."""
    event, one = engagement_event, visit
    return (
        Kept("events", event, event.c.id, event.c.occurred_at, events_days),
        Kept("visits", one, one.c.visit_key, one.c.day_on, VISITS_DAYS),
    )


def list_sites(events: Engine) -> list[str]:
    """The sites that events or visits are stored of, whether they are published still or not."""
    with events.connect() as connection:
        return sorted({name for table in (engagement_event, visit) for name in _sites_in(connection, table)})


def _sites_in(connection: Connection, table: Table) -> Iterator[str]:
    """Each from the index alone: a DISTINCT would read all of it."""
    name = connection.scalar(select(func.min(table.c.site_id)))
    while name is not None:
        yield name
        name = connection.scalar(select(func.min(table.c.site_id)).where(table.c.site_id > name))


def find_oldest(
    connection: Connection, kept: Kept, site_id: str, zone: ZoneInfo, since: date | None = None
) -> date | None:
    """The local day of a site's oldest row, since a day or at all."""
    value = connection.scalar(kept.since(site_id, since, zone))
    return None if value is None else kept.day_of(value, zone)


def find_due(events: Engine, kept: Kept, site_id: str, zone: ZoneInfo, today: date) -> tuple[date, bool] | None:
    """The oldest local day that is to be deleted, and whether its figures are final; None when nothing is due."""
    limit = today - timedelta(days=kept.days)
    with events.connect() as connection:
        day = find_oldest(connection, kept, site_id, zone)
        while day is not None and day < limit:
            final = _is_final(connection, site_id, day)
            if final or day < limit - timedelta(days=UNSUMMED_DAYS):
                return day, final
            day = find_oldest(connection, kept, site_id, zone, day + timedelta(days=1))
    return None


def _is_final(connection: Connection, site_id: str, day: date) -> bool:
    row = summed_day.c
    query = select(row.day_on).where(row.site_id == site_id, row.day_on == day.isoformat(), row.final)
    return connection.execute(query).first() is not None


def delete_part(events: Engine, kept: Kept, rows: ColumnElement[bool], proof: Mapping[str, object]) -> bool:
    """Delete a part of a day's rows; whether more are left. The last part writes the proof, the note of the day goes."""
    with events.begin() as connection:
        done = _hold_progress(connection, proof)
        query = select(kept.key).where(rows).order_by(kept.order, kept.key).limit(PART_ROWS)
        keys = list(connection.scalars(query))
        if not keys and done.rows == 0:  # another server was quicker
            _end_progress(connection, proof)
            return False
        connection.execute(delete(kept.table).where(kept.key.in_(keys)))
        count, digest = done.rows + len(keys), hash_on(done.hash, keys)
        if len(keys) == PART_ROWS:
            step = update(retention_progress).where(_progress_of(proof))
            connection.execute(step.values(rows=count, hash=digest))
            return True
        _end_progress(connection, proof)
        connection.execute(insert(retention_proof).values(**proof, rows=count, hash=digest))
    return False


@dataclass(frozen=True)
class _Progress:
    rows: int
    hash: str


def _progress_of(proof: Mapping[str, object]) -> ColumnElement[bool]:
    return and_(*(retention_progress.c[name] == proof[name] for name in ("site_id", "what", "day_on")))


def _hold_progress(connection: Connection, proof: Mapping[str, object]) -> _Progress:
    """How far a day has come, held until the transaction ends: the row is written before it is read."""
    keys = {name: proof[name] for name in ("site_id", "what", "day_on")}
    first = insert_into(connection, retention_progress).values(**keys, rows=0, hash=EMPTY_HASH)
    held = first.on_conflict_do_update(index_elements=list(keys), set_={"rows": retention_progress.c.rows})
    row = connection.execute(held.returning(retention_progress.c.rows, retention_progress.c.hash)).one()
    return _Progress(row[0], row[1])


def _end_progress(connection: Connection, proof: Mapping[str, object]) -> None:
    connection.execute(delete(retention_progress).where(_progress_of(proof)))


def hash_on(digest: str, keys: Sequence[object]) -> str:
    """A hash over ids one after another, begun with EMPTY_HASH: the same however they are parted."""
    for key in keys:
        digest = hashlib.sha256(
            bytes.fromhex(digest) + (key if isinstance(key, bytes) else str(key).encode())
        ).hexdigest()
    return digest


@dataclass(frozen=True)
class Retention:
    """What deletes from the store of events: for how many days events are kept, and in which time zones sites are."""

    events: Engine
    events_days: int
    zones: Callable[[], Mapping[str, ZoneInfo]]

    def turn(self, now: int, go_on: Callable[[], bool] = lambda: True) -> bool:
        """Delete what is due at a moment in ms UTC, so much of it as a turn may take; whether anything is left to do."""
        parts = 0
        for site_id, zone in self._places():
            today = local_day(now, zone)
            for kept in kinds_kept(self.events_days):
                while (due := find_due(self.events, kept, site_id, zone, today)) is not None:
                    day, final = due
                    proof = {
                        "site_id": site_id, "what": kept.what, "day_on": day.isoformat(), "summed": final, "done_at": now,
                    }  # fmt: skip
                    while delete_part(self.events, kept, kept.within(site_id, day, zone), proof):
                        parts += 1
                        if parts >= PARTS_A_TURN or not go_on():
                            return True
                        sleep(PAUSE_S)
                    parts += 1
                    log.info("%s of %s of %s were deleted", kept.what, site_id, day)
        return not forget_pages(self.events, PATIENCE_MS)

    def lag_days(self, now: int) -> dict[str, int]:
        """By how many days the oldest rows of each kind are over their time; 0: none is."""
        lags = {kept.what: 0 for kept in kinds_kept(self.events_days)}
        for site_id, zone in self._places():
            for kept in kinds_kept(self.events_days):
                with self.events.connect() as connection:
                    oldest = find_oldest(connection, kept, site_id, zone)
                if oldest is not None:
                    over = (local_day(now, zone) - timedelta(days=kept.days) - oldest).days
                    lags[kept.what] = max(lags[kept.what], over)
        return lags

    def _places(self) -> list[tuple[str, ZoneInfo]]:
        zones = self.zones()
        return [(site_id, zones.get(site_id, ZoneInfo("UTC"))) for site_id in list_sites(self.events)]


def try_turn(retention: Retention, now: int, go_on: Callable[[], bool]) -> bool:
    """A turn that survives a store that is away; whether anything is left to do soon."""
    try:
        return retention.turn(now, go_on)
    except (SQLAlchemyError, OSError) as error:  # tried again at the next turn
        log.error("not everything whose time is over could be deleted: %s", type(error).__name__)
        return False


def try_lag(retention: Retention, now: int) -> dict[str, int]:
    """By how many days the oldest rows are over their time; nothing while the store is away."""
    try:
        return retention.lag_days(now)
    except SQLAlchemyError:
        return {}


@dataclass(frozen=True)
class Proof:
    """That a local day's rows were deleted: how many, the hash over their ids, and when in ms UTC."""

    what: str
    day_on: str
    rows: int
    hash: str
    summed: bool
    done_at: int


def list_proofs(events: Engine, site_id: str, most: int) -> list[Proof]:
    """What was deleted of a site for its age, the latest first."""
    columns = [retention_proof.c[name] for name in Proof.__dataclass_fields__]
    query = select(*columns).where(retention_proof.c.site_id == site_id)
    with events.connect() as connection:
        found = connection.execute(query.order_by(retention_proof.c.number.desc()).limit(most))
        return [Proof(*row) for row in found]
