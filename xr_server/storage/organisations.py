"""Organisations that accounts belong to: the city, an operator, a school, a partner shop."""

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, insert, select, update

from xr_server.domain.account import check_organisation
from xr_server.domain.catalog import Change, Name
from xr_server.errors import NotFound
from xr_server.storage.audit import note
from xr_server.storage.database import insert_into
from xr_server.storage.tables.people import membership, organisation
from xr_server.storage.tokens import RandomBytes


@dataclass(frozen=True)
class Organisation:
    """An organisation of a site, and how many accounts belong to it."""

    id: str
    name: str
    kind: str
    people: int


def own_organisation(connection: Connection, site_id: str) -> str:
    """The id of the organisation that runs the site; made with the site's first account."""
    organisation_id = _own_id(site_id)
    row = {"id": organisation_id, "site_id": site_id, "name": site_id}
    connection.execute(insert_into(connection, organisation).values(row).on_conflict_do_nothing())
    return organisation_id


def take_turn(connection: Connection, site_id: str) -> None:
    """Wait until nobody else changes who is who at a site, or counts its scans; held until the transaction ends."""
    row = organisation.c.id == _own_id(site_id)
    connection.execute(update(organisation).where(row).values(name=organisation.c.name))


def _own_id(site_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dejima:organisation:{site_id}"))


def list_organisations(catalog: Engine, site_id: str) -> list[Organisation]:
    """A site's organisations, by name."""
    people = select(membership.c.organisation_id, func.count().label("people")).group_by(membership.c.organisation_id)
    counted = people.subquery()
    query = (
        select(organisation, counted.c.people)
        .outerjoin(counted, counted.c.organisation_id == organisation.c.id)
        .where(organisation.c.site_id == site_id)
        .order_by(organisation.c.name, organisation.c.id)
    )
    with catalog.connect() as connection:
        return [Organisation(row.id, row.name, row.kind, row.people or 0) for row in connection.execute(query)]


def load_organisation_names(catalog: Engine, site_id: str) -> dict[str, str]:
    """What the organisations of a site are called, by id."""
    query = select(organisation.c.id, organisation.c.name).where(organisation.c.site_id == site_id)
    with catalog.connect() as connection:
        return {row.id: row.name for row in connection.execute(query)}


def load_members(catalog: Engine, site_id: str) -> dict[str, str]:
    """By the id of each account of a site, the id of its organisation."""
    query = select(membership.c.account_id, membership.c.organisation_id).where(membership.c.site_id == site_id)
    with catalog.connect() as connection:
        return {row.account_id: row.organisation_id for row in connection.execute(query)}


def make_organisation(
    catalog: Engine, site_id: str, named: tuple[str, str], change: Change, random_bytes: RandomBytes
) -> str:
    """Make an organisation of (name, kind); gives its id. Raises Invalid."""
    name, kind = check_organisation(*named)
    organisation_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    with catalog.begin() as connection:
        values = {"id": organisation_id, "site_id": site_id, "name": name, "kind": kind}
        connection.execute(insert(organisation).values(**values))
        note(connection, "organisation_made", Name(site_id, "organisation", organisation_id), change, kind=kind)
    return organisation_id


def name_organisation(catalog: Engine, about: Name, named: tuple[str, str], change: Change) -> None:
    """Give an organisation another (name, kind). Raises Invalid, NotFound."""
    name, kind = check_organisation(*named)
    mine = (organisation.c.site_id == about.site_id) & (organisation.c.id == about.id)
    with catalog.begin() as connection:
        if not connection.execute(update(organisation).where(mine).values(name=name, kind=kind)).rowcount:
            raise NotFound(
                "organisation_unknown", "There is no such organisation at this site. Choose it from the list."
            )
        note(connection, "organisation_named", about, change)
