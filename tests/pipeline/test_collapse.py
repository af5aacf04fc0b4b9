import numpy as np
import pytest

from asset_pipeline.clean import weld
from asset_pipeline.collapse import collapse, drop_doubles, find_edges
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.quadric import link_corners
from asset_pipeline.surface import face_areas
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import ball, grid_faces, hills


def collapsed(mesh: Mesh, target: int) -> Mesh:
    surface = weld(mesh)
    left = collapse(Surface(surface.positions, surface.faces), target)
    return Mesh(left.positions, left.faces)


@pytest.mark.parametrize("target", [1500, 600, 150, 40])
@pytest.mark.parametrize("make", [ball, hills])
def test_every_budget_is_met_on_closed_and_on_open_surfaces(make: object, target: int) -> None:
    assert callable(make)
    result = collapsed(make(), target)
    assert target - 2 <= result.triangles <= target
    assert np.isfinite(result.positions).all()
    assert (np.sort(np.unique(result.faces)) == np.arange(result.vertices)).all()


def test_a_messy_surface_of_random_triangles_also_meets_its_budget() -> None:
    random = np.random.default_rng(4)
    points = random.random((1500, 3))
    faces = drop_doubles(random.integers(0, 1500, (2000, 3)))
    left = collapse(Surface(points, faces.astype(np.int32)), 400)
    assert 390 <= left.triangles <= 400


def test_a_ball_stays_round() -> None:
    result = collapsed(ball(48), 600)
    radius = np.linalg.norm(result.positions[result.faces].mean(axis=1), axis=1)
    assert radius.min() > 0.97 and radius.max() < 1.01


def test_flat_ground_keeps_its_outline() -> None:
    flat = hills(30)
    ground = Mesh(flat.positions * [1, 0, 1], flat.faces)
    result = collapsed(ground, 8)
    assert face_areas(result.positions, result.faces).sum() == pytest.approx(100.0, rel=1e-3)


def test_no_triangle_is_turned_over_on_terrain() -> None:
    result = collapsed(hills(), 300)
    a, b, c = (result.positions[result.faces[:, k]] for k in range(3))
    up = np.cross(b - a, c - a)[:, 1]
    before = hills()
    a, b, c = (before.positions[before.faces[:, k]] for k in range(3))
    assert np.sign(np.median(up)) == np.sign(np.median(np.cross(b - a, c - a)[:, 1]))
    assert (np.sign(up) == np.sign(np.median(up))).mean() > 0.99


def test_a_box_is_as_small_as_it_gets() -> None:
    result = collapsed(Mesh(BOX_POINTS, BOX_FACES), 12)
    assert (result.positions == BOX_POINTS).all() and result.triangles == 12


@pytest.mark.parametrize(("scale", "away"), [(1e-4, 0.0), (1e6, 0.0), (1.0, 1e6)])
def test_size_and_place_of_a_surface_do_not_matter(scale: float, away: float) -> None:
    result = collapsed(Mesh(ball().positions * scale + away, ball().faces), 300)
    radius = np.linalg.norm((result.positions - away) / scale, axis=1)
    assert 298 <= result.triangles <= 300
    assert radius.min() > 0.98 and radius.max() < 1.03


def test_edges_are_found_once_and_borders_known() -> None:
    faces = grid_faces(2, 2)
    heads, following = np.empty(4, np.int32), np.empty(6, np.int32)
    link_corners(faces, heads, following)
    borders, edges = find_edges(faces, heads, following, np.zeros((4, 4), np.int32))
    assert (edges.count, edges.borders, edges.branchings) == (5, 4, 0)
    assert sorted(borders[:, :2].tolist()) == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert all({a, b} <= set(faces[face].tolist()) for a, b, face in borders.tolist())
