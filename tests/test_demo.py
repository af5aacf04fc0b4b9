"""`dejima demo`, `import` and `export` as people run them: processes of their own over a fresh data folder."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.sites import (
    PACKAGE_S,
    ROOT,
    Served,
    environment,
    free_port,
    make_site,
    run_dejima,
    small_content,
    wait_until,
)
from xr_server.storage.publish import SNAPSHOT_DIR

DEMO = """
import sys
from pathlib import Path
from xr_server.cli import load_settings
from xr_server.demo import run_demo
from xr_server.serving import Listener
run_demo(load_settings(), Listener(port=int(sys.argv[2])), Path(sys.argv[1]))
"""


@pytest.fixture
def site(tmp_path: Path) -> Served:
    """A data folder with Dejima imported, its models packaged small, and that content beside it; nothing runs."""
    small_content(tmp_path)
    return make_site(tmp_path)


@pytest.fixture
def demo(site: Served, tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts the demonstration over the site's data folder."""
    running: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", DEMO, str(tmp_path / "dejima"), str(site.port)]
        running.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(site.data_dir),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        wait_until(lambda: is_ready(site.url), running[-1])
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def children_of(process: "subprocess.Popen[str]") -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(number) for number in listed.split()]


def is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{number}/stat").read_text().split(")")[1].split()[0] == "Z"


def wait_until_gone(number: int) -> None:
    deadline = time.monotonic() + 20
    while not is_gone(number):
        assert time.monotonic() < deadline, f"the process {number} is still there"
        time.sleep(0.1)


def ask(url: str):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_demonstration_serves_with_a_worker_beside_it_and_ends_both(demo, site, how):
    process = demo()
    (worker,) = children_of(process)
    assert b"work" in Path(f"/proc/{worker}/cmdline").read_bytes()
    document = ask(f"{site.url}/api/v1/sites/dejima?lang=en")
    assert {"chief-factor-house-1820", "water-gate-1820"} <= {entry["id"] for entry in document["experiences"]}
    process.send_signal(how)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert is_gone(worker)
    assert f"Dejima is at   {site.url}\n" in said


def test_a_worker_does_not_outlive_a_demonstration_that_was_killed(demo):
    process = demo()
    (worker,) = children_of(process)
    process.kill()
    process.wait()
    wait_until_gone(worker)


def times_of_packages(site: Served) -> dict[str, int]:
    """When each package was last written, in ns."""
    folders = [path for path in site.settings.package_dir.iterdir() if path.is_dir() and path.name != SNAPSHOT_DIR]
    return {path.name: path.stat().st_mtime_ns for path in folders}


def test_a_second_start_packages_nothing_and_keeps_the_logins(demo, site):
    logins = site.data_dir / "demo-logins.json"
    first = demo()
    kept = logins.read_text()
    packages = times_of_packages(site)
    revision = ask(f"{site.url}/api/v1/sites/dejima?lang=en")["revision"]
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=30)
    second = demo()
    assert ask(f"{site.url}/api/v1/sites/dejima?lang=en")["revision"] == revision
    second.send_signal(signal.SIGTERM)
    said, _ = second.communicate(timeout=30)
    assert "dejima is as it was: " in said
    assert "Packaging" not in said
    assert logins.read_text() == kept
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    assert all(login["password"] in said for login in json.loads(kept).values())
    assert packages == times_of_packages(site)


# --- import and export


def test_an_export_of_what_was_imported_is_the_folder_again(site, tmp_path):
    said = run_dejima(site.data_dir, "export", str(tmp_path / "out"))
    assert said == f"Wrote the content of dejima to {tmp_path / 'out'}.\n"
    source = tmp_path / "dejima"
    files = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    assert files == sorted(
        path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    for name in files:
        assert (tmp_path / "out" / name).read_bytes() == (source / name).read_bytes(), name


def test_a_model_that_is_not_there_is_said_before_anything_is_imported(tmp_path):
    source = small_content(tmp_path)
    (source / "models" / "water-gate.glb").unlink()
    process = run_to_end(tmp_path / "data", "import", str(source))
    assert process.returncode == 2
    assert "water-gate.glb. The models of Dejima are made by scripts/run" in process.stderr
    assert "There is no site" in run_to_end(tmp_path / "data", "export", str(tmp_path / "out")).stderr


def test_a_model_that_the_pipeline_refuses_is_named_and_nothing_is_imported(tmp_path):
    source = small_content(tmp_path)
    (source / "models" / "water-gate.glb").write_bytes(b"glTF but not really")
    for name in ("chief-factor-house", "chief-factor-house-today"):  # one model is enough here
        (source / "models" / f"{name}.json").unlink()
    (source / "scenes" / "chief-factor-house-1820.json").unlink()
    for name in ("chief-factor-house-1820", "dutch-new-year"):
        (source / "experiences" / f"{name}.json").unlink()
    (source / "schedules.json").write_text("[]")
    for texts in (source / "texts").glob("*.json"):
        forget_words(texts)
    process = run_to_end(tmp_path / "data", "import", str(source))
    assert process.returncode == 2
    assert "water-gate.glb was refused: " in process.stderr
    assert list((tmp_path / "data" / "model-builds").iterdir()) == []


def test_a_scene_whose_package_is_elsewhere_is_named(site, tmp_path):
    path = tmp_path / "dejima" / "scenes" / "water-gate-1820.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["nodes"][0]["model"]
    document["nodes"][0]["package"] = "0123456789abcdef" * 4
    path.write_text(json.dumps(document), encoding="utf-8")
    said = run_dejima(site.data_dir, "import", str(tmp_path / "dejima"))
    assert "0 new, 1 changed, " in said
    assert "The scene water-gate-1820 stays hidden: its package 0123456789ab... is not in this store." in said


@pytest.mark.long
def test_an_import_killed_while_it_packages_leaves_no_process_and_the_next_one_gives_the_whole(tmp_path):
    source, data_dir = small_content(tmp_path), tmp_path / "data"
    command = [sys.executable, "-m", "xr_server.cli", "import", str(source)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(data_dir), stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: len(children_of(process)) == 1, process)
        (child,) = children_of(process)
        process.kill()
    wait_until_gone(child)
    said = run_dejima(data_dir, "import", str(source))
    assert "3 of 3 models packaged" in said
    assert list((data_dir / "model-builds").iterdir()) == []
    assert run_dejima(data_dir, "import", str(source)).startswith("dejima is as it was: ")


def forget_words(path: Path) -> None:
    texts = json.loads(path.read_text(encoding="utf-8"))
    del texts["scenes"]["chief-factor-house-1820"]
    for name in ("chief-factor-house-1820", "dutch-new-year"):
        del texts["experiences"][name]
    path.write_text(json.dumps(texts), encoding="utf-8")


def run_to_end(data_dir: Path, *arguments: str, given: str | None = None, **variables: str):
    """The command line run to its end, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "xr_server.cli", *arguments],
        cwd=ROOT,
        env={**environment(data_dir), **variables},
        input=given,
        capture_output=True,
        text=True,
        timeout=PACKAGE_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "no-such-folder"), "There is no site.json in no-such-folder"),
        (("export", "out", "--site", "hirado"), "There is no site called hirado"),
        (("user", "add", "kana", "--role", "king"), "There is no role king; roles are"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(tmp_path, arguments, said):
    process = run_to_end(tmp_path, *arguments, given="a password of some length\n")
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.startswith(said)
    assert process.stderr.count("\n") == 1


def test_an_account_is_added_with_a_password_from_standard_input(tmp_path):
    given = "a password of some length\n"
    added = run_to_end(tmp_path, "user", "add", "kana", "--role", "creator", given=given)
    assert (added.returncode, added.stdout) == (0, "kana can now sign in at /login as creator of dejima.\n")
    again = run_to_end(tmp_path, "user", "add", "kana", "--role", "creator", given=given)
    assert (again.returncode, again.stderr) == (2, "There already is an account called kana; choose another name.\n")
    listed = run_to_end(tmp_path, "user", "list")
    assert listed.stdout == "kana\tcreator\n"
    link = run_to_end(tmp_path, "user", "link", "kana")
    assert re.fullmatch(r"/reset/[0-9a-f]{64}\n", link.stdout) and "DEJIMA_PUBLIC_URL" in link.stderr
    short = run_to_end(tmp_path, "user", "add", "haru", "--role", "creator", given="short\n")
    assert (short.returncode, short.stderr.startswith("A password has at least")) == (2, True)


def test_settings_are_checked_and_shown(tmp_path):
    shown = run_to_end(tmp_path, "check-config", DEJIMA_PUBLIC_URL="https://dejima.example")
    assert shown.returncode == 0
    assert "DEJIMA_PUBLIC_URL        https://dejima.example" in shown.stdout
    assert f"Data folder: {tmp_path}" in shown.stdout
    assert "Both stores can be used." in shown.stdout
    wrong = run_to_end(tmp_path, "check-config", DEJIMA_PUBLIC_URL="dejima.example")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "DEJIMA_PUBLIC_URL must start with https:// (or http:// for a trial).\n",
    )


def test_a_database_or_folder_that_cannot_be_used_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    blocked = run_to_end(tmp_path / "file", "check-config")
    assert (blocked.returncode, blocked.stderr.count("\n")) == (2, 1)
    assert f"{tmp_path / 'file'}: " in blocked.stderr
    served = run_to_end(tmp_path / "file", "serve", "--port", str(free_port()))
    assert (served.returncode, served.stderr) == (2, blocked.stderr)
    (tmp_path / "spoiled").mkdir()
    (tmp_path / "spoiled" / "catalog.sqlite3").write_text("no database")
    spoiled = run_to_end(tmp_path / "spoiled", "migrate")
    assert (spoiled.returncode, spoiled.stderr.startswith("The database cannot be used: file is not a")) == (2, True)
    nowhere = f"sqlite:///{tmp_path / 'file' / 'catalog.sqlite3'}"
    lost = run_to_end(tmp_path / "data", "migrate", DEJIMA_DATABASE_URL=nowhere)
    assert (lost.returncode, "Traceback" in lost.stderr) == (2, False)


def test_a_postgresql_that_does_not_answer_is_one_sentence(tmp_path):
    url = f"postgresql://kana@localhost:{free_port()}/dejima"
    lost = run_to_end(tmp_path, "check-config", DEJIMA_DATABASE_URL=url)
    assert lost.returncode == 2
    assert lost.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in lost.stderr
