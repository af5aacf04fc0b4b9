import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asset_pipeline.__main__ import app
from asset_pipeline.built import BuildResult
from tests.pipeline.builders import box_ply
from tests.pipeline.command import PLACE, package, run
from tests.pipeline.shapes import write_ball, write_hills

SMALL = ["--levels", "400,100", "--texture-px", "256"]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """What a build says with --progress json."""
    folder = tmp_path_factory.mktemp("told")
    ran = package(write_ball(folder), folder / "out", *SMALL, "--progress", "json")
    assert (ran.code, ran.stderr) == (0, "")
    return ran.lines()


def test_progress_lines_name_a_stage_and_a_fraction_that_never_falls(told: list[dict[str, object]]) -> None:
    *progress, _ = told
    assert all(set(line) == {"stage", "fraction"} for line in progress)
    fractions = [line["fraction"] for line in progress]
    assert fractions == sorted(fractions)  # type: ignore[type-var]
    assert (fractions[0], fractions[-1]) == (0, 1)
    stages = list(dict.fromkeys(line["stage"] for line in progress))
    assert stages[:4] == ["read", "clean", "collapse", "level 0"] and stages[-1] == "done"


def test_the_last_line_is_the_result(told: list[dict[str, object]]) -> None:
    result = told[-1]["result"]
    assert isinstance(result, dict)
    assert len(result["digest"]) == 64
    assert [level["triangles"] for level in result["levels"]] == [400, 100]
    assert result["missed"] == [] and result["seconds"] > 0 and result["peak_bytes"] > 50_000_000


def test_people_get_a_table_the_folder_and_what_to_know_and_their_words_reach_the_manifest(tmp_path: Path) -> None:
    facts = {
        "title": "水門",
        "creator": "kana",
        "licence": "CC BY 4.0",
        "provenance": "evidence",
        "surveyed_on": "2026-11-24",
    }
    (tmp_path / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    more = ["--levels", "400,100", "--metadata", tmp_path / "facts.json", "--height", "2.5"]
    ran = package(write_hills(tmp_path), tmp_path / "out", *more)
    (folder,) = (tmp_path / "out").iterdir()
    assert ran.code == 0
    assert "lod0.glb" in ran.stdout and "400" in ran.stdout and str(folder) in ran.stdout
    for words in ("No unit is stated", "No up axis is stated", "looks like one above sea level"):
        assert words in ran.stdout
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["credit"]["title"] == "水門" and manifest["credit"]["provenance"] == "evidence"
    assert manifest["surveyed_on"] == "2026-11-24"


def test_a_missed_budget_is_printed_and_ends_with_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # every scan we know reaches its budget; a tolerance below zero counts them all as missed
    monkeypatch.setattr("asset_pipeline.built.BUDGET_TOLERANCE", -1.0)
    monkeypatch.setattr("asset_pipeline.built.TOLERATED_TRIANGLES", -1)
    arguments = ["package", str(write_hills(tmp_path)), *PLACE, "--out", str(tmp_path / "out"), "--levels", "400"]
    ended = CliRunner().invoke(app, [*arguments, "--progress", "none"])
    assert ended.exit_code == 3
    assert "400 were asked for, " in ended.output
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_refused_scan_is_one_sentence_on_standard_error_and_one_line_for_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "cut.ply"
    path.write_bytes(box_ply()[:-200])
    ran = package(path, tmp_path / "out", "--progress", "json")
    assert ran.code == 2
    assert ran.stderr.count("\n") == 1
    (line,) = ran.lines()
    assert line["refused"]["code"] == "ply_too_short"
    assert line["refused"]["text"] == ran.stderr.strip()
    assert line["refused"]["stage"] == "check"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--lat", "132.7"), "latitude comes first"),
        (("--heading", "360"), "heading"),
        (("--accuracy", "0"), "accuracy"),
        (("--levels", "5000,25000"), "fine to coarse"),
        (("--levels", "many"), "whole numbers"),
        (("--texture-px", "1000"), "power of two"),
        (("--metadata", "/nowhere/facts.json"), "facts.json cannot be read"),
        (("--unit", "inch"), "'m', 'cm', 'mm', 'ft'"),
    ],
)
def test_an_impossible_option_is_refused_with_a_sentence(tmp_path: Path, option: tuple[str, str], words: str) -> None:
    path = tmp_path / "box.ply"
    path.write_bytes(box_ply())
    arguments = ["package", str(path), *PLACE, "--out", str(tmp_path / "out"), *option]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 2
    assert words in " ".join(ended.output.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_inspect_says_what_a_scan_holds(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["inspect", str(write_ball(tmp_path))])
    assert ended.exit_code == 0
    for words in ("OBJ", "2,068", "picture 256 x 256", "m (guessed)", "y (guessed)"):
        assert words in ended.output


def test_verify_and_report_print_a_whole_package_and_refuse_a_broken_one(textured: BuildResult, copied: Path) -> None:
    assert f"The package {textured.digest} is whole." in CliRunner().invoke(app, ["verify", str(copied)]).output
    assert "ball.obj" in CliRunner().invoke(app, ["report", str(copied), "--text"]).output
    (copied / "lod0.glb").unlink()
    for command in ("verify", "report"):
        ended = CliRunner().invoke(app, [command, str(copied)])
        assert (ended.exit_code, ended.output) == (2, "The package lacks lod0.glb.\n")


def test_every_command_explains_itself() -> None:
    ran = run("--help")
    assert ran.code == 0
    for command in ("package", "inspect", "verify", "report", "warm-up"):
        assert command in ran.stdout
