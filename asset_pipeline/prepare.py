"""From a scan as read to what levels are made of: cleaned and whole in memory, or in cells on disk when it is too large."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.executor import Crew
from asset_pipeline.geometry.bvh import Bvh, build_bvh, find_closest
from asset_pipeline.geometry.cells import NORMALS_FILE, cut_scan, thin_scan
from asset_pipeline.geometry.clean import clean_scan
from asset_pipeline.geometry.clean_spooled import clean_spooled
from asset_pipeline.geometry.normals import corner_normals
from asset_pipeline.geometry.spool import let_go, new_array
from asset_pipeline.geometry.surface import colours_at
from asset_pipeline.geometry.surfaces import bare_surface, choose_levels
from asset_pipeline.geopose import Vector
from asset_pipeline.memory import give_back
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.options import BuildOptions
from asset_pipeline.scan import Scan, ScanWarning

CLEAN_SHARE = 0.2  # of the time of a scan in cells
SURPLUS, LEAST_SURPLUS = 6, 2  # triangles of the thinned cells for each of the finest level: with fewer the cuts show


@dataclass(frozen=True)
class Prepared:
    """A cleaned scan (metres, y up) that levels can be made of.

    scan, bvh, normals (m, 3, 3): all of it, for what is baked and measured; surface: what is collapsed; looked_at and
    looked_normals: what pictures are drawn of. For a scan in cells the last three are of its thinned cells, with several
    times the triangles of the finest level.
    """

    scan: Mesh
    bvh: Bvh
    normals: NDArray[np.float32]
    surface: Surface
    looked_at: Mesh
    looked_normals: NDArray[np.float32]
    offset_m: Vector
    warnings: tuple[ScanWarning, ...]


def prepare_scan(scan: Scan, options: BuildOptions, crew: Crew, progress: Callable[[float], None]) -> Prepared:
    """The scan ready for its levels. Raises ScanRefused when nothing is left."""
    if scan.mesh.triangles > options.whole_triangles:
        return _prepare_cells(scan, options, crew, progress)
    cleaned = clean_scan(scan)
    mesh, surface = cleaned.mesh, bare_surface(cleaned.mesh)
    # on disk, like all that every level needs: what is lent to others lies in memory once
    normals = new_array(crew.folder / NORMALS_FILE, "<f4", (mesh.triangles, 3, 3))
    normals[:] = corner_normals(surface.positions, surface.faces)
    let_go(normals)
    give_back()
    tree = build_bvh(mesh.positions, mesh.faces)
    return Prepared(mesh, tree, normals, surface, mesh, normals, cleaned.offset_m, cleaned.warnings)


def _prepare_cells(scan: Scan, options: BuildOptions, crew: Crew, progress: Callable[[float], None]) -> Prepared:
    spooled = clean_spooled(scan, crew.folder, lambda fraction: progress(CLEAN_SHARE * fraction))
    cut = cut_scan(spooled.cleaned.mesh, spooled.first_row, options.cell_triangles, crew.folder)
    levels, _ = choose_levels(options.levels, cut.mesh.triangles)
    aim = max(LEAST_SURPLUS * levels[0], min(SURPLUS * levels[0], options.whole_triangles))
    thinned = thin_scan(cut, aim, crew, lambda fraction: progress(CLEAN_SHARE + (1 - CLEAN_SHARE) * fraction))
    surface, bvh = thinned.surface, thinned.bvh
    looked_at = Mesh(surface.positions, surface.faces)
    if cut.mesh.colours is not None or cut.mesh.materials:
        shown = colours_at(cut.mesh, find_closest(bvh, surface.positions))
        looked_at = Mesh(surface.positions, surface.faces, colours=np.clip(shown + 0.5, 0, 255).astype(np.uint8))
    looked_normals = corner_normals(surface.positions, surface.faces)
    about = spooled.cleaned
    return Prepared(cut.mesh, bvh, thinned.normals, surface, looked_at, looked_normals, about.offset_m, about.warnings)
