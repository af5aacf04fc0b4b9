"""Staff plan on a phone: a finger scrolls the calendar, and where it rests it draws over days, or moves a bar."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.checks import violations, width_beyond
from tests.journeys.conftest import NAMES, PASSWORD
from tests.journeys.sites import Served
from xr_server.domain.catalog import Experience, Trigger
from xr_server.domain.season import OnDates, Schedule
from xr_server.storage.catalog import Change, save_record

YEAR = datetime.now(UTC).year + 2
MONTH = f"/desk/calendar/{YEAR}/5"
TITLE = "Drawn by a finger"
NAME = f"finger-{secrets.token_hex(3)}"  # another one on a server that has it already


class Finger:
    """A finger on a screen, through everything that a browser makes of one: scrolling, menus, clicks."""

    def __init__(self, page: Page) -> None:
        self.page, self.session = page, page.context.new_cdp_session(page)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        found = [{"x": x, "y": y} for x, y in points]
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": found})

    def swipe(self, start: tuple[float, float], by_px: float) -> None:
        """Without resting: the way one scrolls."""
        self.touch("Start", start)
        for step in range(1, 11):
            self.touch("Move", (start[0] + by_px * step / 10, start[1]))
        self.touch("End")


def middle(found: Locator) -> tuple[float, float]:
    """Where something stands on the screen, after the calendar was scrolled to it."""
    found.evaluate("it => it.scrollIntoView({ block: 'center', inline: 'center' })")
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture
def staff_phone(open_phone: Callable[..., Page], served: Served) -> Page:
    """A phone on which staff have signed in, and a draft of ours with two days in May."""
    where = {"landmark": "suimon", "scene": "no-scene"}
    catalog, change = served.open_catalog(), Change(int(datetime.now(UTC).timestamp() * 1000))
    offer = Experience(id=NAME, title={"en": TITLE, "ja": "指で描く"}, trigger=Trigger(kind="geofence"), **where)
    days = OnDates(ranges=[(f"{YEAR}-05-12", f"{YEAR}-05-13")])
    for body in (offer, Schedule(id=NAME, experience=NAME, days=days)):
        save_record(catalog, "dejima", body, None, change)
    catalog.dispose()
    phone = open_phone()
    phone.goto("/login")
    phone.locator("#name").fill(NAMES["staff"])
    phone.locator("#password").fill(PASSWORD)
    phone.locator("button[type=submit].primary").click()
    phone.wait_for_url(lambda url: "/login" not in url)
    return phone


def test_a_finger_that_rests_draws_over_days_and_moves_a_bar_and_one_that_does_not_scrolls(staff_phone: Page) -> None:
    phone, finger = staff_phone, Finger(staff_phone)
    phone.goto(MONTH)
    assert violations(phone) == []
    assert width_beyond(phone) == 0
    lane = phone.locator("tbody.lane-landmark", has_text="Sea Gate")
    first, last = (lane.locator(f'[data-day="{YEAR}-05-{day}"]').last for day in ("18", "20"))
    start = middle(first)
    before = phone.locator(".plan").evaluate("it => it.scrollLeft")
    finger.swipe(start, -120)
    phone.wait_for_function("was => document.querySelector('.plan').scrollLeft > was + 60", arg=before)
    expect(phone.locator(".drawn, .drawing, .pressed")).to_have_count(0)
    assert phone.url.endswith(MONTH)

    start = middle(first)
    finger.touch("Start", start)
    expect(phone.locator(".drawn")).to_have_count(1)
    box = last.bounding_box()
    assert box is not None
    over = box["x"] + box["width"] / 2, start[1] + 30  # a finger wanders
    finger.touch("Move", over)
    expect(phone.locator(".drawn")).to_have_count(3)
    finger.touch("Start", over, (over[0], over[1] + 80))  # a second finger gives it up
    expect(phone.locator(".drawn, .drawing")).to_have_count(0)
    finger.touch("End")
    assert phone.url.endswith(MONTH)

    start = middle(first)
    held = phone.locator(".plan").evaluate("it => it.scrollLeft")
    finger.touch("Start", start)
    expect(phone.locator(".drawn")).to_have_count(1)
    box = last.bounding_box()
    assert box is not None
    finger.touch("Move", (box["x"] + box["width"] / 2, start[1]))
    expect(phone.locator(".drawn")).to_have_count(3)
    assert phone.locator(".plan").evaluate("it => it.scrollLeft") == held
    finger.touch("End")
    expect(phone.get_by_role("heading", name="Add days at Sea Gate")).to_be_visible()
    expect(phone.locator("#first")).to_have_value(f"{YEAR}-05-18")
    expect(phone.locator("#last")).to_have_value(f"{YEAR}-05-20")

    phone.goto(MONTH)
    bar = lane.locator(f'[data-move*="/{NAME}?"]')
    start, day_px = middle(bar), phone.locator("thead th").nth(1).evaluate("it => it.getBoundingClientRect().width")
    finger.touch("Start", start)
    expect(phone.locator(".bar.held")).to_have_count(1)
    finger.touch("Move", (start[0] + 2 * day_px, start[1]))  # away from the edge, where the calendar scrolls on
    finger.touch("End")
    expect(phone.locator("#first-1")).to_have_value(f"{YEAR}-05-14")
    expect(phone.locator("#last-1")).to_have_value(f"{YEAR}-05-15")
    phone.goto(MONTH)  # left without saving
    expect(bar).to_have_attribute("aria-label", re.compile(rf"^{TITLE}, 12 May {YEAR} .* 13 May {YEAR} .*, draft$"))
