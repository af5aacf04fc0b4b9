"""Who has an account at a site: the list, roles, closing accounts, and handing scans over when people move on."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, select, update

from xr_server.domain.account import STEPS, Role, check_given_role, clean_name
from xr_server.domain.catalog import Change
from xr_server.errors import Conflict, NotFound
from xr_server.storage.accounts import account_name
from xr_server.storage.api_tokens import end_all_tokens
from xr_server.storage.audit import note
from xr_server.storage.catalog import count_publication
from xr_server.storage.feeds import end_all_feeds
from xr_server.storage.organisations import take_turn
from xr_server.storage.sessions import end_all_sessions
from xr_server.storage.tables.news import mail_address
from xr_server.storage.tables.people import account, membership, organisation, password_reset, portfolio, session
from xr_server.storage.tables.records import media_file
from xr_server.storage.tables.scans import scan


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
    organisation_id: str = ""
    organisation: str = ""
    landmarks: tuple[str, ...] = ()  # only there; none: everywhere at the site


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
    """Everybody with a role at a site but pupils, whom their classes list: open accounts first, by name."""
    used = select(session.c.account_id, func.max(session.c.used_at).label("used_at")).group_by(session.c.account_id)
    scans = select(scan.c.account_id, func.count().label("scans")).where(scan.c.site_id == site_id)
    used_by, scans_by = used.subquery(), scans.group_by(scan.c.account_id).subquery()
    query = (
        select(
            account,
            membership.c.role,
            membership.c.landmarks,
            organisation.c.id.label("organisation_id"),
            organisation.c.name.label("organisation"),
            used_by.c.used_at,
            scans_by.c.scans,
        )
        .join(membership, membership.c.account_id == account.c.id)
        .join(organisation, organisation.c.id == membership.c.organisation_id)
        .outerjoin(used_by, used_by.c.account_id == account.c.id)
        .outerjoin(scans_by, scans_by.c.account_id == account.c.id)
        .where(membership.c.site_id == site_id, membership.c.role != "pupil")
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
            row.organisation_id,
            row.organisation,
            tuple(row.landmarks.split()),
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


def set_role(catalog: Engine, site_id: str, account_id: str, role: str, change: Change) -> None:
    """Give an account another role at a site; it holds from its next page on. Raises Invalid, NotFound, Conflict."""
    wanted = check_given_role(role)
    with catalog.begin() as connection:
        take_turn(connection, site_id)
        _set_membership(connection, site_id, account_id, {"role": wanted})
        _check_administered(connection, site_id)
        note(connection, "role_changed", account_name(site_id, account_id), change, role=wanted)
        _count_pages(connection, site_id, [account_id], change.at)


def _count_pages(connection: Connection, site_id: str, account_ids: Sequence[str], at: int) -> None:
    """Let servers compile the site again when one of these accounts has a public page, which depends on what changed."""
    theirs = (portfolio.c.site_id == site_id) & portfolio.c.account_id.in_(account_ids) & portfolio.c.shown.is_(True)
    if connection.execute(select(portfolio.c.account_id).where(theirs)).first() is not None:
        count_publication(connection, site_id, at)


def _set_membership(connection: Connection, site_id: str, account_id: str, values: dict[str, str]) -> None:
    mine = (membership.c.account_id == account_id) & (membership.c.site_id == site_id) & (membership.c.role != "pupil")
    if not connection.execute(update(membership).where(mine).values(**values)).rowcount:
        raise NotFound("account_unknown", "There is no such account at this site. Choose it from the list.")


def set_landmarks(catalog: Engine, site_id: str, account_id: str, landmarks: Sequence[str], change: Change) -> None:
    """Let a membership hold for some landmarks alone; none: for the whole site. Raises NotFound."""
    with catalog.begin() as connection:
        _set_membership(connection, site_id, account_id, {"landmarks": " ".join(sorted(landmarks))})
        note(connection, "part_changed", account_name(site_id, account_id), change, landmarks=len(landmarks))


def set_organisation(catalog: Engine, site_id: str, account_id: str, organisation_id: str, change: Change) -> None:
    """Let an account belong to another organisation of its site. Raises NotFound."""
    there = (organisation.c.site_id == site_id) & (organisation.c.id == organisation_id)
    with catalog.begin() as connection:
        if connection.execute(select(organisation.c.id).where(there)).first() is None:
            raise NotFound(
                "organisation_unknown", "There is no such organisation at this site. Choose it from the list."
            )
        _set_membership(connection, site_id, account_id, {"organisation_id": organisation_id})
        about = account_name(site_id, account_id)
        note(connection, "organisation_changed", about, change, organisation=organisation_id)


def close_account(catalog: Engine, site_id: str, account_id: str, change: Change) -> None:
    """Close an account: its sessions, links, tokens and mail end at once, what it made stays. Raises NotFound, Conflict."""
    find_person(catalog, site_id, account_id)
    with catalog.begin() as connection:
        take_turn(connection, site_id)
        connection.execute(update(account).where(account.c.id == account_id).values(disabled=True))
        connection.execute(delete(password_reset).where(password_reset.c.account_id == account_id))
        end_all_sessions(connection, account_id)
        end_all_tokens(connection, account_id)
        end_all_feeds(connection, account_id)
        connection.execute(delete(mail_address).where(mail_address.c.account_id == account_id))
        _check_administered(connection, site_id)
        note(connection, "account_closed", account_name(site_id, account_id), change)
        _count_pages(connection, site_id, [account_id], change.at)


def reopen_account(catalog: Engine, site_id: str, account_id: str, change: Change) -> None:
    """Open a closed account again, with the password it had. Raises NotFound."""
    find_person(catalog, site_id, account_id)
    with catalog.begin() as connection:
        connection.execute(update(account).where(account.c.id == account_id).values(disabled=False))
        note(connection, "account_reopened", account_name(site_id, account_id), change)
        _count_pages(connection, site_id, [account_id], change.at)


def hand_over(catalog: Engine, handing: Handing, change: Change) -> int:
    """Let all scans of one account, and what it brought into the library, be another's; gives how many scans.

    Raises NotFound, Conflict.
    """
    find_person(catalog, handing.site_id, handing.giver_id)
    taker = find_person(catalog, handing.site_id, handing.taker_id)
    if not can_take(taker):
        raise Conflict("taker_closed", f"{taker.name} cannot work on scans. Choose somebody who can.")
    theirs = (scan.c.site_id == handing.site_id) & (scan.c.account_id == handing.giver_id)
    with catalog.begin() as connection:
        given = connection.execute(update(scan).where(theirs).values(account_id=taker.id, updated_at=change.at))
        files = (media_file.c.site_id == handing.site_id) & (media_file.c.account_id == handing.giver_id)
        connection.execute(update(media_file).where(files).values(account_id=taker.id))
        giver, scans = account_name(handing.site_id, handing.giver_id), int(given.rowcount)
        note(connection, "handed_over", giver, change, taker=taker.id, scans=scans)
        _count_pages(connection, handing.site_id, [handing.giver_id, taker.id], change.at)
    return scans


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
