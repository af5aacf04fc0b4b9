import numpy as np
import pytest

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.clean import clean_scan, weld
from asset_pipeline.mesh import Material, Mesh
from tests.pipeline.builders import BOX_FACES, BOX_POINTS
from tests.pipeline.shapes import as_scan, ball, hills

BOX = Mesh(BOX_POINTS, BOX_FACES)


def codes(mesh: Mesh) -> dict[str, str]:
    return {warning.code: warning.text for warning in clean_scan(as_scan(mesh)).warnings}


def with_faces(extra: list[list[int]], points: np.ndarray = BOX_POINTS) -> Mesh:
    return Mesh(points, np.concatenate([BOX_FACES, np.array(extra, np.int32)]))


def test_a_sound_scan_is_only_moved_to_the_centre_of_its_footprint_on_its_lowest_level() -> None:
    cleaned = clean_scan(as_scan(Mesh(BOX_POINTS + np.array([637_323.25, 5.5, 851_171.75]), BOX_FACES)))
    low, high = cleaned.mesh.bounds()
    assert (low.tolist(), high.tolist()) == ([-0.5, 0.0, -1.5], [0.5, 2.0, 1.5])
    assert cleaned.offset_m == (637_323.75, 5.5, 851_173.25)
    assert cleaned.warnings == ()


def test_map_coordinates_of_hundreds_of_kilometres_lose_no_tenth_of_a_millimetre() -> None:
    land = hills()
    far = clean_scan(as_scan(Mesh(land.positions + np.array([637_323.74, 416.7, 851_171.88]), land.faces))).mesh
    near = clean_scan(as_scan(land)).mesh
    assert np.abs(far.positions - near.positions).max() < 1e-8


@pytest.mark.parametrize(("unit", "metres"), [("m", 1.0), ("cm", 0.01), ("mm", 0.001), ("ft", 0.3048)])
def test_lengths_become_metres(unit: str, metres: float) -> None:
    low, high = clean_scan(as_scan(BOX, unit)).mesh.bounds()
    assert np.allclose(high - low, np.array([1, 2, 3]) * metres)


def test_z_up_is_turned_without_mirroring() -> None:
    mesh = clean_scan(as_scan(BOX, up="z")).mesh
    low, high = mesh.bounds()
    assert np.allclose(high - low, [1, 3, 2])
    a, b, c = (mesh.positions[mesh.faces[:, k]] for k in range(3))
    volume = np.einsum("nd,nd->", a, np.cross(b, c)) / 6
    a, b, c = (BOX.positions[BOX.faces[:, k]] for k in range(3))
    assert volume == pytest.approx(np.einsum("nd,nd->", a, np.cross(b, c)) / 6)


def test_points_that_are_no_place_go_with_their_triangles_and_are_counted() -> None:
    points = np.concatenate([BOX_POINTS, [[np.nan, 0, 0], [np.inf, 0, 0], [1e300, 0, 0]]])
    found = codes(with_faces([[0, 1, 8], [1, 2, 9], [2, 3, 10]], points))
    assert found["points_not_finite"].startswith("3 points")
    assert found["faces_dropped"].startswith("3 triangles")
    assert clean_scan(as_scan(with_faces([[0, 1, 8]], points))).mesh.triangles == 12


def test_triangles_without_area_go_and_are_counted() -> None:
    points = np.concatenate([BOX_POINTS, [[0.0, 0.0, 1.5]]])  # on the edge from 0 to 1
    found = codes(with_faces([[0, 0, 1], [0, 1, 8]], points))
    assert found["faces_degenerate"].startswith("2 triangles")


def test_a_corner_doubled_at_a_seam_counts_as_the_same_place() -> None:
    points = np.concatenate([BOX_POINTS, BOX_POINTS[:1]])
    assert codes(with_faces([[0, 8, 5]], points))["faces_degenerate"].startswith("1 triangles")


def test_repeated_triangles_go_whichever_way_they_turn() -> None:
    first, second = BOX_FACES[0].tolist(), BOX_FACES[1].tolist()
    mesh = with_faces([first, [second[1], second[0], second[2]]])
    assert codes(mesh)["faces_duplicate"].startswith("2 triangles")
    assert (clean_scan(as_scan(mesh)).mesh.faces == BOX_FACES).all()


def test_points_on_no_triangle_are_counted() -> None:
    assert codes(Mesh(np.concatenate([BOX_POINTS, [[50, 50, 50]]]), BOX_FACES))["points_unused"].startswith("1 points")


def specks(mesh: Mesh, offset: float, count: int = 3) -> Mesh:
    """The mesh with tiny triangles at a distance to its right."""
    speck = np.array([[0, 0, 0], [0.001, 0, 0], [0, 0.001, 0]])
    right = mesh.positions[:, 0].max() + offset
    points = [mesh.positions, *(speck + np.array([right, 0.01 * k, 0.0]) for k in range(count))]
    faces = [mesh.faces, *(np.array([[0, 1, 2]]) + mesh.vertices + 3 * k for k in range(count))]
    return Mesh(np.concatenate(points), np.concatenate(faces).astype(np.int32))


def test_specks_far_from_the_scan_are_dropped_and_counted() -> None:
    body = Mesh(ball().positions, ball().faces)
    cleaned = clean_scan(as_scan(specks(body, 5.0)))
    assert {w.code for w in cleaned.warnings if w.text.startswith("3 ")} == {"floaters_dropped"}
    assert np.allclose(cleaned.mesh.bounds()[1] - cleaned.mesh.bounds()[0], 2.0, atol=0.01)


def test_specks_close_to_the_scan_and_larger_pieces_far_away_stay() -> None:
    body = Mesh(ball().positions, ball().faces)
    assert "floaters_dropped" not in codes(specks(body, 0.05))
    second = ball(radius=0.2)
    both = Mesh(
        np.concatenate([body.positions, second.positions + 9]),
        np.concatenate([body.faces, second.faces + body.vertices]),
    )
    assert "floaters_dropped" not in codes(both)


def test_a_scan_that_is_nothing_but_loose_triangles_stays_whole() -> None:
    corners = (np.random.default_rng(1).random((400, 1, 3)) * 50 + np.eye(3) * 0.01).reshape(-1, 3)
    mesh = Mesh(corners, np.arange(1200, dtype=np.int32).reshape(-1, 3))
    assert clean_scan(as_scan(mesh)).mesh.triangles == 400


def test_pieces_that_only_the_texture_separates_are_one_piece() -> None:
    mesh = ball()
    shattered = Mesh(mesh.positions[mesh.faces.ravel()], np.arange(3 * mesh.triangles, dtype=np.int32).reshape(-1, 3))
    assert "floaters_dropped" not in codes(shattered)
    assert len(weld(shattered).positions) < mesh.vertices


def test_colours_texture_coordinates_and_materials_follow_what_is_kept() -> None:
    points = np.concatenate([[[np.nan, 0, 0]], BOX_POINTS])
    faces = np.concatenate([[[0, 1, 2]], BOX_FACES + 1]).astype(np.int32)
    uv = np.arange(18, dtype=np.float32).reshape(9, 2)
    colours = np.arange(27, dtype=np.uint8).reshape(9, 3)
    use = np.array([0] + [1] * 6 + [2] * 6, np.int32)
    mesh = Mesh(points, faces, uv, colours, (Material("lost"), Material("a"), Material("b")), use)
    kept = clean_scan(as_scan(mesh)).mesh
    assert kept.uv is not None and kept.colours is not None and kept.face_material is not None
    assert (kept.uv == uv[1:]).all() and (kept.colours == colours[1:]).all()
    assert [material.name for material in kept.materials] == ["a", "b"]
    assert kept.face_material.tolist() == [0] * 6 + [1] * 6


def test_texture_coordinates_that_are_no_numbers_become_zero_with_a_warning() -> None:
    uv = np.zeros((8, 2), np.float32)
    uv[3] = np.nan
    mesh = Mesh(BOX_POINTS, BOX_FACES, uv)
    assert codes(mesh)["uv_not_finite"].startswith("1 texture")
    cleaned = clean_scan(as_scan(mesh)).mesh
    assert cleaned.uv is not None and np.isfinite(cleaned.uv).all()


def test_a_scan_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(ScanRefused) as refused:
        clean_scan(as_scan(Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]], np.int32))))
    assert refused.value.code == "nothing_left"
