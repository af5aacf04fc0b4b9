"""What fuzzing found once, kept so that it stays mended."""

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from asset_pipeline.errors import ScanRefused
from asset_pipeline.readers.picture import read_picture
from asset_pipeline.readers.read import read_scan
from tests.hostile.mutations import deep_scene, make_pictures, make_scans
from tests.pipeline.builders import BOX_FACES, BOX_POINTS, Gltf, box_ply, textured_obj, zip_bytes
from tests.pipeline.shapes import options

LONG = "r" + "\uf8f3" * 200 + ".jpg"


def refusal(path: Path) -> ScanRefused:
    with pytest.raises(ScanRefused) as refused:
        read_scan(path, options())
    return refused.value


def test_a_picture_of_a_name_longer_than_any_file_may_have(tmp_path: Path) -> None:
    path = textured_obj(tmp_path)
    (tmp_path / "scan.mtl").write_text(f"newmtl wall\nmap_Kd {LONG}\n", encoding="utf-8")
    assert refusal(path).code == "name_too_long"


@pytest.mark.parametrize("name", [LONG, "\ud800.png"])
def test_a_gltf_that_names_what_no_file_can_be_called(tmp_path: Path, name: str) -> None:
    document = json.loads(deep_scene().gltf())
    document["images"][0] = {"uri": name}
    (tmp_path / "scan.gltf").write_text(json.dumps(document), encoding="utf-8")
    assert refusal(tmp_path / "scan.gltf").code in {"name_too_long", "picture_missing"}


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "scan.ply").write_bytes(box_ply().replace(b"property float x", b"property \x1b[31mfloat x"))
    assert "?[31m" in refusal(tmp_path / "scan.ply").text
    path = textured_obj(tmp_path)
    path.write_bytes(path.read_bytes() + b"\x1b[2J 1\n")
    (warning,) = read_scan(path, options()).warnings
    assert warning.code == "lines_dropped" and warning.text.isprintable()


def test_an_avif_whose_planes_cannot_be_decoded() -> None:
    sink = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8)).save(sink, "AVIF")
    data = sink.getvalue()
    start = data.index(b"mdat") + 4
    with pytest.raises(ScanRefused) as refused:
        read_picture(data[:start] + bytes(8) + data[start + 8 :], "wall.avif")
    assert refused.value.code == "picture_broken"


def test_a_member_of_an_archive_that_is_called_otherwise_inside(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"scan.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"}))
    data[26:28] = b"\xff\x00"  # the length of the name, in the member's own header
    (tmp_path / "scan.zip").write_bytes(data)
    found = refusal(tmp_path / "scan.zip")
    assert found.code == "zip_broken" and len(found.text) < 200


def test_a_member_of_an_archive_whose_own_name_is_no_text(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"scan.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"}))
    data[7] |= 0x08  # the member's own header says that its name is UTF-8,
    data[30] = 0xC2  # and it is not
    (tmp_path / "scan.zip").write_bytes(data)
    assert refusal(tmp_path / "scan.zip").code == "zip_broken"


@pytest.mark.parametrize("name", [".", "./.", ".\\."])
def test_a_member_of_an_archive_that_is_called_as_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "scan.zip").write_bytes(zip_bytes({name: b"v 0 0 0\n"}))
    assert refusal(tmp_path / "scan.zip").code == "path_outside"


def test_a_small_file_whose_parts_all_show_the_same_data_is_refused(tmp_path: Path) -> None:
    scene = Gltf()
    mesh = scene.mesh(BOX_POINTS, np.tile(BOX_FACES, (1000, 1)))
    primitives = scene.document["meshes"][mesh]["primitives"]
    primitives *= 2000
    scene.node(mesh=mesh)
    (tmp_path / "scan.glb").write_bytes(scene.glb())
    assert refusal(tmp_path / "scan.glb").code == "gltf_too_large"


def test_parts_cut_from_the_same_vertices_take_only_theirs(tmp_path: Path) -> None:
    scene = Gltf()
    mesh = scene.mesh(np.tile(BOX_POINTS, (5000, 1)), BOX_FACES)
    primitives = scene.document["meshes"][mesh]["primitives"]
    primitives *= 100
    scene.node(mesh=mesh)
    (tmp_path / "scan.glb").write_bytes(scene.glb())
    found = read_scan(tmp_path / "scan.glb", options()).mesh
    assert (found.triangles, found.vertices) == (1200, 800)


def test_a_laz_chunk_that_claims_gigabytes_is_refused_before_room_is_made(tmp_path: Path) -> None:
    data = bytearray(make_scans()["cloud.laz"]["cloud.laz"])
    (points_at,) = struct.unpack_from("<I", data, 96)
    (point_bytes,) = struct.unpack_from("<H", data, 105)
    struct.pack_into("<I", data, points_at + 8 + point_bytes + 4, 0xFFFFFF00)
    (tmp_path / "scan.laz").write_bytes(data)
    assert refusal(tmp_path / "scan.laz").code == "laz_chunk"


def test_a_false_table_of_laz_chunks_is_refused_in_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sound = make_scans()["cloud.laz"]["cloud.laz"]
    (points_at,) = struct.unpack_from("<I", sound, 96)
    (table_at,) = struct.unpack_from("<q", sound, points_at)
    for value in range(0, 256, 15):
        data = bytearray(sound)
        data[table_at + 8 :] = bytes([value]) * (len(data) - table_at - 8)
        (tmp_path / "scan.laz").write_bytes(data)
        assert refusal(tmp_path / "scan.laz").stage in {"check", "read"}
    assert capfd.readouterr().err == ""  # a panic of the decoder would be told there


def test_numbers_in_a_cloud_that_are_none_do_not_chatter(tmp_path: Path) -> None:
    data = make_scans()["cloud.ply"]["cloud.ply"]
    start = data.index(b"end_header\n") + 11
    (tmp_path / "scan.ply").write_bytes(data[:start] + b"\x01\x00\x80\x7f" * 3 + data[start + 12 :])
    assert np.isfinite(read_scan(tmp_path / "scan.ply", options(unit=None, up=None)).mesh.positions).all()


@pytest.mark.parametrize("where", [("materials", 0, "normalTexture", "extensions"), ("nodes", 0, "rotation")])
def test_a_null_where_numbers_should_be(tmp_path: Path, where: tuple[str | int, ...]) -> None:
    document = json.loads(deep_scene().gltf())
    holder = document
    for key in where[:-1]:
        holder = holder[key]  # type: ignore[index]
    if where[-1] == "extensions":
        holder = holder["extensions"]["KHR_texture_transform"]  # type: ignore[index]
    holder["scale" if where[-1] == "extensions" else "rotation"] = None  # type: ignore[index]
    (tmp_path / "scan.gltf").write_text(json.dumps(document), encoding="utf-8")
    assert refusal(tmp_path / "scan.gltf").code == "gltf_number"


def test_a_laz_chunk_of_a_hundred_million_points_is_refused_before_room_is_made(tmp_path: Path) -> None:
    data = bytearray(make_scans()["cloud.laz"]["cloud.laz"])
    at = data.index(b"laszip encoded") + 52 + 12  # the record's own header, then versions, to the points of a chunk
    assert struct.unpack_from("<I", data, at) == (50_000,)
    struct.pack_into("<I", data, at, 96_000_000)
    (tmp_path / "scan.laz").write_bytes(data)
    assert refusal(tmp_path / "scan.laz").code == "las_data"


def test_a_tiff_of_hundreds_of_samples_is_refused_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    data = bytearray(make_pictures()["tif"])
    at = data.index(struct.pack("<HHI", 277, 3, 1))  # SamplesPerPixel
    struct.pack_into("<H", data, at + 8, 769)
    with pytest.raises(ScanRefused):
        read_picture(bytes(data), "wall.tif")
    assert caplog.records == []  # what is logged goes to the terminal, where nothing else is set up
