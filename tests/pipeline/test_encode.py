import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from asset_pipeline.appearance.texture import AVIF, Original, Texture, encode_jpeg, encode_texture
from asset_pipeline.errors import PackageBroken
from asset_pipeline.mesh import Mesh
from asset_pipeline.output.encode import (
    Look,
    encode_level,
    encode_plain,
    linear_to_srgb,
    snap_mesh,
    split_vertices,
    srgb_to_linear,
)
from asset_pipeline.output.glb import GlbModel, decode_glb
from tests.pipeline.shapes import ball, hills, smooth_picture

BARE = Look()
FINEST = 2 / 65535  # the step of a ball of radius 1


def level(mesh: Mesh, look: Look = BARE, error_m: float = 0.0) -> bytes:
    snapped, step = snap_mesh(mesh, error_m)
    return encode_level(split_vertices(snapped), look, step)


def pictured() -> Texture:
    return encode_texture(Original(smooth_picture())).common


def assert_same_surface(mesh: Mesh, model: GlbModel, tolerance: float) -> None:
    assert len(model.faces) == mesh.triangles
    centres = mesh.positions[mesh.faces].mean(axis=1)
    found = model.positions[model.faces].mean(axis=1)
    gap = np.array([np.abs(found - centre).max(axis=1).min() for centre in centres[::7]])
    assert gap.max() <= tolerance


def test_a_compressed_level_decodes_to_the_same_surface_within_half_a_step() -> None:
    mesh = ball()
    model = decode_glb(level(mesh, Look(pictured())), "lod0.glb")
    assert model.step_m == pytest.approx(FINEST, rel=1e-3)
    assert_same_surface(mesh, model, 0.51 * model.step_m)
    assert set(model.required) == {"KHR_mesh_quantization", "EXT_meshopt_compression", "EXT_texture_webp"}


def test_positions_are_as_coarse_as_the_error_allows_and_no_coarser() -> None:
    mesh = ball()
    snapped, step = snap_mesh(mesh, 0.003)
    assert step == pytest.approx(0.001)
    assert np.abs(snapped.positions - mesh.positions).max() <= 0.5001 * step
    assert len(level(mesh, error_m=0.003)) < len(level(mesh))
    assert snap_mesh(mesh, 1e9)[1] == pytest.approx(2 / 255)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_point_of_a_mesh_of_any_size_snaps_onto_itself_again(scale: float) -> None:
    mesh = replace(ball(), positions=ball().positions * scale)
    snapped, step = snap_mesh(mesh, 0.002 * scale)
    assert np.abs(snap_mesh(snapped, 0.002 * scale)[0].positions - snapped.positions).max() <= 1e-6 * step


def test_texture_coordinates_survive_with_their_corners() -> None:
    mesh = ball()
    model = decode_glb(level(mesh, Look(pictured())), "lod0.glb")
    assert model.uv is not None
    polar = np.arccos(np.clip(model.positions[:, 1], -1, 1)) / np.pi  # v goes from pole to pole
    assert np.abs(model.uv[:, 1] - polar).max() < 0.01


def test_normals_survive_within_the_precision_of_eight_bits() -> None:
    model = decode_glb(level(ball()), "lod0.glb")
    assert model.normals is not None
    units = model.normals / np.linalg.norm(model.normals, axis=1, keepdims=True)
    assert np.einsum("nk,nk->n", units, model.positions).min() > 0.97


@pytest.mark.parametrize("darkness", [1, 12])
def test_vertex_colours_come_back_within_a_step_or_two_of_srgb_in_light_and_dark(darkness: int) -> None:
    mesh = hills()
    assert mesh.colours is not None
    mesh = replace(mesh, colours=mesh.colours // np.uint8(darkness))
    model = decode_glb(level(mesh), "lod0.glb")
    assert model.colours is not None
    shown = linear_to_srgb(model.colours.astype(float)) * 255
    x = np.floor(np.clip(25 * model.positions[:, 0], 0, 255)).astype(int) // darkness
    assert np.abs(shown[:, 0] - x).max() <= 2.6


def test_linear_light_and_srgb_are_each_others_inverse() -> None:
    values = np.linspace(0, 1, 256)
    assert np.abs(linear_to_srgb(srgb_to_linear(values)) - values).max() < 1e-6


def test_every_map_and_factor_of_a_material_is_found_again() -> None:
    jpeg = Texture(encode_jpeg(smooth_picture(), "normal"), "image/jpeg", 256)
    avif = Texture(AVIF.write(smooth_picture(), 60), "image/avif", 256)
    look = Look(pictured(), jpeg, avif, (0.5, 1.0, 0.25), 0.6, 0.1)
    data = level(ball(), look)
    model = decode_glb(data, "lod0.glb")
    assert {purpose: each.data for purpose, each in model.pictures.items()} == {
        "colour": pictured().data,
        "normal": jpeg.data,
        "roughness": avif.data,
    }
    assert {"EXT_texture_webp", "EXT_texture_avif"} <= set(model.required)
    size = struct.unpack("<I", data[12:16])[0]
    surface = json.loads(data[20 : 20 + size])["materials"][0]["pbrMetallicRoughness"]
    assert (surface["roughnessFactor"], surface["metallicFactor"]) == (0.6, 0.1)
    assert surface["baseColorFactor"] == pytest.approx([0.214041, 1.0, 0.050876, 1], abs=1e-5)


def test_the_plain_model_is_core_gltf_with_float_positions() -> None:
    mesh = ball()
    model = decode_glb(encode_plain(split_vertices(mesh), Look()), "plain.glb")
    assert (model.required, model.step_m) == ((), 0.0)
    assert_same_surface(mesh, model, 1e-6)


def test_encoding_is_the_same_every_time() -> None:
    look = Look(pictured())
    assert level(ball(), look) == level(ball(), look)


def rewrite_json(data: bytes, change: dict[str, object]) -> bytes:
    """The GLB with top-level members of its JSON replaced."""
    size = struct.unpack("<I", data[12:16])[0]
    text = json.dumps({**json.loads(data[20 : 20 + size]), **change}).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + size :]
    head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(text) + len(rest), len(text), b"JSON")
    return head + text + rest


@pytest.mark.parametrize("cut", [4, 19, 100, 2000])
def test_a_cut_model_is_reported_broken(cut: int) -> None:
    data = level(ball())
    with pytest.raises(PackageBroken):
        decode_glb(data[:cut], "lod0.glb")


def test_a_model_that_lies_about_its_counts_is_reported_broken() -> None:
    data = level(ball())
    size = struct.unpack("<I", data[12:16])[0]
    accessors = json.loads(data[20 : 20 + size])["accessors"]
    for index in range(len(accessors)):
        wrong = [{**item, "count": item["count"] + 3 * (i == index)} for i, item in enumerate(accessors)]
        with pytest.raises(PackageBroken):
            decode_glb(rewrite_json(data, {"accessors": wrong}), "lod0.glb")
