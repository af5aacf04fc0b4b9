import numpy as np
import pytest

from asset_pipeline.appearance.atlas import Atlas, lay_flat, make_atlas, measure_stretch, padding_px, split_regions
from asset_pipeline.appearance.texels import count_covered, find_texels
from asset_pipeline.geometry.clean import weld
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, hills

ONE = (np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]], np.int32))


def uv_areas(atlas: Atlas, px: int) -> np.ndarray:
    a, b, c = (atlas.uv[atlas.faces[:, k]].astype(float) * px for k in range(3))
    return np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])) / 2


def assert_every_triangle_has_its_place(atlas: Atlas, positions: np.ndarray, faces: np.ndarray) -> None:
    """Face i is still face i, has an area in the picture, and shares no texel with another."""
    assert np.array_equal(atlas.positions[atlas.faces], positions[faces])
    assert atlas.uv.min() >= 0 and atlas.uv.max() <= 1 and np.isfinite(atlas.uv).all()
    areas = uv_areas(atlas, 512)
    assert (areas > 0).all()
    assert count_covered(atlas.uv, atlas.faces, 4096) / 64 == pytest.approx(areas.sum(), rel=0.05)


def soup(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangles that have nothing to do with each other, some of them long and thin."""
    rng = np.random.default_rng(7)
    corners = rng.normal(size=(count, 1, 3)) + rng.normal(size=(count, 3, 3)) * [1e-2, 1e-2, 1e-5]
    return corners.reshape(-1, 3), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def fan() -> tuple[np.ndarray, np.ndarray]:
    """Forty triangles on one edge."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn), np.zeros(40)], axis=1)
    points = np.concatenate([[[0, 0, -1], [0, 0, 1]], rim])
    return points, np.array([[0, 1, 2 + k] for k in range(40)], np.int32)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("make", [lambda: ONE, lambda: (BOX_POINTS, BOX_FACES), lambda: soup(500), fan])
def test_every_triangle_of_odd_surfaces_in_any_unit_has_its_place(make, scale: float) -> None:  # type: ignore[no-untyped-def]
    positions, faces = make()
    positions = positions.astype(float) * scale
    assert_every_triangle_has_its_place(make_atlas(positions, faces, 512), positions, faces)


def test_triangles_on_top_of_each_other_have_places_of_their_own() -> None:
    positions, faces = np.concatenate([ONE[0]] * 3), np.array([[0, 1, 2], [3, 4, 5], [6, 8, 7]], np.int32)
    assert_every_triangle_has_its_place(make_atlas(positions, faces, 256), positions, faces)


def test_a_surface_of_several_regions_is_covered_without_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_pipeline.appearance.atlas.REGION_TRIANGLES", 500)
    surface = weld(ball())
    atlas = make_atlas(surface.positions, surface.faces, 512)
    assert_every_triangle_has_its_place(atlas, surface.positions, surface.faces)
    assert 0.3 < uv_areas(atlas, 1).sum() < 0.95
    assert measure_stretch(atlas.positions, atlas.faces, atlas.uv) < 1.5


def test_charts_keep_their_distance() -> None:
    surface = weld(ball())
    atlas = make_atlas(surface.positions, surface.faces, 1024)
    texels = find_texels(atlas.uv, atlas.faces, 1024)
    owner = np.full(1024 * 1024, -1)
    owner[texels.place] = texels.face
    chart = chart_of(atlas)
    known = np.where(owner >= 0, chart[owner], -1).reshape(1024, 1024)
    for axis in (0, 1):
        here, there = (np.take(known, index, axis=axis) for index in (np.arange(1023), np.arange(1, 1024)))
        assert not ((here >= 0) & (there >= 0) & (here != there)).any()  # even with the rim round each there is a gap


def chart_of(atlas: Atlas) -> np.ndarray:
    """A number for each face, the same for faces that share vertices, directly or over others."""
    label = np.arange(len(atlas.positions))
    for _ in range(len(label)):
        lowest = label[atlas.faces].min(axis=1)
        before = label.copy()
        np.minimum.at(label, atlas.faces.reshape(-1), np.repeat(lowest, 3))
        if np.array_equal(before, label):
            break
    return label[atlas.faces[:, 0]]


def test_regions_are_small_and_hold_every_triangle_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asset_pipeline.appearance.atlas.REGION_TRIANGLES", 300)
    mesh = ball()
    regions = split_regions(mesh.positions, mesh.faces)
    assert max(map(len, regions)) <= 300
    assert (np.sort(np.concatenate(regions)) == np.arange(mesh.triangles)).all()


@pytest.mark.parametrize("turn", [np.eye(3), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]), -np.eye(3)[[1, 0, 2]]])
def test_open_land_is_one_chart_whichever_way_it_lies(turn: np.ndarray) -> None:
    land = hills()
    positions = land.positions @ turn.T
    flat = lay_flat(positions, land.faces, 512)
    assert flat is not None and len(flat.positions) == land.vertices
    assert_every_triangle_has_its_place(flat, positions, land.faces)


def test_what_would_cover_itself_is_not_laid_flat() -> None:
    surface, land = weld(ball()), hills()
    assert lay_flat(surface.positions, surface.faces, 512) is None
    twice = np.concatenate([land.positions, land.positions + np.array([0, 5, 0])])
    assert lay_flat(twice, np.concatenate([land.faces, land.faces + land.vertices]), 512) is None


def test_padding_grows_with_the_picture_between_its_limits() -> None:
    assert [padding_px(px) for px in (64, 512, 2048, 8192)] == [2, 2, 4, 8]


def test_stretch_is_one_on_a_plane_and_tells_a_squeezed_one() -> None:
    x, y = np.meshgrid(np.arange(5.0), np.arange(5.0), indexing="ij")
    positions = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3)
    corner = (np.arange(4)[:, None] * 5 + np.arange(4)).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + 5, corner + 1], 1), np.stack([corner + 1, corner + 5, corner + 6], 1)]
    )
    uv = (positions[:, :2] / 4).astype(np.float32)
    assert measure_stretch(positions, faces.astype(np.int32), uv) == pytest.approx(1, abs=1e-3)
    assert measure_stretch(positions, faces.astype(np.int32), uv * np.float32([1, 0.25])) == pytest.approx(2, abs=1e-3)
