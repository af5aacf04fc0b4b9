"""Fifty creators and a crowd of visitors at one server: what visitors wait, with and without the creators.

Run alone it is the creators: `python upload_load.py PORT FILE...` reads their tokens, then `go` and `stop`, from its
standard input. Each of them sends whole files in parts of 8 MiB, one after another without a pause, over a line of
20 Mbit/s: together they fill a gigabit. Their process has a low priority, since creators sit at machines of their own.
"""

import asyncio
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from site_document import PATH
from upload_site import ROOT, Sender, UploadSite

FILES = sorted((ROOT / "content" / "dejima" / "models").glob("*.glb"), key=lambda path: -path.stat().st_size)[:2]
PART_BYTES = 8 * 1024**2
LINE_BYTES_PER_S, SLICE_BYTES = 2_500_000, 125_000
VISITORS, ASKED_PER_S = 20, 200.0
SETTLE_S = 0.5


# the creators, a process of their own


def on_line(part: memoryview) -> Iterator[memoryview]:
    """A part in slices, each when the line would have carried those before it."""
    started_s = time.monotonic()
    for at in range(0, len(part), SLICE_BYTES):
        time.sleep(max(0.0, started_s + at / LINE_BYTES_PER_S - time.monotonic()))
        yield part[at : at + SLICE_BYTES]


def send_on(creator: Sender, data: bytes, going: threading.Event, sent: list[int]) -> None:
    """Send a file again and again while it goes; what has arrived is deleted."""

    def wait() -> None:
        if not going.is_set():
            going.wait()
            creator.connection.close()  # the server has closed it meanwhile; the next request opens another

    while True:
        wait()
        location, offset = creator.begin(len(data), "scan.glb"), 0
        while offset < len(data):
            part = memoryview(data)[offset : offset + PART_BYTES]
            offset = creator.send(location, offset, on_line(part), length=len(part))
            sent.append(len(part))
            wait()
        creator.forget(location)


def be_creators(port: int, files: list[bytes]) -> None:
    """Read tokens, then go and stop as told; after each stop, say how many bytes have arrived."""
    os.nice(10)
    tokens = sys.stdin.readline().split()
    going, sent = threading.Event(), []
    for number, token in enumerate(tokens):
        creator = Sender(HTTPConnection("127.0.0.1", port, timeout=120), token)
        arguments = (creator, files[number % len(files)], going, sent)
        threading.Thread(target=send_on, args=arguments, daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "go":
            going.set()
            continue
        going.clear()
        said = -1
        while said != len(sent):  # until the parts under way have arrived
            said = len(sent)
            time.sleep(2 * SETTLE_S)
        print(sum(sent), flush=True)


@contextmanager
def creators(site: UploadSite) -> Iterator["subprocess.Popen[str]"]:
    """The creators' process, standing still."""
    command = [sys.executable, __file__, str(site.port), *map(str, FILES)]
    paths = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    )
    tell(process, " ".join(site.tokens))
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def tell(process: "subprocess.Popen[str]", line: str) -> None:
    """One line to the creators."""
    if process.stdin is None or process.poll() is not None:
        sys.exit("The creators have ended.")
    process.stdin.write(line + "\n")
    process.stdin.flush()


def stop(process: "subprocess.Popen[str]") -> int:
    """Stop the creators; gives how many bytes have arrived since the beginning."""
    tell(process, "stop")
    return int(process.stdout.readline()) if process.stdout else 0


# the visitors


async def visit(port: int, due: "asyncio.Queue[float]", waits: list[float]) -> None:
    """One kept connection; each question waits from when it was due, not from when it could be asked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\n\r\n".encode()
    while True:
        due_s = await due.get()
        writer.write(head)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            sys.exit("A visitor was refused: " + answer[:80].decode(errors="replace"))
        at = answer.lower().index(b"content-length:") + 15
        await reader.readexactly(int(answer[at : answer.index(b"\r\n", at)]))
        waits.append(1000 * (time.perf_counter() - due_s))


async def ask_for(port: int, seconds: float) -> list[float]:
    """What visitors waited in a window, in ms: they come by chance, two hundred a second."""
    due: asyncio.Queue[float] = asyncio.Queue()
    waits: list[float] = []
    tasks = [asyncio.create_task(visit(port, due, waits)) for _ in range(VISITORS)]
    chance, moment = random.Random(1820), time.perf_counter()  # noqa: S311 - when visitors come
    until = moment + seconds
    while moment < until:
        moment += chance.expovariate(ASKED_PER_S)
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        due.put_nowait(moment)
    await asyncio.sleep(SETTLE_S)
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    return waits


def quantile(values: list[float], share: float) -> float:
    """The value that a share of all lie under."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def ask_in_turn(site: UploadSite, pairs: int, seconds: float) -> None:
    """Windows with the creators and without, in turn; p99 of each, and the ratio of their medians."""
    found: dict[bool, list[float]] = {True: [], False: []}
    arrived, lasted_s = 0, 0.0
    with creators(site) as process:
        for number in range(2 * pairs):
            busy = bool((number + number // 2) % 2)
            if busy:
                tell(process, "go")
                time.sleep(SETTLE_S)
            waits = asyncio.run(ask_for(site.port, seconds))
            found[busy].append(quantile(waits, 0.99))
            name = "fifty creators" if busy else "idle"
            print(f"  {name}: p50 {statistics.median(waits):.2f} ms, p99 {found[busy][-1]:.2f} ms", flush=True)
            if busy:
                lasted_s += seconds + 2 * SETTLE_S
                arrived = stop(process)
    idle, loaded = statistics.median(found[False]), statistics.median(found[True])
    print(f"visitors, p99: idle {idle:.2f} ms, with {len(site.tokens)} creators {loaded:.2f} ms", flush=True)
    print(f"  ratio {loaded / idle:.2f}, of 2 at most; {arrived / lasted_s / 1e6:.0f} MB/s arrived meanwhile")
    print(f"  the loop at its worst: {site.stalls()}", flush=True)


if __name__ == "__main__":
    be_creators(int(sys.argv[1]), [Path(name).read_bytes() for name in sys.argv[2:]])
