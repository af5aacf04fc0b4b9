"""A stamp book in a real browser: a phone keeps a receipt, takes along what is stored of its visit, and erases it for good."""

import base64
import json
from collections.abc import Callable

from playwright.sync_api import Page, Response, expect
from sqlalchemy import func, select

from tests.journeys.checks import violations, width_beyond
from tests.journeys.sites import Served
from tests.journeys.visiting import WATER_GATE, eventually, walk_to
from xr_server.storage.tables.events import engagement_event

RECEIPTS = "JSON.parse(localStorage.getItem('book-dejima')).receipts"


def count_events(site: Served, receipt: str, kind: str = "%") -> int:
    """How many events, of a type or of all, are stored under a receipt's visit."""
    key = base64.urlsafe_b64decode(receipt)[:32]
    query = select(func.count()).select_from(engagement_event).where(engagement_event.c.visit_key == key)
    query = query.where(engagement_event.c.type.like(kind))
    events = site.open_events()
    with events.connect() as connection:
        count = connection.scalar(query) or 0
    events.dispose()
    return count


def _tells_of_arriving(answer: Response) -> bool:
    return answer.url.endswith("/api/v1/events") and "landmark_entered" in (answer.request.post_data or "")


def test_a_phone_takes_along_and_erases_what_is_stored_of_its_visit(
    open_phone: Callable[..., Page], served: Served
) -> None:
    phone = open_phone(at=WATER_GATE)
    phone.goto("/en/dejima/")
    phone.locator("#walk button.primary").click()
    phone.locator("button[data-consent=statistics]").click()
    with phone.expect_response(_tells_of_arriving):  # the next page knows nothing of what this one did not send
        walk_to(phone, WATER_GATE)
    expect(phone.locator("#walk")).to_have_attribute("data-kind", "granted")
    phone.goto("/en/dejima/book")
    phone.get_by_role("button", name="Keep receipts", exact=True).click()
    expect(phone.locator(".keep")).to_contain_text("So far: 1.")
    assert violations(phone) == []
    assert width_beyond(phone) == 0
    (receipt,) = phone.evaluate(RECEIPTS)
    eventually(phone, lambda: count_events(served, receipt, "landmark_entered") > 0, "the visit's events are stored")
    with phone.expect_download() as taken:
        phone.get_by_role("button", name="As a file (JSON)").click()
    told = json.loads(taken.value.path().read_text(encoding="utf-8"))
    assert "landmark_entered" in {event["type"] for event in told["visits"][0]["events"]}
    phone.get_by_role("button", name="Erase what is stored").click()
    phone.get_by_role("button", name="Press again to erase it for good").click()
    expect(phone.locator(".said")).to_contain_text("Erased.")
    assert (count_events(served, receipt), phone.evaluate(RECEIPTS)) == (0, [])
