"""An account's published work as a ZIP, written piece by piece: what is held in memory at once is one block."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 256 * 1024
UNTOUCHED = (1980, 1, 1, 0, 0, 0)  # the same work makes the same bytes


@dataclass(frozen=True)
class Entry:
    """One member of a ZIP: its name there, and a file on disk or a text."""

    name: str
    source: Path | bytes


class _Pipe(io.RawIOBase):
    """What zipfile writes to; it cannot be sought in, so nothing is gone back to, and is emptied again and again."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]
        self.held += block
        return len(block)

    def take(self) -> bytes:
        """What has been written since the last time."""
        block = bytes(self.held)
        self.held.clear()
        return block


def stream_zip(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The bytes of a ZIP of these entries, in pieces. Models are packed already, so files are stored as they are."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            member = zipfile.ZipInfo(entry.name, UNTOUCHED)
            member.external_attr = 0o644 << 16
            size = len(entry.source) if isinstance(entry.source, bytes) else entry.source.stat().st_size
            member.file_size = size
            with archive.open(member, "w", force_zip64=size > 2**31) as target:
                for block in _blocks(entry.source):
                    target.write(block)
                    if pipe.held:
                        yield pipe.take()
            if pipe.held:
                yield pipe.take()
    yield pipe.take()


def _blocks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block
