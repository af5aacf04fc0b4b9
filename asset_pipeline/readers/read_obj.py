"""OBJ with its materials and pictures, vertex colours and polygons, streamed into arrays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.readers.neighbours import decode_name, find_beside
from asset_pipeline.readers.obj_text import Lines, read_lines
from asset_pipeline.readers.polygons import triangulate
from asset_pipeline.readers.read_mtl import read_looks
from asset_pipeline.readers.seams import join_corners
from asset_pipeline.readers.tiles import Look, lay_tiles
from asset_pipeline.scan import Progress, ScanWarning, no_progress, warn

# names of parts, ways to smooth, settings of a renderer: nothing of the surface itself
QUIET = {b"usemtl", b"mtllib", b"lod", b"d_interp", b"c_interp", b"bevel", b"shadow_obj", b"trace_obj", b"mg"}


def read_obj(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The surface of an OBJ. Raises ScanRefused."""
    lines = read_lines(path, progress)
    if not len(lines.points):
        raise ScanRefused("obj_no_points", f"{path.name} has no vertices.", "read")
    corners, textures, uses, names = _triangles(lines)
    _check_corners(corners, len(lines.points), path.name, "vertex")
    _check_corners(textures, len(lines.textures), path.name, "texture coordinate")
    colours = _to_bytes(lines.colours) if len(lines.colours) else None
    if len(textures) and int(textures.max(initial=-1)) >= 0:
        uv = lines.textures
        uv[:, 1] = 1 - uv[:, 1]  # OBJ counts from the bottom, Mesh from the top
        mesh = join_corners(Mesh(lines.points, corners.reshape(-1, 3), colours=colours), textures, uv)
    else:
        mesh = Mesh(lines.points, corners.reshape(-1, 3), colours=colours)
    warnings = _name_lost(lines, path.name)
    return _with_materials(mesh, uses, names, (path, lines), warnings), warnings


def _triangles(lines: Lines) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], list[str]]:
    """Corners and texture corners of triangles, which name of material each triangle uses, and those names."""
    changes, names = _name_uses(lines)
    uses = np.repeat(
        np.array([use for _, use in changes], np.int32), np.diff([*(at for at, _ in changes), lines.faces])
    )
    if not len(lines.sizes):
        return lines.corners, lines.corner_textures, uses, names
    places, owner = triangulate(lines.points, lines.corners, lines.sizes)
    flat = places.reshape(-1)
    textures = lines.corner_textures[flat] if len(lines.corner_textures) else lines.corner_textures
    return lines.corners[flat], textures, uses[owner], names


def _name_uses(lines: Lines) -> tuple[list[tuple[int, int]], list[str]]:
    """(face from which on, which name) in order, and the names; the first is of faces before any usemtl."""
    numbers, changes = {"": 0}, [(0, 0)]
    for faces, keyword, rest in lines.others:
        if keyword == b"usemtl":
            changes.append((faces, numbers.setdefault(decode_name(rest), len(numbers))))
    return changes, list(numbers)


def _check_corners(corners: NDArray[np.int32], count: int, name: str, what: str) -> None:
    least = 0 if what == "vertex" else -1
    if len(corners) and (int(corners.min()) < least or int(corners.max()) >= count):
        raise ScanRefused(
            "face_index", f"A face of {name} names a {what} that is not there (there are {count}).", "read"
        )


def _to_bytes(colours: NDArray[np.float32]) -> NDArray[np.uint8]:
    scale = 255.0 if np.nanmax(colours) <= 1.0 else 1.0  # both habits exist: 0..1 and 0..255
    return np.asarray(np.clip(np.nan_to_num(colours) * np.float32(scale), 0, 255) + np.float32(0.5), np.uint8)


def _name_lost(lines: Lines, name: str) -> list[ScanWarning]:
    lost = {decode_name(keyword)[:20] for _, keyword, _ in lines.others if keyword not in QUIET}
    if lines.short_faces:
        lost.add(f"{lines.short_faces:,} faces of fewer than three corners")
    return [warn("lines_dropped", file=name, names=", ".join(sorted(lost)[:8]))] if lost else []


def _with_materials(
    mesh: Mesh, uses: NDArray[np.int32], names: list[str], scan: tuple[Path, Lines], warnings: list[ScanWarning]
) -> Mesh:
    """The mesh with the materials its faces use, none when no face has one."""
    path, lines = scan
    used = np.unique(uses)
    shown = [names[index] for index in used.tolist()]
    libraries = _find_libraries(path, lines)
    textured = mesh.uv is not None
    looks, told = read_looks(path, libraries, [name for name in shown if name], textured)
    warnings += told
    if textured and mesh.colours is None and not any(look.has_picture for look in looks.values()):
        _tell_bare(path, libraries, looks, warnings)
    if not any(name in looks for name in shown):
        return mesh
    kept = [looks.get(name, Look(Material(name))) for name in shown]
    part = np.searchsorted(used, uses).astype(np.int32)
    if not textured:
        kept = [replace(look, material=_bare(look.material, path.name, warnings)) for look in kept]
    return lay_tiles(replace(mesh, face_material=part), kept)


def _bare(material: Material, name: str, warnings: list[ScanWarning]) -> Material:
    """A material without its pictures, which a mesh without texture coordinates cannot show."""
    if material.picture is None and material.normal_map is None and material.roughness_map is None:
        return material
    if not any(warning.code == "uv_missing" for warning in warnings):
        warnings.append(warn("uv_missing", file=name))
    return replace(material, picture=None, source_jpeg=None, normal_map=None, roughness_map=None)


def _tell_bare(path: Path, libraries: list[str], looks: dict[str, Look], warnings: list[ScanWarning]) -> None:
    """Refuse, or warn, when a scan has texture coordinates and nothing to show there."""
    missing = [name for name in libraries if find_beside(path, name) is None]
    if missing:
        text = (
            f"No texture found: put {missing[0]} and its pictures beside {path.name}, or pack all files into one ZIP."
        )
        raise ScanRefused("mtl_missing", text, "read")
    if not looks:
        warnings.append(warn("texture_none", file=path.name))


def _find_libraries(path: Path, lines: Lines) -> list[str]:
    """The names of the material files; a line may hold one name with spaces, or several names."""
    found: dict[str, None] = {}
    for _, keyword, rest in lines.others:
        name = decode_name(rest)
        if keyword != b"mtllib" or not name or name in found:
            continue
        several = [word for word in name.split() if word.lower().endswith(".mtl")]
        if len(several) > 1 and len(several) == len(name.split()) and find_beside(path, name) is None:
            found.update(dict.fromkeys(several))
        else:
            found[name] = None
    return list(found)
