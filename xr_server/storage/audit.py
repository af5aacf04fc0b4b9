"""The audit log: every change writes its entry in its own transaction, so that neither is there without the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, false, insert, or_, select, tuple_

from xr_server.domain.audit import Deed
from xr_server.domain.audit_chain import Sealed
from xr_server.domain.catalog import Change, Name
from xr_server.storage.audit_chain import chain_at_commit
from xr_server.storage.tables.audit import audit_entry
from xr_server.storage.tables.people import account

SYSTEM = "system"
EVENTS_DAYS = 90
"""For how long events are kept where nobody has said otherwise."""


def note(
    connection: Connection, deed: Deed, about: Name, change: Change, revision: int | None = None, **details: str | int
) -> None:
    """Write down that something was done, within the caller's transaction.

    details hold ids, numbers and words of our own; never names or words that people typed, which must stay deletable.
    """
    values: dict[str, Any] = {
        "site_id": about.site_id,
        "done_at": change.at,
        "account_id": change.account_id,
        "deed": deed,
        "kind": about.kind,
        "thing_id": about.id,
        "revision": revision,
        "details": msgspec.json.encode(details).decode(),
    }
    number = connection.execute(insert(audit_entry).values(**values).returning(audit_entry.c.number)).scalar_one()
    chain_at_commit(connection, Sealed(number=number, **values))


@dataclass(frozen=True)
class Entry:
    """One entry: who did what to which revision of what, and when in ms UTC.

    account_id None is the system; name None: the system, or somebody whose account was deleted.
    """

    number: int
    done_at: int
    account_id: str | None
    name: str | None
    deed: Deed
    kind: str
    thing_id: str
    revision: int | None
    details: dict[str, str | int]


def note_export(catalog: Engine, site_id: str, change: Change, form: str) -> None:
    """Write down that somebody takes the log along; form: csv or xlsx."""
    with catalog.begin() as connection:
        note(connection, "log_exported", Name(site_id, "site", site_id), change, None, form=form)


def note_reading(catalog: Engine, site_id: str, change: Change, page: str, day_at: int, **period: str) -> None:
    """Write down that an account reads a page of figures or of rights: once a day, which began at `day_at` (ms UTC)."""
    about = Name(site_id, "page", page)
    with catalog.connect() as connection:
        if _has_read(connection, about, change, day_at):
            return
    with catalog.begin() as connection:
        note(connection, "figures_read", about, change, None, **period)


def _has_read(connection: Connection, about: Name, change: Change, day_at: int) -> bool:
    entry = audit_entry.c
    read = select(entry.number).where(
        entry.site_id == about.site_id, entry.kind == about.kind, entry.thing_id == about.id,
        entry.deed == "figures_read", entry.account_id == change.account_id, entry.done_at >= day_at,
    )  # fmt: skip
    return connection.execute(read.limit(1)).first() is not None


def note_taken(catalog: Engine, site_id: str, change: Change, page: str, **details: str) -> None:
    """Write down that figures leave the server as a file: every time."""
    with catalog.begin() as connection:
        note(connection, "figures_exported", Name(site_id, "page", page), change, None, **details)


def note_limit(catalog: Engine, site_ids: Iterable[str], days: int, at: int) -> None:
    """Write down for each site that events are kept for another number of days than before, at a moment in ms UTC."""
    entry = audit_entry.c
    for site_id in site_ids:
        of_site = select(entry.details).where(entry.site_id == site_id, entry.deed == "retention_set")
        with catalog.connect() as connection:
            last = connection.scalar(of_site.order_by(entry.number.desc()).limit(1))
        if days != (msgspec.json.decode(last)["days"] if last else EVENTS_DAYS):
            with catalog.begin() as connection:
                note(connection, "retention_set", Name(site_id, "site", site_id), Change(at), None, days=days)


@dataclass(frozen=True)
class Wanted:
    """Which entries are asked for; account_id SYSTEM: those of nobody. before: (done_at, number) of one seen already.

    doers: done by one of these accounts; None: by anybody.
    only: about nothing but these kinds and ids; None: about everything.
    """

    account_id: str | None = None
    kind: str | None = None
    thing_id: str | None = None
    deeds: tuple[Deed, ...] = ()
    before: tuple[int, int] | None = None
    doers: frozenset[str] | None = None
    only: frozenset[tuple[str, str]] | None = None


def list_entries(catalog: Engine, site_id: str, wanted: Wanted, most: int) -> list[Entry]:
    """A site's entries, the newest first; what comes after them is asked for with `before`."""
    newest_first = (audit_entry.c.done_at.desc(), audit_entry.c.number.desc())
    query = select_entries(site_id).where(*_conditions(wanted)).order_by(*newest_first).limit(most)
    with catalog.connect() as connection:
        return [to_entry(row) for row in connection.execute(query)]


def select_entries(site_id: str) -> Select[Any]:
    """The query for a site's entries with the names of those who did it; to_entry reads its rows."""
    who = account.c.id == audit_entry.c.account_id
    return select(audit_entry, account.c.name).outerjoin(account, who).where(audit_entry.c.site_id == site_id)


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.account_id == SYSTEM:
        yield audit_entry.c.account_id.is_(None)
    elif wanted.account_id is not None:
        yield audit_entry.c.account_id == wanted.account_id
    named = ((audit_entry.c.kind, wanted.kind), (audit_entry.c.thing_id, wanted.thing_id))
    yield from (column == value for column, value in named if value is not None)
    if wanted.deeds:
        yield audit_entry.c.deed.in_(wanted.deeds)
    if wanted.doers is not None:
        yield audit_entry.c.account_id.in_(sorted(wanted.doers))
    if wanted.only is not None:
        yield or_(false(), *_those(wanted.only))
    if wanted.before is not None:
        yield tuple_(audit_entry.c.done_at, audit_entry.c.number) < wanted.before


def _those(things: frozenset[tuple[str, str]]) -> Iterator[ColumnElement[bool]]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, name in sorted(things):
        by_kind[kind].append(name)
    for kind, names in by_kind.items():
        yield and_(audit_entry.c.kind == kind, audit_entry.c.thing_id.in_(names))


def list_doers(catalog: Engine, site_id: str, wanted: Wanted) -> list[tuple[str, str]]:
    """Who has done what is asked for, as ids and names, by name; accounts that were deleted have none."""
    query = select(account.c.id, account.c.name).join(audit_entry, audit_entry.c.account_id == account.c.id).distinct()
    query = query.where(audit_entry.c.site_id == site_id, *_conditions(wanted)).order_by(account.c.name)
    with catalog.connect() as connection:
        return [(row.id, row.name) for row in connection.execute(query)]


def to_entry(row: Row[Any]) -> Entry:
    """The entry of a row of select_entries."""
    names = Entry.__dataclass_fields__.keys() - {"details"}
    return Entry(**{name: getattr(row, name) for name in names}, details=msgspec.json.decode(row.details))
