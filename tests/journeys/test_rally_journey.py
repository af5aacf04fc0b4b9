"""A stamp rally in real browsers: made at the desk, walked by a phone without a signal, its prize handed out once."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.journeys.checks import violations
from tests.journeys.conftest import DESK, PHONE
from tests.journeys.sites import Served
from tests.journeys.visiting import eventually, walk_to

PLACES = {
    "suimon": (32.7440401, 129.8720428),
    "kapitan": (32.7435977, 129.8725152),
    "south-wall": (32.7432418, 129.8728332),
    "omotemon": (32.7436514, 129.8730561),
    "mini-dejima": (32.7433599, 129.8738081),
}
MOST_CLICKS = 12


def make_rally(desk: Page) -> int:
    """Make and publish a rally with five stamps as staff do; gives the clicks that took."""
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).date()
    clicks = 0

    def click(name: str, role: str = "button") -> None:
        nonlocal clicks
        clicks += 1
        desk.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    desk.goto("/desk/rallies")
    click("New rally", "link")
    desk.get_by_label("Title (English)").fill("Five stamps")
    for number, landmark in enumerate(PLACES, 1):
        clicks += 1  # a list is opened and a letter or two typed
        desk.get_by_label(f"Landmark {number}").select_option(landmark)
    desk.get_by_label("First day", exact=True).fill(today.isoformat())
    desk.get_by_label("Last day", exact=True).fill((today + timedelta(days=7)).isoformat())
    desk.get_by_label("Prize (English)", exact=True).fill("A postcard")
    desk.get_by_label("Where it is collected (English)").fill("Museum shop")
    click("Publish")
    expect(desk.get_by_role("status")).to_contain_text("Open phones have it within a minute")
    return clicks


def open_counter(desk: Page) -> str:
    """Open a counter at the desk; gives its link."""
    desk.get_by_role("link", name="Run it").click()
    desk.get_by_label("Name of the place").fill("Museum shop")
    desk.get_by_role("button", name="Open a counter").click()
    desk.get_by_text("Link and square code").click()
    link = desk.locator(".rally-link .address a").get_attribute("href")
    assert link is not None
    return link


def check_at(counter: Page, code: str) -> None:
    counter.get_by_label(re.compile("code", re.IGNORECASE)).fill(code)
    counter.get_by_role("button", name="Check and mark as used").click()


def test_a_rally_is_walked_without_a_signal_and_its_prize_is_handed_out_once(
    staff_login: Callable[..., Page],
    open_phone: Callable[..., Page],
    open_page: Callable[..., Page],
    served: Served,
) -> None:
    desk = staff_login()
    assert make_rally(desk) <= MOST_CLICKS
    try:
        assert violations(desk) == []
        link = open_counter(desk)
        assert violations(desk) == []
        code = walk(open_phone())
        hand_out(open_page, served, link, code)
    finally:
        withdraw(desk)


KEPT = """Promise.all([
        location.href, '/api/v1/sites/dejima?lang=en',
        ...performance.getEntriesByType('resource').map(({ name }) => name).filter(name => name.endsWith('.js'))
    ].map(address => caches.match(address))).then(kept => kept.every(answer => answer !== undefined))"""


def walk(phone: Page) -> str:
    """Collect five stamps without a signal, and get the prize code once there is one."""
    phone.goto("/en/dejima/rallies/five-stamps")
    phone.get_by_role("button", name="Use my position").click()
    expect(phone.locator(".acts")).to_contain_text("the stamp comes by itself")
    eventually(phone, lambda: phone.evaluate(KEPT), "the page and its scripts are kept on the phone")
    phone.context.set_offline(True)
    phone.reload()  # the page is kept
    expect(phone.locator(".acts")).to_contain_text("the stamp comes by itself")
    for number, place in enumerate(PLACES.values(), 1):
        walk_to(phone, place)
        expect(phone.locator(".stamped-on")).to_have_count(number)
    expect(phone.locator(".prize")).to_contain_text("as soon as there is a signal")
    phone.reload()  # what was collected is kept too
    expect(phone.locator(".stamped-on")).to_have_count(5)
    assert violations(phone) == []
    phone.context.set_offline(False)
    shown = phone.locator(".prize-code")
    expect(shown).to_have_text(re.compile(r"^[0-9A-Z]{5}-[0-9A-Z]{5}$"))
    expect(phone.locator(".prize-qr svg")).to_be_visible()
    assert violations(phone) == []
    return shown.inner_text()


def hand_out(open_page: Callable[..., Page], served: Served, link: str, code: str) -> None:
    """The code is good at the counter once; a second phone that shows the same gets nothing."""
    counter = open_page(viewport=PHONE, is_mobile=True, has_touch=True, locale="en-GB", base_url=served.url)
    counter.goto(link)
    assert counter.url.endswith("/counter/")  # nobody reads the link from the screen
    check_at(counter, code.lower())
    expect(counter.get_by_role("status")).to_contain_text("Valid")
    expect(counter.get_by_role("status")).to_contain_text("A postcard")
    assert violations(counter) == []
    check_at(counter, code)
    expect(counter.get_by_role("alert")).to_contain_text("Already used")
    expect(counter.get_by_role("button", name="Take it back")).to_be_visible()
    elsewhere = open_page(viewport=DESK, locale="en-GB", base_url=served.url)
    elsewhere.goto(f"/counter/?prize={code}")  # a visitor who scans their own code marks nothing
    expect(elsewhere.get_by_text("show it there")).to_be_visible()


def withdraw(desk: Page) -> None:
    """Other journeys share the site: they find it as it was."""
    desk.goto("/desk/rallies/five-stamps")
    desk.get_by_role("button", name="Withdraw").click()
    expect(desk.get_by_role("status")).to_contain_text("Visitors see it no longer")
