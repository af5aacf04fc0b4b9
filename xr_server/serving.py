"""Running the server with uvicorn: one process or several on one socket, plain HTTP or HTTPS for phones nearby."""

import errno
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from xr_server.errors import Conflict, Invalid
from xr_server.logs import show_access, show_log
from xr_server.settings import Settings, read_settings

APP = "xr_server.serving:make_app"  # by name, since each server process imports it for itself
QUIET_APP = "xr_server.serving:make_quiet_app"
ACCESS_FILE = "access.log"
BACKLOG = 2048
GRACE_S = 5
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


def make_app() -> Starlette:
    """The server of one process, from the environment; uvicorn calls this in each of them."""
    return _make_app(read_settings(os.environ), logging.StreamHandler(sys.stdout))


def make_quiet_app() -> Starlette:
    """The same with its access lines in a file of the data folder, so that what was said at the start stays in sight."""
    settings = read_settings(os.environ)
    return _make_app(settings, logging.FileHandler(settings.data_dir / ACCESS_FILE, encoding="utf-8"))


def _make_app(settings: Settings, access: logging.Handler) -> Starlette:
    from xr_server.app import create_app

    show_log()
    show_access(access)
    return create_app(settings)


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
