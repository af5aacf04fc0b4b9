"""A scan and its levels side by side: the page, the files it loads, and who gets the scan itself."""

import json
import re

import pytest

COMPARISON = {
    "schema": "dejima.comparison/1",
    "heat_low_m": 2e-5,
    "heat_high_m": 0.02,
    "reference": {"file": "reference.glb", "bytes": 9, "triangles": 500, "of_triangles": 500, "vertices": 4},
    "levels": [{"file": f"lod{n}.glb", "scan": f"scan-lod{n}.bin", "level": f"level-lod{n}.bin"} for n in (0, 1)],
}


@pytest.fixture
def built(world):
    """A built scan of kana's with what she compares; reference.glb holds her scan."""
    scan = world.built_scan("kana")
    folder = world.settings.comparison_dir / scan.id
    folder.mkdir(parents=True)
    (folder / "comparison.json").write_text(json.dumps(COMPARISON), encoding="utf-8")
    (folder / "reference.glb").write_bytes(b"glTF of the very scan")
    for each in COMPARISON["levels"]:
        (folder / each["scan"]).write_bytes(bytes(4))
        (folder / each["level"]).write_bytes(bytes([1, 2, 3]))
    return scan


def data_of(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="compared">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def test_a_creator_finds_it_from_the_scans_page(built, kana):
    path = f"/studio/scans/{built.id}/compare"
    assert f'<a href="{path}">' in kana.get(f"/studio/scans/{built.id}").text
    html = kana.get(path).text
    data = data_of(html)
    assert data["reference"] == {"file": "reference.glb", "bytes": 9}
    assert [level["measured"]["level"] for level in data["levels"]] == ["level-lod0.bin", "level-lod1.bin"]
    assert len(data["colours"]) == 256 and "Your scan" in html
    assert "0.02 mm or closer, yellow 2 cm or farther" in html  # the ends of the report's own scale
    for table in ("99,990", "31,000"):
        assert table in html


def test_the_scan_itself_goes_to_its_creator_alone(built, world, kana):
    path = f"/studio/scans/{built.id}/compare"
    answer = kana.get(f"{path}/reference.glb")
    assert answer.content == b"glTF of the very scan" and answer.headers["cache-control"] == "private, no-store"
    staff = world.sign_in("sato")
    assert staff.get(f"{path}/reference.glb").status_code == 404
    page = staff.get(path)
    assert data_of(page.text)["reference"] is None and "shown to its creator alone" in page.text
    assert staff.get(f"{path}/level-lod1.bin").content == bytes([1, 2, 3])
    assert world.sign_in("haru").get(path).status_code == 404
    assert world.sign_in("haru").get(f"{path}/reference.glb").status_code == 404


@pytest.mark.parametrize("name", ["manifest.json", "..%2Fsecret", "scan-lod9.bin", "lod0.glb.br", ".hidden"])
def test_nothing_else_is_to_be_had_there(built, kana, name):
    assert kana.get(f"/studio/scans/{built.id}/compare/{name}").status_code == 404


def test_a_scan_built_before_says_so_and_shows_everything_else(world, kana):
    scan = world.built_scan("kana")
    page = kana.get(f"/studio/scans/{scan.id}/compare")
    assert page.status_code == 200 and "before distances were kept" in page.text
    data = data_of(page.text)
    assert data["reference"] is None and [level["measured"] for level in data["levels"]] == [None, None]
    assert 'data-mode="heat"' not in page.text and 'data-mode="clay"' in page.text


def test_points_are_coloured_by_distance_and_have_no_bare_shape(built, world, kana):
    report = world.settings.package_dir / built.package_digest / "report.json"
    document = json.loads(report.read_text(encoding="utf-8"))
    document["levels"] = [{**level, "triangles": 0, "points": 2000} for level in document["levels"]]
    report.write_text(json.dumps(document), encoding="utf-8")
    folder = world.settings.comparison_dir / built.id
    shown = {"file": "reference.glb", "bytes": 9, "points": 4, "of_points": 4, "vertices": 4}
    (folder / "comparison.json").write_text(json.dumps({**COMPARISON, "reference": shown}), encoding="utf-8")
    assert "of your 4 points" not in kana.get(f"/studio/scans/{built.id}/compare").text
    shown["of_points"] = 6_000_000
    (folder / "comparison.json").write_text(json.dumps({**COMPARISON, "reference": shown}), encoding="utf-8")
    page = kana.get(f"/studio/scans/{built.id}/compare").text
    assert "4 of your 6,000,000 points" in page and "the nearest point of this level" in page
    assert 'data-mode="heat"' in page and 'data-mode="clay"' not in page
    assert "95 of 100 places" not in page  # no report of points tells it
    (folder / "comparison.json").unlink()
    page = kana.get(f"/studio/scans/{built.id}/compare").text
    assert "built before their distances were kept" in page and 'data-mode="heat"' not in page


def test_a_scan_that_is_not_built_has_nothing_to_compare(world, kana):
    assert kana.get("/studio/scans/none/compare").status_code == 404
