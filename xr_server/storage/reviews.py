"""Reviewing: notes to creators, moving records along, and taking a step back exactly as it was."""

import uuid
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, case, exists, func, insert, select

from xr_server.domain.audit import MOVES, Deed
from xr_server.domain.belonging import landmark_of
from xr_server.domain.catalog import State
from xr_server.domain.review import Action, Standing, next_state
from xr_server.errors import Stale
from xr_server.storage.audit import Wanted, list_entries, note
from xr_server.storage.catalog import (
    Change,
    Name,
    StoredRecord,
    count_publication,
    list_records,
    load_record,
    move_record,
)
from xr_server.storage.going_out import Showing, lapse_questions, show
from xr_server.storage.media_library import load_uses
from xr_server.storage.tables.approvals import approval, approval_item
from xr_server.storage.tables.people import account
from xr_server.storage.tables.records import record, review_note
from xr_server.storage.tables.scans import scan

# what a deed of the log left a record as; what is withdrawn keeps the words it had
LEFT_AS: dict[Deed, State] = {deed: state for state, deed in MOVES.items() if state != "withdrawn"}
LEFT_AS |= {"saved": "draft", "imported": "published", "rolled_back": "published"}
PLACED = ("landmark", "path", "hazard", "notice", "rally", "campaign", "questionnaire")
"""Kinds that are handed in by themselves, not with an experience."""


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
    led_to: State  # whoever finds it in another state is too late to undo
    replaced: int | None = None  # the revision whose words a roll back put others in place of


class Seen(NamedTuple):
    """A record as somebody saw it before a step; without a state, in whichever it is."""

    name: Name
    revision: int
    state: State | None = None


@dataclass(frozen=True)
class Why:
    """Why staff take a step: a reason of ours, words of theirs, and the id under which these are kept."""

    reason: str = ""
    text: str = ""
    note_id: str = ""


def make_why(reason: str, text: str, random_bytes: Callable[[int], bytes]) -> Why:
    """Why a step is taken."""
    return Why(reason, text, str(uuid.UUID(bytes=random_bytes(16), version=4)))


def standing_of(stored: StoredRecord) -> Standing:
    """How a stored record stands."""
    return Standing(stored.state, stored.published_revision)


def find_state_before(catalog: Engine, name: Name) -> str | None:
    """How a record that is withdrawn stood before, as the log tells; None when nothing was ever done with it."""
    wanted = Wanted(kind=name.kind, thing_id=name.id, deeds=(*LEFT_AS, "undone"))
    for entry in list_entries(catalog, name.site_id, wanted, 1):
        return LEFT_AS.get(entry.deed) or str(entry.details.get("state"))
    return None


def take_step(catalog: Engine, name: Name, expected: int, action: Action, change: Change) -> Before:
    """Move a record along; gives how it stood. Raises NotFound, Conflict, Stale."""
    return take_steps(catalog, [Seen(name, expected)], action, change)[0]


def take_steps(
    catalog: Engine, which: Sequence[Seen], action: Action, change: Change, why: Why | None = None
) -> list[Before]:
    """Move records along, all or none, each from how it was seen; what is said of it is about the first one.

    Raises NotFound, Conflict, Stale.
    """
    why = why or Why()
    standings = [standing_of(load_record(catalog, seen.name)) for seen in which]
    steps = [
        Before(seen.name, seen.revision, standing, next_state(action, standing))
        for seen, standing in zip(which, standings, strict=True)
    ]
    told = {"reason": why.reason} if why.reason else {}
    with catalog.begin() as connection:
        if why.text:
            keep_note(connection, (which[0].name, which[0].revision), why, change)
            told["note"] = why.note_id
        for step, seen in zip(steps, which, strict=True):
            way = step.revision, seen.state or step.standing.state, step.led_to
            move_record(connection, step.name, way, change, told)
    return steps


def keep_note(connection: Connection, about: tuple[Name, int], why: Why, change: Change) -> None:
    """Keep what is told the creator about a revision of a record, within the caller's transaction."""
    name, revision = about
    values = {"site_id": name.site_id, "kind": name.kind, "record_id": name.id, "revision": revision}
    values |= {"id": why.note_id, "account_id": change.account_id or "", "text": why.text, "created_at": change.at}
    connection.execute(insert(review_note).values(**values))


def step_back(catalog: Engine, before: Before, change: Change) -> None:
    """Put a record back to how it stood; visitors see what they saw. Raises Stale when it moved on since."""
    with catalog.begin() as connection:
        put_back(connection, before, change)


def put_back(connection: Connection, before: Before, change: Change) -> None:
    """The same within the caller's transaction."""
    name, seen = before.name, before.standing.published_revision
    showing = Showing(before.standing.state, seen, seen_as=seen)
    there = (*stands_as_left(before), (seen or 0) <= record.c.revision)
    told = show(connection, name, showing, change, *there)
    if told is None:
        raise undo_too_late()
    lapse_questions(connection, name, change)
    note(connection, "undone", name, change, revision=before.revision, state=before.standing.state, **told)
    count_publication(connection, name.site_id, change.at)


def stands_as_left(before: Before) -> tuple[ColumnElement[bool], ...]:
    """That a record stands as a step left it: nobody has saved, moved, published or withdrawn it since."""
    left: dict[State, int | None] = {"published": before.revision, "withdrawn": None}
    name, seen = before.name, left.get(before.led_to, before.standing.published_revision)
    return (
        record.c.site_id == name.site_id,
        record.c.kind == name.kind,
        record.c.id == name.id,
        record.c.revision == before.revision,
        record.c.state == before.led_to,
        record.c.published_revision.is_(None) if seen is None else record.c.published_revision == seen,
    )


def undo_too_late() -> Stale:
    """The refusal of an undo over what somebody else did."""
    return Stale("undo_too_late", "Somebody has changed it since, so it was left as it is. Reload the page.")


def count_waiting(catalog: Engine, site_id: str, landmarks: Set[str] = frozenset()) -> int:
    """How many experiences of a site wait to be looked at, and pictures and sounds that visitors see already.

    Of a published experience the scene alone may wait, which goes by its id.
    landmarks: only what stands there is counted; none: all.
    """
    if landmarks:
        stored = [item for kind in ("experience", "scene") for item in list_records(catalog, site_id, kind)]
        out_at = {item.id for item in stored if item.kind == "experience" and item.state == "published"}
        here = [item for item in stored if getattr(item.body, "landmark", "") in landmarks]
        handed_in = {i.id for i in here if i.state == "in_review" and (i.kind == "experience" or i.id in out_at)}
        media = _count_media_at(catalog, site_id, {(item.kind, item.id) for item in here})
        return len(handed_in) + media + _count_placed(catalog, site_id, landmarks)
    own = record.alias()
    out = select(own.c.id).where(own.c.site_id == site_id, own.c.kind == "experience", own.c.state == "published")
    waits = (record.c.kind == "experience") | ((record.c.kind == "scene") & record.c.id.in_(out))
    waits = waits | record.c.kind.in_(("media", *PLACED))
    named = func.count(
        case((record.c.kind.in_(PLACED), record.c.kind + ":" + record.c.id), else_=record.c.id).distinct()
    )
    stands = (record.c.site_id == site_id) & (record.c.state == "in_review")
    query = select(named).where(stands, waits, ~_is_asked_about())
    with catalog.connect() as connection:
        return int(connection.execute(query).scalar_one())


def _is_asked_about() -> ColumnElement[bool]:
    """That a record waits for another organisation: it is counted there."""
    item = approval_item.c
    same = (item.site_id == record.c.site_id) & (item.kind == record.c.kind) & (item.record_id == record.c.id)
    open_question = (approval.c.id == item.approval_id) & (approval.c.state == "open")
    return exists().where(same, open_question).correlate(record)


def _count_placed(catalog: Engine, site_id: str, landmarks: Set[str]) -> int:
    """How many landmarks, ways and notices wait that belong to one of these landmarks."""
    stored = [item for kind in PLACED for item in list_records(catalog, site_id, kind)]
    return sum(item.state == "in_review" and landmark_of(item.body) in landmarks for item in stored)


def _count_media_at(catalog: Engine, site_id: str, records: Set[tuple[str, str]]) -> int:
    """How many pictures and sounds wait that these scenes and experiences show."""
    waiting = [item.id for item in list_records(catalog, site_id, "media") if item.state == "in_review"]
    uses = load_uses(catalog, site_id) if waiting else {}
    shown = [{(use.record_kind, use.record_id) for use in uses.get(name, ())} for name in waiting]
    return sum(bool(places & records) for places in shown)


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


def load_note_texts(catalog: Engine, note_ids: set[str]) -> dict[str, str]:
    """What notes say, by id, of those that are there still."""
    with catalog.connect() as connection:
        rows = connection.execute(select(review_note.c.id, review_note.c.text).where(review_note.c.id.in_(note_ids)))
        return {row.id: row.text for row in rows}
