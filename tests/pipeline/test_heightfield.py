from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.clouds.cloud import Cloud, gather_cloud, sample_cloud
from asset_pipeline.clouds.heightfield import SEVERAL_HEIGHTS, Heightfield, choose_cell, make_heightfield, sample_top
from asset_pipeline.clouds.triangulate import mesh_heightfield
from asset_pipeline.geometry.bvh import build_bvh, find_closest
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import BuildOptions
from asset_pipeline.readers.inspect import NOWHERE
from asset_pipeline.readers.read import read_scan
from tests.pipeline.builders import DATA
from tests.pipeline.clouds import Town, chunk, las_file, scatter


@pytest.fixture
def gathered():
    with ExitStack() as stack:
        yield lambda *chunks: stack.enter_context(gather_cloud(iter(chunks), np.zeros(3)))


def surface_of(cloud: Cloud) -> tuple[Heightfield, Mesh]:
    field = make_heightfield(cloud, choose_cell(cloud))
    return field, mesh_heightfield(field)


def wave(count: int = 20_000) -> np.ndarray:
    xy = scatter(count, 50, 50)
    return np.column_stack([xy, 3 * np.sin(xy[:, 0] / 6) + 0.3 * xy[:, 1]])


def rms_to(mesh: Mesh, points: np.ndarray) -> float:
    return float(np.sqrt(np.mean(find_closest(build_bvh(mesh.positions, mesh.faces), points).distance ** 2)))


def test_the_surface_runs_through_the_points(gathered) -> None:
    cloud = gathered(chunk(wave()))
    field, mesh = surface_of(cloud)
    assert rms_to(mesh, sample_top(cloud, field, 5000)) < 0.02  # of points 0.35 m apart
    assert field.under_share == 0 and field.several_share == 0 and field.open_gaps == 0
    corners = mesh.positions[mesh.faces]
    upward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert (upward >= 0).all()


def test_each_vertex_has_the_mean_colour_of_its_points(gathered) -> None:
    at = wave()
    colours = np.where((at[:, :1] < 25), [[200, 10, 10]], [[10, 10, 200]])
    _, mesh = surface_of(gathered(chunk(at, colours)))
    assert mesh.colours is not None
    assert (mesh.colours[mesh.positions[:, 0] < 23] == (200, 10, 10)).all()
    assert (mesh.colours[mesh.positions[:, 0] > 27] == (10, 10, 200)).all()


def test_chunks_make_no_difference(gathered) -> None:
    at = wave()
    _, whole = surface_of(gathered(chunk(at)))
    _, parts = surface_of(gathered(*(chunk(part) for part in np.array_split(at, 7))))
    assert np.array_equal(whole.positions, parts.positions) and np.array_equal(whole.faces, parts.faces)


def test_echoes_from_nowhere_are_left_out(gathered) -> None:
    at = wave()
    birds = np.column_stack([scatter(30, 50, 50, seed=8), np.full(30, 40.0)])
    pits = np.column_stack([scatter(30, 50, 50, seed=9), np.full(30, -30.0)])
    field, mesh = surface_of(gathered(chunk(np.concatenate([at, birds, pits]))))
    assert mesh.positions[:, 2].min() > -4 and mesh.positions[:, 2].max() < 20
    assert field.spikes >= 30


def test_points_beyond_all_others_do_not_stretch_the_grid(gathered) -> None:
    strays = np.array([[1e6, 1e6, 0], [0, 0, 1e5], [np.nan, 0, 0]])
    cloud = gathered(chunk(np.concatenate([wave(), strays])))
    assert cloud.dropped["broken"] == 1
    field, _ = surface_of(cloud)
    assert max(field.grid.shape) < 400


def test_small_gaps_are_bridged_and_large_ones_stay_open(gathered) -> None:
    at = wave()
    small, large = np.hypot(*(at[:, :2] - 10).T) < 0.8, np.hypot(*(at[:, :2] - 35).T) < 7
    field, mesh = surface_of(gathered(chunk(at[~small & ~large])))
    assert field.open_gaps == 1
    away = np.hypot(*(mesh.positions[:, :2] - 35).T)
    assert away.min() > 6
    assert (np.hypot(*(mesh.positions[:, :2] - 10).T) < 0.5).any()


def test_what_a_wall_hid_from_the_scanner_becomes_ground(gathered) -> None:
    at = wave(30_000) * (1, 1, 0)
    at[at[:, 0] > 25, 2] = 8
    hidden = (at[:, 0] > 24) & (at[:, 0] < 25)
    _, mesh = surface_of(gathered(chunk(at[~hidden])))
    strip = mesh.positions[(mesh.positions[:, 0] > 24.1) & (mesh.positions[:, 0] < 24.7)]
    assert len(strip) and np.abs(strip[:, 2]).max() < 0.01


def ball() -> np.ndarray:
    at = np.random.default_rng(2).normal(size=(30_000, 3))
    return 10 * at / np.linalg.norm(at, axis=1, keepdims=True)


def wall() -> np.ndarray:
    return np.random.default_rng(2).random((30_000, 3)) * (20, 0.02, 6)


@pytest.mark.parametrize(("make", "several"), [(ball, True), (wall, True), (wave, False), (lambda: Town().at, False)])
def test_a_thing_scanned_all_round_is_told_from_land(make, several: bool, gathered) -> None:
    field, _ = surface_of(gathered(chunk(make())))
    assert (field.several_share >= SEVERAL_HEIGHTS) is several


def test_people_are_told_what_was_taken_and_what_would_suit_better(tmp_path: Path) -> None:
    for make, name in ((ball, "ball"), (wave, "wave")):
        scan = read_scan(las_file(tmp_path / f"{name}.las", make()), BuildOptions(NOWHERE, unit="m"))
        codes = [warning.code for warning in scan.warnings]
        assert "points_as_surface" in codes
        assert ("points_not_flat" in codes) is (name == "ball")


def test_the_cell_follows_the_density_of_the_points(gathered) -> None:
    sparse, dense = choose_cell(gathered(chunk(wave(5000)))), choose_cell(gathered(chunk(wave(80_000))))
    assert sparse / dense == pytest.approx(4, rel=0.15)
    assert choose_cell(gathered(chunk(wave(80_000))), most_cells=1000) > 1.5


def test_a_sample_covers_the_whole_cloud(gathered) -> None:
    at = sample_cloud(gathered(chunk(wave())), 1000)
    assert 1000 <= len(at) <= 1100
    assert np.ptp(at[:, 0]) > 45


@pytest.mark.long
def test_a_survey_of_five_million_points_becomes_a_surface_close_to_them() -> None:
    path = DATA / "site_points_5m.laz"
    if not path.is_file():
        pytest.skip("../shared/data is not there")
    scan = read_scan(path, BuildOptions(NOWHERE, unit="ft"))
    assert scan.survey is not None
    assert scan.mesh.triangles > 4_000_000
    feet = rms_to(scan.mesh, scan.survey.sample)
    assert feet < 0.25
