"""Rules by which one organisation asks another one, and what each looks after, as administrators set them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Engine, delete, func, insert, select

from xr_server.domain.account import STEPS
from xr_server.domain.approval import Extent, Part, Rule, check_rule, reaches
from xr_server.domain.catalog import Change, Name, Record
from xr_server.errors import Forbidden, NotFound
from xr_server.storage.audit import note
from xr_server.storage.going_out import check_theirs, find_places, load_parts, load_rules
from xr_server.storage.organisations import take_turn
from xr_server.storage.tables.approvals import approval_rule, organisation_part
from xr_server.storage.tables.people import account, membership, organisation
from xr_server.storage.tokens import RandomBytes


def list_rules(catalog: Engine, site_id: str) -> list[Rule]:
    """The rules of a site."""
    with catalog.connect() as connection:
        return load_rules(connection, site_id)


def list_parts(catalog: Engine, site_id: str) -> list[Part]:
    """Which organisation looks after what."""
    with catalog.connect() as connection:
        return load_parts(connection, site_id)


def make_rule(
    catalog: Engine, site_id: str, wanted: tuple[str, str, Extent], change: Change, random_bytes: RandomBytes
) -> str:
    """Let what one organisation publishes of an extent wait for another one: (who, approver, extent); gives the rule's id.

    Raises Invalid.
    """
    rule = Rule(str(uuid.UUID(bytes=random_bytes(16), version=4)), *wanted)
    with catalog.begin() as connection:
        take_turn(connection, site_id)
        known = set(connection.execute(select(organisation.c.id).where(organisation.c.site_id == site_id)).scalars())
        check_rule(rule, load_rules(connection, site_id), known)
        values = {"id": rule.id, "site_id": site_id, **_write(rule.extent)}
        sides = {"organisation_id": rule.organisation_id, "approver_id": rule.approver_id}
        connection.execute(insert(approval_rule).values(**values, **sides))
        note(connection, "approval_rule_made", _about(site_id, rule.organisation_id), change, None, **_told(rule))
    return rule.id


def end_rule(catalog: Engine, site_id: str, rule_id: str, change: Change) -> Rule:
    """Let it hold no more; gives the rule as it was. What was asked already stays asked. Raises NotFound."""
    with catalog.begin() as connection:
        rule = next((one for one in load_rules(connection, site_id) if one.id == rule_id), None)
        gone = connection.execute(delete(approval_rule).where(approval_rule.c.id == rule_id)) if rule else None
        if rule is None or gone is None or gone.rowcount != 1:
            raise NotFound("rule_unknown", "There is no such rule; somebody may have ended it. Reload the page.")
        note(connection, "approval_rule_ended", _about(site_id, rule.organisation_id), change, None, **_told(rule))
    return rule


def set_part(catalog: Engine, site_id: str, part: Part, change: Change) -> None:
    """Say what an organisation looks after; an extent of nothing in particular: it has no part of its own. Raises NotFound."""
    here = (organisation.c.site_id == site_id) & (organisation.c.id == part.organisation_id)
    with catalog.begin() as connection:
        take_turn(connection, site_id)
        if connection.execute(select(organisation.c.id).where(here)).first() is None:
            raise NotFound(
                "organisation_unknown", "There is no such organisation at this site. Choose it from the list."
            )
        own = organisation_part.c.organisation_id == part.organisation_id
        connection.execute(delete(organisation_part).where(own))
        if part.extent != Extent():
            values = {"organisation_id": part.organisation_id, "site_id": site_id, "others": part.others}
            connection.execute(insert(organisation_part).values(**values, **_write(part.extent)))
        sizes = {"kinds": len(part.extent.kinds), "landmarks": len(part.extent.landmarks)}
        about = _about(site_id, part.organisation_id)
        note(connection, "organisation_part_set", about, change, None, **sizes, others=part.others)


def find_keeper(catalog: Engine, name: Name, body: Record, account_id: str) -> str:
    """The organisation that looks after a record and lets an account only read it; empty: the account may change it."""
    with catalog.connect() as connection:
        try:
            check_theirs(connection, name, body, Change(0, account_id))
        except Forbidden:
            places = find_places(connection, name, body)
            parts = load_parts(connection, name.site_id)
            keeper = next(one for one in parts if reaches(one.extent, name.kind, places))
            called = select(organisation.c.name).where(organisation.c.id == keeper.organisation_id)
            return str(connection.execute(called).scalar())
    return ""


def count_publishers(catalog: Engine, site_id: str) -> dict[str, int]:
    """How many open accounts of each organisation may publish, and so answer when it is asked."""
    roles = [role for role, steps in STEPS.items() if "publish" in steps]
    query = (
        select(membership.c.organisation_id, func.count().label("people"))
        .join(account, account.c.id == membership.c.account_id)
        .where(membership.c.site_id == site_id, membership.c.role.in_(roles), account.c.disabled.is_(False))
        .group_by(membership.c.organisation_id)
    )
    with catalog.connect() as connection:
        return {row.organisation_id: row.people for row in connection.execute(query)}


def _write(extent: Extent) -> dict[str, str]:
    return {"kinds": " ".join(sorted(extent.kinds)), "landmarks": " ".join(sorted(extent.landmarks))}


def _about(site_id: str, organisation_id: str) -> Name:
    return Name(site_id, "organisation", organisation_id)


def _told(rule: Rule) -> dict[str, str | int]:
    extent: Sequence[frozenset[str]] = (rule.extent.kinds, rule.extent.landmarks)
    kinds, landmarks = (len(one) for one in extent)
    return {"approver": rule.approver_id, "kinds": kinds, "landmarks": landmarks}
