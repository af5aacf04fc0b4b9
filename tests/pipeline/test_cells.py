"""Scans cut into cells: cleaned as any other, cut without a gap, searched exactly, and as near to the scan as the whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline import package
from asset_pipeline.appearance.measure import measure_level
from asset_pipeline.appearance.source import Source, read_places
from asset_pipeline.errors import ScanRefused
from asset_pipeline.executor import open_here, open_processes
from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.geometry.cells import CutScan, cut_scan, thin_scan
from asset_pipeline.geometry.clean import clean_scan, weld
from asset_pipeline.geometry.clean_spooled import clean_spooled, weld_rows
from asset_pipeline.geometry.collapse import collapse
from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.mesh import Mesh, Surface
from asset_pipeline.output.verify import verify_package
from asset_pipeline.package import build_package
from asset_pipeline.readers.read_stl import read_stl
from tests.pipeline.builders import DATA, stl_bytes
from tests.pipeline.shapes import as_scan, ball, hills, options, write_ball, write_hills


def quiet(_: float) -> None:
    """Tell nobody how far the work is."""


def soup(mesh: Mesh) -> Mesh:
    """The mesh as STL has it: every triangle with three vertices of its own."""
    return Mesh(mesh.positions[mesh.faces].reshape(-1, 3), np.arange(3 * mesh.triangles, dtype=np.int32).reshape(-1, 3))


def messy_scan() -> Mesh:
    """Hills with points that are no place, unused ones, flat triangles, and a crumb far away."""
    mesh = hills(50)
    crumb = np.array([[90.0, 0, 0], [90.01, 0, 0], [90, 0.01, 0]])
    positions = np.concatenate([mesh.positions, [[np.nan, 0, 0], [1e30, 0, 0], [5, 5, 5]], crumb])
    n = mesh.vertices
    faces = np.concatenate([[[0, 1, n], [n + 1, 2, 3], [4, 4, 5]], mesh.faces, [[n + 3, n + 4, n + 5]]]).astype(
        np.int32
    )
    colours = np.concatenate([mesh.colours, np.zeros((6, 3), np.uint8)])
    return Mesh(positions, faces, colours=colours)


def cut(mesh: Mesh, folder: Path, cell_triangles: int) -> CutScan:
    """A mesh that is clean already, in cells."""
    spooled = clean_spooled(as_scan(mesh), folder, quiet)
    return cut_scan(spooled.cleaned.mesh, spooled.first_row, cell_triangles, folder)


def count_edges(faces: np.ndarray) -> np.ndarray:
    """How many edges have 0, 1, 2 ... triangles."""
    ends = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return np.bincount(np.unique(ends, axis=0, return_counts=True)[1])


@pytest.mark.parametrize(
    "mesh", [hills(30), ball(20), soup(hills(20)), messy_scan()], ids=["hills", "ball", "soup", "messy"]
)
@pytest.mark.parametrize("up", ["y", "z"])
def test_cleaning_in_files_gives_what_cleaning_in_memory_gives(mesh, up, tmp_path, monkeypatch):
    monkeypatch.setattr("asset_pipeline.geometry.clean_spooled.CHUNK", 1000)
    monkeypatch.setattr("asset_pipeline.geometry.clean_spooled.SHARE_ROWS", 700)
    scan = as_scan(mesh, unit="cm", up=up)
    wanted, found = clean_scan(scan), clean_spooled(scan, tmp_path, quiet).cleaned
    assert np.array_equal(found.mesh.positions, wanted.mesh.positions)
    assert np.array_equal(found.mesh.faces, wanted.mesh.faces)
    for name in ("uv", "colours", "face_material"):
        ours, theirs = getattr(found.mesh, name), getattr(wanted.mesh, name)
        assert (ours is None) == (theirs is None) and (ours is None or np.array_equal(ours, theirs))
    assert found.offset_m == wanted.offset_m
    assert {warning.code for warning in found.warnings} == {warning.code for warning in wanted.warnings}


def test_corners_of_an_stl_too_large_to_be_joined_in_memory_are_joined_on_disk(tmp_path, monkeypatch):
    mesh = hills(20)
    path = tmp_path / "hills.stl"
    path.write_bytes(stl_bytes(mesh.positions[mesh.faces]))
    joined, _ = read_stl(path)
    monkeypatch.setattr("asset_pipeline.readers.read_stl.MOST_JOINED", 100)
    loose, _ = read_stl(path)
    assert (joined.vertices, loose.vertices) == (mesh.vertices, 3 * mesh.triangles)
    scan = cut(loose, tmp_path, 10_000)
    assert len(np.unique(scan.first_row)) == mesh.vertices
    assert np.array_equal(
        scan.mesh.positions[scan.mesh.faces], clean_scan(as_scan(joined)).mesh.positions[joined.faces]
    )


def test_a_scan_of_which_nothing_is_left_is_refused_from_files_too(tmp_path):
    flat = Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]], np.int32))
    with pytest.raises(ScanRefused, match="no triangle with an area"):
        clean_spooled(as_scan(flat), tmp_path, quiet)


def test_equal_places_are_found_across_all_shares(tmp_path, monkeypatch):
    monkeypatch.setattr("asset_pipeline.geometry.clean_spooled.SHARE_ROWS", 50)
    places = np.random.default_rng(3).integers(0, 6, (1000, 3)).astype(np.float64)
    first = weld_rows(places, tmp_path / "rows")
    assert np.array_equal(places[first], places)
    assert len(np.unique(first)) == len(np.unique(places, axis=0))
    assert (first <= np.arange(1000)).all() and np.array_equal(first[first], first)


@pytest.mark.parametrize("mesh", [hills(80), soup(hills(60)), ball(50)], ids=["hills", "soup", "ball"])
def test_cells_hold_every_triangle_once_and_lock_what_they_share(mesh, tmp_path):
    scan = cut(mesh, tmp_path, 1500)
    sizes = np.diff(scan.starts)
    assert len(sizes) == -(-mesh.triangles // 1500) and sizes.max() < 1.1 * 1500
    cleaned = clean_scan(as_scan(mesh)).mesh
    assert np.array_equal(np.sort(scan.mesh.faces, axis=0), np.sort(cleaned.faces, axis=0))
    cell = np.repeat(np.arange(len(sizes)), sizes)
    rows = scan.first_row[scan.mesh.faces]
    lowest, highest = np.full(scan.mesh.vertices, 99), np.full(scan.mesh.vertices, -1)
    for k in range(3):
        np.minimum.at(lowest, rows[:, k], cell)
        np.maximum.at(highest, rows[:, k], cell)
    shared = highest > lowest
    assert shared.any() and scan.locked[shared].all()
    assert scan.locked.sum() < 1.2 * shared.sum()


def test_places_that_cannot_be_cut_apart_stay_in_one_cell(tmp_path):
    pile = np.tile([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], (500, 1))
    assert cut(soup(Mesh(pile, np.arange(1500, dtype=np.int32).reshape(-1, 3))), tmp_path, 100).starts == (0, 500)


def test_thinned_cells_fit_together_without_a_gap(tmp_path):
    with open_here() as crew:
        surface = thin_scan(cut(ball(90), crew.folder, 4000), 3000, crew, quiet).surface
        open_land = thin_scan(cut(hills(90), tmp_path, 4000), 3000, replace(crew, folder=tmp_path), quiet).surface
    assert len(count_edges(surface.faces)) == 3 and count_edges(surface.faces)[1] == 0
    low, high = open_land.positions.min(axis=0), open_land.positions.max(axis=0)
    assert count_edges(open_land.faces)[1] <= 4 * 90
    assert high[0] - low[0] == pytest.approx(10, rel=0.001) and high[2] - low[2] == pytest.approx(10, rel=0.001)
    assert open_land.colours is not None and len(open_land.colours) == len(open_land.positions)


def test_the_closest_place_of_a_scan_in_cells_is_that_of_the_whole(tmp_path):
    with open_here() as crew:
        scan = cut(hills(70), crew.folder, 2000)
        tree = thin_scan(scan, 2000, crew, quiet).bvh
        whole = build_bvh(scan.mesh.positions, scan.mesh.faces)
        random = np.random.default_rng(5)
        points = random.uniform(-3, 13, (5000, 3))
        found, wanted = find_closest(tree, points), find_closest(whole, points)
        assert np.allclose(found.distance, wanted.distance, atol=1e-5)
        corners = scan.mesh.positions[scan.mesh.faces[found.face]]
        places = np.einsum("nk,nkd->nd", found.weights, corners)
        assert np.allclose(np.linalg.norm(places - points, axis=1), found.distance, atol=1e-5)
        facing = random.normal(size=(5000, 3)).astype(np.float32)
        near, wanted = find_closest(tree, points, facing, 2.0), find_closest(whole, points, facing, 2.0)
        assert np.array_equal(near.face >= 0, wanted.face >= 0) and (near.face >= 0).any() and (near.face < 0).any()
        hit = near.face >= 0
        assert np.allclose(near.distance[hit], wanted.distance[hit], atol=1e-5)


def test_the_normals_of_a_scan_in_cells_are_those_of_the_whole_but_at_the_cuts(tmp_path):
    with open_here() as crew:
        scan = cut(ball(60), crew.folder, 3000)
        normals = thin_scan(scan, 2000, crew, quiet).normals
        alike = np.einsum("fkd,fkd->fk", normals, smooth_normals(scan.mesh))
        inside = ~scan.locked[scan.first_row[scan.mesh.faces]]
        assert alike[inside].min() > 0.999 and alike.min() > 0.9


def test_levels_of_a_scan_in_cells_are_as_near_as_those_of_the_whole(tmp_path):
    mesh = hills(150)
    with open_here() as crew:
        scan = cut(mesh, crew.folder, 12_000)
        thinned = thin_scan(scan, 6 * 2000, crew, quiet)
        source = Source(scan.mesh, thinned.bvh, thinned.normals, read_places(scan.mesh, thinned.normals))
        cleaned = clean_scan(as_scan(mesh)).mesh
        welded = weld(cleaned)
        error = []
        for start in (thinned.surface, Surface(welded.positions, welded.faces, cleaned.colours.astype(np.float32))):
            level = collapse(start, 2000)
            error.append(measure_level(source, Mesh(level.positions, level.faces), 60_000).rms_m)
    assert error[0] < 1.05 * error[1]


def test_a_package_of_a_scan_in_cells_is_whole_and_the_same_from_processes(tmp_path, monkeypatch):
    scan, wanted = write_hills(tmp_path, 44), options(whole_triangles=3000, cell_triangles=1500)
    monkeypatch.setattr(package, "WORTH_HANDS", 0)
    with open_processes(2) as others:
        there = build_package(scan, tmp_path / "there", wanted, crew=others)
    here = build_package(scan, tmp_path / "here", wanted)
    assert here.digest == there.digest and not here.missed
    verify_package(here.folder)


def test_a_scan_in_cells_keeps_its_picture(tmp_path):
    wanted = options((400,), texture_px=128, whole_triangles=3000, cell_triangles=1500)
    level = build_package(write_ball(tmp_path, 44), tmp_path / "out", wanted).report["levels"][0]
    assert level["texture_px"] > 0 and level["colour_psnr_db"] > 30


@pytest.mark.long
def test_a_real_site_in_cells_are_within_a_twentieth_of_the_whole(tmp_path):
    source = DATA / "site_lidar_color_1m4.ply"
    if not source.exists():
        pytest.skip("the shared scans are not here")
    wanted = replace(options((100_000,)), up="z")
    error = {}
    for name, limits in (("whole", {}), ("cells", {"whole_triangles": 200_000, "cell_triangles": 500_000})):
        with open_processes() as crew:
            result = build_package(source, tmp_path / name, replace(wanted, **limits), crew=crew)
        error[name] = result.report["levels"][0]["rms_m"]
        assert not result.missed
    assert error["cells"] < 1.05 * error["whole"]
