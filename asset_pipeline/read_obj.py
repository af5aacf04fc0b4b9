"""OBJ with its materials and pictures, vertex colours and polygons, read a block at a time."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.obj_text import Block, parse_block, read_blocks
from asset_pipeline.read_mtl import decode_name, read_library
from asset_pipeline.scan import Progress, ScanWarning, no_progress

QUIET = {
    b"o",
    b"g",
    b"s",
    b"mtllib",
    b"usemtl",
    b"vp",
    b"vn",
    b"lod",
    b"d_interp",
    b"c_interp",
    b"bevel",
    b"shadow_obj",
}


@dataclass
class Collected:
    """What the blocks gave so far; corners are from 0, -1 where a corner has no texture coordinate."""

    points: list[NDArray[np.float64]] = field(default_factory=list)
    textures: list[NDArray[np.float64]] = field(default_factory=list)
    corners: list[NDArray[np.int64]] = field(default_factory=list)
    uses: list[NDArray[np.int32]] = field(default_factory=list)  # per triangle: which of `names`
    names: list[str] = field(default_factory=lambda: [""])
    libraries: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    current: int = 0
    point_count: int = 0
    texture_count: int = 0


def read_obj(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The surface of an OBJ. Raises ScanRefused."""
    found = Collected()
    for block, fraction in read_blocks(path):
        try:
            _collect(found, parse_block(block))
        except ValueError as error:
            raise ScanRefused("obj_line", f"{path.name} has {error}.", "read") from error
        progress("read", fraction)
    positions, colours = _split_points(found, path.name)
    corners = np.concatenate(found.corners) if found.corners else np.zeros((0, 2), np.int64)
    _check_corners(corners, found, path.name)
    materials, warnings = _read_materials(path, found)
    mesh = _join(positions, colours, corners, found)
    mesh = _with_materials(mesh, found, materials)
    if found.unread:
        warnings.append(
            ScanWarning("lines_dropped", f"Not read from {path.name}: {', '.join(sorted(found.unread)[:8])}.")
        )
    return mesh, warnings


def _collect(found: Collected, block: Block) -> None:
    corners = block.corners
    if len(corners):
        before = np.stack(
            [block.points_before + found.point_count, block.textures_before + found.texture_count], axis=1
        )
        before = np.repeat(before, 3, axis=0)
        # a negative index counts back from the lines above it; 0 stands for "no texture coordinate"
        corners = np.where(corners < 0, corners + before, corners - 1)
        found.corners.append(corners)
    found.uses.append(_name_uses(found, block))
    found.points += block.points
    found.textures.append(block.textures)
    found.point_count += sum(len(rows) for rows in block.points)
    found.texture_count += len(block.textures)


def _name_uses(found: Collected, block: Block) -> NDArray[np.int32]:
    """Which material each triangle of the block has, following the usemtl lines."""
    lines, uses = [-1], [found.current]
    for line, keyword, rest in block.others:
        if keyword == b"usemtl":
            name = decode_name(rest)
            if name not in found.names:
                found.names.append(name)
            found.current = found.names.index(name)
            lines.append(line)
            uses.append(found.current)
        elif keyword == b"mtllib":
            found.libraries.append(decode_name(rest))
        elif keyword not in QUIET:
            found.unread.add(decode_name(keyword)[:20])
    at = np.searchsorted(np.array(lines), block.line, side="right") - 1
    return np.array(uses, np.int32)[at]


def _split_points(found: Collected, name: str) -> tuple[NDArray[np.float64], NDArray[np.uint8] | None]:
    """Positions (n, 3), and colours (n, 3) when the vertex lines carry them."""
    if not found.points:
        raise ScanRefused("obj_no_points", f"{name} has no vertices.", "read")
    positions = np.concatenate([rows[:, :3] for rows in found.points])
    if not any(rows.shape[1] >= 6 for rows in found.points):
        return positions, None
    table = np.concatenate([_colour_columns(rows) for rows in found.points])
    scale = 255.0 if np.nanmax(table) <= 1.0 else 1.0  # both habits exist: 0..1 and 0..255
    return positions, (np.clip(np.nan_to_num(table) * scale, 0, 255) + 0.5).astype(np.uint8)


def _colour_columns(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Red, green, blue of rows x y z r g b [a]; white where a row has none."""
    return rows[:, 3:6] if rows.shape[1] >= 6 else np.ones((len(rows), 3))


def _check_corners(corners: NDArray[np.int64], found: Collected, name: str) -> None:
    for column, count, what in ((0, found.point_count, "vertex"), (1, found.texture_count, "texture coordinate")):
        least = 0 if column == 0 else -1
        if len(corners) and (corners[:, column].min() < least or corners[:, column].max() >= count):
            text = f"A face of {name} names a {what} that is not there (there are {count})."
            raise ScanRefused("face_index", text, "read")


def _join(
    positions: NDArray[np.float64], colours: NDArray[np.uint8] | None, corners: NDArray[np.int64], found: Collected
) -> Mesh:
    """One vertex for each pair of point and texture coordinate in use; without textures the points themselves."""
    materials = np.concatenate(found.uses) if found.uses else np.zeros(0, np.int32)
    if not found.texture_count or not (corners[:, 1] >= 0).any():
        return Mesh(positions, corners[:, 0].astype(np.int32).reshape(-1, 3), colours=colours, face_material=materials)
    keys = corners[:, 0] * (found.texture_count + 1) + corners[:, 1] + 1
    pairs, rows = np.unique(keys, return_inverse=True)
    point, texture = np.divmod(pairs, found.texture_count + 1)
    table = np.concatenate([np.zeros((1, 2)), np.concatenate(found.textures)])
    uv = table[texture]
    uv[:, 1] = 1 - uv[:, 1]  # OBJ counts from the bottom, Mesh from the top
    faces = rows.astype(np.int32).reshape(-1, 3)
    return Mesh(
        positions[point], faces, uv.astype(np.float32), None if colours is None else colours[point], (), materials
    )


def _read_materials(path: Path, found: Collected) -> tuple[dict[str, Material], list[ScanWarning]]:
    materials: dict[str, Material] = {}
    warnings: list[ScanWarning] = []
    for name in dict.fromkeys(found.libraries):
        library, more = read_library(path, name)
        warnings += more
        for material in library:
            materials.setdefault(material.name, material)
    missing = [name for name in found.names[1:] if name not in materials]
    if missing and materials:
        warnings.append(ScanWarning("material_missing", f"No material file describes {', '.join(missing[:5])}."))
    return materials, warnings


def _with_materials(mesh: Mesh, found: Collected, materials: dict[str, Material]) -> Mesh:
    """The mesh with the materials its faces use, none when no face has one."""
    uses = mesh.face_material if mesh.face_material is not None else np.zeros(0, np.int32)
    used = np.unique(uses)
    names = [found.names[index] for index in used.tolist()]
    if not any(name in materials for name in names):
        return Mesh(mesh.positions, mesh.faces, mesh.uv, mesh.colours)
    kept = tuple(materials.get(name, Material(name)) for name in names)
    renumbered = np.searchsorted(used, uses).astype(np.int32)
    return Mesh(mesh.positions, mesh.faces, mesh.uv, mesh.colours, kept, renumbered)
