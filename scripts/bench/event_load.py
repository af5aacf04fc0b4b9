"""Phones that send events as fast as they are answered; a process of its own, so that it is not what is measured.

Usage: echo TOKENS | python event_load.py PORT CONNECTIONS REQUESTS EVENTS_A_REQUEST
Everything that is sent is written beforehand; then each connection sends a request as soon as the last one is answered.
The outcome is one line of JSON: seconds, answers by status, the milliseconds that a request took, events new and not.
"""

import asyncio
import gc
import hashlib
import json
import re
import secrets
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import uvloop

HEAD = "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n"
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
SAID = (
    '"type":"site_opened"',
    '"type":"arrived","accuracy":"fair"',
    '"type":"landmark_entered","landmark":"water-gate","accuracy":"good"',
    '"type":"landmark_stayed","landmark":"water-gate","stay_s":60',
    '"type":"landmark_left","landmark":"water-gate"',
    '"type":"permission_refused","permission":"camera"',
)


def make_id() -> str:
    """A UUID version 7 of now, as phones make them."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    text = f"{number & ~(0b11 << 62) | 0b10 << 62:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def make_body(token: str, ids: list[str], at: str) -> bytes:
    """A batch of the visit that has this token, with an event for each id."""
    visit = hashlib.sha256(token.encode()).hexdigest()[:32]
    events = ",".join(f'{{"id":"{name}","at":"{at}",{SAID[number % len(SAID)]}}}' for number, name in enumerate(ids))
    head = f'{{"token":"{token}","consent":{{"state":"statistics","text_version":"1"}},"language":"ja","mode":"page"'
    return f'{head},"visit":"{visit}","device":"phone","events":[{events}]}}'.encode()


def make_request(body: bytes) -> bytes:
    """A body with its head."""
    return HEAD.format(len(body)).encode() + body


@dataclass
class Load:
    """The requests that are still to be sent, and what became of the others."""

    waiting: list[bytes]
    statuses: Counter[int] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)
    accepted: int = 0
    duplicate: int = 0


class Phone(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load, done: asyncio.Event) -> None:
        self._load, self._done = load, done
        self._received, self._sent_at = b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport: Any = transport
        self._send()

    def _send(self) -> None:
        if not self._load.waiting:
            self._done.set()
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._load.waiting.pop())

    def data_received(self, data: bytes) -> None:
        """Read an answer, and send the next request once it is whole."""
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        found = LENGTH.search(head)
        if not blank or not found or len(body) < int(found[1]):
            return
        self._load.took_ms.append((time.perf_counter() - self._sent_at) * 1000)
        status = int(head[9:12])
        self._load.statuses[status] += 1
        if status == 200:
            answer = json.loads(body)
            self._load.accepted += answer["accepted"]
            self._load.duplicate += answer["duplicate"]
        self._received = b""
        self._send()

    def connection_lost(self, _: Exception | None) -> None:
        """The server has closed."""
        self._done.set()


async def send_all(port: int, connections: int, load: Load) -> float:
    """Send everything; gives the seconds it took."""
    loop = asyncio.get_running_loop()
    ends = [asyncio.Event() for _ in range(connections)]
    started = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: Phone(load, end), "127.0.0.1", port)
    for end in ends:
        await end.wait()
    return time.perf_counter() - started


def main() -> None:
    """Send, and tell the outcome."""
    port, connections, requests, events = (int(text) for text in sys.argv[1:5])
    tokens = cycle(json.load(sys.stdin))
    at = datetime.now(UTC).isoformat()
    bodies = (make_body(next(tokens), [make_id() for _ in range(events)], at) for _ in range(requests))
    load = Load([make_request(body) for body in bodies])
    gc.freeze()
    gc.disable()
    seconds = uvloop.run(send_all(port, connections, load))
    took = statistics.quantiles(load.took_ms, n=100)
    outcome = {"seconds": seconds, "statuses": load.statuses, "p50_ms": took[49], "p99_ms": took[98]}
    sys.stdout.write(json.dumps({**outcome, "accepted": load.accepted, "duplicate": load.duplicate}))


if __name__ == "__main__":
    main()
