import numpy as np
import pytest

from asset_pipeline.atlas import make_atlas, split_regions
from asset_pipeline.bake import bake_picture
from asset_pipeline.bvh import build_bvh, find_closest
from asset_pipeline.clean import weld
from asset_pipeline.dress import dress_level, texture_size
from asset_pipeline.measure import measure_level
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.normals import corner_normals
from asset_pipeline.surface import colours_at, points_at, sample_surface
from asset_pipeline.surfaces import bare_surface, build_surfaces, choose_levels
from asset_pipeline.texels import fill_gaps
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, hills


def level_of(scan: Mesh, asked: int, texture_px: int = 256) -> Mesh:
    bvh = build_bvh(scan.positions, scan.faces)
    ((surface,), _) = build_surfaces(bare_surface(scan), (asked,))
    return dress_level(surface, asked, scan, bvh, texture_px).mesh


def colour_difference(scan: Mesh, level: Mesh) -> np.ndarray:
    """How far the level's colour is from the scan's, 0..255, at points all over the level."""
    hits = sample_surface(level.positions, level.faces, 4000, seed=5)
    points = points_at(level.positions, level.faces, hits)
    there = find_closest(build_bvh(scan.positions, scan.faces), points)
    return np.abs(colours_at(level, hits) - colours_at(scan, there)).max(axis=1)


def test_a_textured_level_shows_the_scans_colours_at_every_place() -> None:
    scan = ball()
    level = level_of(scan, 400)
    assert level.uv is not None and (level.uv >= 0).all() and (level.uv <= 1).all()
    difference = colour_difference(scan, level)
    assert np.percentile(difference, 99) < 10 and np.median(difference) < 3


def test_a_level_with_vertex_colours_shows_the_scans_colours_at_every_place() -> None:
    scan = hills()
    level = level_of(scan, 500)
    assert level.uv is None and level.colours is not None
    assert np.percentile(colour_difference(scan, level), 99) < 12


def test_a_scan_of_plain_materials_becomes_vertex_colours() -> None:
    use = np.array([0] * 6 + [1] * 6, np.int32)
    scan = Mesh(BOX_POINTS, BOX_FACES, None, None, (Material("a", (1, 0, 0)), Material("b", (1, 0, 0))), use)
    colours = level_of(scan, 12).colours
    assert colours is not None and (colours == [255, 0, 0]).all()


def test_a_part_without_picture_keeps_its_colour_beside_a_textured_one() -> None:
    scan = ball()
    use = (scan.positions[scan.faces].mean(axis=1)[:, 1] < 0).astype(np.int32)
    two = Mesh(scan.positions, scan.faces, scan.uv, None, (scan.materials[0], Material("base", (0.2, 0.4, 0.6))), use)
    level = level_of(two, 600)
    below = sample_surface(level.positions, level.faces, 3000, seed=2)
    low = points_at(level.positions, level.faces, below)[:, 1] < -0.3
    assert np.abs(np.median(colours_at(level, below)[low], axis=0) - [51, 102, 153]).max() < 6


def test_a_level_is_measured_both_ways_in_metres() -> None:
    scan = ball(48)
    deviation = measure_level(scan, build_bvh(scan.positions, scan.faces), level_of(scan, 300), samples=20_000)
    assert 0.001 < deviation.rms_m < 0.02
    assert deviation.rms_m < deviation.max_m < 0.1
    assert deviation.colour_psnr_db is not None and deviation.colour_psnr_db > 30


def test_the_scan_itself_has_no_deviation() -> None:
    scan = hills()
    deviation = measure_level(scan, build_bvh(scan.positions, scan.faces), scan, samples=5_000)
    assert deviation.rms_m < 1e-6


def test_closest_points_are_those_of_a_search_through_all_triangles() -> None:
    mesh = ball(12)
    queries = np.random.default_rng(3).normal(size=(200, 3))
    found = find_closest(build_bvh(mesh.positions, mesh.faces), queries)
    samples = points_at(mesh.positions, mesh.faces, sample_surface(mesh.positions, mesh.faces, 60_000, seed=1))
    brute = np.array([np.linalg.norm(samples - query, axis=1).min() for query in queries])
    assert (found.distance <= brute + 1e-6).all() and np.abs(found.distance - brute).max() < 0.02
    on_surface = points_at(mesh.positions, mesh.faces, found)
    assert np.allclose(np.linalg.norm(on_surface - queries, axis=1), found.distance, atol=1e-5)


def test_an_atlas_covers_the_surface_without_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_pipeline.atlas.REGION_TRIANGLES", 500)
    surface = weld(ball())
    atlas = make_atlas(surface.positions, surface.faces, 512)
    assert len(atlas.faces) == len(surface.faces)
    hits = np.zeros((512, 512), int)
    corners = atlas.uv[atlas.faces] * 512
    rng = np.random.default_rng(1)
    for triangle in corners[rng.choice(len(corners), 300, replace=False)]:
        weights = rng.dirichlet((4, 4, 4), 1)
        x, y = (weights @ triangle)[0].astype(int)
        hits[y, x] += 1
    assert hits.max() <= 2
    edge_1, edge_2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    covered = np.abs(edge_1[:, 0] * edge_2[:, 1] - edge_1[:, 1] * edge_2[:, 0]).sum() / 2 / 512**2
    assert 0.3 < covered < 0.95


def test_regions_are_small_and_hold_every_triangle_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_pipeline.atlas.REGION_TRIANGLES", 300)
    mesh = ball()
    regions = split_regions(mesh.positions, mesh.faces)
    assert max(map(len, regions)) <= 300
    assert (np.sort(np.concatenate(regions)) == np.arange(mesh.triangles)).all()


def test_texels_no_triangle_covers_take_their_surroundings_colour() -> None:
    picture = np.zeros((64, 64, 3), np.float32)
    known = np.zeros((64, 64), bool)
    picture[:32], known[:32] = 200, True
    filled = fill_gaps(picture, known)
    assert (filled == 200).all()


def test_baking_is_the_same_every_time() -> None:
    scan = ball()
    bvh = build_bvh(scan.positions, scan.faces)
    surface = weld(scan)
    atlas = make_atlas(surface.positions, surface.faces, 128)
    assert (bake_picture(atlas, scan, bvh, 128) == bake_picture(atlas, scan, bvh, 128)).all()


def test_normals_are_smooth_on_a_ball_and_sharp_on_a_box() -> None:
    surface = weld(ball())
    normals = corner_normals(surface.positions, surface.faces)
    outward = surface.positions[surface.faces]
    assert np.abs(np.einsum("nkd,nkd->nk", normals, outward)).min() > 0.97
    box = corner_normals(BOX_POINTS, BOX_FACES)
    assert np.allclose(np.sort(np.abs(box), axis=2)[:, :, 2], 1)


def test_corners_of_one_smooth_group_share_one_normal_exactly() -> None:
    surface = weld(ball())
    normals = corner_normals(surface.positions, surface.faces).reshape(-1, 3)
    rows = np.unique(np.concatenate([surface.faces.reshape(-1, 1), normals], axis=1), axis=0)
    assert len(rows) == len(surface.positions)


def test_levels_above_the_scans_own_count_are_skipped_for_the_scan_itself() -> None:
    assert choose_levels((100_000, 25_000, 5_000), 30_000) == ((30_000, 25_000, 5_000), (100_000,))
    assert choose_levels((100, 50), 1000) == ((100, 50), ())
    assert choose_levels((100, 50), 40) == ((40,), (100, 50))


def test_coarse_levels_get_smaller_textures() -> None:
    assert [texture_size(index, 2048) for index in range(5)] == [2048, 2048, 1024, 512, 512]
