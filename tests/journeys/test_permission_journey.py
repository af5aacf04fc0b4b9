"""Permission to scan without paper, in Chromium: asked, refused with a reason, asked again, granted, checked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.journeys.checks import violations
from tests.journeys.conftest import PHONE

Login = Callable[..., Page]
PURPOSE = "A model of the quay wall for the school."
REASON = "A festival is being built up there on that day. Please choose another one."
CONDITIONS = "Only to the left of the gate."


def ask(studio: Page, days_ahead: int) -> None:
    """Fill in the request for a day of the site, and send it."""
    day = datetime.now(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=days_ahead)
    studio.goto("/studio/permissions/new")
    assert violations(studio) == []
    studio.locator("#place").fill("The quay wall by the Water Gate")
    studio.locator("#first_on").fill(day.isoformat())
    studio.locator("#opens_at").fill("09:00")
    studio.locator("#closes_at").fill("11:30")
    studio.locator("#purpose").fill(PURPOSE)
    studio.locator("#equipment-tripod").check()
    studio.locator("#people").fill("2")
    studio.locator("#contact").fill("Kana, 095 000 0000")
    studio.locator("#agreed").check()
    studio.locator("form.fields button.primary").click()
    expect(studio.locator(".notice")).to_be_visible()


def decide(desk: Page, words: tuple[str, str], button: str) -> None:
    """Open the request that waits, write into a field (its id, the words), and press a button."""
    desk.goto("/desk/permissions")
    assert violations(desk) == []
    desk.get_by_role("row").filter(has_text="waits").get_by_role("link").first.click()
    expect(desk.locator("main")).to_contain_text(PURPOSE)
    assert violations(desk) == []
    desk.locator(f"#{words[0]}").fill(words[1])
    desk.locator(f"button[value={button}]").click()
    expect(desk.locator(".notice")).to_be_visible()


def open_answer(studio: Page) -> None:
    """The inbox leads to the list, and the list to what was answered."""
    studio.goto("/inbox")
    studio.locator("ul.waiting a[href='/studio/permissions']").click()
    studio.get_by_role("row").filter(has=studio.locator(".new")).get_by_role("link").click()


def test_permission_is_asked_for_decided_and_checked_without_paper(
    creator_login: Login, staff_login: Login, open_phone: Callable[..., Page]
) -> None:
    studio, desk = creator_login(), staff_login()
    studio.set_viewport_size(PHONE)  # type: ignore[arg-type]
    ask(studio, 3)
    decide(desk, ("reason", REASON), "no")
    open_answer(studio)
    expect(studio.locator("blockquote")).to_have_text(REASON)
    assert violations(studio) == []

    ask(studio, 4)
    decide(desk, ("conditions", CONDITIONS), "conditions")
    open_answer(studio)
    expect(studio.locator("blockquote").first).to_have_text(CONDITIONS)
    studio.locator("main a.primary").click()
    code = studio.locator(".permit-sheet figcaption").inner_text()
    assert violations(studio) == []

    guard = open_phone()  # signed in nowhere
    guard.goto("/permits/")
    assert violations(guard) == []
    guard.locator("#code").fill(code.lower())
    guard.locator("#code").press("Enter")
    expect(guard.locator("dl.facts")).to_contain_text(code)
    expect(guard.locator(".permit-answer")).to_be_visible()
    expect(guard.locator("main")).not_to_contain_text("Kana")
    assert violations(guard) == []
