"""A campaign in real browsers: two phones come by its poster's code, a coupon is taken, used once, and refused with when."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.checks import violations
from tests.journeys.conftest import PHONE
from tests.journeys.sites import Served
from tests.journeys.visiting import eventually, listen_for_events

AGENT = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
"""What a phone says of itself; the browser of these tests says that it is none, and would not be counted."""


def make_campaign(desk: Page) -> None:
    """A campaign with a coupon and a link to it in English, as staff make one."""
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()
    desk.goto("/desk/campaigns/new")
    typed = {
        "title-en": "Tea by lantern light",
        "word": "night-tea",
        "first_on": today.isoformat(),
        "last_on": (today + timedelta(days=7)).isoformat(),
        "coupon-en": "A cup of tea",
        "collect_at-en": "Café at the Sea Gate",
        "aim-coupons_used": "1",
    }
    for name, words in typed.items():
        desk.locator(f"[name='{name}']").fill(words)
    desk.get_by_role("button", name="Save and publish").click()
    desk.wait_for_url("**/night-tea/run?**")
    desk.get_by_label("Leads to").select_option("coupon")
    desk.get_by_role("checkbox", name="English").check()
    desk.get_by_role("checkbox", name="the visitor's own").uncheck()
    desk.get_by_role("button", name="Make the links").click()
    expect(desk.get_by_role("table", name=re.compile("1 links"))).to_be_visible()


def open_counter(desk: Page) -> str:
    """Open a shop's counter; gives its link."""
    desk.get_by_label("Name of the place").fill("Café")
    desk.get_by_role("button", name="Open a counter").click()
    expect(desk.get_by_role("status")).to_contain_text("Opened")
    desk.get_by_text("Link and square code").click()
    return desk.locator(".rally-link .address a").get_attribute("href") or ""


def read_poster(desk: Page, poster: Page) -> str:
    """The address in the code of the poster, as a browser draws its SVG."""
    address = desk.get_by_role("link", name=re.compile("as SVG")).get_attribute("href")
    drawn = desk.request.get(address or "")
    assert drawn.headers["content-type"] == "image/svg+xml"
    poster.set_content(drawn.text())
    expect(poster.get_by_role("img")).to_be_visible()
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(poster.screenshot(full_page=True))))
    return found.text


def take(phone: Page, address: str) -> str:
    """Follow the code's address and take the coupon; gives its code."""
    phone.goto(address)
    phone.wait_for_url(
        "**/en/dejima/coupons/night-tea?utm_source=dejima&utm_medium=poster&utm_campaign=night-tea&utm_id=*"
    )
    assert violations(phone) == []
    phone.get_by_role("button", name="Take the coupon").click()
    code = phone.locator("#coupon .code")
    expect(code).to_have_text(re.compile(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$"))
    assert violations(phone) == []
    return code.inner_text()


def test_a_coupon_is_taken_by_the_code_of_a_poster_and_used_once(
    staff_login: Callable[..., Page], open_phone: Callable[..., Page], open_page: Callable[..., Page], served: Served
) -> None:
    desk = staff_login()
    make_campaign(desk)
    try:
        assert violations(desk) == []
        link, address = open_counter(desk), read_poster(desk, open_page(base_url=served.url))
        phone, other = open_phone(user_agent=AGENT), open_phone(user_agent=AGENT)
        code = take(phone, address)
        assert take(other, address) != code
        till = open_page(viewport=PHONE, is_mobile=True, has_touch=True, locale="en-GB", base_url=served.url)
        till.goto(link)
        for word in ("Valid", "Already used"):
            till.get_by_label(re.compile("code", re.IGNORECASE)).fill(code)
            till.get_by_role("button", name="Check and mark as used").click()
            expect(till.locator(".counter-word")).to_have_text(word)
        expect(till.get_by_role("alert")).to_contain_text("It was used on")
        phone.locator("#consent [data-consent=statistics]").click()
        told = listen_for_events(phone)
        phone.reload()
        expect(phone.get_by_text("Used on")).to_be_visible()
        eventually(phone, lambda: "coupon_redeemed" in told, "the figures hear of it from who lets visits be counted")
        desk.goto("/desk/campaigns/night-tea/run")
        expect(desk.get_by_text("2 taken, 1 used.")).to_be_visible()
        expect(desk.get_by_role("table", name="1 links, followed 2 times")).to_be_visible()
        expect(desk.get_by_text("1 of 1, 100 %")).to_be_visible()
    finally:
        desk.goto("/desk/campaigns/night-tea")
        desk.get_by_role("button", name="Take it back").click()
        desk.wait_for_url("**done=withdrawn**")
