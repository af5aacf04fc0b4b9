"""PLY, text and binary of either byte order: faces or strips, colours of points or faces, texture coordinates and pictures."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.spool import empty_array, let_go
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.prechecks.precheck_plain import PlyHeader, PlyProperty, read_ply_header
from asset_pipeline.readers.neighbours import decode_name, find_picture
from asset_pipeline.readers.picture import read_picture
from asset_pipeline.readers.ply_body import Column, Columns, open_body, read_element
from asset_pipeline.readers.polygons import triangulate
from asset_pipeline.readers.seams import split_corners
from asset_pipeline.scan import Progress, ScanWarning, no_progress, warn

COLOURS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
COORDINATES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
CORNER_LISTS = ("vertex_indices", "vertex_index")
LISTS = {*CORNER_LISTS, "texcoord"}
QUIET = {"nx", "ny", "nz"}  # normals are made anew after collapse
WANTED = {
    "vertex": {"x", "y", "z", *(name for names in (*COLOURS, *COORDINATES) for name in names)},
    "face": {*CORNER_LISTS, "texcoord", "texnumber", *(name for names in COLOURS for name in names)},
    "tristrips": set(CORNER_LISTS),
}


def read_ply(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The surface of a PLY file; no faces when it holds points only. Raises ScanRefused."""
    header = _with_sound_names(read_ply_header(path))
    body = open_body(path, header)
    found: dict[str, Columns] = {}
    mesh = None
    for index, element in enumerate(header.elements):
        try:
            columns = read_element(body, element, WANTED.get(element.name, set()))
        except ValueError as error:
            text = f"The {element.name[:40]} data of {path.name} cannot be read: {error}."
            raise ScanRefused("ply_data", text, "read") from error
        if element.name == "vertex":
            mesh = _make_points(columns)
        else:
            found[element.name] = columns
        progress("read", (index + 1) / (len(header.elements) + 1))
    if mesh is None:
        raise ScanRefused("ply_no_points", f"{path.name} has no vertices with x, y and z.", "read")
    face = found.get("face", {})
    warnings = _name_lost(header)
    cut = _find_faces(face, found.get("tristrips", {}), mesh, path.name)
    mesh = replace(mesh, faces=cut.faces)
    if cut.places is not None and cut.owner is not None:
        mesh = _with_corners(mesh, face, cut.places, warnings)
        mesh = _with_face_colours(mesh, face, cut.owner)
    numbers = face["texnumber"].values[cut.owner] if "texnumber" in face and cut.owner is not None else None
    return _with_pictures(mesh, header, numbers, path, warnings), warnings


def _with_sound_names(header: PlyHeader) -> PlyHeader:
    """Every wanted name once, and lists only where lists belong; else renamed, to be passed over and named as lost."""
    elements = []
    for element in header.elements:
        named, properties = set[str](), list[PlyProperty]()
        for item in element.properties:
            odd = "again" if item.name in named else "a list" if item.count_type and item.name not in LISTS else ""
            wanted = item.name in WANTED.get(element.name, set())
            properties.append(replace(item, name=f"{item.name} ({odd})") if odd and wanted else item)
            named.add(item.name)
        elements.append(replace(element, properties=tuple(properties)))
    return replace(header, elements=tuple(elements))


@np.errstate(invalid="ignore", over="ignore")  # odd numbers are for the cleaning step, which counts them
def _make_points(vertex: Columns) -> Mesh | None:
    """The points with their colours and texture coordinates, without faces yet; None when they have no place."""
    if not {"x", "y", "z"} <= set(vertex):
        return None
    positions = empty_array((len(vertex["x"].values), 3), np.float64)
    for column, axis in enumerate("xyz"):
        positions[:, column] = vertex[axis].values
    let_go(positions)
    return Mesh(positions, np.zeros((0, 3), np.int32), _find_uv(vertex), _find_colours(vertex))


@dataclass(frozen=True)
class Cut:
    """Triangles (m, 3) and, where faces carry more than corners, the places of the corners in their lists and each one's face."""

    faces: NDArray[np.int32]
    places: NDArray[np.int64] | None = None
    owner: NDArray[np.int64] | None = None


def _find_faces(face: Columns, strips: Columns, mesh: Mesh, name: str) -> Cut:
    column = next((columns[key] for columns in (face, strips) for key in CORNER_LISTS if key in columns), None)
    if column is None:
        return Cut(np.zeros((0, 3), np.int32))
    corners = _whole(column.values, mesh.vertices, name)
    if column is not next((face[key] for key in CORNER_LISTS if key in face), None):
        return Cut(_checked(_unroll(corners), mesh.vertices, name))
    if np.all(np.asarray(column.counts) == 3):
        faces = _checked(corners.reshape(-1, 3), mesh.vertices, name)
        if len(face) == 1:
            return Cut(faces)
        return Cut(faces, np.arange(faces.size).reshape(-1, 3), np.arange(len(faces)))
    sizes = np.asarray(column.counts, np.int32)
    if sizes.ndim == 0:
        sizes = np.full(len(corners) // max(int(sizes), 1), sizes, np.int32)
    places, owner = triangulate(mesh.positions, corners, sizes)
    return Cut(_checked(corners[places], mesh.vertices, name), places, owner)


def _whole(values: NDArray[Any], vertices: int, name: str) -> NDArray[np.int32]:
    """Indices as int32, which what is out of range cannot pass for another by. Raises ScanRefused."""
    if values.dtype.kind == "f" or values.dtype.itemsize > 4 or values.dtype.kind == "u":
        sound = (values >= -1) & (values < max(vertices, 1)) & (values == np.floor(values))
        if not sound.all():
            raise _bad_index(name)
    return values.astype(np.int32, copy=False)


def _checked(faces: NDArray[np.int32], vertices: int, name: str) -> NDArray[np.int32]:
    if faces.size and (int(faces.min()) < 0 or int(faces.max()) >= vertices):
        raise _bad_index(name)
    return np.ascontiguousarray(faces)


def _bad_index(name: str) -> ScanRefused:
    return ScanRefused("face_index", f"A face of {name} names a vertex that is not there.", "read")


def _unroll(strip: NDArray[np.int32]) -> NDArray[np.int32]:
    """The triangles of strips that -1 ends; every other triangle of a strip turns the other way."""
    if len(strip) < 3:
        return np.zeros((0, 3), np.int32)
    ends = strip == -1
    since = np.arange(len(strip)) - np.maximum.accumulate(np.where(ends, np.arange(len(strip)) + 1, 0))
    triangles = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
    odd = since[:-2] % 2 == 1
    triangles[odd] = triangles[odd][:, [1, 0, 2]]
    return np.asarray(triangles[(triangles != -1).all(axis=1)], np.int32)


def _find_colours(columns: Columns) -> NDArray[np.uint8] | None:
    names = next((names for names in COLOURS if set(names) <= set(columns)), None)
    if names is None or not len(columns[names[0]].values):
        return None
    return np.stack([_to_bytes(columns[name]) for name in names], axis=1)


def _to_bytes(column: Column) -> NDArray[np.uint8]:
    values = column.values
    if values.dtype.kind == "f":
        shares = np.nan_to_num(values)
        scale = 255 if float(np.max(shares, initial=0.0)) <= 1.0 else 1  # both habits exist: 0..1 and 0..255
        return np.asarray(np.clip(shares * scale, 0, 255) + 0.5, np.uint8)
    if values.dtype.itemsize == 1:
        return values.astype(np.uint8)
    wide = int(np.max(values, initial=0)) > 255
    return np.asarray(np.clip(values, 0, 65535) // 257 if wide else np.clip(values, 0, 255), np.uint8)


def _find_uv(columns: Columns) -> NDArray[np.float32] | None:
    names = next((names for names in COORDINATES if set(names) <= set(columns)), None)
    if names is None:
        return None
    u, v = (columns[name].values.astype(np.float32) for name in names)
    return np.stack([u, 1 - v], axis=1)  # counted from the bottom, as in OBJ


def _with_corners(mesh: Mesh, face: Columns, places: NDArray[np.int64], warnings: list[ScanWarning]) -> Mesh:
    """The mesh with the texture coordinates that its faces list for their corners."""
    column = face.get("texcoord")
    if column is None or not len(column.values):
        return mesh
    corners = next(face[key] for key in CORNER_LISTS if key in face)
    sizes = np.asarray(corners.counts)
    if len(column.values) != 2 * len(corners.values) or not np.array_equal(np.asarray(column.counts), 2 * sizes):
        warnings.append(warn("uv_dropped"))
        return mesh
    table = column.values.astype(np.float32).reshape(-1, 2)
    uv = np.stack([table[:, 0], 1 - table[:, 1]], axis=1)[places.reshape(-1)]
    split, corner = split_corners(mesh, uv.view(np.int32))
    return replace(split, uv=uv[corner])


def _with_face_colours(mesh: Mesh, face: Columns, owner: NDArray[np.int64]) -> Mesh:
    """The mesh with its faces' colours, when its points have none; a point between colours stands once for each."""
    colours = _find_colours(face) if mesh.colours is None else None
    if colours is None:
        return mesh
    of_corner = np.repeat(colours[owner], 3, axis=0)
    split, corner = split_corners(mesh, of_corner.astype(np.int32))
    return replace(split, colours=of_corner[corner])


def _with_pictures(
    mesh: Mesh, header: PlyHeader, numbers: NDArray[Any] | None, path: Path, warnings: list[ScanWarning]
) -> Mesh:
    """The mesh with the pictures that comments name; numbers (m,) say which one each triangle shows."""
    if mesh.uv is None:
        return mesh
    words = [comment.split(None, 1) for comment in header.comments]
    names = [decode_name(word[1].encode("latin-1")) for word in words if word[0] == "TextureFile" and len(word) > 1]
    if not names:
        warnings.append(warn("texture_none", file=path.name))
        return replace(mesh, uv=None)
    materials = tuple(_read_material(path, name, warnings) for name in names)
    part = np.zeros(mesh.triangles, np.int32)
    if numbers is not None:
        part = np.clip(np.nan_to_num(numbers), 0, len(names) - 1).astype(np.int32)
    return replace(mesh, materials=materials, face_material=part)


def _read_material(path: Path, name: str, warnings: list[ScanWarning]) -> Material:
    picture = find_picture(path, name)
    if picture is None:
        text = f"No texture found: put {name} beside {path.name}, or pack both into one ZIP."
        raise ScanRefused("picture_missing", text, "read")
    shown = read_picture(picture.read_bytes(), picture.name)
    warnings += shown.warnings
    return Material(picture.stem, picture=shown.image, source_jpeg=shown.jpeg)


def _name_lost(header: PlyHeader) -> list[ScanWarning]:
    lost = {element.name[:40] for element in header.elements if element.name not in WANTED and element.count}
    for element in header.elements:
        if element.name in WANTED:
            names = {item.name[:40] for item in element.properties} - WANTED[element.name] - QUIET
            lost |= {f"{name} of each {element.name}" for name in names}
    return [warn("properties_dropped", names=", ".join(sorted(lost)[:12]))] if lost else []
