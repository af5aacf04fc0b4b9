"""How many events one visit token is good for in an hour, so that forging many costs many tokens. Pure but for its tally."""

HOUR_MS = 3_600_000
MOST_EVENTS_AN_HOUR = 1000
"""A phone that was offline for a day of walking brings about 600."""
MOST_TOKENS = 50_000
"""Remembered at once; of more, those that were first seen longest ago are forgotten."""


class Budgets:
    """What each token has used within the hour, by the token's nonce; what lies beyond is to be flagged, not refused.

    There is no budget by address: phones of one carrier share one, and so do the tablets of a class.
    """

    def __init__(self, most_events: int = MOST_EVENTS_AN_HOUR, most_tokens: int = MOST_TOKENS) -> None:
        self._most_events, self._most_tokens = most_events, most_tokens
        self._hour = 0
        self._used: dict[str, int] = {}

    def spend(self, nonce: str, count: int, now: int) -> int:
        """How many of `count` events are within the budget of the hour of `now` (ms UTC); all of them are put to it."""
        self._turn(now)
        used = self._used.get(nonce, 0)
        if nonce not in self._used and len(self._used) >= self._most_tokens:
            del self._used[next(iter(self._used))]
        self._used[nonce] = used + count
        return max(0, min(count, self._most_events - used))

    def give_back(self, nonce: str, count: int) -> None:
        """Take back what was put to the budget and not stored: sent again after a refusal, an event counts once."""
        if nonce in self._used:  # else the hour has ended meanwhile
            self._used[nonce] = max(0, self._used[nonce] - count)

    def _turn(self, now: int) -> None:
        hour = now // HOUR_MS
        if hour != self._hour:
            self._hour, self._used = hour, {}
