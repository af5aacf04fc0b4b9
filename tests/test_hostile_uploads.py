"""Hostile files through the front door: each is refused with a sentence, and neither server nor disk nor network notices."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from asset_pipeline.sockets import SHORT_FOLDER
from tests.bare_sites import make_bare_site, sign_in, upload
from tests.benches import Clock, left_over, packages_of
from tests.journeys.sites import ROOT, Served
from tests.pipeline.builders import HOSTILE
from xr_server.child import default_limits
from xr_server.domain.scan import FINAL_STATES
from xr_server.worker import Bench, work_once

SCANS = frozenset((".off", ".gltf", ".obj", ".glb", ".ply", ".png", ".zip", ".tif", ".gif", ".svg", ".bin"))
MAX_GROWTH_BYTES = 64 * 1024**2  # of the server, which never looks inside a scan; some of the files claim gigabytes
MAX_PEAK_BYTES = 256 * 1024**2  # of the child
MAX_CPU_S = 10  # the system ends a child that works longer; that of two seconds is held in tests/hostile, one by one
# put before every program of the child: what it opens for writing, makes, moves, starts and calls, a line each
WATCH = """
import os, sys
HANDLE = os.open(os.path.join(os.path.dirname(__file__), "seen.txt"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NAMED = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", "shutil.move", "shutil.copyfile")
def hook(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & WRITING and not isinstance(args[0], int):
        os.write(HANDLE, f"write {os.fspath(args[0])!s}\\n".encode(errors="replace"))
    elif event in NAMED:
        os.write(HANDLE, f"write {args[0]!s}\\n".encode(errors="replace"))
    elif event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        os.write(HANDLE, f"call {event} {args[1:]}\\n".encode(errors="replace"))
sys.addaudithook(hook)
"""


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Served]:
    site = make_bare_site(tmp_path, migrated_sqlite)
    site.start_server()
    yield site
    site.stop()


@pytest.fixture
def bench(site: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A worker in this process whose children are watched from inside and limited by the system."""
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(watch), str(ROOT))))
    catalog = site.open_catalog()
    yield Bench(catalog, site.settings, Clock(), limits=replace(default_limits(), cpu_s=MAX_CPU_S))
    catalog.dispose()


def memory_bytes(process: int) -> int:
    """What a process holds in memory right now."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


def seen_by(watch: Path) -> tuple[set[Path], list[str]]:
    """What the children wrote to, and whom they called."""
    lines = (watch / "seen.txt").read_text(encoding="utf-8").splitlines()
    written = {Path(line.removeprefix("write ")) for line in lines if line.startswith("write ")}
    return written, [line for line in lines if line.startswith("call ")]


def read_scan_document(client: httpx2.Client, scan_id: str) -> dict[str, object]:
    document = client.get(f"/api/v1/scans/{scan_id}").json()
    assert document["state"] in FINAL_STATES, document
    return document


def test_every_hostile_file_is_refused_with_a_sentence_and_the_server_does_not_notice(site, bench, tmp_path):
    files = sorted(path for path in HOSTILE.glob("*") if path.suffix in SCANS) if HOSTILE.is_dir() else []
    if not files:
        pytest.skip("the folder of hostile files is not here")
    server = site.processes["server"].pid
    with closing(sign_in(site)) as client:
        before = memory_bytes(server)
        scan_ids = [upload(client, path.read_bytes(), path.name) for path in files]
        received = {path: path.stat().st_size for path in Path(site.settings.upload_dir).rglob("*") if path.is_file()}
        while work_once(bench, "hostile"):
            assert client.get("/api/v1/sites").status_code == 200
        documents = [read_scan_document(client, scan_id) for scan_id in scan_ids]
        assert memory_bytes(server) - before < MAX_GROWTH_BYTES
    for document in documents:
        reason = document["reason"]
        assert document["state"] == "rejected" and document["stage"], document
        assert reason["text"].endswith(".") and len(reason["text"]) < 400, reason
        assert not reason["code"].startswith(("limit_", "build_")), reason
        assert "Traceback" not in reason["text"] and str(site.data_dir) not in reason["text"]
        assert document["attempt"] == 1 and document["package"] is None
        assert document["build_peak_bytes"] < MAX_PEAK_BYTES, document
    written, calls = seen_by(tmp_path / "watch")
    assert calls == []
    cache = Path(os.environ.get("NUMBA_CACHE_DIR", Path.home() / ".cache" / "dejima-xr"))
    sockets = [
        path for path in written if path.parent == SHORT_FOLDER and path.name.startswith(f"dejima-{os.getuid()}-")
    ]
    own = (bench.folder, cache, Path("/dev/null"), *sockets)
    written = {path for path in written if path.is_absolute() and "__pycache__" not in path.parts}  # of our own modules
    assert [path for path in written if not any(path.is_relative_to(one) for one in own)] == []
    assert not any(folder.exists() for folder in sockets)
    kept = {path: path.stat().st_size for path in Path(site.settings.upload_dir).rglob("*") if path.is_file()}
    assert kept == received and len(kept) == len(files)
    assert not Path("/tmp/dejima-slip.txt").exists()
    assert packages_of(bench) == left_over(bench) == []


def test_the_watch_sees_what_it_is_there_for(bench, tmp_path):
    """A child that writes beside its folder and calls somebody is seen doing it."""
    code = "import socket; open(r'%s', 'w'); socket.create_connection(('127.0.0.1', 9), 1)" % (tmp_path / "outside")
    assert os.spawnve(os.P_WAIT, bench.pipeline[0], ["python", "-P", "-c", code], dict(os.environ)) == 1
    written, calls = seen_by(tmp_path / "watch")
    assert tmp_path / "outside" in written
    assert any("socket.connect" in line and "127.0.0.1" in line for line in calls)


def test_every_hostile_file_is_refused_as_a_picture_and_as_a_sound_while_visitors_are_served(site):
    files = sorted(path for path in HOSTILE.glob("*") if path.is_file()) if HOSTILE.is_dir() else []
    if not files:
        pytest.skip("the folder of hostile files is not here")
    server = site.processes["server"].pid
    with closing(sign_in(site)) as client, closing(sign_in(site)) as visitor:
        client.headers["Accept"] = "text/html"
        before = memory_bytes(server)
        for path in files:
            for kind in ("image", "sound"):
                fields = {"csrf": client.headers["X-CSRF-Token"], "kind": kind}
                with ThreadPoolExecutor(1) as pool:
                    sent = pool.submit(
                        client.post, "/studio/media/add", data=fields, files={"file": (path.name, path.read_bytes())}
                    )
                    while not sent.done():
                        assert visitor.get("/api/v1/sites").status_code == 200
                answer = sent.result()
                said = re.search(r'id="file-problem">([^<]+)<', answer.text)
                assert answer.status_code == 400 and said is not None, path.name
                assert "Traceback" not in answer.text and str(site.data_dir) not in answer.text
        assert memory_bytes(server) - before < MAX_GROWTH_BYTES
    assert not (site.settings.package_dir / "media").exists()
    assert [path.name for path in site.settings.intake_dir.rglob("*") if path.is_file()] == []
