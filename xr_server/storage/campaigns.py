"""Arrivals by short links, and coupons: as many as were promised, one for each who asks."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from xr_server.domain.campaign import MOST_COUPONS, Campaign, Placed
from xr_server.domain.sealed_code import make_serial
from xr_server.domain.voucher import Offer, Voucher
from xr_server.errors import Conflict, NotFound, Unavailable
from xr_server.storage.catalog import parse_record, select_published
from xr_server.storage.database import may_be_there
from xr_server.storage.tables.campaigns import campaign_arrival, coupon_count
from xr_server.storage.tables.records import record, record_revision
from xr_server.storage.tables.vouchers import voucher
from xr_server.storage.tokens import RandomBytes, hash_token
from xr_server.storage.vouchers import SERIAL_TRIES, find_claimed

log = logging.getLogger("dejima.campaigns")


@dataclass(frozen=True)
class Arrivals:
    """How often the links of a campaign were followed: by link, by local day, and by hour of the day."""

    by_code: dict[str, int] = field(default_factory=dict)
    by_day: dict[str, int] = field(default_factory=dict)
    by_hour: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_code.values())


def load_campaign(catalog: Engine, site_id: str, campaign_id: str) -> Campaign:
    """A campaign as it is published. Raises NotFound."""
    query = select_published().where(
        record.c.site_id == site_id, record.c.kind == "campaign", record.c.id == campaign_id
    )
    with catalog.connect() as connection:
        row = connection.execute(query).first() if may_be_there(campaign_id) else None
    body = None if row is None else parse_record(row.kind, row.body)
    if not isinstance(body, Campaign):
        raise NotFound("campaign_unknown", "There is no such campaign now; the site's page tells what there is.")
    return body


def count_arrival(catalog: Engine, site_id: str, campaign_id: str, code: str, at: datetime) -> None:
    """Count that a link was followed, at a moment in the site's own time."""
    values = {"site_id": site_id, "campaign_id": campaign_id, "code": code}
    values |= {"arrived_on": at.date().isoformat(), "hour": at.hour}  # type: ignore[dict-item]
    this = and_(*(campaign_arrival.c[name] == value for name, value in values.items()))
    one_more = update(campaign_arrival).where(this).values(count=campaign_arrival.c.count + 1)
    for _ in range(2):  # the second time when somebody else was the first of this hour
        try:
            with catalog.begin() as connection:
                if not connection.execute(one_more).rowcount:
                    connection.execute(insert(campaign_arrival).values(**values, count=1))
            return
        except IntegrityError:
            continue


def try_to_count(catalog: Engine, site_id: str, placed: Placed, at: datetime) -> None:
    """Count an arrival if the catalog can be reached; who stands before a poster is led on in any case."""
    try:
        count_arrival(catalog, site_id, placed.campaign, placed.link.code, at)
    except SQLAlchemyError as error:
        log.warning("an arrival by a link of %s was not counted: %s", placed.campaign, type(error).__name__)


def count_arrivals(catalog: Engine, site_id: str, campaign_id: str) -> Arrivals:
    """Everything counted of a campaign's links; links that are gone count on in the sums."""
    of_campaign = (campaign_arrival.c.site_id == site_id, campaign_arrival.c.campaign_id == campaign_id)
    columns = (campaign_arrival.c[name] for name in ("code", "arrived_on", "hour", "count"))
    found = Arrivals()
    with catalog.connect() as connection:
        for code, day, hour, count in connection.execute(select(*columns).where(*of_campaign)):
            found.by_code[code] = found.by_code.get(code, 0) + count
            found.by_day[day] = found.by_day.get(day, 0) + count
            found.by_hour[hour] = found.by_hour.get(hour, 0) + count
    return found


def total_arrivals(catalog: Engine, site_id: str) -> dict[str, int]:
    """How often the links of each campaign of a site were followed."""
    total = func.sum(campaign_arrival.c.count)
    query = select(campaign_arrival.c.campaign_id, total).where(campaign_arrival.c.site_id == site_id)
    with catalog.connect() as connection:
        rows = connection.execute(query.group_by(campaign_arrival.c.campaign_id))
        return {campaign_id: int(count) for campaign_id, count in rows}


def find_codes_in_use(catalog: Engine, codes: Iterable[str]) -> set[str]:
    """Which of some codes a campaign of any site had or has: a printed one must never lead elsewhere."""
    wanted = list(codes)
    held = or_(*(record_revision.c.body.contains(code) for code in wanted))
    bodies = select(record_revision.c.body).where(record_revision.c.kind == "campaign", held)
    counted = select(campaign_arrival.c.code).where(campaign_arrival.c.code.in_(wanted))
    with catalog.connect() as connection:
        text = " ".join(str(body) for body in connection.execute(bodies).scalars())
        return {code for code in wanted if code in text} | set(connection.execute(counted).scalars())


def take_coupon(
    catalog: Engine, site_id: str, campaign: Campaign, claim: tuple[str, int], random_bytes: RandomBytes
) -> Voucher:
    """The coupon of a claim (its secret, and the moment in ms UTC): a new one, or the same again for whoever asks again.

    Raises Conflict when all that were promised are given, Unavailable.
    """
    (secret, at), offer = claim, Offer(site_id, "campaign", campaign.id)
    for _ in range(SERIAL_TRIES):
        found = find_claimed(catalog, offer, secret)
        if found is not None:
            return found
        given = Voucher(offer, make_serial(random_bytes), "phone", at)
        try:
            _give(catalog, given, secret, campaign.most_coupons or MOST_COUPONS)
            return given
        except IntegrityError:
            continue  # the serial is taken, or the same claim was faster on another line: nothing was counted
        except Conflict:
            found = find_claimed(catalog, offer, secret)  # the last one may have gone to this very claim
            if found is None:
                raise
            return found
    raise Unavailable("codes_crowded", "No free code was found just now. Nothing was lost; please try again.")


def _give(catalog: Engine, given: Voucher, secret: str, most: int) -> None:
    """Count a coupon and keep it, both or neither."""
    offer = given.offer
    this = and_(coupon_count.c.site_id == offer.site_id, coupon_count.c.campaign_id == offer.id)
    _make_room(catalog, offer)
    values = {
        "site_id": offer.site_id,
        "offer_kind": offer.kind,
        "offer_id": offer.id,
        "claim_hash": hash_token(secret),
    }
    with catalog.begin() as connection:
        one_more = update(coupon_count).where(this, coupon_count.c.given < most)
        if connection.execute(one_more.values(given=coupon_count.c.given + 1)).rowcount != 1:
            raise Conflict("coupons_gone", "All coupons of this campaign are given out.")
        kept = {"serial": given.serial, "way": given.way, "issued_at": given.issued_at}
        connection.execute(insert(voucher).values(**values, **kept))


def _make_room(catalog: Engine, offer: Offer) -> None:
    this = and_(coupon_count.c.site_id == offer.site_id, coupon_count.c.campaign_id == offer.id)
    try:
        with catalog.begin() as connection:
            if connection.execute(select(coupon_count.c.given).where(this)).first() is None:
                connection.execute(insert(coupon_count).values(site_id=offer.site_id, campaign_id=offer.id, given=0))
    except IntegrityError:
        pass  # somebody else was the first to ask
