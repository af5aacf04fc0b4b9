"""The worker with a Dask cluster: scans are built there, a killed Dask worker costs time only, and nobody's scan suffers."""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.benches import Clock, left_over, load, packages_of, put_scan
from tests.clusters import open_local_cluster
from tests.scans import wall_zip
from xr_server.errors import Invalid
from xr_server.settings import read_settings
from xr_server.worker import Bench, check_cluster, work_once

NOBODY = "tcp://127.0.0.1:9"
PATIENCE_S = 60.0
# the pipeline as it is, but for the size from which a scan is worth other hands
EVERY_SCAN = """
import asset_pipeline.package
asset_pipeline.package.WORTH_HANDS = 0
from asset_pipeline.__main__ import app
app(prog_name="asset_pipeline")
"""


@pytest.fixture
def bench(tmp_path: Path, migrated_sqlite: Path, open_store: Callable[[str], Engine]) -> Bench:
    for store in ("catalog", "events"):
        shutil.copy(migrated_sqlite / f"{store}.sqlite3", tmp_path / f"{store}.sqlite3")
    settings = read_settings({"DEJIMA_DATA_DIR": str(tmp_path), "DEJIMA_DASK": NOBODY})
    return Bench(open_store(settings.catalog_url), settings, Clock())


def test_a_worker_does_not_start_without_the_cluster_it_is_told_of():
    with pytest.raises(Invalid, match="dask scheduler") as caught:
        check_cluster(NOBODY)
    assert caught.value.code == "dask_unreachable"
    check_cluster("")


def test_a_scan_is_given_back_untried_while_the_cluster_is_away(bench):
    scan_id = put_scan(bench, wall_zip())
    assert not work_once(bench, "w")
    stored = load(bench, scan_id)
    assert (stored.state, stored.reason) == ("waiting", None)
    assert packages_of(bench) == left_over(bench) == []


@pytest.mark.long
def test_a_scan_is_built_on_the_cluster_though_one_of_its_workers_is_killed(bench, tmp_path):
    with open_local_cluster(tmp_path) as cluster:
        settings = replace(bench.settings, dask=cluster.address)
        far = replace(bench, settings=settings, pipeline=(sys.executable, "-c", EVERY_SCAN))
        scan_id = put_scan(bench, wall_zip())
        killed: list[int] = []

        def kill_one() -> None:
            deadline = time.monotonic() + PATIENCE_S
            while not (load(bench, scan_id).stage or "").startswith(("collapse", "level")):
                if time.monotonic() > deadline:
                    return
                time.sleep(0.05)
            os.kill(cluster.workers[0], signal.SIGKILL)
            killed.append(cluster.workers[0])

        killer = threading.Thread(target=kill_one)
        killer.start()
        assert work_once(far, "w")
        killer.join()
    stored = load(bench, scan_id)
    assert (stored.state, stored.reason, stored.attempt) == ("built", None, 1)
    assert packages_of(bench) == [stored.package_digest] and left_over(bench) == []
    assert killed
