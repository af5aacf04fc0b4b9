"""What staff see of what a draft changes: field by field, words marked, and readable without seeing colours or lines."""

import re

import msgspec
import pytest

from tests.routes.forms import attach, fields_of, submit
from tests.samples import add_package
from xr_server.domain.catalog import Era, Experience, Hotspot, Node, Occluder, Placement, Scene
from xr_server.domain.season import BetweenRule, EnteredYear, LunarRule, RecurringRule, Schedule, Season, YearlyRule
from xr_server.domain.survey import Tie
from xr_server.routes.changes import say_path
from xr_server.routes.pages import load_own_texts
from xr_server.storage.catalog import Change, Name, load_record, save_record

SEASON_RULES = (YearlyRule, BetweenRule, LunarRule, RecurringRule, EnteredYear)
TOLD = (Experience, Scene, Node, Placement, Era, Hotspot, Occluder, Schedule, Season, *SEASON_RULES)


def publish(client, scan):
    path = f"/desk/records/experience/{scan.scene_id}"
    return submit(client, client.get(path).text, path, step="publish")


def changes_of(page):
    """The section that tells what differs: each field's name and its value with marks, as a listener gets them."""
    section = page.text.partition('class="against">')[2].partition("</dl>\n</")[0]
    rows = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", section, re.DOTALL)
    return {label: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", words)).strip() for label, words in rows}


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def test_an_unpublished_draft_is_compared_with_nothing(scan, sato):
    assert 'class="against"' not in sato.get(f"/desk/records/experience/{scan.scene_id}").text


def test_a_changed_text_is_shown_with_its_words_marked_for_eyes_and_ears(kana, scan, sato):
    publish(sato, scan)
    attach(kana, scan.id, title_en="The old wall", summary_en="")
    page = sato.get(f"/desk/records/experience/{scan.scene_id}")
    assert changes_of(page) == {
        "Title (English)": "The put in: old (end of what was put in) wall",
        "Summary (English)": "taken out: A stretch of wall. (end of what was taken out)",
    }
    assert re.search(r'<span lang="en">The <ins><span class="unseen">put in: </span>old ', page.text)
    assert "Visitors see revision 1." in page.text


def test_the_scene_that_goes_out_with_an_experience_is_compared_too(world, scan, sato):
    publish(sato, scan)
    name = Name("dejima", "scene", scan.scene_id)
    stored = load_record(world.catalog, name)
    digest = add_package(world.catalog, world.settings.package_dir, b"another model")
    node = msgspec.structs.replace(
        stored.body.nodes[0],
        package=digest,
        placement=msgspec.structs.replace(stored.body.nodes[0].placement, heading_deg=90.0, surveyed=True),
    )
    save_record(world.catalog, "dejima", msgspec.structs.replace(stored.body, nodes=[node]), 1, Change(world.clock()))
    for kind in ("experience", "scene"):
        told = changes_of(sato.get(f"/desk/records/{kind}/{scan.scene_id}"))
        assert set(told) == {"Model scan: Package", "Model scan: Facing", "Model scan: Surveyed"}
        assert told["Model scan: Facing"].startswith("before: 0° (end of what was taken out) → after: 90°")
        assert "triangles" in told["Model scan: Package"]
        assert digest[:8] in told["Model scan: Package"]
        assert "before: no" in told["Model scan: Surveyed"]


def test_the_creator_sees_what_the_draft_changes(kana, scan, sato):
    publish(sato, scan)
    attach(kana, scan.id, title_en="The new wall")
    page = kana.get(f"/studio/scans/{scan.id}")
    assert changes_of(page) == {"Title (English)": "The put in: new (end of what was put in) wall"}


def test_words_of_others_are_text_and_no_markup(kana, scan, sato):
    publish(sato, scan)
    attach(kana, scan.id, title_en="The <b>wall</b> & <script>")
    page = sato.get(f"/desk/records/experience/{scan.scene_id}").text
    assert "&lt;script&gt;" in page or "&lt;" in page
    assert "<b>wall" not in page
    assert "<script>" not in page.partition("<main")[2]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("record_type", TOLD)
def test_every_field_that_is_reviewed_has_a_name(language, record_type):
    texts = load_own_texts(language)
    fields = [name for name in record_type.__struct_fields__ if name != "id"]
    assert [name for name in fields if f"changes.field_{name}" not in texts] == [], (
        "say in changes.json what it is called"
    )


def test_a_path_is_said_in_words():
    assert say_path(("title", "ja"), "en") == ("Title (日本語)", "ja")
    assert say_path(("nodes", "gate", "placement", "lat"), "en") == ("Model gate: Latitude", "")
    assert say_path(("nodes", "gate", "ties", "1", "point"), "en") == ("Model gate: Survey point", "")
    assert say_path(("eras", "old", "label", "en"), "ja") == ("年代 old：年代の名（English）", "en")
    assert say_path(("nodes",), "en") == ("Models", "")
    assert say_path(("nodes", "gate", "field_of_tomorrow"), "en") == ("Model gate: field_of_tomorrow", "")
    assert Tie.__struct_fields__ == ("point", "position")


def rows_of(html):
    """What a refused form shows of both versions."""
    rows = re.findall(
        r"<dt>(.*?)</dt><dd>(.*?)</dd>", html.partition('role="alert"')[2].partition("</dl>")[0], re.DOTALL
    )
    return {label: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", words)).strip() for label, words in rows}


def test_who_saves_over_somebody_else_sees_theirs_beside_the_own(world, kana, scan):
    action = f"/studio/scans/{scan.id}/attach"
    old = kana.get(f"/studio/scans/{scan.id}").text
    attach(kana, scan.id, title_en="Their wall")
    answer = submit(kana, old, action, title_en="My wall", summary_en="")
    assert answer.status_code == 409
    assert rows_of(answer.text) == {
        "Title (English)": "taken out: Their (end of what was taken out) put in: My (end of what was put in) wall",
        "Summary (English)": "taken out: A stretch of wall. (end of what was taken out)",
    }
    assert "Crossed out is what stands there now" in answer.text
    assert submit(kana, answer.text, action).status_code == 303


def test_who_decides_on_an_old_page_sees_what_changed_since(world, kana, scan, sato):
    path = f"/desk/records/experience/{scan.scene_id}"
    old = sato.get(path).text
    attach(kana, scan.id, title_en="Another wall")
    scene = load_record(world.catalog, Name("dejima", "scene", scan.scene_id))
    place = msgspec.structs.replace(scene.body.nodes[0].placement, heading_deg=45.0)
    moved = msgspec.structs.replace(scene.body, nodes=[msgspec.structs.replace(scene.body.nodes[0], placement=place)])
    save_record(world.catalog, "dejima", moved, 1, Change(world.clock()))
    answer = submit(sato, old, path, step="publish")
    assert answer.status_code == 409
    assert set(rows_of(answer.text)) == {"Title (English)", "Model scan: Facing"}


def test_who_dates_over_somebody_else_sees_both_dates(world, scan, sato):
    path = f"/desk/dates/{scan.scene_id}"
    submit(sato, sato.get(path).text, path, step="save", days="always")
    old = sato.get(path).text
    submit(sato, old, path, step="save", days="season", season="year-end")
    answer = submit(sato, old, path, step="save", days="always", opens_at="18:00", closes_at="21:00")
    assert answer.status_code == 409
    told = rows_of(answer.text)
    assert told["From"] == "before: nothing (end of what was taken out) → after: 18:00 (end of what was put in)"
    assert "in a season" in told["Days"]


def test_who_says_something_else_of_a_scan_sees_what_somebody_said_meanwhile(world, kana, scan):
    action = f"/studio/scans/{scan.id}/details"
    answer = submit(kana, kana.get(action).text, action, digest="0" * 64, title="Old wall", provenance="evidence")
    assert answer.status_code == 409
    told = rows_of(answer.text)
    assert set(told) == {"Title", "How sure it is"}
    assert "put in: Old" in told["Title"]
    assert dict(fields_of(answer.text, action))["digest"] == scan.package_digest


def test_who_places_over_somebody_else_sees_both_places(kana, scan):
    action = f"/studio/scans/{scan.id}/place"
    old = kana.get(action).text
    assert submit(kana, old, action, heading_deg="45").status_code == 303
    answer = submit(kana, old, action, heading_deg="90")
    assert answer.status_code == 409
    (told,) = rows_of(answer.text).values()
    assert "taken out: 45" in told and "put in: 90" in told
    assert submit(kana, answer.text, action).status_code == 303
