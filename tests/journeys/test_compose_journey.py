"""A creator composes a scene: a point set by a click and one by keys, published, and read on a visitor's phone."""

import re
import secrets
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from tests.journeys.checks import tab_to, violations
from tests.journeys.conftest import sign_in
from tests.journeys.sites import NAMES, Served
from tests.journeys.visiting import eventually, wait_for_mark
from xr_server.app import system_clock
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.storage.packages import load_packages
from xr_server.storage.scans import Owner, create_scan
from xr_server.storage.tables.people import account
from xr_server.storage.tables.scans import scan

DETAILS = ScanDetails(
    title="Gate", creator="Kana", licence="CC BY 4.0", lat=32.74404, lon=129.87204, height=34.5, no_persons=True
)


def add_built_scan(site: Served) -> str:
    """A scan of the creator's as if it had been built into the package of the bundled gate; gives its id."""
    catalog = site.open_catalog()
    with catalog.connect() as connection:
        owner = connection.scalars(select(account.c.id).where(account.c.name == NAMES["creator"])).one()
    scan_id = create_scan(
        catalog, Owner("dejima", owner), Upload("gate.glb", DETAILS, 1), system_clock(), secrets.token_bytes
    )
    digest = load_packages(catalog, "dejima")[1]["water-gate"]
    with catalog.begin() as connection:
        built = {"state": "built", "received_bytes": 1, "package_digest": digest, "expires_at": None}
        connection.execute(update(scan).where(scan.c.id == scan_id).values(**built))
    catalog.dispose()
    return scan_id


def test_a_point_set_by_a_click_is_read_on_a_visitors_phone(
    open_page: Callable[..., Page], open_phone: Callable[..., Page], new_site: Served
) -> None:
    scan_id = add_built_scan(new_site)
    new_site.start_server()
    page = sign_in(open_page, new_site, "creator", "en")
    page.goto(f"/studio/scans/{scan_id}")
    page.locator("#landmark").select_option("suimon")
    page.locator("#title_en").fill("Kana's gate")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Points, eras, sounds, more models").click()
    expect(page.locator("#bench-add")).to_be_enabled()
    scene = page.url.rpartition("/")[2]
    assert violations(page) == []

    set_by_click(page)
    set_by_keys(page)
    page.get_by_role("button", name="Save the scene").click()
    expect(page.get_by_text("Saved. Visitors see it once it is published.")).to_be_visible()
    expect(page.locator("#bench-spots button:visible").first).to_have_attribute("aria-label", "Roof over the gate")
    page.get_by_role("link", name="To the page of the scan").click()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent for review.")).to_be_visible()

    staff = sign_in(open_page, new_site, "staff", "en")
    staff.get_by_role("link", name="Kana's gate").first.click()
    staff.get_by_role("button", name="Publish").click()
    expect(staff.get_by_text("Published. Visitors' phones show it within a minute.")).to_be_visible()
    see_on_a_phone(open_phone(base_url=new_site.url), scene)


def set_by_click(page: Page) -> None:
    """A point where the mouse clicks on the model, and none where it clicks beside it."""
    page.get_by_role("button", name="Place a point").click()
    view = page.locator("#bench-view canvas")
    box = view.bounding_box()
    assert box is not None
    view.click(position={"x": 8, "y": 8})
    expect(page.locator("#bench-says")).to_have_text("There is no model there. Tap the model itself.")
    view.click(position={"x": box["width"] / 2, "y": box["height"] * 0.45})
    expect(page.locator("#bench-says")).to_have_text(re.compile("^Point 1 stands there"))
    expect(page.locator("#spot-0-title-en")).to_be_focused()
    page.keyboard.type("Roof over the gate")
    page.locator("#spot-0-text-en").fill("Tiles of grey clay.")
    height_m = float(page.locator("#spot-0-y").input_value())
    assert 0.5 < height_m < 8
    expect(page.locator("#bench-spots button:visible")).to_have_count(1)
    for _ in range(9):  # from behind the model hides it, as for visitors
        page.get_by_role("button", name="Turn left").click()
    eventually(page, lambda: page.locator("#bench-spots button:visible").count() == 0, "the point is hidden behind")
    page.get_by_role("button", name="Back to the first view").click()


def set_by_keys(page: Page) -> None:
    """A second point set at the cross by keyboard alone, then called off again."""
    page.locator(".skip").focus()
    tab_to(page, page.locator("#bench-view canvas"))
    expect(page.locator("#bench-cross")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#bench-says")).to_have_text(re.compile("^Point 2 stands there"))
    expect(page.locator("#spot-1-title-en")).to_be_focused()
    assert violations(page) == []
    page.locator("#spot-1-remove").check()
    expect(page.locator("#unsaved")).to_have_text("Something here is not saved yet.")


def see_on_a_phone(phone: Page, experience: str) -> None:
    """The published scene as a visitor has it: the point lies on the model, and tells its words."""
    address = f"/en/dejima/xr/{experience}"
    eventually(phone, lambda: bool((answer := phone.goto(address)) and answer.ok), "visitors are served the new scene")
    wait_for_mark(phone, "first3d")
    spot = phone.get_by_role("button", name="Roof over the gate")
    expect(spot).to_be_visible()
    spot.click()
    expect(phone.locator("#panel")).to_contain_text("Tiles of grey clay.")
