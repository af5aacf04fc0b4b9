"""Aligning in AR: three sightings on a walk bring a surveyed model to its true place, through losses and without a server."""

import json
import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.checks import violations
from tests.journeys.sightings import AIMED, GATE_XR, POINTS, START, TEXTS, aim_at_all, enter_ar, local_of, metres, press
from tests.journeys.sites import Served
from tests.journeys.visiting import (
    NEAR_OUTSIDE,
    WATER_GATE,
    count_colours,
    eventually,
    give_ar,
    listen_for_errors,
    stored_types,
    wait_for_mark,
    walk_to,
)

KEPT = """Promise.all([
        location.href, '/api/v1/sites/dejima?lang=en', '/api/v1/sites/dejima/scenes/water-gate-1820?lang=en',
        ...performance.getEntriesByType('resource').map(({ name }) => name)
            .filter(name => name.endsWith('.js') || name.endsWith('.glb'))
    ].map(address => caches.match(address))).then(kept => kept.every(answer => answer !== undefined))"""


@pytest.fixture
def at_gate(open_phone: Callable[..., Page]) -> Page:
    """A phone with AR inside the gate's fence, its compass silent."""
    page = open_phone(at=START)
    give_ar(page)
    return page


def wrong_by_m(page: Page) -> float:
    """How far the gate stood from its true place, on the ground, when it came to stand there."""
    script = "performance.getEntriesByName('ar-overlaid').at(-1).detail.middle"
    x, _, z = page.evaluate(script)
    middle = [(a + b) / 2 for a, b in zip(POINTS[AIMED[0]], POINTS[AIMED[1]], strict=True)]
    right_x, right_z = local_of(*metres((middle[0], middle[1]), START))
    return math.hypot(x - right_x, z - right_z)


def test_a_whole_visit_from_arriving_to_coming_back(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url, at=NEAR_OUTSIDE)
    errors = listen_for_errors(phone)
    give_ar(phone)
    phone.goto("/en/dejima/")
    phone.locator("#walk button.primary").click()
    phone.locator("button[data-consent=statistics]").click()
    expect(phone.locator("#walk")).to_have_attribute("data-kind", "granted")
    walk_to(phone, WATER_GATE)
    expect(phone.locator("#arrival")).to_contain_text("The Water Gate, 1820")
    enter_ar(phone)
    aim_at_all(phone)
    overlay = phone.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "overlaid")
    expect(phone.locator("#where")).to_contain_text("At its true place, to about")
    expect(phone.locator("#where")).to_contain_text(TEXTS["xr.window_demonstration"])
    assert wrong_by_m(phone) < 5
    eventually(phone, lambda: phone.evaluate(KEPT), "page, scene and model are kept on the phone")
    new_site.stop("server")
    phone.evaluate("phone.lost = true")
    expect(overlay).to_have_attribute("data-ar", "lost")
    phone.evaluate("phone.lost = false")
    expect(overlay).to_have_attribute("data-ar", "overlaid")
    press(phone, "End")
    expect(overlay).not_to_have_attribute("data-ar", re.compile(""))
    phone.reload()
    wait_for_mark(phone, "first3d")
    assert count_colours(phone.locator("canvas[role=img]")) > 10
    new_site.start_server()
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    eventually(phone, lambda: stored_types(new_site)["ar_ended"] == 1, "what happened without a server arrives")
    assert stored_types(new_site)["ar_started"] == 1
    assert not [error for error in errors if "Failed to load resource" not in error and "ERR_" not in error]


def test_after_a_reset_it_does_not_stand_there_and_sightings_lead_back(at_gate: Page) -> None:
    enter_ar(at_gate)
    aim_at_all(at_gate)
    overlay = at_gate.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "overlaid")
    at_gate.evaluate("phone.reset()")
    expect(overlay).to_have_attribute("data-ar", "searching")  # the phone looks level, at no floor
    aim_at_all(at_gate)
    expect(overlay).to_have_attribute("data-ar", "overlaid")


def test_the_model_is_put_right_by_hand_and_taken_back_by_keyboard_alone(at_gate: Page) -> None:
    enter_ar(at_gate)
    aim_at_all(at_gate)
    expect(at_gate.locator("#overlay")).to_have_attribute("data-ar", "overlaid")
    at_gate.get_by_role("button", name=TEXTS["xr.window_adjust"]).focus()
    at_gate.keyboard.press("Enter")
    undo = at_gate.get_by_role("button", name=TEXTS["xr.sight_undo"])
    expect(undo).to_be_enabled()
    for key in ("xr.window_turn_left", "xr.align_right", "xr.window_nearer"):
        at_gate.get_by_role("button", name=TEXTS[key], exact=True).focus()
        at_gate.keyboard.press("Enter")
    assert violations(at_gate) == []
    for _ in range(3):
        undo.focus()
        at_gate.keyboard.press("Enter")
    expect(at_gate.locator("#where")).to_contain_text("At its true place")


def test_who_walks_sees_the_way_and_not_the_model(at_gate: Page) -> None:
    enter_ar(at_gate)
    aim_at_all(at_gate)
    expect(at_gate.locator("#overlay")).to_have_attribute("data-ar", "overlaid")
    at_gate.evaluate(
        "window.walking = setInterval(() => phone.device.position.set(phone.device.position.x + 0.15, 1.5, 0), 100)"
    )
    expect(at_gate.locator("#where")).to_contain_text("Stop and look")
    at_gate.evaluate("clearInterval(window.walking)")
    expect(at_gate.locator("#where")).to_contain_text("At its true place")


def test_a_trace_is_kept_only_when_asked_for_and_saved_by_a_tap(at_gate: Page) -> None:
    at_gate.goto(f"{GATE_XR}?record=1")
    wait_for_mark(at_gate, "first3d")
    expect(at_gate.get_by_text(TEXTS["xr.record_on"])).to_be_visible()
    press(at_gate, "See it here")
    press(at_gate, "Begin")
    expect(at_gate.locator("#overlay")).to_have_attribute("data-ar", "ready")
    aim_at_all(at_gate)
    press(at_gate, "End")
    with at_gate.expect_download() as saved:
        at_gate.get_by_role("button", name="Save the trace").click()
    lines = [json.loads(line) for line in saved.value.path().read_text(encoding="utf-8").splitlines()]
    assert lines[0]["kind"] == "begin"
    assert sum(line["kind"] == "sighting" for line in lines) == 3
    at_gate.goto(GATE_XR)
    wait_for_mark(at_gate, "first3d")
    expect(at_gate.get_by_text(TEXTS["xr.record_on"])).to_have_count(0)
