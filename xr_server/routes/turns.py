"""Who may bring an upload's bytes through the event loop: two at a time, or visitors would wait behind fifty."""

import asyncio
from collections import deque

TURN_S = 0.02  # who brings a block in less is on a fast line


class Turns:
    """Places for those who are quick; the others wait in the order in which they came."""

    def __init__(self, places: int = 2) -> None:
        self._free = places
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> "Turn":
        """Return when it is one's turn."""
        if self._free:
            self._free -= 1
        else:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():  # it was given to us just before
                    self.give_back()
                raise
        return Turn(self)

    def give_back(self) -> None:
        """Let the next one have the place."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


class Turn:
    """A place that is held. Whoever takes long waits for their line, not for us: it is given back under them."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.was_quick = True
        self._timer = asyncio.get_running_loop().call_later(TURN_S, self._be_late)

    def end(self) -> bool:
        """Give the place back; whether it was kept until now."""
        if self.was_quick:
            self._timer.cancel()
            self._turns.give_back()
        return self.was_quick

    def _be_late(self) -> None:
        self.was_quick = False
        self._turns.give_back()
