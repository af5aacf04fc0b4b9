import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pillow

from asset_pipeline.appearance.look import encode_look, find_used, fit_material, has_no_relief, plain_look
from asset_pipeline.appearance.sides import Sides, choose_sides
from asset_pipeline.appearance.texture import (
    ASKED_DB,
    FULL_JPEG,
    REAL_NEAR_DB,
    SAME_DB,
    Original,
    Purpose,
    decode,
    encode_texture,
    guess_bytes,
    likeness_db,
    take_sample,
)
from asset_pipeline.mesh import Image, Material, Mesh, Surface
from tests.pipeline.builders import encode_picture
from tests.pipeline.shapes import ball, smooth_picture

PURPOSES: tuple[Purpose, ...] = ("colour", "normal", "roughness")


def rough_picture(side: int = 256) -> Image:
    """Smooth colour with the grain of stone."""
    grain = np.random.default_rng(1).normal(0, 12, (side, side, 3))
    return np.clip(np.array(Pillow.fromarray(smooth_picture()).resize((side, side))) + grain, 0, 255).astype(np.uint8)


def noise(height: int, width: int) -> Image:
    return np.random.default_rng(2).integers(0, 255, (height, width, 3)).astype(np.uint8)


def waves(side: int = 256) -> Image:
    """A normal map of ripples."""
    x = np.linspace(0, 40, side)
    tilt = 0.5 * np.sin(x)[None, :] * np.ones((side, 1))
    vectors = np.stack([tilt, tilt.T, np.sqrt(1 - tilt**2 * 0.99 - tilt.T**2 * 0.99)], axis=2)
    return (vectors * 127.5 + 127.5).astype(np.uint8)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_encoding_kept_is_as_like_as_asked(purpose: Purpose) -> None:
    original = Original(waves() if purpose == "normal" else rough_picture(), purpose)
    found = encode_texture(original)
    for texture in (found.common, found.avif):
        if texture is None:
            continue
        assert texture.psnr_db == pytest.approx(likeness_db(original, decode(texture.data)))
        assert texture.psnr_db >= ASKED_DB[purpose] - REAL_NEAR_DB
    assert (found.avif is None) == (purpose == "normal")
    assert found.avif is None or len(found.avif.data) < len(found.common.data)


def test_normals_are_kept_by_their_directions_in_far_fewer_bytes_than_by_eye() -> None:
    original = Original(waves(512), "normal")
    found = encode_texture(original).common
    assert found.media_type == "image/jpeg"
    assert Pillow.open(io.BytesIO(found.data)).info["adobe_transform"] == 0  # red, green and blue as they are
    for_eyes = next(
        data
        for data in (FULL_JPEG.write(original.picture, quality) for quality in range(60, 100))
        if likeness_db(original, decode(data)) >= found.psnr_db
    )
    assert len(found.data) < 0.8 * len(for_eyes)


def grain(side: int = 1024) -> Image:
    """A normal map of rough stone."""
    tilt = np.random.default_rng(3).normal(0, 0.2, (side // 2, side // 2, 2)).repeat(2, axis=0).repeat(2, axis=1)
    vectors = np.concatenate([tilt, np.ones((side, side, 1))], axis=2)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return np.asarray(vectors * 127.5 + 127.5, np.uint8)


@pytest.mark.parametrize(("purpose", "picture"), [("colour", rough_picture(1024)), ("normal", grain())])
def test_bytes_are_guessed_within_a_third(purpose: Purpose, picture: Image) -> None:
    original = Original(picture, purpose)
    assert guess_bytes(original) == pytest.approx(len(encode_texture(original).common.data), rel=1 / 3)


def test_a_quality_higher_than_asked_is_not_paid_for() -> None:
    assert encode_texture(Original(rough_picture())).common.psnr_db < ASKED_DB["colour"] + 1.5


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (257, 5), (300, 260)])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_pictures_of_any_shape_and_of_pure_noise_are_encoded(shape: tuple[int, int], purpose: Purpose) -> None:
    original = Original(noise(*shape), purpose)
    found = encode_texture(original)
    assert decode(found.common.data).shape == original.picture.shape
    assert found.common.px == max(shape)
    assert likeness_db(original, decode(found.common.data)) >= ASKED_DB[purpose] - REAL_NEAR_DB


def test_a_drawing_of_few_colours_is_kept_without_loss() -> None:
    drawing = np.zeros((512, 512, 3), np.uint8)
    drawing[::7, :, 0] = 200
    drawing[:, ::5, 2] = 90
    found = encode_texture(Original(drawing))
    assert (found.common.media_type, found.common.psnr_db) == ("image/webp", SAME_DB)


def test_the_jpeg_a_picture_came_from_is_kept_only_when_it_is_smaller() -> None:
    jpeg = encode_picture(rough_picture(), "JPEG")
    picture = decode(jpeg)
    assert encode_texture(Original(picture, source_jpeg=jpeg + b"\0" * 1_000_000)).common.media_type == "image/webp"
    assert encode_texture(Original(picture, source_jpeg=jpeg[:200])).common.data == jpeg[:200]


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert encode_texture(Original(rough_picture(300))) == encode_texture(Original(rough_picture(300)))


def test_only_texels_in_use_count() -> None:
    picture = rough_picture()
    used = np.zeros(picture.shape[:2], np.bool_)
    used[:128] = True
    spoiled = picture.copy()
    spoiled[200:] = 0
    assert likeness_db(Original(picture, used=used), spoiled) == SAME_DB
    assert likeness_db(Original(picture), spoiled) < 20


def test_a_sample_of_a_large_picture_is_small_and_of_its_used_part() -> None:
    picture = np.zeros((2048, 2048, 3), np.uint8)
    picture[:1024] = 255
    used = np.zeros((2048, 2048), np.bool_)
    used[:1024] = True
    sample = take_sample(Original(picture, used=used))
    assert sample.picture.size < picture.size / 10
    assert sample.picture.min() == 255
    assert take_sample(Original(picture[:300, :200])).picture.shape == (300, 200, 3)


def test_a_longer_normal_counts_as_the_same_direction() -> None:
    up = np.full((4, 4, 3), (128, 128, 255), np.uint8)
    short = np.full((4, 4, 3), (128, 128, 200), np.uint8)
    assert likeness_db(Original(up, "normal"), short) > 45
    assert likeness_db(Original(up, "normal"), np.full((4, 4, 3), (255, 128, 128), np.uint8)) < 10


def dressed(**pictures: Image) -> Mesh:
    return replace(ball(), materials=(Material(**pictures),))


def test_a_normal_map_that_turns_nothing_is_left_out() -> None:
    level = np.full((64, 64, 3), (128, 127, 255), np.uint8)
    assert has_no_relief(level, None)
    assert not has_no_relief(waves(), None)
    found = encode_look(dressed(picture=rough_picture(), normal_map=level))
    assert (found.common.normal, found.shown[0].normal_map) == (None, None)


def test_a_picture_of_one_colour_becomes_one_texel() -> None:
    found = encode_look(dressed(picture=np.full((512, 512, 3), (90, 80, 70), np.uint8)))
    assert found.common.colour is not None
    assert found.common.colour.px == 1
    assert found.shown[0].picture is not None
    assert np.abs(found.shown[0].picture.astype(int) - (90, 80, 70)).max() <= 3
    plain = plain_look(Material(picture=np.full((512, 512, 3), 90, np.uint8)), found.common)
    assert plain.colour is not None
    assert (plain.colour.media_type, decode(plain.colour.data).shape) == ("image/jpeg", (1, 1, 3))


def test_what_is_measured_is_what_the_client_with_the_poorer_picture_sees() -> None:
    mesh = dressed(picture=rough_picture(), normal_map=waves())
    found = encode_look(mesh)
    assert found.avif is not None
    assert found.avif.colour is not None
    assert found.common.colour is not None
    poorer = min(found.common.colour, found.avif.colour, key=lambda each: each.psnr_db)
    assert np.array_equal(found.shown[0].picture, decode(poorer.data))
    assert found.avif.normal == found.common.normal


def test_the_plain_look_is_jpeg_all_through() -> None:
    mesh = dressed(picture=rough_picture(), normal_map=waves(), roughness_map=rough_picture())
    plain = plain_look(mesh.materials[0], encode_look(mesh).common)
    assert [each.media_type for each in plain.pictures] == ["image/jpeg"] * 3
    assert Pillow.open(io.BytesIO(plain.pictures[1].data)).size == (256, 256)


def test_texels_that_no_triangle_shows_are_told_apart() -> None:
    mesh = ball()
    assert mesh.uv is not None
    half = replace(mesh, uv=mesh.uv * np.array([1, 0.5], np.float32))
    used = find_used(half, Material(picture=smooth_picture()))
    assert used is not None
    height = len(used)
    assert used[: height // 2 - 2].mean() > 0.9
    assert not used[height // 2 + 2 :].any()
    outside = replace(mesh, uv=mesh.uv + np.float32(0.5))
    assert find_used(outside, Material(picture=smooth_picture())) is None


def test_a_picture_larger_than_its_level_needs_is_made_smaller() -> None:
    material = Material(picture=rough_picture(512), source_jpeg=b"jpeg", normal_map=waves(256))
    small = fit_material(material, Sides(128, 64))
    assert small.picture is not None
    assert small.normal_map is not None
    assert (small.picture.shape, small.normal_map.shape, small.source_jpeg) == ((128, 128, 3), (64, 64, 3), None)
    assert fit_material(material, Sides(512, 512)) == material


def surface_of(mesh: Mesh, triangles: int) -> Surface:
    return Surface(mesh.positions, mesh.faces[:triangles])


def test_a_level_looked_at_from_afar_needs_a_smaller_picture() -> None:
    scan = dressed(picture=np.zeros((8192, 8192, 3), np.uint8))
    surface = surface_of(scan, scan.triangles - 1)
    sides = [choose_sides(scan, surface, error_m, 8192, False).colour_px for error_m in (0.0002, 0.0005, 0.001, 0.01)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] > sides[-1] == 2048  # the whole fills a screen of 1,600 px, whatever its error
    assert choose_sides(scan, surface, 0.0002, 1024, False).colour_px == 1024


def test_no_picture_is_finer_than_the_scans_own() -> None:
    scan = dressed(picture=np.zeros((256, 256, 3), np.uint8))
    assert choose_sides(scan, surface_of(scan, scan.triangles - 1), 0.001, 4096, True).colour_px == 512


def test_a_level_that_lost_nothing_needs_no_normal_map() -> None:
    scan = dressed(picture=smooth_picture())
    assert choose_sides(scan, surface_of(scan, scan.triangles), 0.0, 2048, True).normal_px == 0
    assert choose_sides(scan, surface_of(scan, scan.triangles - 9), 0.001, 2048, True).normal_px > 0
