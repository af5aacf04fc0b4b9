"""What of the audit log concerns somebody: what was handed in to who may publish, what became of one's own work."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, exists, literal, or_, select, tuple_

from xr_server.domain.approval import places_of
from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Record
from xr_server.storage.audit import Entry, select_entries, to_entry
from xr_server.storage.catalog import load_bodies
from xr_server.storage.tables.audit import audit_entry
from xr_server.storage.tables.classes import pupil, school_class
from xr_server.storage.tables.people import membership
from xr_server.storage.tables.permissions import scan_permission
from xr_server.storage.tables.records import media_file
from xr_server.storage.tables.scans import scan

REVIEWED = ("experience", "scene")
ANSWERS: tuple[Deed, ...] = ("changes_requested", "published", "withdrawn", "rolled_back")
STOPS: tuple[Deed, ...] = ("stopped_for_rights", "let_go_again")
PACKAGE_STOPS: tuple[Deed, ...] = ("package_stopped", "package_released")
FOR_RIGHTS = '"reason":"rights"'  # as the details of an entry are written
PLACED: tuple[Deed, ...] = ("sent_for_review", "withdrawn", "approval_asked")
ANSWERED: tuple[Deed, ...] = ("approval_given", "approval_returned", "approval_lapsed", "approval_overruled")
FOR_APPROVERS: tuple[Deed, ...] = (
    "approval_asked", "approval_taken_back", "approval_lapsed", "approval_overruled", "published", "withdrawn",
    "undone",
)  # fmt: skip
RULES: tuple[Deed, ...] = ("approval_rule_made", "approval_rule_ended", "organisation_part_set")
OUTCOMES: tuple[Deed, ...] = (
    "scan_built", "scan_rejected", "scan_failed", "scan_cancelled", "scan_expired", "scan_rebuilt",
    "scan_rebuild_failed", "scan_rebuild_stopped",
)  # fmt: skip
MOST_PAGES = 20  # looked through for whoever looks after a part of a site where all else is elsewhere
DECISIONS: tuple[Deed, ...] = ("permission_granted", "permission_refused", "permission_withdrawn")


@dataclass(frozen=True)
class Recipient:
    """Who is told: an account at a site, whether what is handed in there waits for it, and at which landmarks (none: all)."""

    site_id: str
    account_id: str
    publishes: bool
    landmarks: frozenset[str] = frozenset()


def list_news(catalog: Engine, who: Recipient, most: int, after: int | None = None) -> list[Entry]:
    """What others did that concerns somebody, the newest first; after: only entries beyond this number."""
    query = select_entries(who.site_id).where(_concerns(who), _by_others(who.account_id))
    if after is not None:
        query = query.where(audit_entry.c.number > after)
    newest_first = query.order_by(audit_entry.c.done_at.desc(), audit_entry.c.number.desc()).limit(most)
    seen: list[Entry] = []
    found: list[Entry] = []
    for _ in range(MOST_PAGES):
        older = newest_first
        if seen:
            older = older.where(
                tuple_(audit_entry.c.done_at, audit_entry.c.number) < (seen[-1].done_at, seen[-1].number)
            )
        with catalog.connect() as connection:
            more = [to_entry(row) for row in connection.execute(older)]
        seen += more
        found = _without_scenes(seen)
        if who.landmarks:
            found = _at_landmarks(catalog, who, found)
        if len(found) >= most or len(more) < most:
            break
    return found[:most]


def _at_landmarks(catalog: Engine, who: Recipient, entries: list[Entry]) -> list[Entry]:
    """What others handed in, or had to give up, elsewhere is nothing for whoever looks after a part of the site."""
    names = {(entry.kind, entry.thing_id) for entry in entries if entry.deed in PLACED}
    bodies = load_bodies(catalog, who.site_id, names)
    with catalog.connect() as connection:
        own = set(connection.execute(_own_scenes(who)).scalars())
    elsewhere = {name for name in names if name[1] not in own and not _places(bodies.get(name)) <= who.landmarks}
    return [
        entry
        for entry in entries
        if (entry.deed not in PLACED or (entry.kind, entry.thing_id) not in elsewhere)
        and (entry.kind != "package" or who.landmarks & set(str(entry.details.get("landmarks", "")).split()))
    ]


def _places(body: Record | None) -> Set[str]:
    """The landmarks that a record stands at; an empty id stands for the site as a whole."""
    return (places_of(body) if body is not None else frozenset()) or {""}


def _own_scenes(who: Recipient) -> Select[Any]:
    return select(scan.c.scene_id).where(
        scan.c.site_id == who.site_id, scan.c.account_id == who.account_id, scan.c.scene_id.is_not(None)
    )


def _by_others(account_id: str) -> ColumnElement[bool]:
    return or_(audit_entry.c.account_id.is_(None), audit_entry.c.account_id != account_id)


def _concerns(who: Recipient) -> ColumnElement[bool]:
    mine = select(scan.c.id).where(scan.c.site_id == who.site_id, scan.c.account_id == who.account_id)
    scenes = _own_scenes(who)
    taught = (
        select(scan.c.scene_id)
        .join(pupil, pupil.c.account_id == scan.c.account_id)
        .join(school_class, school_class.c.id == pupil.c.class_id)
        .where(school_class.c.teacher_id == who.account_id, scan.c.scene_id.is_not(None))
    )
    brought = (
        select(media_file.c.record_id)
        .join(pupil, pupil.c.account_id == media_file.c.account_id)
        .join(school_class, school_class.c.id == pupil.c.class_id)
        .where(school_class.c.teacher_id == who.account_id)
    )
    own_media = select(media_file.c.record_id).where(
        media_file.c.site_id == who.site_id, media_file.c.account_id == who.account_id
    )
    asked = select(scan_permission.c.id).where(scan_permission.c.account_id == who.account_id)
    entry = audit_entry.c
    concerns = [
        and_(entry.kind.in_(REVIEWED), entry.deed.in_(ANSWERS + STOPS), entry.thing_id.in_(scenes)),
        and_(entry.kind.in_(REVIEWED), entry.deed.in_(("handed_in", "withdrawn", *STOPS)), entry.thing_id.in_(taught)),
        and_(entry.kind == "media", entry.deed == "handed_in", entry.thing_id.in_(brought)),
        and_(entry.kind == "media", entry.deed == "changes_requested", entry.thing_id.in_(own_media)),
        and_(entry.kind == "scan", entry.deed.in_(OUTCOMES + STOPS), entry.thing_id.in_(mine)),
        and_(entry.kind == "permission", entry.deed.in_(DECISIONS), entry.thing_id.in_(asked)),
    ]
    concerns.append(and_(entry.deed.in_(ANSWERED), entry.details.contains(f'"asked_by":"{who.account_id}"')))
    if who.publishes:
        concerns.append(and_(entry.deed.in_(FOR_APPROVERS), _names_our_side(who)))
        concerns.append(entry.deed.in_(RULES))
        gone = and_(entry.deed == "withdrawn", entry.details.contains(FOR_RIGHTS))
        concerns.append(and_(entry.kind.in_(REVIEWED), or_(entry.deed == "sent_for_review", gone)))
        concerns.append(and_(entry.kind == "package", entry.deed.in_(PACKAGE_STOPS)))
    return or_(*concerns)


def _names_our_side(who: Recipient) -> ColumnElement[bool]:
    """That the details of an entry name one of somebody's organisations as the side that approves."""
    ours = (membership.c.account_id == who.account_id) & (membership.c.site_id == who.site_id)
    named = literal('%"approver":"') + membership.c.organisation_id + literal('"%')
    return exists().where(ours, audit_entry.c.details.like(named)).correlate(audit_entry)


def _without_scenes(entries: Iterable[Entry]) -> list[Entry]:
    """A scene that moved in one step with its experience, which bears its id, is not told twice."""
    entries = list(entries)
    told = {(entry.done_at, entry.deed, entry.thing_id) for entry in entries if entry.kind == "experience"}
    return [e for e in entries if e.kind != "scene" or (e.done_at, e.deed, e.thing_id) not in told]
