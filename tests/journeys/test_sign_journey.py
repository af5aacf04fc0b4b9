"""A QR sign at a surveyed spot: scanned with the camera it says where the phone stands, or what is amiss is said."""

import io
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.checks import tab_to, violations
from tests.journeys.conftest import BROWSER_FLAGS, chromium_path
from tests.journeys.signs import View, write_film
from tests.journeys.sites import ROOT
from tests.journeys.visiting import eventually
from tests.journeys.windows import (
    CAMERA,
    FRAME_DEG,
    GATE_XR,
    NO_CHOICE_TO_ASK,
    be_iphone,
    colours_ahead,
    give,
    look_at,
    open_iphone,
    open_scene,
    press,
    text,
)

SIGNS = {sign["code"]: sign for sign in json.loads((ROOT / "content" / "dejima" / "signs.json").read_bytes())}
POINTS = json.loads((ROOT / "content" / "dejima" / "survey" / "demonstration.json").read_bytes())["points"]
SIGN = SIGNS["SUIMON1"]
PLACE = next(point for point in POINTS if point["id"] == SIGN["point"])
SEEN = View("https://dejima.example/s/SUIMON1", side_m=SIGN["side_m"])
M_PER_LAT, M_PER_LON = 110_900, 93_700


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera of this module's browser sees; it may be written anew before a page opens the camera."""
    path = tmp_path_factory.mktemp("film") / "camera.mjpeg"
    write_film(path, SEEN)
    return path


@pytest.fixture(scope="module")
def browser(film: Path) -> Iterator[Browser]:
    """Chromium with the film for a camera."""
    with sync_playwright() as playwright:
        flags = [*BROWSER_FLAGS, f"--use-file-for-fake-video-capture={film}"]
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=flags)
        yield chromium
        chromium.close()


def heading_of(view: View) -> float:
    """Where a phone looks that sees the sign so: it faces back towards the phone, but for its turn."""
    return (SIGN["heading_deg"] + 180 + view.turned_deg) % 360


def phone_at(view: View) -> tuple[float, float]:
    """East and north of the sign, in metres, of a phone that sees it so."""
    heading = math.radians(heading_of(view))
    ahead, right = (math.sin(heading), math.cos(heading)), (math.cos(heading), -math.sin(heading))
    east, north = (-view.ahead_m * a - view.right_m * r for a, r in zip(ahead, right, strict=True))
    return east, north


def position_at(view: View) -> tuple[float, float]:
    """Latitude and longitude of that phone."""
    east, north = phone_at(view)
    return PLACE["lat"] + north / M_PER_LAT, PLACE["lon"] + east / M_PER_LON


@pytest.fixture
def visitor(open_phone: Callable[..., Page]) -> Page:
    """An iPhone before the sign, whose compass is 25 degrees wrong."""
    return open_iphone(open_phone, position_at(SEEN))


def enter(page: Page, view: View = SEEN, address: str = f"{GATE_XR}?record=1") -> None:
    """Into the magic window, with the phone held as the film shows it."""
    open_scene(page, address)
    press(page, "See it here")
    for _ in ("motion", "position", "camera"):
        press(page, text("ask_yes"))
    expect(page.get_by_role("button", name=text("sight_open"))).to_be_visible()
    look_at(page, heading_of(view))
    page.evaluate("iphone.compass_deg += 25")


def read_trace(page: Page) -> list[dict[str, Any]]:
    """What the estimate heard, as the page hands it over."""
    press(page, "End")
    with page.expect_download() as saving:
        page.locator(".notice button").first.click()
    return [json.loads(line) for line in Path(saving.value.path()).read_text(encoding="utf-8").splitlines()]


def test_a_scanned_sign_brings_the_model_to_its_true_place_at_once(visitor: Page) -> None:
    enter(visitor)
    where = visitor.locator("#mode-where")
    expect(where).to_have_text(text("window_floor_surveyed"))
    press(visitor, text("sign_open"))
    expect(where).to_contain_text("Taken from the sign")
    expect(where).to_contain_text("At its true place, to about", timeout=15_000)
    (pose,) = [entry["pose"] for entry in read_trace(visitor) if entry["kind"] == "pose"]
    # the phone's own north is turned by so much; with a compass it would have been 25 degrees more
    assert abs((pose["yaw_deg"] + FRAME_DEG + 180) % 360 - 180) < 1.5
    east, north = phone_at(SEEN)
    assert abs((pose["lon"] - PLACE["lon"]) * M_PER_LON - east) < 0.05
    assert abs((pose["lat"] - PLACE["lat"]) * M_PER_LAT - north) < 0.05
    assert pose["accuracy_deg"] < 3
    assert pose["accuracy_m"] < 0.25


def test_what_a_sign_told_is_taken_back_by_undo(visitor: Page) -> None:
    enter(visitor)
    press(visitor, text("sign_open"))
    where = visitor.locator("#mode-where")
    expect(where).to_contain_text("At its true place, to about", timeout=20_000)
    press(visitor, text("window_adjust"))
    press(visitor, text("sight_undo"))
    expect(where).to_have_text(text("window_floor_surveyed"))


@pytest.mark.parametrize(
    ("view", "why"),
    [
        pytest.param(replace(SEEN, text="https://dejima.example/s/NOSIGN9"), "unknown", id="another code"),
        pytest.param(replace(SEEN, text="SUIMON1, but no address"), "unknown", id="no address", marks=pytest.mark.long),
        pytest.param(replace(SEEN, ahead_m=3.0, right_m=0.2, turned_deg=0), "far", id="far", marks=pytest.mark.long),
        pytest.param(
            replace(SEEN, ahead_m=0.5, right_m=0.02, turned_deg=64), "oblique", id="oblique", marks=pytest.mark.long
        ),
        pytest.param(replace(SEEN, leans_deg=18), "askew", id="leaning"),
        pytest.param(None, "none", id="a bare wall", marks=pytest.mark.long),
    ],
)
def test_what_is_amiss_is_said_and_nothing_is_changed(visitor: Page, film: Path, view: View | None, why: str) -> None:
    write_film(film, view)
    try:
        enter(visitor)
        press(visitor, text("sign_open"))
        where = visitor.locator("#mode-where")
        expect(where).to_have_text(text(f"sign_{why}"), timeout=20_000)
        press(visitor, "Not now")
        expect(where).to_have_text(text("window_floor_surveyed"))
        assert [entry for entry in read_trace(visitor) if entry["kind"] == "pose"] == []
    finally:
        write_film(film, SEEN)


def colours_in_frame(page: Page) -> int:
    """How many clearly different colours the frame holds."""
    box = page.locator(".scanning .frame").bounding_box()
    assert box is not None
    edges = (box["x"] + 12, box["y"] + 12, box["x"] + box["width"] - 12, box["y"] + box["height"] - 12)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((64, 64), box=edges)
    return len(picture.point(lambda value: value // 24).getcolors(64 * 64) or [])


def test_while_a_sign_is_looked_for_no_model_stands_before_it(visitor: Page, film: Path) -> None:
    write_film(film, None)
    try:
        enter(visitor)
        look_at(visitor, -FRAME_DEG)  # where the model was put when the sensors began
        eventually(visitor, lambda: colours_ahead(visitor) > 12, "the model is ahead")
        press(visitor, text("sign_open"))
        eventually(visitor, lambda: colours_in_frame(visitor) < 8, "only the wall is seen")
        press(visitor, "Not now")
        eventually(visitor, lambda: colours_ahead(visitor) > 12, "the model is back")
    finally:
        write_film(film, SEEN)


def test_a_phone_that_is_swung_about_is_asked_to_be_still(visitor: Page) -> None:
    enter(visitor)
    visitor.evaluate("setInterval(() => { iphone.alpha_deg = (iphone.alpha_deg + 4) % 360 }, 100)")
    press(visitor, text("sign_open"))
    expect(visitor.locator("#mode-where")).to_have_text(text("sign_moving"), timeout=20_000)


def test_without_a_camera_that_sees_it_the_code_is_typed_by_keyboard_alone(visitor: Page) -> None:
    enter(visitor)
    visitor.get_by_role("button", name=text("sign_open")).focus()
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("button", name=text("sign_type"))).to_be_focused()
    visitor.keyboard.press("Enter")
    field = visitor.get_by_label(text("sign_code"))
    expect(field).to_be_focused()
    visitor.keyboard.type("suimon2")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("alert")).to_have_text(text("sign_code_unknown"))
    expect(field).to_be_focused()
    visitor.keyboard.press("Backspace")
    visitor.keyboard.type("1")
    tab_to(visitor, visitor.get_by_role("button", name=text("sign_code_take")))
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#mode-where")).to_have_text(text("sign_typed", metres=0.8))
    (pose,) = [entry["pose"] for entry in read_trace(visitor) if entry["kind"] == "pose"]
    facing = math.radians(SIGN["heading_deg"])
    assert pose["yaw_deg"] is None
    assert abs((pose["lon"] - PLACE["lon"]) * M_PER_LON - 0.7 * math.sin(facing)) < 0.01
    assert abs((pose["lat"] - PLACE["lat"]) * M_PER_LAT - 0.7 * math.cos(facing)) < 0.01


def test_where_no_sign_hangs_none_is_offered(visitor: Page) -> None:
    give(visitor, "?lang=en", lambda site: site.update(signs=[]))
    enter(visitor)
    expect(visitor.get_by_role("button", name=text("sign_open"))).to_have_count(0)


def test_a_reader_that_cannot_be_loaded_leaves_the_code(visitor: Page) -> None:
    visitor.route("**/assets/reader-*.js", lambda route: route.abort())
    enter(visitor)
    press(visitor, text("sign_open"))
    expect(visitor.locator("#mode-where")).to_have_text(text("sign_broken"))
    expect(visitor.get_by_label(text("sign_code"))).to_be_focused()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_while_a_sign_is_looked_for_or_typed(open_phone: Callable[..., Page], language: str) -> None:
    page = open_phone(language=language, permissions=CAMERA, at=(PLACE["lat"], PLACE["lon"]), service_workers="block")
    page.add_init_script(NO_CHOICE_TO_ASK)
    be_iphone(page)
    open_scene(page, f"/{language}/dejima/xr/water-gate-1820")
    page.locator("#ways button.primary").click()
    for _ in ("motion", "position", "camera"):
        press(page, text("ask_yes", language))
    page.evaluate("iphone.beta_deg = 60")  # it looks down: what hangs upright is not seen so
    press(page, text("sign_open", language))
    expect(page.locator(".scanning .frame")).to_be_visible()
    assert violations(page) == []
    press(page, text("sign_type", language))
    page.get_by_label(text("sign_code", language)).fill("XXXX")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-problem")).to_be_visible()
    assert violations(page) == []
