"""Stamps of rallies: which card has which, how often a changing proof was taken, and what of it is counted."""

import secrets
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.rally import LATE_MS, MOST_IN_TIME, MOST_LATE, Rally, Spot, Way, collect_until, judge, moment_of
from xr_server.errors import Conflict, NotFound
from xr_server.storage.catalog import parse_record, select_newest, select_published, to_stored_record
from xr_server.storage.database import may_be_there
from xr_server.storage.tables.records import record
from xr_server.storage.tables.vouchers import rally_proof, rally_stamp
from xr_server.storage.tokens import hash_token

CARDS_KEPT_DAYS = 30


def load_rally(catalog: Engine, site_id: str, rally_id: str) -> Rally:
    """A rally as it is published. Raises NotFound."""
    query = select_published().where(record.c.site_id == site_id, record.c.kind == "rally", record.c.id == rally_id)
    with catalog.connect() as connection:
        row = connection.execute(query).first() if may_be_there(rally_id) else None
    body = None if row is None else parse_record(row.kind, row.body)
    if not isinstance(body, Rally):
        raise NotFound("rally_unknown", "There is no such rally now; the site's page lists those there are.")
    return body


def _on_card(site_id: str, rally_id: str, card: str) -> ColumnElement[bool]:
    return and_(
        rally_stamp.c.site_id == site_id,
        rally_stamp.c.rally_id == rally_id,
        rally_stamp.c.card_hash == hash_token(card),
    )


def list_stamps(catalog: Engine, site_id: str, rally_id: str, card: str) -> list[str]:
    """The landmarks whose stamps a card has, in the order they came."""
    with catalog.connect() as connection:
        return _stamps(connection, site_id, rally_id, card)


def _stamps(connection: Connection, site_id: str, rally_id: str, card: str) -> list[str]:
    query = select(rally_stamp.c.landmark).where(_on_card(site_id, rally_id, card))
    return list(connection.execute(query.order_by(rally_stamp.c.number, rally_stamp.c.landmark)).scalars())


def add_stamps(
    catalog: Engine, site_id: str, rally: Rally, card: tuple[str, Way], landmarks: Sequence[str]
) -> list[str]:
    """Put stamps onto a card (its secret, and how they came there), one after another; gives all it has then.

    A stamp that is there already changes nothing. Raises Conflict for one that comes before its time.
    """
    secret, way = card
    for landmark in landmarks:
        try:
            with catalog.begin() as connection:
                stamped = _stamps(connection, site_id, rally.id, secret)
                verdict = judge(rally, stamped, landmark)
                if verdict in ("too_early", "elsewhere"):
                    raise _refusal(verdict)
                if verdict == "new":
                    values = {"site_id": site_id, "rally_id": rally.id, "card_hash": hash_token(secret)}
                    values |= {"landmark": landmark, "way": way}
                    connection.execute(insert(rally_stamp).values(**values, number=len(stamped) + 1))
        except IntegrityError:
            continue  # the same stamp came over another line
    return list_stamps(catalog, site_id, rally.id, secret)


def _refusal(verdict: str) -> Conflict:
    if verdict == "too_early":
        return Conflict("stamp_too_early", "In this rally the stamps have an order, and another one comes before this.")
    return Conflict("stamp_elsewhere", "This place gives no stamp of this rally.")


def take_stamp_back(catalog: Engine, site_id: str, rally_id: str, card: str, landmark: str) -> None:
    """Take a stamp off a card, such as one that staff ticked by mistake."""
    with catalog.begin() as connection:
        connection.execute(
            delete(rally_stamp).where(_on_card(site_id, rally_id, card), rally_stamp.c.landmark == landmark)
        )


def count_proof(catalog: Engine, spot: Spot, moment: int, in_time: bool) -> None:
    """Count one use of a proof that was shown in a half minute. Raises Conflict when it was used too often."""
    column, most = (rally_proof.c.in_time, MOST_IN_TIME) if in_time else (rally_proof.c.late, MOST_LATE)
    this = and_(
        rally_proof.c.site_id == spot.site_id,
        rally_proof.c.rally_id == spot.rally_id,
        rally_proof.c.landmark == spot.landmark,
    )
    one_more = update(rally_proof).where(this, rally_proof.c.shown_in == moment)
    values = {"site_id": spot.site_id, "rally_id": spot.rally_id, "landmark": spot.landmark, "shown_in": moment}
    try:
        with catalog.begin() as connection:
            stale = moment - moment_of(2 * LATE_MS)
            connection.execute(delete(rally_proof).where(this, rally_proof.c.shown_in < stale))
            known = connection.execute(one_more.values(shown_in=moment)).rowcount
            if not known:
                connection.execute(insert(rally_proof).values(**values, in_time=0, late=0))
    except IntegrityError:
        pass  # somebody else was the first to use it
    with catalog.begin() as connection:
        counted = connection.execute(one_more.where(column < most).values({column: column + 1})).rowcount
    if counted != 1:
        raise Conflict("proof_spent", "This code was used very often. Scan the one that is shown now.")


def count_stamps(catalog: Engine, site_id: str, rally_id: str) -> dict[str, int]:
    """How many cards have the stamp of each landmark, of cards that the server knows of."""
    of_rally = (rally_stamp.c.site_id == site_id, rally_stamp.c.rally_id == rally_id)
    query = select(rally_stamp.c.landmark, func.count()).where(*of_rally).group_by(rally_stamp.c.landmark)
    with catalog.connect() as connection:
        return {landmark: int(count) for landmark, count in connection.execute(query)}


def forget_cards(catalog: Engine, today: date) -> None:
    """Take the stamps of each card apart once prizes ended 30 days ago: how many there were stays, which belong together not."""
    rallies = select_newest().where(record.c.kind == "rally")
    with catalog.connect() as connection:
        stored = [to_stored_record(row) for row in connection.execute(rallies)]
    for one in stored:
        if isinstance(one.body, Rally) and collect_until(one.body) + timedelta(days=CARDS_KEPT_DAYS) < today:
            _take_apart(catalog, one.site_id, one.id)


def _take_apart(catalog: Engine, site_id: str, rally_id: str) -> None:
    own = and_(rally_stamp.c.site_id == site_id, rally_stamp.c.rally_id == rally_id)
    with catalog.begin() as connection:
        whole = connection.execute(select(rally_stamp).where(own, rally_stamp.c.number > 0)).all()
        for row in whole:
            this = and_(own, rally_stamp.c.card_hash == row.card_hash, rally_stamp.c.landmark == row.landmark)
            # a random value for each stamp, which nobody keeps
            connection.execute(update(rally_stamp).where(this).values(card_hash=secrets.token_hex(32), number=0))
