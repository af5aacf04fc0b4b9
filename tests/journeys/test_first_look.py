"""The first look at a scene: its model stands before three is there, just as the stage then shows it."""

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.journeys.sites import Served
from tests.journeys.visiting import count_colours, eventually, wait_for_mark

SCENES = ("water-gate-1820", "chief-factor-house-1820")
STAGE = "**/assets/stage-*.js"
BEGAN = "name => performance.getEntriesByType('resource').find(entry => entry.name.includes(name)).startTime"
KEEP_FRAMES = """
window.frames_seen = {}
const mark = performance.mark.bind(performance)
performance.mark = (name, ...rest) => {
    const canvas = { 'first-look': 'canvas.look', first3d: '#scene canvas:not(.look)' }[name]
    // within the task that drew it: afterwards the browser has taken the frame away
    if (canvas !== undefined) frames_seen[name] = document.querySelector(canvas).toDataURL()
    return mark(name, ...rest)
}"""


class Gate:
    """Holds requests back until it is opened."""

    def __init__(self) -> None:
        self.held: list[Route] = []
        self.is_open = False

    def __call__(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.held.append(route)

    def open(self) -> None:
        self.is_open = True
        for route in self.held:
            route.continue_()


@pytest.fixture
def slow_stage(open_phone: Callable[..., Page]) -> tuple[Page, Gate]:
    """A phone on whose line the stage does not come before the gate opens."""
    phone = open_phone("en", service_workers="block", is_calm=False)
    gate = Gate()
    phone.route(STAGE, gate)
    return phone, gate


def frame_of(page: Page, name: str) -> np.ndarray:
    """The pixels (height, width, 4) that were drawn when a mark was set."""
    address: str = page.evaluate("name => frames_seen[name]", name)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA"), np.int16)


@pytest.mark.parametrize("experience", SCENES)
def test_the_model_stands_before_the_stage_is_there_and_the_stage_shows_the_same(
    slow_stage: tuple[Page, Gate], experience: str
) -> None:
    phone, gate = slow_stage
    phone.add_init_script(KEEP_FRAMES)
    phone.goto(f"/en/dejima/xr/{experience}")
    wait_for_mark(phone, "first-look")
    assert count_colours(phone.locator("#scene")) > 20
    assert phone.evaluate("performance.getEntriesByName('first3d').length") == 0
    gate.open()
    wait_for_mark(phone, "first3d")
    eventually(phone, lambda: phone.locator("#scene canvas").count() == 1, "the look is taken away")
    look, stage = frame_of(phone, "first-look"), frame_of(phone, "first3d")
    assert look.shape == stage.shape
    drawn = look[:, :, 3] == 255
    assert 0.02 < drawn.mean() < 0.6
    assert (stage[:, :, 3][drawn] == 255).mean() > 0.99
    differs = np.abs(look - stage)[:, :, :3].max(axis=2)[drawn]
    assert np.median(differs) <= 2
    assert (differs > 24).mean() < 0.05  # the edge of a pixel here and there


def test_the_stage_is_asked_for_once_the_model_is_on_its_way(open_phone: Callable[..., Page]) -> None:
    phone = open_phone("en", service_workers="block")
    gate = Gate()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.route("**/*.glb", gate)
    phone.goto("/en/dejima/xr/water-gate-1820")
    eventually(phone, lambda: len(gate.held) > 0, "the model is asked for")
    phone.wait_for_timeout(500)
    assert not any("/three-" in url for url in asked)
    gate.open()
    wait_for_mark(phone, "first-look")
    wait_for_mark(phone, "first3d")
    began = phone.evaluate(BEGAN, "/three-")
    assert began < phone.evaluate("performance.getEntriesByName('first-look')[0].startTime")


def test_a_browser_that_cannot_only_fetch_a_script_loads_it_at_the_same_time(open_phone: Callable[..., Page]) -> None:
    phone = open_phone("en", service_workers="block")
    phone.add_init_script("DOMTokenList.prototype.supports = name => name !== 'modulepreload'")
    phone.goto("/en/dejima/xr/water-gate-1820")
    wait_for_mark(phone, "first3d")
    assert phone.evaluate(BEGAN, "/three-") < phone.evaluate("performance.getEntriesByName('first-look')[0].startTime")
    assert phone.locator("head link[rel=modulepreload][href*='/three-']").count() == 0


def test_without_a_second_context_of_the_graphics_card_the_stage_comes_as_ever(open_phone: Callable[..., Page]) -> None:
    phone = open_phone("en", service_workers="block")
    phone.add_init_script(
        """const give = HTMLCanvasElement.prototype.getContext
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return this.className === 'look' ? null : give.call(this, kind, ...rest)
        }"""
    )
    phone.goto("/en/dejima/xr/water-gate-1820")
    wait_for_mark(phone, "first3d")
    assert phone.evaluate("performance.getEntriesByName('first-look').length") == 0


def test_a_model_that_cannot_be_had_is_told_and_the_picture_stands_until_it_can(
    open_phone: Callable[..., Page], served: Served
) -> None:
    phone = open_phone("en", service_workers="block")
    phone.route("**/*.glb", lambda route: route.fulfill(status=503))
    phone.goto(f"{served.url}/en/dejima/xr/water-gate-1820")
    expect(phone.get_by_role("button", name="Try again")).to_be_visible()
    expect(phone.locator("#picture")).to_be_visible()
    assert phone.locator("canvas.look").count() == 0
    phone.unroute("**/*.glb")
    phone.get_by_role("button", name="Try again").click()
    wait_for_mark(phone, "first3d")
    expect(phone.locator("#picture")).to_be_hidden()
