"""The levels of detail: which there are, and the bare surface of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import Bvh, build_bvh, find_closest
from asset_pipeline.geometry.clean import weld
from asset_pipeline.geometry.collapse import COLOUR_SHARE, Settings, collapse, ignore_progress
from asset_pipeline.geometry.components import count_pieces, keep_large_pieces
from asset_pipeline.geometry.relax import relax
from asset_pipeline.geometry.repair import repair_surface
from asset_pipeline.geometry.surface import points_at, sample_surface
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.scan import ScanWarning, warn

NEAR = 4  # times its budget: where a level that is made again starts from
READ_POINTS = 60_000  # each way
STANDS_OUT = 20.0  # times the RMS: a maximum beyond it is looked into,
OUT_OF_LINE, ORDINARY = 1.5, 12.0  # and one so many times as far out as that of the finer level, unless it is ordinary
UNDOINGS = 3
CAREFUL = 1.0  # the price of losses when a level is made again
CLEARLY, MORE_RMS = 0.75, 1.1  # times the first maximum and RMS, beyond which the second try is no gain


def choose_levels(asked: tuple[int, ...], triangles: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(levels to build, levels skipped because the scan has no more triangles); the scan itself when all are skipped."""
    built = tuple(level for level in asked if level < triangles)
    skipped = tuple(level for level in asked if level >= triangles)
    if skipped:  # the finest level is then the whole scan
        built = (triangles, *built)
    return built, skipped


def bare_surface(scan: Mesh) -> Surface:
    """The scan's shape with each place once, and its vertex colours, where several meet their mean."""
    welded = weld(scan)
    colours = None
    if scan.colours is not None:
        count = np.bincount(welded.vertex_of, minlength=len(welded.positions))
        colours = np.empty((len(welded.positions), 3), np.float32)
        for channel in range(3):
            colours[:, channel] = _sum_by(welded.vertex_of, scan.colours[:, channel], len(count)) / count
    return Surface(welded.positions, welded.faces, colours)


def _sum_by(row: NDArray[np.int32], values: NDArray[np.uint8], rows: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(row, values, rows), np.float64)


def build_surfaces(
    scan: Surface, levels: tuple[int, ...], bvh: Bvh | None = None
) -> tuple[list[Surface], list[ScanWarning]]:
    """The bare surface of each level, fine to coarse, and what people should know about them."""
    made = list(each_surface(scan, levels, bvh))
    return [surface for surface, _ in made], [note for _, notes in made for note in notes]


def each_surface(
    scan: Surface,
    levels: tuple[int, ...],
    bvh: Bvh | None = None,
    progress: Callable[[float], None] = ignore_progress,
) -> Iterator[tuple[Surface, list[ScanWarning]]]:
    """The bare surface of each level when it is asked for, fine to coarse, and what people should know about it.

    Each is collapsed from the one before as that was before it was relaxed. bvh: the scan's tree, where the caller has it.
    """
    tree = build_bvh(scan.positions, scan.faces) if bvh is None else bvh
    start, warnings = repair_surface(scan)
    usual, pieces = STANDS_OUT / OUT_OF_LINE, count_pieces(start)
    for index, level in enumerate(levels):
        if level >= scan.triangles:  # the whole scan, as it was delivered
            yield scan, warnings
        else:
            start, surface, error, notes = _make_surface(start, level, (scan, tree), usual)
            usual = error.max_m / max(error.rms_m, 1e-300)
            lost = pieces - count_pieces(start)
            if lost > 0:
                notes.append(warn("pieces_left_out", triangles=level, count=lost, of=pieces))
            progress((index + 1) / len(levels))
            yield surface, [*warnings, *notes]
        warnings = []


def _make_surface(
    start: Surface, level: int, whole: tuple[Surface, Bvh], usual: float
) -> "tuple[Surface, Surface, _Error, list[ScanWarning]]":
    """The surface before and after it is relaxed, its error, and what to tell. usual: maximum over RMS of the finer level."""
    scan, tree = whole
    settings = Settings(colour_m=COLOUR_SHARE * float(np.linalg.norm(np.ptp(scan.positions, axis=0))))
    kept = keep_large_pieces(start, level)
    near = collapse(kept, min(NEAR * level, kept.triangles), settings)
    plain = collapse(near, level, settings)
    surface, error = _relax_and_measure(plain, scan, tree)
    if error.max_m > min(STANDS_OUT, max(ORDINARY, OUT_OF_LINE * usual)) * error.rms_m:
        again = collapse(near, level, replace(settings, loss_price=CAREFUL))
        other, other_error = _relax_and_measure(again, scan, tree)
        if other_error.max_m < CLEARLY * error.max_m and other_error.rms_m <= MORE_RMS * error.rms_m:
            note = warn("level_redone", triangles=level, max_m=error.max_m, now_m=other_error.max_m)
            return again, other, other_error, [note]
    return plain, surface, error, []


@dataclass(frozen=True)
class _Error:
    """Distances both ways, each with the level's triangle (or one of its vertex) that it belongs to."""

    rms_m: float
    max_m: float
    distance_m: NDArray[np.float64]
    face: NDArray[np.int32]


def _relax_and_measure(level: Surface, scan: Surface, tree: Bvh) -> tuple[Surface, _Error]:
    """The level relaxed and its error; what came to lie further off than anything did before goes back to its place."""
    plain, relaxed = _read_error(level, scan, tree), relax(level, scan)
    error = _read_error(relaxed, scan, tree)
    for _ in range(UNDOINGS):
        back = np.unique(level.faces[error.face[error.distance_m > plain.max_m]])
        if not len(back):
            break
        positions = relaxed.positions.copy()
        positions[back] = level.positions[back]
        relaxed = replace(relaxed, positions=positions)
        error = _read_error(relaxed, scan, tree)
    return relaxed, error


def _read_error(level: Surface, scan: Surface, tree: Bvh) -> _Error:
    """Points spread by area over both; for the maximum also the level's vertices, where it sticks out if anywhere."""
    on_scan = points_at(scan.positions, scan.faces, sample_surface(scan.positions, scan.faces, READ_POINTS, seed=21))
    on_level = sample_surface(level.positions, level.faces, READ_POINTS, seed=22)
    to_level = find_closest(build_bvh(level.positions, level.faces), on_scan)
    to_scan = find_closest(tree, points_at(level.positions, level.faces, on_level))
    corner = np.empty(len(level.positions), np.int32)
    corner[level.faces.reshape(-1)] = np.arange(3 * level.triangles, dtype=np.int32)
    of_vertices = find_closest(tree, level.positions)
    rms = max(float(np.sqrt(np.mean(hits.distance.astype(np.float64) ** 2))) for hits in (to_level, to_scan))
    distance = np.concatenate([to_level.distance, to_scan.distance, of_vertices.distance]).astype(np.float64)
    return _Error(rms, float(distance.max()), distance, np.concatenate([to_level.face, on_level.face, corner // 3]))
