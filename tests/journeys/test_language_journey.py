"""A visitor's language: found by itself, kept from page to page, changed in place, and readable for whoever needs readings."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_pages import violations
from tests.journeys.visiting import HOUSE, wait_for_mark, walk_to

LOCALES = {"ja": "ja-JP", "en": "en-AU", "zh-Hans": "zh-CN", "zh-Hant": "zh-HK", "ko": "ko-KR", "nl": "nl-BE"}
MARKED = r"\{[^{}]*[\u3005-\u3007\u3400-\u9fff][^{}]*\|"
SEEN = """() => [document.title, document.body.innerText, ...[...document.querySelectorAll('*')].flatMap(element =>
    ['aria-label', 'title', 'alt', 'placeholder'].map(name => element.getAttribute(name) ?? ''))].join('\\n')"""

OpenPhone = Callable[..., Page]


def expect_language(page: Page, language: str) -> None:
    expect(page).to_have_url(re.compile(f"/{language}/dejima/"))
    expect(page.locator("html")).to_have_attribute("data-language", language)
    assert page.evaluate(SEEN).find("undefined") == -1


def choose(page: Page, language: str) -> None:
    page.locator(".languages summary").click()
    page.locator(f".languages a[data-language={language}]").click()
    page.wait_for_load_state()


# the scripts that break lines, fall back or take readings differently; the rest with --long
BRIEF = ("ja", "zh-Hant", "nl", "ja-x-easy")


@pytest.mark.parametrize(
    "language", [each if each in BRIEF else pytest.param(each, marks=pytest.mark.long) for each in LOCALES]
)
def test_the_browsers_language_is_found_and_no_page_loses_it(open_phone: OpenPhone, language: str) -> None:
    page = open_phone(locale=LOCALES[language])
    page.goto("/")
    expect_language(page, language)
    assert violations(page) == []
    page.locator("#experiences .card a").first.click()
    expect_language(page, language)
    page.locator("#act a.primary").click()
    expect_language(page, language)
    page.locator("#leave").click()
    page.locator(".crumb a").click()
    expect(page.locator("html")).to_have_attribute("data-kind", "landmark")
    expect_language(page, language)
    page.locator(".crumb a").click()
    expect_language(page, language)
    for place in ("help", "privacy"):
        page.locator(f'.foot a[href$="{place}"]').click()
        expect_language(page, language)
    page.goto(f"/{language}/dejima/landmarks/nowhere")
    page.locator("a.primary").click()
    expect_language(page, language)
    assert page.url.endswith(f"/{language}/dejima/")


def test_a_language_chosen_by_hand_changes_the_page_in_place_and_is_remembered(open_phone: OpenPhone) -> None:
    page = open_phone(locale="en-GB")
    for path in ("landmarks/suimon", "experiences/water-gate-1820", "xr/water-gate-1820", "help", "landmarks/nowhere"):
        page.goto(f"/en/dejima/{path}")
        choose(page, "ko")
        assert page.url.endswith(f"/ko/dejima/{path}")
        expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.goto("/")
    expect_language(page, "ko")


def test_plain_japanese_has_readings_in_whatever_the_page_says(open_phone: OpenPhone) -> None:
    page = open_phone(locale="ja-JP")
    page.goto("/ja/dejima/")
    choose(page, "ja-x-easy")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.locator("#walk .primary").click()
    expect(page.locator("#walk .sentence ruby").first).to_be_visible()  # written by the script
    walk_to(page, HOUSE)
    expect(page.locator("#arrival ruby").first).to_be_visible()
    assert re.search(MARKED, page.evaluate(SEEN)) is None
    assert "（" not in (page.locator("#news").text_content() or "")  # what is announced is the bare sentence
    assert violations(page) == []
    page.goto("/ja-x-easy/dejima/xr/chief-factor-house-1820")
    wait_for_mark(page, "first3d")
    page.locator("#spots button").first.click()
    expect(page.locator("#panel ruby").first).to_be_visible()
    assert re.search(MARKED, page.evaluate(SEEN)) is None
    page.goto("/")
    expect_language(page, "ja-x-easy")
