"""A site that takes no memories: neither invitation nor form, posting refused with a sentence, those shown kept or away."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.routes.conftest import World, post_form
from tests.routes.telling import FORM, PAGE, decide, photograph, send, show, told
from tests.routes.visitor_world import fill_site, refresh, words_of
from xr_server.domain.catalog import Change
from xr_server.domain.memory import LEAST_MS
from xr_server.storage.memories import list_memories
from xr_server.storage.memory_rules import load_rule
from xr_server.storage.people import set_landmarks
from xr_server.storage.publish import read_snapshot

INVITATION = "Add a memory or an old photograph"


@pytest.fixture
def site(world: World) -> World:
    fill_site(world)
    return world


@pytest.fixture
def sato(site: World) -> TestClient:
    return site.sign_in("sato")


def choose(site: World, client: TestClient, rule: str) -> Any:
    """Press a button of the page at the desk."""
    revision = load_rule(site.catalog, "dejima").revision
    answer = post_form(client, "/desk/memories", rule=rule, revision=revision)
    refresh(site)
    return answer


def test_none_is_taken_and_what_is_shown_stays(site, sato):
    client, code, memory_id = told(site)
    show(site, sato, memory_id)
    before = client.get("/api/v1/sites/dejima?lang=en").json()
    assert INVITATION in client.get(PAGE).text
    answer = choose(site, sato, "kept")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/memories?done=rule_kept")
    page = client.get(PAGE).text
    assert "Boats came up" in page and INVITATION not in page and "/memories/add/" not in page
    after = client.get("/api/v1/sites/dejima?lang=en").json()
    assert after["memories_closed"] is True and after["revision"] == before["revision"] + 1
    assert after["memories"]["water-gate"] != before["memories"]["water-gate"]  # kept pages with the invitation go
    assert f'data-memories="{after["memories"]["water-gate"]}"' in page
    assert "shown on the page" in client.get(f"/memories/mine/{code}?lang=en").text
    desk = words_of(sato.get("/desk/memories?done=rule_kept").text)
    assert "None is taken: visitors find no invitation" in desk and "those shown stay" in desk


def test_a_landmark_of_which_nothing_is_told_says_nothing_of_memories(site, sato):
    client = site.visitor()
    assert 'data-memories=""' in client.get(PAGE).text
    choose(site, sato, "kept")
    page = client.get(PAGE).text
    assert 'data-memories="closed"' in page and "What people remember" not in page and "Nobody has told" not in page
    assert client.get("/api/v1/sites/dejima?lang=en").json()["memories"] == {}
    then = "/desk/moment/2027-02-07T19:00/published/en/landmarks/water-gate"
    assert INVITATION not in sato.get(then).text
    choose(site, sato, "open")
    page = client.get(PAGE).text
    assert 'data-memories=""' in page and INVITATION in page
    assert INVITATION in sato.get(then).text
    assert "memories_closed" not in client.get("/api/v1/sites/dejima?lang=en").json()


def test_all_leave_the_pages_and_come_back_as_they_were(site, sato):
    client, code, memory_id = told(site, photograph(), shows="A wall", persons="yes")
    show(site, sato, memory_id)
    assert client.get(f"/memories/pictures/{memory_id}.webp").status_code == 200
    choose(site, sato, "away")
    page = client.get(PAGE).text
    assert "Boats came up" not in page and INVITATION not in page and 'data-memories="closed"' in page
    assert client.get(f"/memories/pictures/{memory_id}.webp").status_code == 404
    mine = client.get(f"/memories/mine/{code}?lang=en").text
    assert "show no memories at all" in mine and "shown on the page" not in mine and "Boats came up" in mine
    assert client.get(f"/memories/mine/{code}/picture").status_code == 200
    choose(site, sato, "open")
    assert "Boats came up" in client.get(PAGE).text
    assert client.get(f"/memories/pictures/{memory_id}.webp").status_code == 200


def test_what_is_withdrawn_meanwhile_does_not_come_back(site, sato):
    client, code, memory_id = told(site)
    show(site, sato, memory_id)
    choose(site, sato, "away")
    client.post(f"/memories/mine/{code}", data={"step": "withdraw"})
    choose(site, sato, "open")
    assert "Boats came up" not in client.get(PAGE).text


def test_the_form_is_gone_and_posting_one_that_was_open_says_so_and_gives_the_words_back(site, sato):
    client = site.visitor()
    page = client.get(f"{FORM}?lang=en").text
    site.clock.at += LEAST_MS
    assert choose(site, sato, "kept").status_code == 303
    answer = send(client, page, photograph(), shows="A wall", persons="yes")
    assert answer.status_code == 403
    assert (
        "This site takes no memories at present, so nothing is kept." in answer.text
        and "Boats came up\nto here." in answer.text
    )
    assert "<textarea" not in answer.text and 'type="file"' not in answer.text
    assert list_memories(site.catalog, "dejima") == [] and list(site.settings.intake_dir.glob("*/*.webp")) == []
    for language, sentence in (("ja", "いまは思い出を受け付けていません"), ("en", "takes no memories at present")):
        closed = client.get(f"{FORM}?lang={language}")
        assert closed.status_code == 403 and "<textarea" not in closed.text and sentence in closed.text


def test_a_form_sent_again_after_it_arrived_still_leads_to_its_code(site, sato):
    client = site.visitor()
    page = client.get(f"{FORM}?lang=en").text
    site.clock.at += LEAST_MS
    first = send(client, page)
    choose(site, sato, "away")
    assert first.status_code == 303 and send(client, page).headers["location"] == first.headers["location"]


def test_what_waits_can_still_be_decided_and_staff_are_told_when_it_appears(site, sato):
    _, _, memory_id = told(site)
    choose(site, sato, "away")
    assert "appears once they are shown again" in sato.get(f"/desk/memories/{memory_id}").text
    assert ">waits<" in sato.get("/desk/memories").text
    answer = decide(sato, memory_id, "show")
    assert answer.headers["location"].endswith("?done=shown_away")
    assert "appears once memories are shown again" in sato.get(answer.headers["location"]).text
    for page in ("/desk/memories", f"/desk/memories/{memory_id}"):
        text = sato.get(page).text
        assert ">approved<" in text and ">shown<" not in text
    refresh(site)
    assert "Boats came up" not in site.visitor().get(PAGE).text
    choose(site, sato, "kept")
    assert ">shown<" in sato.get("/desk/memories").text
    assert "Boats came up" in site.visitor().get(PAGE).text


def test_staff_choose_one_of_three_on_the_page_they_see_and_the_log_has_it(site, sato):
    page = sato.get("/desk/memories?lang=en").text
    assert re.findall(r'name="rule" value="(\w+)"', page) == ["kept", "away"]  # what holds already is no choice
    unsaid = post_form(sato, "/desk/memories", rule="", revision=0)
    assert unsaid.status_code == 400 and "Nothing was changed" in unsaid.text
    assert choose(site, sato, "away").status_code == 303
    stale = post_form(sato, "/desk/memories", rule="kept", revision=0)
    assert stale.status_code == 409 and "Somebody else changed this" in stale.text
    assert load_rule(site.catalog, "dejima").rule == "away"
    assert "took them all off the pages" in words_of(sato.get("/desk/log").text)


def test_whoever_has_a_part_of_the_site_may_not_choose_for_all_of_it(site, sato):
    by = Change(site.clock(), site.accounts["mori"])
    set_landmarks(site.catalog, "dejima", site.accounts["sato"], ("water-gate",), by)
    client = site.sign_in("sato")
    page = client.get("/desk/memories?lang=en").text
    assert 'name="rule"' not in page and "An administrator can change this" in page
    refused = post_form(client, "/desk/memories", rule="away", revision=0)
    assert refused.status_code == 403 and load_rule(site.catalog, "dejima").rule == "open"


def test_a_server_that_starts_without_its_database_still_has_no_invitation(site, sato):
    choose(site, sato, "kept")
    document = read_snapshot(site.settings.package_dir).sites["dejima"].documents["en"].document
    assert document["memories_closed"] is True
