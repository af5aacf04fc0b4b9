"""Reviewing: notes to creators, moving records along, and taking a step back exactly as it was."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, insert, select, update

from xr_server.domain.review import Action, Standing, next_state
from xr_server.errors import Stale
from xr_server.storage.catalog import Change, Name, StoredRecord, load_record, set_states
from xr_server.storage.database import account, publication, record, review_note, scan


@dataclass(frozen=True)
class Note:
    """What somebody said about a revision, when in ms UTC, and their name."""

    revision: int
    text: str
    author: str
    created_at: int


@dataclass(frozen=True)
class Before:
    """How a record stood before a step, so that the step can be undone."""

    name: Name
    revision: int
    standing: Standing


def standing_of(stored: StoredRecord) -> Standing:
    """How a stored record stands."""
    return Standing(stored.state, stored.published_revision)


def take_step(catalog: Engine, name: Name, expected: int, action: Action, at: int) -> Before:
    """Move a record along; gives how it stood. Raises NotFound, Conflict, Stale."""
    return take_steps(catalog, [(name, expected)], action, at)[0]


def take_steps(catalog: Engine, which: Sequence[tuple[Name, int]], action: Action, at: int) -> list[Before]:
    """Move records along, all or none, each from the revision named with it. Raises NotFound, Conflict, Stale."""
    steps = [Before(name, expected, standing_of(load_record(catalog, name))) for name, expected in which]
    moves = [(step.name, step.revision, next_state(action, step.standing)) for step in steps]
    set_states(catalog, moves, at)
    return steps


def step_back(catalog: Engine, before: Before, at: int) -> None:
    """Put a record back to how it stood; visitors see what they saw. Raises NotFound, Stale when it moved on since."""
    name = before.name
    load_record(catalog, name)
    with catalog.begin() as connection:
        which = (record.c.site_id == name.site_id, record.c.kind == name.kind, record.c.id == name.id)
        moved = connection.execute(
            update(record)
            .where(*which, record.c.revision == before.revision)
            .where((before.standing.published_revision or 0) <= record.c.revision)
            .values(state=before.standing.state, published_revision=before.standing.published_revision, updated_at=at)
        )
        if moved.rowcount != 1:
            raise Stale("undo_too_late", "Somebody has changed it since, so it was left as it is. Reload the page.")
        connection.execute(
            update(publication)
            .where(publication.c.site_id == name.site_id)
            .values(revision=publication.c.revision + 1, published_at=at)
        )


def count_waiting(catalog: Engine, site_id: str) -> int:
    """How many experiences of a site wait to be looked at; of a published one the scene alone may, which goes by its id."""
    own = record.alias()
    out = select(own.c.id).where(own.c.site_id == site_id, own.c.kind == "experience", own.c.state == "published")
    waits = (record.c.kind == "experience") | ((record.c.kind == "scene") & record.c.id.in_(out))
    query = select(func.count(record.c.id.distinct())).where(
        record.c.site_id == site_id, record.c.state == "in_review", waits
    )
    with catalog.connect() as connection:
        return int(connection.execute(query).scalar_one())


def count_returned(catalog: Engine, site_id: str, account_id: str) -> int:
    """How many experiences made from an account's scans came back with something to change."""
    query = (
        select(func.count(record.c.id.distinct()))
        .join(scan, (scan.c.site_id == record.c.site_id) & (scan.c.scene_id == record.c.id))
        .where(record.c.site_id == site_id, record.c.kind == "experience", record.c.state == "changes_requested")
        .where(scan.c.account_id == account_id)
    )
    with catalog.connect() as connection:
        return int(connection.execute(query).scalar_one())


def save_note(
    catalog: Engine, about: tuple[Name, int], text: str, change: Change, random_bytes: Callable[[int], bytes]
) -> None:
    """Keep what staff tell the creator about a revision of a record."""
    name, revision = about
    with catalog.begin() as connection:
        connection.execute(
            insert(review_note).values(
                id=str(uuid.UUID(bytes=random_bytes(16), version=4)),
                site_id=name.site_id,
                kind=name.kind,
                record_id=name.id,
                revision=revision,
                account_id=change.account_id or "",
                text=text,
                created_at=change.at,
            )
        )


def list_notes(catalog: Engine, name: Name) -> list[Note]:
    """What was said about a record, newest first."""
    query = (
        select(review_note, account.c.name.label("author"))
        .outerjoin(account, account.c.id == review_note.c.account_id)
        .where(review_note.c.site_id == name.site_id, review_note.c.kind == name.kind)
        .where(review_note.c.record_id == name.id)
        .order_by(review_note.c.created_at.desc(), review_note.c.id)
    )
    with catalog.connect() as connection:
        return [Note(row.revision, row.text, row.author or "?", row.created_at) for row in connection.execute(query)]
