"""The arrays and pictures of a checked glTF: buffers, views and accessors as numpy views on the file's own bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import meshopt
import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_compressed import find_meshopt, is_hollow
from asset_pipeline.prechecks.precheck_gltf import (
    TYPE_PARTS,
    check_document,
    decode_data_uri,
    parse_json,
    read_glb_parts,
    resource_path,
)
from asset_pipeline.prechecks.precheck_scene import Document

DTYPES = {5120: "i1", 5121: "u1", 5122: "i2", 5123: "u2", 5125: "u4", 5126: "f4"}
WHOLE = {"i1": 127.0, "u1": 255.0, "i2": 32767.0, "u2": 65535.0}  # what stands for 1 in a normalised accessor

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Gltf:
    """A checked document with its buffers; compressed views are kept once they were unpacked."""

    path: Path
    document: Document
    buffers: tuple[Bytes, ...]
    unpacked: dict[int, Bytes] = field(default_factory=dict, repr=False)

    def items(self, name: str) -> list[Document]:
        """One of the document's lists, empty when it is not there."""
        found: list[Document] = self.document.get(name, [])
        return found


@contextmanager
def open_gltf(path: Path) -> Iterator[Gltf]:
    """A GLB or glTF file, checked; its buffers stay mapped while it is open. Raises ScanRefused."""
    if path.suffix.lower() == ".glb":
        document, (offset, length) = read_glb_parts(path)
        check_document(document, path, length)
        binary = _map_file(path, offset, length or 0)
    else:
        document, binary = parse_json(path.read_bytes(), path.name), np.zeros(0, np.uint8)
        check_document(document, path, None)
    yield Gltf(path, document, tuple(_read_buffer(item, path, binary) for item in document.get("buffers", [])))


def _map_file(path: Path, offset: int, length: int) -> Bytes:
    if length == 0:
        return np.zeros(0, np.uint8)
    return np.memmap(path, np.uint8, "r", offset, (length,))


def _read_buffer(buffer: Document, path: Path, binary: Bytes) -> Bytes:
    uri = buffer.get("uri")
    if is_hollow(buffer):
        return np.zeros(0, np.uint8)
    if uri is None:
        return binary
    if uri.startswith("data:"):
        return np.frombuffer(decode_data_uri(uri), np.uint8)
    target = resource_path(uri, path)
    return _map_file(target, 0, target.stat().st_size)


def read_accessor(gltf: Gltf, index: int) -> NDArray[Any]:
    """The values (count, parts) of an accessor: floats when normalised, else in its own type. Raises ScanRefused."""
    accessor = gltf.items("accessors")[index]
    code, parts = DTYPES[accessor["componentType"]], TYPE_PARTS[accessor["type"]]
    count, sparse = int(accessor["count"]), accessor.get("sparse")
    values: NDArray[Any] = np.zeros((0, parts), code)
    if "bufferView" in accessor:
        values = _read_span(gltf, accessor, (code, parts, count))
    elif sparse:
        values = np.zeros((count, parts), code)
    elif count:
        raise ScanRefused("gltf_accessor", f"An accessor of {count} elements has no data of its own.", "read")
    if sparse:
        values = _with_changes(gltf, sparse, values)
    return plain_values(values, accessor)


def plain_values(values: NDArray[Any], accessor: Document) -> NDArray[Any]:
    """The stored values as what they mean: floats from -1 or 0 to 1 when the accessor is normalised."""
    whole = WHOLE.get(values.dtype.str[1:])
    if not accessor.get("normalized") or whole is None:
        return values
    return np.asarray(np.maximum(values.astype(np.float32) / np.float32(whole), -1.0))


def read_view(gltf: Gltf, index: int) -> Bytes:
    """The bytes of a buffer view, unpacked when it is compressed with meshopt. Raises ScanRefused."""
    view = gltf.items("bufferViews")[index]
    packed = find_meshopt(view)
    if packed is None:
        return _cut(gltf, view)
    if index not in gltf.unpacked:
        gltf.unpacked[index] = _unpack(_cut(gltf, packed), packed)
    return gltf.unpacked[index][: view["byteLength"]]


def _cut(gltf: Gltf, span: Document) -> Bytes:
    start = span.get("byteOffset", 0)
    return np.asarray(gltf.buffers[span["buffer"]])[start : start + span["byteLength"]]


def _unpack(data: Bytes, packed: Document) -> Bytes:
    count, stride, mode = packed["count"], packed["byteStride"], packed["mode"]
    if count == 0:
        return np.zeros(0, np.uint8)
    try:
        rows = meshopt.decode_gltf_buffer(data.tobytes(), count, stride, mode, packed.get("filter", "NONE"))
    except ValueError as error:
        text = f"A buffer view compressed with meshopt cannot be unpacked ({error}); export the scan again."
        raise ScanRefused("gltf_meshopt", text, "read") from error
    return np.ascontiguousarray(rows).view(np.uint8).reshape(-1)


def _read_span(gltf: Gltf, item: Document, shape: tuple[str, int, int]) -> NDArray[Any]:
    """A strided view of count elements; every bound was held against the buffer by the header check."""
    code, parts, count = shape
    view = gltf.items("bufferViews")[item["bufferView"]]
    start = item.get("byteOffset", 0)
    step = np.dtype(code).itemsize
    stride = max(view.get("byteStride", 0), parts * step)
    if count == 0:
        return np.zeros((0, parts), code)
    buffer = read_view(gltf, item["bufferView"])[start : start + stride * (count - 1) + parts * step]
    found: NDArray[Any] = np.ndarray((count, parts), "<" + code, np.ascontiguousarray(buffer).data, 0, (stride, step))
    return found


def _with_changes(gltf: Gltf, sparse: Document, values: NDArray[Any]) -> NDArray[Any]:
    changed = int(sparse["count"])
    indices = sparse["indices"]
    rows = _read_span(gltf, indices, (DTYPES[indices["componentType"]], 1, changed))[:, 0].astype(np.int64)
    if len(rows) and rows.max() >= len(values):
        raise ScanRefused("gltf_sparse", "A sparse accessor changes an element that is not there.", "read")
    result = values.copy()
    result[rows] = _read_span(gltf, sparse["values"], (values.dtype.str[1:], values.shape[1], changed))
    return result


def read_picture_bytes(gltf: Gltf, image: Document) -> bytes:
    """The encoded bytes of an image, from a view, a data URI or the file beside. Raises ScanRefused."""
    uri = image.get("uri")
    if uri is None:
        return read_view(gltf, image["bufferView"]).tobytes()
    if uri.startswith("data:"):
        return decode_data_uri(uri)
    return resource_path(uri, gltf.path).read_bytes()
