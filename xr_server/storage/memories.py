"""Residents' memories: told, decided, translated, withdrawn by their code, and gone for good with their pictures."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.catalog import Change, Name
from xr_server.domain.memory import (
    HOUR_MS,
    KEPT_MS,
    MARK_KEPT_MS,
    MOST_AN_HOUR,
    MOST_PICTURES_AN_HOUR,
    MOST_WAITING,
    Rendering,
    Shown,
    State,
    Told,
    Translations,
    check_next,
)
from xr_server.domain.memory_rule import check_taken
from xr_server.errors import Busy, Conflict, NotFound, Stale
from xr_server.storage.audit import note
from xr_server.storage.catalog import count_publication
from xr_server.storage.database import forget_pages, insert_into, may_be_there
from xr_server.storage.files import write_file
from xr_server.storage.memory_rules import load_rule
from xr_server.storage.tables.memories import memory, memory_hour
from xr_server.storage.tokens import RandomBytes, hash_token

FOLDER = "memories"  # in the package store: a picture each, by the id of its memory
UNNAMED_S = 3_600  # so long a picture may lie there before its memory is stored
MOST_LISTED = 500
DEEDS = {"shown": "memory_shown", "refused": "memory_refused", "hidden": "memory_hidden"}


@dataclass(frozen=True)
class New:
    """What somebody gives: where, what, the code it is found by, and the picture, written anew already."""

    site_id: str
    landmark: str
    told: Told
    code: str
    picture: bytes | None = None


@dataclass(frozen=True)
class Memory:
    """A memory and what became of it; told is None once it is gone. Moments in ms UTC."""

    id: str
    site_id: str
    landmark: str
    state: State
    revision: int
    told: Told | None
    translations: Translations
    has_picture: bool
    was_shown: bool
    reason: str
    created_at: int
    decided_at: int | None


@dataclass(frozen=True)
class Verdict:
    """What staff make of a memory at the revision they saw; why, for whoever gave it."""

    revision: int
    state: State
    reason: str = ""


def _stored(row: Row[Any]) -> Memory:
    plain = {name: getattr(row, name) for name in Memory.__dataclass_fields__ if name not in ("told", "translations")}
    told = msgspec.json.decode(row.told, type=Told) if row.told else None
    translations = msgspec.json.decode(row.translations or "{}", type=Translations)
    return Memory(**plain, told=told, translations=translations)


def _dump(value: object) -> str:
    return msgspec.json.encode(value).decode()


def check_open(catalog: Engine, site_id: str, at: int) -> None:
    """Refuse another memory while the site takes none, very many wait, or came within the hour. Raises Forbidden, Busy.

    No address is looked at.
    """
    check_taken(load_rule(catalog, site_id).rule)
    mine = memory.c.site_id == site_id
    recent = select(func.count()).where(mine, memory.c.created_at > at - HOUR_MS)
    waiting = select(func.count()).where(mine, memory.c.state == "waiting")
    with catalog.connect() as connection:
        if connection.execute(waiting).scalar_one() >= MOST_WAITING:
            raise _many(24 * 3600)
        if connection.execute(recent).scalar_one() >= MOST_AN_HOUR:
            raise _many(3600)


def _many(retry_after_s: int) -> Busy:
    return Busy(
        "memories_many",
        "Very many memories have come in and wait to be read, so none can be added just now. Please come again later.",
        retry_after_s,
    )


def count_picture(catalog: Engine, site_id: str, at: int) -> None:
    """Count a picture before it is opened, which costs a second of a processor. Raises Busy when there were many."""
    hour = at // HOUR_MS
    with catalog.begin() as connection:
        connection.execute(delete(memory_hour).where(memory_hour.c.hour < hour - 1))
        first = insert_into(connection, memory_hour).values(site_id=site_id, hour=hour, pictures=1)
        raised = first.on_conflict_do_update(
            index_elements=[memory_hour.c.site_id, memory_hour.c.hour], set_={"pictures": memory_hour.c.pictures + 1}
        )
        count = connection.execute(raised.returning(memory_hour.c.pictures)).scalar_one()
        if count > MOST_PICTURES_AN_HOUR:
            raise _many((hour + 1) * HOUR_MS // 1000 - at // 1000)


def tell_memory(catalog: Engine, store: Path, new: New, at: int, random_bytes: RandomBytes) -> Memory:
    """Keep a memory that waits for staff; the same form sent twice is one memory. Raises Forbidden, Busy."""
    found = _find_by_hash(catalog, hash_token(new.code))
    if found is not None:
        return found
    check_open(catalog, new.site_id, at)
    own_id = uuid.UUID(bytes=random_bytes(16), version=4).hex
    if new.picture is not None:
        write_file(_path(store, own_id), new.picture)  # before its row: a row without its picture would be worse
    row = {"site_id": new.site_id, "id": own_id, "landmark": new.landmark, "state": "waiting", "revision": 1}
    row |= {"code_hash": hash_token(new.code), "told": _dump(new.told), "translations": "{}", "reason": ""}
    row |= {"has_picture": new.picture is not None, "was_shown": False, "created_at": at}
    try:
        with catalog.begin() as connection:
            connection.execute(insert(memory).values(**row))
    except IntegrityError:  # sent twice at the same moment
        _path(store, own_id).unlink(missing_ok=True)
    return find_by_code(catalog, new.code)


def is_told(catalog: Engine, code: str) -> bool:
    """Whether there is a memory of this code, or was one."""
    return _find_by_hash(catalog, hash_token(code)) is not None


def find_by_code(catalog: Engine, code: str) -> Memory:
    """The memory of a code. Raises NotFound."""
    found = _find_by_hash(catalog, hash_token(code))
    if found is None:
        raise NotFound("memory_unknown", "No memory has this code. Compare it with your sheet, letter by letter.")
    return found


def _find_by_hash(catalog: Engine, code_hash: str) -> Memory | None:
    with catalog.connect() as connection:
        row = connection.execute(select(memory).where(memory.c.code_hash == code_hash)).first()
    return None if row is None else _stored(row)


def load_memory(catalog: Engine, site_id: str, memory_id: str) -> Memory:
    """A memory by its id. Raises NotFound."""
    with catalog.connect() as connection:
        row = connection.execute(select(memory).where(_is(site_id, memory_id))).first()
    if row is None:
        raise NotFound("memory_unknown_here", "There is no memory of this id. /desk/memories lists them.")
    return _stored(row)


def list_memories(catalog: Engine, site_id: str, landmarks: frozenset[str] = frozenset()) -> list[Memory]:
    """A site's memories, those that wait first, then the newest; landmarks: only there."""
    waits_first = case((memory.c.state == "waiting", 0), else_=1)
    query = select(memory).where(memory.c.state != "gone", _at(site_id, landmarks))
    query = query.order_by(waits_first, memory.c.created_at.desc(), memory.c.id).limit(MOST_LISTED)
    with catalog.connect() as connection:
        return [_stored(row) for row in connection.execute(query)]


def count_waiting_memories(catalog: Engine, site_id: str, landmarks: frozenset[str] = frozenset()) -> int:
    """How many memories wait for staff; landmarks: only there."""
    query = select(func.count()).select_from(memory).where(memory.c.state == "waiting", _at(site_id, landmarks))
    with catalog.connect() as connection:
        return int(connection.execute(query).scalar_one())


def _at(site_id: str, landmarks: frozenset[str]) -> ColumnElement[bool]:
    here = memory.c.site_id == site_id
    return and_(here, memory.c.landmark.in_(sorted(landmarks))) if landmarks else here


def list_shown(catalog: Engine, site_id: str) -> list[Shown]:
    """What visitors of a site are shown, the oldest year first."""
    query = select(memory).where(memory.c.site_id == site_id, memory.c.state == "shown")
    with catalog.connect() as connection:
        found = [_stored(row) for row in connection.execute(query.order_by(memory.c.created_at, memory.c.id))]
    shown = [
        Shown(id=it.id, landmark=it.landmark, told=it.told, translations=it.translations, has_picture=it.has_picture)
        for it in found
        if it.told is not None
    ]
    return sorted(shown, key=lambda it: it.told.year or 9999)


def decide(catalog: Engine, found: Memory, verdict: Verdict, change: Change) -> None:
    """Show a memory, refuse it or hide it again; visitors have it at their next look. Raises Conflict, Stale."""
    check_next(found.state, verdict.state)
    values: dict[str, Any] = {"state": verdict.state, "reason": verdict.reason, "decided_at": change.at}
    if verdict.state == "shown":
        values["was_shown"] = True
    with catalog.begin() as connection:
        _change(connection, replace(found, revision=verdict.revision), values)
        _note(connection, found, DEEDS[verdict.state], change)
        if "shown" in (found.state, verdict.state):
            count_publication(connection, found.site_id, change.at)


def translate(catalog: Engine, found: Memory, language: str, rendering: Rendering | None, change: Change) -> None:
    """Add a translation, put another in its place, or take it away (None). Raises Conflict, Stale."""
    if found.told is None:
        raise Conflict("memory_gone", "This memory was withdrawn meanwhile, and nothing of it is left.")
    others = {name: one for name, one in found.translations.items() if name != language}
    translations = others if rendering is None else {**others, language: rendering}
    with catalog.begin() as connection:
        _change(connection, found, {"translations": _dump(translations)})
        _note(connection, found, "memory_translated", change)
        if found.state == "shown":
            count_publication(connection, found.site_id, change.at)


def _change(connection: Connection, found: Memory, values: dict[str, Any]) -> None:
    """Change a memory as it stands at a revision. Raises Stale."""
    at_revision = and_(_is(found.site_id, found.id), memory.c.revision == found.revision, memory.c.state != "gone")
    done = connection.execute(update(memory).where(at_revision).values(**values, revision=found.revision + 1))
    if done.rowcount != 1:
        raise Stale("memory_changed", "Somebody decided on this memory meanwhile. Nothing was changed; read it again.")


def _note(connection: Connection, found: Memory, deed: Any, change: Change) -> None:
    note(connection, deed, Name(found.site_id, "memory", found.id), change)


def withdraw_memory(catalog: Engine, store: Path, code: str, at: int) -> None:
    """Delete words and picture for good, as whoever gave them asks. Raises NotFound."""
    found = find_by_code(catalog, code)
    if found.state != "gone":
        _let_go(catalog, store, [found], "memory_withdrawn", at)


def keep_back(catalog: Engine, code: str, at: int) -> None:
    """Take a memory out of the open data, as whoever gave it asks; it stays on its page. Raises NotFound."""
    found = find_by_code(catalog, code)
    if found.told is None or not found.told.open_consent:
        return
    told = msgspec.structs.replace(found.told, open_consent=0)
    with catalog.begin() as connection:
        _change(connection, found, {"told": _dump(told)})
        _note(connection, found, "memory_kept_back", Change(at, None))


def _let_go(catalog: Engine, store: Path, those: Sequence[Memory], deed: str, at: int) -> None:
    """Nothing of them is left but that they were there; first in the store of rows, so that no page names the pictures."""
    empty = {"state": "gone", "told": "", "translations": "{}", "reason": "", "decided_at": at}
    for found in those:
        with catalog.begin() as connection:
            still = and_(_is(found.site_id, found.id), memory.c.state != "gone")
            done = connection.execute(
                update(memory)
                .where(still)
                .values(**empty, revision=memory.c.revision + 1)
                .returning(memory.c.was_shown)
            ).first()
            if done is not None:
                _note(connection, found, deed, Change(at, None))
                if done.was_shown:
                    count_publication(connection, found.site_id, at)
        _path(store, found.id).unlink(missing_ok=True)
    if those:
        forget_pages(catalog)


def forget_memories(catalog: Engine, store: Path, at: int) -> None:
    """Delete what was refused or hidden a month ago, marks of what is gone for a year, and pictures without a memory."""
    over = and_(memory.c.state.in_(("refused", "hidden")), memory.c.decided_at <= at - KEPT_MS)
    marks = and_(memory.c.state == "gone", memory.c.decided_at <= at - MARK_KEPT_MS)
    with catalog.connect() as connection:
        those = [_stored(row) for row in connection.execute(select(memory).where(over))]
    _let_go(catalog, store, those, "memory_forgotten", at)
    with catalog.begin() as connection:
        connection.execute(delete(memory).where(marks))
    _sweep_pictures(catalog, store, at)


def _sweep_pictures(catalog: Engine, store: Path, at: int) -> None:
    """A crash may leave a picture whose memory was never stored, or is gone."""
    old = [path for path in (store / FOLDER).glob("*") if at / 1000 - path.stat().st_mtime > UNNAMED_S]
    names = [path.stem for path in old]
    kept = select(memory.c.id).where(memory.c.id.in_(names), memory.c.state != "gone", memory.c.has_picture)
    with catalog.connect() as connection:
        named = set(connection.execute(kept).scalars()) if names else set()
    for path in old:
        if path.stem not in named or path.suffix != ".webp":
            path.unlink(missing_ok=True)


def find_picture(store: Path, memory_id: str) -> Path | None:
    """The picture of a memory; None when it is not there (any more)."""
    path = _path(store, memory_id)
    return path if path.is_file() else None


def was_taken_off(catalog: Engine, memory_id: str) -> bool:
    """Whether visitors once saw a memory of this id that is withdrawn or taken off now, at whichever site."""
    query = select(memory.c.id).where(memory.c.id == memory_id, memory.c.was_shown, memory.c.state != "shown")
    with catalog.connect() as connection:
        return may_be_there(memory_id) and connection.execute(query).first() is not None


def _path(store: Path, memory_id: str) -> Path:
    return store / FOLDER / f"{memory_id}.webp"


def _is(site_id: str, memory_id: str) -> ColumnElement[bool]:
    return and_(memory.c.site_id == site_id, memory.c.id == memory_id)
