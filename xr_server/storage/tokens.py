"""Tokens that open something: random, given out once, and kept as a hash alone, so that a stolen database opens nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, Table, select, update

from xr_server.domain.account import Role
from xr_server.storage.tables.people import account, membership

RandomBytes = Callable[[int], bytes]
TOKEN_BYTES = 32
USED_MS = 300_000  # when a token was used last is known to five minutes: not every request costs a write


def make_token(random_bytes: RandomBytes) -> str:
    """A new token."""
    return random_bytes(TOKEN_BYTES).hex()


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Holder:
    """Whom a token opens something for: its row with the account's name, and what the account is at the site."""

    row: Row[Any]
    roles: frozenset[Role]
    landmarks: frozenset[str]


def find_holder(catalog: Engine, table: Table, token: str, at: int) -> Holder | None:
    """The holder of a token of a table of tokens; its use is noted.

    None when it has ended, or its account was closed.
    """
    query = (
        select(table, account.c.name, membership.c.role, membership.c.landmarks)
        .join(account, account.c.id == table.c.account_id)
        .outerjoin(
            membership,
            (membership.c.account_id == table.c.account_id) & (membership.c.site_id == table.c.site_id),
        )
        .where(table.c.token_hash == hash_token(token), table.c.expires_at > at, account.c.disabled.is_(False))
    )
    with catalog.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    first = rows[0]
    if at - (first.used_at or 0) > USED_MS:
        with catalog.begin() as connection:
            connection.execute(update(table).where(table.c.token_hash == first.token_hash).values(used_at=at))
    roles = frozenset(row.role for row in rows if row.role)
    return Holder(first, roles, frozenset((first.landmarks or "").split()))
