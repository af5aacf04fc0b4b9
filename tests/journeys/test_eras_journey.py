"""Then and now before the visitor: in AR and in the magic window the years are gone through as in the turned view."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Locator, Page, expect

from tests.journeys.checks import tab_to
from tests.journeys.everyone import faults
from tests.journeys.sites import ROOT
from tests.journeys.visiting import eventually, give_ar, listen_for_errors
from tests.journeys.windows import CAMERA, NO_CHOICE_TO_ASK, be_iphone, open_scene, press, text

HOUSE_XR = "/en/dejima/xr/chief-factor-house-1820"
COUNT = Path(__file__).parent / "count_drawing.js"
VISITOR = json.loads((ROOT / "xr_server" / "texts" / "en" / "visitor.json").read_text(encoding="utf-8"))
FIRE, IN_1820, TODAY = "After the fire of 1798", "About 1820", "Today"
WALL = (0.1, 0.21, 0.9, 0.36)
"""Where the house is in every view of these journeys, in shares of the screen."""
SLIDE = "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input', { bubbles: true })) }"
BARE_COLOURS = 8


def seen(page: Page) -> Image.Image:
    """What is seen where the house stands."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    left, top, right, bottom = WALL
    return shot.crop(
        (int(left * shot.width), int(top * shot.height), int(right * shot.width), int(bottom * shot.height))
    )


def colours(page: Page) -> int:
    """How many clearly different colours are seen there; the street and the test camera's picture have a handful."""
    return len(seen(page).resize((96, 96)).point(lambda value: value // 24).getcolors(96 * 96) or [])


def apart(page: Page, picture: Image.Image) -> float:
    """How far the view is from a picture taken before, as the mean difference of a colour of 0 to 255."""
    now, then = ImageStat.Stat(seen(page)).mean, ImageStat.Stat(picture).mean
    return sum(abs(a - b) for a, b in zip(now, then, strict=True)) / 3


def files_of(page: Page, node: dict[str, Any]) -> list[str]:
    """The files of a node's model that the page has loaded."""
    names: list[str] = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    return [name for name in names if node["package"] in name and name.endswith(".glb")]


def nodes(page: Page) -> dict[str, dict[str, Any]]:
    scene = page.request.get("/api/v1/sites/dejima/scenes/chief-factor-house-1820?lang=en").json()
    return {node["id"]: node for node in scene["nodes"]}


def slider_of(page: Page) -> Locator:
    return page.locator(".eras input")


def stand_in_ar(page: Page) -> None:
    """The house on the floor before the visitor."""
    press(page, "See it here")
    press(page, VISITOR["ui.ar_go"])
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "ready")
    expect(slider_of(page)).to_be_hidden()  # nothing stands there yet
    press(page, VISITOR["ui.ar_place"])
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "placed")


def stand_in_window(page: Page) -> None:
    """The house in the camera picture."""
    press(page, "See it here")
    for question in ("motion", "position", "camera"):
        expect(page.locator("#mode h2")).to_have_text(text(f"ask_{question}_title"))
        expect(slider_of(page)).to_be_hidden()
        press(page, text("ask_yes"))
    expect(page.locator("#overlay")).to_have_attribute("data-window", "standing")


WAYS = {"ar": (give_ar, stand_in_ar), "window": (be_iphone, stand_in_window)}


@pytest.fixture(params=[*WAYS])
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def at_house(way: str, open_phone: Callable[..., Page]) -> Page:
    """A phone that can do AR, or that has the magic window, on the page of the house."""
    page = open_phone(permissions=CAMERA, service_workers="block")
    page.add_init_script(NO_CHOICE_TO_ASK)
    page.add_init_script(path=COUNT)
    WAYS[way][0](page)
    open_scene(page, HOUSE_XR)
    return page


@pytest.fixture
def before_house(way: str, at_house: Page) -> Page:
    """A phone before which the house stands, in AR and in the magic window."""
    WAYS[way][1](at_house)
    return at_house


def test_of_the_years_that_are_not_seen_only_the_coarsest_model_comes(at_house: Page) -> None:
    house = nodes(at_house)
    for node in ("house", "house-today"):
        assert house[node]["lods"][-1]["url"] in " ".join(files_of(at_house, house[node]))
    assert len(files_of(at_house, house["house-today"])) == 1


def test_after_it_the_turned_house_stands_where_it_stood(way: str, at_house: Page) -> None:
    spot = at_house.locator("#spots button").first
    expect(spot).to_be_visible()
    before = spot.bounding_box()
    WAYS[way][1](at_house)
    press(at_house, "End")
    expect(spot).to_be_visible()
    eventually(at_house, lambda: spot.bounding_box() == before, "the point is where it was")


def test_the_years_change_by_buttons_and_what_comes_into_sight_becomes_finer(before_house: Page) -> None:
    page = before_house
    errors = listen_for_errors(page)
    eventually(page, lambda: colours(page) > 2 * BARE_COLOURS, "the house of 1820 stands there")
    house = seen(page)
    press(page, TODAY)
    eventually(page, lambda: apart(page, house) > 20, "the house of today stands there")
    today = nodes(page)["house-today"]
    eventually(page, lambda: today["lods"][0]["url"] in " ".join(files_of(page, today)), "its finest level is loaded")
    press(page, FIRE)
    eventually(page, lambda: colours(page) < BARE_COLOURS, "nothing stands there")
    expect(page.get_by_text("The fire of 1798 destroyed the house")).to_be_visible()
    assert faults(page, "the years") == []
    press(page, IN_1820)
    eventually(page, lambda: colours(page) > 2 * BARE_COLOURS, "the house of 1820 stands there again")
    frames = page.evaluate("drawing.frames")
    assert 0 < max(frame["calls"] for frame in frames) <= 60
    assert 0 < max(frame["triangles"] for frame in frames) <= 150_000
    assert not errors


def test_between_two_years_the_house_is_half_there(before_house: Page) -> None:
    page = before_house
    slider = slider_of(page)
    eventually(page, lambda: colours(page) > 2 * BARE_COLOURS, "the house of 1820 stands there")
    house = seen(page)
    slider.evaluate(SLIDE, "0")
    eventually(page, lambda: colours(page) < BARE_COLOURS, "nothing stands there")
    bare = seen(page)
    whole = apart(page, house)
    slider.evaluate(SLIDE, "0.5")
    eventually(
        page,
        lambda: 0.2 * whole < apart(page, house) < 0.8 * whole and apart(page, bare) > 0.2 * whole,
        "the half of it is seen",
    )


def test_the_years_change_by_keyboard_and_stay_as_they_are_after(before_house: Page) -> None:
    page = before_house
    slider = slider_of(page)
    eventually(page, lambda: colours(page) > 2 * BARE_COLOURS, "the house of 1820 stands there")
    tab_to(page, slider)
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", FIRE)
    eventually(page, lambda: colours(page) < BARE_COLOURS, "nothing stands there")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", TODAY)
    expect(page.get_by_role("button", name=TODAY, exact=True)).to_have_attribute("aria-pressed", "true")
    press(page, "End")
    expect(page.locator("#bar button").last).to_be_visible()
    expect(slider).to_have_attribute("aria-valuetext", TODAY)
    expect(page.locator("#spots button:visible")).to_have_count(0)  # those of 1820 have no model to lie on
    press(page, IN_1820)
    expect(page.locator("#spots button").first).to_be_visible()
