"""Going back to an earlier version, and taking something back from visitors with a reason."""

import msgspec
import pytest

from tests.routes.conftest import post_form
from tests.routes.forms import attach, fields_of, submit
from tests.samples import wave_bytes, write_package
from xr_server.domain.catalog import Change, Hotspot, Name
from xr_server.domain.media import Cue, Media
from xr_server.storage.catalog import load_published, load_record, save_record
from xr_server.storage.media import keep_media, read_media
from xr_server.storage.packages import Origin, save_package


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def path_of(scan, kind="experience"):
    return f"/desk/records/{kind}/{scan.scene_id}"


def take(client, path, step, **typed):
    answer = submit(client, client.get(path).text, path, step=step, **typed)
    assert answer.status_code == 303, answer.text
    return answer


def titles(world):
    return [body.title["en"] for body in load_published(world.catalog, "dejima") if hasattr(body, "trigger")]


def standing(world, scan, kind="experience"):
    stored = load_record(world.catalog, Name("dejima", kind, scan.scene_id))
    return stored.state, stored.revision, stored.published_revision


@pytest.fixture
def twice(world, kana, scan, sato):
    """An experience that was published, changed and published again."""
    take(sato, path_of(scan), "publish")
    attach(kana, scan.id, title_en="The wrong wall")
    take(sato, path_of(scan), "publish")
    assert titles(world) == ["The wrong wall"]
    return scan


def test_staff_go_back_to_what_visitors_saw_before_and_that_is_undone_again(world, sato, twice):
    page = sato.get(path_of(twice)).text
    assert "Revision 1, out since" in page
    back = submit(sato, page, f"{path_of(twice)}/roll-back")
    assert back.status_code == 303
    assert titles(world) == ["The wall"]
    assert standing(world, twice) == ("published", 3, 3)
    page = sato.get(back.headers["location"]).text
    assert "sato went back to what revision 1 was, as revision 3." in page.replace("</a>", "")
    submit(sato, page, "/desk/undo")
    assert titles(world) == ["The wrong wall"]
    assert standing(world, twice) == ("published", 4, 4)


def test_a_draft_that_was_on_the_way_is_there_again_after_the_undo(world, kana, sato, twice):
    attach(kana, twice.id, title_en="A wall to come")
    post_form(kana, f"/studio/scans/{twice.id}/review", revision=3)
    back = submit(sato, sato.get(path_of(twice)).text, f"{path_of(twice)}/roll-back", to="1")
    assert titles(world) == ["The wall"]
    submit(sato, sato.get(back.headers["location"]).text, "/desk/undo")
    assert titles(world) == ["The wrong wall"]
    assert standing(world, twice) == ("in_review", 5, 2)
    assert load_record(world.catalog, Name("dejima", "experience", twice.scene_id)).body.title["en"] == "A wall to come"


def test_nobody_goes_back_on_top_of_what_they_have_not_seen(world, kana, sato, twice):
    old = sato.get(path_of(twice)).text
    attach(kana, twice.id, title_en="Newer")
    answer = submit(sato, old, f"{path_of(twice)}/roll-back")
    assert answer.status_code == 409
    assert titles(world) == ["The wrong wall"]


@pytest.mark.parametrize("asked", [{"to": "2"}, {"to": "77"}, {"to": "x"}, {"node": "scan", "package": "a" * 64}])
def test_only_what_visitors_saw_can_be_gone_back_to(world, sato, twice, asked):
    for kind in ("experience", "scene"):
        revision = standing(world, twice, kind)[1]
        assert post_form(sato, f"{path_of(twice, kind)}/roll-back", revision=revision, **asked).status_code == 409
    assert titles(world) == ["The wrong wall"]


def test_an_undo_that_comes_too_late_changes_nothing(world, kana, sato, twice):
    back = submit(sato, sato.get(path_of(twice)).text, f"{path_of(twice)}/roll-back")
    page = sato.get(back.headers["location"]).text
    attach(kana, twice.id, title_en="Newer")
    answer = submit(sato, page, "/desk/undo")
    assert answer.status_code == 409
    assert "left as it is" in answer.text
    assert standing(world, twice) == ("draft", 4, 3)


def test_a_scene_goes_back_to_an_older_package_of_the_same_scan(world, sato, scan):
    name = Name("dejima", "scene", scan.scene_id)
    newer = write_package(world.settings.package_dir, b"the same wall, said otherwise")
    manifest = (world.settings.package_dir / newer / "manifest.json").read_text(encoding="utf-8")
    for digest in (scan.package_digest, newer):  # as a build and a restating leave them
        save_package(world.catalog, digest, manifest, Origin("dejima", scan_id=scan.id), world.clock())
    with world.catalog.begin() as connection:
        connection.exec_driver_sql("UPDATE package SET scan_id = ?", (scan.id,))
    body = load_record(world.catalog, name).body
    shown = msgspec.structs.replace(body, nodes=[msgspec.structs.replace(body.nodes[0], package=newer)])
    save_record(world.catalog, "dejima", shown, 1, Change(world.clock()))
    asked = {"revision": 2, "node": "scan", "package": scan.package_digest}
    assert post_form(sato, f"{path_of(scan, 'scene')}/roll-back", **asked).status_code == 409  # visitors see none yet
    take(sato, path_of(scan), "publish")
    spot = Hotspot(id="rough", node="scan", position=(0, 1, 0), title={"en": "Not ready"}, text={"en": "A"})
    save_record(world.catalog, "dejima", msgspec.structs.replace(shown, hotspots=[spot]), 2, Change(world.clock()))
    page = sato.get(path_of(scan, "scene")).text
    back = submit(sato, page, f"{path_of(scan, 'scene')}/roll-back", package=scan.package_digest, node="scan")
    assert back.status_code == 303
    stored = load_record(world.catalog, name)
    assert stored.body.hotspots == []  # what visitors see with the older package, not the draft that nobody looked at
    assert (stored.body.nodes[0].package, stored.published_revision) == (scan.package_digest, 4)
    page = sato.get(back.headers["location"]).text
    assert "put an earlier package of the same scan back" in page
    attach(world.sign_in("kana"), scan.id, title_en="The wall, put right")
    assert len(load_record(world.catalog, name).body.nodes) == 1  # the scan is shown already, as it was before
    submit(sato, page, "/desk/undo")
    assert load_record(world.catalog, name).body.nodes[0].package == newer


def test_undoing_a_step_back_does_not_show_again_what_was_withdrawn_since(world, sato, twice):
    back = submit(sato, sato.get(path_of(twice)).text, f"{path_of(twice)}/roll-back")
    page = sato.get(back.headers["location"]).text
    take(sato, path_of(twice), "withdraw", reason="rights")
    assert submit(sato, page, "/desk/undo").status_code == 409
    assert titles(world) == [] and standing(world, twice) == ("withdrawn", 3, None)


def test_what_is_withdrawn_for_rights_is_gone_with_its_files_and_its_creator_reads_why(
    world, kana, scan, sato, tmp_path
):
    (tmp_path / "in" / "media").mkdir(parents=True)
    (tmp_path / "in" / "media" / "bell.wav").write_bytes(wave_bytes())
    heard = [Cue(id="all", start_s=0, end_s=1, text={"en": "A bell"})]
    facts = {"title": {"en": "Bell"}, "creator": "K", "licence": "CC0-1.0", "provenance": "evidence"}
    bell = read_media(tmp_path / "in" / "media", Media(id="bell", file="bell.wav", captions=heard, **facts))
    keep_media(world.settings.package_dir, tmp_path / "in", [bell])
    world.publish(bell)
    name = Name("dejima", "scene", scan.scene_id)
    body = load_record(world.catalog, name).body
    spot = Hotspot(id="bell", node="scan", position=(0, 1, 0), title={"en": "Bell"}, text={"en": "A"}, media="bell")
    save_record(world.catalog, "dejima", msgspec.structs.replace(body, hotspots=[spot]), 1, Change(world.clock()))
    take(sato, path_of(scan), "publish")
    world.app.state.parts.published.refresh()
    visitor = world.visitor()
    scene = visitor.get(f"/api/v1/sites/dejima/scenes/{scan.scene_id}").json()
    files = [scene["nodes"][0]["lods"][0]["url"], scene["hotspots"][0]["media"]["url"]]
    assert [visitor.get(file).status_code for file in files] == [200, 200]

    done = take(sato, path_of(scan), "withdraw", reason="rights", words="The owner of the sound has not agreed.")
    world.app.state.parts.published.refresh()
    assert [visitor.get(file).status_code for file in files] == [410, 410]
    document = visitor.get("/api/v1/sites/dejima").json()
    assert (document["packages"], document["media"]) == ([], [])  # what phones go by when they drop what they keep
    for client, path in ((sato, path_of(scan)), (kana, f"/studio/scans/{scan.id}"), (sato, "/desk/log")):
        page = client.get(path).text
        assert "Reason: rights." in page
        assert "The owner of the sound has not agreed." in page

    submit(sato, sato.get(done.headers["location"]).text, "/desk/undo")
    world.app.state.parts.published.refresh()
    assert [visitor.get(file).status_code for file in files] == [200, 200]
    assert "Reason: rights." not in kana.get(f"/studio/scans/{scan.id}").text


def test_a_reason_need_not_be_given_but_another_one_needs_words(world, scan, sato):
    take(sato, path_of(scan), "publish")
    answer = submit(sato, sato.get(path_of(scan)).text, path_of(scan), step="withdraw", reason="other")
    assert answer.status_code == 400
    assert "what the other reason is" in answer.text
    answer = submit(sato, sato.get(path_of(scan)).text, path_of(scan), step="withdraw", reason="king", words="Typed.")
    assert answer.status_code == 400
    assert ("words", "Typed.") in fields_of(answer.text, path_of(scan))
    take(sato, path_of(scan), "withdraw")
    assert "Withdrawn by sato" in sato.get(path_of(scan)).text


def test_a_scene_that_another_experience_shows_stays(world, scan, sato):
    take(sato, path_of(scan), "publish")
    body = load_record(world.catalog, Name("dejima", "experience", scan.scene_id)).body
    world.publish(msgspec.structs.replace(body, id="again", title={"en": "The wall again"}))
    assert "because The wall again shows them too" in sato.get(path_of(scan)).text
    assert "and with it The wall again and The wall." in sato.get(path_of(scan, "scene")).text
    take(sato, path_of(scan), "withdraw", reason="mistake")
    assert standing(world, scan, "scene")[0] == "published"
    assert standing(world, scan)[0] == "withdrawn"
