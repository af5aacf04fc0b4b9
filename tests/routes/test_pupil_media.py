"""Pictures and sounds of pupils: they reach staff through the teacher alone, by themselves or with what shows them."""

import re

import pytest
from msgspec.structs import replace

from tests.routes.conftest import post_form
from tests.routes.forms import submit
from tests.routes.test_classes import CHILDS as CHILDS_PASSWORD
from tests.routes.test_classes import (  # noqa: F401 - fixtures
    DAY_MS,
    class_path,
    hand_in,
    join,
    login,
    make_code,
    ota,
    scene_of,
    work_of,
)
from tests.routes.test_media_library import BELL, SOUNDS, add, added, body_of, faults, send
from tests.samples import add_package
from xr_server.domain.catalog import Change, Name, Scene
from xr_server.storage.catalog import load_record, save_record
from xr_server.storage.scans import load_scan
from xr_server.storage.tables.scans import package

WAVE = (SOUNDS / "plain.wav").read_bytes()


@pytest.fixture
def child(world, ota, class_path):  # noqa: F811
    """A pupil's browser and the pen name."""
    return join(world, make_code(ota, class_path))


@pytest.fixture
def work(world, child):
    """A draft of a pupil's that plays a sound of the same pupil's: (path of the scan, id of the scene, id of the sound)."""
    browser, name = child
    scan_id = work_of(world, browser, name)
    scene_id = scene_of(world, scan_id)
    sound = added(add(browser, "sound", WAVE, **{**BELL, "captions_ja": "鐘"}))
    use(world, scene_id, [sound])
    return f"/studio/scans/{scan_id}", scene_id, sound


def use(world, scene_id, sounds):
    stored = load_record(world.catalog, Name("dejima", "scene", scene_id))
    assert isinstance(stored.body, Scene)
    save_record(world.catalog, "dejima", replace(stored.body, sounds=sounds), stored.revision, Change(world.clock()))


def state_of(world, kind, record_id):
    return load_record(world.catalog, Name("dejima", kind, record_id)).state


def say(browser, sound, title):
    answer = send(browser, f"/studio/media/{sound}", {"file": ("", b"")}, title_ja=title)
    assert answer.status_code == 303


def publish_by(staff, kind, record_id):
    path = f"/desk/records/{kind}/{record_id}"
    return submit(staff, staff.get(path).text, path, step="publish")


def pass_on(teacher, path):
    answer = submit(teacher, teacher.get(path).text, f"{path}/review")
    assert answer.status_code == 303, answer.text
    return answer


def test_a_teacher_sees_hears_and_passes_on_a_pupils_sound_together_with_the_scene(world, ota, child, work):  # noqa: F811
    path, scene_id, sound = work
    hand_in(child[0], path.rpartition("/")[2])
    page = ota.get(path).text
    assert f'src="/studio/media/{sound}/file"' in page and "Goes to staff together with this" in page
    assert state_of(world, "media", sound) == "draft"
    pass_on(ota, path)
    assert state_of(world, "media", sound) == "in_review"
    assert publish_by(world.sign_in("sato"), "experience", scene_id).status_code == 303
    assert state_of(world, "media", sound) == "published"


def test_a_sound_changed_after_the_teacher_opened_the_page_is_not_passed_on_unseen(world, ota, child, work):  # noqa: F811
    path, scene_id, sound = work
    hand_in(child[0], path.rpartition("/")[2])
    opened = ota.get(path).text
    say(child[0], sound, "別の鐘")
    assert submit(ota, opened, f"{path}/review").status_code == 409
    assert [state_of(world, *one) for one in (("experience", scene_id), ("media", sound))] == ["with_teacher", "draft"]
    pass_on(ota, path)
    assert state_of(world, "media", sound) == "in_review"


def test_what_a_pupil_changes_after_it_was_passed_on_goes_to_the_teacher_again_and_not_out(
    world, ota, class_path, child, work  # noqa: F811
):  # fmt: skip
    path, scene_id, sound = work
    hand_in(child[0], path.rpartition("/")[2])
    pass_on(ota, path)
    say(child[0], sound, "別の鐘")
    assert state_of(world, "media", sound) == "with_teacher"
    assert "The teacher looks at this version first" in child[0].get(f"/studio/media/{sound}").text
    staff = world.sign_in("sato")
    refused = publish_by(staff, "experience", scene_id)
    assert refused.status_code == 409 and "has not passed it on" in refused.text
    assert state_of(world, "experience", scene_id) == "in_review"
    listed = ota.get(class_path).text
    assert f'href="/studio/media/{sound}">別の鐘</a>' in listed and "1 waiting for you" in listed
    medium = f"/studio/media/{sound}"
    passed = submit(ota, ota.get(medium).text, f"{medium}/pass-on")
    assert "Passed on to staff." in ota.get(passed.headers["location"]).text
    assert publish_by(staff, "experience", scene_id).status_code == 303


def test_a_change_of_what_visitors_see_waits_for_the_teacher_and_staff_cannot_publish_it_before(
    world, ota, child, work  # noqa: F811
):  # fmt: skip
    path, scene_id, sound = work
    hand_in(child[0], path.rpartition("/")[2])
    pass_on(ota, path)
    staff, medium = world.sign_in("sato"), f"/studio/media/{sound}"
    assert publish_by(staff, "experience", scene_id).status_code == 303
    say(child[0], sound, "別の鐘")
    assert state_of(world, "media", sound) == "with_teacher"
    assert f"/desk/records/media/{sound}" not in staff.get("/desk/").text
    assert 'value="publish"' not in staff.get(f"/desk/records/media/{sound}").text
    empty = submit(ota, ota.get(medium).text, f"{medium}/give-back", note=" ")
    assert empty.status_code == 400 and "Write a sentence" in empty.text
    submit(ota, ota.get(medium).text, f"{medium}/give-back", note="Too loud.")
    assert state_of(world, "media", sound) == "changes_requested"
    assert "Too loud." in child[0].get(medium).text and "asked for changes" in child[0].get("/inbox").text
    forced = publish_by(staff, "media", sound)
    assert forced.status_code == 409 and "has not passed it on" in forced.text
    say(child[0], sound, "小さな鐘")
    opened = ota.get(medium).text
    say(child[0], sound, "もっと小さな鐘")
    assert submit(ota, opened, f"{medium}/pass-on").status_code == 409
    assert state_of(world, "media", sound) == "with_teacher"
    submit(ota, ota.get(medium).text, f"{medium}/pass-on")
    assert publish_by(staff, "media", sound).status_code == 303


def test_a_creators_scene_with_an_unseen_sound_of_a_pupil_waits_for_the_teacher(world, ota, child, kana, scan):  # noqa: F811
    sound = added(add(child[0], "sound", WAVE, **{**BELL, "captions_ja": "鐘"}))
    use(world, scan.scene_id, [sound])
    staff = world.sign_in("sato")
    refused = publish_by(staff, "experience", scan.scene_id)
    assert refused.status_code == 409 and "has not passed it on" in refused.text
    for stranger in (kana, staff):
        assert post_form(stranger, f"/studio/media/{sound}/pass-on", revision=1).status_code == 403
    submit(ota, ota.get(f"/studio/media/{sound}").text, f"/studio/media/{sound}/pass-on")
    assert publish_by(staff, "experience", scan.scene_id).status_code == 303


def test_a_withdrawn_scene_with_a_newer_draft_of_the_pupil_does_not_come_back_past_the_teacher(
    world, ota, child, work  # noqa: F811
):  # fmt: skip
    path, scene_id, _ = work
    hand_in(child[0], path.rpartition("/")[2])
    pass_on(ota, path)
    staff, record = world.sign_in("sato"), f"/desk/records/experience/{scene_id}"
    assert publish_by(staff, "experience", scene_id).status_code == 303

    def withdraw(kind):
        address = f"/desk/records/{kind}/{scene_id}"
        assert submit(staff, staff.get(address).text, address, step="withdraw").status_code == 303

    withdraw("experience")
    assert state_of(world, "scene", scene_id) == "withdrawn"
    assert publish_by(staff, "experience", scene_id).status_code == 303  # just what the teacher has seen
    world.clock.at += 1000
    use(world, scene_id, [])  # as the pupil composes it anew
    world.clock.at += 1000
    withdraw("scene")
    assert state_of(world, "scene", scene_id) == "withdrawn"
    refused = publish_by(staff, "scene", scene_id)
    assert refused.status_code == 409 and "has not passed it on" in refused.text
    assert load_record(world.catalog, Name("dejima", "scene", scene_id)).published_revision is None
    assert staff.get(record).status_code == 200


def test_a_pupils_medium_carries_the_pen_name_and_no_word_of_the_child_in_its_id(world, ota, class_path, child):  # noqa: F811
    browser, name = child
    typed = {**BELL, "captions_ja": "鐘", "title_en": "Taro Yamada's bell", "creator": "Taro Yamada"}
    assert f"{name} · Class 5-2" in browser.get("/studio/media/add?kind=sound").text
    sound = added(add(browser, "sound", WAVE, **typed))
    assert body_of(world, sound).creator == f"{name} · Class 5-2" and "taro" not in sound
    post_form(browser, f"/studio/media/{sound}", revision=1, creator="Taro", **{**BELL, "captions_ja": "鐘"})
    assert body_of(world, sound).creator == f"{name} · Class 5-2"
    staffs = send(world.sign_in("sato"), f"/studio/media/{sound}", {"file": ("", b"")}, title_ja="大きな鐘")
    assert staffs.status_code == 303 and body_of(world, sound).creator == f"{name} · Class 5-2"


def test_a_class_that_has_ended_takes_no_new_pictures_or_sounds(world, ota, class_path, child):  # noqa: F811
    browser, name = child
    sound = added(add(browser, "sound", WAVE, **{**BELL, "captions_ja": "鐘"}))
    submit(ota, ota.get(class_path).text, f"{class_path}/change", ends_on="2026-11-25")
    world.clock.at += 2 * DAY_MS
    later = world.visitor()
    assert login(later, name, CHILDS_PASSWORD).status_code == 303
    late = add(later, "sound", WAVE, **{**BELL, "captions_ja": "別の鐘", "title_ja": "別の鐘"})
    assert late.status_code == 409 and "has ended" in " ".join(re.findall(r'role="alert"[^>]*>([^<]+)', late.text))
    new_file = send(later, f"/studio/media/{sound}", {"file": ("b.mp3", (SOUNDS / "constant.mp3").read_bytes())})
    assert new_file.status_code == 409, faults(new_file.text)
    assert body_of(world, sound).file.endswith(".wav")


def test_until_the_teacher_has_looked_a_childs_picture_is_for_the_class_and_reviewers_alone(
    world, ota, class_path, child, scan  # noqa: F811
):  # fmt: skip
    kana = world.sign_in("kana")
    sound = added(add(child[0], "sound", WAVE, **{**BELL, "captions_ja": "鐘"}))
    medium, composing = f"/studio/media/{sound}", f"/studio/scenes/{scan.scene_id}"
    classmate, _ = join(world, make_code(ota, class_path))
    files = [medium, f"{medium}/file", f"{medium}/captions/ja"]
    for insider in (child[0], classmate, ota, world.sign_in("sato")):
        assert [insider.get(one).status_code for one in files] == [200, 200, 200]
        assert medium in insider.get("/studio/media").text
    other = world.sign_in("haru")
    assert [other.get(one).status_code for one in files] == [404, 404, 404]
    assert post_form(other, medium, revision=1).status_code == 404
    assert medium not in other.get("/studio/media").text
    assert f'value="{sound}"' not in kana.get(composing).text
    submit(ota, ota.get(medium).text, f"{medium}/pass-on")
    assert [other.get(one).status_code for one in files] == [200, 200, 200]
    assert f'value="{sound}"' in kana.get(composing).text
    use(world, scan.scene_id, [sound])
    say(child[0], sound, "別の鐘")  # and is unseen again, where it was chosen already too
    assert other.get(files[1]).status_code == 404
    page = kana.get(composing).text
    assert submit(kana, page, composing, credit_en="Kana and a class").status_code == 303
    assert load_record(world.catalog, Name("dejima", "scene", scan.scene_id)).body.sounds == [sound]


def test_staff_do_not_bring_out_a_pupils_newer_package_as_an_older_one(world, ota, child, work):  # noqa: F811
    path, scene_id, _ = work
    hand_in(child[0], path.rpartition("/")[2])
    pass_on(ota, path)
    staff, record = world.sign_in("sato"), f"/desk/records/scene/{scene_id}"
    assert publish_by(staff, "experience", scene_id).status_code == 303
    scan_id = path.rpartition("/")[2]
    newer = add_package(world.catalog, world.settings.package_dir, b"the pupil says something else")
    with world.catalog.begin() as connection:  # both of the same scan, as restating makes them
        old = load_scan(world.catalog, "dejima", scan_id).package_digest
        connection.execute(package.update().where(package.c.digest.in_([old, newer])).values(scan_id=scan_id))
    assert newer not in staff.get(record).text
    asked = {"revision": load_record(world.catalog, Name("dejima", "scene", scene_id)).revision, "node": "scan"}
    refused = post_form(staff, f"{record}/roll-back", package=newer, **asked)
    assert refused.status_code == 409 and "never seen by visitors" in refused.text
