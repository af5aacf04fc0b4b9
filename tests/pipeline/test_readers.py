from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.surface import colours_at, sample_surface
from asset_pipeline.readers.read import read_scan
from asset_pipeline.scan import Scan
from tests.pipeline.builders import (
    BOX_FACES,
    BOX_POINTS,
    Gltf,
    box_gltf,
    box_ply,
    checker,
    encode_picture,
    ply_bytes,
    stl_bytes,
    textured_obj,
    write_obj,
    zip_bytes,
)
from tests.pipeline.shapes import options


def read(folder: Path, name: str, data: bytes) -> Scan:
    path = folder / name
    path.write_bytes(data)
    return read_scan(path, options())


def codes(scan: Scan) -> list[str]:
    return [warning.code for warning in scan.warnings]


def colour_at(scan: Scan, x: float, y: float) -> list[int]:
    """The colour in the middle of the square's quarter round (x, y)."""
    mesh = scan.mesh
    hits = sample_surface(mesh.positions, mesh.faces, 4000, seed=1)
    points = np.einsum("nk,nkd->nd", hits.weights, mesh.positions[mesh.faces[hits.face]])
    near = np.hypot(points[:, 0] - x, points[:, 1] - y) < 0.1
    return np.median(colours_at(mesh, hits, nearest=True)[near], axis=0).astype(int).tolist()


def assert_quarters(scan: Scan) -> None:
    """The checker as it should lie: row 0 of the picture is at the top of the wall."""
    assert colour_at(scan, 0.25, 0.75) == [255, 0, 0]
    assert colour_at(scan, 0.75, 0.75) == [0, 255, 0]
    assert colour_at(scan, 0.25, 0.25) == [0, 0, 255]
    assert colour_at(scan, 0.75, 0.25) == [255, 255, 255]


def test_an_obj_shows_its_picture_the_right_way_up(tmp_path: Path) -> None:
    scan = read_scan(textured_obj(tmp_path), options())
    assert (scan.mesh.triangles, scan.mesh.vertices) == (2, 4)
    assert_quarters(scan)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_pictures_may_be_jpeg_or_webp(tmp_path: Path, kind: str) -> None:
    scan = read_scan(textured_obj(tmp_path, encode_picture(checker(64, 64), kind)), options())
    assert np.abs(np.array(colour_at(scan, 0.25, 0.75)) - [255, 0, 0]).max() < 30
    assert (scan.mesh.materials[0].source_jpeg is not None) == (kind == "JPEG")


def test_a_zipped_obj_reads_as_the_one_beside_its_files(tmp_path: Path) -> None:
    textured_obj(tmp_path)
    files = {f"scan/{name}": (tmp_path / name).read_bytes() for name in ("scan.obj", "scan.mtl", "wall.png")}
    scan = read(tmp_path, "scan.zip", zip_bytes({**files, "__MACOSX/scan/._scan.obj": b"\0"}))
    assert scan.facts.format == "obj"
    assert_quarters(scan)


def test_an_obj_with_polygons_negative_indices_and_vertex_colours(tmp_path: Path) -> None:
    text = "v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nv 0 1 0 1 1 1\nf -4 -3 \\\n -2 -1\r\n"
    mesh = read_scan(write_obj(tmp_path, text), options()).mesh
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.colours is not None
    assert mesh.colours.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]


def test_an_obj_whose_material_file_is_missing_is_taken_without_colour_and_says_so(tmp_path: Path) -> None:
    scan = read_scan(write_obj(tmp_path, "mtllib gone.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n"), options())
    assert codes(scan) == ["mtl_missing"]


def test_a_picture_path_of_another_computer_is_found_by_its_name(tmp_path: Path) -> None:
    path = textured_obj(tmp_path)
    (tmp_path / "scan.mtl").write_text("newmtl wall\nmap_Kd C:\\scans\\WALL.PNG\n", encoding="utf-8")
    scan = read_scan(path, options())
    assert "picture_path" in codes(scan)
    assert_quarters(scan)


@pytest.mark.parametrize("polygons", [False, True])
@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_ply_of_every_form_gives_the_same_box(tmp_path: Path, form: str, polygons: bool) -> None:
    mesh = read(tmp_path, "box.ply", box_ply(form, polygons)).mesh
    assert (mesh.positions == BOX_POINTS).all() and (mesh.faces == BOX_FACES).all()
    assert mesh.colours is not None
    assert mesh.colours.tolist() == [[10 * i, 20 * i, 30 * i] for i in range(8)]


def test_ply_properties_come_in_any_order_and_float_colours_count_to_one(tmp_path: Path) -> None:
    vertex = [("float", "red"), ("double", "z"), ("float", "x"), ("float", "green"), ("float", "y"), ("float", "blue")]
    rows = [[1.0, 3.0, 1.0, 0.5, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0, 0.0, 0.0]]
    faces = [("uchar", "uint", "vertex_index")]
    data = ply_bytes("binary_little_endian", [("face", faces, [[[0, 1, 2]]]), ("vertex", vertex, rows)])
    mesh = read(tmp_path, "a.ply", data).mesh
    assert mesh.positions[0].tolist() == [1.0, 2.0, 3.0]
    assert mesh.colours is not None and mesh.colours[0].tolist() == [255, 128, 0]


@pytest.mark.parametrize("text", [False, True])
def test_stl_of_both_forms(tmp_path: Path, text: bool) -> None:
    triangles = BOX_POINTS[BOX_FACES]
    mesh = read(tmp_path, "box.stl", stl_bytes(triangles, text)).mesh
    assert np.array_equal(mesh.positions[mesh.faces], triangles)


def test_glb_nodes_place_their_meshes(tmp_path: Path) -> None:
    half = 0.5**0.5
    data = box_gltf(translation=[10, 0, 0], rotation=[0, half, 0, half], scale=[2, 1, 1]).glb()
    mesh = read(tmp_path, "box.glb", data).mesh
    low, high = mesh.bounds()
    assert np.allclose(low, [10, 0, -2]) and np.allclose(high, [13, 2, 0])


def test_a_mirrored_glb_node_still_shows_its_outside(tmp_path: Path) -> None:
    mesh = read(tmp_path, "box.glb", box_gltf(scale=[-1, 1, 1]).glb()).mesh
    a, b, c = (mesh.positions[mesh.faces[:, k]] for k in range(3))
    volume = np.einsum("nd,nd->", a, np.cross(b, c)) / 6
    plain = read(tmp_path, "plain.glb", box_gltf().glb()).mesh
    a, b, c = (plain.positions[plain.faces[:, k]] for k in range(3))
    assert volume == pytest.approx(np.einsum("nd,nd->", a, np.cross(b, c)) / 6)


def textured_square() -> Gltf:
    scene = Gltf()
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    uv = scene.accessor(np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32))
    image = scene.add("images", {"bufferView": scene.view(encode_picture(checker())), "mimeType": "image/png"})
    texture = scene.add("textures", {"source": image})
    skin = scene.add("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": texture}}})
    scene.node(mesh=scene.mesh(points, np.array([[0, 1, 2], [0, 2, 3]]), skin, TEXCOORD_0=uv))
    return scene


def test_a_textured_glb_shows_its_picture_the_right_way_up(tmp_path: Path) -> None:
    scan = read(tmp_path, "square.glb", textured_square().glb())
    assert (scan.facts.unit_from, scan.facts.source.unit) == ("option", "m")
    assert_quarters(scan)


def test_a_gltf_with_its_buffer_inside_and_one_with_a_file_beside_read_alike(tmp_path: Path) -> None:
    scene = textured_square()
    assert_quarters(read(tmp_path, "inside.gltf", scene.gltf()))
    (tmp_path / "data.bin").write_bytes(bytes(scene.binary))
    assert_quarters(read(tmp_path, "beside.gltf", scene.gltf("data.bin")))


def test_a_file_beside_a_gltf_is_found_whatever_the_case_of_its_name(tmp_path: Path) -> None:
    scene = textured_square()
    (tmp_path / "Data.BIN").write_bytes(bytes(scene.binary))
    assert_quarters(read(tmp_path, "beside.gltf", scene.gltf("data.bin")))


def test_glb_vertex_colours_are_linear(tmp_path: Path) -> None:
    scene = Gltf()
    grey = scene.accessor(np.full((8, 4), 65535 * 0.2140411, np.uint16), normalized=True)
    scene.node(mesh=scene.mesh(BOX_POINTS, BOX_FACES, COLOR_0=grey))
    colours = read(tmp_path, "grey.glb", scene.glb()).mesh.colours
    assert colours is not None and np.abs(colours.astype(int) - 128).max() <= 1


def test_a_glb_of_points_only_is_refused(tmp_path: Path) -> None:
    scene = Gltf()
    scene.node(mesh=scene.mesh(BOX_POINTS, None, mode=0))
    with pytest.raises(ScanRefused) as refused:
        read(tmp_path, "points.glb", scene.glb())
    assert refused.value.code == "no_triangles"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n", "face_index"),
        ("a.obj", b"v 0 0 zero\nf 1 1 1\n", "obj_line"),
        ("a.obj", b"v nan nan nan\nv nan nan nan\nv nan nan nan\nf 1 2 3\n", "no_finite_point"),
        ("a.ply", box_ply()[:-5], "ply_data"),
        ("a.ply", box_ply()[:-200], "ply_too_short"),
        ("a.ply", box_ply("ascii").replace(b"3 0 1 3", b"3 0 1 9"), "face_index"),
        ("a.ply", box_ply("ascii").replace(b"3 0 1 3", b"3 0 x 3"), "ply_data"),
        ("a.ply", box_ply("ascii").replace(b"3 0 1 3", b"3 0 nan 3"), "face_index"),
        ("a.stl", stl_bytes(BOX_POINTS[BOX_FACES])[:-1], "stl_size"),
        ("a.glb", box_gltf().glb()[:-4], "glb_length"),
        ("a.zip", b"PK\x03\x04 no archive", "zip_broken"),
        ("a.zip", zip_bytes({"a.obj": b"v 0 0 0", "b.obj": b"v 0 0 0"}), "zip_scan"),
        ("a.zip", zip_bytes({"a.obj": b"v 0 0 0"}, external_attr=0o120777 << 16), "zip_link"),
        ("a.txt", b"hello", "not_a_scan"),
        ("a.png", encode_picture(checker()), "not_a_scan"),
        ("a.obj", b"", "empty_file"),
    ],
)
def test_what_is_no_sound_scan_is_refused_with_a_stable_code(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    with pytest.raises(ScanRefused) as refused:
        read(tmp_path, name, data)
    assert refused.value.code == code
    assert refused.value.text.strip() and "\n" not in refused.value.text


def test_a_picture_of_a_kind_we_do_not_decode_is_refused_not_opened(tmp_path: Path) -> None:
    path = textured_obj(tmp_path)
    Image.new("RGB", (4, 4)).save(tmp_path / "wall.png", "GIF")
    with pytest.raises(ScanRefused) as refused:
        read_scan(path, options())
    assert refused.value.code == "picture_kind"
