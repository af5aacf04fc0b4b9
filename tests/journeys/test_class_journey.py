"""A class from the blackboard to its deletion, in Chromium: the teacher's desk, a child's phone, the printed cards."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.checks import violations, width_beyond

Login = Callable[..., Page]
NARROW_PX, TALL_PX = 320, 44


def look_over(page: Page) -> None:
    """Nothing for axe, nothing beyond the edge of a small phone, and nothing too small for a finger."""
    before = page.viewport_size
    page.set_viewport_size({"width": NARROW_PX, "height": 640})
    assert width_beyond(page) <= 0, page.url
    assert violations(page) == []
    for target in page.locator(
        "main button, main a.primary, main a.tall, main input:not([type=hidden]), main select"
    ).all():
        box = target.bounding_box()
        assert box is None or box["height"] >= TALL_PX or target.get_attribute("type") in ("checkbox", "radio")
    if before is not None:
        page.set_viewport_size(before)


def press(page: Page, form: str) -> None:
    page.locator(f"form[action$='{form}'] button[type=submit]").first.click()


def test_a_class_from_the_blackboard_to_its_deletion(admin_login: Login, open_phone: Callable[..., Page]) -> None:
    desk, phone = admin_login("ja"), open_phone("ja")
    desk.goto("/desk/classes")
    desk.locator("#name").fill("5年2組")
    desk.locator("#school").fill("みなと小学校")
    press(desk, "/desk/classes")
    class_page = desk.url.partition("?")[0]
    press(desk, "/code")
    code = desk.locator(".big-code").inner_text()

    phone.goto("/join")
    look_over(phone)
    phone.locator("#code").fill(code.lower().replace("-", " "))
    phone.locator("#code").press("Enter")
    look_over(phone)
    pen_name = phone.locator(".pen-name").inner_text()
    phone.locator("#password").fill("sakana-sora-taiko")
    phone.locator("#password").press("Enter")  # sends the form, not the button for another name
    expect(phone).to_have_url(re.compile("/join/welcome$"))
    expect(phone.locator(".pen-name")).to_have_text(pen_name)
    phone.locator("main a.primary").click()
    expect(phone).to_have_url(re.compile("/studio/$"))
    phone.goto("/studio/upload")
    expect(phone.locator("#room-left")).to_contain_text("2 GB")
    expect(phone.locator("#creator")).to_have_count(0)

    desk.goto(class_page)
    desk.locator("#count").fill("11")
    press(desk, "/cards")
    look_over(desk)
    printed = desk.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 2  # ten on a sheet, and the eleventh
    child = open_phone("ja")
    child.goto(desk.locator(".card a").first.get_attribute("href") or "")
    child.locator("#new").fill("umi-kumo-hoshi")
    child.locator("#new").press("Enter")
    expect(child.locator(".pen-name")).to_have_text(desk.locator(".card-name").first.inner_text())

    desk.goto(class_page)
    look_over(desk)
    desk.goto(f"{class_page}/delete")
    look_over(desk)
    press(desk, "/delete")
    expect(desk.locator("main .sentence")).to_be_visible()
    phone.goto("/studio/")
    expect(phone).to_have_url(re.compile("/login"))
    desk.goto("/desk/site")
    look_over(desk)
