"""Questions to the other side: asked about exactly what stands there, answered once, over as soon as it changes."""

import uuid
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, insert, or_, select, update

from xr_server.domain.approval import QuestionState, Rule, find_rule, is_urgent
from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name, Record, State
from xr_server.domain.review import Standing, next_state
from xr_server.errors import Conflict, Forbidden, NotFound, Stale
from xr_server.storage.audit import note
from xr_server.storage.catalog import load_record, move_record
from xr_server.storage.going_out import (
    approval_needed,
    check_theirs,
    end_question,
    find_places,
    find_rule_for,
    is_record,
    load_body,
    load_rules,
    organisations_of,
)
from xr_server.storage.reviews import Before, Seen, Why, keep_note, standing_of
from xr_server.storage.tables.approvals import approval, approval_item, approval_rule
from xr_server.storage.tables.people import account, membership, organisation
from xr_server.storage.tables.records import record, review_note
from xr_server.storage.tokens import RandomBytes

SHOWN_ANSWERED = 20


@dataclass(frozen=True)
class Item:
    """One record a question is about, as it stood when it was asked."""

    name: Name
    revision: int
    state: State


@dataclass(frozen=True)
class Question:
    """What somebody of one organisation asks another one to let out, and how it was answered; items: the first is the thing.

    asker and answerer are names; empty: an account that was deleted, or the system.
    """

    id: str
    site_id: str
    organisation_id: str
    organisation: str
    approver_id: str
    approver: str
    account_id: str
    asker: str
    asked_at: int
    state: QuestionState
    answerer: str
    answered_at: int | None
    note: str
    items: tuple[Item, ...] = ()

    @property
    def about(self) -> Item:
        """What it is about; the other items go out with it."""
        return self.items[0]


@dataclass(frozen=True)
class Need:
    """Whom an account has to ask before something goes out. rules: those that may apply, depending on where it will stand."""

    approver: str
    is_sure: bool
    rules: tuple[Rule, ...]


def ask_approval(catalog: Engine, which: Sequence[Seen], change: Change, random_bytes: RandomBytes) -> str:
    """Ask the other side to let out what was seen, all of it together; gives the question's id.

    Raises NotFound, Stale, Forbidden, Conflict when nobody has to be asked or somebody has asked already.
    """
    question_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    for seen in which:
        next_state("publish", standing_of(load_record(catalog, seen.name)))
    with catalog.begin() as connection:
        items = [_hold(connection, seen) for seen in which]
        rule = _find_rule(connection, items, change)
        main = items[0].name
        if _open_about(connection, main) is not None:
            raise Conflict("asked_already", "The other side has been asked about this already. Reload the page.")
        values = {"id": question_id, "site_id": main.site_id, "organisation_id": rule.organisation_id}
        values |= {"approver_id": rule.approver_id, "asked_by": change.account_id or "", "state": "open"}
        connection.execute(insert(approval).values(**values, asked_at=change.at))
        for number, item in enumerate(items):
            row = {"site_id": main.site_id, "kind": item.name.kind, "record_id": item.name.id, "number": number}
            row |= {"revision": item.revision, "state": item.state}
            connection.execute(insert(approval_item).values(approval_id=question_id, **row))
        told = {"approval": question_id, "approver": rule.approver_id}
        note(connection, "approval_asked", main, change, items[0].revision, **told)
    return question_id


def _hold(connection: Connection, seen: Seen) -> Item:
    """Let a record stand as it was seen until it has been asked about. Raises Stale."""
    as_seen = [record.c.revision == seen.revision, *([record.c.state == seen.state] if seen.state else [])]
    held = update(record).where(is_record(seen.name), *as_seen).values(updated_at=record.c.updated_at)
    state = connection.execute(held.returning(record.c.state)).scalar()
    if state is None:
        raise Stale("stale_revision", "Somebody else has changed this since you opened it. Reload the page.")
    return Item(seen.name, seen.revision, state)


def _find_rule(connection: Connection, items: Sequence[Item], change: Change) -> Rule:
    """The rule by which these have to be asked about. Raises Conflict when none says so, Forbidden."""
    found = None
    for item in items:
        body = load_body(connection, item.name, item.revision)
        if body is None or change.account_id is None:
            continue
        check_theirs(connection, item.name, body, change)
        rule = None if is_urgent(body) else find_rule_for(connection, item.name, body, change.account_id)
        found = found or rule
    if found is None:
        raise Conflict(
            "approval_not_needed", "Nobody has to be asked about this, so nothing was done. Publish it on its page."
        )
    return found


def _open_about(connection: Connection, name: Name) -> str | None:
    query = (
        select(approval.c.id)
        .join(approval_item, approval_item.c.approval_id == approval.c.id)
        .where(approval.c.site_id == name.site_id, approval.c.state == "open")
        .where(approval_item.c.kind == name.kind, approval_item.c.record_id == name.id)
    )
    return connection.execute(query).scalar()


def approve(catalog: Engine, question: Question, change: Change) -> list[Before]:
    """Let out exactly what was asked about; gives how it stood. Raises Forbidden, Conflict, Stale."""
    return _let_out(catalog, question, ("approved", "approval_given"), change, None)


def overrule(catalog: Engine, question: Question, change: Change, why: Why) -> list[Before]:
    """Let it out without the answer, with the reason why; the log and the other side are told. Raises Conflict, Stale."""
    return _let_out(catalog, question, ("overruled", "approval_overruled"), change, why)


def _let_out(
    catalog: Engine, question: Question, how: tuple[QuestionState, Deed], change: Change, why: Why | None
) -> list[Before]:
    befores, told = [], replace(change, approval=question.id)
    with catalog.begin() as connection:
        if how[0] == "approved":
            _check_side(connection, question.site_id, question.approver_id, change)
        for (
            item
        ) in question.items:  # the records first, as whoever saves takes them: else two would wait for each other
            held = update(record).where(is_record(item.name)).values(updated_at=record.c.updated_at)
            connection.execute(held)
        _end(connection, question, how, change, why)
        for item in question.items:
            seen = connection.execute(select(record.c.published_revision).where(is_record(item.name))).scalar()
            move_record(connection, item.name, (item.revision, item.state, "published"), told)
            befores.append(Before(item.name, item.revision, Standing(item.state, seen), "published"))
    return befores


def give_back(catalog: Engine, question: Question, change: Change, why: Why) -> None:
    """Give it back with a sentence; nothing goes out. Raises Forbidden, Conflict."""
    with catalog.begin() as connection:
        _check_side(connection, question.site_id, question.approver_id, change)
        _end(connection, question, ("returned", "approval_returned"), change, why)


def take_question_back(catalog: Engine, question: Question, change: Change) -> None:
    """Ask no more, for whoever belongs to the side that asked. Raises Forbidden, Conflict."""
    with catalog.begin() as connection:
        _check_side(connection, question.site_id, question.organisation_id, change)
        _end(connection, question, ("taken_back", "approval_taken_back"), change, None)


def _check_side(connection: Connection, site_id: str, organisation_id: str, change: Change) -> None:
    if organisation_id not in organisations_of(connection, site_id, change.account_id or ""):
        raise Forbidden("approval_not_yours", "Another organisation is asked here, not yours. Nothing was changed.")


def _end(
    connection: Connection, question: Question, how: tuple[QuestionState, Deed], change: Change, why: Why | None
) -> None:
    row = connection.execute(select(approval).where(approval.c.id == question.id)).first()
    note_id = why.note_id if why is not None else None
    if row is None or not end_question(connection, row, how, change, note_id):
        raise Conflict(
            "question_over",
            "Somebody has answered this meanwhile, or it has changed since you were asked. Nothing was done. Reload the "
            "page to see how it stands.",
        )
    if why is not None:
        keep_note(connection, (question.about.name, question.about.revision), why, change)


def find_need(catalog: Engine, session: tuple[str, str], about: tuple[str, Name | None, Record | None]) -> Need | None:
    """Whom an account (site, account) has to ask about (kind, its name, its body); None when it may publish by itself.

    Without a body it is not known yet where the thing will stand: then every rule of its kind may apply.
    """
    (site_id, account_id), (kind, name, body) = session, about
    with catalog.connect() as connection:
        rules = load_rules(connection, site_id)
        if not rules:
            return None
        organisations = organisations_of(connection, site_id, account_id)
        mine = [one for one in rules if find_rule([one], organisations, kind, frozenset()) is not None]
        if not mine:
            return None
        sure = [one for one in mine if not one.extent.landmarks]
        if name is not None and body is not None:
            places = find_places(connection, name, body)
            sure = [one for one in mine if find_rule([one], organisations, kind, places) is not None]
        called = select(organisation.c.name).where(organisation.c.id == mine[0].approver_id)
        return Need(connection.execute(called).scalar() or "?", bool(sure), tuple(mine))


def refuse_unasked(catalog: Engine, name: Name, body: Record, account_id: str) -> None:
    """Refuse what an account would have to ask about, before anything is stored of it. Raises Conflict."""
    with catalog.connect() as connection:
        rule = None if is_urgent(body) else find_rule_for(connection, name, body, account_id)
        if rule is not None:
            raise approval_needed(connection, rule)


def load_question(catalog: Engine, site_id: str, question_id: str) -> Question:
    """A question of a site. Raises NotFound."""
    with catalog.connect() as connection:
        found = _load(connection, _select(site_id).where(approval.c.id == question_id))
    if not found:
        raise NotFound("question_unknown", "There is no such question. /desk/approvals lists them.")
    return found[0]


def find_question(catalog: Engine, name: Name) -> Question | None:
    """The open question about a record, if there is one."""
    with catalog.connect() as connection:
        question_id = _open_about(connection, name)
        found = _load(connection, _select(name.site_id).where(approval.c.id == question_id)) if question_id else []
    return found[0] if found else None


def list_questions(catalog: Engine, site_id: str, account_id: str) -> list[Question]:
    """The questions to and from an account's organisations: the open ones, then those answered last."""
    mine = _organisations(site_id, account_id)
    ours = or_(approval.c.approver_id.in_(mine), approval.c.organisation_id.in_(mine))
    query = _select(site_id).where(ours)
    waiting = query.where(approval.c.state == "open").order_by(approval.c.asked_at, approval.c.id)
    answered = query.where(approval.c.state != "open").order_by(approval.c.answered_at.desc(), approval.c.id)
    with catalog.connect() as connection:
        return [*_load(connection, waiting), *_load(connection, answered.limit(SHOWN_ANSWERED))]


def count_questions(catalog: Engine, site_id: str, account_id: str, landmarks: Set[str]) -> int | None:
    """How many questions wait for an account's organisations, at its landmarks (none: all); None: nobody ever has to ask."""
    with catalog.connect() as connection:
        rule = select(approval_rule.c.id).where(approval_rule.c.site_id == site_id).limit(1)
        asked = select(approval.c.id).where(approval.c.site_id == site_id).limit(1)
        if connection.execute(rule).first() is None and connection.execute(asked).first() is None:
            return None
        waiting = (approval.c.site_id == site_id) & (approval.c.state == "open")
        waiting &= approval.c.approver_id.in_(_organisations(site_id, account_id))
        if not landmarks:
            return int(connection.execute(select(func.count()).select_from(approval).where(waiting)).scalar_one())
        found = _load(connection, _select(site_id).where(waiting))
        return sum(find_question_places(connection, one) <= landmarks for one in found)


def find_question_places(connection: Connection, question: Question) -> frozenset[str]:
    """The landmarks of everything that a question is about; an empty id stands for the site as a whole."""
    found: frozenset[str] = frozenset()
    for item in question.items:
        body = load_body(connection, item.name, item.revision)
        found |= (find_places(connection, item.name, body) if body is not None else frozenset()) or {""}
    return found


def places_of_question(catalog: Engine, question: Question) -> frozenset[str]:
    """The same, in a connection of its own."""
    with catalog.connect() as connection:
        return find_question_places(connection, question)


def find_own_organisations(catalog: Engine, site_id: str, account_id: str) -> frozenset[str]:
    """The organisations an account belongs to."""
    with catalog.connect() as connection:
        return organisations_of(connection, site_id, account_id)


def _organisations(site_id: str, account_id: str) -> Select[Any]:
    mine = (membership.c.account_id == account_id) & (membership.c.site_id == site_id)
    return select(membership.c.organisation_id).where(mine)


def _select(site_id: str) -> Select[Any]:
    asks, asked, who, answered = organisation.alias(), organisation.alias(), account.alias(), account.alias()
    columns = (asks.c.name.label("asks"), asked.c.name.label("asked"), who.c.name.label("asker"))
    more = (answered.c.name.label("answerer"), review_note.c.text.label("said"))
    return (
        select(approval, *columns, *more)
        .join(asks, asks.c.id == approval.c.organisation_id)
        .join(asked, asked.c.id == approval.c.approver_id)
        .outerjoin(who, who.c.id == approval.c.asked_by)
        .outerjoin(answered, answered.c.id == approval.c.answered_by)
        .outerjoin(review_note, review_note.c.id == approval.c.note_id)
        .where(approval.c.site_id == site_id)
    )


def _load(connection: Connection, query: Select[Any]) -> list[Question]:
    rows = connection.execute(query).all()
    wanted = select(approval_item).where(approval_item.c.approval_id.in_([row.id for row in rows]))
    items: dict[str, list[Item]] = {row.id: [] for row in rows}
    for row in connection.execute(wanted.order_by(approval_item.c.number)):
        items[row.approval_id].append(Item(Name(row.site_id, row.kind, row.record_id), row.revision, row.state))
    return [_question(row, tuple(items[row.id])) for row in rows]


def _question(row: Row[Any], items: tuple[Item, ...]) -> Question:
    return Question(
        id=row.id,
        site_id=row.site_id,
        organisation_id=row.organisation_id,
        organisation=row.asks,
        approver_id=row.approver_id,
        approver=row.asked,
        account_id=row.asked_by,
        asker=row.asker or "",
        asked_at=row.asked_at,
        state=row.state,
        answerer=row.answerer or "",
        answered_at=row.answered_at,
        note=row.said or "",
        items=items,
    )
