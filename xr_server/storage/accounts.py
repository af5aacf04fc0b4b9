"""Accounts, their passwords, and the pauses after wrong ones."""

import threading
import uuid

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.account import (
    GUESSES_FORGOTTEN_MS,
    NewAccount,
    check_account,
    check_password,
    clean_name,
    pause_after,
)
from xr_server.domain.audit import AccountDeed
from xr_server.domain.catalog import Change, Name
from xr_server.domain.pen_name import fold_pen_name
from xr_server.errors import Busy, Conflict, Forbidden, NotSignedIn
from xr_server.storage.audit import note
from xr_server.storage.database import insert_into
from xr_server.storage.organisations import own_organisation
from xr_server.storage.tables.classes import pupil
from xr_server.storage.tables.people import account, membership, password_reset, sign_in_guess
from xr_server.storage.tokens import RandomBytes, hash_token

# argon2id, 19 MiB and two passes (OWASP's first choice for servers): about 30 ms here, and ten at once fit any machine
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# verified against when a name is unknown, so that the answer takes the same time; no password has this hash's salt
NOBODY = HASHER.hash("nobody has this password")
NONE_YET = ""  # no password has this hash
VERIFYING = threading.BoundedSemaphore(4)


def add_account(catalog: Engine, new: NewAccount, at: int, random_bytes: RandomBytes) -> str:
    """Make an account with a role at a site; gives its id. Raises Invalid, Conflict when the name is taken."""
    check_account(new)
    name = clean_name(new.name)
    account_id = str(uuid.UUID(bytes=random_bytes(16), version=4))
    try:
        with catalog.begin() as connection:
            organisation_id = own_organisation(connection, new.site_id)
            row = {"id": account_id, "site_id": new.site_id, "name": name, "created_at": at}
            password_hash = NONE_YET if new.password is None else HASHER.hash(new.password)
            connection.execute(insert(account).values(**row, password_hash=password_hash))
            connection.execute(
                insert(membership).values(
                    account_id=account_id, organisation_id=organisation_id, site_id=new.site_id, role=new.role
                )
            )
            note(connection, "account_made", account_name(new.site_id, account_id), Change(at, new.by), role=new.role)
    except IntegrityError as error:
        raise Conflict("name_taken", f"There already is an account called {name}; choose another name.") from error
    return account_id


def sign_in(catalog: Engine, name: str, password: str, at: int, browser: str = "") -> str:
    """The account's id when name and password belong together; unknown and wrong give one answer.

    Wrong passwords make a name rest; browser, given where this name has signed in before, rests by itself, so that
    strangers who guess cannot lock out whom the name belongs to. Raises NotSignedIn, Busy.
    """
    name = find_name(catalog, name)
    guess_key = hash_token(f"{name}\n{browser}" if browser else name)
    check_rested(catalog, guess_key, at)
    with catalog.connect() as connection:
        row = connection.execute(select(account).where(account.c.name == name)).first()
    matches = matches_hash(row.password_hash if row else NOBODY, password)
    with catalog.begin() as connection:
        if row is not None and matches and not row.disabled:
            forget_key(connection, guess_key)
            return str(row.id)
        count_guess(connection, guess_key, at)
    raise NotSignedIn(
        "sign_in_failed",
        "Name and password do not belong together. Check capital letters and the keyboard's language; pasting from a "
        "password manager works. An administrator can give you a new way in.",
    )


def find_name(catalog: Engine, typed: str) -> str:
    """The name of the account that somebody means: as it is written, or a pupil's however a child types it."""
    name = clean_name(typed)
    written = select(account.c.name).where(account.c.name == name)
    folded = (
        select(account.c.name)
        .join(pupil, pupil.c.account_id == account.c.id)
        .where(pupil.c.folded_name == fold_pen_name(name))
    )
    with catalog.connect() as connection:
        found = connection.execute(written).scalar() or connection.execute(folded).scalar()
    return str(found or name)


def check_rested(catalog: Engine, guess_key: str, at: int, spared: int = 0) -> None:
    """Refuse an attempt while what it is counted under rests after wrong ones; spared: so many more are free. Raises Busy."""
    with catalog.connect() as connection:
        guesses = connection.execute(select(sign_in_guess).where(sign_in_guess.c.name_hash == guess_key)).first()
    wait_ms = guesses.last_at + pause_after(guesses.failures - spared) - at if guesses else 0
    if wait_ms > 0:
        raise Busy(
            "sign_in_paused",
            "There were several wrong passwords for this name, so it rests for a moment. Nothing is lost: wait and try "
            "again. If this was not you, tell an administrator.",
            retry_after_s=-(-wait_ms // 1000),
        )


def matches_hash(stored_hash: str, typed: str) -> bool:
    """Whether what was typed is what was hashed; takes its time, and no more than four at once."""
    with VERIFYING:
        try:
            return HASHER.verify(stored_hash, typed)
        except (VerificationError, InvalidHashError):
            return False


def make_hash(secret: str) -> str:
    """The hash of a password, or of the secret half of a class's code."""
    return HASHER.hash(secret)


def count_guess(connection: Connection, guess_key: str, at: int) -> None:
    """Count one wrong attempt."""
    connection.execute(delete(sign_in_guess).where(sign_in_guess.c.last_at < at - GUESSES_FORGOTTEN_MS))
    statement = insert_into(connection, sign_in_guess).values(name_hash=guess_key, failures=1, last_at=at)
    raised = {"failures": sign_in_guess.c.failures + 1, "last_at": at}
    connection.execute(statement.on_conflict_do_update(index_elements=[sign_in_guess.c.name_hash], set_=raised))


def change_password(catalog: Engine, account_id: str, old: str, new: str, at: int) -> None:
    """Set another password, given the old one. Raises Invalid, Busy, Forbidden when the old one is wrong."""
    check_password(new)
    guess_key = hash_token(f"account\n{account_id}")
    check_rested(catalog, guess_key, at)
    with catalog.connect() as connection:
        stored = connection.execute(select(account.c.password_hash).where(account.c.id == account_id)).scalar_one()
    if not matches_hash(stored, old):
        with catalog.begin() as connection:
            count_guess(connection, guess_key, at)
        raise Forbidden(
            "old_password_wrong",
            "The password you have now is another one, so nothing was changed. Type it again; capital letters count.",
        )
    password_hash = make_hash(new)
    with catalog.begin() as connection:
        set_password(connection, account_id, password_hash)
        note_own(connection, "password_changed", account_id, at)


def account_name(site_id: str, account_id: str) -> Name:
    """What an account is called in the audit log."""
    return Name(site_id, "account", account_id)


def note_own(connection: Connection, deed: AccountDeed, account_id: str, at: int) -> None:
    """Put into the audit log what somebody did with the own account."""
    site_id = connection.execute(select(account.c.site_id).where(account.c.id == account_id)).scalar_one()
    note(connection, deed, account_name(site_id, account_id), Change(at, account_id))


def set_password(connection: Connection, account_id: str, password_hash: str) -> None:
    """Set a password that was checked and hashed already, which takes its time; one-time links open nothing any more."""
    connection.execute(update(account).where(account.c.id == account_id).values(password_hash=password_hash))
    connection.execute(delete(password_reset).where(password_reset.c.account_id == account_id))


def forget_guesses(connection: Connection, name: str) -> None:
    """Let a name rest no longer, such as after its owner has set another password."""
    forget_key(connection, hash_token(clean_name(name)))


def forget_key(connection: Connection, guess_key: str) -> None:
    """Forget the wrong attempts that were counted under a key."""
    connection.execute(delete(sign_in_guess).where(sign_in_guess.c.name_hash == guess_key))


def load_names(catalog: Engine, account_ids: set[str]) -> dict[str, str]:
    """The names of accounts by id."""
    with catalog.connect() as connection:
        rows = connection.execute(select(account.c.id, account.c.name).where(account.c.id.in_(account_ids)))
        return {row.id: row.name for row in rows}
