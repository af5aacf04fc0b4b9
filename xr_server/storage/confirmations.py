"""Whether an address for digests belongs to whoever gave it: a link by mail that works once, and is waited for two days."""

from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select, update

from xr_server.domain.catalog import Change, Name
from xr_server.domain.digest import CONFIRM_MS
from xr_server.errors import NotFound
from xr_server.storage.accounts import account_name, note_own
from xr_server.storage.audit import note
from xr_server.storage.mail import CLAIM_MS, Due
from xr_server.storage.tables.news import mail_address, mail_confirmation
from xr_server.storage.tables.people import account
from xr_server.storage.tokens import RandomBytes, hash_token, make_token

MOST_TRIES = 13  # the pauses between them add up to two days


@dataclass(frozen=True)
class Confirmation:
    """A link that still opens: which account gave which address, and until when it can be confirmed, in ms UTC."""

    account_id: str
    site_id: str
    name: str
    address: str
    expires_at: int

    @property
    def whose(self) -> Name:
        """The account, as the audit log names it."""
        return account_name(self.site_id, self.account_id)


def issue_confirmation(catalog: Engine, due: Due, at: int, random_bytes: RandomBytes) -> str | None:
    """Take the letter to an address in hand; gives the token of its link.

    None when another worker has it, or when the time to answer is over, or to send it: then the address is forgotten.
    """
    token, mine = make_token(random_bytes), mail_address.c.account_id == due.session.account_id
    # address and time as they were listed: whoever has given another one since gets a letter of its own
    as_listed = (mail_address.c.address == due.address) & (mail_address.c.due_at == due.due_at)
    waiting = mine & as_listed & mail_address.c.confirmed_at.is_(None)
    old = mail_confirmation.c.account_id == due.session.account_id
    with catalog.begin() as connection:
        if connection.execute(update(mail_address).where(waiting).values(due_at=at + CLAIM_MS)).rowcount != 1:
            return None
        over = select(mail_confirmation.c.account_id).where(old, mail_confirmation.c.expires_at <= at)
        if due.failures >= MOST_TRIES or connection.execute(over).first() is not None:
            connection.execute(delete(mail_address).where(mine))
            return None
        connection.execute(delete(mail_confirmation).where(old))
        values = {"site_id": due.session.site_id, "account_id": due.session.account_id, "expires_at": at + CONFIRM_MS}
        connection.execute(insert(mail_confirmation).values(token_hash=hash_token(token), **values))
    return token


def save_asked(catalog: Engine, due: Due, at: int) -> None:
    """Remember that the letter went out: no other one follows, and the address is looked at again when time is over."""
    mine = (mail_address.c.account_id == due.session.account_id) & (mail_address.c.address == due.address)
    waiting = mine & mail_address.c.confirmed_at.is_(None)  # whoever was quicker than this keeps getting digests
    with catalog.begin() as connection:
        connection.execute(update(mail_address).where(waiting).values(due_at=at + CONFIRM_MS, failures=0))


def find_confirmation(catalog: Engine, token: str, at: int) -> Confirmation:
    """What a link's token would confirm. Raises NotFound when it was used, replaced, or is over."""
    query = (
        select(mail_confirmation, account.c.name, mail_address.c.address)
        .join(mail_address, mail_address.c.account_id == mail_confirmation.c.account_id)
        .join(account, account.c.id == mail_confirmation.c.account_id)
        .where(
            mail_confirmation.c.token_hash == hash_token(token),
            mail_confirmation.c.expires_at > at,
            account.c.disabled.is_(False),
        )
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise _over()
    return Confirmation(row.account_id, row.site_id, row.name, row.address, row.expires_at)


def confirm_address(catalog: Engine, token: str, at: int) -> None:
    """Let digests go to the address from now on, and use up the link. Raises NotFound."""
    found = find_confirmation(catalog, token, at)
    this = mail_confirmation.c.token_hash == hash_token(token)
    with catalog.begin() as connection:
        if connection.execute(delete(mail_confirmation).where(this)).rowcount != 1:
            raise _over()
        mine = mail_address.c.account_id == found.account_id
        connection.execute(update(mail_address).where(mine).values(confirmed_at=at, due_at=at, failures=0))
        note_own(connection, "mail_confirmed", found.account_id, at)


def decline_address(catalog: Engine, token: str, at: int) -> None:
    """Forget the address at the wish of whoever got the letter. Raises NotFound."""
    found = find_confirmation(catalog, token, at)
    asked = select(mail_confirmation.c.account_id).where(mail_confirmation.c.token_hash == hash_token(token))
    with catalog.begin() as connection:
        if connection.execute(delete(mail_address).where(mail_address.c.account_id.in_(asked))).rowcount != 1:
            raise _over()
        note(connection, "mail_declined", found.whose, Change(at))  # nobody here did it


def _over() -> NotFound:
    return NotFound(
        "confirmation_over",
        "This link has been used, was replaced by a newer one, or is more than two days old. Nothing was changed; on the "
        "page of your account you can have another one sent.",
    )
