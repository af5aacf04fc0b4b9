"""A new colleague comes in by a link, works, forgets the password, and leaves; each page on a phone and a desk, for everyone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.checks import violations, width_beyond

Login = Callable[..., Page]
SEEN = (
    ({"width": 320, "height": 640}, "light"),
    ({"width": 390, "height": 844}, "dark"),
    ({"width": 1280, "height": 800}, "light"),
)
FIRST, SECOND = "a fan in the harbour", "sea walls and warehouses"
NEW_NAME = {"en": "Emi of the museum", "ja": "\u7d75\u7f8e"}


def look_over(page: Page) -> None:
    """Nothing for axe, and nothing beyond the edge, by day and in the evening, small and large."""
    before = page.viewport_size
    for size, scheme in SEEN:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert width_beyond(page) <= 0, page.url
        assert violations(page) == []
    page.emulate_media(color_scheme="light")
    if before is not None:
        page.set_viewport_size(before)


def press(page: Page, form: str) -> None:
    """Send the form that leads there."""
    page.locator(f"form[action$='{form}'] button[type=submit]").click()


def open_link(desk: Page, phone: Page) -> None:
    """The link that the desk shows, opened on the phone as it was handed over."""
    expect(desk.locator("#link")).to_be_visible()
    phone.goto(desk.locator("#link").input_value())


def choose(phone: Page, password: str) -> None:
    phone.locator("#new").fill(password)
    phone.locator("main button[type=submit]").click()
    expect(phone.locator(".notice[role=status]")).to_be_visible()


def enter(phone: Page, name: str, password: str) -> None:
    phone.locator("#name").fill(name)
    phone.locator("#password").fill(password)
    phone.locator("main button[type=submit]").click()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_colleague_comes_forgets_and_leaves(
    admin_login: Login, open_phone: Callable[..., Page], language: str
) -> None:
    desk, phone, name = admin_login(language), open_phone(language), NEW_NAME[language]
    desk.goto("/desk/people")
    look_over(desk)
    desk.locator("#name").fill(name)
    desk.locator("#role").select_option("creator")
    press(desk, "/desk/people")
    look_over(desk)
    open_link(desk, phone)
    look_over(phone)
    choose(phone, FIRST)
    enter(phone, name, FIRST)
    expect(phone).to_have_url(re.compile("/studio/$"))

    phone.locator("a.who").click()  # one's own account is a tap away on a phone too
    look_over(phone)
    desk.goto("/desk/people")
    desk.get_by_role("link", name=name, exact=True).click()
    look_over(desk)
    press(desk, "/link")
    open_link(desk, phone)
    choose(phone, SECOND)
    enter(phone, name, SECOND)
    expect(phone.locator("h1")).to_be_visible()

    desk.locator(".crumb a").last.click()
    press(desk, "/close")
    expect(desk.locator(".notice[role=status]")).to_be_visible()
    look_over(desk)
    phone.reload()
    expect(phone.locator("#password")).to_be_visible()
    enter(phone, name, SECOND)
    expect(phone.get_by_role("alert")).to_be_visible()
    desk.locator(".notice form button").click()  # taken back
    enter(phone, name, SECOND)
    expect(phone.locator("#password")).to_have_count(0)


def test_a_changed_password_signs_out_the_other_browser(creator_login: Login) -> None:
    here, there = creator_login(), creator_login()
    here.goto("/account")
    rows = here.locator("tbody tr")
    count = rows.count()
    assert count >= 2
    look_over(here)
    press(here, "/account/sessions/end-others")
    expect(rows).to_have_count(1)
    there.reload()
    expect(there.locator("#password")).to_be_visible()


def test_a_token_is_made_on_a_page_for_everyone(creator_login: Login) -> None:
    page = creator_login()
    page.goto("/account")
    page.locator("#label").fill("the scanner's computer")
    press(page, "/account/tokens")
    expect(page.locator("#token")).to_have_value(re.compile("^dejima_[0-9a-f]{64}$"))
    look_over(page)
    page.locator("main a.primary").click()
    expect(page.get_by_role("row", name="the scanner's computer")).to_be_visible()
    look_over(page)
    press(page, "/account/tokens/end")
    expect(page.locator(".notice[role=status]")).to_be_visible()
