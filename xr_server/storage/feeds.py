"""Feeds: an address that tells a reader what concerns an account; kept as a hash, one an account, ended at any time."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select

from xr_server.domain.account import API_TOKEN_LIFE_MS, Session
from xr_server.errors import NotFound
from xr_server.storage.accounts import note_own
from xr_server.storage.tables.news import feed
from xr_server.storage.tables.people import account
from xr_server.storage.tokens import RandomBytes, find_holder, hash_token, make_token


@dataclass(frozen=True)
class Feed:
    """The feed of an account: since when, until when, and when a reader asked last, in ms UTC."""

    created_at: int
    expires_at: int
    used_at: int | None


def issue_feed(catalog: Engine, account_id: str, at: int, random_bytes: RandomBytes) -> str:
    """The token of an account's feed, good for a year; an earlier one opens nothing any more."""
    token = make_token(random_bytes)
    with catalog.begin() as connection:
        connection.execute(delete(feed).where(feed.c.account_id == account_id))
        site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
        values = {"site_id": site_id, "account_id": account_id, "created_at": at, "expires_at": at + API_TOKEN_LIFE_MS}
        connection.execute(insert(feed).values(token_hash=hash_token(token), **values))
        note_own(connection, "feed_made", account_id, at)
    return token


def find_feed(catalog: Engine, account_id: str, at: int) -> Feed | None:
    """The feed of an account; None while it has none."""
    query = select(feed).where(feed.c.account_id == account_id, feed.c.expires_at > at)
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    return Feed(row.created_at, row.expires_at, row.used_at) if row else None


def open_feed(catalog: Engine, token: str, at: int) -> tuple[Session, int]:
    """Whose feed a token opens, and since when there is one. Raises NotFound when it was ended or the account closed."""
    found = find_holder(catalog, feed, token, at)
    if found is None:
        raise NotFound(
            "feed_over",
            "This feed was ended, or is more than a year old. Make another one on the page of your account.",
        )
    row = found.row
    whose = (row.account_id, row.name, row.site_id, found.roles)
    return Session(*whose, "", row.expires_at, True, found.landmarks), int(row.created_at)


def end_feed(catalog: Engine, account_id: str, at: int) -> None:
    """End the feed of an account; without one, nothing happens."""
    with catalog.begin() as connection:
        if end_all_feeds(connection, account_id):
            note_own(connection, "feed_ended", account_id, at)


def end_all_feeds(connection: Connection, account_id: str) -> int:
    """End an account's feed within the caller's transaction; gives how many there were."""
    return int(connection.execute(delete(feed).where(feed.c.account_id == account_id)).rowcount)
