"""Who wants a digest by mail: addresses, what each has been told, and when the next one is due."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update

from xr_server.domain.account import Role, Session
from xr_server.domain.digest import ADDRESSES_A_DAY, DAY_MS, next_due, next_try
from xr_server.errors import Conflict
from xr_server.storage.accounts import note_own
from xr_server.storage.tables.audit import audit_entry
from xr_server.storage.tables.news import mail_address
from xr_server.storage.tables.people import account, membership

CLAIM_MS = 600_000  # a worker that is killed while it sends leaves the mail to the next one


@dataclass(frozen=True)
class Due:
    """A digest that may be sent: to whom, in which language, and what was told already."""

    session: Session
    address: str
    language: str
    told_number: int
    due_at: int
    failures: int


@dataclass(frozen=True)
class Address:
    """Where an account wants digests: empty for nowhere; until it is confirmed it only gets the letter that asks."""

    text: str = ""
    confirmed: bool = False


def save_address(catalog: Engine, account_id: str, address: str, language: str, at: int) -> bool:
    """Keep the address for an account's digests, or forget it when it is empty; gives whether it is to be asked first.

    What is known already is not told again. An address that is confirmed already stays so. Raises Conflict.
    """
    with catalog.begin() as connection:
        same = (mail_address.c.account_id == account_id) & (mail_address.c.address == address)
        kept = same & mail_address.c.confirmed_at.is_not(None)
        if connection.execute(update(mail_address).where(kept).values(language=language)).rowcount:
            return False
        _check_often(connection, account_id, address, at)
        gone = connection.execute(delete(mail_address).where(mail_address.c.account_id == account_id)).rowcount
        if address:
            site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
            newest = connection.execute(select(func.max(audit_entry.c.number))).scalar() or 0
            values = {"account_id": account_id, "site_id": site_id, "address": address, "language": language}
            connection.execute(insert(mail_address).values(**values, told_number=newest, due_at=at))
        if address or gone:
            note_own(connection, "mail_set" if address else "mail_ended", account_id, at)
    return bool(address)


def _check_often(connection: Connection, account_id: str, address: str, at: int) -> None:
    """Each address is asked by a letter, so nobody gives many of them in a row. Raises Conflict."""
    given = select(func.count()).where(
        audit_entry.c.account_id == account_id, audit_entry.c.deed == "mail_set", audit_entry.c.done_at > at - DAY_MS
    )
    if address and connection.execute(given).scalar_one() >= ADDRESSES_A_DAY:
        raise Conflict(
            "addresses_often",
            f"You have given {ADDRESSES_A_DAY} addresses within a day, and each is asked by a letter. Try again tomorrow.",
        )


def find_address(catalog: Engine, account_id: str) -> Address:
    """The address of an account's digests; an empty one when it has given none."""
    with catalog.connect() as connection:
        row = connection.execute(select(mail_address).where(mail_address.c.account_id == account_id)).first()
    return Address() if row is None else Address(row.address, row.confirmed_at is not None)


def list_due(catalog: Engine, at: int) -> list[Due]:
    """The digests that may be sent now, the longest due first; those of closed accounts are not."""
    return _list(catalog, at, mail_address.c.confirmed_at.is_not(None))


def list_unconfirmed(catalog: Engine, at: int) -> list[Due]:
    """The addresses that are to be asked now, or were asked and have not answered in time."""
    return _list(catalog, at, mail_address.c.confirmed_at.is_(None))


def _list(catalog: Engine, at: int, wanted: ColumnElement[bool]) -> list[Due]:
    query = (
        select(mail_address, account.c.name, membership.c.role, membership.c.landmarks)
        .join(account, account.c.id == mail_address.c.account_id)
        .join(membership, membership.c.account_id == account.c.id)
        .where(membership.c.site_id == mail_address.c.site_id)
        .where(mail_address.c.due_at <= at, account.c.disabled.is_(False), wanted)
        .order_by(mail_address.c.due_at, mail_address.c.account_id)
    )
    with catalog.connect() as connection:
        rows = connection.execute(query).all()
    first = {row.account_id: row for row in reversed(rows)}  # one a role
    roles = {name: frozenset(row.role for row in rows if row.account_id == name) for name in first}
    return [_due(first[name], roles[name], at) for name in dict.fromkeys(row.account_id for row in rows)]


def _due(row: Row[Any], roles: frozenset[Role], at: int) -> Due:
    whose = (row.account_id, row.name, row.site_id, roles)
    session = Session(*whose, "", at, True, frozenset((row.landmarks or "").split()))
    return Due(session, row.address, row.language, row.told_number, row.due_at, row.failures)


def claim_digest(catalog: Engine, due: Due, at: int) -> bool:
    """Take a digest in hand; False when another worker has it."""
    with catalog.begin() as connection:
        return connection.execute(update(mail_address).where(_is(due)).values(due_at=at + CLAIM_MS)).rowcount == 1


def save_sent(catalog: Engine, due: Due, number: int, at: int) -> None:
    """Remember what was told; the next digest is due after a while."""
    _save(catalog, due, told_number=number, due_at=next_due(at), failures=0)


def save_failed(catalog: Engine, due: Due, at: int) -> None:
    """Try again later, each time a little later."""
    _save(catalog, due, due_at=next_try(at, due.failures), failures=due.failures + 1)


def _save(catalog: Engine, due: Due, **values: int) -> None:
    mine = (mail_address.c.account_id == due.session.account_id) & (mail_address.c.address == due.address)
    with catalog.begin() as connection:
        connection.execute(update(mail_address).where(mine).values(**values))


def _is(due: Due) -> ColumnElement[bool]:
    return (mail_address.c.account_id == due.session.account_id) & (mail_address.c.due_at == due.due_at)
