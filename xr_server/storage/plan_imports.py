"""Drafts that an import made, taken back: new ones go, changed ones say again what they said before."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Engine, delete, select

from xr_server.domain.catalog import Change, Name
from xr_server.storage.audit import note
from xr_server.storage.catalog import load_revision, store_revision
from xr_server.storage.going_out import Showing, lapse_questions, show
from xr_server.storage.reviews import undo_too_late
from xr_server.storage.tables.records import record, record_revision


def take_out(catalog: Engine, saved: Sequence[tuple[Name, int]], change: Change) -> None:
    """Take back drafts by the revisions an import gave them, all or none. Raises Stale when one has moved on since."""
    before = [
        (name, revision, load_revision(catalog, name, revision - 1) if revision > 1 else None)
        for name, revision in saved
    ]
    with catalog.begin() as connection:
        for name, revision, body in before:
            published = _check_untouched(connection, name, revision)
            if body is None:
                lapse_questions(connection, name, change)
                _delete(connection, name)
                note(connection, "deleted", name, change, revision=revision)
                continue
            again = store_revision(connection, name, (body, revision), change)
            if published == revision - 1:  # visitors see just this: then there is no draft any more
                show(connection, name, Showing("published", again, seen_as=published), change)
            note(connection, "undone", name, change, revision=again)


def _is(name: Name) -> tuple[ColumnElement[bool], ...]:
    return record.c.site_id == name.site_id, record.c.kind == name.kind, record.c.id == name.id


def _check_untouched(connection: Connection, name: Name, revision: int) -> int | None:
    """The published revision of a draft that nobody has touched. Raises Stale."""
    row = connection.execute(select(record).where(*_is(name))).first()
    if row is None or row.revision != revision or row.state != "draft":
        raise undo_too_late()
    published: int | None = row.published_revision
    return published


def _delete(connection: Connection, name: Name) -> None:
    table = record_revision.c
    connection.execute(
        delete(record_revision).where(table.site_id == name.site_id, table.kind == name.kind, table.id == name.id)
    )
    connection.execute(delete(record).where(*_is(name)))
