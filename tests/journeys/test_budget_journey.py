"""What is in view of every scene stays within what a phone can draw: triangles, calls and textures, counted from outside."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_visitor_journey import use_position
from tests.journeys.visiting import HOUSE, WATER_GATE, eventually, wait_for_mark, walk_to

COUNT = Path(__file__).parent / "count_drawing.js"
PIXELS_BYTES = 256
KEYS = (*["ArrowLeft"] * 6, *["+"] * 3, *["-"] * 5)
pytestmark = pytest.mark.long  # every one waits for lines, servers or frames


@pytest.mark.parametrize("experience", ["water-gate-1820", "chief-factor-house-1820"])
def test_a_scene_turned_all_round_stays_within_what_a_phone_can_draw(
    open_phone: Callable[..., Page], experience: str
) -> None:
    phone = open_phone("en")
    phone.add_init_script(path=COUNT)
    phone.goto(f"/en/dejima/xr/{experience}")
    wait_for_mark(phone, "first3d")
    phone.locator("#scene canvas").focus()
    for key in KEYS:
        drawn = phone.evaluate("drawing.frames.length")
        phone.keyboard.press(key)
        eventually(phone, lambda drawn=drawn: phone.evaluate("drawing.frames.length") > drawn, f"drawn after {key}")  # type: ignore[misc]
    frames = phone.evaluate("drawing.frames")
    assert 0 < max(frame["triangles"] for frame in frames) <= 150_000
    assert 0 < max(frame["calls"] for frame in frames) <= 60
    assert 0 < phone.evaluate("drawing.texture_bytes()") <= 64 << 20


def test_scenes_one_after_another_and_back_leave_nothing_on_the_graphics_card(phone: Page) -> None:
    phone.add_init_script(path=COUNT)
    phone.goto("/en/dejima/")
    use_position(phone)
    for visits, place in enumerate([HOUSE, WATER_GATE, HOUSE], start=1):
        walk_to(phone, place)
        shown = f"performance.getEntriesByName('first3d').length === {visits}"
        eventually(phone, lambda shown=shown: phone.evaluate(shown), f"scene {visits} stands")  # type: ignore[misc]
        assert phone.evaluate("drawing.texture_bytes()") > 0
        phone.get_by_role("button", name="Back to the map", exact=True).click()
        expect(phone.locator("#scene")).to_be_hidden()
        # three's own single pixels go with the context
        eventually(phone, lambda: phone.evaluate("drawing.texture_bytes()") < PIXELS_BYTES, "all is given back")
        assert phone.locator("canvas[role=img]").count() == 0
