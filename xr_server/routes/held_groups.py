"""What this server knows of groups for a moment: hundreds of phones that ask where a group is cost one query a second."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from xr_server.domain.group import Group, WrongCodes, is_follow_key, make_follow_key
from xr_server.errors import NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.offers import load_code_secret
from xr_server.storage.groups import find_group

HELD_MS = 1_000
MOST_HELD = 1_000


class HeldGroups:
    """Groups as they stood at most a second ago, and how many wrong codes were tried lately."""

    def __init__(self, parts: Parts) -> None:
        self.wrong = WrongCodes()
        self._parts = parts
        self._held: dict[str, tuple[int, Group | None]] = {}
        self._asked: dict[str, asyncio.Task[Group | None]] = {}
        self._secret: bytes | None = None

    def key_of(self, code: str) -> str:
        """The key with which a phone that has joined asks. Raises Unavailable."""
        return make_follow_key(code, self._load_secret())

    def fits(self, key: str, code: str) -> bool:
        """Whether a phone has joined the group it asks about."""
        return is_follow_key(key, code, self._load_secret())

    def _load_secret(self) -> bytes:
        self._secret = self._secret or load_code_secret(self._parts)
        return self._secret

    async def get(self, code: str) -> Group:
        """A group by its code. Raises NotFound."""
        at = self._parts.clock()
        held = self._held.get(code)
        if held is None or not held[0] <= at < held[0] + HELD_MS:
            held = at, await self._ask(code, at)
            self._keep(code, held)
        if held[1] is None:
            raise NotFound("group_unknown", "There is no group with this code, or it has ended. Ask the guide for it.")
        return held[1]

    async def _ask(self, code: str, at: int) -> Group | None:
        """Whoever asks while somebody is asking already waits for the same answer."""
        asked = self._asked.get(code)
        if asked is None:
            asked = asyncio.ensure_future(run_in_threadpool(find_group, self._parts.catalog, code, at))
            self._asked[code] = asked
            asked.add_done_callback(lambda _: self._asked.pop(code, None))
        return await asyncio.shield(asked)

    def _keep(self, code: str, held: tuple[int, Group | None]) -> None:
        if len(self._held) >= MOST_HELD:
            self._held.pop(next(iter(self._held)))
        self._held[code] = held

    def drop(self, code: str) -> None:
        """Look again at the next question: the group was just led on here."""
        self._held.pop(code, None)
        self._asked.pop(code, None)


def held_groups(request: Request) -> HeldGroups:
    """The server's own."""
    state = request.app.state
    if not hasattr(state, "held_groups"):
        state.held_groups = HeldGroups(parts_of(request))
    held: HeldGroups = state.held_groups
    return held
