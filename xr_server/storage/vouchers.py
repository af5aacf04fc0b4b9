"""Vouchers: one for each claim, used once wherever it is shown, and that taken back within a minute."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.sealed_code import make_serial
from xr_server.domain.voucher import FREE_WRONG_CODES, UNDO_MS, Offer, Voucher, Way
from xr_server.errors import Conflict, Unavailable
from xr_server.storage.accounts import check_rested, count_guess, forget_key
from xr_server.storage.tables.vouchers import voucher
from xr_server.storage.tokens import RandomBytes, hash_token

SERIAL_TRIES = 20
MOST_OF_OFFER = 50_000


@dataclass(frozen=True)
class Till:
    """Where and by whom a voucher is marked as used: a counter's serial, and the browser's own random word."""

    counter: str
    browser: str

    @property
    def used_by(self) -> str:
        """What is stored of the browser."""
        return hash_token(f"till\n{self.counter}\n{self.browser}")


@dataclass(frozen=True)
class Claim:
    """Who asks for a voucher: what only the holder has, and how they came to it."""

    secret: str
    way: Way = "phone"


@dataclass(frozen=True)
class Counts:
    """How many vouchers of an offer were issued and used, by the way they were come to."""

    issued: dict[str, int]
    used: dict[str, int]
    by_counter: dict[str, int]


def _stored(row: Row[Any]) -> Voucher:
    offer = Offer(row.site_id, row.offer_kind, row.offer_id)
    return Voucher(offer, row.serial, row.way, row.issued_at, row.used_at, row.counter, row.used_by)


def _of(offer: Offer) -> ColumnElement[bool]:
    return and_(voucher.c.site_id == offer.site_id, voucher.c.offer_kind == offer.kind, voucher.c.offer_id == offer.id)


def _is(one: Voucher) -> ColumnElement[bool]:
    return and_(voucher.c.site_id == one.offer.site_id, voucher.c.serial == one.serial)


def issue_voucher(catalog: Engine, offer: Offer, claim: Claim, at: int, random_bytes: RandomBytes) -> Voucher:
    """The voucher of a claim: a new one, or the same again for whoever asks again. Raises Unavailable."""
    claim_hash = hash_token(claim.secret)
    values = {"site_id": offer.site_id, "offer_kind": offer.kind, "offer_id": offer.id, "claim_hash": claim_hash}
    for _ in range(SERIAL_TRIES):
        found = find_claimed(catalog, offer, claim.secret)
        if found is not None:
            return found
        _check_room(catalog, offer)
        serial = make_serial(random_bytes)
        try:
            with catalog.begin() as connection:
                connection.execute(insert(voucher).values(**values, serial=serial, way=claim.way, issued_at=at))
            return Voucher(offer, serial, claim.way, at)
        except IntegrityError:
            continue  # the serial is taken, or the same claim was faster on another line: look again
    raise Unavailable("codes_crowded", "No free code was found just now. Nothing was lost; please try again.")


def _check_room(catalog: Engine, offer: Offer) -> None:
    """Refuse a voucher beyond what any offer has: a program that asks and asks must not fill the store."""
    with catalog.connect() as connection:
        count = connection.execute(select(func.count()).select_from(voucher).where(_of(offer))).scalar_one()
    if count >= MOST_OF_OFFER:
        raise Unavailable("vouchers_gone", "No more codes are given out for this. Please ask the site's staff.")


def find_claimed(catalog: Engine, offer: Offer, claim_secret: str) -> Voucher | None:
    """The voucher that a claim has got already."""
    query = select(voucher).where(_of(offer), voucher.c.claim_hash == hash_token(claim_secret))
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _stored(row)


def find_voucher(catalog: Engine, site_id: str, serial: str) -> Voucher | None:
    """The voucher of a serial at a site; None when none was issued."""
    query = select(voucher).where(voucher.c.site_id == site_id, voucher.c.serial == serial)
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _stored(row)


def use_voucher(catalog: Engine, found: Voucher, till: Till, at: int) -> Voucher:
    """Mark a voucher as used; of several counters at the same moment one alone does. Raises Conflict for all others."""
    marked = {"used_at": at, "counter": till.counter, "used_by": till.used_by}
    with catalog.begin() as connection:
        done = connection.execute(update(voucher).where(_is(found), voucher.c.used_at.is_(None)).values(**marked))
        row = connection.execute(select(voucher).where(_is(found))).one()
    if done.rowcount != 1:
        raise Conflict("voucher_used", "This code was used already, so nothing is handed out for it again.")
    return _stored(row)


def take_back_use(catalog: Engine, found: Voucher, till: Till, at: int) -> None:
    """Let a voucher count as unused again, within a minute and in the browser that marked it. Raises Conflict."""
    mine = and_(voucher.c.used_by == till.used_by, voucher.c.used_at >= at - UNDO_MS)
    unused = {"used_at": None, "counter": None, "used_by": None}
    with catalog.begin() as connection:
        done = connection.execute(update(voucher).where(_is(found), mine).values(**unused))
    if done.rowcount != 1:
        raise Conflict(
            "voucher_undo_late",
            "This can be taken back for one minute, at the counter that marked it. It stays as it is.",
        )


def count_vouchers(catalog: Engine, offer: Offer) -> Counts:
    """How many vouchers of an offer there are, how many were used, and where."""
    columns = (
        voucher.c.way,
        voucher.c.counter,
        func.count().label("issued"),
        func.count(voucher.c.used_at).label("used"),
    )
    query = select(*columns).where(_of(offer)).group_by(voucher.c.way, voucher.c.counter)
    counts = Counts({}, {}, {})
    with catalog.connect() as connection:
        for row in connection.execute(query):
            counts.issued[row.way] = counts.issued.get(row.way, 0) + row.issued
            counts.used[row.way] = counts.used.get(row.way, 0) + row.used
            if row.counter:
                counts.by_counter[row.counter] = counts.by_counter.get(row.counter, 0) + row.used
    return counts


def check_counter_rested(catalog: Engine, counter: str, at: int) -> None:
    """Refuse a code while a counter rests after many wrong ones in a row. Raises Busy."""
    check_rested(catalog, _guess_key(counter), at, spared=FREE_WRONG_CODES)


def count_wrong_code(catalog: Engine, counter: str, at: int) -> None:
    """Count a wrong code at a counter."""
    with catalog.begin() as connection:
        count_guess(connection, _guess_key(counter), at)


def forget_wrong_codes(catalog: Engine, counter: str) -> None:
    """A right code ends the row of wrong ones."""
    with catalog.begin() as connection:
        forget_key(connection, _guess_key(counter))


def _guess_key(counter: str) -> str:
    return hash_token(f"counter\n{counter}")
