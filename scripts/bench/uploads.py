"""What uploads cost, each beside what it is held against: python scripts/bench/uploads.py [--only ratio,memory,...]

ratio    a scan of 30 MB through the real server, in turn with a plain script that writes, syncs and hashes the same bytes
memory   a scan of 2 GB; the memory of the server before and at most
visitors fifty creators uploading without a pause, in turn with nobody uploading; what visitors wait for the site document
pages    a thousand scans in the queue, a thousand published models; the pages of creators and staff
stalls   how late the event loop ever was, while hostile files and large ones go through the server

Everything lies on this disk, in build/bench/uploads. Times need a machine that does nothing else.
"""

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_site import ROOT
from upload_load import ask_in_turn
from upload_queue import CREATORS as QUEUE_CREATORS
from upload_queue import measure_pages
from upload_site import Sender, UploadSite, sender, serve

from asset_pipeline.memory import family_memory

MIB = 1024**2
RATIO_BYTES, PART_BYTES = 30 * 10**6, 8 * MIB
LARGE_BYTES, WATCH_S = 2 * 10**9, 0.1
CREATORS, LARGE_AT_ONCE = 50, 3
REFUSED_KINDS = frozenset((".off", ".gltf", ".obj", ".glb", ".ply", ".png", ".zip", ".tif", ".gif", ".svg", ".bin"))
PLAIN = """
import hashlib, os, sys, time
data = open(sys.argv[1], "rb").read()
for line in sys.stdin:
    started = time.perf_counter()
    with open(sys.argv[2], "wb", buffering=0) as file:
        left = memoryview(data)
        while left:
            left = left[file.write(left):]
        os.fsync(file.fileno())
    hashlib.sha256(data).digest()
    print(time.perf_counter() - started, flush=True)
    os.unlink(sys.argv[2])
"""


def say(what: str, values: Sequence[float], unit: str = "ms") -> None:
    """One line: median and range."""
    print(f"{what}: {statistics.median(values):.1f} {unit} ({min(values):.1f} to {max(values):.1f})", flush=True)


# ratio


def send_whole(creator: Sender, data: bytes, part_bytes: int, checked: bool) -> float:
    """Seconds from the first request of an upload to the answer that acknowledges its last byte."""
    parts = [memoryview(data)[at : at + part_bytes] for at in range(0, len(data), part_bytes)]
    digests = [hashlib.sha256(part).digest() if checked else None for part in parts]  # the sender's own work
    started = time.perf_counter()
    location, offset = creator.begin(len(data)), 0
    for part, digest in zip(parts, digests, strict=True):
        offset = creator.send(location, offset, part, digest)
    lasted = time.perf_counter() - started
    creator.forget(location)
    return lasted


def measure_ratio(site: UploadSite, rounds: int) -> None:
    """30 MB through the server, in turn with the plain script."""
    data = random.Random(1820).randbytes(RATIO_BYTES)  # noqa: S311 - filler
    source, target = site.data_dir / "source", site.data_dir / "written"
    source.write_bytes(data)
    creator = sender(site)
    command = [sys.executable, "-c", PLAIN, str(source), str(target)]
    plain = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def write_plainly() -> float:
        if plain.stdin is None or plain.stdout is None:
            raise SystemExit("The plain script has no pipes.")
        plain.stdin.write("\n")
        plain.stdin.flush()
        return float(plain.stdout.readline())

    ways: dict[str, Callable[[], float]] = {
        "plain": write_plainly,
        "one request, with SHA-256": lambda: send_whole(creator, data, RATIO_BYTES, True),
        "parts of 8 MiB with SHA-256, as `dejima upload`": lambda: send_whole(creator, data, PART_BYTES, True),
        "parts of 8 MiB, as the page": lambda: send_whole(creator, data, PART_BYTES, False),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name in ways if number % 2 else reversed(ways):
            lasted = ways[name]()
            if number:  # the first round warms up
                took[name].append(1000 * lasted)
    plain.terminate()
    plain.wait()
    say("write, sync and hash 30 MB by a plain script", took["plain"])
    for name in list(ways)[1:]:
        say(f"upload of 30 MB, {name}", took[name])
        ratio = statistics.median(took[name]) / statistics.median(took["plain"])
        print(f"  ratio of medians {ratio:.2f}, of 1.30 at most", flush=True)


# memory


def send_large(creator: Sender, length: int) -> str:
    """Send that many bytes in parts; gives the address of the upload."""
    part = os.urandom(PART_BYTES)
    location, offset = creator.begin(length), 0
    while offset < length:
        offset = creator.send(location, offset, memoryview(part)[: length - offset])
    return location


def measure_memory(site: UploadSite) -> None:
    """The server's memory while 2 GB come in; pages that its processes share are counted once."""
    creator = sender(site)
    creator.forget(send_large(creator, RATIO_BYTES))  # so that everything is loaded that an upload needs
    before, most, ended = family_memory(site.process.pid), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(WATCH_S):
            most.append(family_memory(site.process.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    location = send_large(creator, LARGE_BYTES)
    ended.set()
    thread.join()
    creator.forget(location)
    grown = max(most) - before
    print(
        f"memory of the server: {before / 1e6:.0f} MB before, {grown / 1e6:+.1f} MB at most during 2 GB, of 50 at most"
    )


# stalls


@contextmanager
def worker(site: UploadSite) -> Iterator[None]:
    """A worker beside the server, until the block ends; what it needs compiled is compiled before."""
    subprocess.run([sys.executable, "-m", "asset_pipeline", "warm-up"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    environment = {**os.environ, "DEJIMA_DATA_DIR": str(site.data_dir), "PYTHONPATH": str(ROOT)}
    with (site.data_dir / "worker.log").open("wb") as log:
        command = [sys.executable, "-m", "xr_server.cli", "work"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(15)


def wait_for_end(creator: Sender, location: str) -> dict[str, Any]:
    """A scan once it has ended."""
    while True:
        document: dict[str, Any] = json.loads(creator.read(location.replace("/uploads/", "/scans/")))
        if document["state"] not in ("receiving", "waiting", "building"):
            return document
        time.sleep(0.2)


def say_stalls(what: str, told: dict[str, float]) -> None:
    """One line on the event loop."""
    print(
        f"event loop while {what}: late by {told['late_ms']:.1f} ms at most, of which {told['own_ms']:.1f} ms its own, of "
        f"50 at most; {told['over']:.0f} of {told['ticks']:.0f} ticks over 20 ms",
        flush=True,
    )


def measure_stalls(site: UploadSite, hostile: Path) -> None:
    """The event loop while nothing goes on, while hostile files come and are refused, and while large uploads end."""
    first = sender(site)
    first.forget(send_large(first, RATIO_BYTES))
    site.stalls()
    time.sleep(5)
    say_stalls("nothing goes on", site.stalls())
    creator = sender(site)
    files = sorted(path for path in hostile.glob("*") if path.suffix in REFUSED_KINDS)
    with worker(site):
        ended = []
        for path in files:
            data = path.read_bytes()
            location = creator.begin(len(data), path.name)
            creator.send(location, 0, data, hashlib.sha256(data).digest())
            ended.append((path.name, wait_for_end(creator, location)))
    say_stalls(f"{len(files)} hostile files come and are refused", site.stalls())
    if ended:
        slowest = max(ended, key=lambda pair: pair[1]["build_seconds"])
        largest = max(ended, key=lambda pair: pair[1]["build_peak_bytes"])
        states = sorted({document["state"] for _, document in ended})
        print(f"  all of them {states}; at most {slowest[1]['build_seconds']:.2f} s of work ({slowest[0]}), of 2,")
        print(f"  and {largest[1]['build_peak_bytes'] / 1e6:.0f} MB in the child ({largest[0]}), of 256 at most")
    threads = [threading.Thread(target=send_large, args=(sender(site), LARGE_BYTES // 5)) for _ in range(LARGE_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say_stalls(f"{LARGE_AT_ONCE} uploads of {LARGE_BYTES // 5 // 10**6} MB come at once", site.stalls())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="ratio,memory,visitors,pages,stalls")
    parser.add_argument("--rounds", type=int, default=15, help="of uploads and of pages")
    parser.add_argument("--pairs", type=int, default=6, help="of windows with and without creators")
    parser.add_argument(
        "--hostile", type=Path, default=ROOT.parent / "shared" / "hostile", help="folder of hostile files"
    )
    options = parser.parse_args()
    measures: dict[str, tuple[int, Callable[[UploadSite], None]]] = {
        "ratio": (1, lambda site: measure_ratio(site, options.rounds)),
        "memory": (1, measure_memory),
        "visitors": (CREATORS, lambda site: ask_in_turn(site, options.pairs, 5.0)),
        "pages": (QUEUE_CREATORS, lambda site: measure_pages(site, options.rounds)),
        "stalls": (1, lambda site: measure_stalls(site, options.hostile)),
    }
    for name in options.only.split(","):
        creators, measure = measures[name]
        with serve(creators) as site:
            measure(site)


if __name__ == "__main__":
    main()
