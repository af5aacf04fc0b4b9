"""A real server and a real worker over a fresh data folder with Dejima imported, as separate processes."""

import atexit
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from xr_server.app import system_clock
from xr_server.domain.account import NewAccount
from xr_server.domain.content import format_json
from xr_server.settings import Settings, read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.database import open_engine

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "dejima"
CACHE = ROOT / "build" / "test-cache"
RESULTS = ROOT / "test-results"
PASSWORD = "the water gate of 1820"
NAMES = {"creator": "kana", "staff": "sato", "admin": "mori"}
SMALL = {"levels": [12000, 3000, 800], "texture_px": 512}
START_S, STOP_S, PACKAGE_S, KEEP_S = 60, 15, 900, 3600
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")


@dataclass
class Served:
    """A running site. url is on localhost, which browsers trust like HTTPS."""

    url: str
    port: int
    data_dir: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """What the processes were started with."""
        return read_settings({"DEJIMA_DATA_DIR": str(self.data_dir)})

    def open_catalog(self) -> Engine:
        """The catalog, to look at what the server stored; the caller disposes of it."""
        return open_engine(self.settings.catalog_url)

    def open_events(self) -> Engine:
        """The event store, to look at what the server stored; the caller disposes of it."""
        return open_engine(self.settings.events_url)

    def start(self) -> None:
        """Start server and worker, and wait until the server is ready."""
        self.start_server()
        self.start_worker()

    def start_worker(self) -> None:
        """Start a worker alone."""
        self._run("worker", "work")

    def start_server(self) -> None:
        """Start the server alone, and wait until it is ready."""
        self._run("server", "serve", "--port", str(self.port))
        wait_until_ready(self.url, self.processes["server"], self.log("server"))

    def stop(self, *names: str) -> None:
        """End the named processes (server, worker), or all of them, in order."""
        for name in names or tuple(self.processes):
            process = self.processes.pop(name, None)
            if process is not None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def log(self, name: str) -> Path:
        """What a process has written so far."""
        return self.data_dir / f"{name}.log"

    def keep_logs(self, title: str) -> None:
        """Copy the logs to test-results, for whoever looks into a failure."""
        RESULTS.mkdir(exist_ok=True)
        for path in self.data_dir.glob("*.log"):
            shutil.copy(path, RESULTS / f"{title}-{path.name}")

    def _run(self, name: str, *arguments: str) -> None:
        with self.log(name).open("ab") as log:
            command = [sys.executable, "-m", "xr_server.cli", *arguments]
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=environment(self.data_dir), stdout=log, stderr=subprocess.STDOUT
            )


def environment(data_dir: Path) -> dict[str, str]:
    """Little more than a data folder: nothing of the tester's own settings reaches the processes."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "DEJIMA_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def run_dejima(data_dir: Path, *arguments: str) -> str:
    """Run the command line to its end; gives what it wrote, and raises with that when it fails."""
    command = [sys.executable, "-m", "xr_server.cli", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(data_dir), capture_output=True, text=True, timeout=PACKAGE_S, check=False
    )
    if done.returncode:
        raise AssertionError(f"dejima {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once /readyz says so; raises with the log when the process ends or takes too long."""

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    try:
        wait_until(is_ready, process)
    except AssertionError as error:
        raise AssertionError(f"{url} is not ready: {error}\n{log.read_text(errors='replace')[-4000:]}") from error


def wait_until(is_so: Callable[[], bool], process: "subprocess.Popen[Any]", seconds: float = START_S) -> None:
    """Ask ten times a second until it is so; raises when the process ends before, or when the seconds are over."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if process.poll() is not None:
            raise AssertionError(f"the process ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {seconds:.0f} s")
        time.sleep(0.1)


def template_folder() -> Path:
    """A data folder with Dejima imported and its models packaged small, made once for a state of pipeline, models and schema."""
    sources = [*(ROOT / "asset_pipeline").rglob("*.py"), *(CONTENT / "models").iterdir(), Path(__file__)]
    sources += (ROOT / "xr_server" / "storage" / "migrations").rglob("*.py")
    folder = CACHE / digest_of(sources)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs of the tests at once make it once
        if not (folder / "done").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            run_dejima(folder / "data", "import", str(small_content(folder)))
            (folder / "done").touch()
        forget_old_templates(keep=folder)
    return folder / "data"


def forget_old_templates(keep: Path) -> None:
    """Remove what earlier states of the sources have left, but nothing that a run at the same time may be copying."""
    for folder in CACHE.iterdir():
        if folder != keep and folder.is_dir() and time.time() - folder.stat().st_mtime > KEEP_S:
            shutil.rmtree(folder)


def digest_of(paths: Iterable[Path]) -> str:
    """One short digest of names and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:20]


def small_content(folder: Path) -> Path:
    """The content of Dejima with its models to be packaged small, so that tests need not wait long."""
    target = folder / "dejima"
    shutil.copytree(CONTENT, target, dirs_exist_ok=True)
    for sidecar in (target / "models").glob("*.json"):
        small = {**json.loads(sidecar.read_text(encoding="utf-8")), **SMALL}
        sidecar.write_text(format_json(small) + "\n", encoding="utf-8")
    return target


def make_site(folder: Path) -> Served:
    """A site over data of its own, Dejima imported, with a creator and a member of staff; not started."""
    data_dir = folder / "data"
    shutil.copytree(imported_folder(), data_dir)
    port = free_port()
    return Served(f"http://localhost:{port}", port, data_dir)


@cache
def imported_folder() -> Path:
    """A copy of the template with the newest content imported and two accounts, made once for a run of the tests."""
    folder = Path(tempfile.mkdtemp(prefix="dejima-imported-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data_dir = folder / "data"
    shutil.copytree(template_folder(), data_dir)
    run_dejima(data_dir, "import", str(small_content(folder)))
    catalog = open_engine(read_settings({"DEJIMA_DATA_DIR": str(data_dir)}).catalog_url)
    for role, name in NAMES.items():
        add_account(catalog, NewAccount("dejima", name, role, PASSWORD), system_clock(), secrets.token_bytes)
    catalog.dispose()
    return data_dir
