"""OBJ text, a block of whole lines at a time, into arrays: gone through twice, to count and to fill, so nothing is doubled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.spool import empty_array, let_go
from asset_pipeline.readers import words
from asset_pipeline.scan import Progress

BLOCK_BYTES = 4 * 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COUNT_SHARE = 0.2  # of the whole time
SAID = {
    words.BAD_POINT: "a vertex that is not three numbers",
    words.BAD_TEXTURE: "a texture coordinate that is not two numbers",
    words.BAD_CORNER: "a face corner that is no index",
    words.ZERO_INDEX: "an index of 0, which OBJ does not have",
}


@dataclass(frozen=True)
class Lines:
    """What an OBJ holds, indices from 0.

    points (n, 3); colours (n, 3) as written, or empty; textures (k, 2); corners (c,) and corner_textures (c,), the latter
    -1 where none is, or empty; sizes (f,) corners of each face, or empty when all have three; short_faces: faces of fewer,
    left out; others: (faces before the line, keyword, rest) of all other lines.
    """

    points: NDArray[np.float64]
    colours: NDArray[np.float32]
    textures: NDArray[np.float32]
    corners: NDArray[np.int32]
    corner_textures: NDArray[np.int32]
    sizes: NDArray[np.int32]
    faces: int
    short_faces: int
    others: list[tuple[int, bytes, bytes]]


@dataclass(frozen=True)
class Counts:
    """How many lines of each kind an OBJ has; others: the most in one block."""

    points: int
    coloured: int
    textures: int
    faces: int
    corners: int
    short_faces: int
    others: int


def read_lines(path: Path, progress: Progress) -> Lines:
    """The lines of an OBJ as arrays. Raises ScanRefused with the number of the line at fault."""
    counts = _count(path, progress)
    lines = Lines(
        empty_array((counts.points, 3), np.float64),
        empty_array((counts.points if counts.coloured else 0, 3), np.float32),
        empty_array((counts.textures, 2), np.float32),
        empty_array((counts.corners,), np.int32),
        empty_array((counts.corners if counts.textures else 0,), np.int32),
        np.empty(counts.faces if counts.corners != 3 * counts.faces else 0, np.int32),
        counts.faces,
        counts.short_faces,
        [],
    )
    state = np.zeros(5, np.int64)
    others = np.empty((counts.others, 3), np.int64)
    for block, start, done in _read_blocks(path):
        state[4] = 0
        status, at = words.read_lines(
            np.frombuffer(block, np.uint8),
            state,
            lines.points,
            lines.colours,
            lines.textures,
            lines.corners,
            lines.corner_textures,
            lines.sizes,
            others,
        )
        let_go(lines.points, lines.colours, lines.textures, lines.corners, lines.corner_textures)
        if status:
            text = f"{path.name} has {SAID[status]} in line {_line_number(path, start + at)}."
            raise ScanRefused("obj_line", text, "read")
        lines.others.extend(
            (faces, *_split_keyword(block[begin:end])) for begin, faces, end in others[: state[4]].tolist()
        )
        progress("read", COUNT_SHARE + (1 - COUNT_SHARE) * done)
    return lines


def _count(path: Path, progress: Progress) -> Counts:
    totals, most = np.zeros(7, np.int64), 0
    for block, _, done in _read_blocks(path):
        before = int(totals[5])
        words.count_lines(np.frombuffer(block, np.uint8), totals)
        most = max(most, int(totals[5]) - before)
        progress("read", COUNT_SHARE * done)
    points, coloured, textures, faces, corners, _, short = totals.tolist()
    return Counts(points, coloured, textures, faces, corners, short, most)


def _read_blocks(path: Path) -> Iterator[tuple[bytes, int, float]]:
    """(whole lines with continuation lines joined, where they begin, share of the file read). Raises ScanRefused."""
    size, start, rest = path.stat().st_size, 0, b""
    with path.open("rb") as file:
        if file.read(3) != BYTE_ORDER_MARK:
            file.seek(0)
        while chunk := file.read(BLOCK_BYTES):
            chunk = rest + chunk
            end = _last_line_end(chunk)
            if len(chunk) - end > MAX_LINE_BYTES:
                raise ScanRefused("obj_line", f"{path.name} has a line longer than any real one.", "read")
            rest = chunk[end:]
            if end:
                yield _join_lines(chunk[:end]), start, file.tell() / size
            start += end
    if rest:
        yield _join_lines(rest), start, 1.0


def _last_line_end(chunk: bytes) -> int:
    """Where the last line ends that no backslash carries on."""
    end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
    while end > 0 and chunk[max(0, end - 3) : end].rstrip(b"\r\n").endswith(b"\\"):
        end = max(chunk.rfind(b"\n", 0, end - 2), chunk.rfind(b"\r", 0, end - 2)) + 1
    return end


def _join_lines(block: bytes) -> bytes:
    """The block with continued lines as one; it keeps its length, so that places in it stay true."""
    if b"\\" not in block:
        return block
    return block.replace(b"\\\r\n", b"   ").replace(b"\\\n", b"  ").replace(b"\\\r", b"  ")


def _split_keyword(line: bytes) -> tuple[bytes, bytes]:
    keyword, *rest = line.split(None, 1)
    return keyword, rest[0].strip() if rest else b""


def _line_number(path: Path, place: int) -> int:
    """The number of the line, from 1, in which a byte stands."""
    number = 1
    with path.open("rb") as file:
        while place > 0 and (chunk := file.read(min(place, BLOCK_BYTES))):
            number += chunk.count(b"\n")
            place -= len(chunk)
    return number
