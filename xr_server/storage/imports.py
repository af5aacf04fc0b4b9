"""Taking a content folder's records over into the catalog, all of them in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, Row, and_, func, select
from sqlalchemy.exc import IntegrityError

from xr_server.domain.catalog import Record
from xr_server.errors import Stale
from xr_server.storage.catalog import (
    Change,
    Name,
    count_publication,
    kind_of,
    load_record,
    parse_record,
    set_states,
    write_revision,
)
from xr_server.storage.going_out import Showing, show
from xr_server.storage.media import keep_media
from xr_server.storage.organisations import own_organisation, take_turn
from xr_server.storage.tables.records import publication, record, record_revision
from xr_server.storage.tables.scans import package


@dataclass
class Imported:
    """What an import did, as names such as `landmark suimon`. left: imported once, no longer in the folder."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many records have a new revision."""
        return len(self.created) + len(self.updated)


@dataclass(frozen=True)
class Delivery:
    """Records with the files of their pictures and sounds: the content folder these lie in, and the store they go to."""

    records: Sequence[Record]
    folder: Path
    store: Path


def import_content(catalog: Engine, site_id: str, delivery: Delivery, replace: bool, at: int) -> Imported:
    """Keep the files of a content folder and publish its records, as import_records does. Raises Stale, Conflict.

    Both in the site's turn, as whatever is brought into the library: a file that somebody deletes meanwhile is gone
    before it is looked for, or its record is found naming it.
    """
    with _told_as_stale(site_id), catalog.begin() as connection:
        own_organisation(connection, site_id)  # whose row is the turn: a first import comes before any account
        take_turn(connection, site_id)
        keep_media(delivery.store, delivery.folder, delivery.records)
        return _import(connection, site_id, delivery.records, replace, at)


def import_records(catalog: Engine, site_id: str, records: Sequence[Record], replace: bool, at: int) -> Imported:
    """Publish the records as the site's. What staff changed or withdrew since is kept unless `replace`. Raises Stale.

    Records that are the same already are not touched; the publication goes up only when something changed, be it a
    bundled model that was packaged anew.
    """
    with _told_as_stale(site_id), catalog.begin() as connection:
        return _import(connection, site_id, records, replace, at)


@contextmanager
def _told_as_stale(site_id: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise Stale(
            "imported_meanwhile",
            f"Somebody else made records of {site_id} at the same moment. Import the folder again.",
        ) from error


def withdraw_left(catalog: Engine, site_id: str, outcome: Imported, at: int) -> int:
    """Take back, all or none, what an import found published but no longer in its folder; gives how many. Raises Stale."""
    names = [Name(site_id, *entry.split(" ", 1)) for entry in outcome.left]
    set_states(catalog, [(name, load_record(catalog, name).revision, "withdrawn") for name in names], Change(at))
    return len(names)


def _import(connection: Connection, site_id: str, records: Sequence[Record], replace: bool, at: int) -> Imported:
    outcome = Imported()
    stored = {(row.kind, row.id): row for row in _load_newest(connection, site_id)}
    for body in records:
        name = Name(site_id, kind_of(body), body.id)
        row = stored.pop((name.kind, name.id), None)
        into = _sort(outcome, body, row, replace)
        into.append(f"{name.kind} {name.id}")
        if into is outcome.created or into is outcome.updated:
            _publish(connection, name, body, row.revision if row else None, at)
    outcome.left += [f"{row.kind} {row.id}" for row in stored.values() if _is_imported(row)]
    if outcome.changed or _has_new_model(connection, site_id):
        count_publication(connection, site_id, at)
    return outcome


def _load_newest(connection: Connection, site_id: str) -> Iterator[Row[tuple[object, ...]]]:
    newest = and_(
        record.c.site_id == record_revision.c.site_id,
        record.c.kind == record_revision.c.kind,
        record.c.id == record_revision.c.id,
        record.c.revision == record_revision.c.revision,
    )
    query = select(record, record_revision.c.body, record_revision.c.account_id).join(record_revision, newest)
    yield from connection.execute(query.where(record.c.site_id == site_id))


def _sort(outcome: Imported, body: Record, row: Row[tuple[object, ...]] | None, replace: bool) -> list[str]:
    """Which list a record belongs to."""
    if row is None:
        return outcome.created
    published = row.state == "published" and row.published_revision == row.revision
    if published and parse_record(row.kind, row.body) == body:
        return outcome.unchanged
    staffs = row.account_id is not None or not published
    return outcome.kept if staffs and not replace else outcome.updated


def _is_imported(row: Row[tuple[object, ...]]) -> bool:
    return row.account_id is None and row.state == "published"


def _publish(connection: Connection, name: Name, body: Record, expected: int | None, at: int) -> None:
    revision = write_revision(connection, name, (body, expected), Change(at), "imported")
    show(connection, name, Showing("published", revision), Change(at))


def _has_new_model(connection: Connection, site_id: str) -> bool:
    """Whether a bundled model was packaged after the last publication, so that servers do not know of it yet."""
    newest_at = connection.execute(
        select(func.max(package.c.created_at)).where(package.c.site_id == site_id, package.c.model.is_not(None))
    ).scalar()
    published_at = connection.execute(
        select(publication.c.published_at).where(publication.c.site_id == site_id)
    ).scalar()
    return newest_at is not None and (published_at is None or newest_at > published_at)
