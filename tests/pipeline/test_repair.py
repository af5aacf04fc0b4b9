import numpy as np

from asset_pipeline.geometry.components import count_pieces, keep_large_pieces
from asset_pipeline.geometry.relax import relax
from asset_pipeline.geometry.repair import repair_surface
from asset_pipeline.geometry.surface import face_areas
from asset_pipeline.geometry.surfaces import bare_surface, build_surfaces
from asset_pipeline.mesh import Surface
from tests.pipeline.shapes import ball, hills


def together(*surfaces: Surface) -> Surface:
    """Several surfaces as one, none joined to another."""
    starts = np.cumsum([0, *(len(surface.positions) for surface in surfaces)])
    faces = np.concatenate([surface.faces + start for surface, start in zip(surfaces, starts[:-1], strict=True)])
    return Surface(np.concatenate([surface.positions for surface in surfaces]), faces.astype(np.int32))


def codes(surface: Surface) -> dict[str, object]:
    return {warning.code: warning.values["count"] for warning in repair_surface(surface)[1]}


def edge_uses(surface: Surface) -> dict[int, int]:
    """How many edges have one, two, three ... triangles."""
    ends = np.sort(surface.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, times = np.unique(ends, axis=0, return_counts=True)
    uses, counts = np.unique(times, return_counts=True)
    return dict(zip(uses.tolist(), counts.tolist(), strict=True))


def plain_ball(rings: int = 24, radius: float = 1.0) -> Surface:
    return bare_surface(ball(rings, radius))


def test_a_sound_surface_is_left_alone() -> None:
    for surface in (plain_ball(), bare_surface(hills())):
        repaired, warnings = repair_surface(surface)
        assert warnings == []
        assert repaired.faces.tobytes() == surface.faces.tobytes()


def test_a_fin_on_a_ball_is_cut_off_and_the_ball_stays_closed() -> None:
    surface = plain_ball()
    a, b, _ = surface.faces[400]
    positions = np.concatenate([surface.positions, [surface.positions[a] * 2]])
    fin = np.array([[a, b, len(surface.positions)]], np.int32)
    finned = Surface(positions, np.concatenate([surface.faces, fin]))
    assert edge_uses(finned)[3] == 1
    repaired, _ = repair_surface(finned)
    assert codes(finned) == {"branchings_split": 1}
    assert edge_uses(repaired) == {1: 3, 2: edge_uses(surface)[2]}
    assert count_pieces(repaired) == 2 and repaired.triangles == finned.triangles


def test_a_missing_triangle_is_put_back_the_right_way_round() -> None:
    surface = plain_ball()
    holed = Surface(surface.positions, np.delete(surface.faces, [300, 700], axis=0))
    repaired, _ = repair_surface(holed)
    assert codes(holed) == {"holes_closed": 2}
    turned = {tuple(np.roll(face, -int(np.argmin(face)))) for face in repaired.faces.tolist()}
    assert turned == {tuple(np.roll(face, -int(np.argmin(face)))) for face in surface.faces.tolist()}


def test_a_lone_triangle_is_no_hole() -> None:
    lone = Surface(np.eye(3), np.array([[0, 1, 2]], np.int32))
    assert codes(lone) == {}


def test_halves_that_were_rounded_apart_become_one_surface() -> None:
    surface = plain_ball()
    left = surface.positions[surface.faces].mean(axis=1)[:, 0] < 0
    shift = 1e-7 * np.random.default_rng(3).random(surface.positions.shape)
    apart = together(
        Surface(surface.positions, surface.faces[left]), Surface(surface.positions + shift, surface.faces[~left])
    )
    assert count_pieces(apart) == 2
    repaired, _ = repair_surface(apart)
    assert set(codes(apart)) == {"cracks_closed"}
    assert count_pieces(repaired) == 1 and 1 not in edge_uses(repaired)


def test_a_second_layer_goes_but_the_back_of_a_thin_wall_stays() -> None:
    land = bare_surface(hills())
    part = land.positions[land.faces].mean(axis=1)[:, 0] < 4
    layer = Surface(land.positions + np.array([0, 0.01, 0]), land.faces[part])
    wall = Surface(layer.positions, layer.faces[:, ::-1].copy())
    assert codes(together(land, layer)) == {"layers_dropped": 1}
    assert repair_surface(together(land, layer))[0].triangles == land.triangles
    assert codes(together(land, wall)) == {}


def balls(count: int, radius: float) -> Surface:
    """A large ball with many small ones round it."""
    places = 3.0 * np.random.default_rng(1).normal(size=(count, 3))
    small = plain_ball(5, radius)
    return together(plain_ball(40), *(Surface(small.positions + place, small.faces) for place in places))


def test_small_pieces_do_not_eat_a_level_and_are_counted() -> None:
    scan = balls(300, 0.004)
    (level,), warnings = build_surfaces(scan, (400,))
    (told,) = (warning for warning in warnings if warning.code == "pieces_left_out")
    assert told.values == {"triangles": 400, "count": 301 - count_pieces(level), "of": 301}
    assert 398 <= level.triangles <= 402
    large = np.linalg.norm(level.positions[level.faces].mean(axis=1), axis=1) < 1.01
    assert large.sum() > 200


def test_a_scan_that_is_all_small_pieces_is_not_dropped_at_a_stroke() -> None:
    scan = balls(300, 0.5)
    assert keep_large_pieces(scan, 400) is scan


def distance_from_ball(surface: Surface) -> float:
    """RMS distance of points on the triangles from the ball of radius 1."""
    corners = surface.positions[surface.faces]
    inside = np.einsum("k,nkd->nd", [1 / 3] * 3, corners)
    far = np.linalg.norm(np.concatenate([inside, corners.mean(axis=1), *corners.transpose(1, 0, 2)]), axis=1) - 1
    return float(np.sqrt(np.mean(far**2)))


def test_relaxing_brings_a_level_nearer_and_turns_no_triangle() -> None:
    scan, level = plain_ball(60), plain_ball(12, 0.98)
    relaxed = relax(level, scan)
    assert distance_from_ball(relaxed) < 0.6 * distance_from_ball(level)
    assert (np.einsum("nk,nk->n", normals(level), normals(relaxed)) > 0).all()


def normals(surface: Surface) -> np.ndarray:
    a, b, c = (surface.positions[surface.faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def test_relaxing_gives_the_same_bytes_again() -> None:
    scan, level = plain_ball(30), plain_ball(12)
    assert relax(level, scan).positions.tobytes() == relax(level, scan).positions.tobytes()


def test_the_finest_level_is_the_whole_scan_untouched_when_that_is_within_its_budget() -> None:
    scan = bare_surface(hills())
    (finest, coarse), _ = build_surfaces(scan, (scan.triangles, 300))
    assert finest is scan and 298 <= coarse.triangles <= 302


def test_a_level_is_no_smaller_than_the_scan_it_shows() -> None:
    scan = plain_ball(40)
    (level,), _ = build_surfaces(scan, (300,))
    area = face_areas(scan.positions, scan.faces).sum()
    assert abs(face_areas(level.positions, level.faces).sum() / area - 1) < 0.01
