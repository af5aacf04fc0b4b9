"""The magic window on an iPhone: its questions, what stands ahead in the picture, and sightings of a surveyed gate."""

import io
import json
import math
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.sites import ROOT
from tests.journeys.visiting import wait_for_mark

HERE = ROOT / "tests" / "journeys"
GATE_XR = "/en/dejima/xr/water-gate-1820"
CAMERA = ("geolocation", "camera")
TEXTS = {
    language: json.loads((ROOT / "xr_server" / "texts" / language / "looking.json").read_text(encoding="utf-8"))
    for language in ("ja", "en")
}
NO_CHOICE_TO_ASK = 'localStorage.setItem(\'consent\', \'{"state":"refused","text_version":"2026-11"}\')'
GATE = (32.7440401, 129.8720428)
VISITOR = (GATE[0] - 25 / 110_900, GATE[1])
"""25 m south of the gate's point."""
POINTS = {"West pillar": (0, 8), "Corner of the wall": (6, -30), "Stone lantern": (-40, -10)}
"""Metres north and east of the gate's point."""
FRAME_DEG = 130
"""How far the phone's own north is turned from the true one."""


def text(key: str, language: str = "en", **parts: object) -> str:
    """A sentence of the ways of looking."""
    sentence: str = TEXTS[language][f"xr.{key}"]
    return sentence.format(**parts)


def be_iphone(page: Page) -> None:
    """Give the phone an iPhone's ways; before its first page."""
    page.add_init_script(path=HERE / "iphone.js")


def open_iphone(open_phone: Callable[..., Page], at: tuple[float, float] = VISITOR) -> Page:
    """An iPhone with a camera at a place, that was never asked about counting."""
    page = open_phone(permissions=CAMERA, at=at, service_workers="block")
    page.add_init_script(NO_CHOICE_TO_ASK)
    be_iphone(page)
    return page


def give(page: Page, address: str, change: Callable[[Any], None]) -> None:
    """Let a document of the server be another one for the page; its context must have no service worker."""
    document = page.request.get(f"/api/v1/sites/dejima{address}").json()
    change(document)
    page.route(f"**/api/v1/sites/dejima{address}", lambda route: route.fulfill(json=document))


def change_scene(page: Page, language: str = "en", **values: object) -> None:
    """Let the gate's model be another one."""
    give(page, f"/scenes/water-gate-1820?lang={language}", lambda scene: scene["nodes"][0].update(values))


def unsurvey(page: Page, language: str = "en") -> None:
    """Let the gate's place be known from a map only, as most are."""
    change_scene(page, language, surveyed=False, accuracy_m=15, anchor_note=None)


def open_scene(page: Page, address: str = GATE_XR) -> None:
    page.goto(address)
    wait_for_mark(page, "first3d")
    expect(page.locator("#bar button").first).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def open_window(page: Page) -> None:
    """Through both questions of an iPhone into the magic window."""
    open_scene(page)
    look_through(page, "See it here")


def look_through(page: Page, name: str) -> None:
    """From a scene, by the button that leads there."""
    press(page, name)
    press(page, text("ask_yes"))
    expect(page.locator("#mode h2")).to_have_text(text("ask_camera_title"))
    press(page, text("ask_yes"))
    expect(page.locator("#mode-where")).to_contain_text("1.5 m below the phone")


def colours_ahead(page: Page) -> int:
    """How many clearly different colours are in the middle of the view, beside the greens of the test camera's picture."""
    size = page.viewport_size or {"width": 390, "height": 844}
    shot = page.screenshot()
    edges = (0.05 * size["width"], 180, 0.95 * size["width"], 180 + 0.45 * size["height"])
    picture = Image.open(io.BytesIO(shot)).convert("RGB").resize((96, 96), box=edges)
    levels = picture.point(lambda value: value // 24)
    # the edge in the camera's picture is all greens between its two: five to ten of them, as the picture goes
    return sum(blue > 0 or green <= 2 * red for _, (red, green, blue) in levels.getcolors(96 * 96) or [])


def survey(page: Page, **more: object) -> None:
    """Let the gate be surveyed, with three points to aim at; `more` is what else its scene has."""

    def change(scene: dict[str, Any]) -> None:
        scene["nodes"][0].update(surveyed=True, accuracy_m=0.5, anchor_note="demonstration")
        scene.update(more)

    points = [
        {"id": name, "name": name, "lat": GATE[0] + north / 110_900, "lon": GATE[1] + east / 93_600, "accuracy_m": 0.2}
        for name, (north, east) in POINTS.items()
    ]
    give(page, "/scenes/water-gate-1820?lang=en", change)
    give(page, "?lang=en", lambda site: site.update(survey_points=points))


def look_at(page: Page, heading_deg: float) -> None:
    """Turn the phone to a true heading, and wait until its sensors have said so often enough to be believed."""
    declination_deg = 7.8  # a compass points so far west of north
    said = page.evaluate(
        "([alpha, compass]) => Object.assign(iphone, { alpha_deg: alpha, compass_deg: compass }).said",
        [(-heading_deg - FRAME_DEG) % 360, (heading_deg + declination_deg) % 360],
    )
    page.wait_for_function("said => iphone.said >= said + 7", arg=said)


def aim_at_all(page: Page) -> None:
    press(page, text("sight_open"))
    for name, (north, east) in POINTS.items():
        look_at(page, math.degrees(math.atan2(east, north + 25)))
        page.get_by_role("button", name=name).click()
        expect(page.locator("#mode-where")).to_have_text(text("sight_hold", name=name))
        expect(page.locator(".sighting .ring")).to_be_visible()
        press(page, text("sight_take"))
    press(page, text("sight_close"))


def enter_surveyed(page: Page, address: str = GATE_XR) -> None:
    """Through all questions into the magic window before a surveyed gate."""
    open_scene(page, address)
    press(page, "See it here")
    for question in ("motion", "position", "camera"):
        expect(page.locator("#mode h2")).to_have_text(text(f"ask_{question}_title"))
        press(page, text("ask_yes"))
    expect(page.get_by_role("button", name=text("sight_open"))).to_be_visible()
