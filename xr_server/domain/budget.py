"""What one visit token is good for in an hour, so that forging many visits costs many tokens. Pure but for its tally."""

from dataclasses import dataclass

HOUR_MS = 3_600_000
MOST_EVENTS_AN_HOUR = 1000
"""A phone that was offline for a day of walking brings about 600."""
MOST_VISITS_AN_HOUR = 20
"""A visit ends after half an hour without use: a phone that was offline for two long days brings about ten."""
MOST_TOKENS = 50_000
"""Remembered at once; of more, those that were first seen longest ago are forgotten."""


@dataclass(slots=True)
class _Used:
    """What a token has brought within the hour: events, and how often it went on to another visit than its last one."""

    events: int = 0
    visits: int = 0
    last: int | None = None


class Budgets:
    """What each token has used within the hour, by the token's nonce; what lies beyond is to be flagged, not refused.

    There is no budget by address: phones of one carrier share one, and so do the tablets of a class.
    """

    def __init__(self, most_events: int = MOST_EVENTS_AN_HOUR, most_tokens: int = MOST_TOKENS) -> None:
        self._most_events, self._most_tokens = most_events, most_tokens
        self._hour = 0
        self._used: dict[str, _Used] = {}

    def spend(self, nonce: str, count: int, now: int, visit: str | None = None) -> int:
        """How many of `count` events are within the budget of the hour of `now` (ms UTC); all of them are put to it.

        visit: whose events they are; a token that has gone on to more visits than a phone makes covers none of another.
        """
        self._turn(now)
        if nonce not in self._used and len(self._used) >= self._most_tokens:
            del self._used[next(iter(self._used))]
        used = self._used.setdefault(nonce, _Used())
        if visit is not None and hash(visit) != used.last:  # a phone sends visit after visit: the last one is enough
            used.visits, used.last = used.visits + 1, hash(visit)
        left = self._most_events - used.events if used.visits <= MOST_VISITS_AN_HOUR else 0
        used.events += count
        return max(0, min(count, left))

    def give_back(self, nonce: str, count: int) -> None:
        """Take back what was put to the budget and not stored: sent again after a refusal, an event counts once."""
        used = self._used.get(nonce)
        if used is not None:  # else the hour has ended meanwhile
            used.events = max(0, used.events - count)

    def _turn(self, now: int) -> None:
        hour = now // HOUR_MS
        if hour != self._hour:
            self._hour, self._used = hour, {}
