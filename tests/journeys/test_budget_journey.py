"""What is in view of every scene stays within what a phone can draw: triangles, calls and textures, counted from outside."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.journeys.visiting import eventually, wait_for_mark

COUNT = Path(__file__).parent / "count_drawing.js"
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
