"""School classes: from the code on the blackboard to a pupil's work with staff, cards, ending, and deletion with a receipt."""

import re

import pytest

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import attach, fields_of, login, submit
from xr_server.domain.account import NewAccount
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Name, load_record
from xr_server.storage.class_deletion import delete_over

DAY_MS = 86_400_000
CHILDS = "sakana-sora-taiko"


@pytest.fixture
def ota(world):
    """A browser in which a teacher has signed in."""
    account = NewAccount("dejima", "ota", "teacher", PASSWORD)
    world.accounts["ota"] = add_account(world.catalog, account, world.clock(), lambda count: b"o" * count)
    return world.sign_in("ota")


@pytest.fixture
def class_path(ota):
    answer = submit(ota, ota.get("/desk/classes").text, "/desk/classes", name="Class 5-2", school="Harbour School")
    return answer.headers["location"].partition("?")[0]


def make_code(ota, class_path):
    page = post_form(ota, f"{class_path}/code").text
    return re.search(r'class="big-code">([^<]+)<', page)[1]


def type_code(child, code):
    return submit(child, child.get("/join").text, "/join", code=code)


def join(world, code, password=CHILDS, language="en"):
    """A pupil's browser after joining, and the pen name."""
    child = world.visitor()
    child.headers["Accept-Language"] = language
    page = type_code(child, code).text
    name = re.search(r'class="pen-name">([^<]+)<', page)[1]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.split("</form>")[-2]))
    answer = child.post("/join/account", data={**fields, "password": password, "step": "make"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert name in child.get(answer.headers["location"]).text
    found = re.search(r'name="csrf" value="(\w+)"', child.get("/studio/").text)
    child.headers["X-CSRF-Token"] = found[1]
    return child, name


def work_of(world, child, name):
    """A built scan of a pupil's, attached by the pupil."""
    account_id = world.accounts[name] = account_of(world, name)
    assert account_id
    stored = world.built_scan(name, content=name.encode())
    attach(child, stored.id)
    return stored.id


def account_of(world, name):
    with world.catalog.connect() as connection:
        return connection.exec_driver_sql("SELECT id FROM account WHERE name = ?", (name,)).scalar()


def hand_in(child, scan_id):
    return submit(child, child.get(f"/studio/scans/{scan_id}").text, f"/studio/scans/{scan_id}/review")


def test_a_pupil_joins_by_a_code_without_mail_or_real_name_and_works(world, ota, class_path):
    code = make_code(ota, class_path)
    child, name = join(world, code)
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+ [1-9][0-9]", name)
    again = world.visitor()
    assert login(again, name.lower().replace(" ", ""), CHILDS).headers["location"] == "/studio/"
    assert name in ota.get(class_path).text
    page = child.get("/studio/upload").text
    assert f"{name} · Class 5-2" in page and 'name="creator"' not in page
    assert "You can still send 2 GB in 20 scans; you keep 0 GB in 0 now." in page
    assert 'action="/account/tokens"' not in child.get("/account").text


def test_a_pen_name_in_japanese_and_another_one_for_the_asking(world, ota, class_path):
    code = make_code(ota, class_path)
    child = world.visitor()
    child.headers["Accept-Language"] = "ja"
    page = type_code(child, code).text
    first = re.search(r'class="pen-name">([^<]+)<', page)[1]
    assert re.fullmatch(r"[ぁ-んー]+[1-9][0-9]", first)
    page = submit(child, page, "/join/account", step="another").text
    assert re.search(r'class="pen-name">([^<]+)<', page)[1] != first


def test_what_a_child_types_wrong_is_said_in_plain_words_and_the_name_stays(world, ota, class_path):
    code = make_code(ota, class_path)
    child = world.visitor()
    unreadable = type_code(child, "hello")
    assert (
        unreadable.status_code == 400
        and "9 letters and digits" in unreadable.text
        and 'value="hello"' in unreadable.text
    )
    wrong = type_code(child, "AAAA-AAAAA")
    assert wrong.status_code == 404 and "ask your teacher" in wrong.text
    page = type_code(child, code).text
    name = re.search(r'class="pen-name">([^<]+)<', page)[1]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.split("</form>")[-2]))
    short = child.post("/join/account", data={**fields, "password": "short", "step": "make"})
    assert short.status_code == 400 and "at least 10 characters" in short.text and f">{name}<" in short.text
    forged = child.post("/join/account", data={**fields, "seed": "Taro Yamada", "password": CHILDS, "step": "make"})
    assert forged.status_code == 400 and "Taro" not in forged.text
    stranger = world.visitor()
    assert stranger.post("/join", data={"code": code, "join_token": "x"}).status_code == 403


def test_guessing_rests_with_a_sentence_and_a_time(world, ota, class_path):
    make_code(ota, class_path)
    guesser = world.visitor()
    for _ in range(5):
        assert type_code(guesser, "AAAA-AAAAA").status_code == 404
    rested = type_code(guesser, "AAAA-AAAAA")
    assert rested.status_code == 503 and rested.headers["Retry-After"] == "2" and "wait a little" in rested.text
    world.clock.at += 2000
    assert type_code(guesser, "AAAA-AAAAA").status_code == 404


def test_work_goes_from_pupil_to_teacher_to_staff_and_back(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    path = f"/studio/scans/{scan_id}"
    answer = hand_in(child, scan_id)
    assert answer.headers["location"].endswith("done=handed_in")
    assert "It is with your teacher now." in child.get(answer.headers["location"]).text
    waiting = ota.get(class_path).text
    assert (
        "With the teacher" in waiting
        and '<span class="count" role="img" aria-label="1 waiting for you">1</span>' in waiting
    )

    sato = world.sign_in("sato")
    scene_id = scene_of(world, scan_id)
    record = f"/desk/records/experience/{scene_id}"
    assert 'value="publish"' not in sato.get(record).text
    empty = submit(ota, ota.get(path).text, f"{path}/send-back", note=" ")
    assert empty.status_code == 400 and "Write a sentence" in empty.text
    submit(ota, ota.get(path).text, f"{path}/send-back", note="Turn it to the sea.")
    assert "Turn it to the sea." in child.get(path).text
    hand_in(child, scan_id)
    passed = submit(ota, ota.get(path).text, f"{path}/review")
    assert passed.headers["location"].endswith("done=in_review")
    published = submit(sato, sato.get(record).text, record, step="publish")
    assert published.status_code == 303
    assert load_record(world.catalog, Name("dejima", "experience", scene_id)).state == "published"


def scene_of(world, scan_id):
    with world.catalog.connect() as connection:
        return connection.exec_driver_sql("SELECT scene_id FROM scan WHERE id = ?", (scan_id,)).scalar()


def turn(child, path):
    assert submit(child, child.get(f"{path}/place").text, f"{path}/place", heading_deg="77").status_code == 303


def test_a_scene_that_a_pupil_changed_after_the_teacher_passed_it_on_does_not_go_out(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    path, scene = f"/studio/scans/{scan_id}", Name("dejima", "scene", scene_of(world, scan_id))
    hand_in(child, scan_id)
    assert submit(ota, ota.get(path).text, f"{path}/review").status_code == 303
    turn(child, path)
    sato, record = world.sign_in("sato"), f"/desk/records/experience/{scene.id}"
    answer = submit(sato, sato.get(record).text, record, step="publish")
    assert answer.status_code == 409 and "has not passed it on" in answer.text
    assert load_record(world.catalog, scene).published_revision is None


def test_a_teacher_passes_on_only_the_scene_that_the_page_showed(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    path, scene = f"/studio/scans/{scan_id}", Name("dejima", "scene", scene_of(world, scan_id))
    hand_in(child, scan_id)
    opened = ota.get(path).text
    turn(child, path)
    assert submit(ota, opened, f"{path}/review").status_code == 409
    assert load_record(world.catalog, scene).state == "draft"
    assert submit(ota, ota.get(path).text, f"{path}/review").status_code == 303
    assert load_record(world.catalog, scene).state == "in_review"


def test_nobody_goes_round_the_teacher(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    scene_id, sato = scene_of(world, scan_id), world.sign_in("sato")
    record = f"/desk/records/experience/{scene_id}"
    early = submit(sato, sato.get(record).text, record, step="publish")  # a draft, which staff publish of others
    assert early.status_code == 409 and "has not passed it on" in early.text
    passed = post_form(sato, f"/studio/scans/{scan_id}/review", revision=1)
    assert passed.status_code == 409 and "has not passed it on" in passed.text
    kana = world.sign_in("kana")
    assert kana.get(f"/studio/scans/{scan_id}").status_code == 404
    assert post_form(sato, f"/studio/scans/{scan_id}/send-back", revision=1, note="x").status_code == 403
    other = world.visitor()
    account = NewAccount("dejima", "ishii", "teacher", PASSWORD)
    add_account(world.catalog, account, world.clock(), lambda count: b"i" * count)
    other = world.sign_in("ishii")
    assert other.get(class_path).status_code == 404
    assert other.get(f"/studio/scans/{scan_id}").status_code == 404
    assert post_form(other, f"{class_path}/delete").status_code == 404


def test_a_card_lets_a_pupil_choose_a_password_and_is_in_at_once(world, ota, class_path):
    page = post_form(ota, f"{class_path}/cards", count="12").text
    assert page.count('class="card-name"') == 12 and page.count("<svg") >= 12
    links = re.findall(r'href="http://localhost(/reset/\w+)"', page)
    assert len(set(links)) == 12
    child = world.visitor()
    form = child.get(links[0]).text
    assert "Choose your password" in form and "Do not use your name" in form
    answer = submit(child, form, links[0], new=CHILDS)
    assert answer.headers["location"] == "/join/welcome" and child.get("/join/welcome").status_code == 200
    assert child.get(links[0]).status_code == 404
    world.clock.at += 13 * DAY_MS
    assert world.visitor().get(links[1]).status_code == 200
    world.clock.at += 2 * DAY_MS
    assert world.visitor().get(links[1]).status_code == 404
    for count in ("0", "41", "many"):
        refused = post_form(world.sign_in("ota"), f"{class_path}/cards", count=count)
        assert refused.status_code == 400 and "1 to 40 pupils" in refused.text


def test_a_new_card_for_who_forgot_the_password(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    page = post_form(ota, f"{class_path}/pupils/{account_of(world, name)}/link").text
    (link,) = set(re.findall(r'href="http://localhost(/reset/\w+)"', page))
    submit(world.visitor(), world.visitor().get(link).text, link, new="another-fish-drum")
    assert child.get("/studio/", follow_redirects=False).status_code == 303  # signed out there
    assert login(world.visitor(), name, "another-fish-drum").status_code == 303


def test_a_pupils_credit_is_the_servers_whatever_is_sent(world, ota, class_path, tus):
    child, name = join(world, make_code(ota, class_path))
    answer = begin(child, tus, creator="Taro Yamada")
    assert answer.status_code == 201, answer.text
    scan = child.get(f"/api/v1/scans/{answer.headers['location'].rpartition('/')[2]}").json()
    assert scan["details"]["creator"] == f"{name} · Class 5-2"
    page = ota.get(class_path).text
    submit(ota, page, f"{class_path}/change", credit_with="school")
    answer = begin(child, tus)
    scan = child.get(f"/api/v1/scans/{answer.headers['location'].rpartition('/')[2]}").json()
    assert scan["details"]["creator"] == f"{name} · Harbour School"


def begin(client, tus, length=10, **changes):
    from tests.routes.test_uploads import FIELDS, encode

    headers = {
        "Upload-Length": str(length),
        "Upload-Metadata": encode({**FIELDS, **changes}),
        "Accept": "application/json",
    }
    return client.post("/api/v1/uploads", headers=tus() | headers)


def test_after_the_last_day_a_pupil_hands_in_nothing_and_the_teacher_may_still_pass_on(world, ota, class_path):
    code = make_code(ota, class_path)
    (early, early_name), (late, late_name) = join(world, code), join(world, code)
    before, after = work_of(world, early, early_name), work_of(world, late, late_name)
    hand_in(early, before)
    submit(ota, ota.get(class_path).text, f"{class_path}/change", ends_on="2026-11-25")
    world.clock.at += 2 * DAY_MS
    ota, late = world.sign_in("ota"), world.visitor()
    login(late, late_name, CHILDS)
    path = f"/studio/scans/{after}"
    refused = submit(late, late.get(path).text, f"{path}/review")
    assert refused.status_code == 409 and "has ended" in refused.text
    path = f"/studio/scans/{before}"
    assert submit(ota, ota.get(path).text, f"{path}/review").headers["location"].endswith("done=in_review")


def test_a_class_that_has_ended_takes_nothing_new_and_its_teacher_is_told(world, ota, class_path, tus):
    code = make_code(ota, class_path)
    child, name = join(world, code)
    ends = "2026-11-25"
    submit(ota, ota.get(class_path).text, f"{class_path}/change", ends_on=ends)
    world.clock.at += 2 * DAY_MS
    ota, child = world.sign_in("ota"), world.visitor()
    login(child, name, CHILDS)
    child.headers["X-CSRF-Token"] = re.search(r'name="csrf" value="(\w+)"', child.get("/studio/").text)[1]
    refused = begin(child, tus)
    assert (refused.status_code, refused.json()["code"]) == (409, "class_over")
    late = type_code(world.visitor(), code)
    assert late.status_code == 409 and "has ended" in late.text
    page = ota.get(class_path).text
    assert "On 26 December 2026 (Sat) its accounts and all of its work are deleted" in page
    assert "1 waiting for you" in page and "<td>ended</td>" in ota.get("/desk/classes").text


def test_a_class_is_deleted_after_a_list_of_what_goes_and_with_a_receipt(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    listed = ota.get(f"{class_path}/delete").text
    assert facts_of(listed) | {"Accounts": "1", "Scans": "1", "Experiences with their scenes": "1"} == facts_of(listed)
    receipt = submit(ota, listed, f"{class_path}/delete")
    assert receipt.status_code == 200 and "Nothing is left" in receipt.text
    assert facts_of(receipt.text) == facts_of(listed)
    assert ota.get(class_path).status_code == 404 and "“Class 5-2”. Accounts 1" in ota.get("/desk/classes").text
    assert child.get("/studio/", follow_redirects=False).headers["location"].startswith("/login")
    assert world.sign_in("sato").get(f"/studio/scans/{scan_id}").status_code == 404


def facts_of(page):
    return dict(re.findall(r'<dt>([^<]+)</dt><dd class="number">([^<]+)</dd>', page))


def test_what_is_published_is_listed_and_holds_the_deletion_up(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    hand_in(child, scan_id)
    submit(ota, ota.get(f"/studio/scans/{scan_id}").text, f"/studio/scans/{scan_id}/review")
    sato, record = world.sign_in("sato"), f"/desk/records/experience/{scene_of(world, scan_id)}"
    submit(sato, sato.get(record).text, record, step="publish")
    page = ota.get(f"{class_path}/delete").text
    assert "still published" in page and scene_of(world, scan_id) in page
    with pytest.raises(AssertionError):
        fields_of(page, f"{class_path}/delete")
    assert post_form(ota, f"{class_path}/delete").status_code == 409


def test_after_a_class_has_ended_by_itself_visitors_and_the_snapshot_on_disk_know_nothing_of_it(world, ota, class_path):
    child, name = join(world, make_code(ota, class_path))
    scan_id = work_of(world, child, name)
    hand_in(child, scan_id)
    submit(ota, ota.get(f"/studio/scans/{scan_id}").text, f"/studio/scans/{scan_id}/review")
    sato, scene_id = world.sign_in("sato"), scene_of(world, scan_id)
    record = f"/desk/records/experience/{scene_id}"
    submit(sato, sato.get(record).text, record, step="publish")
    published, store = world.app.state.parts.published, world.settings.package_dir
    published.refresh()
    shown, snapshot = f"/en/dejima/experiences/{scene_id}", store / "snapshot" / "dejima.json"
    assert world.visitor().get(shown).status_code == 200 and scene_id in snapshot.read_text(encoding="utf-8")
    assert delete_over(world.catalog, world.settings, world.clock() + 200 * DAY_MS) == 1
    published.refresh()
    assert world.visitor().get(shown).status_code == 404
    left = snapshot.read_text(encoding="utf-8")
    assert scene_id not in left and name not in left and scan_id not in left
    assert "“Class 5-2”. Accounts 1" in ota.get("/desk/classes").text


def test_an_administrator_sees_every_class_gives_it_away_and_sets_its_room(world, ota, class_path):
    mori = world.sign_in("mori")
    page = mori.get(class_path).text
    wrong = submit(mori, page, f"{class_path}/room", gb="lots")
    assert wrong.status_code == 400 and 'value="lots"' in wrong.text
    submit(mori, page, f"{class_path}/room", gb="0.5", scans="3")
    child, _ = join(world, make_code(ota, class_path))
    assert "in 3 scans" in child.get("/studio/upload").text
    nobody = submit(mori, page, f"{class_path}/teacher", teacher=world.accounts["kana"])
    assert nobody.status_code == 409 and "Choose a teacher" in nobody.text
    submit(mori, page, f"{class_path}/teacher", teacher=world.accounts["mori"])
    assert ota.get(class_path).status_code == 404


def test_pupils_are_no_role_to_be_given_and_in_no_list_of_people(world, ota, class_path):
    _, name = join(world, make_code(ota, class_path))
    mori = world.sign_in("mori")
    page = mori.get("/desk/people").text
    assert name not in page and 'value="pupil"' not in page and 'value="teacher"' in page
    refused = post_form(mori, "/desk/people", name="taro", role="pupil")
    assert refused.status_code == 400 and "code or a card" in refused.text
    assert post_form(mori, f"/desk/people/{account_of(world, name)}/role", role="admin").status_code == 404
    led = mori.get(f"/desk/people/{account_of(world, name)}", follow_redirects=False)  # where the log leads to
    assert led.headers["location"] == class_path
    assert f'<a href="{class_path}">“Class 5-2” (class)</a>' in mori.get("/desk/log").text


def test_a_change_on_top_of_somebody_elses_shows_both_and_loses_nothing(world, ota, class_path):
    mori, change = world.sign_in("mori"), f"{class_path}/change"
    opened = ota.get(class_path).text
    assert submit(mori, mori.get(class_path).text, change, name="Class 5-3").status_code == 303
    stale = submit(ota, opened, change, school="Sea School")
    assert stale.status_code == 409 and "Class 5-3" in stale.text
    assert dict(fields_of(stale.text, change))["school"] == "Sea School"
    listed = ota.get("/desk/classes").text
    assert "Class 5-3" in listed and "Sea School" not in ota.get(class_path).text
    assert submit(ota, stale.text, change, name="Class 5-3").status_code == 303
    page = dict(fields_of(ota.get(class_path).text, change))
    assert (page["name"], page["school"]) == ("Class 5-3", "Sea School")
