"""Stamp cards on paper: their codes, and what staff may do with one. Pure."""

from collections.abc import Callable

from xr_server.domain.rally import Rally
from xr_server.domain.sealed_code import make_code, make_serial, read_code
from xr_server.errors import Invalid

MOST_CARDS = 40


def _purpose(site_id: str, rally: Rally) -> str:
    return f"card {site_id} {rally.id}"


def make_card_code(site_id: str, rally: Rally, secret: bytes, random_bytes: Callable[[int], bytes]) -> str:
    """The code of a new sheet: no row is kept of it, its seal says that we printed it for this rally."""
    return make_code(_purpose(site_id, rally), make_serial(random_bytes), secret)


def read_card_code(site_id: str, rally: Rally, typed: str, secret: bytes) -> str:
    """The code of a sheet as it was typed, in its one form. Raises Invalid, NotFound."""
    purpose = _purpose(site_id, rally)
    return make_code(purpose, read_code(purpose, typed, secret), secret)


def read_card_count(text: str) -> int:
    """How many sheets to print. Raises Invalid."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= MOST_CARDS:
        raise Invalid("rally_card_count", f"1 to {MOST_CARDS} cards are printed at once.", most=MOST_CARDS)
    return int(text)
