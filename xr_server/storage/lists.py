"""Scans and records for lists: page by page, by how they stand, however many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, case, func, or_, select, tuple_

from xr_server.domain.catalog import State as RecordState
from xr_server.domain.scan import GROUPS
from xr_server.storage.catalog import StoredRecord, select_newest, to_stored_record
from xr_server.storage.scans import StoredScan, to_stored
from xr_server.storage.tables.records import record
from xr_server.storage.tables.scans import scan

# what waits for staff comes first, what is out comes last
ORDER: tuple[RecordState, ...] = ("in_review", "changes_requested", "with_teacher", "draft", "published", "withdrawn")
WAITING: tuple[RecordState, ...] = ("in_review", "changes_requested")
ScanMark = tuple[int, str]  # created_at and id of a scan seen already
RecordMark = tuple[int, int, str, str]  # place in ORDER, updated_at, kind and id of a record seen already


@dataclass(frozen=True)
class ScansWanted:
    """Which scans of a site: of one account, and those attached to scenes, or everybody's (None); of which of
    domain.scan.GROUPS or all; after which one."""

    account_id: str | None = None
    scenes: frozenset[str] = frozenset()
    group: str | None = None
    after: ScanMark | None = None


@dataclass(frozen=True)
class RecordsWanted:
    """Which records of a site: of these kinds, in one state or all, after which one; only: no others than these.

    waiting_only: kinds of which only those that wait are listed, as pictures do, which go out with their scene.
    """

    kinds: tuple[str, ...]
    state: RecordState | None = None
    after: RecordMark | None = None
    only: frozenset[tuple[str, str]] | None = None
    waiting_only: tuple[str, ...] = ()


def page_scans(catalog: Engine, site_id: str, wanted: ScansWanted, most: int) -> list[StoredScan]:
    """A site's scans, the newest first; what comes after them is asked for with `after`."""
    query = select(scan).where(scan.c.site_id == site_id, *_whose(wanted))
    if wanted.group is not None:
        query = query.where(scan.c.state.in_(GROUPS[wanted.group]))
    if wanted.after is not None:
        query = query.where(tuple_(scan.c.created_at, scan.c.id) < wanted.after)
    query = query.order_by(scan.c.created_at.desc(), scan.c.id.desc()).limit(most)
    with catalog.connect() as connection:
        return [to_stored(row) for row in connection.execute(query)]


def list_scan_ids(catalog: Engine, site_id: str, scenes: frozenset[str]) -> list[str]:
    """The scans that are attached to these scenes."""
    query = select(scan.c.id, scan.c.scene_id).where(scan.c.site_id == site_id, scan.c.scene_id.is_not(None))
    with catalog.connect() as connection:
        return [row.id for row in connection.execute(query) if row.scene_id in scenes]


def count_scans(catalog: Engine, site_id: str, wanted: ScansWanted) -> dict[str, int]:
    """How many scans there are, by group, on all pages."""
    query = select(scan.c.state, func.count()).where(scan.c.site_id == site_id, *_whose(wanted))
    counts = _count(catalog, query.group_by(scan.c.state))
    return {group: sum(counts.get(state, 0) for state in states) for group, states in GROUPS.items()}


def _whose(wanted: ScansWanted) -> Sequence[ColumnElement[bool]]:
    if wanted.account_id is None:
        return ()
    return (or_(scan.c.account_id == wanted.account_id, scan.c.scene_id.in_(wanted.scenes)),)


def page_records(catalog: Engine, site_id: str, wanted: RecordsWanted, most: int) -> list[StoredRecord]:
    """A site's records in ORDER, what changed last first; what comes after them is asked for with `after`."""
    place = case({state: number for number, state in enumerate(ORDER)}, value=record.c.state)
    query = select_newest().where(record.c.site_id == site_id, *_which(wanted))
    if wanted.state is not None:
        query = query.where(record.c.state == wanted.state)
    if wanted.after is not None:
        number, updated_at, kind, record_id = wanted.after
        mark = (number, -updated_at, kind, record_id)
        query = query.where(tuple_(place, -record.c.updated_at, record.c.kind, record.c.id) > mark)
    query = query.order_by(place, record.c.updated_at.desc(), record.c.kind, record.c.id).limit(most)
    with catalog.connect() as connection:
        return [to_stored_record(row) for row in connection.execute(query)]


def mark_of(stored: StoredRecord) -> RecordMark:
    """Where a record stands in a list."""
    return ORDER.index(stored.state), stored.updated_at, stored.kind, stored.id


def count_records(catalog: Engine, site_id: str, wanted: RecordsWanted) -> dict[str, int]:
    """How many records there are, by state, on all pages."""
    query = select(record.c.state, func.count()).where(record.c.site_id == site_id, *_which(wanted))
    counts = _count(catalog, query.group_by(record.c.state))
    return {state: counts.get(state, 0) for state in ORDER}


def _which(wanted: RecordsWanted) -> Iterator[ColumnElement[bool]]:
    yield record.c.kind.in_(wanted.kinds)
    if wanted.waiting_only:
        yield or_(record.c.kind.not_in(wanted.waiting_only), record.c.state.in_(WAITING))
    if wanted.only is not None:
        yield tuple_(record.c.kind, record.c.id).in_(wanted.only)


def _count(catalog: Engine, query: Select[Any]) -> dict[str, int]:
    with catalog.connect() as connection:
        return {state: int(count) for state, count in connection.execute(query)}
