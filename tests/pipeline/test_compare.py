"""What a scan's owner compares: the scan as a model, and distances that are those of the report."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.appearance.compare import compare_level, make_reference
from asset_pipeline.built import BuildResult
from asset_pipeline.geometry.normals import smooth_normals
from asset_pipeline.mesh import Material, Mesh, Surface
from asset_pipeline.output.encode import split_vertices
from asset_pipeline.output.glb import decode_glb
from asset_pipeline.package import build_package
from asset_pipeline.report.heat_scale import STEPS
from asset_pipeline.report.views import find_steps
from tests.pipeline.command import PLACE, run
from tests.pipeline.shapes import ball, hills, options, source_of, write_ball

SCALE = (1e-4, 0.1)


def middle_of(step: int) -> float:
    """A distance in metres in the middle of a step of the scale."""
    return float(SCALE[0] * (SCALE[1] / SCALE[0]) ** ((step + 0.5) / STEPS))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    folder = tmp_path_factory.mktemp("compared")
    return build_package(write_ball(folder), folder / "out", options(texture_px=256, compare=True))


def test_the_package_is_the_same_whether_somebody_compares_or_not(compared: BuildResult, textured: BuildResult) -> None:
    assert compared.digest == textured.digest
    assert textured.comparison == {}
    assert not {path.name for path in compared.folder.iterdir()} & set(compared.comparison)


def test_there_is_a_step_of_the_reports_scale_for_each_vertex(compared: BuildResult) -> None:
    files, report = compared.comparison, compared.report
    index = json.loads(files["comparison.json"])
    assert (index["heat_low_m"], index["heat_high_m"]) == tuple(
        report["views"][name] for name in ("heat_low_m", "heat_high_m")
    )
    reference = index["reference"]
    assert reference["triangles"] == reference["of_triangles"] == report["source"]["triangles"]
    assert len(index["levels"]) == len(report["levels"])
    for names, level in zip(index["levels"], report["levels"], strict=True):
        model = decode_glb((compared.folder / names["file"]).read_bytes(), names["file"])
        assert len(files[names["level"]]) == len(model.positions)
        assert len(files[names["scan"]]) == reference["vertices"]
        steps = np.frombuffer(files[names["scan"]], np.uint8)
        low, high = index["heat_low_m"], index["heat_high_m"]
        farthest = low * (high / low) ** ((steps.max() + 1) / STEPS)
        assert level["rms_m"] < farthest and low * (high / low) ** (steps.max() / STEPS) <= level["max_m"] * 1.05


def test_the_reference_is_the_scan_with_its_own_picture(compared: BuildResult) -> None:
    model = decode_glb(compared.comparison["reference.glb"], "reference.glb")
    scan = ball()
    assert len(model.faces) == scan.triangles and set(model.pictures) == {"colour"}
    assert np.ptp(model.positions, axis=0) == pytest.approx(np.ptp(scan.positions, axis=0), rel=1e-3)


def test_a_swollen_level_is_as_far_everywhere_as_it_is_swollen() -> None:
    scan = ball(64)
    for swollen_m in (0.002, 0.02):
        level = replace(scan, positions=scan.positions * (1 + swollen_m))
        found = compare_level(source_of(scan), level, Surface(scan.positions, scan.faces), SCALE)
        for steps in (found.on_scan, found.on_level):
            middle = int(np.median(np.frombuffer(steps, np.uint8)))
            assert middle_of(middle) == pytest.approx(swollen_m, rel=0.06)


def test_a_coarse_level_owns_up_to_what_its_faces_cut_off() -> None:
    """All of its vertices lie on the scan; its faces are chords."""
    scan, level = ball(96), ball(12)
    found = compare_level(source_of(scan), level, Surface(scan.positions, scan.faces), SCALE)
    on_level = np.frombuffer(found.on_level, np.uint8)
    assert len(on_level) == len(split_vertices(level).positions)
    chord_m = 1 - np.cos(np.pi / 12)
    assert chord_m / 5 < middle_of(int(np.median(on_level))) < 2 * chord_m


def test_where_one_part_is_gone_only_that_part_is_far() -> None:
    land = hills()
    middle = land.positions[land.faces].mean(axis=1)
    level = replace(land, faces=land.faces[middle[:, 0] < np.median(middle[:, 0])])
    steps = np.frombuffer(
        compare_level(source_of(land), level, Surface(land.positions, land.faces), SCALE).on_scan, np.uint8
    )
    kept = land.positions[:, 0] < np.median(middle[:, 0]) - 1
    gone = land.positions[:, 0] > np.median(middle[:, 0]) + 1
    assert steps[kept].max() < 10 and steps[gone].min() == STEPS - 1


def test_parts_without_a_picture_show_their_colours_beside_those_with_one() -> None:
    scan = ball()
    use = (scan.positions[scan.faces].mean(axis=1)[:, 1] < 0).astype(np.int32)
    two = Mesh(scan.positions, scan.faces, scan.uv, None, (scan.materials[0], Material("base", (1.0, 0, 0))), use)
    reference = make_reference(two, smooth_normals(two))
    text = reference.data[20 : 20 + int.from_bytes(reference.data[12:16], "little")]
    (mesh,), materials = json.loads(text)["meshes"], json.loads(text)["materials"]
    textured, plain = mesh["primitives"]
    assert "TEXCOORD_0" in textured["attributes"] and "COLOR_0" in plain["attributes"]
    assert "baseColorTexture" in materials[0]["pbrMetallicRoughness"] and len(materials) == 2
    counts = [json.loads(text)["accessors"][part["attributes"]["POSITION"]]["count"] for part in (textured, plain)]
    assert sum(counts) == len(reference.surface.positions)


def test_a_picture_that_repeats_is_shown_by_colours() -> None:
    scan = ball()
    assert scan.uv is not None
    repeated = replace(scan, uv=scan.uv * 3)
    model = decode_glb(make_reference(repeated, smooth_normals(repeated)).data, "reference.glb")
    assert not model.pictures and model.colours is not None
    shifted = replace(scan, uv=scan.uv + 5)
    assert decode_glb(make_reference(shifted, smooth_normals(shifted)).data, "reference.glb").pictures


def test_distances_fall_on_the_scale_as_the_report_draws_them() -> None:
    steps = find_steps(np.array([0, 1e-4, 0.00316, 0.0999, 5], np.float32), SCALE)
    assert steps.tolist() == [0, 0, 127, 255, 255] or steps.tolist() == [0, 0, 128, 255, 255]


@pytest.mark.long
def test_the_command_writes_it_beside_the_package(tmp_path: Path) -> None:
    scan, seen = write_ball(tmp_path), tmp_path / "seen"
    for _ in range(2):  # a package that is there already is built again: the comparison is not kept with it
        ran = run("package", scan, *PLACE, "--out", tmp_path / "out", "--levels", "400", "--compare", seen)
        assert ran.code == 0, ran.stderr
        names = {path.name for path in seen.iterdir()}
        assert names == {"comparison.json", "reference.glb", "scan-lod0.bin", "level-lod0.bin"}
        for path in seen.iterdir():
            path.unlink()
