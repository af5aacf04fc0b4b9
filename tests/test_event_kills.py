"""kill -9 of a server that takes events, and power cuts under its store: nothing acknowledged is lost, nothing counts twice.

200 rounds of each: python scripts/bench/events.py --kills 200, and --cuts 200.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BENCH = ROOT / "scripts" / "bench" / "events.py"

needs_strace = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace, which records the writes, is not installed"
)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells counts to whoever runs the tests, also when they pass."""

    def say_one(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return say_one


def run(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, str(BENCH), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout.strip()


def number(text: str, words: str) -> int:
    found = re.search(rf"(\d+) {words}", text)
    assert found, text
    return int(found[1])


@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_kills_under_load_lose_nothing_acknowledged_and_count_nothing_twice(store, say):
    code, told = run("--kills", "5", "--stores", store)
    say(told)
    assert code == 0 and number(told, "kills") == 5
    assert number(told, "events acknowledged") > 100
    assert number(told, "requests broke off") >= 5
    assert (number(told, "lost"), number(told, "counted twice"), number(told, "refused")) == (0, 0, 0)


@needs_strace
def test_power_cuts_lose_nothing_acknowledged_and_leave_no_batch_in_part(say):
    code, told = run("--cuts", "5")
    say(told)
    assert code == 0 and number(told, "power cuts") == 5
    assert number(told, "of them of the store's own file") > 0  # the log was written back meanwhile
    assert number(told, "acknowledged batches") > 50
    assert (number(told, "lost"), number(told, "kept in part"), number(told, "stores broken")) == (0, 0, 0)


@needs_strace
def test_the_same_cuts_are_felt_where_commits_do_not_wait_for_the_disk():
    code, told = run("--cuts", "5", "--unsynced")
    assert code == 1 and number(told, "lost") > 0
