"""Tokens by which a program acts for an account, such as `dejima upload`: shown once, kept as a hash, ended at any time."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select

from xr_server.domain.account import API_TOKEN_LIFE_MS, MAX_API_TOKENS, Session, clean_label
from xr_server.errors import Conflict
from xr_server.storage.accounts import note_own
from xr_server.storage.tables.people import account, api_token
from xr_server.storage.tokens import RandomBytes, find_holder, hash_token, make_token

PREFIX = "dejima_"  # so that people and scanners for leaked secrets recognise one


@dataclass(frozen=True)
class ApiToken:
    """One of an account's tokens; id is its hash, which opens nothing."""

    id: str
    label: str
    created_at: int
    used_at: int | None
    expires_at: int


def issue_token(catalog: Engine, account_id: str, label: str, at: int, random_bytes: RandomBytes) -> str:
    """A new token of an account, good for a year. Raises Invalid, Conflict when there are too many."""
    label, token = clean_label(label), PREFIX + make_token(random_bytes)
    with catalog.begin() as connection:
        mine = api_token.c.account_id == account_id
        connection.execute(delete(api_token).where(mine, api_token.c.expires_at <= at))
        site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
        values = {"site_id": site_id, "account_id": account_id, "label": label, "created_at": at}
        connection.execute(
            insert(api_token).values(token_hash=hash_token(token), expires_at=at + API_TOKEN_LIFE_MS, **values)
        )
        if connection.execute(select(func.count()).select_from(api_token).where(mine)).scalar_one() > MAX_API_TOKENS:
            raise Conflict("too_many_tokens", f"There are {MAX_API_TOKENS} tokens already. End one that is not needed.")
        note_own(connection, "token_made", account_id, at)
    return token


def list_tokens(catalog: Engine, account_id: str, at: int) -> list[ApiToken]:
    """An account's tokens that still open something, the newest first."""
    query = select(api_token).where(api_token.c.account_id == account_id, api_token.c.expires_at > at)
    with catalog.connect() as connection:
        rows = connection.execute(query.order_by(api_token.c.created_at.desc(), api_token.c.token_hash)).all()
    return [ApiToken(row.token_hash, row.label, row.created_at, row.used_at, row.expires_at) for row in rows]


def find_token_session(catalog: Engine, token: str, at: int) -> Session | None:
    """What a token opens; None when it has ended, or its account was closed."""
    found = find_holder(catalog, api_token, token, at)
    if found is None:
        return None
    row = found.row
    return Session(
        row.account_id,
        row.name,
        row.site_id,
        found.roles,
        "",
        row.expires_at,
        by_token=True,
        landmarks=found.landmarks,
    )


def end_token(catalog: Engine, account_id: str, token_id: str, at: int) -> None:
    """End one token of an account; one that has ended stays ended."""
    with catalog.begin() as connection:
        mine = (api_token.c.account_id == account_id) & (api_token.c.token_hash == token_id)
        if connection.execute(delete(api_token).where(mine)).rowcount:
            note_own(connection, "token_ended", account_id, at)


def end_all_tokens(connection: Connection, account_id: str) -> None:
    """End every token of an account."""
    connection.execute(delete(api_token).where(api_token.c.account_id == account_id))
