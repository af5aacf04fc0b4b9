"""STL, text and binary: triangles, and the colours that two programs write into a binary one."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.geometry.spool import copy_array, empty_array, let_go
from asset_pipeline.mesh import Mesh
from asset_pipeline.prechecks.precheck_plain import STL_HEADER_BYTES, STL_TRIANGLE_BYTES, count_stl_triangles
from asset_pipeline.readers import words
from asset_pipeline.scan import Progress, ScanWarning, no_progress, warn

FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
CHUNK = 1 << 17
BLOCK_BYTES = 4 * 1024 * 1024
LEAST_VERTEX_BYTES = 12  # `vertex 0 0 0`
COLOURED = 0x8000
MOST_JOINED = 12_000_000  # corners that are joined in memory; of more the cleaning of large scans finds the equal ones


def read_stl(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The triangles of an STL, equal corners joined. Raises ScanRefused."""
    count = count_stl_triangles(path)
    if count is None:
        return _join(_read_text(path, progress), None), []
    corners, attributes, header = _read_binary(path, count, progress)
    colours, warnings = _read_colours(attributes, header, path.name)
    if STL_HEADER_BYTES + STL_TRIANGLE_BYTES * count != path.stat().st_size:
        warnings.append(warn("stl_size", file=path.name, bytes=path.stat().st_size, triangles=count))
    return _join(corners, colours), warnings


def _read_binary(path: Path, count: int, progress: Progress) -> tuple[NDArray[np.float32], NDArray[np.uint16], bytes]:
    """Corners (3 n, 3), the attribute (n,) of each triangle, and the header's text."""
    corners, attributes = empty_array((count, 3, 3), np.float32), np.empty(count, np.uint16)
    with path.open("rb") as file:
        header = file.read(STL_HEADER_BYTES)
        for start in range(0, count, CHUNK):
            rows = np.frombuffer(file.read(FACET.itemsize * min(CHUNK, count - start)), FACET)
            corners[start : start + len(rows)] = rows["corners"]
            attributes[start : start + len(rows)] = rows["attribute"]
            let_go(corners)
            progress("read", 0.5 * (start + len(rows)) / count)
    return corners.reshape(-1, 3), attributes, header[:80]


def _read_text(path: Path, progress: Progress) -> NDArray[np.float64]:
    parts: list[NDArray[np.float64]] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        at, size = 0, len(text)
        while at < size:
            end = text.rfind(b"\n", at, at + BLOCK_BYTES) + 1 if at + BLOCK_BYTES < size else size
            if end <= at:
                raise ScanRefused("stl_number", f"{path.name} has a line longer than any real one.", "read")
            block = np.frombuffer(text[at:end], np.uint8)
            corners = np.empty((len(block) // LEAST_VERTEX_BYTES + 1, 3))
            count, broken = words.parse_facets(block, corners)
            if broken:
                raise ScanRefused("stl_number", f"{path.name} has a vertex that is not three numbers.", "read")
            parts.append(corners[:count].copy())
            at = end
            progress("read", 0.5 * at / size)
    corners = np.concatenate(parts) if parts else np.zeros((0, 3))
    if len(corners) % 3:
        raise ScanRefused("stl_cut", f"{path.name} ends inside a triangle.", "read")
    return corners


def _read_colours(
    attributes: NDArray[np.uint16], header: bytes, name: str
) -> tuple[NDArray[np.uint8] | None, list[ScanWarning]]:
    """Colours (n, 3) of the triangles, five bits each: as Magics writes them under a header with COLOR=, or VisCAM."""
    at = header.find(b"COLOR=")
    if at >= 0 and len(header) >= at + 10:
        whole = np.frombuffer(header[at + 6 : at + 9], np.uint8)
        own = _unpack(attributes, (0, 5, 10))
        return np.where((attributes & COLOURED)[:, None] > 0, whole, own).astype(np.uint8), []
    marked = (attributes & COLOURED) > 0
    if marked.any():
        return np.where(marked[:, None], _unpack(attributes, (10, 5, 0)), 255).astype(np.uint8), []
    if attributes.any():
        return None, [warn("stl_attributes", file=name)]
    return None, []


def _unpack(attributes: NDArray[np.uint16], shifts: tuple[int, int, int]) -> NDArray[np.uint8]:
    planes = [((attributes >> shift) & 31).astype(np.uint16) * 255 // 31 for shift in shifts]
    return np.stack(planes, axis=1).astype(np.uint8)


def _join(corners: NDArray[Any], colours: NDArray[np.uint8] | None) -> Mesh:
    """A mesh whose vertices are the different corners; colours (n, 3) of the triangles keep corners apart."""
    if len(corners) > MOST_JOINED:
        faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
        return Mesh(
            copy_array(corners, np.float64), faces, colours=None if colours is None else np.repeat(colours, 3, axis=0)
        )
    plain = np.ascontiguousarray(corners)
    plain += 0  # -0.0 and 0.0 are one
    columns = plain.view(np.int32)
    if colours is not None:
        packed = colours.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
        columns = np.concatenate([columns, np.repeat(packed, 3)[:, None]], axis=1, dtype=np.int32)
    numbers, firsts = number_rows(columns)
    return Mesh(
        plain[firsts].astype(np.float64),
        numbers.reshape(-1, 3),
        colours=None if colours is None else colours[firsts // 3],
    )
