import hmac
import re
import secrets
import time

import pytest

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import submit
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Experience, Node, Placement, Scene, Trigger
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Change, Name, load_record, save_record, set_state
from xr_server.storage.scans import load_scan

PATIENCE_S = 10.0


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def attach_and_open(world):
    """Kana's browser, the address of a scan that she has sent for review, and the id of what came of it."""
    kana, scan = world.sign_in("kana"), world.built_scan("kana")
    path = f"/studio/scans/{scan.id}"
    submit(kana, kana.get(path).text, f"{path}/attach", landmark="water-gate", title_en="The wall", summary_en="Old.")
    submit(kana, kana.get(path).text, f"{path}/review")
    return kana, path, load_scan(world.catalog, "dejima", scan.id).scene_id


@pytest.fixture
def attached(world):
    """The id of a scene and an experience that kana has made of a scan and sent for review."""
    return attach_and_open(world)[2]


def state_of(world, kind, record_id):
    return load_record(world.catalog, Name("dejima", kind, record_id)).state


def take(client, record_id, step, kind="experience", **typed):
    path = f"/desk/records/{kind}/{record_id}"
    return submit(client, client.get(path).text, path, step=step, **typed)


def site_document(world):
    return world.visitor().get("/api/v1/sites/dejima?lang=en", headers={"Accept": "application/json"}).json()


def wait_for_titles(world, titles):
    """Return once visitors are offered exactly these; the snapshot's thread looks every 0.4 s."""
    deadline = time.monotonic() + PATIENCE_S
    while [experience["title"] for experience in site_document(world)["experiences"]] != titles:
        assert time.monotonic() < deadline, site_document(world)["experiences"]
        time.sleep(0.05)


def test_an_empty_desk_says_what_will_come(sato):
    text = sato.get("/desk/").text
    assert "There are no experiences yet" in text and "Nothing is waiting for review" in text


def test_what_waits_for_review_comes_first_with_its_state(world, sato, attached):
    scene = load_record(world.catalog, Name("dejima", "scene", attached)).body
    draft = Experience(
        id="a-draft", title={"en": "Draft"}, landmark="water-gate", scene=scene.id, trigger=Trigger(kind="geofence")
    )
    save_record(world.catalog, "dejima", draft, None, Change(world.clock()))
    text = sato.get("/desk/").text
    assert "Experiences waiting for your look: 1." in text
    assert text.index(f"/desk/records/experience/{attached}") < text.index("/desk/records/experience/a-draft")
    assert text.count("state-in_review") == 2


def test_staff_see_words_picture_report_and_what_is_missing_before_they_decide(world, sato, attached):
    text = sato.get(f"/desk/records/experience/{attached}").text
    assert "There is no Japanese title" in text and "kana" in text and "Visitors do not see this yet" in text
    assert "From 597,123 triangles we made 2 levels" in text
    digest = load_record(world.catalog, Name("dejima", "scene", attached)).body.nodes[0].package
    assert f'src="/desk/posters/{digest}"' in text
    assert sato.get(f"/desk/posters/{digest}").content == b"RIFF of a poster"
    assert world.sign_in("kana").get(f"/desk/posters/{digest}").status_code == 403


def test_publishing_shows_scene_and_experience_to_visitors_within_a_second_or_so(world, sato, attached):
    wait_for_titles(world, [])
    answer = take(sato, attached, "publish")
    assert answer.status_code == 303
    assert (state_of(world, "experience", attached), state_of(world, "scene", attached)) == ("published", "published")
    wait_for_titles(world, ["The wall"])
    page = sato.get(answer.headers["location"]).text
    assert "Published." in page and "Visitors see this as it is here" in page
    digest = load_record(world.catalog, Name("dejima", "scene", attached)).body.nodes[0].package
    assert world.visitor().get(f"/packages/{digest}/poster.webp").status_code == 200


def test_undoing_a_publication_hides_both_again(world, sato, attached):
    page = sato.get(take(sato, attached, "publish").headers["location"]).text
    wait_for_titles(world, ["The wall"])
    undone = submit(sato, page, "/desk/undo")
    assert "Put back as it was" in sato.get(undone.headers["location"]).text
    wait_for_titles(world, [])
    assert (state_of(world, "experience", attached), state_of(world, "scene", attached)) == ("in_review", "in_review")


def test_what_is_withdrawn_answers_410_and_a_later_draft_does_not_bring_it_back(world, sato, attached):
    take(sato, attached, "publish")
    wait_for_titles(world, ["The wall"])
    take(sato, attached, "withdraw")
    take(sato, attached, "withdraw", kind="scene")
    world.app.state.parts.published.refresh()  # its thread may have looked between the two
    wait_for_titles(world, [])
    stored = load_record(world.catalog, Name("dejima", "scene", attached))
    gone = world.visitor().get(f"/packages/{stored.body.nodes[0].package}/poster.webp")
    assert gone.status_code == 410 and "urn:dejima:problem:" in gone.text
    assert "Withdrawn: visitors no longer see it" in sato.get(f"/desk/records/experience/{attached}").text
    for kind in ("experience", "scene"):
        record = load_record(world.catalog, Name("dejima", kind, attached))
        save_record(world.catalog, "dejima", record.body, record.revision, Change(world.clock()))
    world.app.state.parts.published.refresh()
    assert site_document(world)["experiences"] == []


def test_what_was_withdrawn_can_be_sent_for_review_and_published_again(world, sato, attached):
    take(sato, attached, "publish")
    take(sato, attached, "withdraw")
    take(sato, attached, "withdraw", kind="scene")
    kana = world.sign_in("kana")
    path = "/studio/scans/" + kana.get("/studio/").text.split("/studio/scans/")[1].split('"')[0]
    assert submit(kana, kana.get(path).text, f"{path}/review").status_code == 303
    assert (state_of(world, "experience", attached), state_of(world, "scene", attached)) == ("in_review", "in_review")
    take(sato, attached, "publish")
    wait_for_titles(world, ["The wall"])


def test_changes_are_requested_with_a_note_the_creator_reads(world, sato, attached):
    empty = take(sato, attached, "changes")
    assert empty.status_code == 400 and "Write a sentence on what should change" in empty.text
    assert take(sato, attached, "changes", note="The title needs Japanese.").status_code == 303
    assert state_of(world, "experience", attached) == "changes_requested"
    scan = world.sign_in("kana").get("/studio/").text.split("/studio/scans/")[1].split('"')[0]
    page = world.sign_in("kana").get(f"/studio/scans/{scan}").text
    assert "The title needs Japanese." in page and "sato" in page and "Changes requested" in page


def test_a_stale_page_changes_nothing_and_keeps_the_note(world, sato, attached):
    path = f"/desk/records/experience/{attached}"
    old = sato.get(path).text
    record = load_record(world.catalog, Name("dejima", "experience", attached))
    save_record(world.catalog, "dejima", record.body, record.revision, Change(world.clock()))
    for step in ("publish", "changes"):
        answer = submit(sato, old, path, step=step, note="A note I typed.")
        assert answer.status_code == 409 and "A note I typed." in answer.text
    assert (state_of(world, "experience", attached), state_of(world, "scene", attached)) == ("draft", "in_review")
    assert site_document(world)["experiences"] == []


def test_a_step_somebody_took_first_is_said(world, sato, attached):
    path = f"/desk/records/experience/{attached}"
    old = sato.get(path).text
    assert submit(sato, old, path, step="changes", note="Please.").status_code == 303
    again = submit(sato, old, path, step="changes", note="Please.")
    assert again.status_code == 409 and "somebody may have been faster" in again.text


def test_a_scene_whose_model_is_not_there_is_not_published(world, sato):
    place = Placement(lat=32.7437, lon=129.8723, h=34.5, accuracy_m=15)
    scene = Scene(id="empty", landmark="water-gate", nodes=[Node(id="gate", model="gate.glb", placement=place)])
    experience = Experience(
        id="empty", title={"en": "Empty"}, landmark="water-gate", scene="empty", trigger=Trigger(kind="geofence")
    )
    for body in (scene, experience):
        save_record(world.catalog, "dejima", body, None, Change(world.clock()))
    answer = take(sato, "empty", "publish")
    assert answer.status_code == 409 and "is not built yet" in answer.text
    assert (state_of(world, "experience", "empty"), state_of(world, "scene", "empty")) == ("draft", "draft")


def test_staff_of_another_site_see_and_change_nothing_here(world, attached):
    new = NewAccount("elsewhere", "aoki", "staff", PASSWORD)
    add_account(world.catalog, new, world.clock(), secrets.token_bytes)
    aoki = world.sign_in("aoki")
    assert attached not in aoki.get("/desk/").text
    path = f"/desk/records/experience/{attached}"
    assert aoki.get(path).status_code == 404
    assert post_form(aoki, path, step="publish", revision="1").status_code == 404
    undo = post_form(aoki, "/desk/undo", before=sealed(aoki, f"experience.{attached}.1.published.1.in_review.0"))
    assert undo.status_code == 404
    empty = aoki.get("/desk/figures")
    assert empty.status_code == 404 and "no content yet" in empty.text
    assert state_of(world, "experience", attached) == "in_review"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "x",
        "account.sato.1.published.1.published.0",
        "experience.a.b.c.d.e.f",
        "experience.a.1.shown.1.published.0",
        "experience.a.1.draft.1.shown.0",
    ],
)
def test_an_undo_that_was_meddled_with_is_refused(sato, before):
    for sent in (before, sealed(sato, before)):
        answer = post_form(sato, "/desk/undo", before=sent)
        assert answer.status_code == 400 and "cannot be undone" in answer.text


def sealed(client, text):
    """What the address of an undo carries, as the server seals it for who is signed in there."""
    mark = hmac.new(client.headers["X-CSRF-Token"].encode(), text.encode(), "sha256").hexdigest()[:32]
    return f"{mark}:{text}"


def test_a_link_that_somebody_else_made_undoes_nothing(world, sato, attached):
    take(sato, attached, "publish")
    take(sato, attached, "withdraw")
    add_account(world.catalog, NewAccount("dejima", "ono", "approver", PASSWORD), world.clock(), secrets.token_bytes)
    ono, made_up = world.sign_in("ono"), f"experience.{attached}.1.published.1.withdrawn.0"
    path = f"/desk/records/experience/{attached}?done=withdraw&undo="
    old = f"experience.{attached}.1.published.1"
    for undo in (old, made_up, sealed(ono, made_up)):
        answer = submit(sato, sato.get(path + undo).text, "/desk/undo")
        assert answer.status_code == 400 and "cannot be undone" in answer.text
        assert state_of(world, "experience", attached) == "withdrawn"


def test_an_undo_does_not_bring_back_what_was_withdrawn_since(world, sato, attached):
    take(sato, attached, "publish")
    record = load_record(world.catalog, Name("dejima", "experience", attached))
    save_record(world.catalog, "dejima", record.body, record.revision, Change(world.clock()))
    set_state(world.catalog, Name("dejima", "experience", attached), 2, "in_review", Change(world.clock()))
    page = sato.get(take(sato, attached, "changes", note="Look again.").headers["location"]).text
    take(sato, attached, "withdraw", reason="rights")
    answer = submit(sato, page, "/desk/undo")
    assert answer.status_code == 409 and "left as it is" in answer.text
    stored = load_record(world.catalog, Name("dejima", "experience", attached))
    assert (stored.state, stored.published_revision) == ("withdrawn", None)


def test_a_page_opened_before_a_withdrawal_does_not_publish_it_again(world, sato, attached):
    opened = sato.get(f"/desk/records/experience/{attached}").text
    take(sato, attached, "publish")
    take(sato, attached, "withdraw", reason="rights")
    answer = submit(sato, opened, f"/desk/records/experience/{attached}", step="publish")
    assert answer.status_code == 409 and "Somebody else has changed" in answer.text
    assert (state_of(world, "experience", attached), state_of(world, "scene", attached)) == ("withdrawn", "withdrawn")
    assert take(sato, attached, "publish").status_code == 303  # from the page that says it was withdrawn


def test_an_undo_that_is_too_late_for_the_scene_leaves_the_experience_too(world, sato, attached):
    page = sato.get(take(sato, attached, "publish").headers["location"]).text
    scene = load_record(world.catalog, Name("dejima", "scene", attached))
    save_record(world.catalog, "dejima", scene.body, scene.revision, Change(world.clock()))
    assert submit(sato, page, "/desk/undo").status_code == 409
    assert (state_of(world, "experience", attached), state_of(world, "scene", attached)) == ("published", "draft")


@pytest.mark.parametrize(
    "path", ["/desk/records/experience/nothing", "/desk/records/season/year-end", "/desk/posters/xyz"]
)
def test_what_is_not_there_is_a_page_that_leads_on(sato, path):
    answer = sato.get(path)
    assert answer.status_code == 404 and "This could not be done" in answer.text


def count_in_menu(client, path):
    """What the menu says waits behind an entry; 0 where it says nothing."""
    page = client.get("/account").text
    found = re.search(
        rf'<a href="{path}"[^>]*>[^<]*<span class="count"[^>]*aria-label="(\d+) waiting for you">(\d+)<', page
    )
    assert found is None or found[1] == found[2]
    return int(found[1]) if found else 0


def test_whoever_must_act_sees_how_much_waits_on_every_page(world, sato):
    kana = world.sign_in("kana")
    assert (count_in_menu(sato, "/desk/"), count_in_menu(kana, "/studio/")) == (0, 0)
    scan = world.built_scan("kana")
    path = f"/studio/scans/{scan.id}"
    submit(kana, kana.get(path).text, f"{path}/attach", landmark="water-gate", title_en="The wall")
    assert count_in_menu(sato, "/desk/") == 0  # a draft is nobody's business yet
    submit(kana, kana.get(path).text, f"{path}/review")
    assert (count_in_menu(sato, "/desk/"), count_in_menu(kana, "/desk/")) == (1, 0)
    record_id = load_scan(world.catalog, "dejima", scan.id).scene_id
    take(sato, record_id, "changes", note="Say when it was built.")
    assert (count_in_menu(sato, "/desk/"), count_in_menu(kana, "/studio/")) == (0, 1)
    assert count_in_menu(world.sign_in("haru"), "/studio/") == 0
    submit(kana, kana.get(path).text, f"{path}/review")
    assert count_in_menu(kana, "/studio/") == 0


def test_a_scene_that_was_moved_after_staff_had_looked_is_not_published_unseen(world, sato):
    kana, path, record_id = attach_and_open(world)
    seen = sato.get(f"/desk/records/experience/{record_id}").text
    submit(kana, kana.get(f"{path}/place").text, f"{path}/place", heading_deg="77")
    answer = submit(sato, seen, f"/desk/records/experience/{record_id}", step="publish")
    assert answer.status_code == 409 and "Somebody else has changed this" in answer.text
    assert state_of(world, "experience", record_id) == "in_review"
    assert take(sato, record_id, "publish").status_code == 303  # the page of now shows what it publishes
    assert state_of(world, "scene", record_id) == "published"


def test_a_place_put_right_after_publication_goes_to_review_and_out_again(world, sato):
    kana, path, record_id = attach_and_open(world)
    take(sato, record_id, "publish")
    submit(kana, kana.get(f"{path}/place").text, f"{path}/place", heading_deg="77")
    page = kana.get(path).text
    assert submit(kana, page, f"{path}/review").status_code == 303
    assert (state_of(world, "experience", record_id), state_of(world, "scene", record_id)) == ("published", "in_review")
    assert count_in_menu(sato, "/desk/") == 1
    assert take(sato, record_id, "publish", kind="scene").status_code == 303
    assert state_of(world, "scene", record_id) == "published" and count_in_menu(sato, "/desk/") == 0
    assert f"{path}/review" not in kana.get(path).text  # nothing is left to hand in


def test_an_approver_is_offered_no_page_that_is_refused(world):
    _, _, record_id = attach_and_open(world)
    add_account(world.catalog, NewAccount("dejima", "ono", "approver", PASSWORD), world.clock(), secrets.token_bytes)
    ono = world.sign_in("ono")
    page = ono.get(f"/desk/records/experience/{record_id}").text
    inside = {address for address in re.findall(r'href="(/[^"?#]*)"', page) if not address.startswith("/static")}
    assert {address: ono.get(address).status_code for address in inside if ono.get(address).status_code == 403} == {}
    assert take(ono, record_id, "publish").status_code == 303
