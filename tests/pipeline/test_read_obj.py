"""OBJ as it comes: names, paths and encodings of other systems, polygons, tiles, maps, and what its lines may look like."""

from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Mesh
from asset_pipeline.readers import obj_text
from asset_pipeline.readers.read import read_scan
from asset_pipeline.scan import Scan
from tests.pipeline.builders import checker, encode_picture
from tests.pipeline.shapes import options

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
FACE = "f 1/1 2/2 3/3 4/4\n"
FLAT = np.full((8, 8, 3), (128, 128, 255), np.uint8)


def write(
    folder: Path, text: str | bytes, mtl: str | bytes = "newmtl wall\nmap_Kd wall.png\n", **pictures: bytes
) -> Path:
    for name, content in (("scan.obj", text), ("scan.mtl", mtl)):
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    for stem, data in (pictures or {"wall": encode_picture(checker())}).items():
        (folder / f"{stem}.png").write_bytes(data)
    return folder / "scan.obj"


def read(path: Path) -> Scan:
    return read_scan(path, options())


def square(folder: Path, mtl: str | bytes, **pictures: bytes) -> Scan:
    return read(write(folder, f"mtllib scan.mtl\n{SQUARE}usemtl wall\n{FACE}", mtl, **pictures))


def told(scan: Scan) -> dict[str, str]:
    return {warning.code: warning.text for warning in scan.warnings}


def area(mesh: Mesh) -> float:
    a, b, c = (mesh.positions[mesh.faces[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@pytest.mark.parametrize(
    "text",
    [
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "v 0 0 0\r\nv 1 0 0\r\nv 0 1 0\r\nf 1 2 3\r\n",
        "v 0 0 0\rv 1 0 0\rv 0 1 0\rf 1 2 3\r",
        "\ufeffv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3",
        "v\t0   0\t0 # here\n\n  v 1e0 0.0e-3 -0\nv 0 1.0000000000000000000000 0 1\nf -3 -2 -1 # there\n",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nf 1//1 2//1 3//1\n",
        "v 0 0 0\nv 1 0 0 \\\n\nv 0 \\\r\n1 0\nf 1 \\\n2 \\\n3\n",
        "g one two\no part\ns off\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvp 1 2\nf 1 2 3\ns 1\n",
        "f 1 2 3\nv +0 .0 0.\nv 1 0 0\nv 0 1 0\n",
    ],
)
def test_a_triangle_however_its_lines_look(tmp_path: Path, text: str) -> None:
    mesh = read(write(tmp_path, text)).mesh
    assert mesh.positions.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert mesh.faces.tolist() == [[0, 1, 2]]


def test_numbers_come_out_as_written(tmp_path: Path) -> None:
    values = [
        "123456.789",
        "-0.1",
        "1e-3",
        "2.5E+10",
        "5e-324",
        "1.5e308",
        "0.30000000000000004",
        "00012",
    ]
    random = np.random.default_rng(3)
    values += [repr(float(v)) for v in random.normal(size=600) * 10.0 ** random.integers(-8, 9, 600)]
    values += ["0"] * (-len(values) % 3)
    rows = [values[k : k + 3] for k in range(0, len(values), 3)]
    path = write(tmp_path, "".join(f"v {' '.join(row)}\n" for row in rows) + "f 1 2 3\n")
    found = obj_text.read_lines(path, lambda _stage, _share: None).points
    wanted = np.array(rows, float)
    assert (np.abs(found - wanted) <= 1e-15 * np.abs(wanted)).all()
    short = np.array([len(v) <= 16 for row in rows for v in row]).reshape(found.shape)
    assert (found == wanted)[short & (np.abs(wanted) < 1e15)].all()


def test_blocks_that_end_anywhere_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"v {x} {y} 0\r\nvt {x}.5 \\\n{y}\n" for y in range(5) for x in range(5)]
    lines += [f"usemtl m{k}\nf {k}/{k} {k + 1}/{k + 1} {k + 6}/{k + 6} -{26 - k - 5}/{k + 5}\n" for k in range(1, 20)]
    path = write(tmp_path, "".join(lines))
    whole = read(path).mesh
    for size in (40, 41, 64, 1000):
        monkeypatch.setattr(obj_text, "BLOCK_BYTES", size)
        mesh = read(path).mesh
        assert (mesh.positions == whole.positions).all() and (mesh.faces == whole.faces).all()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("v 0 0 x", "vertex"),
        ("v 0 0", "vertex"),
        ("vt", "texture coordinate"),
        ("vt 0 1 2 3", "texture coordinate"),
        ("f 1 2 x", "no index"),
        ("f 1 2 3/4/5/6", "no index"),
        ("f 1 2 1.5", "no index"),
        ("f 0 1 2", "index of 0"),
        ("f 1/0 2/1 3/1", "index of 0"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_by_its_number(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(ScanRefused) as refused:
        read(write(tmp_path, f"# a comment\r\nv 0 0 \\\n0\nv 1 0 0\nv 0 1 0\n{line}\n"))
    assert refused.value.code == "obj_line" and what in refused.value.text and "line 6." in refused.value.text


@pytest.mark.parametrize("corner", ["9", "-9", "2147483648", "99999999999999999999", "1/5", "1/-5"])
def test_a_face_of_what_is_not_there_is_refused(tmp_path: Path, corner: str) -> None:
    with pytest.raises(ScanRefused) as refused:
        read(write(tmp_path, f"v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 {corner}\n"))
    assert refused.value.code == "face_index"


def test_points_and_texture_coordinates_pair_up_as_the_faces_say(tmp_path: Path) -> None:
    text = SQUARE + "vt 0.5 0.5\nv 5 5 5\nf 1/1 2/2 3/3\nf 1/5 3/3 4/1\nf 1 2 4\n"
    mesh = read(write(tmp_path, text)).mesh
    assert mesh.uv is not None
    found = np.concatenate([mesh.positions, mesh.uv], axis=1)[mesh.faces][:, :, [0, 1, 3, 4]]
    assert found.tolist() == [
        [[0, 0, 0, 1], [1, 0, 1, 1], [1, 1, 1, 0]],
        [[0, 0, 0.5, 0.5], [1, 1, 1, 0], [0, 1, 0, 1]],
        [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]],
    ]
    assert 5 not in mesh.positions


OUTLINES = {
    "arrow": [(0, 0), (4, 0), (4, 4), (2, 1)],
    "arrow from its notch": [(2, 1), (0, 0), (4, 0), (4, 4)],
    "ell": [(0, 0), (4, 0), (4, 1), (1, 1), (1, 4), (0, 4)],
    "comb": [(0, 0), (9, 0), (9, 5), (8, 5), (8, 1), (6, 1), (6, 5), (5, 5), (5, 1), (3, 1), (3, 5), (0, 5)],
    "square": [(0, 0), (2, 0), (2, 2), (0, 2)],
    "with a corner on an edge": [(0, 0), (1, 0), (2, 0), (2, 2), (0, 2)],
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (2, 0)])
@pytest.mark.parametrize("outline", OUTLINES.values(), ids=OUTLINES)
def test_polygons_are_filled_and_nothing_beside_them(
    tmp_path: Path, outline: list[tuple[int, int]], axes: tuple[int, int], turned: bool
) -> None:
    points = np.zeros((len(outline), 3))
    points[:, axes] = outline[::-1] if turned else outline
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in points) + f"f {' '.join(map(str, range(1, len(points) + 1)))}\n"
    mesh = read(write(tmp_path, text)).mesh
    x, y = points[:, axes[0]], points[:, axes[1]]
    wanted = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)
    a, b, c = (mesh.positions[mesh.faces[:, k]][:, axes] for k in range(3))
    signed = ((b - a)[:, 0] * (c - a)[:, 1] - (c - a)[:, 0] * (b - a)[:, 1]) / 2
    assert signed.sum() == pytest.approx(wanted) and mesh.triangles == len(outline) - 2
    assert (signed * np.sign(wanted) >= 0).all()


def test_negative_indices_count_back_from_their_own_line(tmp_path: Path) -> None:
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 5 0 0\nv 6 0 0\nv 5 1 0\nf -3 -2 -1\n"
    assert read(write(tmp_path, text)).mesh.faces.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_groups_objects_and_several_libraries_of_materials(tmp_path: Path) -> None:
    (tmp_path / "a.mtl").write_text("newmtl red\nKd 1 0 0\n", encoding="utf-8")
    (tmp_path / "b c.mtl").write_text("newmtl blue\nKd 0 0 1\nnewmtl red\nKd 0 1 0\n", encoding="utf-8")
    text = "mtllib a.mtl\nmtllib b c.mtl\no one\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\ng g1\nusemtl red\nf 1 2 3\n"
    scan = read(write(tmp_path, text + "usemtl blue\nf 3 2 1\nusemtl red\nf 2 3 1\n"))
    assert [m.name for m in scan.mesh.materials] == ["", "red", "blue"]
    assert [m.colour for m in scan.mesh.materials[1:]] == [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
    assert scan.mesh.face_material is not None and scan.mesh.face_material.tolist() == [0, 1, 2, 1]
    assert told(scan) == {}


def test_one_line_may_name_several_libraries(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.mtl").write_text(f"newmtl {name}\nKd 1 0 0\n", encoding="utf-8")
    path = write(tmp_path, "mtllib a.mtl b.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl b\nf 1 2 3\n")
    assert [m.name for m in read(path).mesh.materials] == ["b"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_japanese_names_of_files_and_materials(tmp_path: Path, encoding: str) -> None:
    mtl = "newmtl 石垣 一\nmap_Kd 出島 壁.PNG\n".encode(encoding)
    (tmp_path / "材質 表.mtl").write_bytes(mtl)
    (tmp_path / "出島 壁.png").write_bytes(encode_picture(checker()))
    text = f"mtllib 材質 表.mtl\n{SQUARE}usemtl 石垣 一\n{FACE}".encode(encoding)
    scan = read(write(tmp_path, text))
    assert scan.mesh.materials[0].name == "石垣 一" and scan.mesh.materials[0].picture is not None


@pytest.mark.parametrize(
    ("named", "there"),
    [
        ("Textures\\Wall.PNG", "textures/wall.png"),
        ("textures/wall.png", "wall.png"),
        ("D:\\scans\\Wall.png", "wall.png"),
        ("/mnt/scans/wall.png", "wall.png"),
        ("..\\wall.png", "wall.png"),
        ('"wall one.png"', "wall one.png"),
        ("caf\u00e9.png", "cafe\u0301.png"),
    ],
)
def test_a_picture_is_found_where_other_systems_would(tmp_path: Path, named: str, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_bytes(encode_picture(checker()))
    scan = square(tmp_path, f"newmtl wall\nmap_Kd {named}\n", other=b"")
    assert scan.mesh.materials[0].picture is not None


def test_a_path_out_of_the_folder_is_refused_even_when_the_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(encode_picture(checker()))
    inner = tmp_path / "scan"
    inner.mkdir()
    with pytest.raises(ScanRefused) as refused:
        square(inner, "newmtl wall\nmap_Kd ../secret.png\n")
    assert refused.value.code == "path_outside"


def test_a_missing_picture_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ScanRefused) as refused:
        square(tmp_path, "newmtl wall\nmap_Kd pictures\\wall.jpg\n")
    assert (refused.value.code, refused.value.stage) == ("picture_missing", "read")
    assert refused.value.text == "No texture found: put wall.jpg beside scan.obj, or pack all files into one ZIP."


def test_a_missing_library_of_a_textured_scan_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, f"mtllib gone.mtl\n{SQUARE}usemtl wall\n{FACE}")
    path.with_suffix(".mtl").unlink()
    with pytest.raises(ScanRefused) as refused:
        read(path)
    assert refused.value.code == "mtl_missing"
    assert "put gone.mtl and its pictures beside scan.obj" in refused.value.text


def test_a_renamed_scan_finds_the_library_that_was_renamed_with_it(tmp_path: Path) -> None:
    scan = read(write(tmp_path, f"mtllib old.mtl\n{SQUARE}usemtl wall\n{FACE}"))
    assert scan.mesh.materials[0].picture is not None and "mtl_other" in told(scan)


def test_a_scan_with_texture_coordinates_and_no_picture_says_so(tmp_path: Path) -> None:
    assert "texture_none" in told(read(write(tmp_path, SQUARE + FACE)))


def test_map_options_move_the_picture(tmp_path: Path) -> None:
    scan = square(tmp_path, "newmtl wall\nmap_Kd -clamp off -s 2 3 1 -o 0.25 0.5 -blendu on wall.png\n")
    mesh = scan.mesh
    assert mesh.uv is not None and told(scan) == {}
    at = {tuple(p): tuple(uv) for p, uv in zip(mesh.positions[:, :2].tolist(), mesh.uv.tolist(), strict=True)}
    assert at[0, 0] == pytest.approx((0.25, 0.5)) and at[1, 1] == pytest.approx((2.25, -2.5))


def test_materials_that_share_points_keep_their_own_scale(tmp_path: Path) -> None:
    mtl = "newmtl wall\nmap_Kd wall.png\nnewmtl twice\nmap_Kd -s 2 2 wall.png\n"
    text = f"mtllib scan.mtl\n{SQUARE}usemtl wall\nf 1/1 2/2 3/3\nusemtl twice\nf 1/1 3/3 4/4\n"
    mesh = read(write(tmp_path, text, mtl)).mesh
    assert mesh.uv is not None
    assert mesh.uv[mesh.faces[0]].tolist() == [[0, 1], [1, 1], [1, 0]]
    assert mesh.uv[mesh.faces[1]].tolist() == [[0, 1], [2, -1], [0, -1]]


def test_options_that_cannot_be_followed_are_named(tmp_path: Path) -> None:
    scan = square(tmp_path, "newmtl wall\nmap_Kd -clamp on -mm 0.2 0.8 wall.png\nmap_d mask.png\nd 0.5\nrefl sky.png\n")
    assert told(scan)["map_options"] == "Options of the pictures of wall not followed: -clamp, -mm."
    assert told(scan)["materials_dropped"] == "Not kept from the materials: map_d, refl, transparency."


def test_normal_roughness_and_metal_maps_are_kept(tmp_path: Path) -> None:
    rough, metal = (np.full((side, side, 3), value, np.uint8) for side, value in ((8, 70), (4, 200)))
    mtl = "newmtl wall\nmap_Kd wall.png\nnorm n.png\nPr 0.3\nmap_Pr r.png\nPm 0.1\nmap_Pm m.png\n"
    pictures = {"wall": checker(), "n": FLAT, "r": rough, "m": metal}
    scan = square(tmp_path, mtl, **{stem: encode_picture(picture) for stem, picture in pictures.items()})
    material = scan.mesh.materials[0]
    assert material.normal_map is not None and (material.normal_map == FLAT).all()
    assert material.roughness_map is not None and (material.roughness_map == (255, 70, 200)).all()
    assert (material.roughness, material.metallic, told(scan)) == (1.0, 1.0, {})


@pytest.mark.parametrize(("picture", "kept"), [(FLAT, True), (checker()[:, :, [0, 0, 0]], False)])
def test_a_bump_map_is_kept_when_it_is_one_of_normals(tmp_path: Path, picture: np.ndarray, kept: bool) -> None:
    mtl = "newmtl wall\nmap_Kd wall.png\nmap_Bump -bm 1.0 b.png\n"
    scan = square(tmp_path, mtl, wall=encode_picture(checker()), b=encode_picture(np.ascontiguousarray(picture)))
    assert (scan.mesh.materials[0].normal_map is not None) == kept
    assert ("bump_dropped" in told(scan)) != kept


def test_a_grey_factor_leaves_the_picture_alone_and_a_tint_does_not(tmp_path: Path) -> None:
    assert square(tmp_path, "newmtl wall\nKd 0 0 0\nmap_Kd wall.png\n").mesh.materials[0].colour == (1.0, 1.0, 1.0)
    assert square(tmp_path, "newmtl wall\nKd 1 0.5 0\nmap_Kd wall.png\n").mesh.materials[0].colour == (1.0, 0.5, 0.0)


@pytest.mark.parametrize("named", ["skin.<UDIM>.png", "skin.1001.png"])
def test_tiles_become_materials_with_texture_coordinates_of_their_own(tmp_path: Path, named: str) -> None:
    points = [(x, y) for y in (0, 1, 2) for x in (0, 1, 2)]
    text = "mtllib scan.mtl\nusemtl wall\n" + "".join(f"v {x} {y} 0\nvt {x} {y}\n" for x, y in points)
    for x, y in ((0, 0), (1, 0), (0, 1)):
        corner = 3 * y + x + 1
        text += f"f {' '.join(f'{k}/{k}' for k in (corner, corner + 1, corner + 4, corner + 3))}\n"
    shades = {1001: 10, 1002: 20, 1011: 30}
    pictures = {f"skin.{tile}": encode_picture(np.full((4, 4, 3), shade, np.uint8)) for tile, shade in shades.items()}
    mesh = read(write(tmp_path, text, f"newmtl wall\nmap_Kd {named}\n", **pictures)).mesh
    assert [m.picture[0, 0, 0] if m.picture is not None else None for m in mesh.materials] == [10, 20, 30]
    assert mesh.face_material is not None and mesh.face_material.tolist() == [0, 0, 1, 1, 2, 2]
    assert mesh.uv is not None and mesh.uv.min() == 0 and mesh.uv.max() == 1
    assert area(mesh) == pytest.approx(3)


def test_a_set_of_tiles_that_lacks_one_shows_its_plain_colour_there(tmp_path: Path) -> None:
    text = f"mtllib scan.mtl\nusemtl wall\n{SQUARE}vt 1.1 0\nvt 1.9 0\nvt 1.9 1\n{FACE}f 1/5 2/6 3/7\n"
    mtl = "newmtl wall\nKd 0 0 1\nmap_Kd skin.<UDIM>.png\n"
    mesh = read(write(tmp_path, text, mtl, **{"skin.1001": encode_picture(checker())})).mesh
    assert [(m.colour, m.picture is None) for m in mesh.materials] == [((0, 0, 1), True), ((0, 0, 1), False)]


def test_colours_of_points_in_bytes_or_shares(tmp_path: Path) -> None:
    for colours in ("255 0 0", "0 128 0", "0 0 255"), ("1 0 0", "0 0.5 0", "0 0 1"):
        points = zip(("0 0 0", "1 0 0", "0 1 0"), colours, strict=True)
        text = "".join(f"v {point} {colour}\n" for point, colour in points)
        mesh = read(write(tmp_path, text + "v 9 9 9\nf 1 2 3\n")).mesh
        assert mesh.colours is not None and mesh.colours[:3].tolist() == [[255, 0, 0], [0, 128, 0], [0, 0, 255]]


def test_faces_of_two_corners_and_free_lines_are_left_out_and_named(tmp_path: Path) -> None:
    scan = read(write(tmp_path, "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\nf 1 2 3\nl 1 2\ncurv 0 1\n"))
    assert scan.mesh.triangles == 1
    assert told(scan)["lines_dropped"] == "Not read from scan.obj: 1 faces of fewer than three corners, curv, l."
