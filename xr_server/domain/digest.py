"""Digests by mail: what an address must be, how long its confirmation is waited for, when mail is due. Pure."""

import re

from xr_server.errors import Invalid

MAX_ADDRESS_LENGTH = 254  # RFC 5321
ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+", re.ASCII)
BETWEEN_MS = 3_600_000  # at most one digest an hour
FIRST_PAUSE_MS = 300_000
LONGEST_PAUSE_MS = 6 * 3_600_000
CONFIRM_MS = 48 * 3_600_000  # an address that was not confirmed by then is forgotten
DAY_MS = 24 * 3_600_000
ADDRESSES_A_DAY = 5  # nobody's box is filled with letters that ask


def check_address(address: str) -> str:
    """A mail address, trimmed; empty stays empty. Raises Invalid."""
    address = address.strip()
    sound = len(address) <= MAX_ADDRESS_LENGTH and ADDRESS.fullmatch(address)
    if address and not (sound and address.isascii() and address.isprintable()):  # not every mail server takes others
        raise Invalid(
            "address_unusable", "That is no mail address. One looks like name@example.org; nothing was saved."
        )
    return address


def next_due(at: int) -> int:
    """When the digest after one that was sent may come."""
    return at + BETWEEN_MS


def next_try(at: int, failures: int) -> int:
    """When to try again after so many failures before this one: five minutes at first, doubling up to six hours."""
    return at + min(FIRST_PAUSE_MS << min(failures, 20), LONGEST_PAUSE_MS)
