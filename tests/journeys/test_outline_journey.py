"""The outline of a landmark, drawn at the desk by hand and by keys, and a phone that arrives by it."""

import json
import urllib.request
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.journeys.checks import tab_to, violations, width_beyond
from tests.journeys.sites import Served
from tests.journeys.visiting import eventually, walk_to

ID = "suimon"
FORM = f"/desk/places/landmark/{ID}"
WEST_END = (32.7440401, 129.8716)  # 41 m from the place of the Sea Gate, which is left 22.5 m from there
CROSSING = "The line from corner 2 to 3 meets the line from corner 4 to 1."


def test_an_outline_is_drawn_at_the_desk_and_a_phone_arrives_by_it(
    staff_login: Callable[..., Page], open_phone: Callable[..., Page], served: Served
) -> None:
    expect(stand_at_the_west_end(open_phone()).locator("#arrival")).to_be_hidden()
    desk = staff_login()
    desk.goto(FORM)
    draw(desk)
    edit_by_keys(desk)
    assert violations(desk) == []
    publish(desk)
    try:
        eventually(desk, lambda: len(ring_of(served)) == 5, "phones are told of four corners, the first one twice")
        expect(stand_at_the_west_end(open_phone()).locator("#arrival-name")).to_be_visible()
        staff_phone = open_phone()
        staff_phone.context.add_cookies(desk.context.cookies())
        drag_by_finger(staff_phone)
    finally:  # other journeys share the site
        take_away(desk)
    eventually(desk, lambda: ring_of(served) == [], "phones are told of no outline any more")


def stand_at_the_west_end(phone: Page) -> Page:
    """Open the map of the site and let the phone's position be within the outline, far from the landmark's place."""
    phone.goto("/en/dejima/")
    walk = phone.locator("#walk")
    walk.locator("button.primary").click()
    expect(walk).to_have_attribute("data-kind", "granted")
    walk_to(phone, WEST_END)
    expect(phone.locator("[data-away=suimon]")).to_contain_text("40 m")
    return phone


def draw(desk: Page) -> None:
    """Four taps, of which two make the lines cross, and two corners dragged to where they belong."""
    expect(desk.locator(".draw")).to_be_visible()
    desk.get_by_label("the outline", exact=True).check()
    for _ in range(2):  # from 40 m round the place to 111 m
        desk.get_by_role("button", name="Wider").click()
    canvas = desk.locator("svg[data-pick]")
    canvas.scroll_into_view_if_needed()
    for x, y in ((0.05, 0.3), (0.6, 0.3), (0.05, 0.65), (0.6, 0.75)):
        tap(canvas, x, y)
    expect(desk.locator(".outline-said")).to_contain_text(CROSSING)
    drag(canvas, (0.05, 0.65), (0.6, 0.6))
    drag(canvas, (0.6, 0.75), (0.05, 0.65))
    expect(desk.locator("[data-area]")).to_contain_text("with 4 corners")


def drag_by_finger(phone: Page) -> None:
    """The form on a phone, in Japanese: a finger moves a corner and the page stays where it is."""
    phone.goto(f"{FORM}?lang=ja")
    phone.get_by_label("輪郭", exact=True).check()
    corner = phone.locator("circle.typed.corner").first
    expect(phone.locator("text.typed.corner")).to_have_count(4)
    assert violations(phone) == []
    assert width_beyond(phone) <= 0
    corner.scroll_into_view_if_needed()
    lat = phone.get_by_label("角1：緯度")
    before, scrolled = lat.input_value(), phone.evaluate("scrollY")
    box = corner.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger = phone.context.new_cdp_session(phone)
    for kind, away_px in (("touchStart", 0), ("touchMove", 15), ("touchMove", 30), ("touchMove", 45)):
        points = [{"x": x, "y": y + away_px}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(lat).not_to_have_value(before)
    assert float(lat.input_value()) < float(before)  # downwards is south
    assert phone.evaluate("scrollY") == scrolled


def publish(desk: Page) -> None:
    desk.get_by_role("button", name="Save and publish").click()
    expect(desk.get_by_role("status").filter(has_text="Published")).to_be_visible()


def take_away(desk: Page) -> None:
    """Take all corners out again, which leaves the landmark as it was."""
    desk.goto(f"{FORM}?lang=en")
    expect(desk.locator(".draw")).to_be_visible()
    while desk.locator("ol.corners li").count():
        desk.get_by_role("button", name="Take out corner 1", exact=True).click()
    publish(desk)


def tap(canvas: Locator, x: float, y: float) -> None:
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": x * box["width"], "y": y * box["height"]})


def drag(canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    box = canvas.bounding_box()
    assert box is not None
    mouse = canvas.page.mouse
    (from_x, from_y), (to_x, to_y) = (
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)
    )
    mouse.move(from_x, from_y)
    mouse.down()
    mouse.move((from_x + to_x) / 2, (from_y + to_y) / 2)
    mouse.move(to_x, to_y)
    mouse.up()


def edit_by_keys(desk: Page) -> None:
    """A corner moved by arrow keys, taken out, and both steps back and forth, without a mouse."""
    lat = desk.get_by_label("Corner 1: latitude")
    tab_to(desk, lat)
    before = lat.input_value()
    desk.keyboard.press("ArrowUp")
    expect(lat).not_to_have_value(before)
    assert 0.5e-6 < float(lat.input_value()) - float(before) < 1.5e-6  # ten centimetres north
    desk.keyboard.press("Control+z")
    expect(lat).to_have_value(before)
    tab_to(desk, desk.get_by_role("button", name="Take out corner 1"))
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Corner 4: latitude")).to_have_count(0)
    expect(desk.locator("[data-area]")).to_contain_text("with 3 corners")
    desk.keyboard.press("Control+z")
    expect(desk.locator("[data-area]")).to_contain_text("with 4 corners")
    desk.keyboard.press("Control+Shift+z")
    expect(desk.locator("[data-area]")).to_contain_text("with 3 corners")
    desk.keyboard.press("Control+z")
    expect(lat).to_have_value(before)


def ring_of(served: Served) -> list[list[float]]:
    """The ring of the landmark in the site document that phones have, empty while it has none."""
    with urllib.request.urlopen(f"{served.url}/api/v1/sites/dejima?lang=en") as answer:
        document = json.load(answer)
    (geometry,) = [mark["geometry"] for mark in document["landmarks"] if mark["id"] == ID]
    ring: list[list[float]] = geometry["coordinates"][0] if geometry else []
    return ring
