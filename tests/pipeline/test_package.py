import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline import package as recipe
from asset_pipeline.built import BuildResult
from asset_pipeline.manifest import dump_manifest, manifest_digest
from asset_pipeline.output.folder import sweep_drafts
from asset_pipeline.output.glb import decode_glb
from asset_pipeline.output.verify import verify_package
from asset_pipeline.package import build_package
from tests.pipeline.builders import BOX_FACES, BOX_POINTS, stl_bytes
from tests.pipeline.command import PLACE, package
from tests.pipeline.shapes import options, write_ball, write_hills

SMALL = ["--unit", "m", "--up", "y", "--levels", "400,100"]
PICTURES = {
    f"{name}-{view}.webp"
    for name in ("view-scan", "view-lod0", "view-lod1", "heat-lod0", "heat-lod1")
    for view in (0, 1)
}
FILES = {"lod0.glb", "lod1.glb", "manifest.json", "model.usdz", "plain.glb", "poster.webp", "report.json", *PICTURES}


def visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []


def test_a_package_is_a_folder_named_by_the_digest_of_its_manifest(textured: BuildResult) -> None:
    assert {path.name for path in textured.folder.iterdir()} == FILES
    assert textured.folder.name == textured.digest == manifest_digest(dump_manifest(textured.manifest))


def test_levels_hold_what_was_asked_and_keep_the_scans_look(textured: BuildResult, coloured: BuildResult) -> None:
    assert [level.triangles for level in textured.manifest.levels] == [400, 100]
    assert [level.texture_px for level in textured.manifest.levels] == [256, 256]
    for level in coloured.report["levels"]:
        assert abs(level["triangles"] - level["triangles_asked"]) <= 1
    assert decode_glb((coloured.folder / "lod1.glb").read_bytes(), "lod1.glb").colours is not None
    assert (textured.missed, coloured.missed) == ((), ())


def test_the_report_says_what_came_in_and_how_far_each_level_is_from_it(textured: BuildResult) -> None:
    report = json.loads((textured.folder / "report.json").read_bytes())
    assert report == textured.report
    assert report["schema"] == "dejima.report/1"
    source = report["source"]
    assert (source["file"], source["triangles"], source["unit"], source["up"]) == ("ball.obj", 2068, "m", "y")
    assert source["bytes"] > 100_000 and source["offset_m"] == pytest.approx([0, -1, 0], abs=0.01)
    for level in report["levels"]:
        assert set(level) == {
            "file",
            "triangles_asked",
            "triangles",
            "rms_m",
            "rms_relative",
            "max_m",
            "p95_m",
            "colour_psnr_db",
            "bytes",
            "texture_px",
            "normal_map_px",
            "uv",
        } | ({"avif"} & set(level))
        assert 0 < level["rms_relative"] < 0.02 and level["colour_psnr_db"] > 25
        assert level["bytes"] == (textured.folder / level["file"]).stat().st_size


def test_the_manifest_holds_place_credit_and_source(textured: BuildResult) -> None:
    document = json.loads((textured.folder / "manifest.json").read_bytes())
    assert document["geopose"]["position"] == {"lat": 32.7434, "lon": 129.8732, "h": 34.5}
    assert (document["height_kind"], document["horizontal_accuracy_m"]) == ("ellipsoidal", 15.0)
    assert document["credit"]["title"] == "ball"
    assert document["source"]["file"] == "ball.obj" and len(document["source"]["sha256"]) == 64


def test_two_processes_give_the_same_bytes(coloured: BuildResult, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(json.dumps({"title": coloured.manifest.credit.title}), encoding="utf-8")
    told = [*SMALL, "--metadata", tmp_path / "facts.json", "--progress", "json"]
    ran = package(write_hills(tmp_path), tmp_path / "out", *told)
    assert ran.code == 0, ran.stderr
    assert ran.lines()[-1]["result"]["digest"] == coloured.digest


def test_the_same_scan_elsewhere_gives_the_same_package_and_building_again_changes_nothing(
    textured: BuildResult, tmp_path: Path
) -> None:
    before = shutil.copytree(textured.folder, tmp_path / "out" / textured.digest).stat()
    again = build_package(write_ball(tmp_path), tmp_path / "out", options(texture_px=256))
    assert again.digest == textured.digest
    assert (again.folder.stat().st_ino, again.folder.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert len(visible(tmp_path / "out")) == 1


def test_a_level_above_the_scans_own_count_is_skipped_and_recorded(tmp_path: Path) -> None:
    path = tmp_path / "box.stl"
    path.write_bytes(stl_bytes(BOX_POINTS[BOX_FACES]))
    result = build_package(path, tmp_path / "out", options(levels=(100, 12, 8)))
    assert [level.triangles for level in result.manifest.levels] == [12, 8]
    assert [w["code"] for w in result.report["warnings"]] == ["level_skipped", "level_skipped"]


def test_a_scan_far_from_its_own_origin_is_as_exact_as_one_at_it(coloured: BuildResult, tmp_path: Path) -> None:
    place = np.array([637_323.75, 416.5, 851_171.75])
    far = build_package(write_hills(tmp_path, offset=place), tmp_path / "out", options())
    moved = np.array(far.report["source"]["offset_m"]) - coloured.report["source"]["offset_m"]
    assert moved == pytest.approx(place, abs=1e-9)
    for near_level, far_level in zip(coloured.report["levels"], far.report["levels"], strict=True):
        assert far_level["rms_m"] == pytest.approx(near_level["rms_m"], rel=0.05)


def kill_at(stage: str, scan: Path, out: Path) -> None:
    """Start a build and kill it when it tells of a stage."""
    arguments = ["package", str(scan), *PLACE, "--out", str(out), *SMALL, "--progress", "json"]
    process = subprocess.Popen([sys.executable, "-m", "asset_pipeline", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("stage") == stage:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.communicate()


def test_a_build_killed_at_any_stage_leaves_nothing_half_done(tmp_path: Path) -> None:
    scan, out = write_hills(tmp_path), tmp_path / "out"
    for stage in ("read", "level 0", "write"):
        kill_at(stage, scan, out)
        for folder in visible(out):  # the kill may have come after the rename: then all of it is there
            verify_package(folder)
    ran = package(scan, out, *SMALL, "--progress", "json")
    assert ran.code == 0, ran.stderr
    assert [path.name for path in out.iterdir()] == [ran.lines()[-1]["result"]["digest"]]


def test_only_drafts_of_processes_that_are_gone_are_swept(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine, dead = (tmp_path / f".{'a' * 64}.{pid}.building" for pid in (os.getpid(), ended.pid))
    mine.mkdir()
    dead.mkdir()
    sweep_drafts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]


def test_a_level_is_begun_before_the_surfaces_of_coarser_ones_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    each_surface, make_level = vars(recipe)["each_surface"], vars(recipe)["make_level"]

    def watched_surfaces(*arguments: object) -> object:
        for surface in each_surface(*arguments):
            order.append("surface")
            yield surface

    def watched_level(*arguments: object) -> object:
        order.append("level")
        return make_level(*arguments)

    monkeypatch.setattr(recipe, "each_surface", watched_surfaces)
    monkeypatch.setattr(recipe, "make_level", watched_level)
    build_package(write_hills(tmp_path, 20), tmp_path / "out", options((300, 100)))
    assert order == ["surface", "level", "surface", "level"]
