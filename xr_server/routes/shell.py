"""What surrounds every answer: security headers, and one line of access log that names no visitor."""

import json
import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
access_log = logging.getLogger("dejima.access")


class Shell:
    """ASGI middleware: adds the headers above and logs route template, method, status, bytes and time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status, sent_bytes = 0, 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in SECURITY_HEADERS if pair[0] not in present),
                ]
            elif message["type"] == "http.response.body":
                sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            if access_log.isEnabledFor(logging.INFO):
                # the template, never the address asked for: that would tell what one visitor opened, and where from
                template = getattr(scope.get("route"), "path", "(none)")
                line = {
                    "route": template,
                    "method": scope["method"],
                    "status": status,
                    "bytes": sent_bytes,
                    "ms": round((time.perf_counter() - started) * 1000, 2),
                }
                access_log.info(json.dumps(line))
