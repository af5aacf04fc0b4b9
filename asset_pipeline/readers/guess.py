"""Unit and up axis of a scan: the caller's word, else the format's, else a guess that says it is one."""

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import CHUNK_ROWS, Mesh, ordinary_points
from asset_pipeline.options import METRES, Unit, Up
from asset_pipeline.scan import Origin, ScanWarning, warn

GLTF = {".glb", ".gltf"}
SURE_M = (1.0, 150.0)  # a diagonal at which a scan in metres is an ordinary statue, house or yard
POSSIBLE_M = (0.05, 2000.0)
THICK = 0.4  # shortest by longest side, from which a scan is no stretch of land
USUAL_UP: dict[str, Up] = {".obj": "y", ".ply": "z", ".stl": "z"}
CLEAR_LEAD = 2.0
LOOKED_AT = 200_000  # triangles of a scan that the guess of its up axis looks at
BASE_SHARE = 0.02  # the lowest part of the extent that a standing surface has its floor in


def resolve_unit(
    mesh: Mesh, kind: str, asked: Unit | None, stated: Unit | None = None
) -> tuple[Unit, Origin, list[ScanWarning]]:
    """The unit, where it comes from, and what to tell people. kind: the file's suffix; stated: what the file itself says."""
    if asked is not None:
        return asked, "option", []
    if stated is not None or kind in GLTF:
        return stated or "m", "format", []
    low, high = finite_bounds(mesh)
    size = float(np.linalg.norm(high - low))
    unit = guess_unit(high - low, kind)
    size_m = size * METRES[unit]
    sure = unit == "m" and SURE_M[0] <= size_m <= SURE_M[1]
    return unit, "guess", [warn("unit_guessed", unit=unit, sure=sure, size_m=size_m)]


def guess_unit(sides: NDArray[np.float64], kind: str) -> Unit:
    """The unit that makes a box of such sides (3,) a believable size; metres whenever they do, except in STL.

    Land may measure hundreds of metres, but it is flat: what is as large and thick in all directions is a small thing in
    millimetres. STL comes from printing and machining, where a number without a unit is millimetres. kind: the suffix.
    """
    size = float(np.linalg.norm(sides))
    thick = float(sides.min()) > THICK * float(sides.max())
    units: tuple[Unit, ...] = ("m", "mm")  # scanners export these two; cm and ft cannot be told from metres by size
    if (thick and size > SURE_M[1]) or kind == ".stl":
        units = ("mm", "m")
    for unit in units:
        if POSSIBLE_M[0] <= size * METRES[unit] <= POSSIBLE_M[1]:
            return unit
    return "m"


def resolve_up(
    mesh: Mesh, kind: str, asked: Up | None, stated: Up | None = None
) -> tuple[Up, Origin, list[ScanWarning]]:
    """The up axis, where it comes from, and what to tell people. kind: the file's suffix; stated: what the file itself says."""
    if asked is not None:
        return asked, "option", []
    if stated is not None or kind in GLTF:
        return stated or "y", "format", []
    up, sure = guess_up(mesh, USUAL_UP[kind])
    return up, "guess", [warn("up_guessed", up=up, sure=sure)]


def guess_up(mesh: Mesh, usual: Up) -> tuple[Up, bool]:
    """The more likely of y and z, and whether it is clearly so.

    A scan stands on the ground: it is open below, so that its surface faces up in sum, or it has a flat base, or it
    is itself mostly ground. Each shows as area turned along the axis; what is equal on both sides cancels.
    """
    score = {axis: _standing_score(mesh, index) for axis, index in (("y", 1), ("z", 2))}
    other: Up = "z" if usual == "y" else "y"
    if score[other] > CLEAR_LEAD * score[usual] + 0.02:
        return other, True
    return usual, score[usual] > CLEAR_LEAD * score[other] + 0.02


def _standing_score(mesh: Mesh, axis: int) -> float:
    """Share (0..2) of the area that speaks for the axis as up: what faces up in sum, and what lies flat at the base."""
    # an odd step: a square's two triangles follow each other in many files
    faces = mesh.faces[:: 2 * (mesh.triangles // (2 * LOOKED_AT)) + 1]
    corners = mesh.positions[faces]
    corners = corners[ordinary_points(corners.reshape(-1, 3)).reshape(-1, 3).all(axis=1)]
    vectors = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(vectors, axis=1)
    whole = float(areas.sum()) or 1.0
    low, high = finite_bounds(mesh)
    height = float(high[axis] - low[axis]) or 1.0
    at_base = corners[:, :, axis].max(axis=1) < low[axis] + BASE_SHARE * height
    flat = np.abs(vectors[:, axis]) > 0.95 * areas
    facing = max(float(vectors[:, axis].sum()), 0.0) / whole
    return facing + float(areas[at_base & flat].sum()) / whole


def finite_bounds(mesh: Mesh) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest corner over the ordinary coordinates, in the scan's own unit."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for start in range(0, mesh.vertices, CHUNK_ROWS):
        points = mesh.positions[start : start + CHUNK_ROWS]
        points = points[ordinary_points(points)]
        low = np.minimum(low, points.min(axis=0, initial=np.inf))
        high = np.maximum(high, points.max(axis=0, initial=-np.inf))
    return low, high
