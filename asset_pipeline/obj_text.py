"""OBJ text, a block of whole lines at a time, into arrays: no Python object a line, so that big scans read fast."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused

BLOCK_BYTES = 8 * 1024 * 1024
MAX_LINE_BYTES = 1024 * 1024
OTHER, POINT, TEXTURE, FACE, IGNORED = 0, 1, 2, 3, 4
SPACE, SLASH, NEWLINE = 32, 47, 10


@dataclass(frozen=True)
class Block:
    """What one block of lines holds.

    points: rows of equal width, in order; textures (k, 2); corners (m, 2) int64 of triangles laid end to end: point and
    texture as written, texture 0 where none is; points_before, textures_before, line: (m // 3,) how many of each stood
    before the triangle's line in this block, and that line's number; others: (line, keyword, rest) of all other lines.
    """

    points: list[NDArray[np.float64]]
    textures: NDArray[np.float64]
    corners: NDArray[np.int64]
    points_before: NDArray[np.int64]
    textures_before: NDArray[np.int64]
    line: NDArray[np.int64]
    others: list[tuple[int, bytes, bytes]]


@dataclass(frozen=True)
class Tokens:
    """The words of a block: where each starts and ends, and the line it is on."""

    text: NDArray[np.uint8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    line: NDArray[np.int64]


def read_blocks(path: Path) -> Iterator[tuple[bytes, float]]:
    """Blocks of whole lines, continuation lines joined, with the fraction of the file read. Raises ScanRefused."""
    size, done, rest = path.stat().st_size, 0, b""
    with path.open("rb") as file:
        while chunk := file.read(BLOCK_BYTES):
            done += len(chunk)
            chunk = rest + chunk.replace(b"\r", b"\n")
            end = chunk.rfind(b"\n") + 1
            while end > 0 and chunk[:end].rstrip(b"\n").endswith(b"\\"):
                end = chunk.rfind(b"\n", 0, end - 1) + 1
            if len(chunk) - end > MAX_LINE_BYTES:
                raise ScanRefused("obj_line", f"{path.name} has a line longer than any real one.", "read")
            rest = chunk[end:]
            if end:
                yield _join_lines(chunk[:end]), done / size
    if rest:
        yield _join_lines(rest + b"\n"), 1.0


def _join_lines(block: bytes) -> bytes:
    if b"\\" not in block:
        return block
    return block.replace(b"\\\n\n", b" ").replace(b"\\\n", b" ")


def parse_block(block: bytes) -> Block:
    """The arrays of a block. Raises ValueError with a sentence's end, such as "a vertex that is not numbers"."""
    tokens = _tokenise(block)
    first = np.flatnonzero(np.diff(tokens.line, prepend=-1))  # the keyword of each line that has one
    counts = np.diff(first, append=len(tokens.start))
    kinds = _kinds(tokens, first)
    points = _parse_points(tokens, first, counts, kinds == POINT)
    textures = _parse_textures(tokens, first, counts, kinds == TEXTURE)
    corners, of_line = _parse_faces(tokens, first, counts, kinds == FACE)
    row = np.searchsorted(tokens.line[first], of_line)
    return Block(
        points,
        textures,
        corners,
        np.cumsum(kinds == POINT)[row],
        np.cumsum(kinds == TEXTURE)[row],
        of_line,
        _other_lines(block, tokens, first[kinds == OTHER]),
    )


def _tokenise(block: bytes) -> Tokens:
    text = np.frombuffer(block, np.uint8)
    is_space = text <= SPACE
    edges = np.diff(is_space.astype(np.int8), prepend=np.int8(1), append=np.int8(1))
    start, end = np.flatnonzero(edges == -1), np.flatnonzero(edges == 1)
    newlines = np.flatnonzero(text == NEWLINE)
    return Tokens(text, start, end, np.searchsorted(newlines, start))


def _kinds(tokens: Tokens, first: NDArray[np.int64]) -> NDArray[np.int8]:
    begin, length = tokens.start[first], tokens.end[first] - tokens.start[first]
    one = tokens.text[begin]
    two = tokens.text[np.minimum(begin + 1, len(tokens.text) - 1)]
    kinds = np.zeros(len(first), np.int8)
    kinds[(length == 1) & (one == ord("v"))] = POINT
    kinds[(length == 2) & (one == ord("v")) & (two == ord("t"))] = TEXTURE
    kinds[(length == 1) & (one == ord("f"))] = FACE
    kinds[(length == 2) & (one == ord("v")) & (two == ord("n"))] = IGNORED
    kinds[one == ord("#")] = IGNORED
    return kinds


def _numbers(tokens: Tokens, chosen: NDArray[np.bool_], expected: int, kind: str) -> NDArray[Any]:
    """The chosen words as numbers, parsed in one call; everything else is blanked out first. Raises ValueError."""
    if expected == 0:
        return np.zeros(0, kind)
    steps = np.zeros(len(tokens.text) + 1, np.int8)
    steps[tokens.start[chosen]] += 1
    steps[tokens.end[chosen]] -= 1
    text = np.where(np.cumsum(steps[:-1], dtype=np.int8).astype(bool), tokens.text, np.uint8(SPACE)).tobytes()
    values = parse_numbers(text, kind)
    if len(values) != expected:
        raise ValueError("a word where a number should be")
    return values


def parse_numbers(text: bytes, kind: str) -> NDArray[Any]:
    """The numbers in a text of words with space between. Raises ValueError when a word is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # older numpy's way to say "there was more"
        try:
            return np.fromstring(text, dtype=kind, sep=" ")
        except (ValueError, DeprecationWarning, OverflowError):
            raise ValueError("a word where a number should be") from None


def _of_lines(first: NDArray[np.int64], counts: NDArray[np.int64], lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which words belong to the chosen lines, their keywords left out."""
    chosen = np.repeat(lines, counts)
    chosen[first] = False
    return chosen


def _parse_points(
    tokens: Tokens, first: NDArray[np.int64], counts: NDArray[np.int64], lines: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Rows of points in order, split where their width changes: 3, or 6 with a colour."""
    widths = counts[lines] - 1
    if not len(widths):
        return []
    if widths.min() < 3 or widths.max() > 8:
        raise ValueError("a vertex that is not three numbers")
    values = _numbers(tokens, _of_lines(first, counts, lines), int(widths.sum()), "f8")
    ends = np.cumsum(widths)
    cuts = np.flatnonzero(np.diff(widths)) + 1
    bounds = [0, *cuts.tolist(), len(widths)]
    rows = []
    for begin, end in pairwise(bounds):
        low = int(ends[begin - 1]) if begin else 0
        rows.append(np.asarray(values[low : ends[end - 1]], np.float64).reshape(end - begin, -1))
    return rows


def _parse_textures(
    tokens: Tokens, first: NDArray[np.int64], counts: NDArray[np.int64], lines: NDArray[np.bool_]
) -> NDArray[np.float64]:
    widths = counts[lines] - 1
    if len(widths) and not 1 <= widths.min() <= widths.max() <= 3:
        raise ValueError("a texture coordinate that is not two numbers")
    values = _numbers(tokens, _of_lines(first, counts, lines), int(widths.sum()), "f8")
    table = np.zeros((len(widths), 3))
    table[np.arange(3) < widths[:, None]] = values
    return table[:, :2]


def _parse_faces(
    tokens: Tokens, first: NDArray[np.int64], counts: NDArray[np.int64], lines: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Corners (3 t, 2) of t triangles, polygons as fans, and the line (t,) of each."""
    sides = counts[lines] - 1
    if not len(sides):
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    if sides.min() < 3:
        raise ValueError("a face of fewer than three corners")
    chosen = _of_lines(first, counts, lines)
    corners = _parse_corners(tokens, chosen)
    begins = np.cumsum(sides) - sides
    fans = sides - 2
    begin = np.repeat(begins, fans)
    step = np.arange(len(begin)) - np.repeat(np.cumsum(fans) - fans, fans)
    order = np.stack([begin, begin + step + 1, begin + step + 2], axis=1).ravel()
    return corners[order], np.repeat(tokens.line[first[lines]], fans)


def _parse_corners(tokens: Tokens, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n, 2) point and texture of words such as 7, 7/3, 7/3/1 and 7//1; texture 0 when there is none."""
    slashes = np.concatenate([[0], np.cumsum(tokens.text == SLASH)])
    count = slashes[tokens.end] - slashes[tokens.start]
    pairs = np.concatenate([[False], (tokens.text[1:] == SLASH) & (tokens.text[:-1] == SLASH)])
    doubled = np.concatenate([[0], np.cumsum(pairs)])
    has_pair = doubled[tokens.end] - doubled[tokens.start] > 0
    form = np.where(has_pair, 3, count)
    if count[chosen].max() > 2:
        raise ValueError("a face corner with more than three numbers")
    corners = np.zeros((int(chosen.sum()), 2), np.int64)
    spaced = Tokens(np.where(tokens.text == SLASH, np.uint8(SPACE), tokens.text), tokens.start, tokens.end, tokens.line)
    for number, width in ((0, 1), (1, 2), (2, 3), (3, 2)):
        these = chosen & (form == number)
        if not these.any():
            continue
        values = _numbers(spaced, these, int(these.sum()) * width, "i8").reshape(-1, width)
        where = form[chosen] == number
        corners[where, 0] = values[:, 0]
        if number in (1, 2):
            corners[where, 1] = values[:, 1]
            if not values[:, 1].all():
                raise ValueError("a texture index of 0, which OBJ does not have")
    if not corners[:, 0].all():
        raise ValueError("a vertex index of 0, which OBJ does not have")
    return corners


def _other_lines(block: bytes, tokens: Tokens, first: NDArray[np.int64]) -> list[tuple[int, bytes, bytes]]:
    found = []
    for index in first.tolist():
        begin = int(tokens.start[index])
        words = block[begin : block.find(b"\n", begin)].split(None, 1)
        found.append((int(tokens.line[index]), words[0], words[1].strip() if len(words) > 1 else b""))
    return found
