"""What is known of a phone's stamp book, and erasing it: from events, visits, cards and prizes, now and after a restore."""

import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, Row, and_, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from xr_server.domain.book import Held, forget_mark_on, mark_of
from xr_server.domain.catalog import Change, Name
from xr_server.storage.audit import note
from xr_server.storage.database import forget_pages
from xr_server.storage.erased_marks import Mark, save_marks, share_marks, write_marks
from xr_server.storage.summing import count_day
from xr_server.storage.tables.events import engagement_event, seen_event
from xr_server.storage.tables.figures import summed_day, visit
from xr_server.storage.tables.vouchers import rally_stamp, voucher
from xr_server.storage.tokens import hash_token

KEYS_AT_ONCE = 400
PATIENCE_MS = 2000
TOLD = (
    "occurred_at", "type", "landmark", "experience", "scene", "subject", "word", "amount", "accuracy", "language", "mode",
    "device", "late", "flag",
)  # fmt: skip
log = logging.getLogger("dejima.book")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Stores:
    """Both stores, and the folder of marks outside of them."""

    catalog: Engine
    events: Engine
    erased_dir: Path


@dataclass(frozen=True)
class KnownVisit:
    """What is stored of one visit: its local day and its facts once it is summed up, and its events."""

    day_on: str | None
    facts: str | None
    events: tuple[dict[str, object], ...]


@dataclass(frozen=True)
class KnownCard:
    """What is stored of a card in one rally: its stamps in order, with how each came, and when its prize was given."""

    rally_id: str
    stamps: tuple[tuple[str, str], ...]
    prize_issued_at: int | None
    prize_used_at: int | None


@dataclass(frozen=True)
class Erased:
    """How much was erased."""

    visits: int
    events: int
    stamps: int
    prizes: int


def load_known(stores: Stores, site_id: str, held: Held) -> tuple[list[KnownVisit], list[KnownCard]]:
    """All that the stores hold of a book: visits in the order given, without those nothing is known of; cards."""
    with stores.events.connect() as connection:
        visits = [_load_visit(connection, site_id, key) for key in held.visit_keys]
    with stores.catalog.connect() as connection:
        cards = [card for number in held.cards for card in _load_cards(connection, site_id, hash_token(number))]
    return [one for one in visits if one.events or one.facts], cards


def _load_visit(connection: Connection, site_id: str, key: bytes) -> KnownVisit:
    event = engagement_event.c
    told = select(*(event[name] for name in TOLD)).where(event.visit_key == key, event.site_id == site_id)
    rows = connection.execute(told.order_by(event.occurred_at, event.id))
    events = tuple({name: value for name, value in row._mapping.items() if value is not None} for row in rows)
    one = connection.execute(select(visit.c.day_on, visit.c.facts).where(visit.c.visit_key == key)).first()
    return KnownVisit(one.day_on if one else None, one.facts if one else None, events)


def _load_cards(connection: Connection, site_id: str, card_hash: str) -> list[KnownCard]:
    own = and_(rally_stamp.c.site_id == site_id, rally_stamp.c.card_hash == card_hash)
    stamps: dict[str, list[tuple[str, str]]] = {}
    for row in connection.execute(
        select(rally_stamp).where(own).order_by(rally_stamp.c.rally_id, rally_stamp.c.number)
    ):
        stamps.setdefault(row.rally_id, []).append((row.landmark, row.way))
    mine = and_(voucher.c.site_id == site_id, voucher.c.offer_kind == "rally", voucher.c.claim_hash == card_hash)
    prizes: dict[str, Row[tuple[object, ...]]] = {
        row.offer_id: row for row in connection.execute(select(voucher).where(mine))
    }
    return [
        KnownCard(
            rally_id,
            tuple(stamps.get(rally_id, ())),
            prizes[rally_id].issued_at if rally_id in prizes else None,
            prizes[rally_id].used_at if rally_id in prizes else None,
        )
        for rally_id in sorted(stamps.keys() | prizes.keys())
    ]


def erase_book(stores: Stores, site_id: str, held: Held, now: int, today: date) -> Erased:
    """Erase all that is stored of a book. The marks come first, so that what breaks off is finished at the next turn."""
    forget_on = forget_mark_on(today).isoformat()
    marks = {Mark(forget_on, site_id, mark_of("visit", key)) for key in held.visit_keys}
    hashes = {hash_token(number) for number in held.cards}
    marks |= {Mark(forget_on, site_id, mark_of("card", one.encode())) for one in hashes}
    write_marks(stores.erased_dir, marks)
    visits, events = _erase_visits(stores.events, site_id, held.visit_keys, marks, now)
    with stores.catalog.begin() as connection:
        stamps, prizes = _erase_cards(connection, site_id, hashes)
        note(connection, "book_erased", Name(site_id, "site", site_id), Change(now))
    for store in (stores.events, stores.catalog):
        forget_pages(store, PATIENCE_MS)
    return Erased(visits, events, stamps, prizes)


def _erase_visits(events: Engine, site_id: str, keys: Sequence[bytes], marks: set[Mark], now: int) -> tuple[int, int]:
    """Delete visits with their events; days that are not final are counted again. Numbers that are final stay numbers."""
    touched: set[str] = set()
    count = [0, 0]
    with events.begin() as connection:
        save_marks(connection, marks)
        for part in _in_parts(keys):
            gone = delete(engagement_event).where(
                engagement_event.c.visit_key.in_(part), engagement_event.c.site_id == site_id
            )
            ids = list(connection.scalars(gone.returning(engagement_event.c.id)))
            for some in _in_parts(ids):
                connection.execute(delete(seen_event).where(seen_event.c.id.in_(some)))
            of_visits = delete(visit).where(visit.c.visit_key.in_(part), visit.c.site_id == site_id)
            days = list(connection.scalars(of_visits.returning(visit.c.day_on)))
            touched |= set(days)
            count = [count[0] + len(days), count[1] + len(ids)]
        closed = select(summed_day.c.day_on).where(summed_day.c.site_id == site_id, summed_day.c.final)
        touched -= set(connection.scalars(closed)) if touched else set()
    for day_on in sorted(touched):
        count_day(events, site_id, date.fromisoformat(day_on), now)
    return count[0], count[1]


def _in_parts(things: Sequence[Part]) -> Iterator[Sequence[Part]]:
    return (things[start : start + KEYS_AT_ONCE] for start in range(0, len(things), KEYS_AT_ONCE))


def _erase_cards(connection: Connection, site_id: str, hashes: Iterable[str]) -> tuple[int, int]:
    """Delete the stamps of cards, and prizes that nobody has fetched; one that was handed out stays, and is nobody's."""
    stamps = prizes = 0
    for card_hash in sorted(hashes):
        own = and_(rally_stamp.c.site_id == site_id, rally_stamp.c.card_hash == card_hash)
        stamps += connection.execute(delete(rally_stamp).where(own)).rowcount
        mine = and_(voucher.c.site_id == site_id, voucher.c.claim_hash == card_hash)
        prizes += connection.execute(delete(voucher).where(mine, voucher.c.used_at.is_(None))).rowcount
        for row in connection.execute(select(voucher.c.serial).where(mine)).all():
            this = and_(mine, voucher.c.serial == row.serial)
            prizes += connection.execute(
                update(voucher).where(this).values(claim_hash=secrets.token_hex(32))  # which nobody keeps
            ).rowcount
    return stamps, prizes


def apply_marks(stores: Stores, now: int, today: date, everything: bool = False) -> Erased:
    """Erase again what has a mark: all of it when everything is asked or the store had lost marks, as after a restore.

    Else only what can have come since: visits that were being summed up just then, and cards.
    """
    marks, lost = share_marks(stores.events, stores.erased_dir, today)
    if not marks:
        return Erased(0, 0, 0, 0)
    erased = [
        _erase_marked(stores, site_id, marks, now, everything or lost) for site_id in {one.site_id for one in marks}
    ]
    total = Erased(*(sum(count) for count in zip(*(astuple(one) for one in erased), strict=True)))
    if any(astuple(total)):
        log.info("erased again: %d visits, %d events, %d stamps, %d prizes", *astuple(total))
        for store in (stores.events, stores.catalog):
            forget_pages(store, PATIENCE_MS)
    return total


def _erase_marked(stores: Stores, site_id: str, marks: set[Mark], now: int, with_events: bool) -> Erased:
    own = {mark.mark for mark in marks if mark.site_id == site_id}
    keys = sorted(_find_visits(stores.events, site_id, own, with_events))
    visits, events = _erase_visits(stores.events, site_id, keys, set(), now) if keys else (0, 0)
    with stores.catalog.begin() as connection:
        stamps, prizes = _erase_cards(connection, site_id, _find_cards(connection, site_id, own))
    return Erased(visits, events, stamps, prizes)


def _find_visits(events: Engine, site_id: str, marks: set[str], with_events: bool) -> set[bytes]:
    """The keys of visits that have a mark; with_events: also of those that are not summed up."""
    tables = (visit, engagement_event) if with_events else (visit,)
    found: set[bytes] = set()
    with events.connect() as connection:
        for table in tables:
            keys = (
                select(table.c.visit_key).distinct().where(table.c.site_id == site_id, table.c.visit_key.is_not(None))
            )
            found |= {key for key in connection.scalars(keys) if mark_of("visit", key) in marks}
    return found


def _find_cards(connection: Connection, site_id: str, marks: set[str]) -> set[str]:
    """The hashes of cards that have a mark."""
    stamped = select(rally_stamp.c.card_hash).where(rally_stamp.c.site_id == site_id)
    claimed = select(voucher.c.claim_hash).where(voucher.c.site_id == site_id, voucher.c.offer_kind == "rally")
    hashes = set(connection.scalars(stamped)) | set(connection.scalars(claimed))
    return {one for one in hashes if mark_of("card", one.encode()) in marks}


def try_apply(stores: Stores, now: int, today: date, everything: bool) -> bool:
    """Erase again what has a mark; whether it could be done."""
    try:
        apply_marks(stores, now, today, everything)
    except (SQLAlchemyError, OSError) as error:  # tried again at the next turn
        log.error("what visitors had erased could not be looked for: %s", type(error).__name__)
        return False
    return True
