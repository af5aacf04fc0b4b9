"""Vouchers: what a visitor shows at a counter once, for the prize of a rally or a campaign's coupon. Pure."""

from dataclasses import dataclass
from typing import Literal, get_args

from xr_server.domain.sealed_code import make_code, read_code

OfferKind = Literal["rally", "campaign"]
OFFER_KINDS: tuple[OfferKind, ...] = get_args(OfferKind)
Way = Literal["phone", "paper"]
WAYS: tuple[Way, ...] = get_args(Way)

VOUCHER = "voucher"
UNDO_MS = 60_000
FREE_WRONG_CODES = 10  # a counter may mistype so often before it has to wait


@dataclass(frozen=True)
class Offer:
    """What a voucher is for: a record of a site, by kind and id."""

    site_id: str
    kind: OfferKind
    id: str


@dataclass(frozen=True)
class Voucher:
    """A voucher as it stands; moments in ms UTC. used_by: a hash of the browser that marked it, at that counter."""

    offer: Offer
    serial: str
    way: Way
    issued_at: int
    used_at: int | None = None
    counter: str | None = None
    used_by: str | None = None


def code_of(voucher: Voucher, secret: bytes) -> str:
    """The code that its holder shows."""
    return make_code(VOUCHER, voucher.serial, secret)


def read_voucher_code(typed: str, secret: bytes) -> str:
    """The serial of a voucher's code as it was typed. Raises Invalid, NotFound."""
    return read_code(VOUCHER, typed, secret)


def may_undo(voucher: Voucher, used_by: str, at: int) -> bool:
    """Whether the browser that marked it may still take that back: within a minute, and nobody else."""
    return voucher.used_at is not None and voucher.used_by == used_by and at - voucher.used_at <= UNDO_MS
