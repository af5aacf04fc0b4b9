"""Asking for permission to scan, the answer, the sheet, and what a guard is told: by forms without script."""

import re
import secrets

import msgspec
import pytest
from sqlalchemy import update

from tests.routes.conftest import PASSWORD, post_form
from tests.routes.forms import fields_of, submit
from xr_server.domain.account import NewAccount
from xr_server.storage.accounts import add_account
from xr_server.storage.permissions import list_permissions
from xr_server.storage.tables.scans import scan as scan_table

DAY_MS = 86_400_000
TYPED = {
    "landmarks": "water-gate",
    "first_on": "2026-12-01",
    "last_on": "2026-12-02",
    "opens_at": "09:00",
    "closes_at": "12:00",
    "purpose": "A model of the gate for our school",
    "equipment": ["tripod", "drone"],
    "people": "3",
    "contact": "Kana Mori, 095 000 0000",
    "agreed": "yes",
}


def fields(html, action):
    """The form's fields without what is only ticked."""
    return {name: value for name, value in fields_of(html, action) if name not in ("landmarks", "equipment", "agreed")}


def ask(client, **typed):
    page = client.get("/studio/permissions/new").text
    values = {**fields(page, "/studio/permissions"), **TYPED, **typed}
    return client.post("/studio/permissions", data=values, follow_redirects=False)


def change(client, path, **typed):
    action = f"{path}/change"
    values = {**fields(client.get(action).text, action), **TYPED, **typed}
    return client.post(action, data=values, follow_redirects=False)


@pytest.fixture
def asked(kana):
    """The path of a request of hers that waits."""
    return ask(kana).headers["location"].partition("?")[0]


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def at_desk(path):
    return path.replace("/studio/", "/desk/")


def decide(sato, path, step, **typed):
    page = at_desk(path)
    return submit(sato, sato.get(page).text, page, step=step, **typed)


def count_in_menu(client, href):
    found = re.search(
        rf'<a href="{href}"[^>]*>[^<]*(?:<span class="count"[^>]*>(\d+)</span>)?', client.get("/account").text
    )
    assert found is not None
    return int(found[1] or 0)


def test_a_request_is_sent_waits_at_the_desk_and_its_answer_comes_to_the_menu(world, kana, sato, asked):
    page = kana.get(asked).text
    assert (
        "This waits for an answer" in page
        and "1 December 2026 (Tue) to 2 December 2026 (Wed), daily 09:00 to 12:00" in page
    )
    assert "Water Gate" in page and "tripod, drone" in page
    assert count_in_menu(sato, "/desk/permissions") == 1 and count_in_menu(kana, "/studio/permissions") == 0
    assert "One request waits" in sato.get("/desk/permissions").text
    desk = sato.get(at_desk(asked)).text
    assert "kana" in desk and "Kana Mori, 095 000 0000" in desk and "Nobody else has asked" in desk
    answer = decide(sato, asked, "yes")
    assert "Decided. The asker sees it at once" in sato.get(answer.headers["location"]).text
    assert count_in_menu(sato, "/desk/permissions") == 0 and count_in_menu(kana, "/studio/permissions") == 1
    assert "new answer" in kana.get("/studio/permissions").text
    page = kana.get(asked).text
    assert "DJ-2026-0001" in page and "Permission is granted" in page
    assert count_in_menu(kana, "/studio/permissions") == 0


def test_what_is_amiss_stands_beside_its_field_and_nothing_typed_is_lost(world, kana):
    answer = ask(kana, landmarks=[], purpose="", people="0", first_on="2026-11-23")
    assert answer.status_code == 400 and "4 things have to be put right" in answer.text
    for name, words in (
        ("landmarks", "Tick a landmark"),
        ("purpose", "Write a sentence"),
        ("first_on", "This day is over"),
    ):
        assert re.search(rf'id="{name}-slip">{words}', answer.text), name
    assert re.search(
        r'id="people"[^>]*value="0"[^>]*aria-describedby="people-slip[^>]*aria-invalid="true"', answer.text
    )
    assert 'value="Kana Mori, 095 000 0000"' in answer.text and re.search(r'value="drone" checked', answer.text)
    assert list_permissions(world.catalog, "dejima") == []


def test_until_it_is_decided_the_asker_changes_it_or_takes_it_back(kana, sato, asked):
    seen = sato.get(at_desk(asked)).text
    answer = change(kana, asked, place="also the lawn")
    assert "Changed." in kana.get(answer.headers["location"]).text
    late = submit(sato, seen, at_desk(asked), step="yes")
    assert (
        late.status_code == 409
        and "was changed since you opened this page" in late.text
        and "also the lawn" in late.text
    )
    submit(kana, kana.get(asked).text, f"{asked}/take-back")
    assert "The request was taken back" in kana.get(asked).text
    assert f"{asked}/change" not in kana.get(asked).text
    assert kana.get(f"{asked}/change").status_code == 409
    late = post_form(sato, at_desk(asked), step="yes", revision=3)
    assert late.status_code == 409


def test_days_are_those_of_the_site_not_of_greenwich(world):
    world.clock.at += 13 * 3_600_000 - 1  # the last moment of the 24th in Nagasaki, afternoon in Greenwich
    kana = world.sign_in("kana")
    assert ask(kana, first_on="2026-11-24", last_on="").status_code == 303
    world.clock.at += 1
    assert ask(kana, first_on="2026-11-24", last_on="").status_code == 400


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"step": "no", "conditions": "Kept."}, "Write a sentence with the reason"),
        ({"step": "conditions", "reason": "Kept."}, "Write the conditions"),
        ({"step": "conditions", "conditions": "Kept." + "x" * 2000}, "2000 characters fit"),
        ({"step": "maybe", "reason": "Kept."}, "Choose"),
    ],
)
def test_a_decision_needs_its_words_and_keeps_what_was_typed(kana, sato, asked, typed, words):
    answer = decide(sato, asked, **typed)
    assert answer.status_code == 400 and words in answer.text and "Kept." in answer.text
    assert "This waits for an answer" in kana.get(asked).text


def test_a_no_and_conditions_are_read_by_the_asker_in_the_words_of_staff(kana, sato, asked):
    decide(sato, asked, "no", reason="The gate is being painted until the 5th; from then on gladly.")
    page = kana.get(asked).text
    assert "This time it is not possible" in page and "from then on gladly" in page and "Ask again" in page
    assert kana.get(f"{asked}/sheet").status_code == 409
    again = ask(kana).headers["location"].partition("?")[0]
    decide(sato, again, "conditions", conditions="Only on the land side.")
    page = kana.get(again).text
    assert "DJ-2026-0001" in page and "Only on the land side." in page
    assert kana.get(f"{again}/sheet").text.count("Only on the land side.") == 2


def granted(kana, sato, asked):
    decide(sato, asked, "yes")
    sheet = kana.get(f"{asked}/sheet").text
    link = re.search(r"http://localhost(/permits/[0-9A-Z]{10})", sheet)
    assert link is not None
    return sheet, link[1]


def test_the_sheet_says_it_in_both_languages_with_a_code_for_the_guard(world, kana, sato, asked):
    sheet, link = granted(kana, sato, asked)
    assert "スキャン許可証" in sheet and "Permission to scan" in sheet and "<svg" in sheet and "水門" in sheet
    assert "2026年12月1日" in sheet and "1 December 2026" in sheet and "and 2 more" in sheet
    assert sato.get(f"{asked}/sheet").status_code == 200
    assert world.sign_in("haru").get(f"{asked}/sheet").status_code == 404
    shown = f"{link[-10:-5]}-{link[-5:]}"
    assert shown in sheet
    led = world.visitor().get(f"/permits/?code={shown.lower()}", follow_redirects=False)
    assert led.headers["location"] == link


@pytest.mark.parametrize(
    ("hours_later", "words"), [(0, "Not yet"), (7 * 24, "Valid today"), (8 * 24 + 1, "Ended"), (30 * 24, "Ended")]
)
def test_a_guard_is_told_whether_it_holds_and_when_but_no_name(world, kana, asked, hours_later, words):
    _, link = granted(kana, world.sign_in("sato"), asked)
    world.clock.at += hours_later * 3_600_000
    answer = world.visitor().get(link)
    assert answer.status_code == 200 and answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["cache-control"] == "private, no-store" and "set-cookie" not in answer.headers
    assert words in answer.text and "DJ-2026-0001" in answer.text and "1 December 2026" in answer.text
    assert "kana" not in answer.text.lower() and "school" not in answer.text and "095" not in answer.text


def test_outside_its_hours_a_guard_is_told_so(world, kana, sato, asked):
    _, link = granted(kana, sato, asked)
    world.clock.at += 7 * DAY_MS
    assert "Not at this hour" not in world.visitor().get(link).text  # 11:00
    world.clock.at += 3_600_000
    assert "Not at this hour" in world.visitor().get(link).text


def test_withdrawn_it_holds_no_more_and_the_asker_reads_why(world, kana, sato, asked):
    _, link = granted(kana, sato, asked)
    kana.get(asked)
    path = f"{at_desk(asked)}/withdraw"
    page = sato.get(at_desk(asked)).text
    refused = submit(sato, page, path)
    assert refused.status_code == 400 and "Write a sentence with the reason" in refused.text
    submit(sato, page, path, reason="A storm is coming.")
    assert "Withdrawn: it does not hold" in world.visitor().get(link).text
    assert "storm" not in world.visitor().get(link).text
    assert count_in_menu(kana, "/studio/permissions") == 1
    assert "A storm is coming." in kana.get(asked).text
    assert "does not hold any more" in kana.get(f"{asked}/sheet").text
    assert submit(sato, page, path, reason="Again.").status_code == 409


def test_staff_see_who_else_would_stand_on_the_spot(world, kana, sato, asked):
    other = ask(world.sign_in("haru"), first_on="2026-12-02", last_on="", opens_at="11:00", closes_at="15:00")
    page = sato.get(at_desk(other.headers["location"].partition("?")[0])).text
    assert "The same place at the same time: Water Gate." in page and at_desk(asked) in page


@pytest.mark.parametrize("code", ["00000-00000", "none", "%F0%9F%97%BB"])
def test_a_code_of_nothing_says_so_and_stays_in_the_form(world, code):
    guest = world.visitor()
    answer = guest.get(f"/permits/?code={code}")
    assert (
        answer.status_code == 404
        and "Compare it with the sheet" in answer.text
        and 'aria-invalid="true"' in answer.text
    )
    assert guest.get(f"/permits/{code}").status_code == 404
    assert guest.get("/permits/").status_code == 200


def test_nobody_sees_anothers_request_or_steps_in_it(world, asked):
    haru = world.sign_in("haru")
    for path in (asked, f"{asked}/change"):
        assert haru.get(path).status_code == 404
    assert post_form(haru, f"{asked}/take-back", revision=1).status_code == 404
    assert "Water Gate" not in haru.get("/studio/permissions").text


def test_both_languages_say_the_same_things():
    from xr_server.routes.pages import load_own_texts

    ours = {
        language: {key for key in load_own_texts(language) if key.startswith("permits.")} for language in ("ja", "en")
    }
    assert ours["ja"] == ours["en"] and len(ours["en"]) > 100


@pytest.mark.parametrize(
    ("number", "words"),
    [("DJ-2026-0001", None), ("dj-2026-0001 ", None), ("DJ-2026-0009", "no permission of this number"), ("", None)],
)
def test_the_number_that_a_scan_names_is_looked_at_and_only_advised_on(world, kana, asked, number, words):
    decide(world.sign_in("sato"), asked, "yes")
    scan = world.built_scan("kana")
    details = msgspec.structs.replace(scan.details, permission=number)
    with world.catalog.begin() as connection:
        values = {"details": msgspec.json.encode(details).decode()}
        connection.execute(update(scan_table).where(scan_table.c.id == scan.id).values(**values))
    page = kana.get(f"/studio/scans/{scan.id}")
    assert page.status_code == 200
    assert (words in page.text) if words else ("permission of this number" not in page.text)


@pytest.fixture
def given(sato, asked):
    """The path of a request of hers that was granted as DJ-2026-0001, for 1 and 2 December at the Water Gate."""
    decide(sato, asked, "yes")
    return asked


def say(world, scan, **said):
    """Let a scan say something else, as its details page would, without a package."""
    details = msgspec.structs.replace(scan.details, **said)
    with world.catalog.begin() as connection:
        values = {"details": msgspec.json.encode(details).decode()}
        connection.execute(update(scan_table).where(scan_table.c.id == scan.id).values(**values))


def test_who_decides_reads_the_permission_and_the_declaration_with_the_rest(world, kana, sato, scan, given):
    record = f"/desk/records/experience/{scan.scene_id}"
    page = sato.get(record).text
    assert "No permission is named" in page and "Look at this before you publish" in page and "</a>: one thing" in page
    assert "Its creator declares that nobody" in page and "Sent by" in page and "kana" in page
    assert "You may use and change it, and name its maker" in page
    say(world, scan, permission="dj-2026-0001", surveyed_on="2026-12-01", no_persons=False)
    page = sato.get(record).text
    assert f'<a href="{at_desk(given)}">' in page and "No permission is named" not in page
    assert "Nobody has declared that no people" in page and f"/studio/scans/{scan.id}" in page
    assert "permits.staff_advice" not in page and "was not made on the days" not in page


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"permission": "DJ-2026-0009"}, "no permission of this number"),
        ({"permission": "DJ-2026-0001", "surveyed_on": "2026-11-20"}, "not made on the days"),
        ({"permission": "DJ-2026-0001"}, "not made on the days"),  # sent a week before it began
    ],
)
def test_who_decides_is_warned_of_a_permission_that_does_not_fit(world, scan, given, said, words):
    assert given
    say(world, scan, **said)
    assert words in world.sign_in("sato").get(f"/desk/records/scene/{scan.scene_id}").text


def test_an_approver_reads_it_too_without_links_that_lead_nowhere(world, kana, scan, given):
    add_account(world.catalog, NewAccount("dejima", "aoki", "approver", PASSWORD), world.clock(), secrets.token_bytes)
    say(world, scan, permission="DJ-2026-0001", surveyed_on="2026-12-02")
    aoki = world.sign_in("aoki")
    page = aoki.get(f"/desk/records/experience/{scan.scene_id}").text
    assert "/studio/scans/" not in page
    assert aoki.get(at_desk(given)).status_code == 200 and at_desk(given) in page
