"""Running the server with uvicorn: one process or several on one socket, plain HTTP or HTTPS for phones nearby."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors import Multiprocess

from asset_pipeline.memory import keep_freed
from xr_server.errors import Conflict, Invalid
from xr_server.logs import show_access, show_log
from xr_server.settings import Settings, read_settings

APP = "xr_server.serving:make_app"  # by name, since each server process imports it for itself
QUIET_APP = "xr_server.serving:make_quiet_app"
ACCESS_FILE = "access.log"
BACKLOG = 2048
GRACE_S = 5
READ_BYTES = 512 * 1024
SWITCH_S = 0.0005  # how long the event loop may wait for a thread that makes a page or talks to a database
KEPT_BLOCK_BYTES, KEPT_BYTES = 4 * 1024**2, 16 * 1024**2
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - only with --lan, whose purpose it is


@dataclass(frozen=True)
class Listener:
    """Where to listen, with how many processes; lan means HTTPS on every address of this machine."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    lan: bool = False

    @property
    def url(self) -> str:
        """The address a browser on this machine opens; localhost counts as secure there, an address does not."""
        local = self.lan or self.host in ("127.0.0.1", ANY_ADDRESS, "::", "::1")
        name = "localhost" if local else f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.lan else 'http'}://{name}:{self.port}"


@lru_cache(maxsize=1)
def _date_header(second: int) -> list[tuple[bytes, bytes]]:
    return [(b"date", formatdate(second, usegmt=True).encode())]


class Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, but the bytes of a body are handed on as they came: it would copy each of them twice.

    And each answer is dated by the second in which its request came: uvicorn's date is up to a second old, and phones, for
    which seasons begin at the right second, set their clocks by it.
    """

    def on_message_begin(self) -> None:
        """A request has begun."""
        self.server_state.default_headers = _date_header(int(time.time()))
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; the first one becomes what is held, instead of being added to an empty array."""
        if getattr(self.cycle, "body", None) == b"":  # there is no cycle where a request asks for another protocol
            self.cycle.body = b""  # type: ignore[assignment]  # it is added to and emptied, no more
        super().on_body(body)


class Line(asyncio.BufferedProtocol):
    """A connection read in pieces as large as what has come, into one buffer for all: what is read is handed on at once."""

    _buffer = memoryview(bytearray(READ_BYTES))

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._http = Protocol(*arguments, **named)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection has come."""
        self._http.connection_made(cast(asyncio.Transport, transport))

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._http.connection_lost(exc)

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So many have come; what is kept of them is copied."""
        self._http.data_received(self._buffer[:nbytes])  # type: ignore[arg-type]  # the parser takes any buffer

    def pause_writing(self) -> None:
        """The other side reads too slowly."""
        self._http.pause_writing()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._http.resume_writing()


def make_app() -> Starlette:
    """The server of one process, from the environment; uvicorn calls this in each of them."""
    return _make_app(read_settings(os.environ), logging.StreamHandler(sys.stdout))


def make_quiet_app() -> Starlette:
    """The same with its access lines in a file of the data folder, so that what was said at the start stays in sight."""
    settings = read_settings(os.environ)
    return _make_app(settings, logging.FileHandler(settings.data_dir / ACCESS_FILE, encoding="utf-8"))


def _make_app(settings: Settings, access: logging.Handler) -> Starlette:
    from xr_server.app import create_app

    # what uploads bring is handled in blocks of up to a mebibyte: in fresh memory for each, they took three times as long
    keep_freed(KEPT_BLOCK_BYTES, KEPT_BYTES)
    sys.setswitchinterval(SWITCH_S)
    show_log()
    show_access(access)
    app = create_app(settings)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: to look through all of it again and again stopped the loop for 50 ms
    return app


def open_socket(listener: Listener) -> socket.socket:
    """A listening socket, bound here so that a port in use is one sentence. Raises Conflict, Invalid."""
    host = ANY_ADDRESS if listener.lan else listener.host
    if not 0 <= listener.port <= 65535 or not 1 <= listener.workers <= 64:
        raise Invalid("listener", "A port is a number up to 65535; there are 1 to 64 server processes.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, listener.port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, kind)
    except OSError as error:
        raise Invalid("host_unknown", f"This machine cannot listen on {host}: {error.strerror}.") from error
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                "port_in_use",
                f"Something is already listening on port {listener.port}. Stop it, or choose another port with --port.",
            ) from error
        raise Invalid("cannot_listen", f"Cannot listen on {host} port {listener.port}: {error.strerror}.") from error
    sock.set_inheritable(True)
    return sock


def run_server(settings: Settings, listener: Listener) -> None:
    """Serve until told to stop by Ctrl-C or SIGTERM. Raises Conflict when the port is taken, Invalid, OSError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with open_socket(listener) as sock:
        serve_on(sock, settings, listener)


def serve_on(sock: socket.socket, settings: Settings, listener: Listener, app: str = APP) -> None:
    """Serve on a listening socket until told to stop; SIGTERM leaves through every `finally`, with exit code 0."""
    end_on_sigterm()
    certificate: dict[str, Any] = {}
    if listener.lan:
        from xr_server.lan import offer_certificate

        certificate = offer_certificate(settings.key_dir, listener.port)
    config = uvicorn.Config(
        app,
        factory=True,
        http=Line,  # type: ignore[arg-type]  # every event loop takes a buffered protocol as well
        workers=listener.workers,
        log_config=None,
        access_log=False,  # it would write addresses and queries; routes/shell.py writes what may be kept
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        **certificate,
    )
    try:
        if listener.workers > 1:
            Multiprocess(config, sockets=[sock]).run()
        else:
            uvicorn.Server(config).run(sockets=[sock])
    except KeyboardInterrupt:  # Ctrl-C, raised again by uvicorn after it has closed everything
        return


def end_on_sigterm() -> None:
    """Let SIGTERM end the process through every `finally`, with exit code 0."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
