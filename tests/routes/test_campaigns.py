"""Campaigns: words that nobody writes twice, links that count arrivals and nothing of whoever arrives, and their form."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.released import release, release_daily
from tests.routes.forms import fields_of, submit
from tests.samples import HOUR_MS, publish
from xr_server.domain.campaign import Campaign
from xr_server.domain.catalog import Name
from xr_server.domain.days import Window
from xr_server.storage.campaigns import count_arrivals
from xr_server.storage.catalog import load_record

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"}
TYPED = {
    "word": "Lantern 2027",
    "title-en": "Lantern nights",
    "title-ja": "灯籠の夜",
    "first_on": "2026-11-20",
    "last_on": "2026-11-30",
    "aim-arrivals": "4",
}


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in."""
    return world.sign_in("sato")


def make(sato: TestClient, step: str = "publish", **typed: str) -> Any:
    """A campaign, by the form."""
    page = sato.get("/desk/campaigns/new").text
    return submit(sato, page, "/desk/campaigns/new", step=step, **{**TYPED, **typed})


def link(sato: TestClient, **typed: Any) -> Any:
    """Links, by the form of the campaign's page."""
    page = sato.get("/desk/campaigns/lantern-2027/run").text
    chosen = {"to": "own", "at": "water-gate", "in": ["ja", "en"], **typed}
    return submit(sato, page, "/desk/campaigns/lantern-2027/links", **chosen)


def stored(world: Any, word: str = "lantern-2027") -> Campaign:
    return load_record(world.catalog, Name("dejima", "campaign", word)).body


def follow(world: Any, code: str, method: str = "GET", **headers: str) -> Any:
    world.app.state.parts.published.refresh()
    sent = {**PHONE, **{name.replace("_", "-").title(): value for name, value in headers.items()}}
    return world.visitor().request(method, f"/c/{code}", headers=sent, follow_redirects=False)


def test_a_campaign_is_made_with_its_word_and_links_lead_to_pages_of_visitors(world: Any, sato: TestClient) -> None:
    answer = make(sato)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/desk/campaigns/lantern-2027/run?done=")
    assert "Undo" in sato.get(answer.headers["location"]).text
    assert link(sato).status_code == 303
    codes = {one.language: one.code for one in stored(world).links}
    assert len(set(codes.values())) == 2
    found = follow(world, codes["ja"])
    assert found.status_code == 302 and found.headers["cache-control"] == "no-store"
    assert found.headers["location"] == (
        "/ja/dejima/landmarks/water-gate"
        f"?utm_source=dejima&utm_medium=poster&utm_campaign=lantern-2027&utm_content=water-gate&utm_id={codes['ja']}"
    )
    assert world.visitor().get(found.headers["location"]).status_code == 200
    page = sato.get("/desk/campaigns/lantern-2027/run").text
    assert f"/c/{codes['ja']}" in page and "1 of 4, 25" in page and "7 days left" in page
    assert "Lantern nights" in sato.get("/desk/campaigns?lang=en").text


def test_a_typed_code_is_read_in_small_letters_and_a_wrong_one_says_so(world: Any, sato: TestClient) -> None:
    make(sato)
    link(sato, **{"in": "any"})
    (only,) = stored(world).links
    assert only.language is None
    there = follow(world, only.code.lower(), accept_language="en;q=0.5, ja")
    assert there.headers["location"].startswith("/ja/dejima/")
    gone = follow(world, "ZZZZZZ")
    assert gone.status_code == 404 and "not in use" in gone.text


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"sec_purpose": "prefetch;prerender"}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"user_agent": "facebookexternalhit/1.1;line-poker/1.0"}),
        ("GET", {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
        ("GET", {"user_agent": "curl/8.5"}),
        ("GET", {"user_agent": ""}),
    ],
)
def test_programs_and_pages_fetched_ahead_are_led_on_and_not_counted(
    world: Any, sato: TestClient, method: str, headers: dict[str, str]
) -> None:
    make(sato)
    link(sato)
    code = stored(world).links[0].code
    assert follow(world, code, method, **headers).status_code == 302
    assert count_arrivals(world.catalog, "dejima", "lantern-2027").total == 0
    line = {"user_agent": PHONE["User-Agent"] + " Line/13.0"}  # a person in the browser inside an app
    assert follow(world, code, **line).status_code == 302
    assert count_arrivals(world.catalog, "dejima", "lantern-2027").total == 1


def test_of_an_arrival_nothing_is_kept_but_link_day_and_hour(world: Any, sato: TestClient) -> None:
    make(sato)
    link(sato)
    code = stored(world).links[0].code
    follow(world, code)
    world.clock.at += 13 * HOUR_MS  # midnight in Nagasaki
    for _ in range(2):
        follow(world, code)
    with world.catalog.connect() as connection:
        rows = connection.execute(text("select * from campaign_arrival order by arrived_on")).mappings().all()
    base = {"site_id": "dejima", "campaign_id": "lantern-2027", "code": code}
    assert [dict(row) for row in rows] == [
        {**base, "arrived_on": "2026-11-24", "hour": 11, "count": 1},
        {**base, "arrived_on": "2026-11-25", "hour": 0, "count": 2},
    ]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"word": "灯籠"}, "Write this word in Latin letters"),
        ({"word": "春 2027"}, "Write this word in Latin letters"),
        ({"title-en": "", "title-ja": ""}, "a title in at least one language"),
        ({"title-en": "x" * 61}, "At most 60 characters"),
        ({"last_on": "2026-11-19"}, "The last day lies before the first one"),
        ({"first_on": "2026-02-31"}, "A day is written like"),
        ({"coupon-en": "Tea"}, "Say both what the coupon gives and where"),
        ({"coupon-en": "Tea", "collect_at-en": "Café", "most_coupons": "2.5"}, "A whole number is wanted"),
        ({"aim-arrivals": "0"}, "A number from 1 to"),
        ({"cost_yen": "12.5"}, "A whole number is wanted"),
        ({"last_on": "9999-12-31"}, "Years from 1900 to 2199 can be planned"),
        ({"first_on": "0001-01-01"}, "Years from 1900 to 2199 can be planned"),
        ({"collect_until": "2026-11-29"}, "until the last day of the campaign at least"),
        ({"season": "elsewhen"}, "Choose a season of the list"),
    ],
)
def test_what_is_amiss_is_said_and_what_was_typed_stays(
    world: Any, sato: TestClient, typed: dict[str, str], sentence: str
) -> None:
    answer = make(sato, **typed)
    assert answer.status_code == 400 and sentence in answer.text
    kept = dict(fields_of(answer.text, "/desk/campaigns/new"))
    assert {name: kept[name] for name in typed if name != "season"} == {
        name: value for name, value in typed.items() if name != "season"
    }


def test_no_two_campaigns_share_a_word_and_a_source_is_spelt_as_before(world: Any, sato: TestClient) -> None:
    make(sato)
    again = make(sato, word="LANTERN2027", **{"title-en": "Another"})
    assert again.status_code == 400 and "is called lantern2027 already" in again.text
    link(sato, source="Nagasaki City")
    link(sato, source="nagasakicity", at="water-gate", to="site")
    assert {one.source for one in stored(world).links} == {"nagasaki-city"}
    page = sato.get("/desk/campaigns?lang=en").text
    assert "<code>nagasaki-city</code>" in page and "nagasakicity" not in page


def test_links_are_refused_in_words_and_none_is_made_twice(world: Any, sato: TestClient) -> None:
    make(sato)
    for typed, sentence in (
        ({"to": "own", "at": []}, "at least one landmark"),
        ({"in": []}, "at least one language"),
        ({"to": "rally:none"}, "Choose from the list where"),
        ({"to": "coupon"}, "Choose from the list where"),
        ({"source": "出島"}, "Latin letters"),
        ({"at": "elsewhere"}, "at least one landmark"),
    ):
        answer = link(sato, **typed)
        assert answer.status_code == 400 and sentence in answer.text, typed
    assert stored(world).links == []
    assert link(sato).status_code == 303
    twice = link(sato)
    assert twice.status_code == 409 and "there already" in twice.text


def test_a_removed_link_leads_nowhere_and_what_was_counted_stays(world: Any, sato: TestClient) -> None:
    make(sato)
    link(sato)
    first, second = (one.code for one in stored(world).links)
    follow(world, first)
    page = sato.get("/desk/campaigns/lantern-2027/run").text
    dropped = submit(sato, page, "/desk/campaigns/lantern-2027/links/drop", code=first)
    assert dropped.status_code == 303
    assert follow(world, first).status_code == 404 and follow(world, second).status_code == 302
    assert count_arrivals(world.catalog, "dejima", "lantern-2027").total == 2


def test_links_of_a_draft_wait_and_a_link_to_what_is_gone_leads_to_the_map(world: Any, sato: TestClient) -> None:
    make(sato, step="save")
    link(sato)
    code = stored(world).links[0].code
    assert follow(world, code).status_code == 404
    assert "does not work yet" in sato.get("/desk/campaigns/lantern-2027/run").text
    form = sato.get("/desk/campaigns/lantern-2027").text
    assert submit(sato, form, "/desk/campaigns/lantern-2027", step="publish").status_code == 303
    assert "/landmarks/water-gate?" in follow(world, code).headers["location"]
    publish(world.catalog, gone(world, code), at=world.clock(), revision=2)
    assert follow(world, code).headers["location"].startswith("/ja/dejima/?utm_source=")


def gone(world: Any, code: str) -> Campaign:
    """The campaign with its link leading to an experience that is not shown."""
    body = stored(world)
    moved = [
        type(one)(code=code, to="experience", target="away", language="ja", source="x", medium="y")
        for one in body.links
        if one.code == code
    ]
    return Campaign(**{name: getattr(body, name) for name in body.__struct_fields__ if name != "links"}, links=moved)


def test_two_people_change_a_campaign_and_nothing_is_lost(world: Any, sato: TestClient) -> None:
    make(sato)
    old = sato.get("/desk/campaigns/lantern-2027").text
    link(sato)
    stale = submit(sato, old, "/desk/campaigns/lantern-2027", step="save", **{"title-en": "Another title"})
    assert stale.status_code == 409 and "Another title" in stale.text
    again = submit(sato, stale.text, "/desk/campaigns/lantern-2027", step="publish")
    assert again.status_code == 303
    assert len(stored(world).links) == 2 and stored(world).title["en"] == "Another title"


def test_creators_see_none_of_it(world: Any) -> None:
    kana = world.sign_in("kana")
    assert kana.get("/desk/campaigns").status_code == 403
    assert not re.search(r'href="/desk/campaigns"', kana.get("/studio/").text)


def test_who_stands_before_a_poster_is_led_on_when_the_database_is_away(world: Any, sato: TestClient) -> None:
    make(sato)
    link(sato)
    code = stored(world).links[0].code
    assert follow(world, code).status_code == 302
    with world.catalog.begin() as connection:
        connection.exec_driver_sql("drop table campaign_arrival")
    assert follow(world, code).status_code == 302


def test_figures_tell_what_a_campaign_brought_and_what_an_arrival_cost(world: Any, sato: TestClient) -> None:
    make(sato, cost_yen="5000")
    assert stored(world).cost_yen == 5000
    link(sato)
    code = stored(world).links[0].code
    follow(world, code)
    follow(world, code)
    days = Window(date(2026, 11, 1), date(2026, 11, 21))
    at = ("2026-11-20", "2026-11-21")
    release_daily(world.events, [("all", "", "all", 40), ("visits", "", "here", 30)], days)
    reach = [
        ("reach", "lantern-2027", step, *at, count) for step, count in (("home", 20), ("here", 30), ("completed", 10))
    ]
    came = [("campaign", "", "lantern-2027", *at, 60), ("link", "lantern-2027", code, *at, 25)]
    release(world.events, [*reach, *came])
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", sato.get("/desk/figures/campaigns").text)).replace("\u00a0", " ")
    assert "Lantern nights brought most visits: 60; 67 % of them came to the site." in page
    # the steps that are shown make up the 60: nobody stopped at AR
    assert "Lantern nights 60 40 10 10 67 %" in page
    assert "Least was spent per arrival for Lantern nights: ¥2,500." in page
    assert f"({code}): 25 visits" in page
    assert 'href="/desk/campaigns/lantern-2027/run"' in sato.get("/desk/figures/campaigns").text
