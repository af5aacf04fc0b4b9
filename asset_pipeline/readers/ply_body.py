"""What follows a PLY header, element by element: columns of values, and of lists end to end, whatever the form of the file.

Every reader gives, for each wanted property, its values end to end and, for a list, how many each row has.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.spool import empty_array, let_go
from asset_pipeline.prechecks.precheck_plain import PLY_BYTES, PlyElement, PlyHeader
from asset_pipeline.readers import ply_lists, words

CODES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1",
    "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
CHUNK_ROWS = 1 << 18
BLOCK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Column:
    """A property of an element: values end to end; counts (rows,) when it is a list, a number when all rows have as many."""

    values: NDArray[Any]
    counts: NDArray[np.int32] | int = 1


Columns = dict[str, Column]


@dataclass
class Body:
    """A file read from front to back: bytes of order `<` or `>`, or a text, whose numbers come a block at a time."""

    data: NDArray[np.uint8]
    order: str
    mapped: mmap.mmap | None = None
    start: int = 0  # where the data begins in what is mapped
    at: int = 0
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))


def open_body(path: Path, header: PlyHeader) -> Body:
    """The body of a PLY file, mapped rather than read."""
    order, start = ORDERS.get(header.format, ""), header.body_offset
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return Body(np.frombuffer(mapped, np.uint8)[start:], order, mapped, start)


def read_element(body: Body, element: PlyElement, wanted: set[str]) -> Columns:
    """The wanted columns of an element, read or passed over. Raises ValueError with a sentence's end."""
    if not element.properties or not element.count:
        return {}
    names = [item.name for item in element.properties if item.name in wanted]
    if body.order and not any(item.count_type for item in element.properties):
        return _read_fixed(body, element, names, [1] * len(element.properties))
    if body.order:
        lengths = _first_lengths(body, element)
        if lengths is not None:
            found = _read_fixed(body, element, names, lengths)
            if found:
                return found
    chunks = list(_read_chunks(body, element, names))
    return {
        name: Column(
            np.concatenate([chunk[name].values for chunk in chunks]),
            np.concatenate([np.asarray(chunk[name].counts, np.int32) for chunk in chunks]) if item.count_type else 1,
        )
        for name, item in ((item.name, item) for item in element.properties if item.name in names)
    }


def _layout(element: PlyElement, names: list[str]) -> NDArray[np.int64]:
    rows = []
    for item in element.properties:
        count_bytes = PLY_BYTES[item.count_type] if item.count_type else 0
        signed = bool(item.count_type) and CODES[item.count_type or ""].startswith("i")
        rows.append((count_bytes, signed, PLY_BYTES[item.type], names.index(item.name) if item.name in names else -1))
    return np.array(rows, np.int64).reshape(-1, 4)


def _first_lengths(body: Body, element: PlyElement) -> list[int] | None:
    """How long each property is in the first row: nearly every scan has rows all alike. None when it is cut off."""
    names = [item.name for item in element.properties]
    if len(set(names)) < len(names):
        return None
    offsets, counts = np.zeros((1, len(names)), np.int64), np.zeros((1, len(names)), np.int32)
    done, _ = ply_lists.walk_bytes(body.data, body.at, _layout(element, names), body.order == ">", offsets, counts)
    return counts[0].tolist() if done == 1 else None


def _read_fixed(body: Body, element: PlyElement, names: list[str], lengths: list[int]) -> Columns:
    """The columns of rows that all have lists of those lengths; none when they do not."""
    dtype = _row_type(body, element, lengths)
    if dtype.itemsize * element.count > len(body.data) - body.at:
        if any(item.count_type for item in element.properties):
            return {}
        raise ValueError("the file ends before it")
    columns = {
        index: empty_array((element.count, length), CODES[item.type])
        for index, (item, length) in enumerate(zip(element.properties, lengths, strict=True))
        if item.name in names
    }
    for start in range(0, element.count, CHUNK_ROWS):
        at, size = body.at + dtype.itemsize * start, min(CHUNK_ROWS, element.count - start)
        rows = body.data[at : at + dtype.itemsize * size].view(dtype)
        for index, (item, length) in enumerate(zip(element.properties, lengths, strict=True)):
            if item.count_type and not (rows[f"count {index}"] == length).all():
                return {}
            if index in columns:
                columns[index][start : start + size] = rows[f"value {index}"]
        _let_go(body, at + dtype.itemsize * size)
        let_go(*columns.values())
    body.at += dtype.itemsize * element.count
    return {
        item.name: Column(columns[index].reshape(-1), lengths[index])
        for index, item in enumerate(element.properties)
        if index in columns
    }


def _row_type(body: Body, element: PlyElement, lengths: list[int]) -> np.dtype[Any]:
    fields: list[Any] = []
    for index, (item, length) in enumerate(zip(element.properties, lengths, strict=True)):
        if item.count_type:
            fields.append((f"count {index}", body.order + CODES[item.count_type]))
        fields.append((f"value {index}", body.order + CODES[item.type], (length,)))
    return np.dtype(fields)


def _let_go(body: Body, done: int) -> None:
    """Give back the memory of what was read: mapped pages count as ours while they stay."""
    if body.mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        body.mapped.madvise(mmap.MADV_DONTNEED, 0, min(body.start + done, len(body.mapped)))


def _read_chunks(body: Body, element: PlyElement, names: list[str]) -> Iterator[Columns]:
    """Rows whose lists differ in length, a chunk of rows at a time."""
    layout, left = _layout(element, names), element.count
    offsets, counts = np.zeros((CHUNK_ROWS, len(names)), np.int64), np.zeros((CHUNK_ROWS, len(names)), np.int32)
    while left:
        rows = min(left, CHUNK_ROWS)
        if body.order:
            done, at = ply_lists.walk_bytes(
                body.data, body.at, layout, body.order == ">", offsets[:rows], counts[:rows]
            )
        else:
            done, at = ply_lists.walk_numbers(body.numbers, layout, offsets[:rows], counts[:rows])
        if done < 0:
            raise ValueError("a list has a length that is no length")
        if done:
            types = {item.name: item.type for item in element.properties}
            yield {
                name: Column(_gather(body, types[name], offsets[:done, k], counts[:done, k]), counts[:done, k].copy())
                for k, name in enumerate(names)
            }
        left -= done
        if body.order:
            body.at = at
            if left and done < rows:
                raise ValueError("a list claims more than there is")
        else:
            body.numbers = body.numbers[at:]
            if left and done < rows and not _take_block(body):
                raise ValueError("the file ends before it")


def _gather(body: Body, kind: str, offsets: NDArray[np.int64], counts: NDArray[np.int32]) -> NDArray[Any]:
    """The values of one column, end to end."""
    size = PLY_BYTES[kind] if body.order else 1
    lengths = counts.astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    if len(offsets) == 1:  # one long list, such as strips
        places = slice(int(offsets[0]), int(offsets[0]) + size * int(lengths[0]))
        if body.order:
            return np.array(body.data[places].view(body.order + CODES[kind]), CODES[kind])
        return body.numbers[places]
    where = np.repeat(offsets - size * starts, lengths) + size * np.arange(int(lengths.sum()))
    if not body.order:
        return np.asarray(body.numbers[where])
    rows = np.empty((len(where), size), np.uint8)
    for k in range(size):
        rows[:, k] = body.data[where + k]
    return rows.reshape(-1).view(body.order + CODES[kind]).astype(CODES[kind], copy=False)


def _take_block(body: Body) -> bool:
    """Read the next numbers of a text; whether there were any. Raises ValueError at a word that is no number."""
    end = min(body.at + BLOCK_BYTES, len(body.data))
    while end < len(body.data) and body.data[end - 1] > ord(" "):
        end += 1  # a word is not cut in two
    block = body.data[body.at : end]
    values = np.empty(len(block) // 2 + 1)
    count, broken = words.parse_numbers(block, values)
    if broken:
        raise ValueError("a word where a number should be")
    body.at = end
    body.numbers = np.concatenate([body.numbers, values[:count]])
    return len(block) > 0
