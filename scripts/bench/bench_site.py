"""The demonstration site as visitors get it: full-size models, and the real server in a process of its own.

The data folder is kept in build/bench, so that models are packaged once for each state of the pipeline.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ROOT / "content" / "dejima"
DATA = ROOT / "build" / "bench" / "data"
START_S, STOP_S = 60, 15


@dataclass(frozen=True)
class Site:
    """A running server with Dejima in it."""

    url: str
    process: "subprocess.Popen[bytes]"

    def read(self, path: str) -> Any:
        """A JSON document of the server."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=START_S) as answer:  # noqa: S310 - our own server
            return json.load(answer)

    def fetch(self, path: str) -> bytes:
        """A file of the server."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=START_S) as answer:  # noqa: S310 - our own server
            return bytes(answer.read())

    def stop(self) -> None:
        """End the server; without effect when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_S)


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def fill() -> None:
    """Import Dejima; models that are packaged already are left alone."""
    DATA.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "xr_server.cli", "import", str(CONTENT)]
    subprocess.run(command, cwd=ROOT, env=_environment(), check=True, stdout=sys.stderr)


@contextmanager
def serve(port: int) -> Iterator[Site]:
    """The site on a port of this machine, until the block ends."""
    command = [sys.executable, "-m", "xr_server.cli", "serve", "--port", str(port)]
    with (DATA / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=log, stderr=log)
    site = Site(f"http://localhost:{port}", process)
    try:
        _wait_until_ready(site)
        yield site
    finally:
        site.stop()


def _environment() -> dict[str, str]:
    return {**os.environ, "DEJIMA_DATA_DIR": str(DATA)}


def _wait_until_ready(site: Site) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and site.process.poll() is None:
        try:
            site.fetch("/readyz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"The server did not start; see {DATA / 'server.log'}")
