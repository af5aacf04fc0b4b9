"""What visitors see changes here and nowhere else: whoever has to ask the other side first is refused, however they publish.

Taking something away is never held up, nor what visitors have to know at once; an undo gives back what they saw before.
The side that would have been asked is told of each.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from xr_server.domain.account import STEPS
from xr_server.domain.approval import LETS_OUT, Extent, Part, Rule, find_rule, is_urgent, may_edit, places_of
from xr_server.domain.audit import Deed
from xr_server.domain.catalog import RECORD_TYPES, Change, Experience, Name, Record, Scene, State
from xr_server.domain.media import Media
from xr_server.domain.media_use import list_named
from xr_server.domain.season import Schedule
from xr_server.errors import Conflict, Forbidden
from xr_server.storage.audit import note
from xr_server.storage.tables.approvals import approval, approval_item, approval_rule, organisation_part
from xr_server.storage.tables.audit import audit_entry
from xr_server.storage.tables.people import membership, organisation
from xr_server.storage.tables.records import record, record_revision

OUT: tuple[Deed, ...] = ("published", "imported", "rolled_back", "undone")
"""Deeds after which visitors may see the revision that the entry names."""
NAMING = ("scene", "experience")


@dataclass(frozen=True)
class Showing:
    """What a record becomes: its state, and the revision that visitors see from now on (None: none).

    seen_as: of an undo, the revision with these words that visitors saw before.
    """

    state: State
    revision: int | None
    seen_as: int | None = None


def show(
    connection: Connection, name: Name, showing: Showing, change: Change, *conditions: ColumnElement[bool]
) -> dict[str, str] | None:
    """Let visitors see a revision of a record, or none, within the caller's transaction; gives what the log is told.

    None: the record does not stand as the conditions say, and nothing was done. Raises Conflict, Forbidden.
    """
    told = _check(connection, name, showing, change)
    values = {"state": showing.state, "published_revision": showing.revision, "updated_at": change.at}
    moved = connection.execute(update(record).where(is_record(name), *conditions).values(**values))
    return told if moved.rowcount == 1 else None


def is_record(name: Name) -> ColumnElement[bool]:
    """That a row of `record` is the one of that name."""
    return and_(record.c.site_id == name.site_id, record.c.kind == name.kind, record.c.id == name.id)


def _check(connection: Connection, name: Name, showing: Showing, change: Change) -> dict[str, str]:
    if change.account_id is None:
        return {}
    if change.approval is not None and showing.revision is not None:
        return _check_answered(connection, name, showing.revision, change)
    if showing.revision is None or _gives_back(connection, name, showing):
        return _tell_unasked(connection, name, showing, change.account_id)
    body = load_body(connection, name, showing.revision)
    if body is None:  # the update will find nothing either
        return {}
    check_theirs(connection, name, body, change)
    rule = find_rule_for(connection, name, body, change.account_id)
    if rule is None:
        return {}
    if is_urgent(body):
        return {"unasked": "urgent", "approver": rule.approver_id}
    raise approval_needed(connection, rule)


def _check_answered(connection: Connection, name: Name, revision: int, change: Change) -> dict[str, str]:
    """That the question in whose name something goes out was answered just now, about this revision. Raises Conflict."""
    item = approval_item.c
    query = (
        select(approval.c.state)
        .join(approval_item, item.approval_id == approval.c.id)
        .where(approval.c.id == change.approval, approval.c.site_id == name.site_id)
        .where(approval.c.state.in_(LETS_OUT), approval.c.answered_at == change.at)
        .where(approval.c.answered_by == change.account_id)
        .where(item.kind == name.kind, item.record_id == name.id, item.revision == revision)
    )
    state = connection.execute(query).scalar()
    if state is None:
        raise Conflict("approval_needed", "This was not approved. Nothing was changed.", approver="?")
    return {"approval": str(change.approval)}


def _tell_unasked(connection: Connection, name: Name, showing: Showing, account_id: str) -> dict[str, str]:
    """What the log is told of what never waits, so that the side which would have been asked learns of it."""
    seen = connection.execute(select(record.c.published_revision).where(is_record(name))).scalar()
    if seen == showing.revision:
        return {}
    body = load_body(connection, name, showing.revision or seen or 0)
    rule = find_rule_for(connection, name, body, account_id) if body is not None else None
    return {"unasked": "never_waits", "approver": rule.approver_id} if rule is not None else {}


def _gives_back(connection: Connection, name: Name, showing: Showing) -> bool:
    """Whether visitors see afterwards what they see now, or by an undo what they saw before it."""
    seen = connection.execute(select(record.c.published_revision).where(is_record(name))).scalar()
    if seen == showing.revision:
        return True
    entry = audit_entry.c
    went_out = select(entry.number).where(
        entry.site_id == name.site_id, entry.kind == name.kind, entry.thing_id == name.id, entry.deed.in_(OUT),
        entry.revision == showing.seen_as,
    )  # fmt: skip
    return showing.seen_as is not None and connection.execute(went_out.limit(1)).first() is not None


def approval_needed(connection: Connection, rule: Rule) -> Conflict:
    """The refusal of publishing what the other side has to approve."""
    approver = connection.execute(select(organisation.c.name).where(organisation.c.id == rule.approver_id)).scalar()
    return Conflict(
        "approval_needed",
        f"What you publish here goes out once {approver} has approved it. Nothing was published: press the button that "
        "asks them.",
        approver=approver or "?",
    )


def load_body(connection: Connection, name: Name, revision: int) -> Record | None:
    """The body of a revision within the caller's transaction; None when it is not there."""
    table = record_revision.c
    which = (table.site_id == name.site_id, table.kind == name.kind, table.id == name.id, table.revision == revision)
    text = connection.execute(select(table.body).where(*which)).scalar()
    body: Record | None = None if text is None else msgspec.json.decode(text, type=RECORD_TYPES[name.kind])
    return body


def find_rule_for(connection: Connection, name: Name, body: Record, account_id: str) -> Rule | None:
    """The rule by which an account has to ask before it publishes a body under this name; None: it need not."""
    rules = load_rules(connection, name.site_id)
    if not rules:
        return None
    places = find_places(connection, name, body)
    return find_rule(rules, organisations_of(connection, name.site_id, account_id), name.kind, places)


def find_places(connection: Connection, name: Name, body: Record) -> frozenset[str]:
    """The landmarks where a body would be seen, and those where visitors see the record now; none: everywhere."""
    seen = connection.execute(select(record.c.published_revision).where(is_record(name))).scalar()
    published = load_body(connection, name, seen) if seen else None
    found = [_places(connection, name, one) for one in (body, published) if one is not None]
    return frozenset() if frozenset() in found else frozenset().union(*found)


def _places(connection: Connection, name: Name, body: Record) -> frozenset[str]:
    if isinstance(body, Schedule):
        dated = [one for one in _standing(connection, name.site_id, ("experience",)) if one.id == body.experience]
        return frozenset().union(*(places_of(one) for one in dated))
    if isinstance(body, Scene):
        out = _standing(connection, name.site_id, ("experience",), drafts=False)
        return places_of(body) | _shown_at(out, {body.id})
    if isinstance(body, Media):
        shown = _standing(connection, name.site_id, NAMING)
        naming = [one for one in shown if body.id in {named for named, _ in list_named([one])}]
        scenes = {one.id for one in naming if isinstance(one, Scene)}
        return _shown_at(shown, scenes).union(*(places_of(one) for one in naming))
    return places_of(body)


def _shown_at(bodies: Iterable[Record], scenes: Set[str]) -> frozenset[str]:
    """The landmarks of the experiences that show one of these scenes."""
    showing = [one for one in bodies if isinstance(one, Experience) and one.scene in scenes]
    return frozenset().union(*(places_of(one) for one in showing))


def _standing(connection: Connection, site_id: str, kinds: tuple[str, ...], drafts: bool = True) -> list[Record]:
    """Records as visitors see them, and as they stand: a draft that says otherwise moves nothing of what is out."""
    out = record_revision.c.revision == record.c.published_revision
    joined = and_(
        record.c.site_id == record_revision.c.site_id, record.c.kind == record_revision.c.kind,
        record.c.id == record_revision.c.id, or_(out, record_revision.c.revision == record.c.revision) if drafts else out,
    )  # fmt: skip
    query = select(record.c.kind, record_revision.c.body).join(record_revision, joined)
    rows = connection.execute(query.where(record.c.site_id == site_id, record.c.kind.in_(kinds)))
    return [msgspec.json.decode(row.body, type=RECORD_TYPES[row.kind]) for row in rows]


def load_rules(connection: Connection, site_id: str) -> list[Rule]:
    """The rules of a site, in the order of their ids."""
    query = select(approval_rule).where(approval_rule.c.site_id == site_id).order_by(approval_rule.c.id)
    return [
        Rule(row.id, row.organisation_id, row.approver_id, read_extent_of(row)) for row in connection.execute(query)
    ]


def load_parts(connection: Connection, site_id: str) -> list[Part]:
    """Which organisation of a site looks after what."""
    query = select(organisation_part).where(organisation_part.c.site_id == site_id)
    return [Part(row.organisation_id, read_extent_of(row), row.others) for row in connection.execute(query)]


def read_extent_of(row: Any) -> Extent:
    """The extent of a row with kinds and landmarks."""
    return Extent(frozenset(row.kinds.split()), frozenset(row.landmarks.split()))


def organisations_of(connection: Connection, site_id: str, account_id: str) -> frozenset[str]:
    """The organisations an account belongs to at a site."""
    mine = (membership.c.account_id == account_id) & (membership.c.site_id == site_id)
    return frozenset(connection.execute(select(membership.c.organisation_id).where(mine)).scalars())


def check_theirs(connection: Connection, name: Name, body: Record, change: Change) -> None:
    """Refuse staff who change or publish what another organisation looks after and lets others only read. Raises Forbidden."""
    parts = load_parts(connection, name.site_id) if change.account_id and change.approval is None else []
    if not parts or name.kind not in RECORD_TYPES:
        return
    mine = (membership.c.account_id == change.account_id) & (membership.c.site_id == name.site_id)
    held = connection.execute(select(membership.c.role, membership.c.organisation_id).where(mine)).all()
    if not any("review" in STEPS[row.role] for row in held):  # creators have their own work alone
        return
    organisations = {row.organisation_id for row in held}
    if may_edit(parts, organisations, name.kind, find_places(connection, name, body)) or _is_maker(
        connection, name, change
    ):
        return
    raise Forbidden(
        "part_of_others",
        "Another organisation looks after this and lets others read it, not change it. Nothing was changed; tell them, or "
        "ask an administrator.",
    )


def _is_maker(connection: Connection, name: Name, change: Change) -> bool:
    first = record_revision.c
    which = (first.site_id == name.site_id, first.kind == name.kind, first.id == name.id, first.revision == 1)
    return connection.execute(select(first.account_id).where(*which)).scalar() == change.account_id


def lapse_questions(connection: Connection, name: Name, change: Change) -> None:
    """End the open questions about a record that moves on: what they asked about is not what stands there now.

    Also when another question let it out, such as a scene that two experiences show.
    """
    item = approval_item.c
    about = (item.site_id == name.site_id, item.kind == name.kind, item.record_id == name.id)
    here = select(item.approval_id).where(*about)
    query = select(approval).where(approval.c.site_id == name.site_id, approval.c.state == "open")
    for row in connection.execute(query.where(approval.c.id.in_(here))).all():
        end_question(connection, row, ("lapsed", "approval_lapsed"), change)


def end_question(
    connection: Connection, row: Any, how: tuple[str, Deed], change: Change, note_id: str | None = None
) -> bool:
    """End an open question (row of `approval`) in a (state, deed) within the caller's transaction; False: it was over."""
    state, deed = how
    values = {"state": state, "answered_by": change.account_id, "answered_at": change.at, "note_id": note_id}
    open_still = (approval.c.id == row.id) & (approval.c.state == "open")
    if connection.execute(update(approval).where(open_still).values(**values)).rowcount != 1:
        return False
    told = {"approval": row.id, "asked_by": row.asked_by, "approver": row.approver_id}
    told |= {"note": note_id} if note_id else {}
    first = select(approval_item).where(approval_item.c.approval_id == row.id, approval_item.c.number == 0)
    item = connection.execute(first).one()
    note(connection, deed, Name(row.site_id, item.kind, item.record_id), change, item.revision, **told)
    return True
