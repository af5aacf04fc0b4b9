"""Editable records with their revisions: load, save under an expected revision, publish, withdraw."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from xr_server.domain.catalog import RECORD_TYPES, Record, State
from xr_server.errors import Conflict, NotFound, Stale
from xr_server.storage.database import publication, record, record_revision


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands: its newest body, and which revision is published."""

    site_id: str
    kind: str
    id: str
    revision: int
    state: State
    published_revision: int | None
    body: Record
    updated_at: int


@dataclass(frozen=True)
class Change:
    """Who changes something, and when in ms UTC; account_id None is the system, such as an import."""

    at: int
    account_id: str | None = None


@dataclass(frozen=True)
class Name:
    """The full name of a record."""

    site_id: str
    kind: str
    id: str


def kind_of(body: Record) -> str:
    """The kind a record body belongs to."""
    return next(kind for kind, record_type in RECORD_TYPES.items() if isinstance(body, record_type))


def parse_record(kind: str, body: str | bytes) -> Record:
    """The record in its JSON form. Raises msgspec.ValidationError."""
    return msgspec.json.decode(body, type=RECORD_TYPES[kind])


def _is(name: Name) -> ColumnElement[bool]:
    return and_(record.c.site_id == name.site_id, record.c.kind == name.kind, record.c.id == name.id)


def _revision_joined(revision: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(
        record.c.site_id == record_revision.c.site_id,
        record.c.kind == record_revision.c.kind,
        record.c.id == record_revision.c.id,
        record_revision.c.revision == revision,
    )


def _stored(row: Row[tuple[object, ...]]) -> StoredRecord:
    return StoredRecord(
        site_id=row.site_id,
        kind=row.kind,
        id=row.id,
        revision=row.revision,
        state=row.state,
        published_revision=row.published_revision,
        body=parse_record(row.kind, row.body),
        updated_at=row.updated_at,
    )


def load_record(catalog: Engine, name: Name) -> StoredRecord:
    """The record with its newest body. Raises NotFound."""
    newest = _revision_joined(record.c.revision)
    with catalog.connect() as connection:
        row = connection.execute(
            select(record, record_revision.c.body).join(record_revision, newest).where(_is(name))
        ).first()
    if row is None:
        raise NotFound("record_unknown", f"There is no {name.kind} called {name.id} at {name.site_id}.")
    return _stored(row)


def list_records(catalog: Engine, site_id: str, kind: str) -> list[StoredRecord]:
    """All records of a kind at a site with their newest bodies, by id."""
    newest = _revision_joined(record.c.revision)
    query = select(record, record_revision.c.body).join(record_revision, newest)
    query = query.where(record.c.site_id == site_id, record.c.kind == kind).order_by(record.c.id)
    with catalog.connect() as connection:
        return [_stored(row) for row in connection.execute(query)]


def load_published(catalog: Engine, site_id: str) -> list[Record]:
    """The bodies of all published revisions of a site, by kind and id."""
    published = _revision_joined(record.c.published_revision)
    query = select(record.c.kind, record_revision.c.body).join(record_revision, published)
    query = query.where(record.c.site_id == site_id).order_by(record.c.kind, record.c.id)
    with catalog.connect() as connection:
        return [parse_record(row.kind, row.body) for row in connection.execute(query)]


def list_publications(catalog: Engine) -> dict[str, int]:
    """For every site with something published, the number that goes up with each publication."""
    with catalog.connect() as connection:
        rows = connection.execute(select(publication.c.site_id, publication.c.revision).order_by(publication.c.site_id))
        return {row.site_id: row.revision for row in rows}


def save_record(catalog: Engine, site_id: str, body: Record, expected: int | None, change: Change) -> int:
    """Store a new revision on top of the expected one (None: a new record) and give its number. Raises Stale."""
    return save_records(catalog, site_id, [(body, expected)], change)[0]


def save_records(
    catalog: Engine, site_id: str, edits: Sequence[tuple[Record, int | None]], change: Change
) -> list[int]:
    """Store new revisions, all or none, each on top of the revision named with it. Raises Stale."""
    name = Name(site_id, "record", "")
    try:
        with catalog.begin() as connection:
            revisions = []
            for body, expected in edits:
                name = Name(site_id, kind_of(body), body.id)
                revisions.append(write_revision(connection, name, (body, expected), change))
            return revisions
    except IntegrityError as error:  # somebody made the same new record first
        raise _stale(name) from error


def write_revision(connection: Connection, name: Name, edit: tuple[Record, int | None], change: Change) -> int:
    """Store one (record, expected revision) within the caller's transaction. Raises Stale, IntegrityError."""
    body, expected = edit
    revision = _advance(connection, name, expected, change.at)
    connection.execute(
        insert(record_revision).values(
            site_id=name.site_id,
            kind=name.kind,
            id=name.id,
            revision=revision,
            body=msgspec.json.encode(body).decode(),
            account_id=change.account_id,
            created_at=change.at,
        )
    )
    return revision


def _advance(connection: Connection, name: Name, expected: int | None, at: int) -> int:
    if expected is None:
        values = {"site_id": name.site_id, "kind": name.kind, "id": name.id}
        connection.execute(insert(record).values(**values, revision=1, state="draft", updated_at=at))
        return 1
    moved = connection.execute(
        update(record)
        .where(_is(name), record.c.revision == expected)
        .values(revision=expected + 1, state="draft", updated_at=at)
    )
    if moved.rowcount != 1:
        raise _stale(name)
    return expected + 1


def _stale(name: Name) -> Stale:
    return Stale(
        "stale_revision",
        f"Somebody else has changed the {name.kind} {name.id} since you opened it. Nothing of theirs was overwritten, and "
        "what you typed is still in the form: open the newest version, compare, and save again.",
    )


def set_state(catalog: Engine, name: Name, expected: int, state: State, at: int) -> None:
    """Move a record to a state; `published` publishes its newest revision. Raises Stale, NotFound, Conflict."""
    set_states(catalog, [(name, expected, state)], at)


def set_states(catalog: Engine, moves: Sequence[tuple[Name, int, State]], at: int) -> None:
    """Move records, all or none, each from the revision named with it. Raises Stale, NotFound, Conflict."""
    for name, _, state in moves:
        stored = load_record(catalog, name)
        if state == "withdrawn" and stored.published_revision is None:
            raise Conflict(
                "never_published", f"The {name.kind} {name.id} was never published, so there is nothing to withdraw."
            )
    with catalog.begin() as connection:
        for name, expected, state in moves:
            _move(connection, name, (expected, state), at)


def _move(connection: Connection, name: Name, to: tuple[int, State], at: int) -> None:
    expected, state = to
    values: dict[str, object] = {"state": state, "updated_at": at}
    if state == "published":
        values["published_revision"] = expected
    if state == "withdrawn":  # a later draft of it must not bring the old revision back
        values["published_revision"] = None
    moved = connection.execute(update(record).where(_is(name), record.c.revision == expected).values(**values))
    if moved.rowcount != 1:
        raise _stale(name)
    if state in {"published", "withdrawn"}:
        count_publication(connection, name.site_id, at)


def publish_record(catalog: Engine, name: Name, expected: int, at: int) -> None:
    """Publish the expected revision of a record. Raises Stale, NotFound."""
    set_state(catalog, name, expected, "published", at)


def withdraw_record(catalog: Engine, name: Name, expected: int, at: int) -> None:
    """Take a published record back. Raises Stale, NotFound, Conflict."""
    set_state(catalog, name, expected, "withdrawn", at)


def count_publication(connection: Connection, site_id: str, at: int) -> None:
    """Tell every server that what is published of the site has changed."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = dialect.insert(publication).values(site_id=site_id, revision=1, published_at=at)
    raised = {"revision": publication.c.revision + 1, "published_at": at}
    connection.execute(first.on_conflict_do_update(index_elements=[publication.c.site_id], set_=raised))
