"""The tablet at the entrance begins anew for the next visitor, without a connection too; a guide's phone leads another one."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.checks import violations, width_beyond
from tests.journeys.visiting import eventually

KEPT = """
caches.open('tablet').then(it => it.match('/kiosk/dejima'))
    .then(it => it !== undefined && navigator.serviceWorker.controller !== null)
"""
WITHIN_MS = 5_000  # after the guide's tap, as promised
TABLET = {"width": 1024, "height": 768}


def test_the_tablet_begins_anew_when_nobody_is_there_and_goes_on_without_a_connection(
    open_page: Callable[..., Page], served
) -> None:
    page = open_page(viewport=TABLET, has_touch=True, locale="en", base_url=served.url)
    page.clock.install()
    page.goto("/kiosk/dejima")
    page.get_by_role("link", name="Nederlands").tap()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    assert violations(page) == [] and width_beyond(page) == 0
    page.locator(".kiosk-places a", has_text="Waterpoort").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Waterpoort")
    page.wait_for_load_state()  # its script has run by then, and the time of this page has begun
    page.evaluate("localStorage.setItem('consent', 'of the visitor before')")
    page.clock.run_for(61_000)
    expect(page.get_by_role("dialog")).to_contain_text("Bent u er nog?")
    assert violations(page) == []
    page.get_by_role("button", name="Ik ben er nog").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.clock.run_for(80_000)
    expect(page).to_have_url(re.compile(r"/kiosk/dejima$"))
    expect(page.get_by_role("link", name="日本語", exact=False).first).to_be_visible()
    assert page.evaluate("[localStorage.length, history.length]") == [0, 2]  # the blank page before, and this one
    # every page is kept by now or soon; then the connection goes
    page.clock.resume()
    eventually(page, lambda: page.evaluate(KEPT), "every page is kept, the first one last")
    page.context.set_offline(True)
    page.get_by_role("link", name="한국어").tap()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.locator("#lost")).to_be_visible()


def test_a_phone_follows_the_guides_within_five_seconds_in_its_own_language(
    open_phone: Callable[..., Page], served
) -> None:
    guide, other = open_phone("en"), open_phone("ja")
    guide.goto("/en/dejima/group")
    guide.get_by_role("button", name="Lead a group").click()
    guide.wait_for_url(re.compile(r"/g/\w{6}/lead"))
    code = guide.locator(".group-code").inner_text()
    assert violations(guide) == []
    other.goto(f"/g/{code}")
    expect(other.get_by_text("まだ場所を選んでいません")).to_be_visible()
    guide.locator(".group-next").click()
    expect(other).to_have_url(re.compile(r"/ja/dejima/landmarks/[\w-]+\?group="), timeout=WITHIN_MS)
    expect(other.locator(".group-bar")).to_contain_text("グループと同じ場所にいます")
    assert violations(other) == []
    guide.get_by_role("button", name="The Water Gate, 1820").click()
    expect(other).to_have_url(re.compile(r"/ja/dejima/experiences/water-gate-1820\?group="), timeout=WITHIN_MS)
    guide.get_by_role("button", name="End the group").click()
    expect(other.locator(".group-bar")).to_contain_text("案内は終わりました", timeout=WITHIN_MS)
