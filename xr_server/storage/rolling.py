"""Going back: a new revision that holds what an earlier one held, seen by visitors at once, and the way back from there."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, update

from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name, Record
from xr_server.domain.review import Standing
from xr_server.storage.audit import Entry, Wanted, list_entries, note
from xr_server.storage.catalog import (
    count_publication,
    load_record,
    load_revision,
    store_revision,
)
from xr_server.storage.going_out import Showing, show
from xr_server.storage.reviews import Before, put_back, standing_of, stands_as_left, undo_too_late
from xr_server.storage.tables.records import record

MOST_SHOWN = 8
MOST_READ = 400
OUT: tuple[Deed, ...] = ("published", "imported", "rolled_back")


def list_published(catalog: Engine, name: Name) -> list[Entry]:
    """When each earlier revision of a record went out to visitors last, the newest first; not the one they see now."""
    now = load_record(catalog, name).published_revision
    wanted = Wanted(kind=name.kind, thing_id=name.id, deeds=OUT)
    entries = list_entries(catalog, name.site_id, wanted, MOST_READ)
    found: dict[int, Entry] = {}
    for entry in entries:
        if entry.revision is not None and entry.revision != now:
            found.setdefault(entry.revision, entry)
    return list(found.values())[:MOST_SHOWN]


def roll_back(
    catalog: Engine, name: Name, edit: tuple[Record, int], change: Change, told: dict[str, str | int]
) -> Before:
    """Store (record, revision it goes on top of) as a new revision and publish it; gives how things stood.

    told says in the log what it goes back to. Raises NotFound, Stale, Conflict, Forbidden.
    """
    body, expected = edit
    before = standing_of(load_record(catalog, name))
    with catalog.begin() as connection:
        revision = store_revision(connection, name, (body, expected), change)
        passed = show(connection, name, Showing("published", revision), change) or {}
        note(connection, "rolled_back", name, change, revision=revision, **told, **passed)
        count_publication(connection, name.site_id, change.at)
    return Before(name, revision, before, "published", expected)


def undo_steps(catalog: Engine, steps: Sequence[Before], change: Change) -> None:
    """Put records back to how they stood, all or none; visitors see what they saw. Raises NotFound, Stale."""
    for before in steps:
        load_record(catalog, before.name)
    bodies = [load_revision(catalog, before.name, before.replaced) if before.replaced else None for before in steps]
    with catalog.begin() as connection:
        for before, body in zip(steps, bodies, strict=True):
            if body is None:
                put_back(connection, before, change)
            else:
                _undo_roll_back(connection, before, body, change)


def _undo_roll_back(connection: Connection, before: Before, body: Record, change: Change) -> None:
    """Put back, as yet another revision, what stood there before a roll back, and let visitors see what they saw."""
    name, seen = before.name, before.standing.published_revision
    as_left = update(record).where(*stands_as_left(before)).values(updated_at=change.at)
    if connection.execute(as_left).rowcount != 1:
        raise undo_too_late()
    revision = store_revision(connection, name, (body, before.revision), change)
    standing = Standing(before.standing.state, revision if seen == before.replaced else seen)
    shown = Showing(standing.state, standing.published_revision, seen_as=seen)
    told = show(connection, name, shown, change) or {}
    note(connection, "undone", name, change, revision=revision, state=standing.state, **told)
    count_publication(connection, name.site_id, change.at)
