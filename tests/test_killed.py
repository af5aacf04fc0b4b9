"""kill -9 anywhere between a creator's file and its package: nothing acknowledged is lost, nothing half is seen."""

import hashlib
import os
import random
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from asset_pipeline.sockets import socket_folder
from tests.bare_sites import CHUNK_TYPE, begin_upload, make_bare_site, offset_of, send_bytes, sign_in
from tests.benches import Clock, left_over, load, packages_of, put_scan
from tests.journeys.sites import Served
from tests.kills import Counts, Uploader, half_files
from tests.scans import wall_zip
from xr_server.domain.catalog import Change
from xr_server.domain.scan import LEASE_MS, UPLOAD_LIFE_MS
from xr_server.storage.api_tokens import issue_token
from xr_server.storage.quotas import SiteRoom, save_site_room
from xr_server.storage.tables.people import account
from xr_server.storage.tables.scans import scan
from xr_server.worker import Bench, sweep, work_once

PATIENCE_S = 60.0


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Served]:
    site = make_bare_site(tmp_path, migrated_sqlite)
    yield site
    site.stop()


@pytest.fixture
def bench(site: Served) -> Iterator[Bench]:
    catalog = site.open_catalog()
    yield Bench(catalog, site.settings, Clock())
    catalog.dispose()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells counts to whoever runs the tests, also when they pass."""

    def say_one(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say_one


def wait_for(what: Callable[[], bool]) -> None:
    """Return as soon as something is so; a test that waits a minute fails."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)


def kill(site: Served, name: str) -> None:
    process = site.processes.pop(name)
    process.send_signal(signal.SIGKILL)
    process.wait()


def children_of(process: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start_patch(site: Served, client, location: str, data: bytes) -> socket.socket:
    """A PATCH whose body has not come whole: the connection stays open."""
    sock = socket.create_connection(("localhost", site.port))
    head = [f"PATCH {location} HTTP/1.1", f"Host: localhost:{site.port}", f"Content-Length: {len(data)}"]
    head += [f"Content-Type: {CHUNK_TYPE}", "Upload-Offset: 0", "Tus-Resumable: 1.0.0"]
    head += [
        f"X-CSRF-Token: {client.headers['X-CSRF-Token']}",
        f"Cookie: dejima_session={client.cookies['dejima_session']}",
    ]
    sock.sendall("\r\n".join([*head, "", ""]).encode() + data[:-1000])
    return sock


def test_a_server_killed_in_the_middle_of_a_patch_loses_no_acknowledged_byte(site, bench):
    data = random.Random(1820).randbytes(20 * 1024 * 1024)
    site.start_server()
    client = sign_in(site)
    location = begin_upload(client, len(data), "wall.ply")
    scan_id = location.rpartition("/")[2]
    sock = start_patch(site, client, location, data)
    wait_for(lambda: offset_of(client, location) > 0)
    acknowledged = offset_of(client, location)
    kill(site, "server")
    sock.close()
    client.close()
    assert load(bench, scan_id).state == "receiving"

    site.start_server()  # the same port and data folder; the session outlives the process
    with closing(sign_in(site)) as client:
        offset = offset_of(client, location)
        assert offset >= acknowledged
        (path,) = Path(site.settings.upload_dir, scan_id).iterdir()
        assert path.read_bytes()[:offset] == data[:offset]
        assert send_bytes(client, location, offset, data[offset:]) == len(data)
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()
    assert load(bench, scan_id).state == "waiting"


def test_an_upload_goes_on_beside_a_slow_one_and_after_an_ordinary_restart_in_the_same_session(site, bench):
    data = bytes(range(256)) * 64
    site.start_server()
    with closing(sign_in(site)) as client:
        location = begin_upload(client, len(data), "wall.ply")
        slow = begin_upload(client, len(data), "slow.ply")
        sock = start_patch(site, client, slow, data)  # a body that never comes whole keeps nobody waiting
        send_bytes(client, location, 0, data[:5000])
        sock.close()
        wait_for(lambda: offset_of(client, slow) == len(data) - 1000)
        site.stop("server")
        site.start_server()
        assert offset_of(client, location) == 5000
        assert send_bytes(client, location, 5000, data[5000:]) == len(data)


def start_building(site: Served, bench: Bench, data: bytes) -> tuple[str, int]:
    """A worker process in the middle of a scan; gives the scan's id and the number of the process that builds it."""
    scan_id = put_scan(bench, data)
    site.start_worker()
    worker = site.processes["worker"].pid
    wait_for(lambda: load(bench, scan_id).stage != "")
    (child,) = children_of(worker)
    return scan_id, child


def test_a_worker_killed_in_the_middle_takes_its_child_along_and_the_scan_is_built_once(site, bench):
    scan_id, child = start_building(site, bench, wall_zip())
    kill(site, "worker")
    wait_for(lambda: not is_running(child))
    assert load(bench, scan_id).state == "building"
    assert packages_of(bench) == []
    assert not work_once(bench, "next")  # the lease still stands
    bench.clock.ahead_ms = LEASE_MS + 1
    assert work_once(bench, "next")
    stored = load(bench, scan_id)
    assert (stored.state, stored.attempt) == ("built", 2)
    assert packages_of(bench) == [stored.package_digest]


def test_a_child_killed_in_the_middle_is_followed_by_another_and_the_scan_is_built_once(site, bench):
    scan_id, child = start_building(site, bench, wall_zip())
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: load(bench, scan_id).is_final)
    stored = load(bench, scan_id)
    assert (stored.state, stored.attempt, stored.reason) == ("built", 2, None)
    assert packages_of(bench) == [stored.package_digest]


def test_a_worker_told_to_stop_gives_its_scan_back_untried(site, bench):
    scan_id, child = start_building(site, bench, wall_zip())
    site.stop("worker")
    stored = load(bench, scan_id)
    assert (stored.state, stored.attempt, stored.stage) == ("waiting", 0, "")
    assert not is_running(child)
    assert left_over(bench) == packages_of(bench) == []


def test_a_scan_cancelled_while_it_is_built_is_let_go(site, bench):
    scan_id, child = start_building(site, bench, wall_zip(300, 200))
    site.start_server()
    with closing(sign_in(site, "sato")) as client:  # staff may stop what a creator has sent
        answer = client.post(f"/studio/scans/{scan_id}/cancel", data={"csrf": client.headers["X-CSRF-Token"]})
        assert answer.status_code == 303
    wait_for(lambda: not is_running(child))
    wait_for(lambda: left_over(bench) == [])
    assert load(bench, scan_id).state == "cancelled"
    assert packages_of(bench) == []
    assert list(Path(site.settings.upload_dir).iterdir()) == []


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.long)])
def test_kills_of_the_server_during_uploads_cost_a_chunk_each_and_nothing_else(site, bench, say, rounds):
    counts, chance = Counts(), random.Random(rounds)
    more_than_ever_arrive = SiteRoom(account_scans=10_000)
    save_site_room(bench.catalog, "dejima", more_than_ever_arrive, Change(bench.clock()))
    token = issue_token(bench.catalog, account_id_of(bench, "kana"), "kills", bench.clock(), secrets.token_bytes)
    site.start_server()
    uploaders = [Uploader(site, token, random.Random(number), counts) for number in range(3)]
    for uploader in uploaders:
        uploader.thread.start()
    half: list[str] = []
    for _ in range(rounds):
        unanswered = counts.unanswered
        time.sleep(chance.uniform(0.05, 0.5))
        kill(site, "server")
        half += half_files(counts, site.settings.upload_dir, whole_scans(bench))
        site.start_server()
        # not until one broke off: all three may just have been beginning, and nothing breaks off without a kill
        wait_for(lambda before=unanswered: counts.unanswered > before or not all(one.goes_on for one in uploaders))
    for uploader in uploaders:
        uploader.end()
    whole = whole_scans(bench)
    half += half_files(counts, site.settings.upload_dir, whole)
    say(
        f"{rounds} kills: {counts.broken} uploads broke off, {len(whole)} arrived, {counts.lost_bytes} bytes lost, "
        f"{counts.chunks_resent_at_most} chunk sent again at most, {len(half)} half files seen"
    )
    assert counts.unanswered >= rounds and counts.broken > 0 and len(whole) >= len(uploaders)
    assert (counts.lost_bytes, half) == (0, [])
    assert counts.chunks_resent_at_most <= 1
    bench.clock.ahead_ms = UPLOAD_LIFE_MS + 1000  # what was begun and never heard of again
    sweep(bench)
    assert {path.name for path in site.settings.upload_dir.iterdir()} == whole


def account_id_of(bench: Bench, name: str) -> str:
    with bench.catalog.connect() as connection:
        return connection.execute(select(account.c.id).where(account.c.name == name)).scalar_one()


def whole_scans(bench: Bench) -> set[str]:
    """The ids of the scans that have arrived whole, as their rows say."""
    with bench.catalog.connect() as connection:
        return set(connection.scalars(select(scan.c.id).where(scan.c.state != "receiving")))


@pytest.mark.parametrize(("rounds", "longest_s"), [(5, 1.5), pytest.param(20, 6.0, marks=pytest.mark.long)])
def test_kills_of_the_worker_at_any_moment_leave_every_scan_built_once(site, bench, say, rounds, longest_s):
    scans, chance = [put_scan(bench, wall_zip(10 + n, 6)) for n in range(rounds // 5 + 1)], random.Random(rounds)
    sockets = set()
    for _ in range(rounds):
        site.start_worker()
        time.sleep(chance.uniform(0.3, longest_s))
        kill(site, "worker")
        packages_of(bench)  # each that is seen has its row
        sockets |= {socket_folder(folder) for folder in bench.folder.glob("*")}
    later = replace(bench, clock=Clock(bench.clock.ahead_ms + LEASE_MS + 1))
    while work_once(later, "last"):
        pass
    stored = [load(bench, scan_id) for scan_id in scans]
    assert {one.state for one in stored} <= {"built", "failed"}  # failed: killed three times over
    built = [one for one in stored if one.state == "built"]
    assert sorted(packages_of(bench)) == sorted(one.package_digest for one in built)
    sweep(later)
    assert left_over(bench) == []
    assert not any(folder.exists() for folder in sockets)
    say(f"{rounds} kills: {len(built)} scans built once, after {sum(one.attempt for one in stored)} attempts")
