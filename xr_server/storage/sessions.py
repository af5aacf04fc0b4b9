"""Sessions of those who have signed in: one row each, made after the login only."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from xr_server.domain.account import SESSION_LIFE_MS, Session
from xr_server.storage.tables.people import account, session
from xr_server.storage.tokens import RandomBytes, find_holder, hash_token, make_token


@dataclass(frozen=True)
class OpenSession:
    """One of an account's sessions; id is the hash of its token, which opens nothing."""

    id: str
    created_at: int
    used_at: int
    is_this: bool


def open_session(catalog: Engine, account_id: str, at: int, random_bytes: RandomBytes) -> str:
    """Begin a session of 12 hours; gives the token for the cookie, of which only the hash is stored."""
    token = make_token(random_bytes)
    with catalog.begin() as connection:
        connection.execute(delete(session).where(session.c.expires_at <= at))
        site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
        connection.execute(
            insert(session).values(
                token_hash=hash_token(token),
                site_id=site_id,
                account_id=account_id,
                csrf_token=random_bytes(32).hex(),
                created_at=at,
                used_at=at,
                expires_at=at + SESSION_LIFE_MS,
            )
        )
    return token


def find_session(catalog: Engine, token: str, at: int) -> Session | None:
    """The session a cookie's token opens; None when it has ended, or its account was closed."""
    found = find_holder(catalog, session, token, at)
    if found is None:
        return None
    row = found.row
    return Session(
        row.account_id,
        row.name,
        row.site_id,
        found.roles,
        row.csrf_token,
        row.expires_at,
        landmarks=found.landmarks,
    )


def close_session(catalog: Engine, token: str) -> None:
    """End a session; one that has ended stays ended."""
    with catalog.begin() as connection:
        connection.execute(delete(session).where(session.c.token_hash == hash_token(token)))


def list_sessions(catalog: Engine, account_id: str, token: str, at: int) -> list[OpenSession]:
    """An account's open sessions, the one of this token first, then the one used last."""
    query = select(session).where(session.c.account_id == account_id, session.c.expires_at > at)
    with catalog.connect() as connection:
        rows = connection.execute(query).all()
    this = hash_token(token)
    found = [OpenSession(row.token_hash, row.created_at, row.used_at, row.token_hash == this) for row in rows]
    return sorted(found, key=lambda one: (not one.is_this, -one.used_at))


def end_session(catalog: Engine, account_id: str, session_id: str) -> None:
    """End one session of an account; one that has ended stays ended."""
    with catalog.begin() as connection:
        connection.execute(
            delete(session).where(session.c.account_id == account_id, session.c.token_hash == session_id)
        )


def end_other_sessions(catalog: Engine, account_id: str, token: str) -> None:
    """End all sessions of an account but the one of this token."""
    with catalog.begin() as connection:
        connection.execute(
            delete(session).where(session.c.account_id == account_id, session.c.token_hash != hash_token(token))
        )


def end_all_sessions(connection: Connection, account_id: str) -> None:
    """End every session of an account."""
    connection.execute(delete(session).where(session.c.account_id == account_id))
