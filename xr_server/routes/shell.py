"""What surrounds every answer: security headers, problem details, metrics, and an access log that names no visitor."""

import asyncio
import logging
import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xr_server.logs import describe_fault
from xr_server.routes.health import REQUESTS
from xr_server.routes.problems import answer_general
from xr_server.routes.ready import OFFERED, ReadyAnswers
from xr_server.storage.published import PublishedSites

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' blob:; "
    "img-src 'self' blob: data:; worker-src 'self' blob:"
)
PERMISSIONS_POLICY = (
    "geolocation=(self), camera=(self), xr-spatial-tracking=(self), gyroscope=(self), accelerometer=(self), "
    "magnetometer=(self), microphone=()"
)
SECURITY_HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS_POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
]
SECURITY_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)
REPLACED = {b"content-type", b"content-length", *SECURITY_NAMES}
NO_BODY: Message = {"type": "http.response.body", "body": b""}
LINES_WAIT_S = 0.2
MOST_LINES = 500  # that wait
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
access_log = logging.getLogger("dejima.access")
log = logging.getLogger("dejima.shell")


class AccessLog:
    """Lines of the access log, gathered for a moment and written together."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, route: str, method: str, status: int, sent_bytes: int, seconds: float) -> None:
        """One answer: the route's template, never the address asked for, which would tell what one visitor opened."""
        REQUESTS.count(route, method, status, seconds)
        if not self._lines:
            asyncio.get_running_loop().call_later(LINES_WAIT_S, self.write)
        self._lines.append(
            f'{{"route":"{route}","method":"{method}","status":{status},"bytes":{sent_bytes},"ms":{seconds * 1000:.2f}}}'
        )
        if len(self._lines) >= MOST_LINES:
            self.write()

    def write(self) -> None:
        """Write what has gathered."""
        lines, self._lines = self._lines, []
        if lines:
            access_log.info("\n".join(lines))


class Shell:
    """ASGI middleware round everything else; see the module's first line."""

    def __init__(self, app: ASGIApp, published: PublishedSites) -> None:
        self.app = app
        self._ready, self._lines = ReadyAnswers(published), AccessLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            try:
                await self.app(scope, receive, send)
            finally:
                self._lines.write()
            return
        found = self._ready.find(scope) if scope["method"] == "GET" else None
        if found is None:
            await self._serve(scope, receive, send)
            return
        started = time.perf_counter()
        ready, unchanged = found
        await send(ready.unchanged if unchanged else ready.whole)
        await send(NO_BODY if unchanged else ready.body)
        status, sent_bytes = (304, 0) if unchanged else (200, len(ready.body["body"]))
        self._lines.add(ready.route, "GET", status, sent_bytes, time.perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer; what goes wrong inside is logged here and nowhere else."""
        started = time.perf_counter()
        outgoing = Outgoing(scope, receive, send)
        try:
            await self.app(scope, receive, outgoing.send)
        except Exception as error:
            log.error("unexpected: %s", describe_fault(error))
            if not outgoing.status:
                raise  # nothing was answered, not even the 500: the server closes the connection
        finally:
            route = getattr(scope.get("route"), "path", "(none)")
            method = scope["method"] if scope["method"] in METHODS else "(other)"
            self._lines.add(route, method, outgoing.status, outgoing.sent_bytes, time.perf_counter() - started)
        if OFFERED in scope:
            self._ready.keep(scope, SECURITY_HEADERS)


class Outgoing:
    """One answer on its way out: gets its headers, is counted, and speaks our language when a library refused."""

    __slots__ = ("_receive", "_replaced", "_scope", "_send", "sent_bytes", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._replaced = False
        self.status, self.sent_bytes = 0, 0

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            headers = message["headers"]
            if message["status"] >= 400 and self._is_plain(headers):
                await self._refuse(message)
                return
            self.status = message["status"]
            own = SECURITY_NAMES.intersection([name for name, _ in headers])
            added = [pair for pair in SECURITY_HEADERS if pair[0] not in own] if own else SECURITY_HEADERS
            message["headers"] = [*headers, *added]
        elif self._replaced:
            return
        elif message["type"] == "http.response.body":
            self.sent_bytes += len(message.get("body", b""))
        await self._send(message)

    def _is_plain(self, headers: list[tuple[bytes, bytes]]) -> bool:
        return any(name == b"content-type" and value.startswith(b"text/plain") for name, value in headers)

    async def _refuse(self, message: Message) -> None:
        """Answer with problem details in place of a library's plain words."""
        kept = {name.decode(): value.decode() for name, value in message["headers"] if name not in REPLACED}
        response = answer_general(Request(self._scope), message["status"], kept)
        await response(self._scope, self._receive, self.send)
        self._replaced = True
