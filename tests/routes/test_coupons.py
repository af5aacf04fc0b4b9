"""A campaign's coupon: taken without an account, one for each phone, used once at a shop; the second time says when."""

import re
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.routes.forms import submit
from tests.samples import publish
from xr_server.domain.campaign import Aim, Campaign, Link

DAY_MS = 86_400_000
LANTERN = Campaign(
    id="lantern",
    title={"ja": "灯籠の夜", "en": "Lantern nights"},
    first_on="2026-11-20",
    last_on="2026-11-30",
    coupon={"ja": "お茶", "en": "A cup of tea"},
    collect_at={"ja": "喫茶", "en": "Café"},
    collect_until="2026-12-02",
    most_coupons=2,
    aims=[Aim(measure="coupons_used", number=1)],
)
PAGE = "/en/dejima/coupons/lantern"


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in, with the campaign out."""
    world.publish(LANTERN)
    world.app.state.parts.published.refresh()
    return world.sign_in("sato")


def take(phone: TestClient) -> str:
    """Take the coupon by the button of its page; gives the page that shows it."""
    answer = submit(phone, phone.get(PAGE).text, PAGE)
    assert answer.status_code == 303
    return phone.get(answer.headers["location"]).text


def code_on(page: str) -> str:
    return re.search(r'class="code">([0-9A-Z-]+)<', page)[1]


def counter(world: Any, sato: TestClient, name: str = "Café") -> TestClient:
    """A shop's phone with its counter open, by the link on the campaign's page."""
    page = sato.get("/desk/campaigns/lantern/run").text
    assert submit(sato, page, "/desk/campaigns/lantern/counters", name=name).status_code == 303
    link = re.findall(r'href="http://localhost(/counter/[^"]+)"', sato.get("/desk/campaigns/lantern/run").text)[-1]
    shop = world.visitor()
    assert shop.get(link).status_code == 200
    return shop


def test_one_phone_has_one_coupon_which_the_shop_marks_once(world: Any, sato: TestClient) -> None:
    phone, other = world.visitor(), world.visitor()
    first = take(phone)
    assert "A cup of tea" in first and code_on(phone.get(PAGE).text) == code_on(first)
    assert code_on(phone.get("/ja/dejima/coupons/lantern").text) == code_on(first) != code_on(take(other))
    shop = counter(world, sato)
    checked = submit(shop, shop.get("/counter/").text, "/counter/", code=code_on(first))
    assert checked.status_code == 200 and "A cup of tea" in checked.text
    again = submit(shop, shop.get("/counter/").text, "/counter/", code=code_on(first))
    assert again.status_code == 409 and "24 November 2026 (Tue) 11:00" in again.text
    shown = phone.get(PAGE).text
    assert "Used on 24 November 2026 (Tue) 11:00" in shown and "<figure>" not in shown
    assert f'data-campaign="lantern" data-used-at="{world.clock.at}"' in shown and "data-campaign" not in first
    page = sato.get("/desk/campaigns/lantern/run?lang=en").text
    assert "2 taken, 1 used." in page and "Used here: 1" in page and "1 of 1, 100" in page


def test_no_more_are_given_than_were_promised(world: Any, sato: TestClient) -> None:
    for _ in range(2):
        take(world.visitor())
    late = world.visitor()
    answer = submit(late, late.get(PAGE).text, PAGE)
    assert answer.status_code == 409 and "All coupons are given out." in answer.text


@pytest.mark.parametrize(
    ("days", "sentence"), [(-5, "is given from 20 November 2026"), (7, "no more coupons are given")]
)
def test_outside_its_days_none_is_given(world: Any, sato: TestClient, days: int, sentence: str) -> None:
    phone = world.visitor()
    before = phone.get(PAGE).text
    world.clock.at += days * DAY_MS
    world.app.state.parts.published.refresh()
    assert sentence in phone.get(PAGE).text
    answer = submit(phone, before, PAGE)
    assert answer.status_code == 200 and sentence in answer.text
    with world.catalog.connect() as connection:
        assert connection.execute(text("select count(*) from voucher")).scalar_one() == 0


def test_a_coupon_taken_in_time_is_used_until_its_last_day(world: Any, sato: TestClient) -> None:
    phone, shop = world.visitor(), counter(world, sato)
    code = code_on(take(phone))
    world.clock.at += 9 * DAY_MS
    late = submit(shop, shop.get("/counter/").text, "/counter/", code=code)
    assert late.status_code == 409 and "until 2 December 2026" in late.text
    assert "not valid any more" in phone.get(PAGE).text


def test_without_cookies_the_page_says_why_there_is_no_coupon(world: Any, sato: TestClient) -> None:
    phone = world.visitor()
    answer = submit(phone, phone.get(PAGE).text, PAGE)
    page = world.visitor().get(answer.headers["location"]).text
    assert "keeps nothing" in page and "Take the coupon" in page


def test_a_second_coupon_leaves_the_first_one_its_time(world: Any, sato: TestClient) -> None:
    for word, until in (("short", "2026-11-30"), ("endless", "9999-12-31")):
        world.publish(msgspec.structs.replace(LANTERN, id=word, collect_until=until))
    phone, kept = world.visitor(), {}
    for page in (PAGE, "/en/dejima/coupons/short", "/en/dejima/coupons/endless"):
        name, _, rest = submit(phone, phone.get(page).text, page).headers["set-cookie"].partition("=")
        kept[name] = int(re.search(r"Max-Age=(\d+)", rest)[1]) * 1000 // DAY_MS
    assert list(kept.values()) == [9, 7, 400]  # each until it ends itself, as long as browsers keep a cookie


def test_a_button_of_another_site_takes_no_coupon_and_leaves_the_phones_own(world: Any, sato: TestClient) -> None:
    answer = world.visitor().post(PAGE, headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=False)
    assert answer.status_code == 200 and "Take the coupon" in answer.text and "set-cookie" not in answer.headers
    with world.catalog.connect() as connection:
        assert connection.execute(text("select count(*) from voucher")).scalar_one() == 0


def test_a_printed_link_to_a_coupon_that_is_there_no_more_leads_to_the_map(world: Any, sato: TestClient) -> None:
    printed = Link(code="ABCDEF", to="coupon", language="en", source="dejima", medium="poster")
    linked = msgspec.structs.replace(LANTERN, links=[printed])
    bare = msgspec.structs.replace(linked, coupon={}, collect_at={})
    for revision, (body, page) in enumerate(((linked, "coupons/lantern"), (bare, "")), 1):
        publish(world.catalog, body, revision)
        world.app.state.parts.published.refresh()
        found = world.visitor().get("/c/ABCDEF", follow_redirects=False).headers["location"]
        assert found.partition("?")[0] == f"/en/dejima/{page}"


def test_what_is_stored_of_a_phone_is_a_hash_for_each_campaign(world: Any, sato: TestClient) -> None:
    phone = world.visitor()
    take(phone)
    word = phone.cookies["dejima_coupon_dejima_lantern"]
    with world.catalog.connect() as connection:
        row = connection.execute(text("select * from voucher")).mappings().one()
    assert not any(word in str(value) for value in row.values())
    assert set(row) == {
        "site_id", "serial", "offer_kind", "offer_id", "claim_hash", "way", "issued_at", "used_at", "counter", "used_by",
    }  # fmt: skip


def test_a_campaign_without_a_coupon_has_no_such_page(world: Any, sato: TestClient) -> None:
    bare = Campaign(id="bare", title={"en": "Bare"}, first_on="2026-11-20", last_on="2026-11-30")
    world.publish(bare)
    assert world.visitor().get("/en/dejima/coupons/bare").status_code == 404
    assert world.visitor().get("/en/dejima/coupons/none").status_code == 404


def test_a_coupon_of_a_campaign_that_was_taken_back_is_still_shown_to_who_has_it(world: Any, sato: TestClient) -> None:
    phone = world.visitor()
    code = code_on(take(phone))
    page = sato.get("/desk/campaigns/lantern").text
    assert submit(sato, page, "/desk/campaigns/lantern", step="withdraw").status_code == 303
    world.app.state.parts.published.refresh()
    assert code_on(phone.get(PAGE).text) == code
    other = world.visitor().get(PAGE, headers={"Accept": "text/html"})
    assert other.status_code == 404 and "There is no such coupon now." in other.text


def test_while_the_database_is_away_the_page_says_so_in_the_visitors_language(world: Any, sato: TestClient) -> None:
    with world.catalog.begin() as connection:
        connection.execute(text("alter table record rename to away"))
    answer = world.visitor().get("/ja/dejima/coupons/lantern", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5")
    assert "いまは表示できません。" in answer.text
