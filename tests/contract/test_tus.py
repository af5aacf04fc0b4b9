"""The upload protocol as others speak it: with tus-js-client, and beside the reference server of the tus project."""

import base64
import json
import os
import random
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.bare_sites import CHUNK_TYPE, FIELDS, make_bare_site
from tests.journeys.sites import ROOT, Served, free_port
from xr_server.app import system_clock
from xr_server.storage.api_tokens import issue_token
from xr_server.storage.scans import load_scan
from xr_server.storage.tables.people import account

CLIENT_MODULES = ROOT / "webxr_client" / "node_modules"
PEER_MODULES = ROOT / "build" / "peers" / "node_modules"
DATA = random.Random(1820).randbytes(750_000)


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Served]:
    site = make_bare_site(tmp_path, migrated_sqlite)
    site.start_server()
    yield site
    site.stop()


@pytest.fixture
def catalog(site: Served) -> Iterator[Engine]:
    catalog = site.open_catalog()
    yield catalog
    catalog.dispose()


@pytest.fixture
def token(catalog: Engine) -> str:
    with catalog.connect() as connection:
        account_id = connection.execute(select(account.c.id).where(account.c.name == "kana")).scalar_one()
    return issue_token(catalog, account_id, "another program", system_clock(), secrets.token_bytes)


def run_client(site: Served, token: str, folder: Path, step: str) -> dict[str, Any]:
    """One step of tus-js-client in Node, a process of its own."""
    script = Path(__file__).with_name("tus_client.mjs")
    words = [site.url, token, folder / "wall.ply", folder / "memory.json", step, CLIENT_MODULES]
    done = subprocess.run(["node", script, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_tus_js_client_breaks_off_goes_on_in_another_process_and_deletes(site, catalog, token, tmp_path):
    (tmp_path / "wall.ply").write_bytes(DATA)
    (tmp_path / "wall.ply.json").write_text(json.dumps({"filename": "石垣.ply", **FIELDS, "title": "石垣 №1"}))
    broken = run_client(site, token, tmp_path, "break")
    assert broken["offsets"][-1] >= 300_000
    scan_id = broken["url"].rpartition("/")[2]
    site.stop("server")
    site.start_server()
    resumed = run_client(site, token, tmp_path, "resume")
    assert resumed["url"] == broken["url"]
    assert resumed["offsets"][0] > broken["offsets"][-1] and resumed["offsets"][-1] == len(DATA)
    stored = load_scan(catalog, "dejima", scan_id)
    assert (stored.state, stored.file_name, stored.details.title) == ("waiting", "石垣.ply", "石垣 №1")
    assert (site.settings.upload_dir / scan_id / "scan.ply").read_bytes() == DATA
    (tmp_path / "memory.json").unlink(missing_ok=True)
    abandoned = run_client(site, token, tmp_path, "abandon")["url"].rpartition("/")[2]
    assert load_scan(catalog, "dejima", abandoned).state == "cancelled"
    assert not (site.settings.upload_dir / abandoned).exists()


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[int]:
    """The port of the reference server."""
    if not (PEER_MODULES / "@tus" / "server").is_dir():
        pytest.skip("the reference server is not there; scripts/bench/pipeline.py installs it with the other tools")
    port, script = free_port(), Path(__file__).with_name("tus_peer.mjs")
    folder = tmp_path / "peer"
    folder.mkdir()
    command = ["node", script, str(port), str(folder), str(PEER_MODULES)]
    process = subprocess.Popen(command, start_new_session=True)  # `node` may be a program that starts another one
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("OPTIONS", "/api/v1/uploads")
                connection.getresponse().read()
                break
        except OSError:
            time.sleep(0.05)
    yield port
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Side:
    """One of the two servers, asked the same things: `{}` in a path stands for the upload in hand."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.port, self.headers, self.upload = port, headers, ""

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str]]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            sent = {**self.headers, "Tus-Resumable": "1.0.0", **headers}
            sent = {name: value for name, value in sent.items() if value}
            connection.request(method, path.format(self.upload), body, sent)
            answer = connection.getresponse()
            answer.read()
        told = {name.lower(): value for name, value in answer.getheaders()}
        if answer.status == 201:
            self.upload = told["location"]
        return answer.status, told


BASE, ONE = "/api/v1/uploads", "{}"
METADATA = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in {"filename": "w.ply", **FIELDS}.items())
CREATE = {"Upload-Length": "10", "Upload-Metadata": METADATA}
CHUNK = {"Content-Type": CHUNK_TYPE}
HEADERS = ("tus-resumable", "upload-offset", "upload-length", "cache-control")
# in this order; each: what it is, the request, and in which of status and headers we differ, with the reason
STEPS: list[tuple[str, tuple[Any, ...], dict[str, str]]] = [
    ("what is understood", ("OPTIONS", BASE, {}), {"cache-control": "ours is never kept by anybody"}),
    ("a length to be told later", ("POST", BASE, {"Upload-Metadata": METADATA, "Upload-Defer-Length": "1"}), {
        "status": "we do not claim creation-defer-length: quotas and room are checked before a byte is sent",
        "cache-control": "as above"}),
    ("an upload begins", ("POST", BASE, CREATE), {"upload-offset": "ours tells it at once", "upload-length": "likewise",
                                                  "cache-control": "likewise"}),
    ("without a length", ("POST", BASE, {"Upload-Metadata": METADATA}), {"cache-control": "as above"}),
    ("a length that is no number", ("POST", BASE, {**CREATE, "Upload-Length": "ten"}), {"cache-control": "as above"}),
    ("a negative length", ("POST", BASE, {**CREATE, "Upload-Length": "-1"}), {"cache-control": "as above"}),
    ("too long", ("POST", BASE, {**CREATE, "Upload-Length": str(5 * 1024**3)}), {"cache-control": "as above"}),
    ("another version", ("HEAD", ONE, {"Tus-Resumable": "0.2.2"}), {
        "status": "412 is what the protocol asks for", "cache-control": "as above"}),
    ("where it stands", ("HEAD", ONE, {}), {}),
    ("a first part", ("PATCH", ONE, {**CHUNK, "Upload-Offset": "0"}, b"abcd"), {"upload-length": "ours tells it",
                                                                               "cache-control": "as above"}),
    ("the same part again", ("PATCH", ONE, {**CHUNK, "Upload-Offset": "0"}, b"abcd"), {"cache-control": "as above"}),
    ("beyond what is there", ("PATCH", ONE, {**CHUNK, "Upload-Offset": "8"}, b"ij"), {"cache-control": "as above"}),
    ("no offset", ("PATCH", ONE, CHUNK, b"ef"), {
        "status": "the protocol names none; nobody is forbidden anything here, so 400", "cache-control": "as above"}),
    ("another type", ("PATCH", ONE, {"Content-Type": "text/plain", "Upload-Offset": "4"}, b"ef"), {
        "cache-control": "as above"}),
    ("more than announced", ("PATCH", ONE, {**CHUNK, "Upload-Offset": "4"}, b"efghijklmn"), {
        "cache-control": "as above"}),
    ("it stands as before", ("HEAD", ONE, {}), {}),
    ("the rest", ("PATCH", ONE, {**CHUNK, "Upload-Offset": "4"}, b"efghij"), {"upload-length": "ours tells it",
                                                                             "cache-control": "as above"}),
    ("it is whole", ("HEAD", ONE, {}), {}),
    ("another one", ("POST", BASE, CREATE), {"upload-offset": "as above", "upload-length": "as above",
                                             "cache-control": "as above"}),
    ("by a proxy that knows only POST", ("POST", ONE, {**CHUNK, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"},
                                         b"abcd"), {"status": "the protocol asks for it", "upload-offset": "likewise",
                                                   "upload-length": "as above", "cache-control": "as above"}),
    ("it is given up", ("DELETE", ONE, {}), {"cache-control": "as above"}),
    ("nothing is left", ("HEAD", ONE, {}), {"status": "the protocol prefers 410 for what is known to be over",
                                             "cache-control": "as above"}),
    ("nor taken", ("PATCH", ONE, {**CHUNK, "Upload-Offset": "4"}, b"ef"), {"status": "likewise", "cache-control": "as above"}),
    ("an upload nobody began", ("HEAD", f"{BASE}/0190b3a5-0000-4000-8000-000000000000", {}), {
        "cache-control": "as above"}),
]  # fmt: skip


@pytest.mark.long
def test_the_reference_server_answers_the_same_but_for_what_is_listed(site, token, peer):
    ours, theirs = Side(site.port, {"Authorization": f"Bearer {token}"}), Side(peer, {})
    unlisted, vanished = [], []
    for name, request, listed in STEPS:
        (status, told), (their_status, they_told) = ours.ask(*request), theirs.ask(*request)
        pairs = {"status": (status, their_status), **{key: (told.get(key), they_told.get(key)) for key in HEADERS}}
        differing = {key for key, (one, other) in pairs.items() if one != other}
        unlisted += [f"{name}: {key} {pairs[key]}" for key in differing - listed.keys()]
        vanished += [f"{name}: {key}" for key in listed.keys() - differing]
    assert (unlisted, vanished) == ([], [])


@pytest.mark.long
def test_what_we_claim_the_reference_server_claims_too_but_for_checksums(site, peer):
    mine, theirs = (Side(port, {}).ask("OPTIONS", BASE, {})[1] for port in (site.port, peer))
    claimed, known = (set(told["tus-extension"].split(",")) for told in (mine, theirs))
    assert claimed - known == {"checksum"}  # theirs has none; tests/routes/test_uploads.py holds ours to the protocol
    assert mine["tus-version"] == theirs["tus-version"] and mine["tus-max-size"] == theirs["tus-max-size"]
