from pathlib import Path

import pytest

from asset_pipeline.built import BuildResult
from asset_pipeline.package import build_package
from tests.pipeline.builders import DATA
from tests.pipeline.shapes import options


def build(name: str, out: Path, levels: tuple[int, ...], texture_px: int = 512) -> BuildResult:
    if not (DATA / name).is_file():
        pytest.skip("../shared/data is not there")
    return build_package(DATA / name, out, options(levels, unit=None, up=None, texture_px=texture_px))


def assert_levels(result: BuildResult, rms_e4: tuple[float, ...], psnr_db: tuple[float, ...] = ()) -> None:
    """Budgets within 0.1 %, and errors and colours no worse than a little above what was measured."""
    assert result.missed == ()
    for level, limit in zip(result.report["levels"], rms_e4, strict=True):
        assert abs(level["triangles"] - level["triangles_asked"]) <= max(2, 0.001 * level["triangles_asked"])
        assert level["rms_relative"] * 1e4 < limit
    for level, least in zip(result.report["levels"], psnr_db, strict=False):
        assert level["colour_psnr_db"] > least


def test_a_statue_with_holes(tmp_path: Path) -> None:
    assert_levels(build("lionstatue.obj", tmp_path, (2_000,)), (6.5,))


def test_a_bust_in_millimetres(tmp_path: Path) -> None:
    result = build("nefertiti-lowres.obj", tmp_path, (2_000,))
    assert_levels(result, (3.2,))
    assert result.manifest.bounds_max_m[1] < 1.0


@pytest.mark.long
def test_a_messy_surface_of_raw_points(tmp_path: Path) -> None:
    result = build("messy_ballpivot_color.ply", tmp_path, (5_000,))
    assert_levels(result, (18.0,), (30.5,))
    assert {"faces_duplicate", "points_unused"} <= {w["code"] for w in result.report["warnings"]}


@pytest.mark.long
def test_open_land_with_an_aerial_photograph(tmp_path: Path) -> None:
    assert_levels(build("site_aerial_320k.obj", tmp_path, (5_000,), 256), (20.0,), (25.0,))


@pytest.mark.long
def test_a_statue_whose_texture_is_in_thousands_of_pieces(tmp_path: Path) -> None:
    result = build("venus_textured_597k.glb", tmp_path, (100_000, 25_000, 5_000), 2048)
    assert_levels(result, (0.72, 1.37, 3.7), (28.5, 28.0, 24.5))


@pytest.mark.long
def test_a_laser_survey_of_a_million_triangles(tmp_path: Path) -> None:
    result = build("site_lidar_color_1m4.ply", tmp_path, (100_000, 25_000, 5_000))
    assert_levels(result, (1.2, 3.8, 11.0), (41.0, 34.5, 28.5))
