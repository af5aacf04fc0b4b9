"""A creator brings in a sound and a picture: gaps are told beside the fields, nothing is sent twice, and the list shows both."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.test_account_journey import look_over
from tests.pipeline.shapes import smooth_picture

SOUND = Path(__file__).parents[1] / "sounds" / "plain.m4a"
ADDED = re.compile(r"/studio/media/[a-z0-9-]+\?done=added$")
TITLES = {"en": ("The bell", "The old stair"), "ja": ("\u9418", "\u53e4\u3044\u968e\u6bb5")}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    sink = io.BytesIO()
    Image.fromarray(smooth_picture(96)).save(sink, "JPEG")
    path = tmp_path / "IMG 0001.JPG"
    path.write_bytes(sink.getvalue())
    return path


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_sound_and_a_picture_come_into_the_library(
    creator_login: Callable[..., Page], picture: Path, language: str
) -> None:
    page, (bell, stair) = creator_login(language), TITLES[language]
    page.goto("/studio/media/add?kind=sound")
    page.locator("#file").set_input_files(SOUND)
    page.locator(f"#title_{language}").fill(bell)
    page.locator(f"#captions_{language}").fill("0:00-0:09 ding")
    page.locator("#send").click()
    expect(page.locator(f"#captions_{language}")).to_be_focused()
    expect(page.locator(f"#captions_{language}-problem")).to_contain_text("1.5")
    expect(page.locator("#held")).to_have_value(re.compile(r"^[0-9a-f]{64}\.m4a$"))
    look_over(page)
    page.locator(f"#captions_{language}").fill("ding")
    page.locator("#licence").select_option("CC0 1.0")
    page.locator("#no_persons").check()
    page.locator("#send").press("Enter")  # the file has arrived and is not chosen again
    expect(page).to_have_url(ADDED)
    expect(page.locator(".medium audio")).to_be_visible()
    page.wait_for_function("document.querySelector('.medium audio').play().then(() => true)")

    page.goto("/studio/media/add?kind=image")
    page.locator("#file").set_input_files(picture)
    page.locator(f"#title_{language}").fill(stair)
    page.locator(f"#alt_{language}").fill(stair)
    page.locator("#licence").select_option("CC BY 4.0")
    page.locator("#no_persons").check()
    page.locator("#send").click()
    expect(page).to_have_url(ADDED)
    shown = page.locator(".medium img")
    expect(shown).to_have_attribute("alt", stair)
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 96
    page.goto("/studio/media?mine=1")
    titles = page.locator(".library h2")
    expect(titles.nth(0)).to_have_text(stair)
    expect(titles.nth(1)).to_have_text(bell)
    look_over(page)
