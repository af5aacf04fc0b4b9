"""What a scan's owner compares in 3D: the scan as a model a browser opens, and how far a level is from it, place by place.

None of it is part of a package: a scan is served to nobody but its owner.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.source import Rows, Source
from asset_pipeline.appearance.texture import Texture, encode_jpeg
from asset_pipeline.geometry.bvh import Hits, build_bvh, find_closest
from asset_pipeline.geometry.surface import colours_at
from asset_pipeline.mesh import Image, Material, Mesh, Surface
from asset_pipeline.output.encode import FINEST_STEPS, Look, Vertices, encode_parts, split_vertices
from asset_pipeline.report.poster import halve
from asset_pipeline.report.views import find_steps

SCHEMA = "dejima.comparison/1"
INDEX_FILE, REFERENCE_FILE = "comparison.json", "reference.glb"
MOST_PX = 4096  # of a picture's longer side: what phones can show
AROUND, MOST_ROUNDS = 1 / 300, 16  # of the diagonal: two pixels of the report; each round goes an edge further
EDGES = 10_000  # enough to know how long they usually are
SLACK = 1e-3  # by which texture coordinates may leave their picture

Scale = tuple[float, float]


@dataclass(frozen=True)
class Reference:
    """The scan as its owner sees it. data: a GLB; surface: its vertices and faces in the order of the file, metres."""

    data: bytes
    surface: Surface


@dataclass(frozen=True)
class Compared:
    """One step of the report's scale for each vertex: of the reference, and of the level's file, in their order."""

    on_scan: bytes
    on_level: bytes


def make_reference(scan: Mesh, normals: Rows) -> Reference:
    """The scan (metres, y up) with its own pictures; normals (m, 3, 3), one a corner of each face."""
    parts = list(_split_parts(scan, normals))
    low, high = scan.bounds()
    step = float((high - low).max()) / FINEST_STEPS or 1.0
    starts = np.cumsum([0, *(len(vertices.positions) for vertices, _ in parts)])
    faces = [vertices.faces + start for (vertices, _), start in zip(parts, starts[:-1].astype(np.int32), strict=True)]
    positions = np.concatenate([vertices.positions for vertices, _ in parts])
    return Reference(encode_parts(parts, step), Surface(positions, np.concatenate(faces)))


def compare_level(source: Source, level: Mesh, shown: Surface, scale_m: Scale) -> Compared:
    """How far a level is from each vertex of the scan as shown, and how far the scan is round each vertex of its file.

    As in the report an error is told as the mean over a small neighbourhood: single points are too fine to be seen. A
    coarse level's own vertices lie on the scan while its faces do not. So a vertex is given the mean square of what the
    places of the scan round it are away, weighted by nearness, or its own distance where that is more: the worse of both
    directions.
    """
    vertices = split_vertices(level)
    tree = build_bvh(vertices.positions, vertices.faces)
    from_scan = _even_out(shown, find_closest(tree, shown.positions).distance)
    own = find_closest(source.bvh, vertices.positions).distance
    around = _gather(vertices, find_closest(tree, source.places.points))
    worse = np.maximum(own, around).astype(np.float32)
    return Compared(find_steps(from_scan, scale_m).tobytes(), find_steps(worse, scale_m).tobytes())


def describe_comparison(
    reference: Reference, compared: Sequence[Compared | None], counts: Mapping[str, int], scale_m: Scale
) -> dict[str, bytes]:
    """The files of a comparison by name. counts: how many triangles or points the scan has, of which it may show fewer."""
    files = {REFERENCE_FILE: reference.data}
    levels = []
    for index, each in enumerate(compared):
        names = {"file": f"lod{index}.glb", "scan": f"scan-lod{index}.bin", "level": f"level-lod{index}.bin"}
        if each is not None:
            files |= {names["scan"]: each.on_scan, names["level"]: each.on_level}
            levels.append(names)
    shown = {"file": REFERENCE_FILE, "bytes": len(reference.data), **counts}
    index_of = {
        "schema": SCHEMA,
        "heat_low_m": scale_m[0],
        "heat_high_m": scale_m[1],
        "reference": {**shown, "vertices": len(reference.surface.positions)},
        "levels": levels,
    }
    return {**files, INDEX_FILE: json.dumps(index_of, sort_keys=True, separators=(",", ":")).encode()}


def _even_out(surface: Surface, distance: Rows) -> Rows:
    """The distances (n,) as root mean squares over what is as far round each vertex as the report's pictures can tell."""
    corners, count = surface.faces.reshape(-1), len(surface.positions)
    ends = surface.positions[surface.faces[:: max(1, surface.triangles // EDGES), :2]]
    edge_m = float(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).mean()) or 1.0
    size = surface.positions.max(axis=0) - surface.positions.min(axis=0)
    rounds = int(np.clip(round((AROUND * float(np.linalg.norm(size)) / edge_m) ** 2), 1, MOST_ROUNDS))
    faces_of = np.maximum(np.bincount(corners, minlength=count), 1)
    squares = distance.astype(np.float64) ** 2
    for _ in range(rounds):
        of_faces = squares[surface.faces].mean(axis=1)
        squares = np.bincount(corners, np.repeat(of_faces, 3), count) / faces_of
    return np.sqrt(squares).astype(np.float32)


def _gather(vertices: Vertices, hits: Hits) -> NDArray[np.float64]:
    """The root mean square (n,) of the distances of hits at the vertices round them; 0 where none is."""
    # vertices that stand twice, at seams and edges, are one place
    _, place = np.unique(vertices.positions, axis=0, return_inverse=True)
    places = place.reshape(-1)[vertices.faces[hits.face]].reshape(-1)
    weights = hits.weights.astype(np.float64).reshape(-1)
    squares = weights * np.repeat(hits.distance.astype(np.float64) ** 2, 3)
    weight = np.bincount(places, weights, place.max() + 1)
    mean = np.bincount(places, squares, place.max() + 1) / np.maximum(weight, 1e-12)
    return np.asarray(np.sqrt(mean)[place.reshape(-1)])


def _split_parts(scan: Mesh, normals: Rows) -> Iterator[tuple[Vertices, Look]]:
    """The scan by its pictures, and all that shows none, or repeats one, in the colours of its vertices."""
    part = np.zeros(scan.triangles, np.int32) if scan.face_material is None else np.asarray(scan.face_material)
    rest = np.ones(scan.triangles, bool)
    for index, material in enumerate(scan.materials):
        chosen = part == index
        if material.picture is None or scan.uv is None or not chosen.any():
            continue
        mesh = _take(scan, np.flatnonzero(chosen), np.zeros_like(part))
        if mesh.uv is None:
            continue
        yield split_vertices(mesh, normals[chosen]), _look_of(material, material.picture)
        rest &= ~chosen
    if rest.any():
        mesh = _take(scan, np.flatnonzero(rest), part, coloured=True)
        yield split_vertices(mesh, normals[rest]), Look()


def _take(scan: Mesh, faces: NDArray[np.int64], part: NDArray[np.int32], coloured: bool = False) -> Mesh:
    """Some faces with the vertices they use, a vertex once for each part; without uv when they leave their picture."""
    corners = scan.faces[faces].astype(np.int64) * (int(part.max()) + 1) + part[faces, None]
    _, first, place = np.unique(corners, return_index=True, return_inverse=True)
    rows = scan.faces[faces].reshape(-1)[first]
    colours = None if scan.colours is None else scan.colours[rows]
    if coloured and (scan.colours is not None or scan.materials):
        hits = Hits(faces[first // 3].astype(np.int32), np.eye(3, dtype=np.float32)[first % 3], np.zeros(0, np.float32))
        colours = np.clip(colours_at(scan, hits) + 0.5, 0, 255).astype(np.uint8)
    uv = None if coloured or scan.uv is None else _within(scan.uv[rows])
    return Mesh(scan.positions[rows], place.reshape(-1, 3).astype(np.int32), uv, colours)


def _within(uv: Rows) -> Rows | None:
    """Texture coordinates moved by whole pictures into one; None when they cover more than one."""
    moved = uv - np.floor(uv.min(axis=0) + SLACK)
    return None if moved.max() > 1 + SLACK else np.clip(moved, 0, 1)


def _look_of(material: Material, picture: Image) -> Look:
    normal = None if material.normal_map is None else _encode(material.normal_map, None)
    return Look(_encode(picture, material.source_jpeg), normal, factor=material.colour)


def _encode(picture: Image, source_jpeg: bytes | None) -> Texture:
    """The picture as it came where that is a JPEG a phone can show, else as one."""
    if max(picture.shape[:2]) > MOST_PX:
        source_jpeg = None
    while max(picture.shape[:2]) > MOST_PX:
        picture = halve(picture)
    return Texture(source_jpeg or encode_jpeg(picture), "image/jpeg", max(picture.shape[:2]))
