"""The levels of detail: which there are, and the bare surface of each."""

from asset_pipeline.clean import weld
from asset_pipeline.collapse import collapse
from asset_pipeline.mesh import Mesh, Surface


def choose_levels(asked: tuple[int, ...], triangles: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(levels to build, levels skipped because the scan has no more triangles); the scan itself when all are skipped."""
    built = tuple(level for level in asked if level < triangles)
    skipped = tuple(level for level in asked if level >= triangles)
    if skipped:  # the finest level is then the whole scan
        built = (triangles, *built)
    return built, skipped


def build_surfaces(scan: Mesh, levels: tuple[int, ...]) -> list[Surface]:
    """The bare welded surface of each level, each made from the one before."""
    welded = weld(scan)
    surface = Surface(welded.positions, welded.faces)
    surfaces = []
    for level in levels:
        surface = collapse(surface, level)
        surfaces.append(surface)
    return surfaces
