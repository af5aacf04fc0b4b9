"""Hostile files through the front door: each is refused with a sentence, and the server does not notice."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from tests.bare_sites import make_bare_site, sign_in, upload
from tests.journeys.sites import Served
from tests.pipeline.builders import HOSTILE
from xr_server.domain.scan import FINAL_STATES

SCANS = frozenset((".off", ".gltf", ".obj", ".glb", ".ply", ".png", ".zip", ".tif", ".gif"))
MAX_GROWTH_BYTES = 64 * 1024**2  # of the server, which never looks inside a scan; some of the files claim gigabytes
PATIENCE_S = 120.0


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Served]:
    site = make_bare_site(tmp_path, migrated_sqlite)
    site.start()
    yield site
    site.stop()


def memory_bytes(process: int) -> int:
    """What a process holds in memory right now."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


def wait_until_ended(client: httpx2.Client, scan_ids: list[str]) -> list[dict[str, object]]:
    """The scans once all have ended; every question on the way is answered."""
    deadline = time.monotonic() + PATIENCE_S
    documents = []
    for scan_id in scan_ids:
        while (document := client.get(f"/api/v1/scans/{scan_id}").json())["state"] not in FINAL_STATES:
            assert client.get("/api/v1/sites").status_code == 200
            assert time.monotonic() < deadline, document
            time.sleep(0.1)
        documents.append(document)
    return documents


def test_every_hostile_file_is_refused_with_a_sentence_and_the_server_does_not_notice(site):
    files = sorted(path for path in HOSTILE.glob("*") if path.suffix in SCANS) if HOSTILE.is_dir() else []
    if not files:
        pytest.skip("the folder of hostile files is not here")
    server = site.processes["server"].pid
    with closing(sign_in(site)) as client:
        before = memory_bytes(server)
        scan_ids = [upload(client, path.read_bytes(), path.name) for path in files]
        documents = wait_until_ended(client, scan_ids)
        assert memory_bytes(server) - before < MAX_GROWTH_BYTES
    for document in documents:
        reason = document["reason"]
        assert document["state"] == "rejected", document
        assert reason["text"].endswith(".") and len(reason["text"]) < 400, reason
        assert "Traceback" not in reason["text"] and str(site.data_dir) not in reason["text"]
        assert document["attempt"] == 1 and document["package"] is None
    assert not Path("/tmp/dejima-slip.txt").exists()
    assert list(site.settings.package_dir.glob("*/")) == []
    assert site.log("worker").read_text().count("Traceback") == 0
