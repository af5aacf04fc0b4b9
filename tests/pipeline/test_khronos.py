"""Every GLB of a package through the Khronos validator, packed and unpacked, and plain.glb through another reader."""

import io
import json
import struct
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from asset_pipeline.appearance.look import encode_look, plain_look
from asset_pipeline.built import BuildResult
from asset_pipeline.manifest import Credit
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.output.encode import encode_level, encode_plain, split_vertices
from asset_pipeline.output.glb import GlbModel, decode_glb
from asset_pipeline.output.stamp import stamp_glb
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, hills, smooth_picture
from tests.pipeline.test_stamp import chunks
from tests.pipeline.test_usdz import ODD_TEXTS

CLIENT = Path(__file__).parents[2] / "webxr_client"
NODE = Path(sys.executable).with_name("node")
VALIDATE = Path(__file__).with_name("unpacked_glb.mjs")
WARNING = 1  # severities: 0 is an error, 2 and 3 are notes
# a client derives tangents from texture coordinates, as the normal map was baked for; sending them costs a sixth more
TAKEN = {"MESH_PRIMITIVE_GENERATED_TANGENT_SPACE"}
# of EXT_texture_avif, which is younger than the validator
AVIF = {"VALUE_NOT_IN_LIST": "Invalid value 'image/avif'", "IMAGE_UNRECOGNIZED_FORMAT": "Image format not recognized"}


def validate(models: Sequence[Path]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What the validator says of each file as it is, and with its compressed views unpacked."""
    if not (CLIENT / "node_modules" / "gltf-validator").is_dir() or not NODE.exists():
        pytest.skip("gltf-validator is not installed: scripts/test installs it")
    command = [str(NODE), "--input-type=module", "-e", VALIDATE.read_text(encoding="utf-8"), *map(str, models)]
    ended = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(ended.stdout)
    assert found.keys() == {str(path) for path in models}
    return found


def faults(models: Sequence[Path]) -> list[tuple[str, str, str]]:
    return [
        (Path(path).name, form, f"{message['code']} {message['message']} {message['pointer']}")
        for path, forms in validate(models).items()
        for form, messages in forms.items()
        for message in messages
        if message["severity"] <= WARNING and message["code"] not in TAKEN and not _of_avif(path, message)
    ]


def _of_avif(path: str, message: dict[str, Any]) -> bool:
    beginning = AVIF.get(message["code"])
    return path.endswith(".avif.glb") and beginning is not None and message["message"].startswith(beginning)


def test_no_model_of_a_package_has_a_fault_packed_or_unpacked(textured: BuildResult, coloured: BuildResult) -> None:
    models = sorted(path for built in (textured, coloured) for path in built.folder.glob("*.glb"))
    assert len(models) >= 6
    assert faults(models) == []


def noisy(px: int = 256) -> np.ndarray:
    random = np.random.default_rng(3)
    return np.clip(smooth_picture(px) + random.normal(0, 20, (px, px, 3)), 0, 255).astype(np.uint8)


def test_every_kind_of_look_is_sound(tmp_path: Path) -> None:
    whole = ball()
    normals = np.full((64, 64, 3), (128, 128, 255), np.uint8)
    normals[20:40, 20:40] = (180, 90, 220)
    rich = Material(picture=noisy(), normal_map=normals, roughness_map=noisy(64), roughness=0.7, metallic=0.2)
    meshes = {
        "rich": replace(whole, materials=(rich,)),
        "relief": replace(whole, materials=(Material(normal_map=normals),)),
        "colours": hills(),
        "bare": Mesh(BOX_POINTS, BOX_FACES),
        "one": Mesh(np.array([[0, 0, 0], [1e-4, 0, 0], [0, 1e-4, 0]]), np.array([[0, 1, 2]], np.int32)),
    }
    kinds = set()
    for name, mesh in meshes.items():
        look = encode_look(mesh)
        files = {
            "packed": encode_level(split_vertices(mesh), look.common, 1e-4),
            "plain": encode_plain(
                split_vertices(mesh), plain_look(mesh.materials[0], look.common) if mesh.materials else look.common
            ),
        }
        files |= {"avif": encode_level(split_vertices(mesh), look.avif, 1e-4)} if look.avif is not None else {}
        for kind, data in files.items():
            kinds.add(kind)
            (tmp_path / f"{name}.{kind}.glb").write_bytes(stamp_glb(data, Credit("a", "b", "CC0")))
    assert kinds == {"packed", "plain", "avif"}
    assert faults(sorted(tmp_path.glob("*.glb"))) == []


def test_any_text_leaves_a_model_sound(textured: BuildResult, tmp_path: Path) -> None:
    data = (textured.folder / "lod1.glb").read_bytes()
    for index, text in enumerate(ODD_TEXTS):
        (tmp_path / f"{index}.glb").write_bytes(stamp_glb(data, Credit(text, text, text, "estimate", (text, text))))
    assert faults(sorted(tmp_path.glob("*.glb"))) == []


def test_the_validator_would_find_a_fault_inside_compressed_data(textured: BuildResult, tmp_path: Path) -> None:
    model = decode_glb((textured.folder / "lod1.glb").read_bytes(), "lod1.glb")
    broken = Mesh(model.positions, model.faces.astype(np.int32))
    data = encode_level(split_vertices(broken), encode_look(broken).common, 1e-4)
    document, rest = chunks(data)
    document["accessors"][0]["max"][0] += 1
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    (tmp_path / "broken.glb").write_bytes(head + text + rest)
    forms = {form for _, form, text in faults([tmp_path / "broken.glb"]) if "ACCESSOR_MAX_MISMATCH" in text}
    assert forms == {"unpacked"}


def open_plain(path: Path) -> Any:
    """The one mesh of plain.glb as trimesh reads it."""
    import trimesh

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that trimesh would rather have
        (mesh,) = trimesh.load(path, process=False).geometry.values()
    return mesh


def corners_of(model: GlbModel) -> np.ndarray:
    return model.positions[model.faces]


def test_another_reader_finds_the_same_surface_and_picture_in_plain_glb(textured: BuildResult) -> None:
    mesh = open_plain(textured.folder / "plain.glb")
    ours = decode_glb((textured.folder / "plain.glb").read_bytes(), "plain.glb")
    assert np.asarray(mesh.vertices)[np.asarray(mesh.faces)] == pytest.approx(corners_of(ours), abs=1e-7)
    finest = decode_glb((textured.folder / "lod0.glb").read_bytes(), "lod0.glb")
    assert np.sort(corners_of(ours).mean(axis=1), axis=0) == pytest.approx(
        np.sort(corners_of(finest).mean(axis=1), axis=0), abs=finest.step_m
    )
    assert ours.uv is not None
    uv = np.asarray(mesh.visual.uv) * [1, -1] + [0, 1]  # trimesh counts from the bottom
    assert uv[np.asarray(mesh.faces)] == pytest.approx(ours.uv[ours.faces], abs=1e-6)
    picture = np.asarray(mesh.visual.material.baseColorTexture.convert("RGB"))
    own = np.asarray(Pillow.open(io.BytesIO(ours.pictures["colour"].data)).convert("RGB"))
    assert ours.pictures["colour"].media_type == "image/jpeg" and np.array_equal(picture, own)


def test_another_reader_finds_the_same_vertex_colours(tmp_path: Path) -> None:
    land = hills()
    (tmp_path / "plain.glb").write_bytes(
        stamp_glb(encode_plain(split_vertices(land), encode_look(land).common), Credit("land"))
    )
    mesh = open_plain(tmp_path / "plain.glb")
    ours = decode_glb((tmp_path / "plain.glb").read_bytes(), "plain.glb")
    found = np.asarray(mesh.visual.vertex_attributes["color"])[np.asarray(mesh.faces)]
    assert ours.colours is not None
    assert found == pytest.approx(ours.colours[ours.faces], abs=1e-6)
