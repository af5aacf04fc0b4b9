"""The server as it is, with a meter in its event loop: how late the loop comes to what was due, and why.

Only for measuring. A tick is due every two milliseconds; what it is late by is what every visitor waits in addition.
From the lateness is taken what the system itself says that the loop's thread stood in line for a processor (other
processes had it, which is no fault of the server's); what remains is `own_ms`: work done on the loop, a call that
blocked it, or another thread of the server that held the interpreter. GET /stalls tells the worst since the last time.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TICK_S = 0.002
WORTH_TELLING_MS = 20.0
SCHEDSTAT = Path("/proc/thread-self/schedstat")  # of the loop's own thread: nanoseconds run, then stood in line


@dataclass
class Meter:
    """The worst since somebody asked, in ms."""

    handle: int
    due_s: float = 0.0
    lined_up_ns: int = 0
    ticks: int = 0
    late_ms: float = 0.0
    own_ms: float = 0.0
    over: int = 0

    def tick(self) -> None:
        """Note how late this tick is, and ask for the next."""
        loop = asyncio.get_running_loop()
        now_s, lined_up_ns = loop.time(), self._lined_up_ns()
        late_ms = 1000 * (now_s - self.due_s)
        own_ms = max(0.0, late_ms - (lined_up_ns - self.lined_up_ns) / 1e6)
        self.ticks += 1
        self.late_ms, self.own_ms = max(self.late_ms, late_ms), max(self.own_ms, own_ms)
        self.over += own_ms > WORTH_TELLING_MS
        self.due_s, self.lined_up_ns = now_s + TICK_S, lined_up_ns
        loop.call_at(self.due_s, self.tick)

    def tell(self) -> dict[str, float]:
        """The worst so far; begins anew."""
        told = {"ticks": self.ticks, "late_ms": self.late_ms, "own_ms": self.own_ms, "over": self.over}
        self.ticks, self.late_ms, self.own_ms, self.over = 0, 0.0, 0.0, 0
        return told

    def _lined_up_ns(self) -> int:
        return int(os.pread(self.handle, 100, 0).split()[1])


def make_app() -> Starlette:
    """The server of `dejima serve`, with the meter and the address that reads it."""
    from xr_server.serving import make_app as make_real_app

    app = make_real_app()
    started = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(of: Starlette) -> AsyncIterator[object]:
        async with started(of) as state:
            meter = app.state.meter = Meter(os.open(SCHEDSTAT, os.O_RDONLY))
            meter.due_s, meter.lined_up_ns = asyncio.get_running_loop().time(), meter._lined_up_ns()
            meter.tick()
            yield state

    async def tell(_: Request) -> Response:
        return JSONResponse(app.state.meter.tell())

    app.router.lifespan_context = lifespan
    app.routes.insert(0, Route("/stalls", tell))
    return app
