"""Accounts, their sessions, and the pauses after wrong passwords."""

import hashlib
import threading
import uuid
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from xr_server.domain.account import (
    GUESSES_FORGOTTEN_MS,
    SESSION_LIFE_MS,
    NewAccount,
    Role,
    Session,
    check_account,
    clean_name,
    pause_after,
)
from xr_server.errors import Busy, Conflict, NotSignedIn
from xr_server.storage.database import account, membership, organisation, session, sign_in_guess

RandomBytes = Callable[[int], bytes]

# argon2id, 19 MiB and two passes (OWASP's first choice for servers): about 30 ms here, and ten at once fit any machine
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# verified against when a name is unknown, so that the answer takes the same time; no password has this hash's salt
NOBODY = HASHER.hash("nobody has this password")
VERIFYING = threading.BoundedSemaphore(4)


def add_account(catalog: Engine, new: NewAccount, at: int, random_bytes: RandomBytes) -> str:
    """Make an account with a role at a site; gives its id. Raises Invalid, Conflict when the name is taken."""
    check_account(new)
    name = clean_name(new.name)
    account_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    try:
        with catalog.begin() as connection:
            organisation_id = _own_organisation(connection, new.site_id)
            row = {"id": account_id, "site_id": new.site_id, "name": name, "created_at": at}
            connection.execute(insert(account).values(**row, password_hash=HASHER.hash(new.password)))
            connection.execute(
                insert(membership).values(
                    account_id=account_id, organisation_id=organisation_id, site_id=new.site_id, role=new.role
                )
            )
    except IntegrityError as error:
        raise Conflict("name_taken", f"There already is an account called {name}; choose another name.") from error
    return account_id


def _own_organisation(connection: Connection, site_id: str) -> str:
    """The organisation that runs the site; made with the site's first account."""
    organisation_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"dejima:organisation:{site_id}"))
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"id": organisation_id, "site_id": site_id, "name": site_id}
    connection.execute(dialect.insert(organisation).values(row).on_conflict_do_nothing())
    return organisation_id


def sign_in(catalog: Engine, name: str, password: str, at: int) -> str:
    """The account's id when name and password belong together; unknown and wrong give one answer. Raises NotSignedIn, Busy."""
    name = clean_name(name)
    name_hash = hashlib.sha256(name.encode()).hexdigest()
    with catalog.connect() as connection:
        guesses = connection.execute(select(sign_in_guess).where(sign_in_guess.c.name_hash == name_hash)).first()
        row = connection.execute(select(account).where(account.c.name == name)).first()
    wait_ms = guesses.last_at + pause_after(guesses.failures) - at if guesses else 0
    if wait_ms > 0:
        raise Busy(
            "sign_in_paused",
            "There were several wrong passwords for this name, so it rests for a moment. Nothing is lost: wait and try "
            "again. If this was not you, tell an operator.",
            retry_after_s=-(-wait_ms // 1000),
        )
    matches = _matches(row.password_hash if row else NOBODY, password)
    with catalog.begin() as connection:
        if row is not None and matches and not row.disabled:
            connection.execute(delete(sign_in_guess).where(sign_in_guess.c.name_hash == name_hash))
            return str(row.id)
        _count_guess(connection, name_hash, at)
    raise NotSignedIn(
        "sign_in_failed",
        "Name and password do not belong together. Check capital letters and the keyboard's language; pasting from a "
        "password manager works. An operator can set a new password.",
    )


def _matches(password_hash: str, password: str) -> bool:
    with VERIFYING:
        try:
            return HASHER.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _count_guess(connection: Connection, name_hash: str, at: int) -> None:
    connection.execute(delete(sign_in_guess).where(sign_in_guess.c.last_at < at - GUESSES_FORGOTTEN_MS))
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(sign_in_guess).values(name_hash=name_hash, failures=1, last_at=at)
    raised = {"failures": sign_in_guess.c.failures + 1, "last_at": at}
    connection.execute(statement.on_conflict_do_update(index_elements=[sign_in_guess.c.name_hash], set_=raised))


def open_session(catalog: Engine, account_id: str, at: int, random_bytes: RandomBytes) -> str:
    """Begin a session of 12 hours; gives the token for the cookie, of which only the hash is stored."""
    token = random_bytes(32).hex()
    with catalog.begin() as connection:
        connection.execute(delete(session).where(session.c.expires_at <= at))
        site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
        connection.execute(
            insert(session).values(
                token_hash=_hash(token),
                site_id=site_id,
                account_id=account_id,
                csrf_token=random_bytes(32).hex(),
                created_at=at,
                expires_at=at + SESSION_LIFE_MS,
            )
        )
    return token


def find_session(catalog: Engine, token: str, at: int) -> Session | None:
    """The session a cookie's token opens; None when it has ended, or its account was closed."""
    query = (
        select(session, account.c.name, membership.c.role)
        .join(account, account.c.id == session.c.account_id)
        .outerjoin(
            membership,
            (membership.c.account_id == session.c.account_id) & (membership.c.site_id == session.c.site_id),
        )
        .where(session.c.token_hash == _hash(token), session.c.expires_at > at, account.c.disabled.is_(False))
    )
    with catalog.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    roles: frozenset[Role] = frozenset(row.role for row in rows if row.role)
    first = rows[0]
    return Session(first.account_id, first.name, first.site_id, roles, first.csrf_token, first.expires_at)


def close_session(catalog: Engine, token: str) -> None:
    """End a session; one that has ended stays ended."""
    with catalog.begin() as connection:
        connection.execute(delete(session).where(session.c.token_hash == _hash(token)))


def load_names(catalog: Engine, account_ids: set[str]) -> dict[str, str]:
    """The names of accounts by id."""
    with catalog.connect() as connection:
        rows = connection.execute(select(account.c.id, account.c.name).where(account.c.id.in_(account_ids)))
        return {row.id: row.name for row in rows}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
