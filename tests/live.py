"""A real server process over a folder of data, for what only a process can show: its log, its death, its start."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ROOT = Path(__file__).parent.parent
SERVE = """
import os, sys
from xr_server.serving import Listener, open_socket, serve_on
from xr_server.settings import read_settings
listener = Listener(port=int(sys.argv[1]))
with open_socket(listener) as sock:
    serve_on(sock, read_settings(os.environ), listener, "tests.live:make_app")
"""


def make_app() -> Starlette:
    """The server as it is, with one more address that fails with the visitor's words in its error."""
    from xr_server.serving import make_app as make_real_app

    async def fail(request: Request) -> Response:
        raise ValueError(f"cannot show {request.path_params['id']} to {request.query_params}")

    app = make_real_app()
    app.routes.insert(0, Route("/fail/{id}", fail))
    return app


@dataclass
class Live:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; status, headers in lower case, body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def send_raw(self, data: bytes) -> bytes:
        """Bytes on a connection of their own; gives what comes back until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            received = b""
            while block := sock.recv(65536):
                received += block
            return received

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> tuple[str, str]:
        """End it in order; gives what it wrote to standard output and standard error."""
        self.process.terminate()
        self.process.wait(30)
        return (self.folder / "stdout").read_text(), (self.folder / "stderr").read_text()


@contextmanager
def serve(data_dir: Path, **settings: str) -> Iterator[Live]:
    """A server process over a data folder, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DEJIMA_")}
    environment |= {"DEJIMA_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), **settings}
    with (data_dir / "stdout").open("wb") as out, (data_dir / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(port)], cwd=ROOT, env=environment, stdout=out, stderr=err
        )
        live = Live(port, process, data_dir)
        try:
            _wait_until_it_answers(live)
            yield live
        finally:
            live.kill()


def _wait_until_it_answers(live: Live) -> None:
    until_s = time.monotonic() + 60
    while live.process.poll() is None and time.monotonic() < until_s:
        try:
            if live.ask("GET", "/healthz")[0] == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
    raise AssertionError("the server did not start: " + (live.folder / "stderr").read_text())
