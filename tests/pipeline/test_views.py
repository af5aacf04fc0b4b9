import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image as Pillow

from asset_pipeline.geometry.bvh import build_bvh
from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.mesh import Mesh
from asset_pipeline.report.camera import choose_viewpoints, fit_camera, project
from asset_pipeline.report.heat_scale import choose_scale, list_colours, list_ticks
from asset_pipeline.report.views import (
    MOST_BYTES,
    LevelViews,
    Views,
    choose_views,
    describe_views,
    draw_level,
    draw_scan,
)
from tests.pipeline.shapes import ball, hills

BALL, LAND = ball(48), hills()
TALL = replace(BALL, positions=BALL.positions * [0.3, 1, 0.3])


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB")).astype(int)


@cache
def views_of_ball() -> Views:
    return choose_views(BALL)


def draw(scale: float) -> LevelViews:
    """The ball swollen by a factor, as a level of the ball."""
    level = replace(BALL, positions=BALL.positions * scale)
    return draw_level(level, build_bvh(level.positions, level.faces), 1, views_of_ball())


drawn = cache(draw)


def test_a_scan_and_its_level_are_drawn_from_the_same_two_viewpoints() -> None:
    scan = draw_scan(BALL, smooth_normals(BALL), views_of_ball())
    assert set(scan) == {"poster.webp", "view-scan-0.webp", "view-scan-1.webp"}
    level = drawn(1.001)
    assert set(level.files) == {f"{kind}-lod1-{view}.webp" for kind in ("view", "heat") for view in (0, 1)}
    for number in (0, 1):
        shown, wanted = opened(level.files[f"view-lod1-{number}.webp"]), opened(scan[f"view-scan-{number}.webp"])
        assert np.abs(shown - wanted).mean() < 1
    assert max(map(len, [*level.files.values(), *scan.values()])) <= MOST_BYTES


def test_pictures_are_the_same_bytes_each_time() -> None:
    assert draw(1.01) == drawn(1.01)


def test_what_stands_is_seen_from_before_and_behind_and_what_lies_flat_from_above() -> None:
    assert [view.name for view in choose_viewpoints(BALL.positions)] == ["front", "behind"]
    flat = LAND.positions * [1, 0.3, 1]
    assert [view.name for view in choose_viewpoints(flat)] == ["over", "above"]
    described = describe_views(choose_views(TALL))
    assert (described["width_px"], described["height_px"]) == (480, 640)  # upright for what is upright
    described = describe_views(views_of_ball())
    assert opened(drawn(1.01).files["view-lod1-0.webp"]).shape == (described["height_px"], described["width_px"], 3)


@pytest.mark.parametrize("mesh", [BALL, TALL, LAND], ids=["ball", "tall", "land"])
def test_the_whole_model_is_on_the_picture(mesh: Mesh) -> None:
    for viewpoint in choose_viewpoints(mesh.positions):
        at = project(fit_camera(mesh.positions, viewpoint, 640, 480), mesh.positions)[:, :2]
        low, high = at.min(axis=0), at.max(axis=0)
        assert (low > 0).all() and (high < [640, 480]).all()
        assert np.allclose((low + high) / 2, [320, 240], atol=1e-6)


def test_seen_from_above_north_is_up_and_east_to_the_right() -> None:
    camera = fit_camera(LAND.positions, choose_viewpoints(LAND.positions * [1, 0.1, 1])[1], 640, 480)
    corners = np.array([[0, 0, 0], [10, 0, 0], [0, 0, 10]], float)
    origin, east, south = project(camera, corners)[:, :2]
    assert east[0] > origin[0] + 100 and south[1] > origin[1] + 100


@pytest.mark.parametrize("scale", [1.001, 1.01, 1.08])
def test_the_map_of_distances_shows_how_far_the_scan_is_from_the_level(scale: float) -> None:
    level = drawn(scale)
    distance = scale - 1.0  # of every place, but for the chords of both balls
    assert level.p95_m == pytest.approx(distance, rel=0.05)
    low_m, high_m = views_of_ball().scale_m
    share = np.log10(distance / low_m) / np.log10(high_m / low_m)
    expected = np.array(list_colours()[min(int(share * 256), 255)])
    middle = opened(level.files["heat-lod1-0.webp"])[200:280, 280:360].reshape(-1, 3)
    assert np.abs(np.median(middle, axis=0) - expected).max() <= 8  # lossy pictures


def test_the_scale_begins_with_a_round_number_that_suits_the_size() -> None:
    for diagonal_m in (0.003, 0.4, 1.0, 2.3, 17.0, 458.0, 39_000.0):
        low_m, high_m = choose_scale(diagonal_m)
        assert diagonal_m * 1e-5 <= low_m <= diagonal_m * 2.51e-5
        assert f"{low_m:.0e}"[0] in "125" and high_m == pytest.approx(1000 * low_m)
        assert list_ticks(low_m)[0] == low_m and list_ticks(low_m)[-1] == high_m


def oklab(colour: tuple[int, int, int]) -> np.ndarray:
    """OKLab of an sRGB colour 0..255, after Ottosson."""
    value = np.array(colour) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    to_cones = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
    to_cones.append([0.0883024619, 0.2817188376, 0.6299787005])
    to_lab = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099]]
    to_lab.append([0.0259040371, 0.7827717662, -0.8086757660])
    return np.asarray(np.array(to_lab) @ np.cbrt(np.array(to_cones) @ light))


def test_the_colours_of_the_scale_are_evenly_spaced_and_get_lighter_all_the_way() -> None:
    lab = np.array([oklab(colour) for colour in list_colours(17)])
    steps = np.linalg.norm(np.diff(lab, axis=0), axis=1)
    assert steps.max() < 1.15 * steps.min()
    assert (np.diff(lab[:, 0]) > 0.03).all()
    assert np.abs(lab[:, 1]).max() < 0.03  # nothing between red and green that somebody could miss


def sheet(corners: list[list[float]]) -> Mesh:
    return Mesh(np.array(corners, float), np.array([[0, 1, 2], [0, 2, 3]], np.int32)[: len(corners) - 2])


AWAY = [np.sin(np.radians(32)), 0, np.cos(np.radians(32))]  # where the first viewpoint looks from
ODD = {
    "one triangle": sheet([[0, 0, 0], [1, 0, 0], [0, 1, 0]]),
    "a wall seen from its edge": sheet([[0, 0, 0], AWAY, [AWAY[0], 1, AWAY[2]], [0, 1, 0]]),
    "a wire thinner than a pixel": sheet([[0, 0, 0], [0, 50, 0], [1e-5, 50, 0], [1e-5, 0, 0]]),
    "a thing of a thousand kilometres": replace(BALL, positions=BALL.positions * 1e6),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_things_are_drawn_too(name: str) -> None:
    mesh = ODD[name]
    views = choose_views(mesh)
    found = draw_level(mesh, build_bvh(mesh.positions, mesh.faces), 0, views)
    assert len(found.files) == 4 and found.p95_m <= 1e-6 * mesh.diagonal()
    assert all(view.covered.any() for view in views.views) == (name != "a wire thinner than a pixel")
