"""`dejima upload` as people run it: whole, resumed after its own end and the server's, several files, and what it refuses."""

import hashlib
import io
import json
import random
import secrets
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bare_sites import make_bare_site
from tests.journeys.sites import ROOT, Served, environment
from tests.scans import wall_zip
from xr_server.app import system_clock
from xr_server.domain.catalog import Change
from xr_server.storage.api_tokens import issue_token
from xr_server.storage.people import find_person_called
from xr_server.storage.quotas import SiteRoom, save_site_room
from xr_server.storage.scans import StoredScan, list_scans

MEBIBYTE = 1024 * 1024
PATIENCE_S = 60
DETAILS = {
    "title": "Wall",
    "creator": "Kana",
    "licence": "CC0",
    "lat": 32.7437,
    "lon": 129.8723,
    "height": 34.5,
    "up": "y",
}


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Served]:
    site = make_bare_site(tmp_path, migrated_sqlite)
    catalog = site.open_catalog()
    kana = find_person_called(catalog, "dejima", "kana").id
    token = issue_token(catalog, kana, "tests", system_clock(), secrets.token_bytes)
    catalog.dispose()
    (tmp_path / "token.txt").write_text(f"{token}\n", encoding="utf-8")
    (tmp_path / "wall.json").write_text(json.dumps(DETAILS), encoding="utf-8")
    yield site
    site.stop()


def command(site: Served, *files: Path, **changed: str) -> list[str]:
    folder = site.data_dir.parent
    options = {"to": site.url, "token-file": str(folder / "token.txt"), "details": str(folder / "wall.json"), **changed}
    pairs = [text for name, value in options.items() for text in (f"--{name}", value)]
    return [sys.executable, "-m", "xr_server.cli", "upload", *map(str, files), *pairs]


def start(site: Served, arguments: list[str]) -> "subprocess.Popen[str]":
    """The command as a process; what it remembers lies beside the test's files."""
    kept = {**environment(site.data_dir), "XDG_CACHE_HOME": str(site.data_dir.parent / "cache")}
    return subprocess.Popen(arguments, cwd=ROOT, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(site: Served, arguments: list[str]) -> tuple[int, str, str]:
    process = start(site, arguments)
    said, complained = process.communicate(timeout=PATIENCE_S)
    return process.returncode, said, complained


def scans_of(site: Served) -> list[StoredScan]:
    catalog = site.open_catalog()
    try:
        return list_scans(catalog, "dejima", None)
    finally:
        catalog.dispose()


def bytes_of(site: Served, scan: StoredScan) -> bytes:
    (path,) = Path(site.settings.upload_dir, scan.id).iterdir()
    return path.read_bytes()


def wait_for_bytes(site: Served, least: int) -> int:
    """How far the server has got, once it is so far."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for scan in scans_of(site):
            if scan.received_bytes >= least:
                return scan.received_bytes
        time.sleep(0.01)
    raise AssertionError("waited for a minute")


def make_file(folder: Path, size_bytes: int) -> Path:
    path = folder / "wall.ply"
    path.write_bytes(random.Random(1820).randbytes(size_bytes))
    return path


def test_a_scan_is_sent_whole_and_its_page_is_said(site: Served, tmp_path: Path) -> None:
    site.start_server()
    path = make_file(tmp_path, 9 * MEBIBYTE + 7)
    code, said, complained = run(site, command(site, path))
    assert code == 0, complained
    (scan,) = scans_of(site)
    assert said == f"{site.url}/studio/scans/{scan.id}\n"
    assert (scan.state, scan.file_name, scan.details.title) == ("waiting", "wall.ply", "Wall")
    assert hashlib.sha256(bytes_of(site, scan)).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert list((tmp_path / "cache").rglob("*.json")) == []  # nothing to go on with


def test_killed_in_the_middle_the_same_command_goes_on(site: Served, tmp_path: Path) -> None:
    site.start_server()
    path = make_file(tmp_path, 96 * MEBIBYTE)
    process = start(site, command(site, path))
    wait_for_bytes(site, 8 * MEBIBYTE)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    before = scans_of(site)
    assert before[0].received_bytes < before[0].length_bytes
    code, _, complained = run(site, command(site, path))
    assert code == 0, complained
    (scan,) = scans_of(site)  # no second one was begun
    assert scan.id == before[0].id and scan.state == "waiting"
    assert bytes_of(site, scan) == path.read_bytes()


def test_a_server_killed_and_started_again_is_waited_for(site: Served, tmp_path: Path) -> None:
    site.start_server()
    path = make_file(tmp_path, 96 * MEBIBYTE)
    process = start(site, command(site, path))
    wait_for_bytes(site, 8 * MEBIBYTE)
    site.processes["server"].send_signal(signal.SIGKILL)
    site.processes.pop("server").wait()
    site.start_server()
    said, complained = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, complained
    (scan,) = scans_of(site)
    assert scan.id in said and bytes_of(site, scan) == path.read_bytes()


def test_other_details_are_another_scan(site: Served, tmp_path: Path) -> None:
    site.start_server()
    path = make_file(tmp_path, 1000)
    assert run(site, command(site, path))[0] == 0
    (tmp_path / "other.json").write_text(json.dumps({**DETAILS, "title": "Gate"}), encoding="utf-8")
    assert run(site, command(site, path, details=str(tmp_path / "other.json")))[0] == 0
    assert sorted(scan.details.title for scan in scans_of(site)) == ["Gate", "Wall"]


def test_files_that_belong_together_go_as_one_and_the_outcome_is_waited_for(site: Served, tmp_path: Path) -> None:
    site.start()
    with zipfile.ZipFile(io.BytesIO(wall_zip(12, 8))) as archive:
        archive.extractall(tmp_path)
    files = [tmp_path / name for name in ("wall.obj", "wall.mtl", "wall.png")]
    process = start(site, [*command(site, *files), "--wait"])
    said, complained = process.communicate(timeout=5 * PATIENCE_S)
    assert process.returncode == 0, complained
    (scan,) = scans_of(site)
    assert scan.file_name == "wall.zip" and scan.state == "built"
    assert said.splitlines()[1] == f"Built: package {scan.package_digest}."


def test_a_refused_scan_is_said_with_its_reason(site: Served, tmp_path: Path) -> None:
    site.start()
    (tmp_path / "wall.ply").write_text("no PLY at all", encoding="utf-8")
    code, _, complained = run(site, [*command(site, tmp_path / "wall.ply"), "--wait"])
    assert code == 2
    assert "The scan is rejected. wall.ply does not begin with a PLY header." in complained.splitlines()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"to": "https://localhost/studio"}, "is no address of a server"),
        ({"to": "http://xr.example.org"}, "anybody on the way could read your token"),
        ({"details": "missing.json"}, "missing.json: No such file or directory"),
        ({"token-file": "pyproject.toml"}, "must hold the one token"),
        ({"details": "pyproject.toml"}, "is not JSON"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence(site: Served, tmp_path: Path, changed: dict[str, str], says: str) -> None:
    code, said, complained = run(site, command(site, make_file(tmp_path, 10), **changed))
    assert (code, said) == (2, "")
    assert says in complained and complained.count("\n") == 1


def test_a_detail_that_cannot_be_is_told_before_anything_is_sent(site: Served, tmp_path: Path) -> None:
    (tmp_path / "wall.json").write_text(json.dumps({**DETAILS, "lat": 129.8}), encoding="utf-8")
    code, _, complained = run(site, command(site, make_file(tmp_path, 10)))  # no server runs
    assert code == 2 and "Nothing was sent yet" in complained


@pytest.mark.parametrize(("size_bytes", "says"), [(0, "is empty"), (10, "was ended, or is more than a year old")])
def test_an_empty_file_and_a_token_that_is_over_are_said(
    site: Served, tmp_path: Path, size_bytes: int, says: str
) -> None:
    site.start_server()
    (tmp_path / "token.txt").write_text("dejima_" + "0" * 64, encoding="utf-8")
    code, _, complained = run(site, command(site, make_file(tmp_path, size_bytes)))
    assert code == 2 and says in complained
    assert scans_of(site) == []


def test_two_files_of_one_name_are_refused(site: Served, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    paths = [tmp_path / "wall.png", tmp_path / "other" / "Wall.png"]
    for path in paths:
        path.write_bytes(b"x")
    code, _, complained = run(site, command(site, *paths))
    assert code == 2 and "the same name" in complained
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["Wall.png"]


def test_a_scan_there_is_no_room_for_is_refused_before_a_byte_is_sent_with_what_to_do(
    site: Served, tmp_path: Path
) -> None:
    catalog = site.open_catalog()
    save_site_room(catalog, "dejima", SiteRoom(account_bytes=100_000), Change(system_clock()))
    catalog.dispose()
    site.start_server()
    code, said, complained = run(site, command(site, make_file(tmp_path, 200_000)))
    assert (code, said) == (2, "")
    words = " ".join(complained.split())
    assert "take 0 GB of 0.0954 MB" in words and "Delete what you no longer need" in words
    assert scans_of(site) == []
