"""Materials of glTF: which pictures are kept and how they are laid, and what is named as not kept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Material
from asset_pipeline.readers.read import read_scan
from asset_pipeline.scan import Scan
from tests.pipeline.builders import BOX_FACES, BOX_POINTS, Gltf, checker, encode_picture
from tests.pipeline.shapes import options

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
CORNERS = np.array([[0, 1, 2], [0, 2, 3]])
FLAT = np.full((8, 8, 3), (128, 128, 255), np.uint8)


def texture(scene: Gltf, picture: np.ndarray, kind: str = "PNG", extension: str = "") -> int:
    image = scene.add("images", {"bufferView": scene.view(encode_picture(picture, kind))})
    return scene.add("textures", {"extensions": {extension: {"source": image}}} if extension else {"source": image})


def square(scene: Gltf, material: dict[str, Any]) -> Gltf:
    scene.node(mesh=scene.mesh(SQUARE, CORNERS, scene.add("materials", material), TEXCOORD_0=scene.accessor(UV)))
    return scene


def read(folder: Path, scene: Gltf) -> Scan:
    path = folder / "scan.glb"
    path.write_bytes(scene.glb())
    return read_scan(path, options())


def material_of(folder: Path, material: dict[str, Any], scene: Gltf | None = None) -> tuple[Material, dict[str, str]]:
    scan = read(folder, square(scene or Gltf(), material))
    return scan.mesh.materials[0], {warning.code: warning.text for warning in scan.warnings}


def test_normal_and_roughness_maps_and_factors_are_kept(tmp_path: Path) -> None:
    scene = Gltf()
    rough = np.dstack([np.full((8, 8), value, np.uint8) for value in (9, 70, 200)])
    surface = {"metallicRoughnessTexture": {"index": texture(scene, rough)}, "roughnessFactor": 0.5}
    normal = {"index": texture(scene, FLAT)}
    found, told = material_of(tmp_path, {"pbrMetallicRoughness": surface, "normalTexture": normal}, scene)
    assert found.normal_map is not None and found.roughness_map is not None
    assert (found.normal_map == FLAT).all() and (found.roughness_map == rough).all()
    assert (found.roughness, found.metallic, told) == (0.5, 1.0, {})


def test_a_scan_whose_exporter_says_nothing_of_metal_is_not_metal(tmp_path: Path) -> None:
    assert material_of(tmp_path, {})[0].metallic == 0.0
    assert material_of(tmp_path, {"pbrMetallicRoughness": {"metallicFactor": 0.7}})[0].metallic == 0.7


def test_what_is_not_kept_is_named(tmp_path: Path) -> None:
    scene = Gltf()
    picture = {"index": texture(scene, checker())}
    material = {"occlusionTexture": picture, "emissiveTexture": picture, "alphaMode": "BLEND"}
    _, told = material_of(tmp_path, {**material, "extensions": {"KHR_materials_clearcoat": {}}}, scene)
    expected = "KHR_materials_clearcoat, emissive light, occlusionTexture, transparency"
    assert told == {"materials_dropped": f"Not kept from the materials: {expected}."}


def test_specular_glossiness_gives_its_colour_and_its_roughness(tmp_path: Path) -> None:
    scene = Gltf()
    glossy = {"diffuseFactor": [1, 0, 0, 1], "diffuseTexture": {"index": texture(scene, checker())}}
    extension = {"KHR_materials_pbrSpecularGlossiness": {**glossy, "glossinessFactor": 0.25}}
    found, told = material_of(tmp_path, {"extensions": extension}, scene)
    assert found.colour == (1.0, 0.0, 0.0) and found.picture is not None
    assert (found.roughness, found.metallic, told) == (0.75, 0.0, {})


def test_an_unlit_material_is_rough_and_no_metal(tmp_path: Path) -> None:
    surface = {"baseColorFactor": [0, 0, 1, 1], "metallicFactor": 1, "roughnessFactor": 0}
    material = {"extensions": {"KHR_materials_unlit": {}}, "pbrMetallicRoughness": surface}
    found, told = material_of(tmp_path, material)
    assert (found.colour, found.roughness, found.metallic, told) == ((0.0, 0.0, 1.0), 1.0, 0.0, {})


@pytest.mark.parametrize(("kind", "extension"), [("WEBP", "EXT_texture_webp"), ("AVIF", "EXT_texture_avif")])
def test_pictures_of_newer_kinds_are_read(tmp_path: Path, kind: str, extension: str) -> None:
    scene = Gltf()
    index = texture(scene, checker(64, 64), kind, extension)
    scene.document["extensionsRequired"] = [extension]
    found, _ = material_of(tmp_path, {"pbrMetallicRoughness": {"baseColorTexture": {"index": index}}}, scene)
    assert found.picture is not None
    assert np.abs(found.picture.astype(int) - checker(64, 64)).mean() < 6


def test_a_picture_that_only_basis_would_give_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    scene = Gltf()
    image = scene.add("images", {"bufferView": scene.view(b"\xabKTX 20\xbb\r\n"), "mimeType": "image/ktx2"})
    index = scene.add("textures", {"extensions": {"KHR_texture_basisu": {"source": image}}})
    found, told = material_of(tmp_path, {"pbrMetallicRoughness": {"baseColorTexture": {"index": index}}}, scene)
    assert found.picture is None and "pictures of a kind we do not read" in told["materials_dropped"]


def transformed(index: int, **change: Any) -> dict[str, Any]:
    return {"index": index, "extensions": {"KHR_texture_transform": change}}


def test_a_transform_of_all_maps_alike_moves_the_texture_coordinates(tmp_path: Path) -> None:
    scene = Gltf()
    change = {"offset": [0.5, 0.25], "scale": [0.5, 0.25], "rotation": 0.0}
    colour, normal = (transformed(texture(scene, picture), **change) for picture in (checker(), FLAT))
    material = {"pbrMetallicRoughness": {"baseColorTexture": colour}, "normalTexture": normal}
    scan = read(tmp_path, square(scene, material))
    assert scan.mesh.uv is not None and scan.mesh.materials[0].normal_map is not None
    assert np.allclose(scan.mesh.uv, UV * [0.5, 0.25] + [0.5, 0.25])


def test_a_quarter_turn_is_counted_as_the_standard_counts_it(tmp_path: Path) -> None:
    scene = Gltf()
    colour = transformed(texture(scene, checker()), rotation=np.pi / 2)
    scan = read(tmp_path, square(scene, {"pbrMetallicRoughness": {"baseColorTexture": colour}}))
    assert scan.mesh.uv is not None
    # the matrix of KHR_texture_transform: u' = cos u + sin v, v' = -sin u + cos v
    assert np.allclose(scan.mesh.uv, np.stack([UV[:, 1], -UV[:, 0]], axis=1), atol=1e-6)


def test_a_normal_map_that_repeats_over_the_colour_is_drawn_out(tmp_path: Path) -> None:
    scene = Gltf()
    tile = checker(4, 4)
    material = {
        "pbrMetallicRoughness": {"baseColorTexture": {"index": texture(scene, checker())}},
        "normalTexture": transformed(texture(scene, tile), scale=[2, 3], offset=[0.5, 0]),
    }
    found, told = material_of(tmp_path, material, scene)
    assert found.normal_map is not None and told == {}
    assert (found.normal_map == np.tile(np.roll(tile, -2, axis=1), (3, 2, 1))).all()


def test_a_normal_map_that_cannot_be_laid_over_the_colour_is_named(tmp_path: Path) -> None:
    scene = Gltf()
    material = {
        "pbrMetallicRoughness": {"baseColorTexture": {"index": texture(scene, checker())}},
        "normalTexture": transformed(texture(scene, FLAT), scale=[0.7, 1]),
    }
    found, told = material_of(tmp_path, material, scene)
    assert found.normal_map is None and "maps laid on otherwise than the colour" in told["materials_dropped"]


def test_the_strength_of_a_normal_map_is_worked_in(tmp_path: Path) -> None:
    scene = Gltf()
    lean = np.full((4, 4, 3), np.rint((np.array([0.6, 0, 0.8]) + 1) * 127.5), np.uint8)
    found, _ = material_of(tmp_path, {"normalTexture": {"index": texture(scene, lean), "scale": 0.5}}, scene)
    assert found.normal_map is not None
    x, _, z = found.normal_map[0, 0] / 127.5 - 1
    assert x / z == pytest.approx(0.375, abs=0.01)


def test_several_meshes_and_materials_keep_their_own(tmp_path: Path) -> None:
    scene = Gltf()
    skins = [
        scene.add("materials", {"name": name, "pbrMetallicRoughness": {"baseColorFactor": colour}})
        for name, colour in (("red", [1, 0, 0, 1]), ("blue", [0, 0, 1, 1]))
    ]
    for index, skin in enumerate((skins[0], skins[1], skins[0], None)):
        scene.node(mesh=scene.mesh(BOX_POINTS, BOX_FACES, skin), translation=[5 * index, 0, 0])
    mesh = read(tmp_path, scene).mesh
    assert [material.name for material in mesh.materials] == ["red", "blue", ""]
    assert mesh.face_material is not None
    assert mesh.face_material.tolist() == [0] * 12 + [1] * 12 + [0] * 12 + [2] * 12


def test_a_sparse_accessor_changes_what_it_names(tmp_path: Path) -> None:
    scene = Gltf()
    mesh = scene.mesh(BOX_POINTS, BOX_FACES)
    moved = scene.view(np.array([[9, 9, 9]], "<f4").tobytes())
    which = scene.view(np.array([7], "<u2").tobytes())
    position = scene.document["meshes"][mesh]["primitives"][0]["attributes"]["POSITION"]
    scene.document["accessors"][position]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": which, "componentType": 5123},
        "values": {"bufferView": moved},
    }
    scene.node(mesh=mesh)
    assert read(tmp_path, scene).mesh.positions[7].tolist() == [9, 9, 9]


def test_a_missing_picture_is_refused_with_what_to_do(tmp_path: Path) -> None:
    scene = Gltf()
    index = scene.add("textures", {"source": scene.add("images", {"uri": "wall%20one.jpg"})})
    with pytest.raises(ScanRefused) as refused:
        material_of(tmp_path, {"pbrMetallicRoughness": {"baseColorTexture": {"index": index}}}, scene)
    assert refused.value.code == "picture_missing"
    assert refused.value.text == "No texture found: put wall one.jpg beside scan.glb, or pack both into one ZIP."
