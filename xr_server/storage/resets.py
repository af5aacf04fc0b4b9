"""One-time links: the first way into an account, and a new one for whoever has forgotten the password."""

from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select, update

from xr_server.domain.account import RESET_LIFE_MS, check_password
from xr_server.domain.catalog import Change
from xr_server.errors import NotFound
from xr_server.storage.accounts import account_name, forget_guesses, make_hash, note_own, set_password
from xr_server.storage.api_tokens import end_all_tokens
from xr_server.storage.audit import note
from xr_server.storage.feeds import end_all_feeds
from xr_server.storage.sessions import end_all_sessions
from xr_server.storage.tables.classes import pupil
from xr_server.storage.tables.people import account, password_reset
from xr_server.storage.tokens import RandomBytes, hash_token, make_token


@dataclass(frozen=True)
class Reset:
    """A link that still opens: whose password it sets, and until when."""

    account_id: str
    name: str
    expires_at: int
    is_pupil: bool


def issue_reset(
    catalog: Engine, account_id: str, change: Change, random_bytes: RandomBytes, life_ms: int = RESET_LIFE_MS
) -> str:
    """The token of a link that sets an account's password once, for 72 hours; earlier links of it open nothing any more."""
    token, at = make_token(random_bytes), change.at
    with catalog.begin() as connection:
        connection.execute(
            delete(password_reset).where(
                (password_reset.c.account_id == account_id) | (password_reset.c.expires_at <= at)
            )
        )
        site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
        values = {"site_id": site_id, "account_id": account_id, "expires_at": at + life_ms}
        connection.execute(insert(password_reset).values(token_hash=hash_token(token), **values))
        note(connection, "link_issued", account_name(site_id, account_id), change)
    return token


def find_reset(catalog: Engine, token: str, at: int) -> Reset:
    """What a link's token opens. Raises NotFound when it was used, replaced, is over, or the account is closed."""
    query = (
        select(password_reset, account.c.name, pupil.c.class_id)
        .join(account, account.c.id == password_reset.c.account_id)
        .outerjoin(pupil, pupil.c.account_id == password_reset.c.account_id)
        .where(
            password_reset.c.token_hash == hash_token(token),
            password_reset.c.expires_at > at,
            account.c.disabled.is_(False),
        )
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise _over()
    return Reset(row.account_id, row.name, row.expires_at, row.class_id is not None)


def use_reset(catalog: Engine, token: str, password: str, at: int) -> str:
    """Set the password, end sessions, tokens and pauses, and use up the link; gives the name. Raises Invalid, NotFound."""
    check_password(password)
    reset = find_reset(catalog, token, at)
    password_hash = make_hash(password)
    with catalog.begin() as connection:
        # the account's row first, as whoever closes it does, so that neither waits for the other
        connection.execute(update(account).where(account.c.id == reset.account_id).values(id=reset.account_id))
        used = connection.execute(delete(password_reset).where(password_reset.c.token_hash == hash_token(token)))
        if used.rowcount != 1:  # two browsers at once: one of them sets it
            raise _over()
        set_password(connection, reset.account_id, password_hash)
        end_all_sessions(connection, reset.account_id)
        end_all_tokens(connection, reset.account_id)
        end_all_feeds(connection, reset.account_id)
        forget_guesses(connection, reset.name)
        note_own(connection, "link_used", reset.account_id, at)
    return reset.name


def _over() -> NotFound:
    return NotFound(
        "reset_over",
        "This link has been used, was replaced by a newer one, or is more than 72 hours old. Ask an administrator for "
        "another one; nothing was changed.",
    )
