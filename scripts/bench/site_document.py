"""Requests per second of the site document against a bare Starlette route that returns the same bytes.

Both run under uvicorn with the settings of `dejima serve`, each in a process of its own; this process asks, over 32
kept-alive connections. Windows of the two alternate, so that whatever else the machine does falls on both; each pair
gives one ratio. Usage: python scripts/bench/site_document.py [--pairs 12] [--seconds 1.5] [--encoding br]
"""

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
PATH = "/api/v1/sites/dejima?lang=en"
CONNECTIONS = 32
BARE = """
import sys
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

body = Path(sys.argv[2]).read_bytes()

async def answer(request):
    return Response(body, media_type="application/json")

app = Starlette(routes=[Route("/api/v1/sites/{site}", answer)])
"""
OURS = """
from xr_server.serving import make_app

app = make_app()
"""
RUN = """
import sys, uvicorn
config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
uvicorn.Server(config).run(sockets=[__import__("socket").socket(fileno=int(sys.argv[1]))])
"""


def fill(data_dir: Path) -> None:
    """Publish a site about as large as Dejima: forty landmarks with texts in two languages."""
    from msgspec.structs import replace

    from xr_server.domain.catalog import Geofence, Landmark, Origin, Site
    from xr_server.storage.catalog import Change, Name, kind_of, publish_record, save_record
    from xr_server.storage.database import open_engine
    from xr_server.storage.migrate import migrate

    catalog = open_engine(f"sqlite:///{data_dir / 'catalog.sqlite3'}")
    migrate(catalog, "catalog")
    origin = Origin(lat=32.74352, lon=129.87316, h=34.5)
    chance = random.Random(1636)  # noqa: S311 - filler text
    names = {"ja": "出島", "en": "Dejima"}
    records: list[Site | Landmark] = [
        Site(id="dejima", name=names, origin=origin, time_zone="Asia/Tokyo", languages=["ja", "en"])
    ]
    for number in range(40):
        words = " ".join(f"{chance.getrandbits(32):x}" for _ in range(50))  # as little alike as prose
        history = {"ja": words, "en": words}
        fence = Geofence(enter_m=20, leave_m=30)
        name = {"ja": f"建物{number}", "en": f"House {number}"}
        mark = Landmark(id=f"house-{number}", name=name, category="house", status="lost", history=history)
        records.append(replace(mark, lat=32.7435 + number / 50_000, lon=129.873, accuracy_m=15.0, geofence=fence))
    for record in records:
        revision = save_record(catalog, "dejima", record, None, Change(1))
        publish_record(catalog, Name("dejima", kind_of(record), record.id), revision, Change(1))
    catalog.dispose()


def start(code: str, data_dir: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server process and its port, once it answers."""
    with socket.socket() as sock, (data_dir / "log").open("ab") as log:
        sock.bind(("127.0.0.1", 0))
        sock.listen(256)
        port = sock.getsockname()[1]
        environment = {**os.environ, "DEJIMA_DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code + RUN, str(sock.fileno()), *arguments]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, pass_fds=[sock.fileno()])
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            read(port, "identity")
            return process, port
        except OSError:
            time.sleep(0.05)
    process.kill()
    sys.exit("A server did not start:\n" + (data_dir / "log").read_text(errors="replace")[-2000:])


def read(port: int, encoding: str) -> bytes:
    """One answer's body as it is sent."""
    request = Request(f"http://localhost:{port}{PATH}", headers={"Accept-Encoding": encoding})
    with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
        body: bytes = answer.read()
    return body


class Asker(asyncio.Protocol):
    """One kept-alive connection that asks again as soon as it has been answered."""

    def __init__(self, request: bytes) -> None:
        self.request, self.answered, self.missing, self.head = request, 0, 0, b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.missing:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.head.startswith(b"HTTP/1.1 200"):
                sys.exit("An answer was not 200: " + self.head[:60].decode(errors="replace"))
            at = self.head.lower().index(b"content-length:") + 15
            self.missing = int(self.head[at : self.head.index(b"\r\n", at)])
            data, self.head = self.head[end + 4 :], b""
        self.missing -= len(data)
        if not self.missing:
            self.answered += 1
            self.transport.write(self.request)


@dataclass(frozen=True)
class Rate:
    """What one window told: answers per second, and the server's processor time for each."""

    per_s: float
    cpu_us: float


def cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Processor time of a server so far, user and system; NaN where /proc does not tell."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ask_for(server: tuple[subprocess.Popen[bytes], int], encoding: str, seconds: float) -> Rate:
    """One window."""
    process, port = server
    head = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {encoding}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    askers = [(await loop.create_connection(lambda: Asker(head), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]
    await asyncio.sleep(0.2)  # until all connections are in step
    before, cpu_before_s, started = sum(asker.answered for asker in askers), cpu_s(process), time.perf_counter()
    await asyncio.sleep(seconds)
    answered, lasted_s = sum(asker.answered for asker in askers) - before, time.perf_counter() - started
    used_s = cpu_s(process) - cpu_before_s
    for asker in askers:
        asker.transport.abort()
    return Rate(answered / lasted_s, 1e6 * used_s / answered)


async def measure(
    ours: tuple[subprocess.Popen[bytes], int], bare: tuple[subprocess.Popen[bytes], int], options: argparse.Namespace
) -> list[tuple[Rate, Rate]]:
    """Pairs of windows, ours and bare, in alternating order."""
    pairs = []
    for number in range(options.pairs):
        rates = {}
        for name in ("ours", "bare") if number % 2 else ("bare", "ours"):
            rates[name] = await ask_for(ours if name == "ours" else bare, options.encoding, options.seconds)
        one, other = rates["ours"], rates["bare"]
        pairs.append((one, other))
        print(
            f"{number + 1:3}: ours {one.per_s:7.0f}/s {one.cpu_us:4.0f} us  "
            f"bare {other.per_s:7.0f}/s {other.cpu_us:4.0f} us  ratio {one.per_s / other.per_s:.3f}",
            flush=True,
        )
    return pairs


def report(pairs: list[tuple[Rate, Rate]]) -> None:
    """Print medians and ranges of the ratios; above one we are the faster."""
    for name, ratios in (
        ("answers per second, ours / bare", [one.per_s / other.per_s for one, other in pairs]),
        ("processor time per answer, bare / ours", [other.cpu_us / one.cpu_us for one, other in pairs]),
    ):
        print(f"{name}: median {statistics.median(ratios):.3f}, range {min(ratios):.3f} to {max(ratios):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--encoding", default="br", choices=["br", "gzip", "identity"])
    options = parser.parse_args()
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        fill(data_dir)
        ours, our_port = start(OURS, data_dir)
        bare = None
        try:
            body = read(our_port, options.encoding)
            (data_dir / "body").write_bytes(body)
            bare, bare_port = start(BARE, data_dir, str(data_dir / "body"))
            if read(bare_port, options.encoding) != body:
                sys.exit("The two servers do not answer the same bytes.")
            pairs = run(measure((ours, our_port), (bare, bare_port), options))
        finally:
            for process in (ours, bare):
                if process is not None:
                    process.terminate()
                    process.wait()
    print(
        f"{len(body)} bytes ({options.encoding}), {CONNECTIONS} connections, {len(pairs)} pairs of {options.seconds} s windows"
    )
    report(pairs)


if __name__ == "__main__":
    main()
