"""Groups that go round together: one phone leads, the others follow it from stop to stop. Pure; nobody is counted or named."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.sealed_code import LETTERS, clean_letters, make_seal
from xr_server.errors import Invalid, NotFound

CODE_LENGTH = 6
KEY_LENGTH = 10
LIFE_MS = 6 * 3_600_000  # a long walk; then it ends by itself
ENDED_KEPT_MS = 600_000  # so long followers are told that it ended
MOST_GROUPS = 500  # of a site at once

FREE_WRONG_CODES = 60
WRONG_CODE_MS = 1_000  # after these, one wrong code a second is looked at


@dataclass(frozen=True)
class Group:
    """A group as it stands. stop: the page it is at, `landmarks/{id}` or `experiences/{id}`, None before the first one.

    step counts every change, so that followers can ask whether there was one. Moments in ms UTC.
    """

    site_id: str
    code: str
    step: int
    stop: str | None
    ends_at: int
    ended: bool


@dataclass(frozen=True)
class Stop:
    """Where a group can go: the page below a language's first page, what it is called, and what a list says of its place."""

    page: str
    name: str
    told_in: str | None = None
    is_experience: bool = False


def make_group_code(random_bytes: Callable[[int], bytes]) -> str:
    """Six letters at random, 30 bits; whoever stores it sees to it that there is no second one."""
    return "".join(LETTERS[byte % 32] for byte in random_bytes(CODE_LENGTH))


def read_group_code(typed: str) -> str:
    """A group's code as somebody typed it. Raises Invalid for what is none."""
    letters = clean_letters(typed)
    if len(letters) != CODE_LENGTH or not set(letters) <= set(LETTERS):
        raise Invalid("group_code", "The code of a group has six letters and digits. Look at the guide's phone again.")
    return letters


def make_follow_key(code: str, secret: bytes) -> str:
    """What a phone asks with once it has joined: without it nobody can try codes by asking where groups are."""
    return make_seal(secret, KEY_LENGTH, "group", code)


def is_follow_key(key: str, code: str, secret: bytes) -> bool:
    """Whether a key was given out for a code, in constant time."""
    return hmac.compare_digest(key.encode(), make_follow_key(code, secret).encode())


def list_stops(document: Mapping[str, Any], numbered: Sequence[str]) -> list[Stop]:
    """The stops of a site document: the landmarks of its map in their order, each followed by what can be seen there."""
    landmarks = {mark["id"]: mark for mark in document["landmarks"]}
    others = [id for id, mark in landmarks.items() if mark["lat"] is not None and id not in numbered]
    shown = [landmarks[id] for id in (*numbered, *others)]
    stops = []
    for mark in shown:
        stops.append(Stop(f"landmarks/{mark['id']}", mark["name"], mark.get("told_in")))
        stops += [
            Stop(f"experiences/{one['id']}", one["title"], one.get("told_in"), is_experience=True)
            for one in document["experiences"]
            if one["landmark"] == mark["id"]
        ]
    return stops


def find_stop(stops: Sequence[Stop], page: str | None) -> Stop | None:
    """The stop with a page, None where it is not there (any more)."""
    return next((stop for stop in stops if stop.page == page), None)


def get_stop(stops: Sequence[Stop], page: str) -> Stop:
    """The stop with a page. Raises NotFound."""
    stop = find_stop(stops, page)
    if stop is None:
        raise NotFound(
            "stop_unknown", "This place is not shown any more. Choose another one; the group stays where it is."
        )
    return stop


def next_stop(stops: Sequence[Stop], page: str | None) -> Stop | None:
    """The landmark after a stop, the first one before any, None after the last."""
    at = next((index for index, stop in enumerate(stops) if stop.page == page), -1)
    return next((stop for stop in stops[at + 1 :] if not stop.is_experience), None)


@dataclass
class WrongCodes:
    """How many wrong codes were tried lately; each is forgotten after a second. No address is looked at."""

    tried: int = 0
    since: int = 0

    def wait_ms(self, at: int) -> int:
        """How long nobody may try another code; 0: now."""
        self._forget(at)
        return 0 if self.tried < FREE_WRONG_CODES else WRONG_CODE_MS - (at - self.since)

    def note(self, at: int) -> None:
        """Count a wrong code."""
        self._forget(at)
        self.tried += 1

    def _forget(self, at: int) -> None:
        forgotten = max(0, at - self.since) // WRONG_CODE_MS
        self.tried = max(0, self.tried - forgotten)
        self.since = at if self.tried == 0 else self.since + forgotten * WRONG_CODE_MS
