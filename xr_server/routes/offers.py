"""What a voucher is for, in words: the one place that knows the kinds of offers."""

from dataclasses import dataclass
from datetime import date

from xr_server.domain.campaign import Campaign, coupon_until
from xr_server.domain.catalog import Name
from xr_server.domain.published import pick
from xr_server.domain.rally import Rally, collect_until
from xr_server.domain.sealed_code import SECRET_NAME
from xr_server.domain.voucher import Offer
from xr_server.errors import NotFound
from xr_server.parts import Parts
from xr_server.storage.catalog import load_record
from xr_server.storage.keys import load_secret


@dataclass(frozen=True)
class OfferWords:
    """What an offer is called, what is given, where, and the last local day on which it is."""

    title: str
    prize: str
    collect_at: str
    until_on: date


def load_code_secret(parts: Parts) -> bytes:
    """The secret that seals codes. Raises Unavailable."""
    return load_secret(parts.settings.key_dir, SECRET_NAME, parts.random_bytes)


def describe_offer(parts: Parts, offer: Offer, language: str) -> OfferWords:
    """An offer in words; a withdrawn one too, since what was promised is still handed out. Raises NotFound."""
    body = load_record(parts.catalog, Name(offer.site_id, offer.kind, offer.id)).body
    if isinstance(body, Rally):
        title, prize, collect_at = (pick(text, language) for text in (body.title, body.prize, body.collect_at))
        return OfferWords(title, prize, collect_at, collect_until(body))
    if isinstance(body, Campaign):
        title, coupon, collect_at = (pick(text, language) for text in (body.title, body.coupon, body.collect_at))
        return OfferWords(title, coupon, collect_at, coupon_until(body))
    raise NotFound("offer_unknown", "Nothing is handed out for this. Ask the site's staff.")
