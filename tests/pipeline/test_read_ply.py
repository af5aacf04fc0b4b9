"""PLY as it comes: any order of properties, any type of list, strips, colours of faces, texture coordinates, odd text."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Mesh
from asset_pipeline.readers import ply_body
from asset_pipeline.readers.read_ply import read_ply
from asset_pipeline.scan import ScanWarning
from tests.pipeline.builders import BOX_FACES, BOX_POINTS, BOX_QUADS, PLY_STRUCT, checker, encode_picture, ply_bytes

FORMS = ["ascii", "binary_little_endian", "binary_big_endian"]
XYZ = [("float", axis) for axis in "xyz"]
POINTS = ("vertex", XYZ, BOX_POINTS.tolist())
WHOLE = [name for name in PLY_STRUCT if name not in {"float", "double"}]


def read(folder: Path, data: bytes) -> tuple[Mesh, list[ScanWarning]]:
    (folder / "scan.ply").write_bytes(data)
    return read_ply(folder / "scan.ply")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [*WHOLE, "float"])
@pytest.mark.parametrize("count", WHOLE)
def test_lists_of_every_type_give_the_same_faces(tmp_path: Path, form: str, kind: str, count: str) -> None:
    faces = [[face] for face in [*BOX_FACES.tolist(), BOX_QUADS[0]]]
    data = ply_bytes(form, [POINTS, ("face", [(count, kind, "vertex_index")], faces)])
    mesh, _ = read(tmp_path, data)
    assert mesh.faces.tolist() == [*BOX_FACES.tolist(), *BOX_FACES.tolist()[:2]]


@pytest.mark.parametrize("form", FORMS)
def test_properties_and_lists_that_nobody_needs_are_passed_over(tmp_path: Path, form: str) -> None:
    camera = ("camera", [("uchar", "double", "settings"), ("int", "id")], [[[1.5, 2.5], 1], [[], 2]])
    vertex = [("uchar", "float", "history"), ("double", "z"), ("float", "nx"), ("short", "x"), ("int", "y")]
    rows = [[[0.5] * (k % 3), float(p[2]), 1.0, int(p[0]), int(p[1])] for k, p in enumerate(BOX_POINTS)]
    face = [("float", "quality"), ("uchar", "int", "vertex_indices"), ("uchar", "uchar", "marks")]
    faces = [[0.25, corners, [1] * (k % 4)] for k, corners in enumerate(BOX_QUADS)]
    elements = [camera, ("vertex", vertex, rows), ("edge", [], [[]] * 5), ("face", face, faces)]
    mesh, warnings = read(tmp_path, ply_bytes(form, elements))
    assert (mesh.positions == BOX_POINTS).all() and (mesh.faces == BOX_FACES).all()
    expected = "camera, edge, history of each vertex, marks of each face, quality of each face"
    assert [warning.text for warning in warnings] == [f"Not kept from the PLY: {expected}."]


@pytest.mark.parametrize("form", FORMS)
def test_names_given_twice_and_lists_in_place_of_numbers_are_passed_over_and_named(tmp_path: Path, form: str) -> None:
    vertex = [*XYZ, ("float", "z"), ("uchar", "uchar", "red"), ("uchar", "green"), ("uchar", "blue"), ("float", "z")]
    rows = [[*point, 9.0, [1] * (k % 3), 2, 3, 9.0] for k, point in enumerate(BOX_POINTS.tolist())]
    face = [("uchar", "int", "vertex_indices"), ("uchar", "int", "vertex_indices")]
    faces = [[corners, [7]] for corners in BOX_QUADS]
    mesh, warnings = read(tmp_path, ply_bytes(form, [("vertex", vertex, rows), ("face", face, faces)]))
    assert (mesh.positions == BOX_POINTS).all() and (mesh.faces == BOX_FACES).all()
    assert mesh.colours is None
    expected = "red (a list) of each vertex, vertex_indices (again) of each face, z (again) of each vertex"
    assert [warning.text for warning in warnings] == [f"Not kept from the PLY: {expected}."]


@pytest.mark.parametrize("form", FORMS)
def test_places_in_lists_are_no_places(tmp_path: Path, form: str) -> None:
    vertex = [("uchar", "float", "x"), ("float", "y"), ("float", "z")]
    rows = [[[0.0] * (k % 3), 1.0, 2.0] for k in range(8)]
    with pytest.raises(ScanRefused) as refused:
        read(tmp_path, ply_bytes(form, [("vertex", vertex, rows)]))
    assert refused.value.code == "ply_no_points"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "one", "names"),
    [
        ("uchar", 255, ("red", "green", "blue")),
        ("ushort", 65535, ("red", "green", "blue")),
        ("float", 1.0, ("r", "g", "b")),
        ("float", 255.0, ("red", "green", "blue")),
        ("double", 1.0, ("diffuse_red", "diffuse_green", "diffuse_blue")),
        ("int", 255, ("red", "green", "blue")),
    ],
)
def test_colours_of_every_type_and_name(
    tmp_path: Path, form: str, kind: str, one: float, names: tuple[str, ...]
) -> None:
    vertex = [*XYZ, *((kind, name) for name in names)]
    rows = [[*point, one, 0 * one, (k % 2) * one] for k, point in enumerate(BOX_POINTS.tolist())]
    mesh, warnings = read(tmp_path, ply_bytes(form, [("vertex", vertex, rows)]))
    assert mesh.colours is not None and warnings == []
    assert mesh.colours.tolist() == [[255, 0, 255 * (k % 2)] for k in range(8)]


@pytest.mark.parametrize("form", FORMS)
def test_colours_of_faces_are_kept_at_corners_of_their_own(tmp_path: Path, form: str) -> None:
    face = [("uchar", "int", "vertex_indices"), *(("uchar", name) for name in ("red", "green", "blue"))]
    rows = [[corners, 40 * k, 10, 200] for k, corners in enumerate(BOX_QUADS)]
    mesh, _ = read(tmp_path, ply_bytes(form, [POINTS, ("face", face, rows)]))
    assert mesh.colours is not None and mesh.vertices == 24
    assert (mesh.positions[mesh.faces] == BOX_POINTS[BOX_FACES]).all()
    assert mesh.colours[mesh.faces][:, :, 0].tolist() == [[40 * (k // 2)] * 3 for k in range(12)]


@pytest.mark.parametrize("form", FORMS)
def test_strips_turn_all_one_way(tmp_path: Path, form: str) -> None:
    side = [[float(x), float(y), 0.0] for x in range(4) for y in (0, 1)]
    strip = [0, 1, 2, 3, 4, 5, 6, 7, -1, 3, 1, 5, -1, 2, 3]
    strips = ("tristrips", [("int", "int", "vertex_indices")], [[strip]])
    mesh, _ = read(tmp_path, ply_bytes(form, [("vertex", XYZ, side), strips]))
    a, b, c = (mesh.positions[mesh.faces[:, k]] for k in range(3))
    turns = np.cross(b - a, c - a)[:, 2]
    assert mesh.triangles == 7 and (turns[:6] < 0).all()


SQUARE = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
UV = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]


def with_picture(folder: Path, data: bytes, *names: str) -> bytes:
    for name in names:
        (folder / name.lower()).write_bytes(encode_picture(checker()))
    lines = "".join(f"comment TextureFile {name}\n" for name in names)
    return data.replace(b"comment made by a test\n", lines.encode())


@pytest.mark.parametrize("names", [("s", "t"), ("u", "v"), ("texture_u", "texture_v")])
def test_texture_coordinates_of_points(tmp_path: Path, names: tuple[str, str]) -> None:
    rows = [[*p, *uv] for p, uv in zip(SQUARE, UV, strict=True)]
    vertex = [*XYZ, *(("float", name) for name in names)]
    face = ("face", [("uchar", "int", "vertex_indices")], [[[0, 1, 2, 3]]])
    data = with_picture(tmp_path, ply_bytes("ascii", [("vertex", vertex, rows), face]), "壁 Wall.PNG")
    mesh, warnings = read(tmp_path, data)
    assert mesh.uv is not None and mesh.uv.tolist() == [[u, 1 - v] for u, v in UV]
    assert mesh.materials[0].picture is not None and warnings == []


@pytest.mark.parametrize("form", FORMS)
def test_texture_coordinates_and_pictures_of_faces(tmp_path: Path, form: str) -> None:
    face = [("uchar", "int", "vertex_indices"), ("uchar", "float", "texcoord"), ("int", "texnumber")]
    rows: list[list[Any]] = [
        [[0, 1, 2], [0.0, 0.0, 1.0, 0.0, 1.0, 1.0], 0],
        [[0, 2, 3], [0.0, 0.0, 0.5, 0.5, 0.0, 1.0], 1],
    ]
    data = ply_bytes(form, [("vertex", XYZ, SQUARE), ("face", face, rows)])
    mesh, _ = read(tmp_path, with_picture(tmp_path, data, "a.png", "b.png"))
    assert mesh.uv is not None and mesh.face_material is not None and mesh.vertices == 5
    assert mesh.uv[mesh.faces].tolist() == [[[0, 1], [1, 1], [1, 0]], [[0, 1], [0.5, 0.5], [0, 0]]]
    assert mesh.face_material.tolist() == [0, 1] and [m.name for m in mesh.materials] == ["a", "b"]


def test_texture_coordinates_of_polygons_follow_their_corners(tmp_path: Path) -> None:
    face = [("uchar", "int", "vertex_indices"), ("uchar", "float", "texcoord")]
    rows = [[[0, 1, 2, 3], [value for uv in UV for value in uv]]]
    data = ply_bytes("binary_little_endian", [("vertex", XYZ, SQUARE), ("face", face, rows)])
    mesh, _ = read(tmp_path, with_picture(tmp_path, data, "a.png"))
    assert mesh.uv is not None
    assert {(*p[:2], *uv) for p, uv in zip(mesh.positions.tolist(), mesh.uv.tolist(), strict=True)} == {
        (x, y, u, 1 - v) for (x, y, _), (u, v) in zip(SQUARE, UV, strict=True)
    }


def test_texture_coordinates_that_do_not_fit_their_corners_are_left_out_and_said_so(tmp_path: Path) -> None:
    face = [("uchar", "int", "vertex_indices"), ("uchar", "float", "texcoord")]
    data = ply_bytes("ascii", [("vertex", XYZ, SQUARE), ("face", face, [[[0, 1, 2], [0.0, 1.0]], [[0, 2, 3], []]])])
    mesh, warnings = read(tmp_path, data)
    assert mesh.uv is None and [warning.code for warning in warnings] == ["uv_dropped"]


def test_a_missing_picture_is_refused_with_what_to_do(tmp_path: Path) -> None:
    rows = [[*p, *uv] for p, uv in zip(SQUARE, UV, strict=True)]
    vertex = [*XYZ, ("float", "s"), ("float", "t")]
    data = ply_bytes("ascii", [("vertex", vertex, rows), ("face", [("uchar", "int", "vertex_indices")], [[[0, 1, 2]]])])
    with pytest.raises(ScanRefused) as refused:
        read(tmp_path, data.replace(b"comment made by a test", b"comment TextureFile wall.jpg"))
    assert refused.value.text == "No texture found: put wall.jpg beside scan.ply, or pack both into one ZIP."


@pytest.mark.parametrize("form", FORMS)
def test_rows_read_a_few_at_a_time_give_the_same(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faces = [[face] for face in [*BOX_QUADS, *BOX_FACES.tolist()]]
    data = ply_bytes(form, [POINTS, ("face", [("uchar", "int", "vertex_indices")], faces)])
    whole, _ = read(tmp_path, data)
    monkeypatch.setattr(ply_body, "CHUNK_ROWS", 5)
    monkeypatch.setattr(ply_body, "BLOCK_BYTES", 7)
    mesh, _ = read(tmp_path, data)
    assert (mesh.positions == whole.positions).all() and (mesh.faces == whole.faces).all()


def test_text_with_odd_spaces_and_line_ends(tmp_path: Path) -> None:
    head = "ply\r\nformat ascii 1.0\r\nelement vertex 3\r\nproperty float x\r\nproperty float y\r\nproperty float z\r\n"
    head += "element face 1\r\nproperty list uchar int vertex_indices\r\nend_header\r\n"
    mesh, _ = read(tmp_path, (head + "\t0 0   0\r\n1 0\r\n0 0 1.0e0\t-0\r\n\r\n 3  0 1\t2 ").encode())
    assert mesh.positions.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]] and mesh.faces.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("0 0 0 1 0 0 0 1 0 3 0 1 3", "face_index"),
        ("0 0 0 1 0 0 0 1 0 3 0 1 -1", "face_index"),
        ("0 0 0 1 0 0 0 1 0 3 0 1 1.5", "face_index"),
        ("0 0 0 1 0 0 0 1 0 3 0 1", "ply_data"),
        ("0 0 0 1 0 0 0 1 0 -1 0 1 2", "ply_data"),
        ("0 0 0 1 0 0 0 1 0 1e9 0 1 2", "ply_data"),
        ("0 0 0 1 0 0 0 1 0 nan 0 1 2", "ply_data"),
        ("0 0 0 1 0 0 0 1 x 3 0 1 2 0", "ply_data"),
    ],
)
def test_a_text_that_does_not_hold_what_it_says_is_refused(tmp_path: Path, body: str, code: str) -> None:
    head = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    head += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    with pytest.raises(ScanRefused) as refused:
        read(tmp_path, (head + body).encode())
    assert refused.value.code == code
