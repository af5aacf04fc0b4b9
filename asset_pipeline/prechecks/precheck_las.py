"""Header check of LAS and LAZ, versions 1.0 to 1.4: every claim against the bytes that are there. Standard library only.

Sources: ASPRS LAS 1.4 R15; the LASzip specification for the record 22204 and the chunk table.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from asset_pipeline.errors import ScanRefused

MAX_POINTS = 400_000_000  # 8 GB of our own records on disk while the cloud is read
MAX_RECORDS = 4096  # variable length records; files have a handful
MAX_RECORD_BYTES = 1024 * 1024  # of a record that we read, the description of the map coordinates
MAX_POINTS_A_BYTE = 64  # a LAZ that packs more is made to waste time; surveys need two bytes a point or more
FARTHEST = 1e9  # an offset beyond it is on no planet in metres or feet
POINT_BYTES = {0: 20, 1: 28, 2: 26, 3: 34, 4: 57, 5: 63, 6: 30, 7: 36, 8: 38, 9: 59, 10: 67}
HEADER_BYTES = {0: 227, 1: 227, 2: 227, 3: 235, 4: 375}  # by minor version
PROJECTION_USER, GEO_KEYS, GEO_TEXTS, WKT = b"LASF_Projection", 34735, 34737, 2112
LASZIP_USER, LASZIP = b"laszip encoded", 22204
CHUNKED = (2, 3)  # LASzip compressors that write a chunk table
LAYERED = 3
LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}  # by the kind of item; of extra bytes, 14, as many as there are
VARIABLE_CHUNKS = 0xFFFFFFFF


@dataclass(frozen=True)
class LasHeader:
    """What a sound LAS header says; low and high in the file's unit; geo_keys and wkt describe its map coordinates."""

    version: tuple[int, int]
    point_format: int
    compressed: bool
    points: int
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    geo_keys: bytes
    wkt: str
    points_at: int = 0
    laszip: bytes = b""  # LASzip's own record, of a compressed file


@dataclass(frozen=True)
class _Layout:
    """Where things lie, in bytes from the start of the file."""

    name: str
    size: int
    header: int
    records: int
    points_at: int
    point_bytes: int
    points: int


def check_las(path: Path) -> None:
    """Hold a LAS or LAZ header against the file. Raises ScanRefused."""
    read_las_header(path)


def read_las_header(path: Path) -> LasHeader:
    """The header of a LAS or LAZ file. Raises ScanRefused."""
    with path.open("rb") as file:
        head = file.read(375)
        layout, version, kind = _read_layout(head, path)
        numbers = struct.unpack_from("<12d", head, 131)
        _check_numbers(numbers, path.name)
        found = _read_records(file, layout)
        if version[1] == 4:
            found |= _read_late_records(file, head, layout)
        compressed = bool(kind & 0xC0)
        if compressed:
            _check_compressed(file, layout, found.get((LASZIP_USER, LASZIP), b""))
        elif layout.points * layout.point_bytes > layout.size - layout.points_at:
            raise _too_short(layout)
    _, _, _, _, _, _, high_x, low_x, high_y, low_y, high_z, low_z = numbers
    return LasHeader(
        version,
        kind & 0x3F,
        compressed,
        layout.points,
        (low_x, low_y, low_z),
        (high_x, high_y, high_z),
        found.get((PROJECTION_USER, GEO_KEYS), b""),
        found.get((PROJECTION_USER, WKT), b"").rstrip(b"\0").decode("utf-8", "replace"),
        layout.points_at,
        found.get((LASZIP_USER, LASZIP), b"") if compressed else b"",
    )


def _refuse(code: str, text: str) -> ScanRefused:
    return ScanRefused(code, text, "check")


def _too_short(layout: _Layout) -> ScanRefused:
    text = f"{layout.name} claims {layout.points:,} points and has {layout.size:,} bytes: it is cut off or false."
    return _refuse("las_too_short", text)


def _read_layout(head: bytes, path: Path) -> tuple[_Layout, tuple[int, int], int]:
    """(layout, version, point format byte)."""
    if len(head) < HEADER_BYTES[0] or head[:4] != b"LASF":
        raise _refuse("las_no_header", f"{path.name} does not begin with a LAS header.")
    version = (head[24], head[25])
    least = HEADER_BYTES.get(version[1], 0)
    if version[0] != 1 or not least:
        raise _refuse("las_version", f"{path.name} is LAS {version[0]}.{version[1]}; versions 1.0 to 1.4 can be read.")
    header, points_at, records, kind, point_bytes, points = struct.unpack_from("<HIIBHI", head, 94)
    if version[1] == 4 and len(head) >= least:
        points = struct.unpack_from("<Q", head, 247)[0] or points
    size = path.stat().st_size
    if not least <= header <= points_at < size or len(head) < least:
        raise _refuse("las_layout", f"The header of {path.name} names places that are not in the file.")
    if point_bytes < POINT_BYTES.get(kind & 0x3F, 1 << 16):
        raise _refuse(
            "las_point_format", f"{path.name} has points of format {kind & 0x3F} in {point_bytes} bytes each."
        )
    layout = _Layout(path.name, size, header, records, points_at, point_bytes, points)
    _check_count(layout)
    return layout, version, kind


def _check_count(layout: _Layout) -> None:
    if layout.points == 0:
        raise _refuse("las_no_points", f"{layout.name} holds no points.")
    if layout.points > layout.size * MAX_POINTS_A_BYTE:
        raise _too_short(layout)
    if layout.points > MAX_POINTS:
        text = f"{layout.name} holds {layout.points:,} points; at most {MAX_POINTS:,} are taken. Cut it into tiles."
        raise _refuse("las_too_many", text)


def _check_numbers(numbers: tuple[float, ...], name: str) -> None:
    scales, offsets, bounds = numbers[:3], numbers[3:6], numbers[6:]
    if not all(math.isfinite(scale) and 1e-9 <= abs(scale) <= 1e3 for scale in scales):
        raise _refuse("las_scale", f"The scale of the coordinates of {name} is no ordinary number.")
    if not all(math.isfinite(value) and abs(value) <= FARTHEST for value in (*offsets, *bounds)):
        raise _refuse("las_offset", f"The coordinates of {name} lie beyond {FARTHEST:.0e}, or are no numbers.")
    if any(bounds[axis] < bounds[axis + 1] for axis in (0, 2, 4)):
        raise _refuse("las_bounds", f"The bounds in the header of {name} are upside down.")


def _read_records(file: BinaryIO, layout: _Layout) -> dict[tuple[bytes, int], bytes]:
    """The variable length records that we know, by user and number."""
    if layout.records > MAX_RECORDS:
        raise _refuse("las_records", f"{layout.name} claims {layout.records} records before its points.")
    found: dict[tuple[bytes, int], bytes] = {}
    at = layout.header
    for _ in range(layout.records):
        if at + 54 > layout.points_at:
            raise _refuse("las_records", f"A record before the points of {layout.name} reaches into them.")
        file.seek(at)
        user, number, length = struct.unpack("<2x16sHH32x", file.read(54))
        if at + 54 + length > layout.points_at:
            raise _refuse("las_records", f"A record before the points of {layout.name} reaches into them.")
        found[user.split(b"\0")[0], number] = file.read(length)
        at += 54 + length
    return found


def _read_late_records(file: BinaryIO, head: bytes, layout: _Layout) -> dict[tuple[bytes, int], bytes]:
    """Records after the points, of LAS 1.4; each begins where the one before ends, so that no loop is possible."""
    at, count = struct.unpack_from("<QI", head, 235)
    if count > MAX_RECORDS or (count and at < layout.points_at):
        raise _refuse("las_records", f"{layout.name} names records after its points where none can be.")
    found: dict[tuple[bytes, int], bytes] = {}
    for _ in range(count):
        if at + 60 > layout.size:
            raise _refuse("las_records", f"A record after the points of {layout.name} lies past its end.")
        file.seek(at)
        user, number, length = struct.unpack("<2x16sHQ32x", file.read(60))
        if length > layout.size - at - 60:
            raise _refuse("las_records", f"A record after the points of {layout.name} reaches past its end.")
        if user.startswith(PROJECTION_USER) and length <= MAX_RECORD_BYTES:
            found[user.split(b"\0")[0], number] = file.read(length)
        at += 60 + length
    return found


def _check_compressed(file: BinaryIO, layout: _Layout, record: bytes) -> None:
    """A LAZ: its own record, and as many chunks as its points need."""
    chunk_points, layers = _read_compression(layout, record)
    data_bytes = layout.size - layout.points_at
    if data_bytes < 16:
        raise _too_short(layout)
    file.seek(layout.points_at)
    table_at = struct.unpack("<q", file.read(8))[0]
    if table_at == -1:  # written as a stream: the place stands at the very end
        file.seek(layout.size - 8)
        table_at = struct.unpack("<q", file.read(8))[0]
    if not layout.points_at + 8 <= table_at <= layout.size - 8:
        raise _too_short(layout)
    file.seek(table_at)
    chunks = struct.unpack("<II", file.read(8))[1]
    # every chunk begins with one whole point, so the bytes say how many chunks there can be
    if chunks == 0 or chunks * layout.point_bytes > data_bytes or layout.points > data_bytes * MAX_POINTS_A_BYTE:
        raise _too_short(layout)
    if chunk_points != VARIABLE_CHUNKS and layout.points > chunks * chunk_points:
        raise _too_short(layout)
    if layers:
        _check_layers(file, layout, table_at, layers)


def _check_layers(file: BinaryIO, layout: _Layout, end: int, layers: int) -> None:
    """Walk the chunks of layered points: one point as it is, a count, and the bytes of each layer, which follow.

    The decoder makes room for a layer before it looks whether so much is there.
    """
    at, head = layout.points_at + 8, layout.point_bytes + 4 * (1 + layers)
    while at < end:
        file.seek(at + layout.point_bytes + 4)
        sizes = file.read(4 * layers)
        at += head + sum(struct.unpack(f"<{len(sizes) // 4}I", sizes[: len(sizes) // 4 * 4]))
        if at > end or len(sizes) < 4 * layers:
            raise _refuse(
                "laz_chunk", f"A chunk of {layout.name} claims more bytes than there are: it is cut off or false."
            )


def _read_compression(layout: _Layout, record: bytes) -> tuple[int, int]:
    """Points a chunk, and layers in which each chunk holds them or 0, from LASzip's own record."""
    if len(record) < 34:
        raise _refuse("laz_record", f"{layout.name} is compressed and does not say how.")
    compressor, _, _, _, _, _, chunk_points, _, _, items = struct.unpack_from("<HHBBHIIqqH", record)
    if compressor not in CHUNKED or chunk_points == 0 or items > 16 or len(record) < 34 + 6 * items:
        raise _refuse("laz_record", f"{layout.name} is compressed in a way that cannot be read.")
    kinds = [struct.unpack_from("<HH", record, 34 + 6 * item) for item in range(items)]
    if sum(size for _, size in kinds) != layout.point_bytes:
        raise _refuse("laz_record", f"The compressed points of {layout.name} are not as long as its header says.")
    if compressor != LAYERED:
        return int(chunk_points), 0
    return int(chunk_points), sum(LAYERS.get(kind, size) for kind, size in kinds)
