"""Stamp rallies: what staff say of one, which stamp may come next, and the codes that prove a visit. Pure."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import msgspec

from xr_server.domain.fields import LocalDate, Slug, Strict, Text
from xr_server.domain.sealed_code import LETTERS, check_letter, clean_letters, make_seal
from xr_server.errors import Invalid

Proof = Literal["none", "sign", "rotating"]
Way = Literal["position", "sign", "rotating", "desk"]
"""How a stamp came onto a card: the phone's own position, a sign's code, a code that changes, or staff by hand."""
MOST_LANDMARKS = 30

SHOWN_MS = 30_000  # how long one rotating code is shown
OLDEST_SHOWN = 2  # a code may be so many half minutes old: it was shown, scanned, and sent over a slow line
NEWEST_SHOWN = 1  # clocks of several servers differ
LATE_MS = 3 * 3_600_000  # a phone without a connection may bring a code so much later
MOST_IN_TIME = 80  # cards that one code may stamp: a school class with room to spare
MOST_LATE = 5  # of those that come late: nobody can tell a late phone from a photograph that was passed on
MOMENT_LETTERS, SEAL_LETTERS, SIGN_LETTERS = 3, 5, 7
MOMENTS = len(LETTERS) ** MOMENT_LETTERS  # 11 days of half minutes; then the letters begin again


class Rally(Strict, frozen=True, kw_only=True):
    """A stamp rally: stamps at landmarks on local days, and what is given for them.

    stamps_needed: how many win, absent: all; collect_until: the last day on which the prize is given, absent: last_on.
    """

    id: Slug
    title: Text
    summary: Text = {}
    landmarks: Annotated[list[Slug], msgspec.Meta(min_length=1, max_length=MOST_LANDMARKS)]
    order: Literal["free", "fixed"] = "free"
    first_on: LocalDate
    last_on: LocalDate
    stamps_needed: Annotated[int, msgspec.Meta(ge=1, le=MOST_LANDMARKS)] | None = None
    prize: Text = {}
    collect_at: Text = {}
    collect_until: LocalDate | None = None
    proof: Proof = "none"


@dataclass(frozen=True)
class Spot:
    """Where a stamp is given: a landmark of a rally at a site."""

    site_id: str
    rally_id: str
    landmark: str


def needed(rally: Rally) -> int:
    """How many stamps win."""
    return min(rally.stamps_needed or len(rally.landmarks), len(rally.landmarks))


def is_on(rally: Rally, today: date) -> bool:
    """Whether stamps are given on a local day."""
    return date.fromisoformat(rally.first_on) <= today <= date.fromisoformat(rally.last_on)


def collect_until(rally: Rally) -> date:
    """The last local day on which the prize is given."""
    return date.fromisoformat(rally.collect_until or rally.last_on)


Verdict = Literal["new", "there", "elsewhere", "too_early"]


def judge(rally: Rally, stamped: Collection[str], landmark: str) -> Verdict:
    """What becomes of a stamp of a landmark on a card that has these already; too_early: others come before it."""
    if landmark not in rally.landmarks:
        return "elsewhere"
    if landmark in stamped:
        return "there"
    before = rally.landmarks[: rally.landmarks.index(landmark)] if rally.order == "fixed" else []
    return "new" if all(name in stamped for name in before) else "too_early"


def is_complete(rally: Rally, stamped: Collection[str]) -> bool:
    """Whether a card with these stamps wins."""
    return len(set(stamped) & set(rally.landmarks)) >= needed(rally)


def in_valid_order(rally: Rally, landmarks: Sequence[str]) -> list[str]:
    """Of stamps in the order they were collected those that count: each once, of this rally, none before its time."""
    counted: list[str] = []
    for landmark in landmarks:
        if judge(rally, counted, landmark) == "new":
            counted.append(landmark)
    return counted


def moment_of(at: int) -> int:
    """The half minute since 1970 in which a moment in ms UTC lies."""
    return at // SHOWN_MS


def make_sign_code(spot: Spot, secret: bytes) -> str:
    """The code on the sign of a rally's landmark: eight letters, the last of which guards against slips."""
    letters = make_seal(secret, SIGN_LETTERS, "sign", spot.site_id, spot.rally_id, spot.landmark)
    return letters + check_letter(letters)


def make_moment_code(spot: Spot, moment: int, secret: bytes) -> str:
    """The code that a tablet shows for one half minute: three letters of when, five of proof, one against slips."""
    when = moment % MOMENTS
    letters = "".join(LETTERS[(when >> shift) & 31] for shift in (10, 5, 0))
    letters += make_seal(secret, SEAL_LETTERS, "moment", spot.site_id, spot.rally_id, spot.landmark, str(moment))
    return letters + check_letter(letters)


def check_sign_code(spot: Spot, typed: str, secret: bytes) -> None:
    """Refuse a code that does not stand on the sign of this landmark. Raises Invalid."""
    if not hmac.compare_digest(clean_letters(typed).encode(), make_sign_code(spot, secret).encode()):
        raise _wrong()


def read_moment_code(spot: Spot, typed: str, secret: bytes, at: int) -> tuple[int, bool]:
    """The half minute in which a code was shown at this landmark, and whether it comes in time at `at`, in ms UTC.

    Raises Invalid for a code that was never shown there, is from the future, or is older than a phone without a
    connection may bring it.
    """
    letters, now = clean_letters(typed), moment_of(at)
    when = _read_moment(letters)
    moment = now + NEWEST_SHOWN - (now + NEWEST_SHOWN - when) % MOMENTS  # the last time these letters stood for
    if not hmac.compare_digest(letters.encode(), make_moment_code(spot, moment, secret).encode()):
        raise _wrong()
    if moment < moment_of(at - LATE_MS):
        raise proof_old()
    return moment, moment >= now - OLDEST_SHOWN


def _read_moment(letters: str) -> int:
    if len(letters) != MOMENT_LETTERS + SEAL_LETTERS + 1 or any(letter not in LETTERS for letter in letters):
        raise _wrong()
    first, second, third = (LETTERS.index(letter) for letter in letters[:MOMENT_LETTERS])
    return first << 10 | second << 5 | third


def _wrong() -> Invalid:
    return Invalid("proof_wrong", "This is not the code of this place. Compare it with the sign, letter by letter.")


def proof_old() -> Invalid:
    """The refusal of a code that is not shown any more."""
    return Invalid(
        "proof_old", "This code is not shown any more; it changes every half minute. Scan the one there now."
    )
