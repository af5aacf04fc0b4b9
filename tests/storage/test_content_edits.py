"""A survey and occluders of other tools, put into a content folder."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from asset_pipeline.clouds.footprints import Footprint
from asset_pipeline.clouds.occluders import Occluder as Roof
from asset_pipeline.clouds.occluders import dump_for_scene
from xr_server.domain.catalog import Scene
from xr_server.domain.survey import Survey
from xr_server.errors import Invalid, NotFound
from xr_server.storage.content import read_content
from xr_server.storage.content_edits import Source, add_occluders, add_survey

DEJIMA = Path(__file__).resolve().parents[2] / "content" / "dejima"
HEAD = "id,name,name_en,lat,lon,h,accuracy_m,surveyed_on,author,landmark\n"
ROWS = """post-s,南の柱,South post,32.74404,129.87204,2.5,0.02,2026-12-01,佐藤,suimon
post-n,北の柱,,32.74408,129.87209,2.5,0.03,2026-12-01,佐藤,suimon
"""
HOUSE = (32.7435977, 129.8725152)


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "dejima"
    shutil.copytree(DEJIMA, target, ignore=shutil.ignore_patterns("*.glb"))
    return target


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_survey_as_spreadsheets_write_it_becomes_a_file_of_the_folder(folder, tmp_path, encoding):
    before = files_of(folder)
    (tmp_path / "s.csv").write_text(HEAD + ROWS, encoding=encoding)
    said = add_survey(folder, Source(tmp_path / "s.csv", 32.1), "december")
    assert "Wrote 2 points" in said and "0.03 m or better" in said
    survey = next(r for r in read_content(folder).records if isinstance(r, Survey) and r.id == "december")
    assert [(p.id, p.name, p.h, p.author) for p in survey.points] == [
        ("post-s", {"ja": "南の柱", "en": "South post"}, 34.6, "佐藤"),
        ("post-n", {"ja": "北の柱"}, 34.6, "佐藤"),
    ]
    changed = {str(name) for name, data in files_of(folder).items() if before.get(name) != data}
    assert changed == {"survey/december.json", "texts/ja.json", "texts/en.json"}


def test_a_newer_survey_takes_the_place_of_the_older_and_keeps_translated_names(folder, tmp_path):
    (tmp_path / "s.csv").write_text(HEAD + ROWS, encoding="utf-8")
    add_survey(folder, Source(tmp_path / "s.csv", 32.1), "december")
    (tmp_path / "s.csv").write_text(
        HEAD + ROWS.splitlines()[0].replace("South post", "").replace("0.02", "0.01"), encoding="utf-8"
    )
    add_survey(folder, Source(tmp_path / "s.csv", 32.1), "december")
    survey = next(r for r in read_content(folder).records if isinstance(r, Survey) and r.id == "december")
    assert [(p.id, p.accuracy_m, p.name["en"]) for p in survey.points] == [("post-s", 0.01, "South post")]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (ROWS.replace("suimon", "suimonn"), "there is no landmark called suimonn"),
        (ROWS.replace("post-s", "demo-house-left"), "a second survey point of this id"),
        (ROWS.replace("32.74404", "31.0"), "km from the site"),
        (ROWS.replace("post-n", "post-s"), "a second survey point of this id"),
    ],
)
def test_a_survey_that_does_not_fit_changes_no_file(folder, tmp_path, rows, text):
    before = files_of(folder)
    (tmp_path / "s.csv").write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(Invalid, match=text):
        add_survey(folder, Source(tmp_path / "s.csv"), "december")
    assert files_of(folder) == before


def test_what_is_no_text_is_refused(folder, tmp_path):
    (tmp_path / "s.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(Invalid, match="save it as CSV UTF-8"):
        add_survey(folder, Source(tmp_path / "s.csv"), "december")


def terrain_file(path, **about):
    """occluders.json as `dejima terrain` writes it: one building beside the house, one 300 m away."""
    square = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 6.0], [0.0, 6.0]])
    roofs = [
        Roof(f"roof-{i}", Footprint(square + np.array([20.0 + far, 0.0]), ()), 34.2, 41.25, 48.0)
        for i, far in enumerate((0, 300))
    ]
    facts = {"positions": "WGS 84", "height_kind": "ellipsoidal", "source": "tile-7.laz", **about}
    path.write_bytes(dump_for_scene(roofs, lambda x, y: (HOUSE[0] + y / 111_195, HOUSE[1] + x / 93_500), 0.0, facts))
    return path


def test_buildings_that_terrain_found_hide_things_in_a_scene(folder, tmp_path):
    said = add_occluders(folder, Source(terrain_file(tmp_path / "o.json")), "chief-factor-house-1820")
    assert "Wrote 1 occluders" in said and "1 stand farther than 150 m" in said
    scene = next(r for r in read_content(folder).records if isinstance(r, Scene) and r.id == "chief-factor-house-1820")
    (occluder,) = scene.occluders
    assert (occluder.id, occluder.base_m, occluder.top_m, occluder.source) == ("roof-0", 34.2, 41.25, "tile-7.laz")
    assert not occluder.demonstration
    assert len(occluder.footprint) == 4


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({"positions": "as surveyed"}, "--crs"),
        ({"height_kind": "as surveyed"}, "--geoid-m"),
        ({"height_kind": "floor"}, "--geoid-m"),
    ],
)
def test_buildings_without_place_or_height_are_refused_with_what_to_do(folder, tmp_path, about, text):
    with pytest.raises(Invalid, match=text):
        add_occluders(folder, Source(terrain_file(tmp_path / "o.json", **about)), "chief-factor-house-1820")


def test_heights_above_the_sea_are_lifted_when_told_by_how_much(folder, tmp_path):
    file = terrain_file(tmp_path / "o.json", height_kind="as surveyed")
    add_occluders(folder, Source(file, 32.1), "chief-factor-house-1820")
    scene = next(r for r in read_content(folder).records if isinstance(r, Scene) and r.id == "chief-factor-house-1820")
    assert (scene.occluders[0].base_m, scene.occluders[0].top_m) == (66.3, 73.35)


@pytest.mark.parametrize("text", ["[]", "{}", "{", '{"occluders": [{"id": "x"}]}', '{"occluders": "no"}'])
def test_any_other_file_is_refused(folder, tmp_path, text):
    (tmp_path / "o.json").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=r"no occluders.json of dejima terrain"):
        add_occluders(folder, Source(tmp_path / "o.json"), "chief-factor-house-1820")


def test_an_unknown_scene_is_answered_with_those_there_are(folder, tmp_path):
    with pytest.raises(NotFound, match="chief-factor-house-1820, water-gate-1820"):
        add_occluders(folder, Source(terrain_file(tmp_path / "o.json")), "gate")


def test_the_commands_say_what_they_did_and_refuse_in_a_sentence(folder, tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "xr_server.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    (tmp_path / "s.csv").write_text(HEAD + ROWS, encoding="utf-8")
    done = run("survey", tmp_path / "s.csv", "--to", folder, "--id", "december", "--geoid-m", "32.1")
    assert (done.returncode, "Wrote 2 points" in done.stdout) == (0, True), done.stderr
    done = run("occluders", terrain_file(tmp_path / "o.json"), "--to", folder, "--scene", "water-gate-1820")
    assert (done.returncode, "Wrote 1 occluders" in done.stdout) == (0, True), done.stderr
    assert (
        json.loads((folder / "scenes" / "water-gate-1820.json").read_text(encoding="utf-8"))["occluders"][0]["id"]
        == "roof-0"
    )
    done = run("survey", tmp_path / "missing.csv", "--to", folder, "--id", "december")
    assert done.returncode == 2
    assert "missing.csv" in done.stderr and "Traceback" not in done.stderr
