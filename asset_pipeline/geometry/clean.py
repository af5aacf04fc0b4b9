"""Make a scan sound: metres, y up, centred, without what is no surface. What is dropped is counted in a warning."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.components import label_components
from asset_pipeline.geometry.equal_rows import number_rows
from asset_pipeline.geometry.streams import keep_sound
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.mesh import Faces, Mesh, Positions, ordinary_points
from asset_pipeline.options import METRES
from asset_pipeline.scan import Cleaned, Scan, ScanWarning, warn

FLAT = 1e-12  # twice the area over the longest side squared, below which a triangle has no area
TINY_AREA, TINY_SIZE = 1e-3, 0.02  # a floater has less of the area and of the diagonal than this,
FAR = 0.05  # lies this share of the body's diagonal outside the body's bounding box,
MOST_FLOATING = 0.01  # and all floaters together are no more than this of the area

Kept = NDArray[np.bool_]


@dataclass(frozen=True)
class WeldedSurface:
    """The bare surface: bit-equal positions once.

    positions (n, 3); faces (m, 3), row i is the mesh's face i; vertex_of (mesh.vertices,) is the welded row of each vertex.
    """

    positions: Positions
    faces: Faces
    vertex_of: NDArray[np.int32]


def weld(mesh: Mesh) -> WeldedSurface:
    """The mesh with bit-equal positions joined; faces keep their order and number."""
    rows = np.ascontiguousarray(mesh.positions + 0.0)  # adding zero makes -0.0 and 0.0 one
    vertex_of, first = number_rows(rows.view(np.int32))
    return WeldedSurface(mesh.positions[first], vertex_of[mesh.faces], vertex_of)


def clean_scan(scan: Scan) -> Cleaned:
    """The scan ready for collapse. Raises ScanRefused when nothing is left."""
    source = scan.facts.source
    mesh, warnings = _drop_broken(scan.mesh)
    mesh = replace(mesh, positions=turn_up(mesh.positions, source.up) * METRES[source.unit])
    surface = weld(mesh)
    kept = np.ones(mesh.triangles, bool)
    for find, code in (
        (_find_flat, "faces_degenerate"),
        (_find_repeated, "faces_duplicate"),
        (_find_floaters, "floaters_dropped"),
    ):
        dropped = find(surface, kept)
        kept &= ~dropped
        warnings += count_warning(code, int(dropped.sum()))
    if not kept.any():
        raise ScanRefused("nothing_left", f"{source.file} has no triangle with an area.", "clean")
    mesh = keep_faces(mesh, kept)
    low, high = mesh.bounds()
    origin = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    offset = (float(origin[0]), float(origin[1]), float(origin[2]))
    return Cleaned(replace(mesh, positions=mesh.positions - origin), offset, tuple(warnings))


def count_warning(code: str, number: int) -> list[ScanWarning]:
    """A warning about a number of things, when there are any."""
    return [warn(code, count=number)] if number else []


def turn_up(positions: Positions, up: str) -> Positions:
    """The positions with y up: what was up (z) becomes y, what was y goes away from the viewer (-z)."""
    return positions if up == "y" else np.stack([positions[:, 0], positions[:, 2], -positions[:, 1]], axis=1)


def _drop_broken(mesh: Mesh) -> tuple[Mesh, list[ScanWarning]]:
    """The mesh without points that are no place, the faces on them, and points on no face; odd uv become 0."""
    sound = ordinary_points(mesh.positions)
    unused = mesh.vertices - int(np.count_nonzero(np.bincount(mesh.faces.reshape(-1), minlength=mesh.vertices)))
    kept: Kept = np.all(sound[mesh.faces], axis=1)
    warnings = count_warning("points_not_finite", int((~sound).sum()))
    warnings += count_warning("faces_dropped", int((~kept).sum()))
    warnings += count_warning("points_unused", unused)
    mesh = keep_faces(mesh, kept)
    if mesh.uv is not None and not np.isfinite(mesh.uv).all():
        odd = int((~np.isfinite(mesh.uv)).any(axis=1).sum())
        warnings += count_warning("uv_not_finite", odd)
        mesh = replace(mesh, uv=np.nan_to_num(mesh.uv, nan=0.0, posinf=0.0, neginf=0.0))
    return mesh, warnings


def _find_flat(surface: WeldedSurface, kept: Kept) -> Kept:
    """Triangles that name a corner twice or whose corners lie on a line."""
    wide = np.empty(len(kept), np.bool_)
    keep_sound(surface.positions, surface.faces, np.ones(len(surface.positions), np.bool_), FLAT, wide)
    return kept & ~wide


def _find_repeated(surface: WeldedSurface, kept: Kept) -> Kept:
    """All but the first triangle over the same three corners, whichever way they turn."""
    rows = np.flatnonzero(kept)
    number, first = number_rows(np.sort(surface.faces[rows], axis=1))
    repeated = np.zeros(len(kept), bool)
    repeated[rows] = first[number] != np.arange(len(rows))
    return repeated


def _find_floaters(surface: WeldedSurface, kept: Kept) -> Kept:
    """Triangles of tiny pieces far outside everything that is not tiny; none when they are much of the scan."""
    none, rows = np.zeros(len(kept), bool), np.flatnonzero(kept)
    component, count = label_components(surface.faces[rows], len(surface.positions))
    if count < 2:
        return none
    area = np.bincount(component, face_areas(surface.positions, surface.faces[rows]), count)
    low, high = _component_bounds(surface.positions[surface.faces[rows]], component, count)
    none[rows[which_float(area, low, high)[component]]] = True
    return none


def which_float(area: NDArray[Any], low: Positions, high: Positions) -> NDArray[np.bool_]:
    """Which pieces, by area (n,) and box (n, 3) twice, are tiny and far outside all that is not; none when they are much."""
    size = np.linalg.norm(high - low, axis=1)
    body = (area >= TINY_AREA * area.sum()) | (size >= TINY_SIZE * size.max())
    body_low, body_high = low[body].min(axis=0), high[body].max(axis=0)
    gap = np.linalg.norm(np.maximum(np.maximum(body_low - high, low - body_high), 0), axis=1)
    floats: NDArray[np.bool_] = ~body & (gap > FAR * float(np.linalg.norm(body_high - body_low)))
    return floats if area[floats].sum() <= MOST_FLOATING * area.sum() else np.zeros(len(area), bool)


def _component_bounds(corners: NDArray[Any], component: NDArray[np.int32], count: int) -> tuple[Positions, Positions]:
    """Lowest and highest corner (count, 3) of each component of triangles (m, 3, 3)."""
    order = np.argsort(component, kind="stable")
    starts = np.searchsorted(component[order], np.arange(count))
    low = np.minimum.reduceat(corners.min(axis=1)[order], starts)
    high = np.maximum.reduceat(corners.max(axis=1)[order], starts)
    return low, high


def keep_faces(mesh: Mesh, kept: Kept) -> Mesh:
    """The mesh with the faces kept, and only the vertices and materials that these use."""
    faces = mesh.faces[kept]
    used = np.zeros(mesh.vertices, bool)
    used[faces] = True
    new_row = np.cumsum(used, dtype=np.int32) - 1
    part = None if mesh.face_material is None else mesh.face_material[kept]
    materials = mesh.materials
    if part is not None and materials:
        shown, inverse = np.unique(part, return_inverse=True)
        part, materials = inverse.reshape(-1).astype(np.int32), tuple(materials[index] for index in shown)
    return Mesh(
        mesh.positions[used],
        new_row[faces],
        None if mesh.uv is None else mesh.uv[used],
        None if mesh.colours is None else mesh.colours[used],
        materials,
        part,
    )
