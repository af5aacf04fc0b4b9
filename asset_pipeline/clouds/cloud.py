"""A point cloud on disk: read once into plain records in a temporary file, then gone through in chunks as often as needed.

So memory stays the same however many points there are. Coordinates become float32 round an origin in double precision:
exact to a millimetre over 10 km.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.crs import UNKNOWN, Crs
from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import ordinary_points

RECORD = np.dtype([("at", "<f4", (3,)), ("rgb", "<u2", (3,)), ("kind", "u1"), ("returns", "u1")])
CHUNK_POINTS = 500_000
SAMPLE_POINTS = 200_000  # for quantiles
GROUND, BUILDING, NOISE, VEGETATION = 2, 6, (7, 18), (3, 4, 5)  # ASPRS classes
STRAY_SHARE, STRAY_REACH = 0.001, 1.0  # beyond this quantile by more than the whole spread of the rest: a stray point

Points = NDArray[np.float64]
Records = NDArray[np.void]


@dataclass(frozen=True)
class PointChunk:
    """Points as a reader gives them: positions (n, 3), z up; colours (n, 3) uint16 or None; classes and returns (n,) uint8.

    returns: number of returns of the pulse, 0 where the file does not say.
    """

    positions: Points
    colours: NDArray[np.uint16] | None = None
    kinds: NDArray[np.uint8] | None = None
    returns: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Cloud:
    """Sound points of one or more files. at = origin + what a record holds; low and high (3,) bound what is no stray.

    shift: bits that a colour is too long by, None without colours. dropped: what was left out, by reason.
    """

    file: BinaryIO = field(repr=False)
    points: int
    origin: Points
    low: Points
    high: Points
    shift: int | None
    kinds: frozenset[int]
    dropped: dict[str, int]
    crs: Crs = UNKNOWN


@contextmanager
def gather_cloud(chunks: Iterable[PointChunk], origin: Points, crs: Crs = UNKNOWN) -> Iterator[Cloud]:
    """The points of all chunks as one cloud, whose file is gone afterwards. Raises ScanRefused when nothing is left."""
    with tempfile.TemporaryFile(prefix="dejima-cloud-") as file:
        dropped = {"noise": 0, "broken": 0, "stray": 0}
        most, written, kinds = -1, 0, set[int]()
        for chunk in chunks:
            records = _pack(chunk, origin, dropped)
            file.write(records.tobytes())
            written += len(records)
            kinds.update(np.unique(records["kind"]).tolist())
            if chunk.colours is not None and len(records):
                most = max(most, int(records["rgb"].max()))
        if written == 0:
            raise ScanRefused("no_finite_point", "The point cloud holds no point with ordinary coordinates.", "read")
        low, high = _sound_bounds(file, written)
        shift = None if most <= 0 else 8 if most > 255 else 0  # all black is no colour
        yield Cloud(file, written, origin, low, high, shift, frozenset(kinds), dropped, crs)


def _pack(chunk: PointChunk, origin: Points, dropped: dict[str, int]) -> Records:
    kept = ordinary_points(chunk.positions)
    dropped["broken"] += int((~kept).sum())
    if chunk.kinds is not None:
        noise = kept & np.isin(chunk.kinds, NOISE)
        dropped["noise"] += int(noise.sum())
        kept &= ~noise
    records = np.zeros(int(kept.sum()), RECORD)
    records["at"] = chunk.positions[kept] - origin
    for name, values in (("rgb", chunk.colours), ("kind", chunk.kinds), ("returns", chunk.returns)):
        if values is not None:
            records[name] = values[kept]
    return records


def read_records(cloud: Cloud) -> Iterator[Records]:
    """All records, chunk by chunk, in the order of the file."""
    yield from _read(cloud.file, cloud.points)


def _read(file: BinaryIO, points: int) -> Iterator[Records]:
    for start in range(0, points, CHUNK_POINTS):
        file.seek(start * RECORD.itemsize)
        count = min(CHUNK_POINTS, points - start)
        yield np.frombuffer(file.read(count * RECORD.itemsize), RECORD)


def read_colours(cloud: Cloud, records: Records) -> NDArray[np.uint8] | None:
    """The colours (n, 3) of records as sRGB bytes; None when the cloud has none."""
    return None if cloud.shift is None else (records["rgb"] >> cloud.shift).astype(np.uint8)


def sample_cloud(cloud: Cloud, count: int) -> Points:
    """Every k-th point that is no stray, at least `count` of them if there are so many, (n, 3) without the origin."""
    return sample_coloured(cloud, count)[0]


def sample_coloured(cloud: Cloud, count: int) -> tuple[Points, NDArray[np.uint8] | None]:
    """The same with their colours (n, 3) as sRGB bytes; None when the cloud has none."""
    step = max(1, cloud.points // count)
    records = np.concatenate([records[-start % step :: step] for start, records in _numbered(cloud)])
    records = records[inside(cloud, records["at"])]
    return records["at"].astype(np.float64), read_colours(cloud, records)


def inside(cloud: Cloud, at: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which points (n, 3) lie within the cloud's sound bounds."""
    return np.asarray(np.all((at >= cloud.low) & (at <= cloud.high), axis=1))


def _numbered(cloud: Cloud) -> Iterator[tuple[int, Records]]:
    start = 0
    for records in read_records(cloud):
        yield start, records
        start += len(records)


def _sound_bounds(file: BinaryIO, points: int) -> tuple[Points, Points]:
    """The box of all points but those that lie further out than everything else is wide."""
    step = max(1, points // SAMPLE_POINTS)
    low, high, sampled, start = np.full(3, np.inf), np.full(3, -np.inf), [], 0
    for records in _read(file, points):
        at = records["at"]
        low, high = np.minimum(low, at.min(axis=0)), np.maximum(high, at.max(axis=0))
        sampled.append(at[-start % step :: step])
        start += len(at)
    inner_low, inner_high = np.quantile(np.concatenate(sampled), (STRAY_SHARE, 1 - STRAY_SHARE), axis=0)
    reach = STRAY_REACH * (inner_high - inner_low).max()
    return np.maximum(low, inner_low - reach), np.minimum(high, inner_high + reach)
