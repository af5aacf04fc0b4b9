"""The whole report as a page: for its creator and for those who review, and for nobody else."""

import base64
import hashlib
import json
import re

import pytest

from tests.routes.conftest import REPORT

WITH_VIEWS = {
    **REPORT,
    "levels": [{**level, "p95_m": 0.004} for level in REPORT["levels"]],
    "views": {
        "viewpoints": [{"name": "front", "azimuth_deg": 32.0, "elevation_deg": 20.0}],
        "width_px": 640,
        "height_px": 480,
        "heat_low_m": 0.0001,
        "heat_high_m": 0.1,
    },
}


@pytest.fixture
def kana(world):
    return world.sign_in("kana")


def draw(world, scan):
    """Give a scan's package pictures to compare, as the pipeline of today does."""
    folder = world.settings.package_dir / scan.package_digest
    (folder / "report.json").write_text(json.dumps(WITH_VIEWS), encoding="utf-8")
    for name in ("view-scan-0", "view-lod0-0", "view-lod1-0", "heat-lod0-0", "heat-lod1-0"):
        (folder / f"{name}.webp").write_bytes(b"RIFF of " + name.encode())


def test_a_creator_opens_the_whole_report_from_the_scans_page(world, kana):
    scan = world.built_scan()
    draw(world, scan)
    path = f"/studio/scans/{scan.id}/report"
    assert f'<a href="{path}">' in kana.get(f"/studio/scans/{scan.id}").text
    answer = kana.get(path)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "private, no-store"
    assert f'href="/studio/scans/{scan.id}"' in answer.text and "From 597,123 triangles" in answer.text
    assert base64.b64encode(b"RIFF of heat-lod1-0").decode() in answer.text


def test_the_report_speaks_the_readers_language(world, kana):
    scan = world.built_scan()
    draw(world, scan)
    answer = kana.get(f"/studio/scans/{scan.id}/report?lang=ja")
    assert answer.headers["content-language"] == "ja" and '<html lang="ja">' in answer.text
    assert "端から端まで2.3メートルになります" in answer.text


def test_the_policy_lets_the_page_show_its_own_style_and_pictures_and_nothing_else(world, kana):
    answer = kana.get(f"/studio/scans/{world.built_scan().id}/report")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy and "img-src data:" in policy
    assert len(answer.headers.get_list("content-security-policy")) == 1


def test_nobody_else_sees_a_report(world, kana):
    scan = world.built_scan("kana")
    path = f"/studio/scans/{scan.id}/report"
    assert world.sign_in("haru").get(path).status_code == 404
    assert world.visitor().get(path, follow_redirects=False).status_code == 303
    assert world.sign_in("sato").get(path).status_code == 200
    assert kana.get("/studio/scans/nothing/report").status_code == 404


def test_staff_open_the_report_of_a_package_beside_its_record(world, kana):
    scan = world.built_scan()
    path = f"/desk/packages/{scan.package_digest}/report"
    assert world.sign_in("sato").get(path).status_code == 200
    assert kana.get(path).status_code == 403
    assert world.sign_in("sato").get(f"/desk/packages/{'0' * 64}/report").status_code == 404
