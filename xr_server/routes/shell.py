"""What surrounds every answer: security headers, problem details, metrics, and an access log that names no visitor."""

import logging
import time
import traceback

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xr_server.routes.health import count_request
from xr_server.routes.problems import answer_general

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
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
access_log = logging.getLogger("dejima.access")
log = logging.getLogger("dejima.shell")


class Shell:
    """ASGI middleware round everything else; see the module's first line."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what goes wrong inside is logged here and nowhere else."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        outgoing = Outgoing(scope, receive, send)
        try:
            await self.app(scope, receive, outgoing.send)
        except Exception as error:
            log.error("%s", describe_fault(error))
            if not outgoing.status:
                raise  # nothing was answered, not even the 500: the server closes the connection
        finally:
            seconds = time.perf_counter() - started
            # the template, never the address asked for: that would tell what one visitor opened, and where from
            route = getattr(scope.get("route"), "path", "(none)")
            method = scope["method"] if scope["method"] in METHODS else "(other)"
            count_request(route, method, outgoing.status, seconds)
            if access_log.isEnabledFor(logging.INFO):
                access_log.info(
                    '{"route":"%s","method":"%s","status":%d,"bytes":%d,"ms":%.2f}',
                    route, method, outgoing.status, outgoing.sent_bytes, seconds * 1000,
                )  # fmt: skip


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


def describe_fault(error: BaseException) -> str:
    """Kinds and places of an error and its causes, without their messages: those may quote what a visitor sent."""
    lines = []
    current: BaseException | None = error
    while current is not None:
        kind = type(current)
        frames = traceback.extract_tb(current.__traceback__)
        where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames[-12:]))
        lines.append(f"{kind.__module__}.{kind.__qualname__} at {where}")
        current = current.__cause__ or current.__context__
    return "unexpected: " + "; from ".join(lines)
