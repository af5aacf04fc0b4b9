import json
import struct

import numpy as np
import pytest

from asset_pipeline.encode import encode_level, encode_plain, linear_colours
from asset_pipeline.errors import PackageBroken
from asset_pipeline.glb import GlbModel, decode_glb
from asset_pipeline.mesh import Mesh
from asset_pipeline.texture import encode_texture, encode_webp, picture_psnr_db
from tests.pipeline.builders import encode_picture
from tests.pipeline.shapes import ball, hills, smooth_picture


def assert_same_surface(mesh: Mesh, model: GlbModel, tolerance: float) -> None:
    assert len(model.faces) == mesh.triangles
    centres = mesh.positions[mesh.faces].mean(axis=1)
    found = model.positions[model.faces].mean(axis=1)
    gap = np.array([np.abs(found - centre).max(axis=1).min() for centre in centres[::7]])
    assert gap.max() <= tolerance


def test_a_compressed_level_decodes_to_the_same_surface_within_half_a_step() -> None:
    mesh = ball()
    model = decode_glb(encode_level(mesh, encode_texture(smooth_picture()), "ball"), "lod0.glb")
    assert model.step_m == pytest.approx(2 / 65535, rel=1e-3)
    assert_same_surface(mesh, model, 0.51 * model.step_m)
    assert set(model.extensions) == {"KHR_mesh_quantization", "EXT_meshopt_compression", "EXT_texture_webp"}


def test_texture_coordinates_survive_with_their_corners() -> None:
    mesh = ball()
    assert mesh.uv is not None
    model = decode_glb(encode_level(mesh, encode_texture(smooth_picture()), "ball"), "lod0.glb")
    assert model.uv is not None
    polar = np.arccos(np.clip(model.positions[:, 1], -1, 1)) / np.pi  # v goes from pole to pole
    assert np.abs(model.uv[:, 1] - polar).max() < 0.01


def test_normals_survive_within_the_precision_of_eight_bits() -> None:
    model = decode_glb(encode_level(ball(), None, "ball"), "lod0.glb")
    assert model.normals is not None
    units = model.normals / np.linalg.norm(model.normals, axis=1, keepdims=True)
    assert np.einsum("nk,nk->n", units, model.positions).min() > 0.97


def test_vertex_colours_come_back_as_the_same_bytes() -> None:
    mesh = hills()
    model = decode_glb(encode_level(mesh, None, "hills"), "lod0.glb")
    assert model.colours is not None
    linear = model.colours.astype(float)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    x = np.clip(25 * model.positions[:, 0], 0, 255)
    assert np.abs(srgb[:, 0] - np.floor(x)).max() <= 1.1


def test_every_byte_of_srgb_has_its_own_linear_value() -> None:
    assert len(np.unique(linear_colours(np.arange(256, dtype=np.uint8)))) >= 250
    assert linear_colours(np.array([0, 255], np.uint8)).tolist() == [0, 65535]


def test_the_plain_model_is_core_gltf_with_float_positions() -> None:
    mesh = ball()
    model = decode_glb(encode_plain(mesh, None, "ball"), "plain.glb")
    assert (model.extensions, model.step_m) == ((), 0.0)
    assert_same_surface(mesh, model, 1e-6)


def test_encoding_is_the_same_every_time() -> None:
    texture = encode_texture(smooth_picture())
    assert encode_level(ball(), texture, "ball") == encode_level(ball(), texture, "ball")


def test_a_jpeg_is_kept_only_when_it_is_smaller() -> None:
    picture = smooth_picture()
    jpeg = encode_picture(picture, "JPEG")
    assert encode_texture(picture, jpeg + b"\0" * 1_000_000).media_type == "image/webp"
    assert encode_texture(picture, jpeg[:200]).data == jpeg[:200]


def test_a_noisy_picture_is_encoded_finer_until_it_is_close_enough() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    assert len(encode_texture(noise).data) > len(encode_webp(noise, 80))
    assert picture_psnr_db(noise, noise) == 99.0


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
    data = encode_level(ball(), None, "ball")
    with pytest.raises(PackageBroken):
        decode_glb(data[:cut], "lod0.glb")


def test_a_model_that_lies_about_its_counts_is_reported_broken() -> None:
    data = encode_level(ball(), None, "ball")
    size = struct.unpack("<I", data[12:16])[0]
    accessors = json.loads(data[20 : 20 + size])["accessors"]
    for index in range(len(accessors)):
        wrong = [{**item, "count": item["count"] + 3 * (i == index)} for i, item in enumerate(accessors)]
        with pytest.raises(PackageBroken):
            decode_glb(rewrite_json(data, {"accessors": wrong}), "lod0.glb")
