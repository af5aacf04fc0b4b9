"""Runs of pytest that share tests."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from tests.sharing import list_modules, take_modules

ROOT = Path(__file__).parent.parent
MODULE = """
import os, pytest, time

@pytest.fixture(scope="module")
def once():
    open({told!r}, "a").write("{name} begins\\n")
    yield
    open({told!r}, "a").write("{name} ends\\n")

@pytest.mark.parametrize("number", range({count}))
def test_it(once, number):
    time.sleep(0.01)
    open({told!r}, "a").write(f"{name} {{number}}\\n")
    assert {name!r} != "fails" or number != 1
"""


def make_tests(folder: Path) -> Path:
    """Six files of tests in three folders, one of which fails once; gives the file they write to."""
    told = folder / "told.txt"
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    for number, name in enumerate(("a", "b", "fails", "c", "d", "e")):
        path = folder / ("journeys", "x", "y")[number % 3] / f"test_{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(MODULE.format(told=str(told), name=name, count=number + 2))
    return told


def test_each_test_is_run_once_by_one_of_them_and_files_stay_together(tmp_path):
    told, share = make_tests(tmp_path), tmp_path / "share"
    share.mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.sharing", "--share", str(share), str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    runs = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    words = [run.communicate(timeout=120)[0] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 1], words
    counts = [sum(map(int, re.findall(rf"(\d+) {what}", word))) for what in ("passed", "failed") for word in words]
    assert (sum(counts[:2]), sum(counts[2:])) == (26, 1), words
    lines = told.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 27 + 2 * 6
    for name, count in zip(("a", "b", "fails", "c", "d", "e"), range(2, 8), strict=True):
        own = [line.partition(" ")[2] for line in lines if line.startswith(f"{name} ")]
        assert own == ["begins", *map(str, range(count)), "ends"]


def test_two_runs_take_journeys_before_all_else_and_a_third_one_takes_none(tmp_path):
    paths = ("tests/domain/test_x.py", "tests/journeys/test_y.py", "tests/test_z.py", "tests/journeys/test_longer.py")
    items = [SimpleNamespace(path=Path(path)) for path in (*paths, paths[-1])]
    runs = [take_modules(list_modules(items), tmp_path) for _ in range(3)]
    first = [next(run)[0].path.name for run in runs]
    assert first == ["test_longer.py", "test_y.py", "test_z.py"]
    assert [[module[0].path.name for module in run] for run in reversed(runs)] == [["test_x.py"], [], []]


def test_a_run_alone_takes_everything(tmp_path):
    items = [SimpleNamespace(path=Path(f"tests/{folder}/test_x.py")) for folder in ("journeys", "routes", "storage")]
    assert len(list(take_modules(list_modules(items), tmp_path))) == 3
