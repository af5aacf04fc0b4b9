"""What is closed today, told at the desk: within a minute on the map and in the sheet of a phone that is open, and gone again."""

import json
import time
import urllib.request
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.checks import violations
from tests.journeys.sites import Served
from tests.journeys.visiting import WATER_GATE, eventually, walk_to

POLL_MS = 75_000  # open pages ask for the site document every minute, give or take a fifth
PATIENCE_S = 60.0
CLOSED = "Sea Gate is closed today."


def wait_until_told(served: Served, count: int) -> None:
    """Return once phones would be told so many notices."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with urllib.request.urlopen(f"{served.url}/api/v1/sites/dejima?lang=en") as answer:
            if len(json.load(answer)["notices"]) == count:
                return
        assert time.monotonic() < deadline, f"there are not {count} notices"
        time.sleep(0.05)


def test_water_gate_closed_today_reaches_a_phone_that_is_open_and_goes_again(
    staff_login: Callable[..., Page], phone: Page, served: Served
) -> None:
    phone.clock.install()
    phone.goto("/en/dejima/")
    mark = phone.locator("a.mark[data-landmark=suimon]")
    expect(mark).to_be_visible()
    phone.evaluate("window.sameDocument = true")
    phone.locator("#walk button.primary").click()
    expect(phone.locator("#walk")).to_have_attribute("data-kind", "granted")

    desk = staff_login()
    close_today(desk)
    try:
        wait_until_told(served, 1)
        phone.clock.fast_forward(POLL_MS)
        expect(mark.locator(".flag")).to_have_text("×")
        expect(phone.get_by_role("link", name="Sea Gate, Closed")).to_be_visible()
        expect(phone.locator("#notices")).to_contain_text(CLOSED)
        expect(phone.locator("#notice-news")).to_contain_text(CLOSED)  # said aloud, politely
        walk_to(phone, WATER_GATE)
        expect(phone.locator("#arrival")).to_contain_text(CLOSED)
        eventually(phone, lambda: violations(phone) == [], "the sheet has come up, and nothing is amiss with it")
    finally:  # other journeys share the site
        take_back(desk)
    tap_on_the_map(desk)
    wait_until_told(served, 0)
    phone.clock.fast_forward(POLL_MS)
    expect(mark.locator(".flag")).to_have_count(0)
    expect(phone.locator("#arrival")).not_to_contain_text(CLOSED)
    assert phone.evaluate("window.sameDocument")


def close_today(desk: Page) -> None:
    """Say in three clicks that the gate is closed today."""
    desk.goto("/desk/notices")
    desk.get_by_role("link", name="Sea Gate", exact=True).click()
    expect(desk.get_by_label("English")).to_have_value(CLOSED)
    desk.get_by_role("button", name="Save and publish").click()
    expect(desk.get_by_role("status")).to_contain_text("Visitors' phones show it within a minute")
    assert violations(desk) == []


def take_back(desk: Page) -> None:
    desk.get_by_role("button", name=f"Take back: {CLOSED}").click()
    expect(desk.get_by_role("status")).to_contain_text("Visitors' phones drop it within a minute")


def tap_on_the_map(desk: Page) -> None:
    """On the form of a landmark a tap on the map fills its place in, which the map then shows; nothing is saved."""
    desk.goto("/desk/places/landmark/suimon")
    spot = desk.locator(".typed.spot")
    expect(desk.get_by_label("Latitude")).to_have_value("32.7440401")
    before = spot.get_attribute("transform")
    desk.locator("svg[data-pick]").click()  # in its middle
    expect(desk.get_by_label("Latitude")).not_to_have_value("32.7440401")
    expect(spot).not_to_have_attribute("transform", before or "")
    assert violations(desk) == []
    for page in (
        "/desk/places",
        "/desk/places/path/new",
        "/desk/texts",
        "/desk/texts/landmark/suimon?language=ja-x-easy",
    ):
        desk.goto(page)
        assert violations(desk) == [], page
