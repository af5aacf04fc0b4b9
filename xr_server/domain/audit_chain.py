"""The chain of the audit log: a hash of each entry over the entry and the hash before, so that no past can be rewritten. Pure.

Who can write to the database can also make a new chain from the changed entry to the end: then its last hash is another
one. So the last hash is to be noted outside now and then (dejima verify-audit shows it, and takes it as --expect).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

START = "0" * 64
"""What the first entry of a site has before it."""

Fault = Literal["changed", "missing", "unchained", "gap", "not_expected"]
"""What is wrong: an entry says something else than when it was chained, is gone, was never chained; a link is gone; the
hash noted outside is none of the chain."""


@dataclass(frozen=True)
class Sealed:
    """What of an entry is sealed: all of it. number: as the store counts, over all sites."""

    number: int
    site_id: str
    done_at: int
    account_id: str | None
    deed: str
    kind: str
    thing_id: str
    revision: int | None
    details: str


@dataclass(frozen=True)
class Link:
    """A place in a site's chain, from 1: its entry's number, its hash, and the entry; None where that is gone."""

    place: int
    number: int
    hash: str
    entry: Sealed | None


@dataclass(frozen=True)
class Verdict:
    """What checking a chain came to: how many entries hold, the last hash, and the first fault with the entry's number."""

    entries: int
    last_hash: str
    fault: Fault | None = None
    number: int | None = None


def seal(before: str, entry: Sealed) -> str:
    """The hash of an entry that comes after the hash `before`: 64 hexadecimal digits."""
    values = [before, *(getattr(entry, name) for name in Sealed.__dataclass_fields__)]
    return hashlib.sha256(msgspec.json.encode(values)).hexdigest()


def check_chain(links: Iterable[Link], unchained: int | None, expected: str = "") -> Verdict:
    """Follow a site's chain from its first link; unchained: the number of an entry that has none, if there is one.

    expected: a hash that was noted outside, which has to be one of the chain's; empty: none was.
    """
    place, before, met = 0, START, not expected
    for link in links:
        fault = _find_fault(link, place + 1, before)
        if fault is not None:
            return Verdict(place, before, fault, link.number)
        place, before = link.place, link.hash
        met = met or link.hash == expected
    if unchained is not None:
        return Verdict(place, before, "unchained", unchained)
    return Verdict(place, before, None if met else "not_expected")


def _find_fault(link: Link, place: int, before: str) -> Fault | None:
    if link.place != place:
        return "gap"
    if link.entry is None:
        return "missing"
    return None if seal(before, link.entry) == link.hash else "changed"


SAYS: dict[Fault, str] = {
    "changed": "entry {number} says something else than when it was written",
    "missing": "entry {number} is gone",
    "unchained": "entry {number} was put in behind the log's back",
    "gap": "what stood before entry {number} is gone",
    "not_expected": "the hash noted earlier is none of it, so its end was cut off or it was written anew",
}


def describe(verdict: Verdict) -> str:
    """A verdict as a sentence of the command line."""
    if verdict.fault is None:
        return f"{verdict.entries} entries hold. Last hash: {verdict.last_hash}"
    said = SAYS[verdict.fault].format(number=verdict.number)
    return f"{verdict.entries} entries hold, then it breaks: {said}."
