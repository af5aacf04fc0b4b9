import json

import pytest

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import TYPED, attach, submit
from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.scan import Reason
from xr_server.storage.builds import Outcome, claim_scan, save_outcome
from xr_server.storage.catalog import Change, Name, list_records, load_record, save_record
from xr_server.storage.scans import load_scan


def record(world, kind):
    (stored,) = list_records(world.catalog, "dejima", kind)
    return stored


def test_an_empty_studio_says_what_to_do_first(kana):
    text = kana.get("/studio/").text
    assert "There are no scans yet" in text and 'href="/studio/upload"' in text


def test_creators_see_their_own_scans_and_staff_can_see_everybodys(world, kana):
    scan = world.built_scan("kana")
    assert scan.id in kana.get("/studio/").text
    assert scan.id not in world.sign_in("haru").get("/studio/?whose=all").text
    sato = world.sign_in("sato")
    assert scan.id not in sato.get("/studio/").text
    assert scan.id in sato.get("/studio/?whose=all").text


def test_the_upload_page_begins_at_the_middle_of_the_site_and_says_that_it_needs_javascript(kana):
    text = kana.get("/studio/upload").text
    assert (
        'name="lat" type="number" step="any" min="-90" max="90" required inputmode="decimal" value="32.74352"' in text
    )
    assert "needs JavaScript" in text and 'id="send" disabled' in text
    assert json.loads(text.split('id="upload-words">')[1].split("</script>")[0])["csrf"] == kana.headers["X-CSRF-Token"]


def test_a_built_scan_shows_its_report_in_words_its_picture_and_each_warning_once(world, kana):
    scan = world.built_scan()
    text = kana.get(f"/studio/scans/{scan.id}").text
    assert "From 597,123 triangles we made 2 levels" in text and "3.1 mm" in text
    assert "25,000 were asked for" in text and "100,000 were asked for" not in text
    assert text.count("2.3 m from corner to corner") == 1
    picture = kana.get(f"/studio/scans/{scan.id}/files/poster.webp")
    assert (picture.content, picture.headers["cache-control"]) == (b"RIFF of a poster", "private, no-store")
    assert kana.get(f"/studio/scans/{scan.id}/files/lod0.glb").status_code == 404


def test_nobody_else_sees_a_scan_or_its_picture_before_it_is_published(world):
    scan = world.built_scan("kana")
    for path in (f"/studio/scans/{scan.id}", f"/studio/scans/{scan.id}/files/poster.webp"):
        assert world.sign_in("haru").get(path).status_code == 404
        assert world.visitor().get(path, follow_redirects=False).status_code == 303
        assert world.sign_in("sato").get(path).status_code == 200
    assert world.visitor().get(f"/packages/{scan.package_digest}/poster.webp").status_code == 404


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("gltf_view", "glTFの中身が決まりに合わず"),
        ("zip_bomb", "異常に大きくなるZIP"),
        ("brand_new", "Say what happened."),
    ],
)
def test_a_refused_scan_says_why_in_the_readers_language_as_far_as_it_is_known(world, kana, code, words):
    scan_id = waiting_scan(world, kana)
    lease, _ = claim_scan(world.catalog, "w", world.clock())
    save_outcome(world.catalog, lease, Outcome("rejected", "check", Reason(code, "Say what happened.")), world.clock())
    text = kana.get(f"/studio/scans/{scan_id}?lang=ja").text
    assert words in text and "/studio/upload" in text


def waiting_scan(world, client):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "4"}
    metadata = "filename d2FsbC5wbHk=,title VA==,creator Yw==,licence bA==,lat MzI=,lon MTI5,height MzQ="
    location = client.post("/api/v1/uploads", headers={**headers, "Upload-Metadata": metadata}).headers["location"]
    chunk = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.patch(location, content=b"ply\n", headers=chunk).status_code == 204
    return location.rpartition("/")[2]


def test_a_scan_can_be_cancelled_by_its_creator_once(world, kana):
    scan_id = waiting_scan(world, kana)
    assert post_form(world.sign_in("haru"), f"/studio/scans/{scan_id}/cancel").status_code == 404
    answer = submit(kana, kana.get(f"/studio/scans/{scan_id}").text, f"/studio/scans/{scan_id}/cancel")
    assert answer.headers["location"] == "/studio/?done=cancelled"
    assert "was cancelled" in kana.get(answer.headers["location"]).text
    assert not (world.settings.upload_dir / scan_id).exists()
    again = post_form(kana, f"/studio/scans/{scan_id}/cancel")
    assert again.status_code == 409 and "has ended already" in again.text


def test_a_scan_that_waits_says_its_place_in_line(world, kana):
    first, second, third = (waiting_scan(world, kana) for _ in range(3))
    said = {scan_id: kana.get(f"/studio/scans/{scan_id}").text for scan_id in (first, second, third)}
    places = [kana.get(f"/api/v1/scans/{scan_id}").json()["ahead"] for scan_id in said]
    assert sorted(places) == [0, 1, 2]
    words = {0: "It is next.", 1: "One scan comes before it.", 2: "2 scans come before it."}
    assert all(f" {words[place]}</p>" in text for place, text in zip(places, said.values(), strict=True))


def test_a_scan_that_was_refused_is_tried_again_by_its_creator_alone(world, kana):
    scan_id = waiting_scan(world, kana)
    lease, _ = claim_scan(world.catalog, "worker", world.clock())
    outcome = Outcome("rejected", "read", Reason("ply_data", "Broken."))
    assert save_outcome(world.catalog, lease, outcome, world.clock())
    path = f"/studio/scans/{scan_id}/again"
    assert path not in world.sign_in("sato").get(f"/studio/scans/{scan_id}").text
    answer = submit(kana, kana.get(f"/studio/scans/{scan_id}").text, path)
    assert answer.headers["location"] == f"/studio/scans/{scan_id}"
    assert load_scan(world.catalog, "dejima", scan_id).state == "waiting"
    twice = post_form(kana, path)
    assert twice.status_code == 409 and "Nothing was changed" in twice.text


def test_a_page_that_waits_is_told_of_each_change_until_the_end(world, kana):
    scan = world.built_scan()
    with kana.stream("GET", f"/api/v1/scans/{scan.id}/progress") as answer:
        body = answer.read().decode()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert body.startswith("event: end\ndata: ") and json.loads(body.split("data: ")[1])["state"] == "built"


def test_attaching_makes_drafts_that_no_visitor_sees(world, kana):
    scan = world.built_scan()
    assert attach(kana, scan.id).headers["location"] == f"/studio/scans/{scan.id}?done=attached"
    experience, scene = record(world, "experience"), record(world, "scene")
    assert isinstance(experience.body, Experience) and isinstance(scene.body, Scene)
    assert (experience.state, scene.state, experience.published_revision) == ("draft", "draft", None)
    assert experience.body.title == {"ja": "石垣", "en": "The wall"}
    assert (experience.body.scene, experience.body.landmark) == (scene.id, "water-gate")
    assert scene.body.nodes[0].package == scan.package_digest
    assert scene.id.startswith("the-wall-") and load_scan(world.catalog, "dejima", scan.id).scene_id == scene.id
    page = kana.get(f"/studio/scans/{scan.id}?done=attached").text
    assert "Visitors do not see it yet" in page and 'value="The wall"' in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"landmark": ""}, "Choose the landmark"),
        ({"landmark": "elsewhere"}, "not there any more"),
        ({"title_en": "", "title_ja": ""}, "at least one language"),
        ({"title_en": "x" * 121}, "120 characters"),
        ({"summary_en": "x" * 601}, "600 characters"),
    ],
)
def test_what_cannot_be_attached_is_said_and_everything_typed_stays(world, kana, typed, words):
    scan = world.built_scan()
    answer = attach(kana, scan.id, **typed)
    assert answer.status_code == 400 and words in answer.text
    assert all(value in answer.text for value in {**TYPED, **typed}.values() if value != "elsewhere")
    assert list_records(world.catalog, "dejima", "scene") == []


def test_two_windows_never_overwrite_each_other_unseen(world, kana):
    scan = world.built_scan()
    attach(kana, scan.id)
    action = f"/studio/scans/{scan.id}/attach"
    first, second = (kana.get(f"/studio/scans/{scan.id}").text for _ in range(2))
    assert submit(kana, first, action, title_en="North wall", summary_en="Theirs.").status_code == 303
    answer = submit(kana, second, action, title_en="South wall", summary_en="Mine.")
    assert answer.status_code == 409 and "Nothing of theirs was overwritten" in answer.text
    assert 'value="South wall"' in answer.text and "Mine." in answer.text
    assert '<del><span class="unseen">taken out: </span>North' in answer.text
    assert '<ins><span class="unseen">put in: </span>South' in answer.text
    assert record(world, "experience").body.title["en"] == "North wall"
    assert submit(kana, answer.text, action).status_code == 303  # having seen theirs, save again
    assert record(world, "experience").body.title["en"] == "South wall"


def test_saving_keeps_what_others_have_added_to_scene_and_experience(world, kana):
    scan = world.built_scan()
    attach(kana, scan.id)
    stored = record(world, "experience")
    richer = Experience(
        **{**{f: getattr(stored.body, f) for f in stored.body.__struct_fields__}, "body": {"en": "Long."}}
    )
    save_record(world.catalog, "dejima", richer, stored.revision, Change(world.clock()))
    attach(kana, scan.id, title_en="Other title")
    body = record(world, "experience").body
    assert (body.title["en"], body.body) == ("Other title", {"en": "Long."})


def test_a_scan_goes_to_review_and_can_be_taken_back(world, kana):
    scan = world.built_scan()
    attach(kana, scan.id)
    path = f"/studio/scans/{scan.id}"
    answer = submit(kana, kana.get(path).text, f"{path}/review")
    assert answer.headers["location"] == f"{path}?done=in_review"
    assert (record(world, "experience").state, record(world, "scene").state) == ("in_review", "in_review")
    page = kana.get(answer.headers["location"]).text
    assert "Sent for review" in page
    assert submit(kana, page, f"{path}/take-back").headers["location"] == f"{path}?done=taken_back"
    assert (record(world, "experience").state, record(world, "scene").state) == ("draft", "draft")


def test_a_scan_sent_for_review_from_an_old_page_is_left_as_it_is(world, kana):
    scan = world.built_scan()
    attach(kana, scan.id)
    old = kana.get(f"/studio/scans/{scan.id}").text
    attach(kana, scan.id, title_en="Newer")
    answer = submit(kana, old, f"/studio/scans/{scan.id}/review")
    assert answer.status_code == 409
    assert (record(world, "experience").state, record(world, "scene").state) == ("draft", "draft")


def test_nothing_is_attached_or_reviewed_before_it_is_there(world, kana):
    scan_id = waiting_scan(world, kana)
    early = post_form(kana, f"/studio/scans/{scan_id}/attach", **TYPED)
    assert early.status_code == 409 and "not built yet" in early.text
    review = post_form(kana, f"/studio/scans/{scan_id}/review", revision="1")
    assert review.status_code == 409 and "Attach this scan to a landmark first" in review.text


def test_an_unknown_scan_is_a_page_that_leads_on(kana):
    answer = kana.get("/studio/scans/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert "Choose it from the list of scans" in answer.text and 'href="/studio/"' in answer.text


def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(world, kana):
    scan = world.built_scan()
    page = kana.get(f"/studio/scans/{scan.id}").text
    world.clock.at += 13 * 3_600_000
    login = submit(kana, page, f"/studio/scans/{scan.id}/attach", **TYPED)
    assert login.status_code == 401 and "What you typed is kept" in login.text
    wrong = submit(kana, login.text, "/login", name="kana", password="wrong")
    assert wrong.status_code == 401 and "do not belong together" in wrong.text
    kept = submit(kana, wrong.text, "/login", name="kana", password=PASSWORD)
    assert kept.status_code == 200 and "Nothing was changed yet" in kept.text and "<li>石垣</li>" in kept.text
    done = submit(kana, kept.text, f"/studio/scans/{scan.id}/attach")
    assert done.headers["location"] == f"/studio/scans/{scan.id}?done=attached"
    stored = load_record(world.catalog, Name("dejima", "experience", record(world, "experience").id))
    assert stored.body.title == {"ja": "石垣", "en": "The wall"}


def restate(client, scan, **typed):
    path = f"/studio/scans/{scan.id}/details"
    return submit(client, client.get(path).text, path, **typed)


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"title": " "}, 400, "Please fill this in."),
        ({"provenance": "hearsay"}, 400, "Check the fields"),
        ({"digest": "0" * 64, "title": "Gate"}, 409, "Nothing of theirs was overwritten"),
        ({"title": "Gate"}, 503, "could not be written anew"),  # the package of this test holds no models
    ],
)
def test_what_cannot_be_said_of_a_scan_is_refused_and_what_was_typed_stays(world, kana, typed, status, said):
    scan = world.built_scan()
    answer = restate(kana, scan, **typed)
    assert answer.status_code == status and said in answer.text
    stored = load_scan(world.catalog, "dejima", scan.id)
    assert (stored.details, stored.package_digest) == (scan.details, scan.package_digest)


def test_only_built_scans_of_ones_own_are_said_otherwise(world, kana):
    waiting = waiting_scan(world, kana)
    assert kana.get(f"/studio/scans/{waiting}/details").status_code == 409
    assert world.sign_in("haru").get(f"/studio/scans/{waiting}/details").status_code == 404
