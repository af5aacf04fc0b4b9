"""The library of a site: every picture and sound it has, whose each is, where it is used; added, changed, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, select, true, update

from xr_server.domain.audit import MOVES
from xr_server.domain.catalog import State
from xr_server.domain.media import Media
from xr_server.domain.media_use import Use, find_uses
from xr_server.domain.quota import check_room
from xr_server.domain.school import waits_after_change
from xr_server.errors import Conflict, NotFound, NotSignedIn, Stale
from xr_server.storage.audit import note
from xr_server.storage.catalog import (
    Change,
    Name,
    StoredRecord,
    count_publication,
    list_records,
    load_record,
    parse_record,
    select_newest,
    select_published,
    write_revision,
)
from xr_server.storage.intake import Held, drop_held
from xr_server.storage.media import add_file, remove_files
from xr_server.storage.organisations import take_turn
from xr_server.storage.quotas import load_standing
from xr_server.storage.scans import Owner
from xr_server.storage.tables.classes import pupil
from xr_server.storage.tables.people import account
from xr_server.storage.tables.records import media_file, record, record_revision, review_note


@dataclass(frozen=True)
class Entry:
    """One picture or sound: its record, the account that brought it in (None: an import), and where it is used."""

    stored: StoredRecord
    media: Media
    owner_id: str | None
    uses: Sequence[Use]

    @property
    def is_named(self) -> bool:
        """Whether some scene or experience names it, as a draft or as published."""
        return bool(self.uses)


@dataclass(frozen=True)
class Edit:
    """What is to be said of a medium, on top of which revision (None: a new one), and its new file, if it has one."""

    media: Media
    expected: int | None
    held: Held | None = None


def list_library(catalog: Engine, site_id: str) -> list[Entry]:
    """Every picture and sound of a site, what changed last first."""
    uses, owners = load_uses(catalog, site_id), _load_owners(catalog, site_id)
    stored = sorted(list_records(catalog, site_id, "media"), key=lambda item: (-item.updated_at, item.id))
    return [
        Entry(item, item.body, owners.get(item.id), uses.get(item.id, ()))
        for item in stored
        if isinstance(item.body, Media)
    ]


def load_entry(catalog: Engine, site_id: str, record_id: str) -> Entry:
    """One picture or sound. Raises NotFound."""
    stored = load_record(catalog, Name(site_id, "media", record_id))
    if not isinstance(stored.body, Media):
        raise NotFound("record_unknown", f"There is no media called {record_id} at {site_id}.")
    owner = _load_owners(catalog, site_id, record_id).get(record_id)
    return Entry(stored, stored.body, owner, load_uses(catalog, site_id).get(record_id, ()))


def load_uses(catalog: Engine, site_id: str) -> Mapping[str, Sequence[Use]]:
    """By the id of a medium, where it is used."""
    with catalog.connect() as connection:
        return _read_uses(connection, site_id)


def _read_uses(connection: Connection, site_id: str) -> Mapping[str, Sequence[Use]]:
    here = record.c.site_id == site_id
    drafts = select_newest().where(here, record.c.kind.in_(("scene", "experience")))
    newest, published = (
        [parse_record(row.kind, row.body) for row in connection.execute(query)]
        for query in (
            drafts.order_by(record.c.kind.desc(), record.c.id),
            select_published().where(here).order_by(record.c.kind, record.c.id),
        )
    )
    return find_uses(newest, published)


def _load_owners(catalog: Engine, site_id: str, record_id: str | None = None) -> dict[str, str]:
    """The account of each medium that somebody brought in, by the record's id."""
    with catalog.connect() as connection:
        return read_owners(connection, site_id, record_id)


def read_owners(connection: Connection, site_id: str, record_id: str | None = None) -> dict[str, str]:
    """The same within the caller's transaction."""
    query = select(media_file.c.record_id, media_file.c.account_id).where(media_file.c.site_id == site_id)
    query = query.where(media_file.c.record_id == record_id) if record_id else query
    rows = connection.execute(query.order_by(media_file.c.created_at.desc(), media_file.c.digest))
    return {row.record_id: row.account_id for row in rows}  # the first file's account stays


def find_media_owner(catalog: Engine, site_id: str, record_id: str) -> str | None:
    """The account that brought a medium in; None for one that was imported."""
    return _load_owners(catalog, site_id, record_id).get(record_id)


def bytes_of_media(connection: Connection, account_id: str) -> int:
    """What the pictures and sounds of an account take, in bytes."""
    query = select(func.coalesce(func.sum(media_file.c.size_bytes), 0)).where(media_file.c.account_id == account_id)
    return int(connection.execute(query).scalar_one())


def save_media(catalog: Engine, store: Path, owner: Owner, edit: Edit, at: int) -> int:
    """Keep what is said of a medium, with its new file; gives the revision. What visitors see stays until it is published.

    A change to what they see waits for staff at once, a pupil's for the teacher. Raises Stale, TooLarge.
    """
    media, held = edit.media, edit.held
    if held is not None:
        media = replace(media, digest=held.digest, size_bytes=held.size_bytes, duration_s=round(held.duration_s, 3))
    name, change = Name(owner.site_id, "media", media.id), Change(at, owner.account_id)
    with catalog.begin() as connection:
        # what is sent to a site at once is counted one after the other (SQLite: the write comes first)
        take_turn(connection, owner.site_id)
        there = update(account).where(account.c.id == owner.account_id).values(id=owner.account_id)
        if connection.execute(there).rowcount != 1:  # deleted, such as a pupil's with the class, while this was asked
            raise NotSignedIn("sign_in_first", "This account is not there any more. Nothing was kept.")
        before = connection.execute(select(record.c.state).where(_is(name))).scalar()
        revision = write_revision(connection, name, (media, edit.expected), change)
        if held is not None:
            _count_in(connection, owner, media, at)
            # in its turn: whoever deletes the same file meanwhile is done, or finds this record naming it
            add_file(store, media, held.path.read_bytes(), held.small.read_bytes() if held.small.is_file() else None)
        _let_wait(connection, (name, revision), before, change)
    if held is not None:
        drop_held(held)
    return revision


def _let_wait(connection: Connection, saved: tuple[Name, int], before: State | None, change: Change) -> None:
    """Let a medium that was saved as a revision wait for whoever has to look at it before visitors do."""
    name, revision = saved
    owner = read_owners(connection, name.site_id, name.id).get(name.id)
    is_pupils = connection.execute(select(pupil.c.account_id).where(pupil.c.account_id == owner)).first() is not None
    is_seen = any(use.published for use in _read_uses(connection, name.site_id).get(name.id, ()))
    state = waits_after_change(is_pupils, is_seen, before)
    if state is not None:
        connection.execute(update(record).where(_is(name)).values(state=state))
        note(connection, MOVES[state], name, change, revision=revision)


def _count_in(connection: Connection, owner: Owner, media: Media, at: int) -> None:
    """Let a file count towards its account. Raises TooLarge."""
    mine = (
        media_file.c.site_id == owner.site_id,
        media_file.c.record_id == media.id,
        media_file.c.digest == media.digest,
    )
    if connection.execute(select(media_file.c.digest).where(*mine)).first() is not None:
        return
    check_room(load_standing(connection, owner.site_id, owner.account_id, owner.defaults), media.size_bytes)
    connection.execute(
        insert(media_file).values(
            site_id=owner.site_id,
            record_id=media.id,
            digest=media.digest,
            account_id=owner.account_id,
            size_bytes=media.size_bytes,
            created_at=at,
        )
    )


def delete_media(catalog: Engine, store: Path, name: Name, expected: int, change: Change) -> None:
    """Delete a medium with all its versions and files. Raises Conflict while something names it, Stale, NotFound."""
    load_record(catalog, name)
    with catalog.begin() as connection:
        take_turn(connection, name.site_id)  # what it finds unnamed, nobody brings in again before it is gone
        if _read_uses(connection, name.site_id).get(name.id):
            raise Conflict(
                "media_named",
                "Something still shows it; below stands what. Take it out there first. Nothing was deleted.",
            )
        revisions = record_revision.c
        digests = read_digests(connection, and_(revisions.site_id == name.site_id, revisions.id == name.id))
        _forget_parts(connection, name)
        mine = delete(record).where(_is(name), record.c.revision == expected)
        gone = connection.execute(mine.returning(record.c.published_revision)).first()
        if gone is None:
            raise Stale("stale_media", "Somebody else has changed this since you opened it, so it was not deleted.")
        note(connection, "deleted", name, change, revision=expected)
        if gone.published_revision is not None:
            count_publication(connection, name.site_id, change.at)
        remove_files(store, sorted(digests - read_digests(connection, true())))


def _forget_parts(connection: Connection, name: Name) -> None:
    """Delete a medium's versions, what was said of them, and whose its files are."""
    revisions, notes = record_revision.c, review_note.c
    own = (revisions.site_id == name.site_id, revisions.kind == name.kind, revisions.id == name.id)
    said = (notes.site_id == name.site_id, notes.kind == name.kind, notes.record_id == name.id)
    files = (media_file.c.site_id == name.site_id, media_file.c.record_id == name.id)
    connection.execute(delete(record_revision).where(*own))
    connection.execute(delete(review_note).where(*said))
    connection.execute(delete(media_file).where(*files))


def find_named(catalog: Engine, digests: Sequence[str]) -> set[str]:
    """Which of these files some version of a medium names, at any site."""
    if not digests:
        return set()
    with catalog.connect() as connection:
        return read_digests(connection, true()) & set(digests)


def read_digests(connection: Connection, which: ColumnElement[bool]) -> set[str]:
    """The files that these versions of pictures and sounds name, within the caller's transaction."""
    query = select(record_revision.c.body).where(record_revision.c.kind == "media", which)
    bodies = [parse_record("media", body) for body in connection.scalars(query)]
    return {body.digest for body in bodies if isinstance(body, Media) and body.digest}


def _is(name: Name) -> ColumnElement[bool]:
    return and_(record.c.site_id == name.site_id, record.c.kind == name.kind, record.c.id == name.id)
