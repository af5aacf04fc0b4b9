"""Counters: where somebody without an account does one thing, by a link. Opened and ended at the desk."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name
from xr_server.domain.sealed_code import make_code, make_serial, read_code
from xr_server.domain.voucher import Offer
from xr_server.errors import Conflict, Invalid, NotFound, Unavailable
from xr_server.storage.audit import note
from xr_server.storage.tables.vouchers import counter
from xr_server.storage.tokens import RandomBytes

Purpose = Literal["shop", "tablet"]
MAX_NAME_LENGTH = 80
MOST_COUNTERS = 100
SERIAL_TRIES = 20


@dataclass(frozen=True)
class Counter:
    """A counter: what it is for, and what people call it. landmark: where a tablet shows its proof."""

    serial: str
    purpose: Purpose
    offer: Offer
    name: str
    landmark: str | None = None


def _stored(row: Row[Any]) -> Counter:
    offer = Offer(row.site_id, row.offer_kind, row.offer_id)
    return Counter(row.serial, row.purpose, offer, row.name, row.landmark)


def counter_code(one: Counter, secret: bytes) -> str:
    """The code that opens a counter."""
    return make_code(one.purpose, one.serial, secret)


def open_counter(catalog: Engine, wanted: Counter, change: Change, random_bytes: RandomBytes) -> Counter:
    """Keep a new counter under a serial of its own, which `wanted` has none of. Raises Invalid, Conflict."""
    name = wanted.name.strip()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise Invalid("counter_name", f"Say in 1 to {MAX_NAME_LENGTH} characters where it is, such as the shop's name.")
    if len(list_counters(catalog, wanted.offer)) >= MOST_COUNTERS:
        raise Conflict("counters_many", f"{MOST_COUNTERS} are the most. End those that nobody uses any more.")
    values: dict[str, object] = {
        "site_id": wanted.offer.site_id,
        "offer_kind": wanted.offer.kind,
        "offer_id": wanted.offer.id,
    }
    values |= {"purpose": wanted.purpose, "name": name, "created_at": change.at}
    for _ in range(SERIAL_TRIES):
        serial = make_serial(random_bytes)
        try:
            with catalog.begin() as connection:
                connection.execute(insert(counter).values(**values, serial=serial, landmark=wanted.landmark))
                note(connection, "counter_opened", Name(wanted.offer.site_id, "counter", serial), change)
            return Counter(serial, wanted.purpose, wanted.offer, name, wanted.landmark)
        except IntegrityError:
            continue  # that serial is taken
    raise Unavailable("codes_crowded", "No free code was found just now. Nothing was lost; please try again.")


def end_counter(catalog: Engine, offer: Offer, serial: str, change: Change) -> None:
    """Let a counter's link open nothing any more. Raises NotFound."""
    open_one = (counter.c.serial == serial, counter.c.site_id == offer.site_id, counter.c.ended_at.is_(None))
    of_offer = (counter.c.offer_kind == offer.kind, counter.c.offer_id == offer.id)
    deed: Deed = "counter_ended"
    with catalog.begin() as connection:
        done = connection.execute(update(counter).where(*open_one, *of_offer).values(ended_at=change.at))
        if done.rowcount != 1:
            raise _unknown()
        note(connection, deed, Name(offer.site_id, "counter", serial), change)


def list_counters(catalog: Engine, offer: Offer) -> list[Counter]:
    """The open counters of an offer, the oldest first."""
    of_offer = (counter.c.site_id == offer.site_id, counter.c.offer_kind == offer.kind, counter.c.offer_id == offer.id)
    query = select(counter).where(*of_offer, counter.c.ended_at.is_(None))
    with catalog.connect() as connection:
        return [_stored(row) for row in connection.execute(query.order_by(counter.c.created_at, counter.c.serial))]


def find_counter(catalog: Engine, purpose: Purpose, typed: str, secret: bytes) -> Counter:
    """The open counter of a code as it was typed. Raises Invalid, NotFound."""
    serial = read_code(purpose, typed, secret)
    query = select(counter).where(
        counter.c.serial == serial, counter.c.purpose == purpose, counter.c.ended_at.is_(None)
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise _unknown()
    return _stored(row)


def _unknown() -> NotFound:
    return NotFound("counter_unknown", "This link was ended, or never was one. Ask who gave it to you for another one.")
