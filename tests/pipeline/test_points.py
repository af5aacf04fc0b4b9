import json
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.clouds.cloud import gather_cloud
from asset_pipeline.clouds.point_levels import choose_point_levels, clean_points, compare_points, point_bvh
from asset_pipeline.clouds.thinning import choose_one_a_box, spread_points, thin_cloud
from asset_pipeline.errors import PackageBroken
from asset_pipeline.geometry.bvh import find_closest
from asset_pipeline.manifest import dump_manifest, manifest_digest, parse_manifest
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import BuildOptions
from asset_pipeline.output.glb import decode_glb
from asset_pipeline.output.verify import verify_package
from asset_pipeline.package import build_package
from asset_pipeline.readers.inspect import NOWHERE
from asset_pipeline.readers.read import read_scan
from asset_pipeline.report.heat_scale import STEPS
from asset_pipeline.report.views import find_steps
from tests.pipeline.builders import ply_bytes
from tests.pipeline.clouds import chunk, las_file
from tests.pipeline.command import Ran, run
from tests.pipeline.test_khronos import faults

SCALE = (1e-4, 0.1)


def ball(count: int = 6000) -> np.ndarray:
    at = np.random.default_rng(4).normal(size=(count, 3))
    return at / np.linalg.norm(at, axis=1, keepdims=True) + (5, 5, 1)


def nearest_m(at: np.ndarray) -> np.ndarray:
    away = np.linalg.norm(at[:, None] - at[None], axis=2)
    return np.asarray((away + 1e9 * np.eye(len(at))).min(axis=1))


def test_exactly_as_many_points_remain_as_asked_and_all_when_there_are_fewer() -> None:
    at = ball().astype(np.float32)
    for budget in (1, 7, 500, 5999, 6000):
        chosen = spread_points(at, budget)
        assert len(chosen) == len(set(chosen.tolist())) == budget
    assert len(spread_points(at[:10], 500)) == 10


def test_chosen_points_are_further_apart_than_those_of_a_lottery() -> None:
    at = ball().astype(np.float32)
    spread = nearest_m(at[spread_points(at, 600)])
    lottery = nearest_m(at[np.random.default_rng(1).choice(len(at), 600, replace=False)])
    even = np.sqrt(4 * np.pi / 600)  # how far apart as many points would be on a square grid
    assert spread.min() > 0.5 * even > 5 * lottery.min()


def test_the_choice_does_not_depend_on_chunks_nor_order() -> None:
    at = ball()
    with ExitStack() as stack:
        found = []
        for parts in ([at], np.array_split(at, 5)):
            cloud = stack.enter_context(gather_cloud(map(chunk, parts), np.zeros(3)))
            kept, _ = thin_cloud(cloud, 200)
            found.append(kept[spread_points(kept, 200)])
    assert np.array_equal(*found)
    mixed = np.random.default_rng(2).permutation(len(at))
    first, second = at.astype(np.float32), at[mixed].astype(np.float32)
    same = {tuple(row) for row in first[spread_points(first, 300)].tolist()}
    assert same == {tuple(row) for row in second[spread_points(second, 300)].tolist()}


def test_copies_of_a_point_count_once() -> None:
    at = np.repeat(ball(50), 20, axis=0).astype(np.float32)
    assert len(choose_one_a_box(at, at.min(axis=0), 1e-6)) == 50


def coloured_ply(folder: Path, count: int = 6000) -> Path:
    colours = np.tile([[200, 60, 20]], (count, 1))
    rows = [[*map(float, at), *colour] for at, colour in zip(ball(count), colours.tolist(), strict=True)]
    vertex = [("float", axis) for axis in "xyz"] + [("uchar", name) for name in ("red", "green", "blue")]
    path = folder / "ball.ply"
    path.write_bytes(ply_bytes("binary_little_endian", [("vertex", vertex, rows)]))
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> tuple[Ran, Path]:
    """The command on a survey on the map of Nagasaki that shall stay points, and the package's folder."""
    folder = tmp_path_factory.mktemp("points")
    at = ball() + np.array([27_000.0, -33_000.0, 12.0])
    colours = {name: np.full(len(at), 257 * value) for name, value in (("red", 200), ("green", 60), ("blue", 20))}
    path = las_file(folder / "ball.laz", at, epsg=6669, **colours)
    done = run("package", path, "--points", "points", "--levels", "2000,300", "--out", folder / "out")
    assert done.code == 0, done.stderr
    (package_folder,) = (path for path in (folder / "out").iterdir() if (path / "manifest.json").is_file())
    return done, package_folder


@pytest.fixture
def built(ran: tuple[Ran, Path]) -> Path:
    return ran[1]


def test_a_survey_on_the_map_brings_its_place(ran: tuple[Ran, Path]) -> None:
    done, folder = ran
    position = json.loads((folder / "manifest.json").read_text())["geopose"]["position"]
    assert (position["lat"], position["lon"]) == pytest.approx((32.70216, 129.78803), abs=2e-4)
    assert position["h"] == pytest.approx(12, abs=0.02)
    assert "above sea level" in done.stdout and "2,000 points" in done.stdout


def test_a_package_of_points_is_whole_and_counts_points(built: Path) -> None:
    manifest = verify_package(built).manifest
    assert [(level.triangles, level.points) for level in manifest.levels] == [(0, 2000), (0, 300)]


def test_its_levels_hold_points_in_their_colour_that_lie_on_the_cloud(built: Path) -> None:
    for name, count, most_m in (("lod0.glb", 2000, 0.02), ("lod1.glb", 300, 0.03), ("plain.glb", 2000, 2e-3)):
        model = decode_glb((built / name).read_bytes(), name)
        assert (len(model.positions), len(model.faces)) == (count, 0)
        middle = model.positions - (0, 1, 0)
        assert np.abs(np.linalg.norm(middle, axis=1) - 1).max() < most_m
        srgb = np.array([200, 60, 20]) / 255
        assert model.colours is not None
        assert np.abs(model.colours - ((srgb + 0.055) / 1.055) ** 2.4).max() < 0.004


def test_its_models_are_sound_to_the_khronos_validator(built: Path) -> None:
    assert faults(sorted(built.glob("*.glb"))) == []


def test_its_report_says_how_far_the_cloud_is_from_the_chosen_points(built: Path) -> None:
    report = json.loads((built / "report.json").read_text())
    fine, coarse = report["levels"]
    assert (fine["points"], coarse["points"]) == (2000, 300)
    assert 0 < fine["rms_m"] < coarse["rms_m"] < 0.2
    assert report["source"]["cloud"]["taken_as"] == "points"


def test_a_package_with_another_number_of_points_is_broken(built: Path, tmp_path: Path) -> None:
    document = json.loads((built / "manifest.json").read_text())
    document["levels"][1]["points"] = 301
    canonical = dump_manifest(parse_manifest(json.dumps(document).encode()))
    folder = shutil.copytree(built, tmp_path / manifest_digest(canonical))
    (folder / "manifest.json").write_bytes(canonical)
    with pytest.raises(PackageBroken, match="300 points; the manifest says 301"):
        verify_package(folder)


def test_a_coloured_ply_of_points_becomes_a_surface_unless_asked_otherwise(tmp_path: Path) -> None:
    path = coloured_ply(tmp_path)
    options = BuildOptions(NOWHERE, unit="m", levels=(500,))
    surface, points = (read_scan(path, replace(options, points=kind)) for kind in ("surface", "points"))
    assert surface.mesh.triangles > 500 and points.mesh.triangles == 0
    assert {"points_as_surface", "points_not_flat"} <= {warning.code for warning in surface.warnings}
    assert points.mesh.vertices == 500
    for mesh in (surface.mesh, points.mesh):
        assert mesh.colours is not None and (mesh.colours == (200, 60, 20)).all()


def test_fewer_points_than_asked_are_kept_whole_in_one_level(tmp_path: Path) -> None:
    scan = read_scan(las_file(tmp_path / "few.las", ball(40)), BuildOptions(NOWHERE, unit="m", points="points"))
    assert scan.mesh.vertices == 40
    assert choose_point_levels((100, 60, 20), 40) == (40, 20)


def test_a_cloud_that_lies_on_its_side_is_set_up(tmp_path: Path) -> None:
    at = ball()
    path = las_file(tmp_path / "side.las", np.stack([at[:, 0], at[:, 2] / 9, -at[:, 1]], axis=1))
    scan = read_scan(path, BuildOptions(NOWHERE, unit="m", up="y", points="points", levels=(500,)))
    wide, high, deep = np.ptp(clean_points(scan).mesh.positions, axis=0)
    assert high < 0.3 and min(wide, deep) > 1.5


def test_a_level_shifted_by_a_known_length_is_that_far_on_both_sides() -> None:
    grid = np.stack(np.meshgrid(np.arange(40.0), [0.0], np.arange(40.0)), axis=-1).reshape(-1, 3)
    for shift_m in (0.01, 0.05):
        level = Mesh(grid + np.array([0, shift_m, 0]), np.zeros((0, 3), np.int32))
        found = compare_points(level.vertices, find_closest(point_bvh(level), grid), SCALE)
        for steps in (found.on_scan, found.on_level):
            assert len(steps) == len(grid)
            expected = int(find_steps(np.array([shift_m], np.float32), SCALE)[0])
            assert set(np.abs(np.frombuffer(steps, np.uint8).astype(int) - expected)) <= {0, 1}


def test_what_a_level_left_out_is_far_on_the_scan_and_gathered_at_the_points_beside_it() -> None:
    grid = np.stack(np.meshgrid(np.arange(40.0), [0.0], np.arange(40.0)), axis=-1).reshape(-1, 3)
    level = Mesh(grid[grid[:, 0] < 20], np.zeros((0, 3), np.int32))
    found = compare_points(level.vertices, find_closest(point_bvh(level), grid), (1e-4, 10.0))
    on_scan, on_level = (np.frombuffer(steps, np.uint8) for steps in (found.on_scan, found.on_level))
    assert (on_scan[grid[:, 0] < 20] == 0).all() and on_scan[grid[:, 0] == 39].min() == STEPS - 1  # 20 m off
    rim = level.positions[:, 0] == 19
    around_m = np.sqrt(np.mean(np.arange(21.0) ** 2))  # it stands for itself and the twenty beyond
    assert set(on_level[rim]) == {int(find_steps(np.array([around_m], np.float32), (1e-4, 10.0))[0])}
    assert (on_level[~rim] == 0).all()


def test_a_cloud_is_compared_point_by_point_with_the_reports_own_figures(tmp_path: Path) -> None:
    options = BuildOptions(NOWHERE, unit="m", points="points", levels=(2000, 300), texture_px=256, compare=True)
    built = build_package(coloured_ply(tmp_path), tmp_path / "out", options)
    plain = build_package(coloured_ply(tmp_path), tmp_path / "plain", replace(options, compare=False))
    assert built.digest == plain.digest and plain.comparison == {}
    index = json.loads(built.comparison["comparison.json"])
    shown = decode_glb(built.comparison["reference.glb"], "reference.glb")
    assert index["reference"]["points"] == index["reference"]["of_points"] == index["reference"]["vertices"] == 6000
    assert len(shown.positions) == 6000 and shown.colours is not None and len(shown.faces) == 0
    low, high = index["heat_low_m"], index["heat_high_m"]
    for names, level in zip(index["levels"], built.report["levels"], strict=True):
        steps = np.frombuffer(built.comparison[names["scan"]], np.uint8)
        assert len(steps) == 6000 and len(built.comparison[names["level"]]) == level["points"]
        kept = decode_glb((built.folder / names["file"]).read_bytes(), names["file"]).positions
        away_m = np.concatenate(
            [np.linalg.norm(part[:, None] - kept, axis=2).min(axis=1) for part in np.array_split(shown.positions, 12)]
        )
        assert float(np.sqrt(np.mean(away_m**2))) == pytest.approx(level["rms_m"], rel=0.03)
        told = find_steps(away_m.astype(np.float32), (low, high)).astype(int)
        apart = away_m > 0.01  # nearer ones were kept, and moved by what a file keeps of their places
        assert apart.sum() > 1000 and np.median(np.abs(told - steps)[apart]) <= 2
        assert (steps[~apart] == 0).mean() > 0.8
