"""Cleaning a scan too large for memory: the rules of clean.py in passes over files, a chunk at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.clean import FLAT, count_warning, turn_up, which_float
from asset_pipeline.geometry.spool import let_go, new_array
from asset_pipeline.geometry.streams import (
    join_pieces,
    keep_sound,
    measure_pieces,
    number_pieces,
    weld_share,
)
from asset_pipeline.mesh import Mesh, Positions, ordinary_points
from asset_pipeline.options import METRES
from asset_pipeline.scan import Cleaned, Scan, ScanWarning

CHUNK = 1 << 20
SHARE_ROWS = 4_000_000  # places that are compared at a time
MOST_PIECES = 1_000_000  # in more pieces than this nothing floats: all of it is dust

Rows = NDArray[np.int32]
Kept = NDArray[np.bool_]


@dataclass(frozen=True)
class SpooledClean:
    """A cleaned scan on disk. first_row (n,) names for each vertex the first one at the same place, bit for bit."""

    cleaned: Cleaned
    first_row: Rows


def clean_spooled(scan: Scan, spool: Path, progress: Callable[[float], None]) -> SpooledClean:
    """The scan ready to be cut, its arrays in the spool. Raises ScanRefused when nothing is left."""
    source, mesh = scan.facts.source, scan.mesh
    positions = new_array(spool / "positions", "<f8", (mesh.vertices, 3))
    sound = _write_positions(mesh, positions, (source.up, METRES[source.unit]))
    progress(0.2)
    first_row = weld_rows(positions, spool / "first_row")
    progress(0.4)
    kept, warnings = _keep_faces(mesh, positions, sound)
    progress(0.6)
    warnings += _drop_floaters(mesh, positions, first_row, kept)
    if not kept.any():
        raise ScanRefused("nothing_left", f"{source.file} has no triangle with an area.", "clean")
    progress(0.8)
    used = _find_used(mesh, kept)
    warnings += count_warning("points_unused", int((~used).sum()))
    offset = _move_to_origin(positions, used)
    cleaned = _write_rest(mesh, (kept, used), positions, spool)
    first_row = _renumber(first_row, used)
    let_go(positions, first_row)
    progress(1.0)
    return SpooledClean(Cleaned(cleaned, offset, tuple(warnings)), first_row)


def _chunks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, CHUNK):
        yield slice(start, min(start + CHUNK, rows))


def _write_positions(mesh: Mesh, positions: Positions, frame: tuple[str, float]) -> Kept:
    """Put the places into an array, in metres and y up; gives which are places at all. The others become 0."""
    up, metres = frame
    sound = np.empty(mesh.vertices, bool)
    for part in _chunks(mesh.vertices):
        points = np.asarray(mesh.positions[part], np.float64)
        sound[part] = ordinary_points(points)
        positions[part] = np.where(sound[part, None], turn_up(points, up) * metres, 0.0) + 0.0  # no -0.0
        let_go(positions, mesh.positions)
    return sound


def weld_rows(positions: Positions, path: Path) -> Rows:
    """For each of positions (n, 3) the first row that holds the same bits, in a file; by shares whose table fits in memory."""
    first_row = new_array(path, "<i4", (len(positions),))
    shares = max(1, -(-len(positions) // SHARE_ROWS))
    # shares are as good as equal; what a table has no room for is a place of its own
    table = np.empty(1 << (2 * len(positions) // shares).bit_length(), np.int32)
    for share in range(shares):
        weld_share(positions.view(np.int64), share, shares, table, first_row)
    let_go(positions, first_row)
    return first_row


def _keep_faces(mesh: Mesh, positions: Positions, sound: Kept) -> tuple[Kept, list[ScanWarning]]:
    kept = np.empty(mesh.triangles, bool)
    unsound = flat = 0
    for part in _chunks(mesh.triangles):
        found = keep_sound(positions, np.ascontiguousarray(mesh.faces[part]), sound, FLAT, kept[part])
        unsound, flat = unsound + found[0], flat + found[1]
        let_go(mesh.faces)
    warnings = count_warning("points_not_finite", int((~sound).sum()))
    warnings += count_warning("faces_dropped", unsound)
    return kept, warnings + count_warning("faces_degenerate", flat)


def _drop_floaters(mesh: Mesh, positions: Positions, first_row: Rows, kept: Kept) -> list[ScanWarning]:
    """Take the triangles of tiny pieces far outside the scan out of `kept`."""
    piece, used = np.arange(mesh.vertices, dtype=np.int32), np.zeros(mesh.vertices, bool)
    for part in _chunks(mesh.triangles):
        join_pieces(piece, first_row[mesh.faces[part]], kept[part], used)
        let_go(mesh.faces)
    pieces = number_pieces(piece, used)
    if not 2 <= pieces <= MOST_PIECES:
        return []
    area, low, high = np.zeros(pieces), np.full((pieces, 3), np.inf), np.full((pieces, 3), -np.inf)
    for part in _chunks(mesh.triangles):
        measure_pieces(positions, first_row[mesh.faces[part]], kept[part], piece, area, low, high)
        let_go(mesh.faces)
    floats = which_float(area, low, high)
    dropped = 0
    if floats.any():
        for part in _chunks(mesh.triangles):
            off = kept[part] & floats[piece[first_row[mesh.faces[part, 0]]]]
            kept[part] &= ~off
            dropped += int(off.sum())
    let_go(mesh.faces, positions, first_row)
    return count_warning("floaters_dropped", dropped)


def _find_used(mesh: Mesh, kept: Kept) -> Kept:
    used = np.zeros(mesh.vertices, bool)
    for part in _chunks(mesh.triangles):
        used[mesh.faces[part][kept[part]].reshape(-1)] = True
        let_go(mesh.faces)
    return used


def _move_to_origin(positions: Positions, used: Kept) -> tuple[float, float, float]:
    """Move the places so that the origin is at the centre of the footprint on the lowest level; gives where it was."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for part in _chunks(len(positions)):
        points = positions[part][used[part]]
        if len(points):
            low, high = np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))
    origin = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    for part in _chunks(len(positions)):
        positions[part] -= origin
    return float(origin[0]), float(origin[1]), float(origin[2])


def _write_rest(mesh: Mesh, keep: tuple[Kept, Kept], positions: Positions, spool: Path) -> Mesh:
    """The mesh of what is kept, its arrays in the spool."""
    kept, used = keep
    faces = new_array(spool / "faces", "<i4", (int(kept.sum()), 3))
    looks = None if mesh.face_material is None else new_array(spool / "face_material", "<i4", (len(faces),))
    new_row = np.cumsum(used, dtype=np.int32) - 1
    at = 0
    for part in _chunks(mesh.triangles):
        rows = new_row[mesh.faces[part][kept[part]]]
        faces[at : at + len(rows)] = rows
        if looks is not None and mesh.face_material is not None:
            looks[at : at + len(rows)] = mesh.face_material[part][kept[part]]
        at += len(rows)
        let_go(mesh.faces, mesh.face_material, faces, looks)
    vertices = int(used.sum())
    uv = None if mesh.uv is None else new_array(spool / "uv", "<f4", (vertices, 2))
    colours = None if mesh.colours is None else new_array(spool / "colours", "|u1", (vertices, 3))
    for source, target in ((positions, positions), (mesh.uv, uv), (mesh.colours, colours)):
        if source is not None and target is not None:
            _compact(source, used, target)
    return Mesh(positions[:vertices], faces, uv, colours, mesh.materials, looks)


def _compact(source: NDArray[np.generic], used: Kept, target: NDArray[np.generic]) -> None:
    """Put the used rows one after another into the target, which may be the source; numbers that are none become 0."""
    at = 0
    for part in _chunks(len(source)):
        rows = np.nan_to_num(source[part][used[part]], nan=0.0, posinf=0.0, neginf=0.0)
        target[at : at + len(rows)] = rows
        at += len(rows)
        let_go(source, target)


def _renumber(first_row: Rows, used: Kept) -> Rows:
    """first_row over the used vertices alone; where the first of equal ones is not used, the first used one leads."""
    if used.all():
        return first_row
    new_row = np.cumsum(used, dtype=np.int32) - 1
    leader = np.full(len(used), -1, np.int32)
    rows = np.flatnonzero(used)[::-1]
    leader[first_row[rows]] = new_row[rows]  # the last written is the lowest
    first_row[: len(rows)] = leader[first_row[rows[::-1]]]
    return first_row[: len(rows)]
