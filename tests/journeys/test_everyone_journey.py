"""Everyone: every mode and state in every language and look, by keyboard alone, at twice the size, on its side, in the sun."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.checks import width_beyond
from tests.journeys.conftest import OUTSIDE, PERMISSIONS, PHONE
from tests.journeys.everyone import HOLD, SUNLIGHT, check_focus, faults, measure, stops, tab_on
from tests.journeys.visiting import HOUSE, WATER_GATE, give_ar, wait_for_mark, walk_to

OpenPhone = Callable[..., Page]
States = Iterator[str]
GATE_XR = "xr/water-gate-1820"
REFUSED = 'localStorage.setItem(\'consent\', \'{"state":"refused","text_version":"2026-11"}\')'
SAVES_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true, effectiveType: '4g'}})"
LANGUAGES = ("ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy")
LOOKS = ("light", "evening", "sunlight")
FIRST = {("ja", "light"), ("en", "sunlight")}
EVERY = [
    pytest.param(language, look, marks=() if (language, look) in FIRST else pytest.mark.long)
    for language in LANGUAGES
    for look in LOOKS
]
ON_ITS_SIDE = {"width": 844, "height": 390}
LISTEN = """
window.said = []
new MutationObserver(changes => {
    const regions = changes.map(({ target }) => (target.nodeType === 1 ? target : target.parentElement)?.closest('[role=status]'))
    for (const region of new Set(regions)) {
        if (region?.checkVisibility() && region.textContent.trim() !== '') said.push(region.textContent.trim())
    }
}).observe(document, { subtree: true, childList: true, characterData: true })
"""
"""Keeps what a screen reader would be told, change by change."""
TWICE_AS_LARGE = {"width": 195, "height": 422}
"""What a page has of a phone of 390 x 844 when everything on it is drawn at 200 %."""


def open_as(open_phone: OpenPhone, look: str, **options: Any) -> Page:
    """A phone with a look: evening is the phone's own dark mode, sunlight was chosen before."""
    page = open_phone(color_scheme="dark" if look == "evening" else "light", **options)
    if look == "sunlight":
        page.add_init_script(SUNLIGHT)
    return page


def press(page: Page, selector: str) -> None:
    page.locator(selector).first.click()


def tap(page: Page, selector: str) -> None:
    """Press without waiting for the view to be at rest: in AR it is drawn anew all the time."""
    page.locator(selector).first.dispatch_event("click")


def reading_states(page: Page, language: str) -> States:
    """The pages to read, and the landing page in each state of its one question."""
    page.goto(f"/{language}/dejima/")
    expect(page.locator("#walk")).to_have_attribute("data-kind", "not_asked")
    yield "landing, position not asked"
    press(page, "#walk button.primary")
    expect(page.locator("#walk")).to_have_attribute("data-kind", "granted")
    yield "landing, position on, choice asked"
    walk_to(page, HOUSE)
    expect(page.locator("#arrival")).to_be_visible()
    yield "arrived at the house, save data"
    press(page, "#consent [data-consent=refused]")
    expect(page.locator("#consent")).to_be_hidden()
    page.evaluate("sessionStorage.setItem('walk', 'off')")
    page.goto(f"/{language}/dejima/")
    expect(page.locator("#walk")).to_have_attribute("data-kind", "declined")
    yield "landing, position declined"
    page.context.clear_permissions()
    press(page, "#walk button")
    expect(page.locator("#walk")).to_have_attribute("data-kind", "denied")
    yield "landing, position denied"
    for path in ("landmarks/suimon", "experiences/water-gate-1820", "help", "privacy", "offline"):
        page.goto(f"/{language}/dejima/{path}")
        yield path


def looking_states(page: Page, language: str) -> States:
    """The immersive page on a phone with AR, from the turned model to the model lost and found again."""
    page.add_init_script(HOLD)
    page.goto(f"/{language}/dejima/{GATE_XR}")
    wait_for_mark(page, "first3d")
    expect(page.locator("#spots button:visible").first).to_be_visible()
    yield "turned"
    press(page, "#spots button:visible")
    expect(page.locator("#panel")).to_be_visible()
    yield "a point"
    page.keyboard.press("Escape")
    press(page, "#bar button.tool")
    expect(page.locator("#panel")).to_be_visible()
    yield "how sure"
    page.keyboard.press("Escape")
    press(page, "#ways-open")
    yield "ways to look"
    page.keyboard.press("Escape")
    press(page, "#controls button.primary")
    expect(page.locator("#controls h2")).to_be_visible()
    yield "explained"
    page.evaluate("phone.hasFloor = false")
    tap(page, "#controls .words button.primary")
    overlay = page.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "searching")
    yield "AR, searching"
    page.evaluate("phone.hasFloor = true")
    expect(overlay).to_have_attribute("data-ar", "ready")
    yield "AR, ready"
    tap(page, "#controls button:not(.primary)")
    expect(overlay).to_have_attribute("data-ar", "placed")
    yield "AR, placed"
    tap(page, "#controls button.primary")
    expect(page.locator(".points-list")).to_be_visible()
    yield "AR, which point"
    tap(page, ".points-list button")
    expect(page.locator(".sighting .ring")).to_be_visible()
    yield "AR, aiming"
    page.locator("#controls button").last.dispatch_event("click")
    page.locator("#controls button").last.dispatch_event("click")
    page.evaluate("phone.lost = true")
    expect(overlay).to_have_attribute("data-ar", "lost")
    yield "AR, lost"


def refused(page: Page) -> Page:
    page.add_init_script(REFUSED)
    return page


@pytest.mark.parametrize(("language", "look"), EVERY)
def test_pages_to_read_hold_for_everyone_in_every_state(open_phone: OpenPhone, language: str, look: str) -> None:
    page = open_as(open_phone, look, at=OUTSIDE, permissions=PERMISSIONS, service_workers="block")
    page.add_init_script(SAVES_DATA)
    found = [fault for state in reading_states(page, language) for fault in faults(page, state, look)]
    assert found == []


@pytest.mark.parametrize(("language", "look"), EVERY)
def test_the_scene_holds_for_everyone_in_every_state(open_phone: OpenPhone, language: str, look: str) -> None:
    held = ON_ITS_SIDE if look == "sunlight" else PHONE  # both ways of holding a phone come by
    page = refused(open_as(open_phone, look, viewport=held, at=WATER_GATE, service_workers="block"))
    give_ar(page)
    found = [fault for state in looking_states(page, language) for fault in faults(page, state, look)]
    assert found == []


def test_nothing_is_lost_at_twice_the_size(open_phone: OpenPhone) -> None:
    page = refused(open_phone("ja", viewport=TWICE_AS_LARGE, service_workers="block"))
    page.add_init_script(SAVES_DATA)
    found: list[str] = []
    for path in ("", "landmarks/suimon", "experiences/water-gate-1820", "help", "privacy"):
        page.goto(f"/ja/dejima/{path}")
        beyond_px = width_beyond(page)
        found += [f"{path}: {beyond_px} px too wide"] if beyond_px > 0 else []
    page.goto(f"/ja/dejima/{GATE_XR}")
    page.get_by_role("button", name="MB").click()
    wait_for_mark(page, "first3d")
    found += measure(page, "overlaps()")
    page.locator("#ways-open").click()
    found += measure(page, "overlaps()")
    assert found == []


def go_to_the_scene(page: Page) -> None:
    """From the first page over the experience's own to the scene, by keyboard."""
    page.goto("/en/dejima/")
    expect(page.locator("#walk")).to_be_visible()
    tab_on(page, page.locator('#experiences a[href$="/chief-factor-house-1820"]'))
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiences/chief-factor-house-1820")
    expect(page.locator("#act")).to_be_visible()
    tab_on(page, page.locator("#act a"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/xr/chief-factor-house-1820")
    wait_for_mark(page, "first3d")
    expect(page.locator("#controls button")).to_be_enabled()


def test_from_the_first_page_into_the_camera_picture_by_keyboard_alone(open_phone: OpenPhone) -> None:
    page = refused(open_phone("en", is_mobile=False, has_touch=False, at=HOUSE, service_workers="block"))
    give_ar(page)
    go_to_the_scene(page)
    went = stops(page)
    assert len(went) == len(set(went))  # once round, and out again
    name = page.locator("#spots button:visible").first.get_attribute("aria-label")
    spot = page.locator("#spots").get_by_role("button", name=name)
    tab_on(page, spot)
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_be_focused()
    page.keyboard.press("Tab")
    check_focus(page)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(spot).to_be_focused()
    years = page.locator("#bar input[type=range]")
    tab_on(page, years)
    told = page.locator(".era-text").inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".era-text")).not_to_have_text(told)
    tab_on(page, page.locator("#ways-open"))
    page.keyboard.press("Enter")
    expect(page.locator("#ladder")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('#ladder') !== null")
    page.keyboard.press("Escape")
    expect(page.locator("#ways-open")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#controls button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#controls .words button").first).to_be_focused()
    page.keyboard.press("Enter")
    overlay = page.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "ready")
    place = page.locator("#controls button:not(.primary)").first
    tab_on(page, place)
    page.keyboard.press("Enter")
    expect(overlay).to_have_attribute("data-ar", "placed")
    check_focus(page)
    tab_on(page, page.get_by_role("button", name="End", exact=True))
    page.keyboard.press("Enter")
    expect(overlay).not_to_have_attribute("data-ar", "placed")
    expect(page.locator("#controls button")).to_be_focused()


def test_what_happens_is_told_to_who_listens_once_and_politely(open_phone: OpenPhone) -> None:
    page = refused(open_phone("en", at=OUTSIDE, service_workers="block"))
    give_ar(page)
    page.goto("/en/dejima/")
    page.evaluate(LISTEN)
    page.locator("#walk button.primary").click()
    expect(page.locator("#me")).to_be_visible()
    walk_to(page, HOUSE)
    expect(page.locator("#arrival")).to_be_visible()
    told = page.evaluate("said")
    assert len([sentence for sentence in told if "You are here" in sentence]) == 1, told
    assert measure(page, "rudeRegions()") == []
    page.goto("/en/dejima/xr/chief-factor-house-1820")
    wait_for_mark(page, "first3d")
    page.evaluate(LISTEN)
    page.get_by_role("button", name="See it here").click()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "ready")
    page.evaluate("phone.lost = true")
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "lost")
    told = page.evaluate("said")
    line = page.locator("#where").inner_text()
    assert told.count(line) == 1, told
    assert len(told) == len(set(told)), told
    assert measure(page, "rudeRegions()") == []
