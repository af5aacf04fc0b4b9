"""Jobs on this process, on processes beside it and on a Dask cluster: same results, and nothing lost with a process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.cluster import open_cluster
from asset_pipeline.errors import BuildFailed, OptionRefused
from asset_pipeline.executor import Crew, Task, begin_job, open_crew, open_here, open_processes, run_jobs
from asset_pipeline.geometry.spool import PREFIX, open_spool
from asset_pipeline.mesh import Mesh
from tests.pipeline import jobs

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """This process and two beside it, started once for all tests here."""
    with open_processes(3) as crew:
        yield crew


def wait_for(what: Callable[[], bool]) -> None:
    """Return as soon as something is so; a test that waits a minute fails."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_results_come_in_the_order_of_the_jobs_and_progress_only_grows(crew):
    told: list[float] = []
    found = run_jobs(crew, Task(jobs.double), range(20), told.append)
    assert [result for result, _ in found] == list(range(0, 40, 2))
    assert told == sorted(told) and len(told) == 20 and told[-1] == 1.0
    assert os.getpid() in {process for _, process in found}


def test_a_job_that_was_begun_is_done_elsewhere_while_the_caller_goes_on(crew):
    finish = begin_job(crew, Task(jobs.double), 21)
    result, process = finish()
    assert result == 42 and process != os.getpid()


def test_a_job_that_was_begun_is_done_again_when_its_process_is_killed(crew, tmp_path):
    finish = begin_job(crew, Task(jobs.be_killed_once), tmp_path / "once")
    assert finish() > 0
    assert (tmp_path / "once").exists()


def test_what_a_job_that_was_begun_raises_is_raised_to_the_caller(crew):
    finish = begin_job(crew, Task(jobs.refuse), 7)
    with pytest.raises(ValueError, match="job 7"):
        finish()


def test_in_this_process_nothing_is_started():
    with open_here() as here:
        assert run_jobs(here, Task(jobs.double), [21]) == [(42, os.getpid())]


def test_an_array_is_lent_to_processes_by_its_file(crew):
    mesh = Mesh(jobs.make_rows(20_000), np.zeros((1, 3), np.int32))
    lent = crew.lend(mesh)
    assert lent.positions.path.stat().st_size == mesh.positions.nbytes
    assert run_jobs(crew, Task(jobs.sum_positions, (mesh, None)), [1, 2]) == [
        mesh.positions.sum() + 1,
        mesh.positions.sum() + 2,
    ]


def test_a_job_is_made_ready_only_when_its_turn_comes(crew):
    ready: list[int] = []
    seen: list[int] = []

    def prepare(job: int) -> int:
        ready.append(job)
        return job

    run_jobs(crew, Task(jobs.double, prepare=prepare), range(12), lambda _: seen.append(len(ready)))
    assert len(ready) == 12
    assert seen[0] == crew.count + 1  # one for each of the others, and one for this process


def test_what_a_job_raises_reaches_the_caller(crew):
    with pytest.raises(ValueError, match="job 3 is impossible"):
        run_jobs(crew, Task(jobs.refuse), [3])
    assert run_jobs(crew, Task(jobs.double), [4])[0][0] == 8


def test_a_killed_process_costs_nothing_but_time(crew, tmp_path):
    names = [tmp_path / str(number) for number in range(6)]
    assert len(run_jobs(crew, Task(jobs.be_killed_once), names)) == 6
    assert any(name.exists() for name in names)


def test_processes_killed_again_and_again_are_given_up_with_a_sentence(crew):
    with pytest.raises(BuildFailed, match="want of memory") as caught:
        begin_job(crew, Task(jobs.be_killed), 1)()
    assert caught.value.code == "workers_lost"
    assert run_jobs(crew, Task(jobs.double), [1])[0][0] == 2


CALLER = """
import sys
from pathlib import Path
from asset_pipeline.executor import Task, open_processes, run_jobs
from tests.pipeline import jobs
if __name__ == "__main__":
    with open_processes(3) as crew:
        run_jobs(crew, Task(jobs.say_and_wait), [Path(sys.argv[1]) / name for name in "abc"])
"""


def test_kill_9_of_the_caller_leaves_no_process_and_its_spool_is_swept_by_the_next(tmp_path):
    script, spools = tmp_path / "caller.py", tmp_path / "spools"
    script.write_text(CALLER)
    spools.mkdir()
    environment = {**os.environ, "TMPDIR": str(spools), "PYTHONPATH": os.pathsep.join(sys.path)}
    caller = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment)
    try:
        wait_for(lambda: all((tmp_path / name).exists() and (tmp_path / name).read_text() for name in "abc"))
        workers = [int((tmp_path / name).read_text()) for name in "abc"]
        assert all(is_running(process) for process in workers)
    finally:
        caller.send_signal(signal.SIGKILL)
        caller.wait()
    wait_for(lambda: not any(is_running(process) for process in workers))
    assert len(list(spools.glob(PREFIX + "*"))) == 1
    with open_spool(spools) as folder:
        assert list(spools.glob(PREFIX + "*")) == [folder]
    assert list(spools.glob(PREFIX + "*")) == []


DEEP = """
from operator import add
from asset_pipeline.executor import Task, open_crew, run_jobs
if __name__ == "__main__":
    with open_crew(None, 10**9) as crew:
        print(run_jobs(crew, Task(add, (1,)), [2, 3]))
"""


def test_processes_start_although_the_temporary_folder_lies_too_deep_for_a_sockets_name(tmp_path):
    script, deep = tmp_path / "deep.py", tmp_path / ("d" * 100)
    script.write_text(DEEP)
    deep.mkdir()
    environment = {**os.environ, "TMPDIR": str(deep), "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        [sys.executable, script], check=False, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert (ended.returncode, ended.stdout) == (0, "[3, 4]\n"), ended.stderr


def test_a_cluster_that_does_not_answer_is_refused_with_what_to_do(monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr("asset_pipeline.cluster.ANSWER_S", 0.5)
    with pytest.raises(OptionRefused, match="dask scheduler") as caught, open_cluster("tcp://127.0.0.1:9"):
        pass
    assert caught.value.code == "dask_unreachable"


def test_the_crew_is_the_cluster_when_one_is_named(monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr("asset_pipeline.cluster.ANSWER_S", 0.5)
    with pytest.raises(OptionRefused), open_crew("tcp://127.0.0.1:9", 10):
        pass
    with open_crew(None, 10) as crew:
        assert crew.shares_disk
