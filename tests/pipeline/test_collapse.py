import numpy as np
import pytest
from numpy.typing import NDArray

from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.clean import weld
from asset_pipeline.geometry.collapse import Settings, collapse, drop_doubles, find_edges
from asset_pipeline.geometry.pairing import join_pairs
from asset_pipeline.geometry.quadric import link_corners
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.geometry.surfaces import bare_surface
from asset_pipeline.mesh import Mesh, Surface
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


def tangle(points: int, triangles: int) -> Surface:
    """Random triangles over random points: edges with many triangles, edges with one, nothing that is a sheet."""
    random = np.random.default_rng(4)
    return Surface(random.random((points, 3)), drop_doubles(random.integers(0, points, (triangles, 3))))


def loose_triangles(count: int) -> Surface:
    random = np.random.default_rng(5)
    corners = random.random((count, 1, 3)) + 0.01 * random.random((count, 3, 3))
    return Surface(corners.reshape(-1, 3), np.arange(3 * count, dtype=np.int32).reshape(-1, 3))


def fan(blades: int) -> Surface:
    turn = np.linspace(0, 2 * np.pi, blades, endpoint=False)
    rim = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    blade = np.arange(blades)
    faces = np.stack([0 * blade, 1 + blade, 1 + (blade + 1) % blades], axis=1)
    return Surface(np.concatenate([np.zeros((1, 3)), rim]), faces.astype(np.int32))


HARD = {
    "sheets that branch everywhere": tangle(1500, 2000),
    "a dense tangle": tangle(150, 2000),
    "triangles that touch nothing": loose_triangles(900),
    "a wheel round one vertex": fan(700),
}


@pytest.mark.parametrize("name", HARD)
def test_every_budget_is_met_on_surfaces_that_are_no_sheets(name: str) -> None:
    surface = HARD[name]
    for target in (surface.triangles - 1, surface.triangles // 2, 101, 4):
        left = collapse(surface, target)
        assert abs(left.triangles - target) <= 2
        assert np.isfinite(left.positions).all()


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


def test_locked_vertices_stay_bit_for_bit() -> None:
    surface = bare_surface(hills())
    locked = (surface.positions[:, 0] < 3) & (surface.positions[:, 2] > 4)
    left = collapse(surface, 1500, locked=locked)
    rows = {row.tobytes() for row in np.concatenate([left.positions, left.colours], axis=1)}
    held = np.concatenate([surface.positions, surface.colours], axis=1)[locked]
    assert 1498 <= left.triangles <= 1500
    assert all(row.tobytes() in rows for row in held)


def test_where_too_much_is_locked_more_triangles_remain_rather_than_fewer_locked_vertices() -> None:
    surface = bare_surface(ball())
    left = collapse(surface, 100, locked=np.ones(len(surface.positions), bool))
    assert left.triangles == surface.triangles
    assert sorted(left.positions.tolist()) == sorted(surface.positions.tolist())


def test_the_same_surface_gives_the_same_bytes() -> None:
    first, second = (collapse(bare_surface(hills()), 700) for _ in range(2))
    for one, other in (
        (first.positions, second.positions),
        (first.faces, second.faces),
        (first.colours, second.colours),
    ):
        assert one is not None and other is not None and one.tobytes() == other.tobytes()


def striped() -> Surface:
    """Flat land in two colours that meet along a wavy line: only colour tells where triangles are needed."""
    land = bare_surface(hills(60))
    side = land.positions[:, 2] > 5 + np.sin(land.positions[:, 0])
    colours = np.where(side[:, None], [230.0, 40, 40], [40.0, 40, 230]).astype(np.float32)
    return Surface(land.positions * [1, 0, 1], land.faces, colours)


def colour_error(surface: Surface, left: Surface) -> float:
    """Mean distance of the colours at the vertices of a surface from those of what is left of it."""
    hits = find_closest(build_bvh(left.positions, left.faces), surface.positions)
    assert left.colours is not None and surface.colours is not None
    shown = np.einsum("nk,nkd->nd", hits.weights, left.colours[left.faces[hits.face]])
    return float(np.abs(shown - surface.colours).mean())


def test_triangles_stay_where_colours_change() -> None:
    surface = striped()
    minded, ignored = collapse(surface, 300), collapse(surface, 300, Settings(colour_m=0.0))
    assert colour_error(surface, minded) < 0.3 * colour_error(surface, ignored)


def test_the_price_of_colour_is_a_length_so_that_a_part_is_priced_as_the_whole() -> None:
    surface = striped()
    size = float(np.linalg.norm(np.ptp(surface.positions, axis=0)))
    left, same = collapse(surface, 300), collapse(surface, 300, Settings(colour_m=0.006 * size))
    assert left.positions.tobytes() == same.positions.tobytes()


def test_colours_stay_colours() -> None:
    left = collapse(striped(), 60)
    assert left.colours is not None
    assert left.colours.dtype == np.float32 and left.colours.min() >= 0 and left.colours.max() <= 255


def test_the_tip_of_a_thin_spike_is_not_forgotten() -> None:
    flat = bare_surface(hills(40))
    positions = flat.positions * [1, 0, 1]
    tip = int(np.argmin(np.linalg.norm(positions - [5, 0, 5], axis=1)))
    positions[tip, 1] = 6.0
    assert collapse(Surface(positions, flat.faces), 60).positions[:, 1].max() > 5


def test_progress_goes_from_nothing_to_all() -> None:
    told: list[float] = []
    collapse(bare_surface(ball()), 100, progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 5


def test_a_surface_within_its_budget_is_left_alone() -> None:
    surface = bare_surface(ball())
    assert collapse(surface, surface.triangles) is surface


def test_edges_are_found_once_and_borders_known() -> None:
    faces = grid_faces(2, 2)
    heads, following = np.empty(4, np.int32), np.empty(6, np.int32)
    link_corners(faces, heads, following)
    borders, edges = find_edges(faces, heads, following, np.zeros((4, 4), np.int32))
    assert (edges.count, edges.borders, edges.branchings) == (5, 4, 0)
    assert sorted(borders[:, :2].tolist()) == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert all({a, b} <= set(faces[face].tolist()) for a, b, face in borders.tolist())


def test_lumped_prices_meet_the_budget_and_stay_near() -> None:
    fine = bare_surface(hills(80))
    fine = Surface(fine.positions, fine.faces)
    tree = build_bvh(fine.positions, fine.faces)
    error = {}
    for bits in (0, 4, 8):
        left = collapse(fine, 1000, Settings(lumped_bits=bits))
        assert 998 <= left.triangles <= 1000
        error[bits] = np.sqrt((find_closest(tree, left.positions[left.faces].mean(axis=1)).distance ** 2).mean())
    assert error[4] < 1.1 * error[0] and error[8] < 1.4 * error[0]
    ordered, lumped = (collapse(fine, 1000, Settings(lumped_bits=bits)).positions for bits in (0, 8))
    assert ordered.shape != lumped.shape or not np.array_equal(ordered, lumped)


def test_pairs_meet_the_budget_and_stay_near_in_form_and_colour() -> None:
    fine = bare_surface(hills(80))
    tree = build_bvh(fine.positions, fine.faces)
    error = []
    for settings in (Settings(), Settings(pairs_above=8.0)):
        left = collapse(fine, 500, settings)
        assert 498 <= left.triangles <= 500 and left.colours is not None
        error.append(np.sqrt((find_closest(tree, left.positions[left.faces].mean(axis=1)).distance ** 2).mean()))
        # the hills are coloured by where they are
        assert np.abs(left.colours[:, :2] - 25 * left.positions[:, [0, 2]]).mean() < 8
    assert error[0] != error[1] and error[1] < 1.25 * error[0]


def test_pairs_leave_a_closed_surface_closed() -> None:
    left = collapse(bare_surface(ball()), 300, Settings(pairs_above=1.5))
    edges = np.sort(left.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    radius = np.linalg.norm(left.positions - left.positions.mean(axis=0), axis=1)
    assert np.ptp(radius) < 0.1 * radius.mean()


def test_pairs_leave_borders_and_locked_vertices_where_they_are() -> None:
    fine = bare_surface(hills(40))
    heads, following = np.empty(len(fine.positions), np.int32), np.empty(3 * fine.triangles, np.int32)
    link_corners(fine.faces, heads, following)
    points, faces, free = fine.positions.copy(), fine.faces.copy(), np.ones(len(fine.positions), bool)
    borders, _ = find_edges(faces, heads, following, np.zeros((len(points), 4), np.int32))
    held = np.zeros(len(points), bool)
    held[borders[:, :2]] = held[::7] = True
    free[::7] = False
    marks = np.zeros((len(points), 2), np.int32)
    joined = join_pairs(points, np.zeros((0, 3)), faces, free, heads, following, marks)
    assert joined > len(points) // 5 and (faces[:, 0] < 0).sum() == 2 * joined
    assert np.array_equal(points[held], fine.positions[held])
    kept = faces[faces[:, 0] >= 0]
    assert np.isin(np.flatnonzero(held), kept).all()


def test_pairs_turn_no_triangle_over_and_make_no_double() -> None:
    fine = bare_surface(hills(60))
    flat = Surface(fine.positions * [1, 0, 1], fine.faces)
    shaken = flat.positions + np.random.default_rng(5).uniform(-0.04, 0.04, flat.positions.shape) * [1, 0, 1]
    heads, following = np.empty(len(shaken), np.int32), np.empty(3 * flat.triangles, np.int32)
    link_corners(flat.faces, heads, following)
    points, faces = shaken.copy(), flat.faces.copy()

    def up(places: NDArray[np.float64], of: NDArray[np.int32]) -> NDArray[np.float64]:
        a, b, c = (places[of[:, k]] for k in range(3))
        return np.asarray(np.cross(b - a, c - a)[:, 1])

    before = up(points, faces)
    marks = np.zeros((len(points), 2), np.int32)
    join_pairs(points, np.zeros((0, 3)), faces, np.ones(len(points), bool), heads, following, marks)
    live = faces[:, 0] >= 0
    assert (before > 0).all() or (before < 0).all()
    assert (up(points, faces[live]) * before[live] > 0).all()
    assert len(np.unique(np.sort(faces[live], axis=1), axis=0)) == live.sum()
