"""Permission to scan: asked for, changed, decided with a number without gaps, withdrawn, and forgotten in time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, func, insert, select, update

from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name
from xr_server.domain.permission import (
    KEPT_DAYS,
    MOST_WAITING,
    State,
    Wish,
    clean_code,
    make_code,
    make_number,
    without_people,
)
from xr_server.errors import Conflict, NotFound, Stale
from xr_server.storage.audit import note
from xr_server.storage.database import insert_into
from xr_server.storage.scans import Owner
from xr_server.storage.tables.people import account
from xr_server.storage.tables.permissions import scan_permission, scan_permission_count
from xr_server.storage.tokens import RandomBytes


@dataclass(frozen=True)
class Permission:
    """A request and what became of it; moments in ms UTC. account_id None: forgotten."""

    id: str
    site_id: str
    account_id: str | None
    revision: int
    state: State
    wish: Wish
    number: str | None
    code: str | None
    conditions: str
    reason: str
    decided_at: int | None
    seen_at: int | None
    created_at: int


@dataclass(frozen=True)
class Decision:
    """What staff decide on the revision they saw; granted in a local year, or refused."""

    revision: int
    granted: bool
    year: int
    conditions: str = ""
    reason: str = ""


def _stored(row: Row[Any]) -> Permission:
    values = {name: getattr(row, name) for name in Permission.__dataclass_fields__ if name != "wish"}
    return Permission(**values, wish=msgspec.json.decode(row.wish, type=Wish))


def _dump(wish: Wish) -> dict[str, str]:
    return {"wish": msgspec.json.encode(wish).decode(), "last_on": wish.last_on}


def ask_permission(catalog: Engine, owner: Owner, wish: Wish, at: int, random_bytes: RandomBytes) -> str:
    """Keep a request; gives its id. Raises Conflict when too many of the asker's wait already."""
    own_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    mine = (scan_permission.c.account_id == owner.account_id) & (scan_permission.c.state == "asked")
    with catalog.begin() as connection:
        values = {"id": own_id, "site_id": owner.site_id, "account_id": owner.account_id, **_dump(wish)}
        connection.execute(
            insert(scan_permission).values(**values, revision=1, state="asked", created_at=at, updated_at=at)
        )
        waiting = connection.execute(select(func.count()).select_from(scan_permission).where(mine)).scalar_one()
        if waiting > MOST_WAITING:
            raise Conflict("too_many_asked", f"{MOST_WAITING} of your requests wait already. Take one back first.")
    return own_id


def load_permission(catalog: Engine, site_id: str, permission_id: str) -> Permission:
    """A request by its id. Raises NotFound."""
    query = select(scan_permission).where(_is(site_id, permission_id))
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound("permission_unknown", "There is no request of this id, or it is not one of yours.")
    return _stored(row)


def list_permissions(catalog: Engine, site_id: str, account_id: str | None = None) -> list[Permission]:
    """A site's requests, or an account's: what waits first, then by their last day, the latest first."""
    query = select(scan_permission).where(scan_permission.c.site_id == site_id)
    if account_id is not None:
        query = query.where(scan_permission.c.account_id == account_id)
    waits = (scan_permission.c.state == "asked").desc()
    query = query.order_by(waits, scan_permission.c.last_on.desc(), scan_permission.c.id).limit(500)
    with catalog.connect() as connection:
        return [_stored(row) for row in connection.execute(query)]


def list_beside(catalog: Engine, permission: Permission) -> list[Permission]:
    """The site's other requests that wait or were granted and are not over before this one begins."""
    query = select(scan_permission).where(
        scan_permission.c.site_id == permission.site_id,
        scan_permission.c.id != permission.id,
        scan_permission.c.state.in_(("asked", "granted")),
        scan_permission.c.last_on >= permission.wish.first_on,
    )
    with catalog.connect() as connection:
        return [_stored(row) for row in connection.execute(query.order_by(scan_permission.c.created_at))]


def find_by_code(catalog: Engine, typed: str) -> Permission:
    """The permission of a code, however it was typed. Raises NotFound."""
    with catalog.connect() as connection:
        row = connection.execute(select(scan_permission).where(scan_permission.c.code == clean_code(typed))).first()
    if row is None:
        raise NotFound("permit_unknown", "No permission has this code. Compare it with the sheet, letter by letter.")
    return _stored(row)


def find_by_number(catalog: Engine, site_id: str, number: str) -> Permission | None:
    """The permission of a number as it was typed; None when there is none."""
    query = select(scan_permission).where(
        scan_permission.c.site_id == site_id, scan_permission.c.number == number.strip().upper()
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _stored(row)


def change_wish(catalog: Engine, permission: Permission, wish: Wish, revision: int, at: int) -> None:
    """Ask for something else instead, until it is decided. Raises Conflict, Stale."""
    with catalog.begin() as connection:
        _step(connection, permission, revision, {**_dump(wish), "updated_at": at})


def take_back(catalog: Engine, permission: Permission, revision: int, at: int) -> None:
    """The asker needs it no more. Raises Conflict, Stale."""
    with catalog.begin() as connection:
        _step(connection, permission, revision, {"state": "taken_back", "updated_at": at})


def decide(
    catalog: Engine, permission: Permission, decision: Decision, change: Change, random_bytes: RandomBytes
) -> str | None:
    """Grant or refuse what was asked for; gives the number of what was granted. Raises Conflict, Stale."""
    values: dict[str, Any] = {"reason": decision.reason, "conditions": decision.conditions}
    values |= {"decided_by": change.account_id, "decided_at": change.at, "updated_at": change.at}
    number = None
    with catalog.begin() as connection:
        # the request first: its row is held, so that only the one decision that counts takes a number
        state: State = "granted" if decision.granted else "refused"
        _step(connection, permission, decision.revision, {**values, "state": state})
        if decision.granted:
            count = _count_up(connection, permission.site_id, decision.year)
            number = make_number(permission.site_id, decision.year, count)
            named = {"number": number, "code": make_code(random_bytes)}
            connection.execute(update(scan_permission).where(_is(permission.site_id, permission.id)).values(**named))
        deed: Deed = "permission_granted" if decision.granted else "permission_refused"
        note(connection, deed, _name(permission), change, revision=decision.revision)
    return number


def withdraw_permission(catalog: Engine, permission: Permission, reason: str, change: Change) -> None:
    """Take a granted permission back, with a reason its asker reads. Raises Conflict."""
    values = {"state": "withdrawn", "reason": reason, "decided_by": change.account_id, "decided_at": change.at}
    with catalog.begin() as connection:
        done = connection.execute(
            update(scan_permission)
            .where(_is(permission.site_id, permission.id), scan_permission.c.state == "granted")
            .values(**values, seen_at=None, updated_at=change.at, revision=scan_permission.c.revision + 1)
        )
        if done.rowcount != 1:
            raise Conflict("permission_not_granted", "Only what was granted can be withdrawn. Reload the page.")
        note(connection, "permission_withdrawn", _name(permission), change)


def _step(connection: Connection, permission: Permission, revision: int, values: dict[str, Any]) -> None:
    """One step on a request that waits, from the revision somebody saw. Raises Conflict, Stale."""
    which = _is(permission.site_id, permission.id)
    done = connection.execute(
        update(scan_permission)
        .where(which, scan_permission.c.state == "asked", scan_permission.c.revision == revision)
        .values(**values, revision=revision + 1)
    )
    if done.rowcount == 1:
        return
    state = connection.execute(select(scan_permission.c.state).where(which)).scalar_one_or_none()
    if state == "asked":
        raise Stale(
            "permission_changed", "The request was changed since you opened this page. Nothing was done; read it again."
        )
    raise Conflict("permission_decided", "This request was decided or taken back meanwhile. Nothing was changed.")


def _count_up(connection: Connection, site_id: str, year: int) -> int:
    """The next count of a site's year; whoever comes at the same time waits for this transaction."""
    first = insert_into(connection, scan_permission_count).values(site_id=site_id, year=year, count=1)
    raised = first.on_conflict_do_update(
        index_elements=[scan_permission_count.c.site_id, scan_permission_count.c.year],
        set_={"count": scan_permission_count.c.count + 1},
    )
    return int(connection.execute(raised.returning(scan_permission_count.c.count)).scalar_one())


def mark_seen(catalog: Engine, permission: Permission, at: int) -> None:
    """Its asker has read the answer."""
    unseen = and_(_is(permission.site_id, permission.id), scan_permission.c.seen_at.is_(None))
    with catalog.begin() as connection:
        connection.execute(update(scan_permission).where(unseen).values(seen_at=at))


def count_asked(catalog: Engine, site_id: str) -> int:
    """How many requests of a site wait for an answer."""
    return _count(catalog, [scan_permission.c.site_id == site_id, scan_permission.c.state == "asked"])


def count_answered(catalog: Engine, site_id: str, account_id: str) -> int:
    """How many answers an account has not read yet."""
    mine = [scan_permission.c.site_id == site_id, scan_permission.c.account_id == account_id]
    return _count(catalog, [*mine, scan_permission.c.decided_at.is_not(None), scan_permission.c.seen_at.is_(None)])


def _count(catalog: Engine, which: Sequence[ColumnElement[bool]]) -> int:
    with catalog.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(scan_permission).where(*which)).scalar_one())


def forget_askers(catalog: Engine, today: date) -> int:
    """Delete what leads to people in requests that ended KEPT_DAYS ago; gives how many there were.

    Of what was granted number, landmarks and days stay, so that the numbers of a year have no gaps; all else goes.
    """
    over = scan_permission.c.last_on < (today - timedelta(days=KEPT_DAYS)).isoformat()
    with catalog.begin() as connection:
        gone = connection.execute(delete(scan_permission).where(over, scan_permission.c.number.is_(None))).rowcount
        named = scan_permission.c.account_id.is_not(None)
        rows = connection.execute(select(scan_permission.c.id, scan_permission.c.wish).where(over, named)).all()
        for row in rows:
            wish = without_people(msgspec.json.decode(row.wish, type=Wish))
            values = {**_dump(wish), "account_id": None, "decided_by": None, "conditions": "", "reason": ""}
            connection.execute(update(scan_permission).where(scan_permission.c.id == row.id).values(**values))
    return int(gone) + len(rows)


def load_asker(catalog: Engine, permission: Permission) -> str:
    """The account's name; empty once it is forgotten."""
    with catalog.connect() as connection:
        name = connection.execute(select(account.c.name).where(account.c.id == permission.account_id)).scalar()
    return name or ""


def _name(permission: Permission) -> Name:
    """What the audit log calls it. It holds decisions alone: who asked is to be forgotten."""
    return Name(permission.site_id, "permission", permission.id)


def _is(site_id: str, permission_id: str) -> ColumnElement[bool]:
    return and_(scan_permission.c.site_id == site_id, scan_permission.c.id == permission_id)
