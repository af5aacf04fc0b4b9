"""The stamp book: what a phone holds of its own visits, and the marks left of what it had erased. Pure.

The server never learns which visits belong together. A phone that wants to can keep a receipt of each of its visits: the
key the visit is stored under, and a seal that only this server makes. With receipts it asks what is known, and has it
erased. What is erased leaves a mark, a hash from which nothing can be told but that just this is gone.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xr_server.errors import Invalid

KEY_BYTES, SEAL_BYTES = 32, 16
MOST_CARDS, MOST_RECEIPTS = 100, 400
MARK_MONTHS = 14  # by then whatever it hides in a backup would have had its time: visits are kept for 13
Thing = Literal["visit", "card"]


@dataclass(frozen=True)
class Held:
    """What a phone holds of its book: the numbers of its cards, and the keys its visits are stored under."""

    cards: tuple[str, ...]
    visit_keys: tuple[bytes, ...]


def make_receipt(site_id: str, visit_key: bytes, secret: bytes) -> str:
    """What a phone keeps of a visit: its key with a seal, in letters."""
    return base64.urlsafe_b64encode(visit_key + _seal(site_id, visit_key, secret)).decode()


def read_receipt(site_id: str, receipt: str, secret: bytes) -> bytes:
    """The key of a visit whose receipt this server made for that site. Raises Invalid."""
    refused = Invalid("receipt_refused", "This is no receipt of ours for this site. Nothing was shown or erased.")
    try:
        data = base64.b64decode(receipt, altchars=b"-_", validate=True)
    except ValueError as error:
        raise refused from error
    visit_key, seal = data[:KEY_BYTES], data[KEY_BYTES:]
    if len(visit_key) != KEY_BYTES or not hmac.compare_digest(seal, _seal(site_id, visit_key, secret)):
        raise refused
    return visit_key


def _seal(site_id: str, visit_key: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"receipt\n" + site_id.encode() + b"\n" + visit_key, hashlib.sha256).digest()[:SEAL_BYTES]


def mark_of(thing: Thing, stored: bytes) -> str:
    """The mark of what was erased, from what it was stored under; nobody can go back from it."""
    return hashlib.sha256(f"erased {thing}\n".encode() + stored).hexdigest()


def forget_mark_on(today: date) -> date:
    """The first day of the month on which a mark made today is forgotten: no finer, so that it tells of no day."""
    months = today.year * 12 + today.month - 1 + MARK_MONTHS
    return date(months // 12, months % 12 + 1, 1)
