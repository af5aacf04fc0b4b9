"""Who has an account at a site: the list, roles, closing accounts, and handing scans over when people move on."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, select, update

from xr_server.domain.account import STEPS, Role, check_role, clean_name
from xr_server.errors import Conflict, NotFound
from xr_server.storage.api_tokens import end_all_tokens
from xr_server.storage.database import account, membership, organisation, password_reset, scan, session
from xr_server.storage.sessions import end_all_sessions


@dataclass(frozen=True)
class Person:
    """An account as administrators see it. has_password: somebody has been in; used_at: of its open sessions, the last use."""

    id: str
    name: str
    role: Role
    disabled: bool
    created_at: int
    has_password: bool
    used_at: int | None
    scans: int


@dataclass(frozen=True)
class Handing:
    """Whose scans become whose, at a site."""

    site_id: str
    giver_id: str
    taker_id: str


def can_take(person: Person) -> bool:
    """Whether somebody can work on scans that are handed over."""
    return not person.disabled and "upload" in STEPS[person.role]


def list_people(catalog: Engine, site_id: str) -> list[Person]:
    """Everybody with a role at a site: open accounts first, by name."""
    used = select(session.c.account_id, func.max(session.c.used_at).label("used_at")).group_by(session.c.account_id)
    scans = select(scan.c.account_id, func.count().label("scans")).where(scan.c.site_id == site_id)
    used_by, scans_by = used.subquery(), scans.group_by(scan.c.account_id).subquery()
    query = (
        select(account, membership.c.role, used_by.c.used_at, scans_by.c.scans)
        .join(membership, membership.c.account_id == account.c.id)
        .outerjoin(used_by, used_by.c.account_id == account.c.id)
        .outerjoin(scans_by, scans_by.c.account_id == account.c.id)
        .where(membership.c.site_id == site_id)
    )
    with catalog.connect() as connection:
        rows = connection.execute(query).all()
    people = [
        Person(
            row.id,
            row.name,
            row.role,
            row.disabled,
            row.created_at,
            bool(row.password_hash),
            row.used_at,
            row.scans or 0,
        )
        for row in rows
    ]
    return sorted(people, key=lambda person: (person.disabled, person.name))


def find_person(catalog: Engine, site_id: str, account_id: str) -> Person:
    """One of them. Raises NotFound."""
    for person in list_people(catalog, site_id):
        if person.id == account_id:
            return person
    raise NotFound("account_unknown", "There is no such account at this site. Choose it from the list.")


def find_person_called(catalog: Engine, site_id: str, name: str) -> Person:
    """The one of that name. Raises NotFound."""
    for person in list_people(catalog, site_id):
        if person.name == clean_name(name):
            return person
    raise NotFound("account_unknown", f"There is no account called {name} at this site.")


def set_role(catalog: Engine, site_id: str, account_id: str, role: str) -> None:
    """Give an account another role at a site; it holds from its next page on. Raises Invalid, NotFound, Conflict."""
    wanted = check_role(role)
    with catalog.begin() as connection:
        _take_turn(connection, site_id)
        mine = (membership.c.account_id == account_id) & (membership.c.site_id == site_id)
        changed = connection.execute(update(membership).where(mine).values(role=wanted))
        if not changed.rowcount:
            raise NotFound("account_unknown", "There is no such account at this site. Choose it from the list.")
        _check_administered(connection, site_id)


def close_account(catalog: Engine, site_id: str, account_id: str) -> None:
    """Close an account: its sessions, links and tokens end at once, what it made stays. Raises NotFound, Conflict."""
    find_person(catalog, site_id, account_id)
    with catalog.begin() as connection:
        _take_turn(connection, site_id)
        connection.execute(update(account).where(account.c.id == account_id).values(disabled=True))
        connection.execute(delete(password_reset).where(password_reset.c.account_id == account_id))
        end_all_sessions(connection, account_id)
        end_all_tokens(connection, account_id)
        _check_administered(connection, site_id)


def reopen_account(catalog: Engine, site_id: str, account_id: str) -> None:
    """Open a closed account again, with the password it had. Raises NotFound."""
    find_person(catalog, site_id, account_id)
    with catalog.begin() as connection:
        connection.execute(update(account).where(account.c.id == account_id).values(disabled=False))


def hand_over(catalog: Engine, handing: Handing, at: int) -> int:
    """Let all scans of one account be another's; gives how many. Raises NotFound, Conflict."""
    find_person(catalog, handing.site_id, handing.giver_id)
    taker = find_person(catalog, handing.site_id, handing.taker_id)
    if not can_take(taker):
        raise Conflict("taker_closed", f"{taker.name} cannot work on scans. Choose somebody who can.")
    theirs = (scan.c.site_id == handing.site_id) & (scan.c.account_id == handing.giver_id)
    with catalog.begin() as connection:
        given = connection.execute(update(scan).where(theirs).values(account_id=taker.id, updated_at=at))
    return int(given.rowcount)


def _take_turn(connection: Connection, site_id: str) -> None:
    """One change of a site's people at a time: two administrators must not take the role from one another at once."""
    row = organisation.c.site_id == site_id
    connection.execute(update(organisation).where(row).values(name=organisation.c.name))


def _check_administered(connection: Connection, site_id: str) -> None:
    """Refuse a change after which nobody could undo it. Raises Conflict."""
    query = (
        select(func.count())
        .select_from(membership)
        .join(account, account.c.id == membership.c.account_id)
        .where(membership.c.site_id == site_id, membership.c.role == "admin", account.c.disabled.is_(False))
    )
    if not connection.execute(query).scalar_one():
        raise Conflict(
            "last_admin",
            "Then nobody could look after the accounts of this site any more, so nothing was changed. Make somebody else "
            "an administrator first.",
        )
