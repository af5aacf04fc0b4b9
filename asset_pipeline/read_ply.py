"""PLY, text and binary of either byte order, with vertex colours and any order of properties."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Mesh
from asset_pipeline.precheck_plain import PlyElement, read_ply_header
from asset_pipeline.scan import Progress, ScanWarning, no_progress

CODES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1",
    "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
COLOURS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
KEPT = {"x", "y", "z", *(name for names in COLOURS for name in names)}
FLOATS = {"float", "float32", "double", "float64"}
CORNER_LISTS = ("vertex_indices", "vertex_index")

Columns = dict[str, NDArray[Any]]


def parse_numbers(text: bytes, kind: str) -> NDArray[Any]:
    """The numbers in a text of words with space between. Raises ValueError when a word is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # older numpy's way to say "there was more"
        try:
            return np.fromstring(text, dtype=kind, sep=" ")
        except (ValueError, DeprecationWarning, OverflowError):
            raise ValueError("a word where a number should be") from None


@dataclass
class Body:
    """What follows the header, read from front to back: bytes of order `<` or `>`, or, order empty, the numbers of a text."""

    data: bytes
    order: str
    numbers: NDArray[np.float64]
    at: int = 0


def read_ply(path: Path, _: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The surface of a PLY file. Raises ScanRefused."""
    header = read_ply_header(path)
    data = path.read_bytes()[header.body_offset :]
    orders = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
    try:
        numbers = parse_numbers(data, "f8") if header.format == "ascii" else np.zeros(0)
    except ValueError as error:
        raise ScanRefused("ply_data", f"{path.name} has {error}.", "read") from error
    body = Body(data, orders[header.format], numbers)
    columns: dict[str, Columns] = {}
    for element in header.elements:
        try:
            columns[element.name] = _read_element(body, element)
        except (ValueError, IndexError, OverflowError) as error:
            raise ScanRefused(
                "ply_data", f"The {element.name} data of {path.name} cannot be read: {error}.", "read"
            ) from error
    vertex = columns.get("vertex", {})
    if not {"x", "y", "z"} <= set(vertex):
        raise ScanRefused("ply_no_points", f"{path.name} has no vertices with x, y and z.", "read")
    positions = np.stack([vertex[axis].astype(np.float64) for axis in "xyz"], axis=1)
    lost = sorted(set(vertex) - KEPT)
    notes = [ScanWarning("properties_dropped", f"Not kept from the vertices: {', '.join(lost)}.")] if lost else []
    return Mesh(positions, _read_faces(columns, len(positions), path.name), colours=_read_colours(vertex)), notes


def _read_colours(vertex: Columns) -> NDArray[np.uint8] | None:
    names = next((names for names in COLOURS if set(names) <= set(vertex)), None)
    if names is None:
        return None
    values = np.stack([vertex[name] for name in names], axis=1)
    if values.dtype.kind == "f":
        values = np.clip(np.nan_to_num(values), 0, 1) * 255 + 0.5
    elif values.dtype.itemsize == 2:
        values = values // 257
    return values.astype(np.uint8)


def _read_faces(columns: dict[str, Columns], vertices: int, name: str) -> NDArray[np.int32]:
    face = columns.get("face", {})
    corners = next((face[key] for key in CORNER_LISTS if key in face), None)
    if corners is None:
        return np.zeros((0, 3), np.int32)
    if corners.size and (corners.min() < 0 or corners.max() >= vertices):
        raise ScanRefused("face_index", f"A face of {name} names a vertex that is not there.", "read")
    return corners.astype(np.int32)


def _read_element(body: Body, element: PlyElement) -> Columns:
    if body.order == "":
        return _read_text(body, element)
    if all(item.count_type is None for item in element.properties):
        return _read_rows(body, element, {})
    lists = [item.name for item in element.properties if item.count_type]
    start = body.at
    if lists[0] in CORNER_LISTS and len(lists) == 1:
        try:  # nearly every scan has triangles only: one array instead of a walk through the bytes
            rows = _read_rows(body, element, {lists[0]: 3})
        except ValueError:
            rows = None
        if rows is not None and (rows[f"{lists[0]} count"] == 3).all():
            return rows
    body.at = start
    return _walk_lists(body, element)


def _read_rows(body: Body, element: PlyElement, lengths: dict[str, int]) -> Columns:
    fields: list[Any] = []
    for item in element.properties:
        code = body.order + CODES[item.type]
        if item.count_type:
            fields.append((f"{item.name} count", body.order + CODES[item.count_type]))
            fields.append((item.name, code, (lengths[item.name],)))
        else:
            fields.append((item.name, code))
    dtype = np.dtype(fields)
    rows = np.frombuffer(body.data, dtype, element.count, body.at)
    body.at += dtype.itemsize * element.count
    return {name: rows[name] for name in dtype.names or ()}


def _walk_lists(body: Body, element: PlyElement) -> Columns:
    """Rows whose lists differ in length, one after another; polygons become fans of triangles."""
    triangles: list[tuple[int, int, int]] = []
    for _ in range(element.count):
        for item in element.properties:
            if item.count_type is None:
                body.at += np.dtype(CODES[item.type]).itemsize
                continue
            count = int(_take(body, item.count_type, 1)[0])
            if not 0 <= count <= len(body.data):
                raise ValueError("a list claims more than there is")
            corners = _take(body, item.type, count)
            if item.name in CORNER_LISTS:
                triangles += fan(corners.tolist())
    return {CORNER_LISTS[0]: np.array(triangles, np.int64).reshape(-1, 3)}


def _take(body: Body, kind: str, count: int) -> NDArray[Any]:
    dtype = np.dtype(body.order + CODES[kind])
    values = np.frombuffer(body.data, dtype, count, body.at)
    body.at += dtype.itemsize * count
    return values


def fan(corners: list[int]) -> list[tuple[int, int, int]]:
    """A polygon as the triangles between its first corner and each further edge."""
    return [(corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1)]


def _whole_numbers(values: NDArray[np.float64]) -> NDArray[np.int64]:
    if not (np.abs(values) < 2**53).all():
        raise ValueError("a word that is no whole number")
    return values.astype(np.int64)


def _read_text(body: Body, element: PlyElement) -> Columns:
    lists = [index for index, item in enumerate(element.properties) if item.count_type]
    if not lists:
        return _split_columns(element, _take_rows(body, element.count, len(element.properties)))
    start, width = body.at, len(element.properties) + 3
    only_corners = len(lists) == 1 and element.properties[lists[0]].name in CORNER_LISTS
    if only_corners and start + element.count * width <= len(body.numbers):
        table = _take_rows(body, element.count, width)
        if (table[:, lists[0]] == 3).all():  # triangles only, as in nearly every scan
            return {CORNER_LISTS[0]: _whole_numbers(table[:, lists[0] + 1 : lists[0] + 4])}
    body.at = start
    return _walk_text_lists(body, element)


def _take_rows(body: Body, count: int, width: int) -> NDArray[np.float64]:
    table = body.numbers[body.at : body.at + count * width].reshape(count, width)
    body.at += count * width
    return table


def _split_columns(element: PlyElement, table: NDArray[np.float64]) -> Columns:
    return {
        item.name: table[:, index] if item.type in FLOATS else _whole_numbers(table[:, index])
        for index, item in enumerate(element.properties)
    }


def _walk_text_lists(body: Body, element: PlyElement) -> Columns:
    """Rows whose lists differ in length, one after another; polygons become fans of triangles."""
    triangles: list[tuple[int, int, int]] = []
    for _ in range(element.count):
        for item in element.properties:
            if item.count_type is None:
                body.at += 1
                continue
            count = body.numbers[body.at]
            first, end = body.at + 1, body.at + 1 + count
            if not (count >= 0 and count == int(count) and end <= len(body.numbers)):
                raise ValueError("a list claims more than there is")
            if item.name in CORNER_LISTS:
                triangles += fan(_whole_numbers(body.numbers[first : int(end)]).tolist())
            body.at = int(end)
    return {CORNER_LISTS[0]: np.array(triangles, np.int64).reshape(-1, 3)}
