"""A real Dask cluster of worker processes on this machine, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = """
import json, os, sys
from distributed import Client, LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]), threads_per_worker=1, dashboard_address=None, host="127.0.0.1",
        local_directory=sys.argv[2], silence_logs=50,
    ) as cluster, Client(cluster) as client:
        print(json.dumps({"address": cluster.scheduler_address, "workers": list(client.run(os.getpid).values())}), flush=True)
        sys.stdin.read()
"""


@dataclass(frozen=True)
class Cluster:
    """Where a cluster's scheduler answers, and the numbers of its worker processes."""

    address: str
    workers: list[int]


@contextmanager
def open_local_cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster while this lasts; skips where the extra `dask` is not installed."""
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    script = folder / "cluster.py"
    script.write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(workers), str(folder)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    try:
        yield Cluster(**json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()
