"""Packages built with a real Dask cluster: the same bytes, also when a worker is killed in the middle."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline import cluster as pipeline_cluster
from asset_pipeline import package
from asset_pipeline.cluster import open_cluster
from asset_pipeline.errors import BuildFailed, OptionRefused
from asset_pipeline.executor import Task, run_jobs
from asset_pipeline.mesh import Mesh
from asset_pipeline.package import build_package
from tests.clusters import Cluster, open_local_cluster
from tests.pipeline import jobs
from tests.pipeline.shapes import options, write_hills

WORKERS = 2


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Workers on this machine."""
    with open_local_cluster(tmp_path_factory.mktemp("cluster"), WORKERS) as cluster:
        yield cluster


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Cluster]:
    """Workers for a test that kills one: on a busy machine it may not be brought back, so no other test waits for it."""
    with open_local_cluster(tmp_path, WORKERS) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some ten thousand triangles of coloured hills."""
    return write_hills(tmp_path_factory.mktemp("scan"), 72)


CELLS = {"whole_triangles": 6000, "cell_triangles": 3000}


@pytest.mark.parametrize("cut", [pytest.param({}, marks=pytest.mark.long), CELLS], ids=["whole", "in cells"])
def test_a_package_has_the_same_bytes_when_a_cluster_makes_its_levels_and_cells(
    cluster, scan, tmp_path, monkeypatch, cut
):
    monkeypatch.setattr(package, "WORTH_HANDS", 0)
    told: list[float] = []
    with open_cluster(cluster.address) as crew:
        far = build_package(scan, tmp_path / "far", options(**cut), lambda _, fraction: told.append(fraction), crew)
    assert told == sorted(told) and told[-1] == 1.0
    assert far.digest == build_package(scan, tmp_path / "here", options(**cut)).digest


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(mortal, tmp_path):
    names = [tmp_path / str(number) for number in range(3)]
    with open_cluster(mortal.address) as crew:
        found = run_jobs(crew, Task(jobs.be_killed_once), names)
    assert len(found) == 3 and all(name.exists() for name in names)


def test_what_was_lent_survives_the_death_of_one_it_was_lent_to(mortal):
    mesh = Mesh(jobs.make_rows(1000), np.zeros((1, 3), np.int32))
    task = Task(jobs.sum_positions, (mesh, None))
    killed: list[int] = []
    with open_cluster(mortal.address) as crew:
        before = run_jobs(crew, task, range(4))
        lend = crew.lend

        def lend_and_kill(value: object) -> object:
            lent = lend(value)
            if not killed:
                killed.append(run_jobs(replace(crew, lend=lend), Task(jobs.double), [1])[0][1])
                os.kill(killed[0], signal.SIGKILL)
            return lent

        assert run_jobs(replace(crew, lend=lend_and_kill), task, range(4)) == before
    assert killed


def test_lending_to_a_worker_that_freezes_and_dies_ends(mortal):
    """The scheduler sends to a worker that takes nothing any more; it must not be waited for once it is gone."""
    with open_cluster(mortal.address) as crew:
        (_, frozen) = run_jobs(crew, Task(jobs.double), [1])[0]
        os.kill(frozen, signal.SIGSTOP)
        end = threading.Timer(2, os.kill, (frozen, signal.SIGKILL))
        end.start()
        try:
            with contextlib.suppress(BrokenExecutor):
                crew.lend(jobs.make_rows(1000))
        finally:
            end.join()
        assert run_jobs(
            crew, Task(jobs.sum_positions, (Mesh(jobs.make_rows(10), np.zeros((1, 3), np.int32)), None)), [1]
        )


@pytest.mark.long
def test_workers_that_die_again_and_again_are_given_up_with_a_sentence(mortal):
    with open_cluster(mortal.address) as crew, pytest.raises(BuildFailed, match="want of memory"):
        run_jobs(crew, Task(jobs.be_killed), [1])


def test_workers_with_another_version_are_refused_before_anything_is_built(cluster, monkeypatch):
    monkeypatch.setattr(pipeline_cluster, "SHAPING", ("numpy",))  # here alone: the workers look at more libraries
    pipeline_cluster.fingerprint.cache_clear()
    try:
        with pytest.raises(OptionRefused, match="another version") as caught, open_cluster(cluster.address):
            pass
    finally:
        pipeline_cluster.fingerprint.cache_clear()
    assert caught.value.code == "dask_version"
