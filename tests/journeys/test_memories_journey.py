"""Memories in real browsers: told on a phone without a script, shown at the desk, withdrawn; and none taken for a while."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.journeys.checks import violations, width_beyond
from tests.journeys.conftest import PHONE
from tests.journeys.sites import Served
from tests.journeys.visiting import PATIENCE_S, PAUSE_MS, eventually

INVITATION = "Add a memory or an old photograph"
POLL_MS = 75_000  # open pages ask for the site document every minute, give or take a fifth


def test_a_memory_is_told_on_a_phone_shown_at_the_desk_and_withdrawn(
    open_page: Callable[..., Page], staff_login: Callable[..., Page], served: Served, tmp_path: Path
) -> None:
    picture = tmp_path / "old.jpg"
    Image.new("RGB", (320, 240), (120, 110, 90)).save(picture)
    teller = open_page(viewport=PHONE, base_url=served.url, java_script_enabled=False)
    teller.goto("/en/dejima/landmarks/suimon")
    teller.get_by_role("link", name=INVITATION).click()
    expect(teller.get_by_role("heading", level=1)).to_contain_text("A memory of")
    teller.get_by_label("What do you remember?").fill("My father moored his boat here.")
    teller.get_by_label("Choose a picture").set_input_files(picture)
    teller.get_by_label("What does the picture show?").fill("A boat before a wall")
    teller.get_by_label(re.compile("No living person")).check()
    teller.get_by_label(re.compile("I wrote this")).check()
    teller.get_by_label(re.compile("Use it anywhere, if")).check()
    teller.get_by_role("button", name="Send to the staff").click()
    # what is missing is told at its field; the picture need not be chosen again
    expect(teller.get_by_text("Without your consent we keep nothing.")).to_be_visible()
    teller.get_by_label("I agree to this").check()
    teller.get_by_label(re.compile("may be handed out in these files")).check()
    send_when_old_enough(teller)
    code = teller.locator(".memory-code").inner_text()
    desk = staff_login()
    desk.goto("/desk/memories")
    desk.get_by_role("link", name="My father moored his boat here.").click()
    desk.get_by_role("button", name="Show it", exact=True).click()
    expect(desk.get_by_role("status")).to_contain_text("within a minute")
    assert violations(desk) == []
    reader = open_page(viewport=PHONE, base_url=served.url)
    told = reader.get_by_text("My father moored his boat here.")
    eventually(reader, lambda: _is_told(reader, told), "what was approved is on the page")
    expect(reader.get_by_role("img", name="A boat before a wall")).to_be_attached()
    assert "My father moored his boat here." in open_words(reader)
    assert width_beyond(reader) <= 0
    reader.goto(f"/memories/?code={code}&lang=en")
    expect(reader.get_by_role("heading", name="Keep this code")).to_be_visible()
    assert violations(reader) == []
    reader.get_by_text("Withdraw this memory").click()
    reader.get_by_role("button", name="Delete for good").click()
    expect(reader.get_by_text("Nothing is left of its words and its picture.")).to_be_visible()
    assert "My father moored his boat here." not in open_words(reader)
    desk.goto("/desk/memories")
    expect(desk.get_by_role("link", name="My father moored his boat here.")).to_have_count(0)


def open_words(reader: Page) -> list[str]:
    """The words that are handed out to everyone now."""
    answer = reader.request.get("/open-data/dejima/memories.geojson")
    return [one["properties"]["words"] for one in answer.json()["features"]]


def test_staff_stop_taking_memories_and_a_phone_that_is_open_no_longer_invites(
    staff_login: Callable[..., Page], phone: Page
) -> None:
    phone.clock.install()
    phone.goto("/en/dejima/landmarks/suimon")
    invitation = phone.get_by_role("link", name=INVITATION)
    expect(invitation).to_be_attached()
    form = phone.context.new_page()
    form.goto("/memories/add/dejima/suimon?lang=en")
    form.get_by_label("What do you remember?").fill("Nobody takes this.")
    desk = staff_login()
    desk.goto("/desk/memories")
    desk.get_by_role("button", name="Take none; those shown stay").click()
    try:
        expect(desk.get_by_role("status")).to_contain_text("None is taken any more")
        assert violations(desk) == []
        eventually(phone, lambda: is_closed(phone), "the site document says so")
        phone.clock.fast_forward(POLL_MS)
        expect(invitation).to_have_count(0)
        form.get_by_role("button", name="Send to the staff").click()
        expect(form.get_by_role("alert")).to_contain_text("takes no memories at present")
        expect(form.get_by_text("Nobody takes this.")).to_be_visible()
        assert violations(form) == []
    finally:  # other journeys share the site
        desk.goto("/desk/memories")
        desk.get_by_role("button", name="Take and show memories").click()
        expect(desk.get_by_role("status")).to_contain_text("Memories are taken and shown")
    eventually(phone, lambda: not is_closed(phone), "the site document says so")
    phone.clock.fast_forward(POLL_MS)
    expect(invitation).to_be_attached()


def is_closed(phone: Page) -> bool:
    """Whether phones are told that no memories are taken."""
    return "memories_closed" in phone.request.get("/api/v1/sites/dejima?lang=en").json()


def _is_told(reader: Page, told: Locator) -> bool:
    reader.goto("/en/dejima/landmarks/suimon")
    return told.count() > 0


def send_when_old_enough(teller: Page) -> None:
    """Send the form until it has been open as long as somebody needs to fill it in; each refusal keeps what was typed."""
    arrived = teller.get_by_text("Your memory has arrived.")
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with teller.expect_navigation():  # the refusal before says the same words
            teller.get_by_role("button", name="Send to the staff").click()
        expect(teller.get_by_text("That was very fast.").or_(arrived)).to_be_visible()
        if arrived.is_visible():
            return
        teller.wait_for_timeout(PAUSE_MS)
    raise AssertionError("the form was never old enough")
