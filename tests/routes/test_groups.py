"""Groups over HTTP: begun without an account, followed without a trace, and hundreds of askers at one query a second."""

import re

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from tests.routes.conftest import World
from tests.routes.visitor_world import fill_site
from xr_server.domain.group import ENDED_KEPT_MS, FREE_WRONG_CODES, LIFE_MS


@pytest.fixture
def site(world: World) -> World:
    fill_site(world)
    world.app.state.parts.published.refresh()
    return world


def begin(world: World) -> tuple[TestClient, str]:
    """A guide's phone, and the code of its group."""
    guide = world.visitor()
    answer = guide.post("/en/dejima/group", follow_redirects=False)
    assert answer.status_code == 303, answer.text
    code = re.fullmatch(r"/g/(\w{6})/lead\?lang=en", answer.headers["location"])
    assert code is not None
    return guide, code[1]


def lead(guide: TestClient, code: str, **values: str):
    return guide.post(f"/g/{code}/lead?lang=en", data=values, follow_redirects=False)


def join(phone: TestClient, code: str) -> str:
    """What a phone that has opened the code asks with."""
    found = re.search(r'data-group="(\w+)\.(\w+)"', phone.get(f"/g/{code}").text)
    assert found is not None and found[1] == code
    return found[2]


def ask(phone: TestClient, code: str, key: str, tag: str = "", lang: str = "en"):
    return phone.get(f"/g/{code}/now?key={key}&lang={lang}", headers={"If-None-Match": tag} if tag else {})


def test_the_others_are_led_to_the_guides_stop_each_in_their_own_language(site):
    guide, code = begin(site)
    english, japanese = site.visitor(), site.visitor()
    japanese.headers["Accept-Language"] = "ja"
    key = join(english, code)
    assert "has not chosen a place yet" in english.get(f"/g/{code}").text
    before = ask(english, code, key)
    assert before.json() == {"step": 0, "ended": False, "stop": None, "name": ""}
    assert lead(guide, code, stop="landmarks/water-gate").status_code == 303
    after = ask(english, code, key, before.headers["etag"])
    assert after.json() == {"step": 1, "ended": False, "stop": "landmarks/water-gate", "name": "Water Gate"}
    assert ask(japanese, code, key, before.headers["etag"], "ja").json()["name"] == "水門"
    assert ask(english, code, key, after.headers["etag"]).status_code == 304
    page = japanese.get(f"/g/{code}").text
    assert f'href="/ja/dejima/landmarks/water-gate?group={code}.{key}"' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page


def test_the_page_of_a_stop_carries_the_script_for_groups_and_other_pages_do_not(site):
    client = site.visitor()
    with_group = client.get("/en/dejima/landmarks/water-gate?group=ABCDEF.0123456789").text
    without = client.get("/en/dejima/landmarks/water-gate").text
    assert 'id="follow-texts"' in with_group and "/static/assets/follow-" in with_group
    assert "follow-texts" not in without and "assets/follow-" not in without
    assert "ABCDEF" not in with_group  # the page is the same for all groups, and kept once


def test_the_guides_page_names_the_next_stop_and_shows_code_and_square_code(site):
    guide, code = begin(site)
    page = guide.get(f"/g/{code}/lead?lang=en").text
    assert code in page and "<svg" in page and f"/g/{code}" in page and "None" not in page
    first = re.search(r'name="stop" value="(landmarks/[\w-]+)"><button', page)
    assert first is not None
    assert lead(guide, code, stop=first[1]).headers["location"] == f"/g/{code}/lead?lang=en"
    led = guide.get(f"/g/{code}/lead?lang=en").text
    assert f'value="{first[1]}" aria-current="true"' in led
    assert f"/en/dejima/{first[1]}?group={code}." in led and "lead=1" in led
    assert "グループを案内しています" in guide.get(f"/g/{code}/lead?lang=ja").text


def test_only_the_phone_that_began_a_group_leads_it(site):
    _, code = begin(site)
    other, other_code = begin(site)
    stranger = site.visitor()
    refused = [
        lead(stranger, code, stop="landmarks/water-gate"),
        stranger.get(f"/g/{code}/lead"),
        lead(other, code, stop="landmarks/water-gate"),
        lead(other, code, step="end"),
        lead(other, "ZZZZZZ", step="end"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert all("Only the phone that began a group leads it" in answer.text for answer in refused)
    stranger.cookies.set("dejima_guide", other.cookies["dejima_guide"])
    assert lead(stranger, code, step="end").status_code == 403
    assert lead(other, other_code, step="end").status_code == 303


def test_a_stop_that_is_not_shown_leaves_the_group_where_it_is(site):
    guide, code = begin(site)
    lead(guide, code, stop="landmarks/water-gate")
    answer = lead(guide, code, stop="landmarks/nowhere")
    assert answer.status_code == 404
    assert "not shown any more" in answer.text and "The group is at “Water Gate”" in answer.text
    assert ask(guide, code, join(guide, code)).json()["stop"] == "landmarks/water-gate"


def test_a_group_that_has_ended_says_so_and_then_is_not_there(site):
    guide, code = begin(site)
    phone = site.visitor()
    key = join(phone, code)
    lead(guide, code, step="end")
    assert ask(phone, code, key).json()["ended"] is True
    assert "The guide has ended the group" in phone.get(f"/g/{code}").text
    assert "The group has ended" in guide.get(f"/g/{code}/lead").text
    site.clock.at += ENDED_KEPT_MS
    assert ask(phone, code, key).status_code == 404
    assert phone.get(f"/g/{code}").status_code == 404


def test_a_group_ends_by_itself_while_phones_ask(site):
    _, code = begin(site)
    phone = site.visitor()
    key = join(phone, code)
    tag = ask(phone, code, key).headers["etag"]
    site.clock.at += LIFE_MS
    answer = ask(phone, code, key, tag)
    assert answer.status_code == 200 and answer.json()["ended"] is True


def test_two_hundred_followers_cost_one_query_a_second(site):
    guide, code = begin(site)
    phone = site.visitor()
    key = join(phone, code)
    lead(guide, code, stop="landmarks/water-gate")
    tag = ask(phone, code, key).headers["etag"]
    asked: list[str] = []
    # besides, the server itself looks twice a second whether something was published
    event.listen(site.catalog, "before_cursor_execute", lambda *args: "walk_group" in args[2] and asked.append(args[2]))
    site.clock.at += 1000
    answers = [ask(phone, code, key, tag) for _ in range(200)]
    assert {answer.status_code for answer in answers} == {304}
    assert {len(answer.content) for answer in answers} == {0}
    assert len(asked) == 1
    site.clock.at += 1000
    ask(phone, code, key, tag)
    assert len(asked) == 2


def test_codes_cannot_be_tried_in_numbers(site):
    _, code = begin(site)
    phone = site.visitor()
    key = join(phone, code)
    for number in range(FREE_WRONG_CODES):
        assert phone.get(f"/g/{100_000 + number}").status_code == 404
    refused = phone.get(f"/g/{code}")
    assert refused.status_code == 503 and refused.headers["retry-after"] == "1"
    assert "Many wrong codes" in refused.text
    assert ask(phone, code, key).status_code == 200  # who has joined goes on
    assert [ask(phone, wrong, key).status_code for wrong in ("ABCDEF", "000000")] == [404, 404]
    site.clock.at += 1000
    assert phone.get(f"/g/{code}").status_code == 200


def test_a_code_is_typed_however_one_likes_and_a_slip_stays_in_the_field(site):
    _, code = begin(site)
    phone = site.visitor()
    answer = phone.get(f"/g/?lang=ja&code= {code[:3].lower()}-{code[3:].lower()} ", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/g/{code}?lang=ja")
    wrong = phone.get("/g/?lang=en&site=dejima&code=AB<C")
    assert wrong.status_code == 400
    assert 'value="AB&lt;C"' in wrong.text and "six letters and digits" in wrong.text


def test_nothing_of_a_group_is_kept_by_caches_or_search_engines(site):
    guide, code = begin(site)
    for path in (f"/g/{code}", f"/g/{code}/lead"):
        headers = guide.get(path).headers
        assert headers["cache-control"] == "private, no-store" and headers["x-robots-tag"] == "noindex"
    cookie = site.visitor().post("/en/dejima/group", follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie and "Path=/g/" in cookie and "SameSite=lax" in cookie
