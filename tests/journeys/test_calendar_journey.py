"""Staff plan in a real browser: from days drawn over in the calendar to the form, by keyboard as well, and a moment to come."""

from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.journeys.checks import tab_to, violations
from tests.journeys.sites import Served

YEAR = datetime.now(UTC).year + 2  # beyond the coming year, and before the coming eight are over
MONTH = f"/desk/calendar/{YEAR}/2"


def test_days_are_drawn_over_and_the_form_opens_filled_in_with_nothing_saved(
    staff_login: Callable[..., Page], served: Served
) -> None:
    desk = staff_login()
    desk.goto(MONTH)
    lane = desk.locator("tbody.lane", has_text="Sea Gate")
    first, last = (lane.locator(f'[data-day="{YEAR}-02-{day}"]').last for day in ("04", "07"))
    assert violations(desk) == []
    drafts = lane.locator(".bar.draft").count()  # other journeys plan there too, some of them without an end
    first.hover()
    desk.mouse.down()
    last.hover()
    expect(desk.locator(".drawn")).to_have_count(4)
    desk.mouse.up()
    expect(desk.get_by_role("heading", name="Add days at Sea Gate")).to_be_visible()
    expect(desk.locator("#first")).to_have_value(f"{YEAR}-02-04")
    expect(desk.locator("#last")).to_have_value(f"{YEAR}-02-07")
    assert violations(desk) == []
    desk.locator("#what").select_option(label="The Water Gate, 1820")  # other journeys attach their own there
    go_on = desk.get_by_role("button", name="Go on to the form")
    tab_to(desk, go_on)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="What you typed would mean")).to_be_visible()
    expect(desk.locator("#preview")).to_contain_text(f"4 February {YEAR}")
    expect(desk.locator("#first-1")).to_have_value(f"{YEAR}-02-04")
    assert violations(desk) == []
    desk.goto(MONTH)  # left without saving
    expect(lane.locator(".bar")).not_to_have_count(0)
    assert lane.locator(".bar.draft").count() == drafts
    tab_to(desk, lane.get_by_role("link", name="Add days at Sea Gate"))

    desk.goto(f"/desk/moment?at={YEAR}-02-05T19:00")
    expect(desk.locator(".live-at .answer-live").first).to_be_visible()
    phone = desk.frame_locator(".moment-phone")
    expect(phone.get_by_role("heading", name="Dejima", level=1)).to_be_visible()
    expect(phone.locator('[data-part="now"]')).to_contain_text("The Water Gate")
    assert violations(desk) == []
