"""The levels of detail: which there are, and the bare surface of each."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.bvh import Bvh
from asset_pipeline.clean import weld
from asset_pipeline.collapse import collapse, ignore_progress
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.scan import ScanWarning


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
    scan: Surface,
    levels: tuple[int, ...],
    bvh: Bvh | None = None,
    progress: Callable[[float], None] = ignore_progress,
) -> tuple[list[Surface], list[ScanWarning]]:
    """The bare surface of each level, each made from the one before, and what people should know about them.

    bvh: the scan's tree, where the caller has it.
    """
    del bvh
    surface, surfaces = scan, []
    for index, level in enumerate(levels):
        surface = collapse(surface, level)
        surfaces.append(surface)
        progress((index + 1) / len(levels))
    return surfaces, []
