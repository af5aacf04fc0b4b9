"""Power cuts under the event store on SQLite: what a disk may have kept of it is made up and opened again.

A process writes events as the server does, while strace records each write and each fsync it asks for. A cut is a moment
in that record: of what was synced by then all is kept, of what was written since a random part, in sectors of 512 bytes.
Not in it: a disk that lies about fsync, and folders that lose names of files that were synced. PostgreSQL has tests of
its own for this, and nothing here adds to them.
Run alone it is the process that writes: `python event_power.py FOLDER COMMITS FULL|OFF`.
"""

import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.exc import DatabaseError

from xr_server.domain.visit import AcceptedEvent
from xr_server.storage.database import open_engine
from xr_server.storage.event_writer import EventWriter
from xr_server.storage.events import Entry, Note
from xr_server.storage.migrate import migrate
from xr_server.storage.tables.events import engagement_event
from xr_server.storage.tables.figures import day_quality

SECTOR_BYTES = 512
WRITERS, BATCH_EVENTS = 4, 12
FILE, LOG = "events.sqlite3", "events.sqlite3-wal"
CALLS = "pwrite64,write,fsync,fdatasync,ftruncate"
LINE = re.compile(r"^\d+ +(\w+)\((\d+)<([^>]*)>(.*)")
WRITTEN = re.compile(r', "([^"]*)", \d+(?:, (\d+))?')
CUT_TO = re.compile(r", (\d+)")


# the process that writes


def make_batch(number: int) -> list[AcceptedEvent]:
    """Events of a batch, whose ids tell which batch they are of."""
    return [
        AcceptedEvent(f"{number}-{one}", "dejima", "arrived", 0, 0, False, "ja", "page") for one in range(BATCH_EVENTS)
    ]


async def write_batches(writer: EventWriter, numbers: Iterator[int]) -> None:
    """Write one batch after another, and tell each once it is acknowledged."""
    for number in numbers:
        await writer.write(Entry(make_batch(number), False, note=Note("dejima", "2026-11-24")))
        os.write(1, f"{number}\n".encode())


def write_all(folder: Path, batches: int, synchronous: str) -> None:
    """Have several writers write all batches."""
    engine = open_engine(f"sqlite:///{folder / FILE}")

    @event.listens_for(engine, "connect")
    def prepare(connection, _) -> None:  # type: ignore[no-untyped-def]
        connection.execute(f"PRAGMA synchronous={synchronous}")

    async def write() -> None:
        numbers = iter(range(batches))
        await asyncio.gather(*(write_batches(writer, numbers) for _ in range(WRITERS)))

    writer = EventWriter(engine)
    writer.start()
    asyncio.run(write())
    os._exit(0)  # without closing the store: that would write its log back


# the record of what it asked of the disk


@dataclass(frozen=True)
class Call:
    """One call: what was asked of which file; told is a batch that was acknowledged."""

    name: str
    file: str
    data: bytes = b""
    at: int = 0
    told: int | None = None


def record(folder: Path, batches: int, synchronous: str) -> list[Call]:
    """What a process asks of the disk while it writes batches to a fresh store in a folder. Raises FileNotFoundError."""
    engine = open_engine(f"sqlite:///{folder / FILE}")
    migrate(engine, "events")
    engine.dispose()
    shutil.copy(folder / FILE, folder / "before")
    trace = folder / "trace"
    strace = ["strace", "-f", "-y", "-xx", "-s", "200000", "-e", f"trace={CALLS}", "-o", str(trace)]
    command = [*strace, sys.executable, __file__, str(folder), str(batches), synchronous]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with trace.open() as lines:
        return [call for line in lines if (call := parse_call(line))]


def parse_call(line: str) -> Call | None:
    """A line of strace; None for what is of no file of the store, and for the second half of a call that was split."""
    found = LINE.match(line)
    if not found:
        return None
    name, descriptor, path, rest = found.groups()
    file = Path(bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path).name
    written = WRITTEN.match(rest)
    data = bytes.fromhex(written[1].replace("\\x", "")) if written else b""
    if (name, descriptor) == ("write", "1"):
        return Call(name, "", told=int(data))
    if file not in (FILE, LOG):
        return None
    if name == "ftruncate":
        return Call(name, file, at=int(CUT_TO.match(rest)[1]))  # type: ignore[index]
    return Call(name, file, data, int(written[2] or 0) if written else 0)


# what a disk may have kept


@dataclass
class Disk:
    """Files as they were synced last, and what was asked of them since."""

    synced: dict[str, bytearray]
    since: dict[str, list[Call]] = field(default_factory=dict)

    def take(self, call: Call) -> None:
        """Do what a call asks."""
        waiting = self.since.setdefault(call.file, [])
        if call.name in ("fsync", "fdatasync"):
            content = self.synced.setdefault(call.file, bytearray())
            for one in waiting:
                _do(one, content, None)
            waiting.clear()
        else:
            waiting.append(call)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files after a power cut: what was synced, and a random part of what came since."""
        kept = {}
        for name in {*self.synced, *self.since}:
            content = bytearray(self.synced.get(name, b""))
            share = chance.random()
            for call in self.since.get(name, []):
                if chance.random() < share:
                    _do(call, content, chance)
            kept[name] = bytes(content)
        return kept


def _do(call: Call, content: bytearray, chance: random.Random | None) -> None:
    """Do a call to a file's content; with chance, half of the time only some sectors of it."""
    if call.name == "ftruncate":
        del content[call.at :]
        content.extend(bytes(call.at - len(content)))
        return
    torn = chance is not None and chance.random() < 0.5
    for start in range(0, len(call.data), SECTOR_BYTES):
        if torn and chance is not None and chance.random() < 0.5:
            continue
        part, at = call.data[start : start + SECTOR_BYTES], call.at + start
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(part)] = part


@dataclass
class Outcome:
    """What the cuts came to; an acknowledged batch may not be lost, and none may be there in part."""

    cuts: int = 0
    acknowledged: int = 0
    lost: int = 0
    halves: int = 0
    broken: int = 0
    syncs: int = 0
    log_written_back: int = 0

    @property
    def harmless(self) -> bool:
        """Whether everything acknowledged was there, and nothing in part."""
        return not (self.lost or self.halves or self.broken)

    def __str__(self) -> str:
        return (
            f"{self.cuts} power cuts in {self.syncs} syncs ({self.log_written_back} of them of the store's own file): "
            f"{self.acknowledged} acknowledged batches looked for, {self.lost} lost, {self.halves} kept in part, "
            f"{self.broken} stores broken"
        )


def run_cuts(cuts: int, chance: random.Random, batches: int = 400, synchronous: str = "FULL") -> Outcome:
    """Cut the power at random moments of one record, and look at what is left each time."""
    outcome = Outcome(cuts)
    with tempfile.TemporaryDirectory(prefix="dejima-power-") as place:
        folder = Path(place)
        calls = record(folder, batches, synchronous)
        moments = Counter(chance.randrange(len(calls)) for _ in range(cuts))
        disk, told = Disk({FILE: bytearray((folder / "before").read_bytes())}), set[int]()
        for number, call in enumerate(calls):
            if call.told is not None:
                told.add(call.told)
            else:
                disk.take(call)
            outcome.syncs += call.name in ("fsync", "fdatasync")
            outcome.log_written_back += call.name in ("fsync", "fdatasync") and call.file == FILE
            for _ in range(moments[number]):
                _look(folder / "after", disk.cut(chance), told, outcome)
    return outcome


def _look(folder: Path, kept: dict[str, bytes], told: set[int], outcome: Outcome) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    engine = open_engine(f"sqlite:///{folder / FILE}")
    outcome.acknowledged += len(told)
    try:
        _compare(engine, told, outcome)
    except DatabaseError:
        outcome.broken += 1
        outcome.lost += len(told)
    finally:
        engine.dispose()


def _compare(engine: Engine, told: set[int], outcome: Outcome) -> None:
    quality = select(func.sum(day_quality.c["count"])).where(day_quality.c.what == "accepted")
    with engine.connect() as connection:
        whole = connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        ids = list(connection.scalars(select(engagement_event.c.id)))
        counted = connection.scalar(quality) or 0
    events = Counter(int(name.partition("-")[0]) for name in ids)
    outcome.broken += not whole
    outcome.lost += len(told - events.keys())
    outcome.halves += sum(count != BATCH_EVENTS for count in events.values()) + (counted != len(ids))


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
