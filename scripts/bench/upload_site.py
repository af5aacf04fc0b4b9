"""A site that takes uploads: the real server over a fresh folder of this disk, its accounts, and a tus client.

The server runs with the settings of `dejima serve` in a process of its own, with the meter of `stall_probe` in its loop.
"""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import site_document
from bench_site import ROOT, free_port

FOLDER = ROOT / "build" / "bench" / "uploads"
CHUNK_TYPE = "application/offset+octet-stream"
START_S = 60
SITE_ID = "dejima"
FIELDS = {"title": "Wall", "creator": "Kana", "licence": "CC0", "lat": "32.7437", "lon": "129.8723", "height": "34.5"}
Body = bytes | memoryview | Iterator[memoryview]
SERVE = """
import os, sys
from xr_server.serving import Listener, open_socket, serve_on
from xr_server.settings import read_settings
listener = Listener(port=int(sys.argv[1]))
with open_socket(listener) as sock:
    serve_on(sock, read_settings(os.environ), listener, "stall_probe:make_app")
"""


@dataclass(frozen=True)
class UploadSite:
    """A running server, its folder, and one token for each creator."""

    port: int
    data_dir: Path
    process: "subprocess.Popen[bytes]"
    tokens: list[str]
    sessions: dict[str, str]

    def connect(self) -> HTTPConnection:
        """A connection that is kept."""
        return HTTPConnection("127.0.0.1", self.port, timeout=120)

    def stalls(self) -> dict[str, float]:
        """The worst of the event loop since the last time."""
        connection = self.connect()
        connection.request("GET", "/stalls")
        told: dict[str, float] = json.loads(connection.getresponse().read())
        connection.close()
        return told


@dataclass(frozen=True)
class Sender:
    """One creator's connection to the upload protocol."""

    connection: HTTPConnection
    token: str

    def ask(self, method: str, path: str, headers: dict[str, str], body: Body = b"") -> dict[str, str]:
        """One request; gives the headers of the answer, and ends the program when it is refused."""
        own = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        self.connection.request(method, path, body, {**own, **headers})
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {said[:300].decode(errors='replace')}")
        return {name.lower(): value for name, value in answer.getheaders()}

    def read(self, path: str) -> bytes:
        """The body of an answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        self.connection.request("GET", path, headers=headers)
        return self.connection.getresponse().read()

    def begin(self, length: int, name: str = "wall.ply") -> str:
        """The address of a new upload."""
        pairs = {"filename": name, **FIELDS}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        return self.ask("POST", "/api/v1/uploads", {"Upload-Length": str(length), "Upload-Metadata": metadata})[
            "location"
        ]

    def send(
        self, location: str, offset: int, part: Body, digest: bytes | None = None, length: int | None = None
    ) -> int:
        """One chunk, with its SHA-256 if that is given; one in slices needs its length. Gives the offset after it."""
        headers = {"Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE}
        if length is not None:
            headers["Content-Length"] = str(length)
        if digest is not None:
            headers["Upload-Checksum"] = f"sha256 {base64.b64encode(digest).decode()}"
        return int(self.ask("PATCH", location, headers, part)["upload-offset"])

    def forget(self, location: str) -> None:
        """End an upload and delete its bytes."""
        self.ask("DELETE", location, {})


def sender(site: UploadSite, number: int = 0) -> Sender:
    """A connection of one of the creators."""
    return Sender(site.connect(), site.tokens[number])


@contextmanager
def serve(creators: int) -> Iterator[UploadSite]:
    """A fresh site and its server, until the block ends; its folder is deleted afterwards."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    site_document.fill(FOLDER)
    tokens, sessions = add_people(creators)
    port = free_port()
    paths = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    environment = {**os.environ, "DEJIMA_DATA_DIR": str(FOLDER), "PYTHONPATH": paths}
    with (FOLDER / "server.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env=environment, stdout=log, stderr=log)
    site = UploadSite(port, FOLDER, process, tokens, sessions)
    try:
        wait_until_ready(site)
        yield site
    finally:
        process.terminate()
        process.wait(15)
        shutil.rmtree(FOLDER, ignore_errors=True)


def add_people(creators: int) -> tuple[list[str], dict[str, str]]:
    """Creators with a token each, and open sessions of the first creator and of a member of staff, by role."""
    from xr_server.app import system_clock
    from xr_server.domain.account import NewAccount
    from xr_server.storage.accounts import add_account
    from xr_server.storage.api_tokens import issue_token
    from xr_server.storage.database import open_engine
    from xr_server.storage.sessions import open_session

    catalog, now = open_engine(f"sqlite:///{FOLDER / 'catalog.sqlite3'}"), system_clock()
    names: Sequence[tuple[str, str]] = [
        *((f"creator-{number}", "creator") for number in range(creators)),
        ("s", "staff"),
    ]
    ids = []
    for name, role in names:
        account = NewAccount(SITE_ID, name, role)
        ids.append(add_account(catalog, account, now, secrets.token_bytes))
    tokens = [issue_token(catalog, account_id, "bench", now, secrets.token_bytes) for account_id in ids[:-1]]
    pairs = {"creator": ids[0], "staff": ids[-1]}
    sessions = {role: open_session(catalog, account_id, now, secrets.token_bytes) for role, account_id in pairs.items()}
    catalog.dispose()
    return tokens, sessions


def wait_until_ready(site: UploadSite) -> None:
    """Return once the server answers; ends the program with its log when it does not."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and site.process.poll() is None:
        connection = site.connect()
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    sys.exit("The server did not start:\n" + (site.data_dir / "server.log").read_text(errors="replace")[-2000:])
