from dataclasses import replace

import numpy as np
import pytest

from asset_pipeline.appearance.atlas import Atlas, make_atlas
from asset_pipeline.appearance.bake import Wanted, bake
from asset_pipeline.appearance.measure import find_places, measure_level, measure_look
from asset_pipeline.appearance.tangent import from_tangent, shown_normals, to_tangent
from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.clean import weld
from asset_pipeline.geometry.layer import fill_gaps
from asset_pipeline.geometry.normals import corner_normals, encoded_normals
from asset_pipeline.geometry.surface import colours_at, normals_at, points_at, sample_surface
from asset_pipeline.geometry.surfaces import bare_surface, build_surfaces
from asset_pipeline.mesh import Material, Mesh
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, grid_faces, source_of

PX = 256


def wavy(side: int = 120, waves: float = 9.0) -> Mesh:
    """A plate with fine waves that few triangles cannot follow."""
    x, z = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side), indexing="ij")
    height = 0.01 * np.sin(waves * np.pi * x) * np.cos(waves * np.pi * z)
    return Mesh(np.stack([x, height, z], axis=-1).reshape(-1, 3), grid_faces(side, side)[:, ::-1])


def plate(side: int = 3, y: float = 0.0, facing: int = 1) -> tuple[np.ndarray, np.ndarray]:
    x, z = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side), indexing="ij")
    return np.stack([x, y + 0 * x, z], axis=-1).reshape(-1, 3), grid_faces(side, side)[:, ::-facing].copy()


def baked(scan: Mesh, positions: np.ndarray, faces: np.ndarray, px: int = PX) -> tuple[Atlas, Mesh]:
    """A level with colour and normal map on a new atlas."""
    source = source_of(scan)
    atlas = make_atlas(positions, faces, px)
    pictures = bake(atlas, source, Wanted(px, px // 2))
    material = Material(picture=pictures.colour, normal_map=pictures.normal_map)
    return atlas, Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(material,))


def bake_picture(scan: Mesh, positions: np.ndarray, faces: np.ndarray, px: int) -> np.ndarray:
    pictures = bake(make_atlas(positions, faces, px), source_of(scan), Wanted(px))
    assert pictures.colour is not None
    return pictures.colour


def look_db(scan: Mesh, level: Mesh) -> float:
    source = source_of(scan)
    return measure_look(source, level, find_places(source, level, 20_000))


def test_a_normal_map_gives_back_the_form_that_the_triangles_lost() -> None:
    scan = wavy()
    _, level = baked(scan, *plate())
    bare = replace(level, materials=(replace(level.materials[0], normal_map=None),))
    assert look_db(scan, level) > look_db(scan, bare) + 12


def test_green_is_up_and_red_is_right_where_the_picture_is_seen_upright() -> None:
    positions = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])  # seen from +z, v grows downwards
    faces, uv = np.array([[0, 1, 2], [0, 2, 3]], np.int32), np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    face, base = np.zeros(3, np.int32), np.tile(np.float32([0, 0, 1]), (3, 1))
    wanted = np.float32(
        [[0.6, 0, 0.8], [0, 0.6, 0.8], [0, 0, 1]]
    )  # towards +x, which is right; towards +y, which is up
    assert np.allclose(to_tangent(positions, faces, uv, (face, base, wanted)), wanted, atol=1e-6)


@pytest.mark.parametrize("mirrored", [1, -1])
def test_what_goes_into_tangent_space_comes_out_again_on_sheared_and_mirrored_charts(mirrored: int) -> None:
    rng = np.random.default_rng(4)
    positions, faces = rng.normal(size=(90, 3)), np.arange(90, dtype=np.int32).reshape(-1, 3)
    uv = (rng.random((90, 2)) * [mirrored, 1]).astype(np.float32)
    a, b, c = (positions[faces[:, k]] for k in range(3))
    base = np.cross(b - a, c - a)
    base = (base / np.linalg.norm(base, axis=1, keepdims=True) + 0.2 * rng.normal(size=base.shape)).astype(np.float32)
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    wanted = base + 0.3 * rng.normal(size=base.shape).astype(np.float32)
    wanted = (wanted / np.linalg.norm(wanted, axis=1, keepdims=True)).astype(np.float32)
    face = np.arange(30, dtype=np.int32)
    there = to_tangent(positions, faces, uv, (face, base, wanted))
    back = from_tangent(positions, faces, uv, (face, base, there))
    frames = np.abs(np.einsum("nk,nk->n", back, wanted))
    assert np.median(frames) > 0.9999 and (frames > 0.999).mean() > 0.85  # the rest are slivers without a frame


def test_a_scans_own_normal_map_is_carried_over() -> None:
    positions, faces = plate()
    uv = np.stack([(positions[:, 0] + 1) / 2, (positions[:, 2] + 1) / 2], axis=1).astype(np.float32)
    leaning = np.zeros((8, 8, 3), np.uint8)
    leaning[:] = [int(127.5 + 127.5 * 0.6), 128, int(127.5 + 127.5 * 0.8)]  # everywhere 37 degrees towards +x
    scan = Mesh(positions, faces, uv, materials=(Material(normal_map=leaning),))
    _, level = baked(scan, *plate(4))
    hits = sample_surface(level.positions, level.faces, 500, seed=1)
    shown = shown_normals(level, encoded_normals(level), hits)
    assert np.abs(shown - [0.6, 0.8, 0.0]).max() < 0.03


def test_several_materials_end_in_one_picture_with_their_colour_gloss_and_metal() -> None:
    positions, faces = plate()
    uv = np.stack([(positions[:, 0] + 1) / 2, (positions[:, 2] + 1) / 2], axis=1).astype(np.float32)
    use = (positions[faces].mean(axis=1)[:, 0] > 0).astype(np.int32)
    red, blue = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 100
    rough = np.full((4, 4, 3), 255, np.uint8)
    rough[..., 1] = 128
    materials = (Material(picture=red, roughness_map=rough, roughness=0.5), Material(picture=blue, metallic=1.0))
    scan = Mesh(positions, faces, uv, materials=materials, face_material=use)
    source = source_of(scan)
    atlas = make_atlas(*plate(5), PX)
    pictures = bake(atlas, source, Wanted(colour_px=PX, roughness_px=PX // 2))
    gloss = pictures.roughness_map
    level = Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(Material(picture=pictures.colour),))
    hits = sample_surface(level.positions, level.faces, 800, seed=1)
    right = points_at(level.positions, level.faces, hits)[:, 0]
    colours = colours_at(level, hits, nearest=True)
    gloss_at = colours_at(replace(level, materials=(Material(picture=gloss),)), hits, nearest=True)
    assert (colours[right < -0.1] == [200, 0, 0]).all() and (colours[right > 0.1] == [0, 0, 100]).all()
    assert np.abs(gloss_at[right < -0.1][:, 1:] - [64, 0]).max() <= 1
    assert (gloss_at[right > 0.1][:, 1:] == [255, 255]).all()


def test_the_front_of_a_thin_wall_does_not_show_its_back() -> None:
    front, faces = plate(9, 0.004)
    back, back_faces = plate(9, -0.004, facing=-1)
    colours = np.array([[250, 0, 0]] * len(front) + [[0, 0, 250]] * len(back), np.uint8)
    scan = Mesh(np.concatenate([front, back]), np.concatenate([faces, back_faces + len(front)]), colours=colours)
    coarse, coarse_faces = plate(3, -0.001)  # an upward surface that came to lie nearer to the back than to the front
    picture = bake_picture(scan, coarse, coarse_faces, 64)
    assert (picture[..., 0] > 200).mean() > 0.99


def test_texels_no_triangle_covers_take_their_surroundings_colour() -> None:
    picture, known = np.zeros((64, 64, 3), np.float32), np.zeros((64, 64), bool)
    picture[:32], known[:32] = 200, True
    assert (fill_gaps(picture, known) == 200).all()


def test_mipmaps_of_a_baked_picture_hold_no_colour_from_between_the_charts() -> None:
    scan = ball()
    grey = replace(scan, materials=(Material(picture=np.full((8, 8, 3), 120, np.uint8)),))
    surface = weld(scan)
    picture = bake_picture(grey, surface.positions, surface.faces, PX)
    assert (picture == 120).all()


def test_baking_is_the_same_every_time() -> None:
    scan = ball()
    (surface,), _ = build_surfaces(bare_surface(scan), (500,))
    one, two = (baked(scan, surface.positions, surface.faces, 128)[1].materials[0] for _ in range(2))
    assert np.array_equal(one.picture, two.picture) and np.array_equal(one.normal_map, two.normal_map)


def test_a_small_picture_is_the_mean_of_what_a_large_one_shows() -> None:
    scan = ball()
    source = source_of(scan)
    surface = weld(scan)
    atlas = make_atlas(surface.positions, surface.faces, PX)
    small = bake(atlas, source, Wanted(colour_px=PX // 4, normal_px=PX)).colour
    level = Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(Material(picture=small),))
    assert measure_level(source, level, 10_000).colour_psnr_db > 35  # type: ignore[operator]


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_closest_points_are_those_of_a_search_through_all_triangles_in_any_unit(scale: float) -> None:
    rng = np.random.default_rng(3)
    corners = rng.normal(size=(120, 1, 3)) + rng.normal(size=(120, 3, 3)) * [0.3, 0.3, 1e-4]
    positions, faces = corners.reshape(-1, 3) * scale, np.arange(360, dtype=np.int32).reshape(-1, 3)
    queries = rng.normal(size=(40, 3)) * scale
    found = find_closest(build_bvh(positions, faces), queries)
    weights = rng.dirichlet((0.5, 0.5, 0.5), 1000)
    tried = (weights @ positions[faces]).reshape(-1, 3)
    brute = np.array([np.linalg.norm(tried - query, axis=1).min() for query in queries])
    assert (found.distance <= brute * (1 + 1e-5) + 1e-6 * scale).all()
    assert np.abs(found.distance - brute).max() < 0.06 * scale
    there = points_at(positions, faces, found)
    assert np.allclose(np.linalg.norm(there - queries, axis=1), found.distance, atol=3e-6 * scale)


def test_only_triangles_that_face_the_way_asked_are_found_and_none_beyond_reach() -> None:
    surface = weld(ball(12))
    bvh = build_bvh(surface.positions, surface.faces)
    queries = np.float32([[0.9, 0, 0], [0, 0.9, 0]])
    up = np.tile(np.float32([0, 1, 0]), (2, 1))
    found = find_closest(bvh, queries, up)
    normals = corner_normals(surface.positions, surface.faces)
    assert (normals_at(normals, found)[:, 1] > 0.1).all()
    assert (find_closest(bvh, queries, up, reach=0.01).face == -1).all()
    assert (find_closest(bvh, queries, reach=0.2).face >= 0).all()


def test_encoded_normals_are_what_a_client_unpacks() -> None:
    mesh = Mesh(BOX_POINTS, BOX_FACES)
    assert np.allclose(np.sort(np.abs(encoded_normals(mesh)), axis=2)[:, :, 2], 1)
    round_ball = ball()
    surface = weld(round_ball)
    exact = corner_normals(surface.positions, surface.faces)
    turn = np.degrees(np.arccos(np.clip(np.einsum("nkd,nkd->nk", encoded_normals(round_ball), exact), -1, 1)))
    assert 0.1 < turn.max() < 1.5
