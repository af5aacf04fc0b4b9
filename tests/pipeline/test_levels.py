from dataclasses import replace

import numpy as np

from asset_pipeline.appearance.dress import BuiltLevel, dress_ways
from asset_pipeline.appearance.measure import find_places, measure_level, measure_look
from asset_pipeline.appearance.sides import Sides
from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.clean import weld
from asset_pipeline.geometry.normals import corner_normals
from asset_pipeline.geometry.surface import colours_at, points_at, sample_surface
from asset_pipeline.geometry.surfaces import bare_surface, build_surfaces, choose_levels
from asset_pipeline.mesh import Material, Mesh
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, hills, source_of


def level_of(scan: Mesh, asked: int, texture_px: int = 256) -> Mesh:
    ((surface,), _) = build_surfaces(bare_surface(scan), (asked,))
    return next(dress_ways(surface, asked, source_of(scan), Sides(texture_px, 0))).mesh


def ways_of(scan: Mesh, asked: int, sides: Sides) -> list[BuiltLevel]:
    ((surface,), _) = build_surfaces(bare_surface(scan), (asked,))
    return list(dress_ways(surface, asked, source_of(scan), sides))


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
    deviation = measure_level(source_of(scan), level_of(scan, 300), samples=20_000)
    assert 0.001 < deviation.rms_m < 0.02
    assert deviation.rms_m < deviation.max_m < 0.1
    assert deviation.colour_psnr_db is not None and deviation.colour_psnr_db > 30


def test_the_scan_itself_has_no_deviation() -> None:
    scan = hills()
    deviation = measure_level(source_of(scan), scan, samples=5_000)
    assert deviation.rms_m < 1e-6


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


def test_a_textured_scan_gets_a_normal_map_where_light_shows_what_it_lost() -> None:
    (coarse,) = ways_of(ball(40), 200, Sides(256, 128))
    material = coarse.mesh.materials[0]
    assert coarse.uv == "atlas" and material.picture is not None and material.normal_map is not None
    assert material.picture.shape == (256, 256, 3) and material.normal_map.shape == (128, 128, 3)


def test_a_level_that_keeps_its_form_gets_no_normal_map() -> None:
    scan = Mesh(BOX_POINTS * 1.0, BOX_FACES, materials=(Material("red", (1, 0, 0)),))
    plain, textured = ways_of(scan, 12, Sides(64, 64))
    assert plain.mesh.colours is not None and textured.mesh.materials[0].normal_map is None


def test_a_scan_without_colours_is_offered_bare_and_with_a_normal_map() -> None:
    scan = replace(ball(40), uv=None, materials=())
    bare, mapped = ways_of(scan, 200, Sides(256, 256))
    assert bare.uv == "none" and bare.mesh.uv is None and not bare.mesh.materials
    assert mapped.mesh.materials[0].picture is None and mapped.mesh.materials[0].normal_map is not None


def test_a_coloured_scan_is_offered_with_vertex_colours_and_with_a_texture() -> None:
    land = hills(80)
    stripes = np.repeat(128 + 100 * np.sin(4 * land.positions[:, :1]), 3, axis=1)  # finer than the level's triangles
    scan = replace(land, colours=stripes.astype(np.uint8))
    coloured, textured = ways_of(scan, 300, Sides(256, 0))
    source = source_of(scan)
    first, second = (measure_level(source, way.mesh, 20_000).colour_psnr_db for way in (coloured, textured))
    assert coloured.mesh.colours is not None and textured.uv == "atlas"
    assert first is not None and second is not None and second > first + 3
    assert len(textured.mesh.positions) == len(coloured.mesh.positions)  # one chart: open land


def test_the_whole_scan_is_offered_with_its_own_coordinates_and_with_new_ones() -> None:
    scan = ball()
    own, new = ways_of(scan, scan.triangles, Sides(256, 0))
    assert (own.uv, new.uv) == ("source", "atlas") and own.mesh is scan


def test_coordinates_that_repeat_a_picture_are_not_kept() -> None:
    scan = ball()
    assert scan.uv is not None
    (level,) = ways_of(replace(scan, uv=scan.uv * 2), scan.triangles, Sides(256, 0))
    assert level.uv == "atlas"
    assert np.median(colour_difference(replace(scan, uv=scan.uv * 2), level.mesh)) < 6


def test_likeness_in_light_counts_form_as_well_as_colour() -> None:
    scan = ball(40)
    source = source_of(scan)
    fine, coarse = level_of(scan, 2000), level_of(scan, 60)
    painted = replace(fine, materials=(Material(picture=np.full((4, 4, 3), 120, np.uint8)),))
    of_fine, of_coarse, of_painted, of_scan = (
        measure_look(source, each, find_places(source, each, 20_000)) for each in (fine, coarse, painted, scan)
    )
    assert of_fine > of_coarse + 5 and of_fine > of_painted + 5
    assert of_scan > 40
