"""kill -9 of a server while phones send to it: what was acknowledged must be stored, and nothing twice.

Phones keep a batch until it is answered, as the real outbox does, and send it again with the same ids. Half of the batches
allow statistics and are stored event by event; the other half is only counted, so that a batch stored twice would show.
"""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException

from event_load import make_body, make_id
from event_site import SITE_ID, Server, Store, free_port
from sqlalchemy import func, select

from xr_server.storage.tables.events import engagement_event, hourly_count
from xr_server.storage.tables.figures import day_quality

PHONES = 6
PATIENCE_S = 60.0
TOKEN_EVENTS = 800  # events a token is used for: below its budget, beyond which events are flagged and not counted


@dataclass
class Tally:
    """What all phones have been told: ids by whether they were to be stored or only counted."""

    stored: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    broken: int = 0
    again: int = 0
    refused: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Batch:
    """Events on their way, kept until they are answered."""

    ids: list[str]
    counted: bool
    body: bytes


class Phone(threading.Thread):
    """Sends one batch after another until it is told to end, and then the last one until it is answered."""

    def __init__(self, port: int, chance: random.Random, tally: Tally) -> None:
        super().__init__(daemon=True)
        self._port, self._chance, self._tally = port, chance, tally
        self.ending = threading.Event()

    def run(self) -> None:
        """Send; a break is waited out."""
        token, batch, used = "", None, 0
        while batch is not None or not self.ending.is_set():
            connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
            try:
                while batch is not None or not self.ending.is_set():
                    if not token or (batch is None and used >= TOKEN_EVENTS):
                        token, used = self._ask_token(connection), 0
                    batch = batch or self._make_batch(token)
                    self._send(connection, batch)
                    used, batch = used + len(batch.ids), None
            except (OSError, HTTPException):
                with self._tally.lock:
                    self._tally.broken += batch is not None
                time.sleep(0.02)
            finally:
                connection.close()

    def _ask_token(self, connection: HTTPConnection) -> str:
        connection.request("POST", "/api/v1/visit-tokens", json.dumps({"site": SITE_ID}))
        return str(json.loads(connection.getresponse().read())["token"])

    def _make_batch(self, token: str) -> Batch:
        ids, counted = [make_id() for _ in range(self._chance.randint(1, 20))], self._chance.random() < 0.5
        body = make_body(token, ids, datetime.now(UTC).isoformat())
        return Batch(ids, counted, body.replace(b'"statistics"', b'"necessary"') if counted else body)

    def _send(self, connection: HTTPConnection, batch: Batch) -> None:
        connection.request("POST", "/api/v1/events", batch.body)
        response = connection.getresponse()
        status, answer = response.status, json.loads(response.read())
        if status == 503:
            raise HTTPException(answer["code"])
        with self._tally.lock:
            if status != 200 or answer["accepted"] + answer["duplicate"] != len(batch.ids):
                self._tally.refused.append(f"{status} {answer}")
            self._tally.again += answer.get("duplicate", 0)
            (self._tally.counted if batch.counted else self._tally.stored).update(batch.ids)


@dataclass(frozen=True)
class Outcome:
    """What the rounds came to."""

    rounds: int
    acknowledged: int
    broken: int
    again: int
    lost: int
    doubled: int
    refused: list[str]

    @property
    def harmless(self) -> bool:
        """Whether nothing was lost, counted twice or refused."""
        return not (self.lost or self.doubled or self.refused)

    def __str__(self) -> str:
        return (
            f"{self.rounds} kills: {self.acknowledged} events acknowledged, {self.broken} requests broke off, "
            f"{self.again} events sent again and known already, {self.lost} lost, {self.doubled} counted twice, "
            f"{len(self.refused)} refused {self.refused[:1] or ''}"
        )


def run_kills(store: Store, rounds: int, chance: random.Random, say: Callable[[str], None] = print) -> Outcome:
    """Kill and restart the server again and again under load, and compare what stands in the store with what was said."""
    port, tally = free_port(), Tally()
    phones = [Phone(port, random.Random(number), tally) for number in range(PHONES)]  # noqa: S311
    server, lost = store.start(port=port), 0
    for phone in phones:
        phone.start()
    for number in range(1, rounds + 1):
        time.sleep(chance.uniform(0.02, 0.6))
        server.kill()
        with tally.lock:
            told = len(tally.stored), len(tally.counted)
        lost += max(0, told[0] - count_rows(store)) + max(0, told[1] - count_hours(store))
        server = store.start(port=port)
        if number % 20 == 0:
            say(f"{store.name}: {number} kills, {sum(told)} events acknowledged, {lost} lost")
    _end(phones, server)
    return _compare(store, rounds, tally, lost)


def _end(phones: list[Phone], server: Server) -> None:
    for phone in phones:
        phone.ending.set()
    for phone in phones:
        phone.join(PATIENCE_S)
        if phone.is_alive():
            raise SystemExit("a phone was not answered for a minute")
    server.stop()


def _compare(store: Store, rounds: int, tally: Tally, lost: int) -> Outcome:
    engine = store.open_events()
    with engine.connect() as connection:
        ids = set(connection.scalars(select(engagement_event.c.id)))
        quality = {what: int(count) for what, count in connection.execute(_quality())}
    engine.dispose()
    counted = count_hours(store)
    lost += len(tally.stored - ids) + max(0, len(tally.counted) - counted)
    # every batch was answered in the end, so that nothing else may stand there
    doubled = max(0, counted - len(tally.counted)) + len(ids - tally.stored)
    doubled += abs(quality["accepted"] - len(ids)) + abs(quality["counted_only"] - counted)
    acknowledged = len(tally.stored) + len(tally.counted)
    return Outcome(rounds, acknowledged, tally.broken, tally.again, lost, doubled, tally.refused)


def _quality():  # type: ignore[no-untyped-def]  # SQLAlchemy's own type says more than anybody could read
    return select(day_quality.c.what, func.sum(day_quality.c["count"])).group_by(day_quality.c.what)


def count_rows(store: Store) -> int:
    """Events that are stored."""
    return _scalar(store, select(func.count()).select_from(engagement_event))


def count_hours(store: Store) -> int:
    """Events that are only counted."""
    return _scalar(store, select(func.sum(hourly_count.c["count"])))


def _scalar(store: Store, query) -> int:  # type: ignore[no-untyped-def]
    engine = store.open_events()
    with engine.connect() as connection:
        count = connection.scalar(query)
    engine.dispose()
    return int(count or 0)
