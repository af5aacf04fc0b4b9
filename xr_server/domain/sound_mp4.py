"""M4A: the one AAC track of an MP4 file, written again with its samples alone. Pure.

What is written: `ftyp`, `moov` with the boxes a player needs, `mdat` with the samples in their order. All else goes: names,
places, pictures, other tracks, moments of recording. The index stands before the samples, so that a player can begin at once.

Source: ISO/IEC 14496-12 (boxes, tables of samples), 14496-14 (`mp4a`, `esds`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from xr_server.domain.sound_faults import broken
from xr_server.errors import Invalid

MOST_BOXES = 2000
MOST_SAMPLES = 200_000
AAC = frozenset((0x40, 0x66, 0x67, 0x68))
SOUND_ENTRY_BYTES = 28  # of an `mp4a` entry before its boxes
MAX_BOX = 0xFFFFFFFF
FTYP = b"M4A \0\0\0\0M4A mp42isom"
SELF_CONTAINED = struct.pack(">II", 0, 1) + struct.pack(">I4sI", 12, b"url ", 1)


@dataclass(frozen=True)
class Box:
    """A box of a file: its kind, and where its body begins and ends."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Track:
    """The track's boxes by their kind, `mdia`, `minf` and `stbl` opened."""

    data: bytes
    boxes: dict[bytes, Box]

    def body(self, kind: bytes) -> bytes:
        """The body of a box that must be there. Raises Invalid."""
        box = self.boxes.get(kind)
        if box is None:
            raise broken()
        return self.data[box.start : box.end]


def read_mp4(data: bytes) -> tuple[bytes, float]:
    """(the file with its sound alone, seconds). Raises Invalid."""
    try:
        return _read(data)
    except (struct.error, IndexError) as error:
        raise broken() from error


def _read(data: bytes) -> tuple[bytes, float]:
    top = list(list_boxes(data, 0, len(data)))
    if any(box.kind == b"moof" for box in top):
        raise Invalid(
            "sound_stream",
            "This M4A was recorded as a stream, in pieces that not every phone plays. Export it again as an ordinary M4A.",
        )
    moov = next((box for box in top if box.kind == b"moov"), None)
    if moov is None:
        raise broken()
    inner = list(list_boxes(data, moov.start, moov.end))
    track = _find_sound(data, [box for box in inner if box.kind == b"trak"])
    movie = next((box for box in inner if box.kind == b"mvhd"), None)
    entry, chunks = _sound_entry(track.body(b"stsd")), _find_chunks(track)
    if movie is None:
        raise broken()
    head = _box(b"ftyp", FTYP)
    samples = b"".join(data[start:end] for start, end in chunks)
    sizes = [end - start for start, end in chunks]
    # the index is as long wherever the samples lie, so it is made twice: to know its length, and to say where they lie
    length = len(_index(track, _undated(data[movie.start : movie.end]), entry, [0] * len(chunks)))
    offsets, at = [], len(head) + length + 8
    for size in sizes:
        offsets.append(at)
        at += size
    index = _index(track, _undated(data[movie.start : movie.end]), entry, offsets)
    return head + index + _box(b"mdat", samples), _duration_s(track)


def list_boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes one after another between two places. Raises Invalid when one reaches beyond."""
    at = start
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = end if size == 0 else at + size
        if stop > end or stop < body:
            raise broken()
        yield Box(kind, body, stop)
        at = stop
    raise broken()


def _find_sound(data: bytes, tracks: list[Box]) -> Track:
    """The one track that is heard; those of other kinds, such as chapters, are left out. Raises Invalid."""
    found = []
    for box in tracks:
        track = Track(data, _open(data, box))
        handler = track.body(b"hdlr")[8:12]
        if handler == b"vide":
            raise Invalid(
                "sound_video",
                "This file holds a moving picture. Only sounds can be taken here: export its sound alone, as M4A or MP3.",
            )
        if handler == b"soun":
            found.append(track)
    if len(found) != 1:
        raise Invalid(
            "sound_tracks",
            "This M4A holds several sound tracks, or none. Export the one that should be heard, as M4A or MP3.",
        )
    return found[0]


def _open(data: bytes, track: Box) -> dict[bytes, Box]:
    """The boxes of a track by kind; of those that hold the tables, what lies in them."""
    found: dict[bytes, Box] = {}
    waiting = [track]
    while waiting:
        holder = waiting.pop()
        for box in list_boxes(data, holder.start, holder.end):
            if box.kind in {b"mdia", b"minf", b"stbl"}:
                waiting.append(box)
            else:
                found.setdefault(box.kind, box)
    return found


def _sound_entry(body: bytes) -> bytes:
    """The description of the sound (`mp4a` with its `esds`) and nothing beside it. Raises Invalid when it is no AAC."""
    (count,) = struct.unpack_from(">I", body, 4)
    entry = next(list_boxes(body, 8, len(body)), None)
    if count != 1 or entry is None or entry.kind != b"mp4a":
        raise _no_aac()
    (version,) = struct.unpack_from(">H", body, entry.start + 8)
    if version != 0:  # QuickTime's own form
        raise _no_aac()
    boxes = list_boxes(body, entry.start + SOUND_ENTRY_BYTES, entry.end)
    found = next((box for box in boxes if box.kind == b"esds"), None)
    if found is None or _object_type(body[found.start : found.end]) not in AAC:
        raise _no_aac()
    head = body[entry.start : entry.start + SOUND_ENTRY_BYTES]
    return _box(b"mp4a", head + _box(b"esds", body[found.start : found.end]))


def _object_type(esds: bytes) -> int:
    """Which coding a stream's descriptors name; -1 when they name none."""
    at = 4
    for wanted in (3, 4):
        if esds[at] != wanted:
            return -1
        at += 1
        while esds[at] & 0x80:
            at += 1
        at += 1
        if wanted == 3:
            flags = esds[at + 2]
            at += 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
            at += 1 + esds[at] if flags & 0x40 else 0
    return esds[at]


def _find_chunks(track: Track) -> list[tuple[int, int]]:
    """Where each run of samples begins and ends in the file. Raises Invalid unless all of them are there."""
    sizes = _sample_sizes(track.body(b"stsz"))
    offsets = _chunk_offsets(track)
    runs = _table(track.body(b"stsc"), ">III")
    chunks: list[tuple[int, int]] = []
    sample, total = 0, 0
    for index, (first, each, _) in enumerate(runs):
        last = runs[index + 1][0] - 1 if index + 1 < len(runs) else len(offsets)
        if first != len(chunks) + 1 or not first <= last <= len(offsets):
            raise broken()
        for offset in offsets[first - 1 : last]:
            if sample + each > len(sizes):
                raise broken()
            size = sum(sizes[sample : sample + each])
            sample, total = sample + each, total + size
            if offset + size > len(track.data) or total > len(track.data):
                raise broken()
            chunks.append((offset, offset + size))
    if sample != len(sizes) or len(chunks) != len(offsets) or not chunks:
        raise broken()
    return chunks


def _sample_sizes(body: bytes) -> list[int]:
    size, count = struct.unpack_from(">II", body, 4)
    if count > MOST_SAMPLES:
        raise broken()
    return [size] * count if size else list(struct.unpack_from(f">{count}I", body, 12))


def _chunk_offsets(track: Track) -> list[int]:
    wide = b"stco" not in track.boxes
    body = track.body(b"co64" if wide else b"stco")
    return [offset for (offset,) in _table(body, ">Q" if wide else ">I")]


def _table(body: bytes, form: str) -> list[tuple[int, ...]]:
    """The rows of a table that begins with their number. Raises Invalid."""
    (count,) = struct.unpack_from(">I", body, 4)
    width = struct.calcsize(form)
    if count > MOST_SAMPLES or 8 + count * width > len(body):
        raise broken()
    return list(struct.iter_unpack(form, body[8 : 8 + count * width]))


def _duration_s(track: Track) -> float:
    head = track.body(b"mdhd")
    (scale,) = struct.unpack_from(">I", head, 20 if head[0] == 1 else 12)
    rows = _table(track.body(b"stts"), ">II")
    if not scale or sum(count for count, _ in rows) != len(_sample_sizes(track.body(b"stsz"))):
        raise broken()
    return float(sum(count * delta for count, delta in rows) / scale)


def _index(track: Track, movie: bytes, entry: bytes, offsets: list[int]) -> bytes:
    """The `moov` box: what a player has to know, and no more."""
    tables = _box(b"stsd", struct.pack(">II", 0, 1) + entry)
    tables += b"".join(_box(kind, track.body(kind)) for kind in (b"stts", b"stsc", b"stsz"))
    tables += _box(b"stco", struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets))
    minf = _box(b"smhd", bytes(8)) + _box(b"dinf", _box(b"dref", SELF_CONTAINED)) + _box(b"stbl", tables)
    handler = struct.pack(">II4s12sB", 0, 0, b"soun", bytes(12), 0)
    media = _box(b"mdhd", _undated(track.body(b"mdhd"))) + _box(b"hdlr", handler) + _box(b"minf", minf)
    edits = _box(b"edts", track.body(b"edts")) if b"edts" in track.boxes else b""
    whole = _box(b"tkhd", _undated(track.body(b"tkhd"))) + edits + _box(b"mdia", media)
    return _box(b"moov", _box(b"mvhd", movie) + _box(b"trak", whole))


def _undated(head: bytes) -> bytes:
    """The head of a movie, track or medium, whose moments of making and changing are nobody's business."""
    count = 16 if head[0] == 1 else 8
    return head[:4] + bytes(count) + head[4 + count :]


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _no_aac() -> Invalid:
    return Invalid(
        "sound_coding", "The sound in this M4A is not AAC, so not every phone plays it. Export it as AAC (M4A) or MP3."
    )
