"""What a visitor takes from the magic window: a picture with its credit, and a trace of the alignment."""

import io
import json
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.sites import ROOT
from tests.journeys.visiting import eventually
from tests.journeys.windows import (
    GATE_XR,
    POINTS,
    aim_at_all,
    colours_ahead,
    enter_surveyed,
    look_through,
    open_iphone,
    open_scene,
    open_window,
    press,
    survey,
    text,
    unsurvey,
)

SCENE_TEXTS = json.loads((ROOT / "xr_server" / "texts" / "en" / "scene.json").read_text(encoding="utf-8"))
IDLE_MS = 180_000
PLASTER = (0xF7, 0xF3, 0xEA)
HEAR_WORDS = """window.written = []
const write = CanvasRenderingContext2D.prototype.fillText
CanvasRenderingContext2D.prototype.fillText = function (...given) {
    window.written.push(given[0])
    return write.apply(this, given)
}"""


@pytest.fixture
def iphone(open_phone: Callable[..., Page]) -> Page:
    return open_iphone(open_phone)


def is_of_camera(pixel: tuple[int, int, int]) -> bool:
    """Whether a colour is one of the test camera's, which are greens that no model has."""
    red, green, blue = pixel
    return green > 100 and green > 2 * blue and green > 2 * red


def test_a_picture_holds_camera_model_and_credit_and_nothing_of_the_page(iphone: Page) -> None:
    unsurvey(iphone)
    iphone.add_init_script(HEAR_WORDS)
    open_window(iphone)
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is seen in the camera picture")
    with iphone.expect_download() as kept:
        press(iphone, SCENE_TEXTS["ui.photo"])
    assert kept.value.suggested_filename == "dejima.jpg"
    picture = Image.open(io.BytesIO(kept.value.path().read_bytes())).convert("RGB")
    screen = iphone.viewport_size or {"width": 0, "height": 0}
    seen_px = round(picture.width * screen["height"] / screen["width"])
    assert picture.height > seen_px + 40  # the line stands below what is seen, and hides nothing of it
    seen = picture.crop((0, 0, picture.width, seen_px)).resize((60, 120))
    pixels = [seen.getpixel((x, y)) for x in range(60) for y in range(120)]
    of_camera = sum(is_of_camera(pixel) for pixel in pixels if isinstance(pixel, tuple)) / len(pixels)
    assert 0.2 < of_camera < 0.9
    assert is_of_camera(tuple(picture.getpixel((picture.width // 2, 4))))  # type: ignore[arg-type]
    assert len(seen.point(lambda value: value // 24).getcolors(60 * 120) or []) > 15
    corner = picture.getpixel((2, picture.height - 3))
    assert isinstance(corner, tuple)
    assert all(abs(a - b) < 8 for a, b in zip(corner, PLASTER, strict=True))
    written = " ".join(iphone.evaluate("written"))
    credit = iphone.request.get("/api/v1/sites/dejima/scenes/water-gate-1820?lang=en").json()["credit"]
    assert "The Water Gate, 1820" in written
    assert SCENE_TEXTS["ui.grade_estimate"] in written
    assert credit.split()[0] in written
    expect(iphone.locator("#news")).to_have_text(SCENE_TEXTS["ui.photo_done"])


def test_a_camera_without_a_picture_yet_is_said_so(iphone: Page) -> None:
    unsurvey(iphone)
    open_window(iphone)
    iphone.evaluate("Object.defineProperty(HTMLVideoElement.prototype, 'videoWidth', { get: () => 0 })")
    press(iphone, SCENE_TEXTS["ui.photo"])
    expect(iphone.locator("#news")).to_have_text(SCENE_TEXTS["ui.photo_failed"])


def test_the_camera_goes_off_when_nobody_uses_it_for_three_minutes_and_comes_back_at_a_tap(iphone: Page) -> None:
    unsurvey(iphone)
    open_scene(iphone)
    iphone.clock.install()  # not before: marks of the page's own would go with its clock
    look_through(iphone, "See it here")
    iphone.clock.fast_forward(IDLE_MS - 10_000)
    press(iphone, text("window_put"))
    iphone.clock.fast_forward(IDLE_MS - 10_000)
    assert iphone.evaluate("iphone.isCameraOn()")  # the touch in between began the minutes anew
    iphone.clock.fast_forward(10_000)
    expect(iphone.locator("#news")).to_have_text(text("window_rested"))
    expect(iphone.get_by_text(text("window_rested")).first).to_be_visible()
    assert not iphone.evaluate("iphone.isCameraOn()")
    look_through(iphone, text("window_resume"))
    assert iphone.evaluate("iphone.isCameraOn()")


def test_a_trace_of_the_window_is_kept_when_asked_for_and_saved_by_a_tap(iphone: Page) -> None:
    survey(iphone)
    enter_surveyed(iphone, f"{GATE_XR}?record=1")
    aim_at_all(iphone)
    expect(iphone.locator("#mode-where")).to_contain_text("At its true place, to about")
    press(iphone, "End")
    expect(iphone.get_by_text(text("record_on"))).to_be_visible()
    with iphone.expect_download() as saved:
        iphone.get_by_role("button", name="Save the trace").click()
    lines = [json.loads(line) for line in saved.value.path().read_text(encoding="utf-8").splitlines()]
    assert lines[0]["kind"] == "begin"
    assert lines[0]["steps"] is True
    assert sum(line["kind"] == "sighting" for line in lines) == len(POINTS)
    assert any(line["kind"] == "heading" for line in lines)
