"""glTF whose geometry is compressed: Draco and meshopt, whole, cut off and false."""

from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Mesh
from asset_pipeline.readers.read import read_scan
from tests.pipeline.builders import DATA, Gltf
from tests.pipeline.compressed import DRACO, MESHOPT, draco_primitive, draco_scene, meshopt_scene, meshopt_view
from tests.pipeline.shapes import hills, options

LAND = hills(12)


def read(folder: Path, scene: Gltf) -> Mesh:
    path = folder / "scan.glb"
    path.write_bytes(scene.glb())
    return read_scan(path, options()).mesh


def refusal(folder: Path, scene: Gltf) -> str:
    with pytest.raises(ScanRefused) as refused:
        read(folder, scene)
    assert refused.value.text.endswith(".") and len(refused.value.text) < 250
    return refused.value.code


def as_bytes(linear_bytes: np.ndarray) -> np.ndarray:
    """What glTF's linear colour bytes are in sRGB."""
    share = linear_bytes / 255
    return np.rint(np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055) * 255)


def assert_same_land(mesh: Mesh, tolerance: float) -> None:
    """Triangle by triangle the hills; an encoder may turn each one's corners round."""
    assert mesh.triangles == LAND.triangles
    middle = mesh.positions[mesh.faces].mean(axis=1)
    assert np.abs(middle - LAND.positions[LAND.faces].mean(axis=1)).max() < tolerance
    assert mesh.colours is not None and LAND.colours is not None
    painted = as_bytes(LAND.colours)[LAND.faces].mean(axis=1)
    assert np.abs(mesh.colours[mesh.faces].mean(axis=1) - painted).max() <= 1


def test_draco_geometry_and_colours_are_unpacked(tmp_path: Path) -> None:
    assert_same_land(read(tmp_path, draco_scene()), 1e-3)


def test_two_draco_primitives_stand_side_by_side_with_a_plain_one(tmp_path: Path) -> None:
    scene = Gltf()
    points = LAND.positions.astype(np.float32)
    uv = np.ascontiguousarray(LAND.positions[:, [0, 2]] / 10)
    primitives = [draco_primitive(scene, points + k, LAND.faces, tex_coord=uv) for k in (0, 20)]
    plain = scene.mesh(LAND.positions + 40, LAND.faces)
    primitives += scene.document["meshes"][plain]["primitives"]
    scene.node(mesh=scene.add("meshes", {"primitives": primitives}))
    mesh = read(tmp_path, scene)
    assert mesh.triangles == 3 * LAND.triangles
    assert np.allclose(mesh.bounds()[1] - mesh.bounds()[0], np.ptp(LAND.positions, axis=0) + 40, atol=1e-2)


def test_whole_numbers_in_draco_count_as_the_accessor_says(tmp_path: Path) -> None:
    scene = Gltf()
    points = np.rint(LAND.positions * 1000).astype(np.float32)
    primitive = draco_primitive(scene, points, LAND.faces)
    scene.document["accessors"][primitive["attributes"]["POSITION"]] |= {"componentType": 5122, "normalized": True}
    scene.node(mesh=scene.add("meshes", {"primitives": [primitive]}), scale=[32.767] * 3)
    assert np.allclose(read(tmp_path, scene).positions, LAND.positions, atol=2e-3)


def test_data_that_stands_beside_its_draco_form_is_read_as_it_is(tmp_path: Path) -> None:
    scene = Gltf()
    mesh = scene.mesh(LAND.positions, LAND.faces)
    broken = {"bufferView": scene.view(b"DRACO broken"), "attributes": {"POSITION": 0}}
    scene.document["meshes"][mesh]["primitives"][0]["extensions"] = {DRACO: broken}
    scene.node(mesh=mesh)
    assert np.allclose(read(tmp_path, scene).positions, LAND.positions, atol=1e-6)


def stream_span(scene: Gltf) -> tuple[int, int]:
    primitive = scene.document["meshes"][0]["primitives"][0]
    view = scene.document["bufferViews"][primitive["extensions"][DRACO]["bufferView"]]
    return view["byteOffset"], view["byteOffset"] + view["byteLength"]


@pytest.mark.parametrize("damage", ["cut", "noise", "points", "nothing"])
def test_a_damaged_draco_stream_is_refused(tmp_path: Path, damage: str) -> None:
    scene = draco_scene()
    start, end = stream_span(scene)
    noise = np.random.default_rng(7).bytes(end - start)
    if damage == "cut":
        scene.binary[start + (end - start) // 2 : end] = b"\0" * (end - start - (end - start) // 2)
    elif damage == "noise":
        scene.binary[start + 11 : end] = noise[11:]
    elif damage == "points":
        scene.binary[start + 7] = 0
    else:
        scene.binary[start:end] = b"\0" * (end - start)
    assert refusal(tmp_path, scene) == "gltf_draco"


def test_a_draco_stream_that_claims_billions_is_refused_without_room_being_made(tmp_path: Path) -> None:
    scene = draco_scene()
    start, _ = stream_span(scene)
    scene.binary[start + 9] = 0  # the plain method, whose counts come next
    scene.binary[start + 11 : start + 21] = b"\xff\xff\xff\xff\x04" * 2
    assert refusal(tmp_path, scene) == "gltf_draco"
    scene.document["accessors"][0]["count"] = scene.document["accessors"][1]["count"] = 2**31
    scene.document["accessors"][2]["count"] = 2**31
    assert refusal(tmp_path, scene) == "gltf_too_large"


def test_draco_attributes_that_the_stream_does_not_have_are_refused(tmp_path: Path) -> None:
    scene = draco_scene()
    scene.document["meshes"][0]["primitives"][0]["extensions"][DRACO]["attributes"]["COLOR_0"] = 999
    assert refusal(tmp_path, scene) == "gltf_draco"


@pytest.mark.parametrize(("version", "extension"), [(0, MESHOPT), (1, "KHR_meshopt_compression")])
def test_meshopt_views_of_every_filter_are_unpacked(tmp_path: Path, version: int, extension: str) -> None:
    assert_same_land(read(tmp_path, meshopt_scene(version, extension)), 1e-4)


def test_meshopt_index_sequences_and_quantised_positions_are_unpacked(tmp_path: Path) -> None:
    scene = Gltf()
    rows = np.zeros((len(LAND.positions), 4), "<u2")
    rows[:, :3] = np.rint((LAND.positions + 5) * 1000)
    corners = meshopt_view(scene, LAND.faces.reshape(-1).astype("<u2"), "INDICES")
    item = {"bufferView": meshopt_view(scene, rows), "componentType": 5123, "count": len(rows), "type": "VEC3"}
    indices = {"bufferView": corners, "componentType": 5123, "count": LAND.faces.size, "type": "SCALAR"}
    primitive = {"attributes": {"POSITION": scene.add("accessors", item)}, "indices": scene.add("accessors", indices)}
    scene.node(mesh=scene.add("meshes", {"primitives": [primitive]}), scale=[0.001] * 3, translation=[-5] * 3)
    mesh = read(tmp_path, scene)
    assert (mesh.faces == LAND.faces).all() and np.abs(mesh.positions - LAND.positions).max() <= 0.00051


def packed(scene: Gltf, index: int = 0) -> dict[str, object]:
    return scene.document["bufferViews"][index]["extensions"][MESHOPT]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"count": 2**31}, "gltf_too_large"),
        ({"count": 3}, "gltf_meshopt"),
        ({"byteStride": 7}, "gltf_meshopt"),
        ({"mode": "TRIANGLES"}, "gltf_meshopt"),
        ({"filter": "SECRET"}, "gltf_meshopt"),
        ({"byteLength": 2**40}, "gltf_view"),
        ({"buffer": 99}, "gltf_reference"),
        ({"byteLength": 20}, "gltf_meshopt"),
    ],
)
def test_a_false_meshopt_view_is_refused(tmp_path: Path, change: dict[str, object], code: str) -> None:
    scene = meshopt_scene()
    packed(scene).update(change)
    assert refusal(tmp_path, scene) == code


def test_a_plain_view_into_a_buffer_without_data_is_refused(tmp_path: Path) -> None:
    scene = meshopt_scene()
    scene.document["bufferViews"][0].pop("extensions")
    assert refusal(tmp_path, scene) == "gltf_buffer"


def test_the_statue_as_it_is_shipped_in_draco_is_the_one_in_the_open() -> None:
    packed_file, plain_file = DATA / "venus_draco/venus.gltf", DATA / "venus_textured_597k.glb"
    if not packed_file.is_file():
        pytest.skip("../shared/data is not there")
    found, wanted = read_scan(packed_file, options()).mesh, read_scan(plain_file, options()).mesh
    assert found.triangles == wanted.triangles
    assert np.allclose(found.bounds(), wanted.bounds(), atol=0.02)
    assert [m.picture is not None for m in found.materials] == [m.picture is not None for m in wanted.materials]


def test_parts_that_share_a_stream_have_it_unpacked_once(tmp_path: Path) -> None:
    scene = draco_scene()
    mesh = scene.document["meshes"][0]
    mesh["primitives"] *= 200  # one process each would take a minute
    assert read(tmp_path, scene).triangles == 200 * LAND.triangles
