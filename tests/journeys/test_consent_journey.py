"""What leaves a phone under each choice about counting, in Chromium, from arriving to a model that stands in AR."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.checks import violations, width_beyond
from tests.journeys.conftest import PHONE
from tests.journeys.visiting import HOUSE, NEAR_OUTSIDE, eventually, give_ar, wait_for_mark, walk_to
from xr_server.domain.endpoints import ENDPOINTS

HOUSE_XR = "/en/dejima/xr/chief-factor-house-1820"
ASKS_NOT_TO_FOLLOW = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
SILENT = ("unset", "refused", "withdrawn")
LISTED = tuple(
    (method, re.compile(re.sub(r"\\\{\w+\\\}", ".+" if "/static/" in path else "[^/]+", re.escape(path)) + "$"))
    for one in ENDPOINTS
    for method, _, path in [address.partition(" ") for address in one.addresses]
)


@dataclass(frozen=True)
class Heard:
    """What a phone asked for: a method, a path with its query, and the body."""

    method: str
    path: str
    query: str
    body: dict[str, Any]


def listen(page: Page) -> list[Heard]:
    """Every request of the page and of its worker, beacons among them; nothing is kept back."""
    heard: list[Heard] = []

    def hear(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https"):
            body = json.loads(request.post_data or "{}") if request.method == "POST" else {}
            heard.append(Heard(request.method, address.path, address.query, body))

    page.context.on("request", hear)
    return heard


def is_listed(one: Heard) -> bool:
    return any(one.method in (method, "HEAD") and path.match(one.path) for method, path in LISTED)


def choose(phone: Page, choice: str) -> None:
    """By the buttons of the pages, as visitors do."""
    if choice == "unset":
        return
    first = "statistics" if choice == "withdrawn" else choice
    phone.locator(f"#consent button[data-consent={first}]").click()
    expect(phone.locator("#consent")).to_be_hidden()
    if choice == "withdrawn":
        phone.goto("/en/dejima/privacy")
        phone.locator("#choice-form button[data-consent=refused]").click()
        expect(phone.locator("#choice-now")).to_contain_text("Nothing is sent")


TOLD = {"site_opened", "arrived", "landmark_entered", "ar_started", "aligned", "scene_placed", "ar_ended"}


def look_in_ar(phone: Page) -> None:
    """To the house, and its model onto the floor; as by a link, so the address of the page before is known."""
    phone.goto(HOUSE_XR, referer=phone.url)
    wait_for_mark(phone, "first3d")
    phone.get_by_role("button", name="See it here").click()
    phone.get_by_role("button", name="Begin").click()
    overlay = phone.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.tap()")
    expect(overlay).to_have_attribute("data-ar", "placed")
    phone.get_by_role("button", name="End").click()
    expect(overlay).not_to_have_attribute("data-ar", re.compile(""))


def long(choice: str, asks: bool = False) -> Any:
    return pytest.param(choice, asks, marks=pytest.mark.long)


@pytest.mark.parametrize(
    ("choice", "asks"),
    [
        ("refused", False),
        ("statistics", True),
        long("unset"),
        long("necessary"),
        long("withdrawn"),
        long("statistics"),
        long("necessary", asks=True),
    ],
)
def test_ar_works_under_every_choice_and_no_more_leaves_than_was_allowed(
    open_phone: Callable[..., Page], choice: str, asks: bool
) -> None:
    phone = open_phone(at=NEAR_OUTSIDE)
    give_ar(phone)
    if asks:
        phone.add_init_script(ASKS_NOT_TO_FOLLOW)
    heard = listen(phone)
    phone.goto("/en/dejima/?utm_source=dejima&utm_medium=poster&utm_campaign=x&utm_id=A1B2C3")
    phone.locator("#walk button.primary").click()
    expect(phone.locator("#walk")).to_have_attribute("data-kind", "granted")
    expect(phone.locator("#consent .browser-asks")).to_be_visible(visible=asks)
    choose(phone, choice)
    if choice == "withdrawn":
        heard.clear()
        phone.goto("/en/dejima/")
        expect(phone.locator("#walk")).to_have_attribute("data-kind", "granted")
    walk_to(phone, HOUSE)
    expect(phone.locator("#arrival")).to_contain_text("The Chief Factor's house, 1820")
    look_in_ar(phone)

    def told() -> list[dict[str, Any]]:
        return [event for one in heard for event in one.body.get("events", [])]

    holds = "necessary" if asks else choice

    def is_all_told() -> bool:
        events = told()  # what was looked at by hand and what in AR travels apart, in any order
        links = {event.get("link") for event in events}
        # of a link nothing is kept where only counters are allowed
        return {event["type"] for event in events} >= TOLD and (holds != "statistics" or "A1B2C3" in links)

    if choice not in SILENT:
        eventually(phone, is_all_told, "the visit is told, from the link to the end of AR")
    phone.goto("about:blank")  # what waits is handed over now
    phone.wait_for_timeout(500)
    assert [one for one in heard if not is_listed(one)] == []
    posted = [one for one in heard if one.method == "POST"]
    if choice in SILENT:
        assert posted == []
        return
    batches = [one.body for one in posted if "events" in one.body]
    assert {batch["consent"]["state"] for batch in batches} == {holds}
    assert {"visit" in batch for batch in batches} == {holds == "statistics"}
    assert {batch["device"] for batch in batches} == {"phone"}
    assert {event["type"] for event in told() if event.get("link")} <= {"site_opened"}
    degrees = r"(?<![:\d])(3[12]\.\d{3}|129\.\d{2})"  # and not the seconds of a time, which follow a colon
    assert not re.search(degrees, json.dumps([one.body for one in posted]))


def test_the_page_about_data_says_what_a_browser_asks_and_lists_every_address(open_phone: Callable[..., Page]) -> None:
    phone = open_phone()
    phone.add_init_script(ASKS_NOT_TO_FOLLOW)
    phone.goto("/en/dejima/privacy")
    expect(phone.locator("#choice-form .browser-asks")).to_contain_text("Global Privacy Control")
    phone.locator("#choice-form button[data-consent=statistics]").click()
    expect(phone.locator("#choice-now")).to_contain_text("At present")
    listed = phone.locator("section[aria-labelledby=endpoints] code").all_inner_texts()
    assert set(listed) == {address for one in ENDPOINTS for address in one.addresses}
    assert phone.viewport_size == PHONE
    assert width_beyond(phone) <= 0
    assert violations(phone) == []
