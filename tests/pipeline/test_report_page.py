import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from asset_pipeline.__main__ import app
from asset_pipeline.manifest import Credit
from asset_pipeline.package import BuildResult
from asset_pipeline.report.report_facts import say_wait
from asset_pipeline.report.report_page import choose_language, make_page, page_style, style_source


def page(built: BuildResult, language: str, **changed: object) -> str:
    report = {**json.loads((built.folder / "report.json").read_bytes()), **changed}
    return make_page(built.manifest, report, lambda name: (built.folder / name).read_bytes(), language)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S)))


def test_the_page_holds_everything_itself(textured: BuildResult) -> None:
    html = page(textured, "en")
    assert "<script" not in html and " style=" not in html
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert addresses and all(address.startswith(("data:image/", "#")) for address in addresses)
    assert re.findall(r"url\(|@import", page_style()) == []


def test_each_level_is_shown_beside_the_scan_with_how_far_they_are_apart(textured: BuildResult) -> None:
    html = page(textured, "en")
    assert html.count("data:image/webp;base64,") == 2 * 2 * 3  # levels, viewpoints, pictures
    alts = re.findall(r'alt="([^"]+)"', html)
    assert len(alts) == 12 and alts[0] == "ball: the scan, from the front."
    assert sum(alt.startswith("Map of distances, Coarsest level") for alt in alts) == 2
    assert [int(size) for size in re.findall(r'<img[^>]* width="(\d+)"', html)] == [640] * 12


def test_the_page_says_what_came_in_what_came_out_and_where_it_stands(textured: BuildResult) -> None:
    said = words(page(textured, "en"))
    for part in ("From 2,068 triangles, 2 levels were made", "ball.obj", "32.743400, 129.873200", "20° from north"):
        assert part in said
    for part in ("34.5 m above the WGS 84 ellipsoid", "about 15 m", "Estimated from sources", textured.digest):
        assert part in said
    assert "400 triangles" in said and "100 triangles" in said and "Verified" in said


def test_the_page_speaks_japanese(textured: BuildResult) -> None:
    html = page(textured, "ja")
    assert '<html lang="ja">' in html
    said = words(html)
    for part in (
        "三角形 2,068 枚のスキャンから、2 段階の形を作りました",
        "いちばん粗い段階",
        "検査済",
        "WGS 84 楕円体から 34.5 m",
    ):
        assert part in said
    assert not re.search(r"\b(triangles|Finest|distance)\b", said)


def test_warnings_say_what_to_do(textured: BuildResult) -> None:
    holes = {"code": "holes", "text": "Holes.", "values": {"count": 3, "largest_m": 0.2}}
    said = words(page(textured, "en", warnings=[holes]))
    assert "One thing to know" in said and "3 holes; the largest is 20.0 cm across" in said
    assert "What to do: Take more pictures" in said
    said = words(page(textured, "ja", warnings=[holes, holes, {"code": "picture_dark", "text": ""}]))
    assert "知っておくことが 2 件あります" in said and "できること： その場所の写真を撮り足す" in said
    assert "Nothing was found that needs doing." in words(page(textured, "en", warnings=[]))


def test_what_asks_for_something_comes_before_what_is_only_told(textured: BuildResult) -> None:
    told = {"code": "points_unused", "text": "Unused.", "values": {"count": 7}}
    said = words(page(textured, "en", warnings=[told, {"code": "picture_dark", "text": ""}]))
    assert said.index("very dark") < said.index("7 points belong to no triangle")


def test_a_package_of_an_earlier_version_has_a_page_with_its_poster(textured: BuildResult) -> None:
    report = json.loads((textured.folder / "report.json").read_bytes())
    del report["views"]
    for level in report["levels"]:
        del level["p95_m"]
    html = make_page(textured.manifest, report, lambda name: (textured.folder / name).read_bytes(), "en")
    assert html.count("data:image/webp;base64,") == 1 and "on average" in words(html)


def test_a_package_of_points_speaks_of_points(textured: BuildResult) -> None:
    report = json.loads((textured.folder / "report.json").read_bytes())
    report["source"] |= {"triangles": 0, "vertices": 5_000_000}
    report["levels"] = [{**level, "triangles": 0, "points": level["triangles"]} for level in report["levels"]]
    said = words(page(textured, "en", source=report["source"], levels=report["levels"]))
    assert "From 5,000,000 points, 2 levels of points were made" in said and "400 points" in said
    assert "The finest points, from the front" in said and "riangles" not in said.partition("What came in")[0]
    assert "点のままの形を 2 段階" in words(page(textured, "ja", source=report["source"], levels=report["levels"]))


def test_a_level_with_relief_and_a_smaller_file_says_so(textured: BuildResult) -> None:
    report = json.loads((textured.folder / "report.json").read_bytes())
    report["levels"][0] |= {
        "normal_map_px": 1024,
        "bytes": 930_000,
        "avif": {"file": "lod0.avif.glb", "bytes": 760_000},
    }
    said = words(page(textured, "en", levels=report["levels"]))
    assert "fine relief as a picture of 1024 px" in said and said.count("0.9 MB (AVIF 0.8 MB)") == 1


def test_what_people_typed_stays_text(textured: BuildResult) -> None:
    credit = Credit('<script>alert("x")</script>', "<b>K</b>", "CC & Co", "fiction", ("<i>s</i>",))
    built = replace(textured, manifest=replace(textured.manifest, credit=credit))
    html = page(built, "en")
    assert "<script" not in html and "<b>K" not in html and "<i>s" not in html
    assert "&lt;script&gt;" in html and "CC &amp; Co" in html


def test_the_policy_allows_exactly_this_style() -> None:
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", style_source())
    assert "HEAT_COLOURS" not in page_style() and "linear-gradient(to right, #" in page_style()


def test_waiting_is_said_as_people_feel_it() -> None:
    assert [say_wait(count, "en") for count in (10_000, 1_000_000, 40_000_000)] == [
        "under 1 s",
        "about 6 s",
        "about 4 min",
    ]
    assert say_wait(1_000_000, "ja") == "約 6 秒"


def test_the_page_needs_no_3d_library() -> None:
    code = (
        "import sys, asset_pipeline.report.report_page; print({'numpy', 'numba', 'PIL', 'xatlas'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"


def test_the_command_writes_the_page_where_it_is_told(textured: BuildResult, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    ended = CliRunner().invoke(app, ["report", str(textured.folder), "--lang", "ja", "--out", str(out)])
    assert ended.exit_code == 0 and f"Page {out}" in ended.output and "ball.obj" in ended.output
    assert out.read_text(encoding="utf-8") == page(textured, "ja")


def test_without_a_name_the_page_is_called_after_its_package(
    textured: BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert CliRunner().invoke(app, ["report", str(textured.folder), "--text"]).exit_code == 0
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(app, ["report", str(textured.folder)]).exit_code == 0
    (written,) = tmp_path.iterdir()
    assert written.name == f"report-{textured.digest[:12]}.html" and 'lang="ja"' in written.read_text(encoding="utf-8")


def test_the_page_never_goes_into_the_package_or_nowhere(copied: Path, tmp_path: Path) -> None:
    for out, words_of_it in ((copied / "report.html", "into the package"), (tmp_path / "no" / "a.html", "--out")):
        ended = CliRunner().invoke(app, ["report", str(copied), "--out", str(out)])
        assert ended.exit_code == 2 and words_of_it in ended.output
        assert not out.exists()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminal_decides_the_language(environment: dict[str, str], language: str) -> None:
    assert choose_language(environment) == language
