"""Pictures of every way of looking on a phone, in Japanese and English: what make_screenshots.py --all adds to its pages.

The camera's picture is a painted street, given to Chromium as a film; an iPhone and a phone with AR are those of the journeys.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
JOURNEYS = ROOT / "tests" / "journeys"
IWER = ROOT / "webxr_client" / "node_modules" / "iwer" / "build" / "iwer.min.js"
PHONE = {"width": 390, "height": 844}
BEFORE_GATE = {"latitude": 32.7440401, "longitude": 129.8718000, "accuracy": 6}
ADDRESS = "xr/water-gate-1820"
LINE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari Line/13.20.0"
NO_CAMERA = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
SETTLE_MS, WAIT_MS = 700, 90_000
FILM_PX, FRAMES = (720, 1280), 8
Open = Callable[..., Page]
Take = Callable[[Page, str], None]


def write_film(path: Path) -> Path:
    """A street under a sky as a film of a few equal frames, which Chromium plays in place of a camera."""
    width, height = FILM_PX
    frame = Image.new("RGB", FILM_PX, (186, 203, 213))
    pen = ImageDraw.Draw(frame)
    horizon = height // 2
    pen.rectangle((0, horizon, width, height), fill=(141, 137, 126))
    for left, top, right in ((0, 420, 190), (190, 520, 300), (560, 470, width)):
        pen.rectangle((left, top, right, horizon), fill=(163, 158, 148))
    pen.polygon(
        ((0, height), (width, height), (width // 2 + 60, horizon), (width // 2 - 60, horizon)), fill=(118, 115, 107)
    )
    data = io.BytesIO()
    frame.save(data, "JPEG", quality=90)
    path.write_bytes(data.getvalue() * FRAMES)
    return path


def words_of(language: str) -> dict[str, str]:
    """The sentences of the ways of looking."""
    path = ROOT / "xr_server" / "texts" / language / "looking.json"
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return {key.removeprefix("xr."): text for key, text in texts.items()}


def take_ladder(browser: Browser, open_page: Open, folder: Path) -> None:
    """Every way of looking in both languages."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("ja", "en"):
        words = words_of(language)

        def take(page: Page, name: str, language: str = language) -> None:
            page.wait_for_timeout(SETTLE_MS)
            page.screenshot(path=folder / f"ladder-{name}-{language}.png")

        def open_phone(language: str = language, **options: Any) -> Page:
            values = {"viewport": PHONE, "is_mobile": True, "has_touch": True, "locale": language}
            granted = {"permissions": ["camera", "geolocation"], "geolocation": BEFORE_GATE}
            return open_page(browser, **{**values, **granted, **options})

        take_iphone(open_phone, take, language, words)
        take_refusals(open_phone, take, language, words)
        take_ar(open_phone, take, language)
    print("every way of looking in two languages", flush=True)


def open_scene(page: Page, language: str) -> None:
    page.goto(f"/{language}/dejima/{ADDRESS}")
    wait_for_scene(page)


def wait_for_scene(page: Page) -> None:
    page.locator("#bar button").first.wait_for(timeout=WAIT_MS)
    page.locator(".scene-word").wait_for(state="hidden", timeout=WAIT_MS)


def go_on(page: Page) -> None:
    page.locator("#mode button.primary").click()
    page.wait_for_timeout(SETTLE_MS)


def take_iphone(open_phone: Open, take: Take, language: str, words: dict[str, str]) -> None:
    """The magic window from its first question to a sighting; then the walk."""
    page = open_phone()
    page.context.add_init_script(path=JOURNEYS / "iphone.js")
    open_scene(page, language)
    take(page, "screen")
    page.locator("#ways-open").click()
    take(page, "chooser")
    page.locator("a[rel=ar]").scroll_into_view_if_needed()
    take(page, "chooser-end")
    page.keyboard.press("Escape")
    page.locator("#ways button.primary").click()
    for name in ("ask-motion", "ask-position", "ask-camera"):
        take(page, name)
        go_on(page)
    take(page, "window")
    page.get_by_role("button", name=words["window_adjust"], exact=True).click()
    take(page, "window-adjust")
    page.get_by_role("button", name=words["window_adjust_close"], exact=True).click()
    page.get_by_role("button", name=words["sight_open"], exact=True).click()
    take(page, "sighting-points")
    page.locator(".points-list button").first.click()
    take(page, "sighting-ring")
    page.locator("#ways-open").click()
    page.get_by_role("button", name=words["way_street"], exact=True).click()
    take(page, "street")
    page.context.close()


def take_refusals(open_phone: Open, take: Take, language: str, words: dict[str, str]) -> None:
    """Refused sensors with the way through the settings, a page that broke off, a page inside another app."""
    page = open_phone()
    page.context.add_init_script(path=JOURNEYS / "iphone.js")
    page.context.add_init_script("iphone.allowsMotion = false")
    open_scene(page, language)
    page.locator("#ways button.primary").click()
    go_on(page)
    take(page, "refused")
    page.get_by_text(words["settings_open"], exact=True).click()
    take(page, "refused-settings")
    page.evaluate("sessionStorage.setItem('looking', 'ar')")
    page.reload()
    wait_for_scene(page)
    take(page, "broke-off")
    page.context.close()
    page = open_phone(user_agent=LINE)
    page.context.add_init_script(NO_CAMERA)
    open_scene(page, language)
    take(page, "inside-line")
    page.context.close()


def take_ar(open_phone: Open, take: Take, language: str) -> None:
    """A phone that can do AR: the floor found."""
    page = open_phone()
    page.context.add_init_script(path=IWER)
    page.context.add_init_script(path=JOURNEYS / "iwer_phone.js")
    open_scene(page, language)
    take(page, "ar-screen")
    page.locator("#controls button.primary").click()
    take(page, "ar-explained")
    page.locator("#controls button.primary").click()
    page.locator("#overlay[data-ar=ready]").wait_for(timeout=WAIT_MS)
    take(page, "ar")
    page.context.close()
