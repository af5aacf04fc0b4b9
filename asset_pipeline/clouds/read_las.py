"""LAS and LAZ, every version and point format, chunk by chunk: laspy's one place.

It is imported when such a file is read, not before: it takes an eighth of a second, and brings what speaks to servers.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.clouds.cloud import CHUNK_POINTS, PointChunk
from asset_pipeline.clouds.crs import Crs, read_crs
from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_las import LasHeader, read_las_header
from asset_pipeline.scan import Progress, no_progress

if TYPE_CHECKING:
    import laspy

MAX_CHUNK_POINTS = 2_000_000  # programs make them of 50,000; the decoder makes room for what is said


def crs_of(header: LasHeader) -> Crs:
    """The map coordinates that a LAS header states."""
    return read_crs(header.geo_keys, header.wkt)


def read_las(path: Path, scale: tuple[float, float], progress: Progress = no_progress) -> Iterator[PointChunk]:
    """The points of a LAS or LAZ file, times scale (horizontal, vertical). Raises ScanRefused."""
    import laspy

    header = read_las_header(path)
    expected, done = header.points, 0
    try:
        if header.compressed:
            _check_chunks(path, header)
        with laspy.open(path, read_evlrs=False) as reader:
            for points in reader.chunk_iterator(CHUNK_POINTS):
                done += len(points)
                progress("read", done / expected)
                yield _to_chunk(points, np.array([scale[0], scale[0], scale[1]]))
    except (KeyboardInterrupt, SystemExit, GeneratorExit, ScanRefused):
        raise
    except BaseException as error:  # what the decoder, written in Rust, panics with is no Exception
        raise _broken(path, str(error)) from error
    if done != expected:
        raise _broken(path, f"{done:,} of {expected:,} points are there")


def _check_chunks(path: Path, header: LasHeader) -> None:
    """Hold the compressed table of chunks against the file: the decoder makes room for what it says."""
    import lazrs

    with path.open("rb") as file:
        file.seek(header.points_at)
        chunks = lazrs.read_chunk_table(file, lazrs.LazVlr(header.laszip))
    size = path.stat().st_size - header.points_at
    if any(points > MAX_CHUNK_POINTS for points, _ in chunks):
        raise _broken(path, "a chunk of it is larger than any program makes them")
    if sum(size_bytes for _, size_bytes in chunks) > size or any(size_bytes > size for _, size_bytes in chunks):
        raise _broken(path, "its table of chunks names more bytes than there are")


def _broken(path: Path, why: str) -> ScanRefused:
    reason = " ".join(why.split())[:120].rstrip(".") or "the data is damaged"
    return ScanRefused("las_data", f"The points of {path.name} cannot be read: {reason}.", "read")


def _to_chunk(points: "laspy.ScaleAwarePointRecord", scale: NDArray[np.float64]) -> PointChunk:
    names = set(points.point_format.dimension_names)
    kept = ~np.asarray(points["withheld"], bool) if "withheld" in names else np.ones(len(points), bool)
    positions = np.stack([np.asarray(points[axis], np.float64) for axis in "xyz"], axis=1)[kept] * scale
    colours = None
    if {"red", "green", "blue"} <= names:
        colours = np.stack([np.asarray(points[name], np.uint16) for name in ("red", "green", "blue")], axis=1)[kept]
    kinds = np.asarray(points["classification"], np.uint8)[kept]
    returns = np.asarray(points["number_of_returns"], np.uint8)[kept]
    return PointChunk(positions, colours, kinds, returns)
