"""Editable records with their revisions: load, save under an expected revision, publish, withdraw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.audit import MOVES, Deed
from xr_server.domain.calendar_feed import Stamp
from xr_server.domain.catalog import RECORD_TYPES, Record, State
from xr_server.domain.catalog import Change as Change  # noqa: PLC0414 - whoever stores records finds both here
from xr_server.domain.catalog import Name as Name  # noqa: PLC0414
from xr_server.errors import Conflict, NotFound, NotSignedIn, Stale
from xr_server.storage.audit import note
from xr_server.storage.database import insert_into
from xr_server.storage.going_out import Showing, check_theirs, is_record, lapse_questions, show
from xr_server.storage.tables.people import account
from xr_server.storage.tables.records import publication, record, record_revision

# made once: one made for each body costs four times what reading the body does
_READERS = {kind: msgspec.json.Decoder(record_type) for kind, record_type in RECORD_TYPES.items()}


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


def kind_of(body: Record) -> str:
    """The kind a record body belongs to."""
    return next(kind for kind, record_type in RECORD_TYPES.items() if isinstance(body, record_type))


def parse_record(kind: str, body: str | bytes) -> Record:
    """The record in its JSON form. Raises msgspec.ValidationError."""
    return _READERS[kind].decode(body)


def _revision_joined(revision: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(
        record.c.site_id == record_revision.c.site_id,
        record.c.kind == record_revision.c.kind,
        record.c.id == record_revision.c.id,
        record_revision.c.revision == revision,
    )


def to_stored_record(row: Row[tuple[object, ...]]) -> StoredRecord:
    """The record of a row of `select_newest`."""
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


def select_newest() -> Select[Any]:
    """Records with their newest bodies; conditions are the caller's."""
    return select(record, record_revision.c.body).join(record_revision, _revision_joined(record.c.revision))


def select_published() -> Select[Any]:
    """Kinds and bodies of what is published; conditions are the caller's."""
    published = _revision_joined(record.c.published_revision)
    return select(record.c.kind, record_revision.c.body).join(record_revision, published)


def load_record(catalog: Engine, name: Name) -> StoredRecord:
    """The record with its newest body. Raises NotFound."""
    with catalog.connect() as connection:
        row = connection.execute(select_newest().where(is_record(name))).first()
    if row is None:
        raise NotFound("record_unknown", f"There is no {name.kind} called {name.id} at {name.site_id}.")
    return to_stored_record(row)


def load_bodies(catalog: Engine, site_id: str, names: set[tuple[str, str]]) -> dict[tuple[str, str], Record]:
    """The newest bodies of a site's records by (kind, id), of those that are there."""
    newest = _revision_joined(record.c.revision)
    query = select(record.c.kind, record.c.id, record_revision.c.body).join(record_revision, newest)
    query = query.where(record.c.site_id == site_id, tuple_(record.c.kind, record.c.id).in_(names))
    with catalog.connect() as connection:
        return {(row.kind, row.id): parse_record(row.kind, row.body) for row in connection.execute(query)}


def load_revision(catalog: Engine, name: Name, revision: int) -> Record:
    """The body of one revision of a record. Raises NotFound."""
    table = record_revision.c
    which = (table.site_id == name.site_id, table.kind == name.kind, table.id == name.id, table.revision == revision)
    with catalog.connect() as connection:
        body = connection.execute(select(table.body).where(*which)).scalar()
    if body is None:
        raise NotFound("revision_unknown", f"The {name.kind} {name.id} has no revision {revision}. Reload the page.")
    return parse_record(name.kind, body)


def list_records(catalog: Engine, site_id: str, kind: str) -> list[StoredRecord]:
    """All records of a kind at a site with their newest bodies, by id."""
    query = select_newest().where(record.c.site_id == site_id, record.c.kind == kind).order_by(record.c.id)
    with catalog.connect() as connection:
        return [to_stored_record(row) for row in connection.execute(query)]


def load_published(catalog: Engine, site_id: str) -> list[Record]:
    """The bodies of all published revisions of a site, by kind and id."""
    query = select_published().where(record.c.site_id == site_id).order_by(record.c.kind, record.c.id)
    with catalog.connect() as connection:
        return [parse_record(row.kind, row.body) for row in connection.execute(query)]


def list_ids(catalog: Engine, site_id: str) -> dict[str, frozenset[str]]:
    """The ids of all records of a site by kind, however they stand."""
    found: dict[str, set[str]] = {}
    with catalog.connect() as connection:
        for kind, name in connection.execute(select(record.c.kind, record.c.id).where(record.c.site_id == site_id)):
            found.setdefault(kind, set()).add(name)
    return {kind: frozenset(names) for kind, names in found.items()}


def load_stamps(catalog: Engine, site_id: str) -> dict[tuple[str, str], Stamp]:
    """Which revision of each published record of a site visitors see, and when it was made, by kind and id."""
    published = _revision_joined(record.c.published_revision)
    wanted = (record.c.kind, record.c.id, record_revision.c.revision, record_revision.c.created_at)
    query = select(*wanted).join(record_revision, published).where(record.c.site_id == site_id)
    with catalog.connect() as connection:
        return {
            (row.kind, row.id): Stamp(revision=row.revision, at_ms=row.created_at) for row in connection.execute(query)
        }


def list_publications(catalog: Engine) -> dict[str, int]:
    """For every site with something published, the number that goes up with each publication."""
    with catalog.connect() as connection:
        rows = connection.execute(select(publication.c.site_id, publication.c.revision).order_by(publication.c.site_id))
        return {row.site_id: row.revision for row in rows}


def save_record(catalog: Engine, site_id: str, body: Record, expected: int | None, change: Change) -> int:
    """Store a new revision on top of the expected one (None: a new record) and give its number. Raises Stale, NotSignedIn."""
    return save_records(catalog, site_id, [(body, expected)], change)[0]


def save_records(
    catalog: Engine, site_id: str, edits: Sequence[tuple[Record, int | None]], change: Change
) -> list[int]:
    """Store new revisions, all or none, each on top of the revision named with it. Raises Stale, NotSignedIn."""
    name = Name(site_id, "record", "")
    try:
        with catalog.begin() as connection:
            _hold_account(connection, change)
            revisions = []
            for body, expected in edits:
                name = Name(site_id, kind_of(body), body.id)
                revisions.append(write_revision(connection, name, (body, expected), change))
            return revisions
    except IntegrityError as error:  # somebody made the same new record first
        raise _stale(name) from error


def save_published(catalog: Engine, site_id: str, body: Record, expected: int | None, change: Change) -> int:
    """Store a new revision as save_record does, and publish it: both, or neither. Raises Stale, NotSignedIn."""
    name = Name(site_id, kind_of(body), body.id)
    try:
        with catalog.begin() as connection:
            _hold_account(connection, change)
            revision = write_revision(connection, name, (body, expected), change)
            move_record(connection, name, (revision, "draft", "published"), change)
            return revision
    except IntegrityError as error:  # somebody made the same new record first
        raise _stale(name) from error


def _hold_account(connection: Connection, change: Change) -> None:
    """Let whoever saves stay until it is done: what an account saves after it was deleted would outlive it."""
    if change.account_id is None:
        return
    there = update(account).where(account.c.id == change.account_id).values(id=change.account_id)
    if connection.execute(there).rowcount != 1:  # deleted, such as a pupil's with the class, while this was asked
        raise NotSignedIn("sign_in_first", "This account is not there any more. Nothing was saved.")


def write_revision(
    connection: Connection, name: Name, edit: tuple[Record, int | None], change: Change, deed: Deed = "saved"
) -> int:
    """Store one (record, expected revision) within the caller's transaction, and note it. Raises Stale, IntegrityError."""
    revision = store_revision(connection, name, edit, change)
    note(connection, deed, name, change, revision=revision)
    return revision


def store_revision(connection: Connection, name: Name, edit: tuple[Record, int | None], change: Change) -> int:
    """The same for a caller who notes it in other words. Raises Stale, Forbidden, IntegrityError."""
    body, expected = edit
    if expected is not None:
        check_theirs(connection, name, body, change)
    revision = _advance(connection, name, expected, change.at)
    lapse_questions(connection, name, change)
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
        .where(is_record(name), record.c.revision == expected)
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


def set_state(catalog: Engine, name: Name, expected: int, state: State, change: Change) -> None:
    """Move a record to a state; `published` publishes its newest revision. Raises Stale, NotFound, Conflict."""
    set_states(catalog, [(name, expected, state)], change)


def set_states(catalog: Engine, moves: Sequence[tuple[Name, int, State]], change: Change) -> None:
    """Move records, all or none, each from the revision named with it. Raises Stale, NotFound, Conflict."""
    seen: dict[Name, State] = {}
    for name, _, state in moves:
        stored = load_record(catalog, name)
        seen[name] = stored.state
        if state == "withdrawn" and stored.published_revision is None:
            raise Conflict(
                "never_published", f"The {name.kind} {name.id} was never published, so there is nothing to withdraw."
            )
    with catalog.begin() as connection:
        for name, expected, state in moves:
            move_record(connection, name, (expected, seen[name], state), change)


def move_record(
    connection: Connection,
    name: Name,
    way: tuple[int, State, State],
    change: Change,
    told: Mapping[str, str] | None = None,
) -> None:
    """Move a record, as it was seen (revision, state), to a state, within the caller's transaction; told goes into the log.

    The revision alone does not tell that somebody withdrew it meanwhile. Raises Stale, Conflict, Forbidden.
    """
    expected, seen, state = way
    as_seen = (record.c.revision == expected, record.c.state == seen)
    passed: dict[str, str] | None = {}
    if state in {"published", "withdrawn"}:  # a later draft of what is withdrawn must not bring the old revision back
        revision = expected if state == "published" else None
        passed = show(connection, name, Showing(state, revision), change, *as_seen)
    else:
        moving = update(record).where(is_record(name), *as_seen).values(state=state, updated_at=change.at)
        passed = {} if connection.execute(moving).rowcount == 1 else None
    if passed is None:
        raise _stale(name)
    lapse_questions(connection, name, change)
    note(connection, MOVES[state], name, change, revision=expected, **{**(told or {}), **passed})
    if state in {"published", "withdrawn"}:
        count_publication(connection, name.site_id, change.at)


def publish_record(catalog: Engine, name: Name, expected: int, change: Change) -> None:
    """Publish the expected revision of a record. Raises Stale, NotFound."""
    set_state(catalog, name, expected, "published", change)


def withdraw_record(catalog: Engine, name: Name, expected: int, change: Change) -> None:
    """Take a published record back. Raises Stale, NotFound, Conflict."""
    set_state(catalog, name, expected, "withdrawn", change)


def count_publication(connection: Connection, site_id: str, at: int) -> None:
    """Tell every server that what is published of the site has changed."""
    first = insert_into(connection, publication).values(site_id=site_id, revision=1, published_at=at)
    raised = {"revision": publication.c.revision + 1, "published_at": at}
    connection.execute(first.on_conflict_do_update(index_elements=[publication.c.site_id], set_=raised))
