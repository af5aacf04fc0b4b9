"""A creator puts a model where it stands: by view, keys and numbers, by a known length, by survey points; without script too."""

import uuid
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import insert, select

from tests.journeys.checks import violations
from tests.journeys.sites import NAMES, PASSWORD, Served
from tests.journeys.visiting import eventually
from xr_server.domain.scan import ScanDetails
from xr_server.storage.packages import load_packages
from xr_server.storage.tables.people import account
from xr_server.storage.tables.scans import scan

COUNT = Path(__file__).parent / "count_drawing.js"
DETAILS = ScanDetails(title="Gate", creator="Kana", licence="CC BY 4.0", lat=32.7437, lon=129.8725, height=34.5)
TIES = {"demo-gate-south": (5.4, 2.75, -0.62), "demo-gate-north": (-5.4, 2.75, -0.62)}
RIDGE = (6.15, 9.35, -2.81)
HEIGHTS = ("h", "floor_h")


@pytest.fixture
def placed(served: Served, creator_login: Callable[..., Page]) -> tuple[Page, str]:
    """A creator's page, and the address of a scan of hers, attached, whose package is the bundled Water Gate."""
    scan_id, catalog = str(uuid.uuid4()), served.open_catalog()
    _, models = load_packages(catalog, "dejima")
    with catalog.begin() as connection:
        owner = connection.execute(select(account.c.id).where(account.c.name == NAMES["creator"])).scalar_one()
        connection.execute(
            insert(scan).values(
                id=scan_id,
                site_id="dejima",
                account_id=owner,
                file_name="gate.glb",
                details=msgspec.json.encode(DETAILS).decode(),
                length_bytes=1,
                received_bytes=1,
                state="built",
                package_digest=models["water-gate"],
                created_at=1,
                updated_at=1,
            )
        )
    catalog.dispose()
    page = creator_login()
    page.goto(f"/studio/scans/{scan_id}")
    page.locator("#landmark").select_option("suimon")
    page.locator("#title_en").fill("Gate put in its place")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("link", name="Move or turn it on the map")).to_be_visible()
    return page, f"/studio/scans/{scan_id}"


def open_view(page: Page, address: str) -> Locator:
    """A page with a view in three dimensions, once the model stands in it."""
    page.goto(address)
    canvas = page.locator("canvas[data-shown=model]")
    expect(canvas).to_be_visible()
    return canvas


def numbers(page: Page, *names: str) -> dict[str, float]:
    return {name: float(page.locator(f"#{name}").input_value()) for name in names}


def red_places(canvas: Locator) -> list[tuple[int, int]]:
    """Where the view shows the colour of what a model is held by, from top to bottom; its words left away."""
    canvas.page.evaluate("document.querySelectorAll('.label').forEach(label => label.remove())")
    picture = Image.open(BytesIO(canvas.screenshot())).convert("RGB")
    found = []
    for y in range(0, picture.height, 2):
        for x in range(0, picture.width, 2):
            red, green, blue = picture.getpixel((x, y))  # type: ignore[misc]
            if red > 140 and green < 80 and blue < 70:
                found.append((x, y))
    return found


def drag(page: Page, canvas: Locator, start: tuple[float, float], by: tuple[float, float]) -> None:
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + start[0], box["y"] + start[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=4)
    page.mouse.up()


def test_a_model_is_moved_turned_and_raised_in_the_view_and_everything_shows_it(placed: tuple[Page, str]) -> None:
    page, address = placed
    page.add_init_script(path=COUNT)
    canvas = open_view(page, f"{address}/place")
    assert violations(page) == []
    begun = numbers(page, "lat", "lon", "heading_deg", *HEIGHTS)
    drawn = page.locator("#model").get_attribute("transform")

    canvas.focus()
    for key in ("ArrowUp", "ArrowUp", "PageUp", "."):
        page.keyboard.press(key)
    moved = numbers(page, "lat", "heading_deg", *HEIGHTS)
    assert (moved["lat"] - begun["lat"]) * 111_195 == pytest.approx(1, abs=0.02)
    assert moved["heading_deg"] == (begun["heading_deg"] + 1) % 360
    assert [moved[name] - begun[name] for name in HEIGHTS] == pytest.approx([0.05, 0.05])
    assert page.locator("#model").get_attribute("transform") != drawn
    expect(page.locator("#place-said")).to_contain_text("faces 1° (north); 0.05 m above the local floor")

    top = red_places(canvas)[0]
    drag(page, canvas, (top[0], top[1] + 6), (0, -50))
    raised = numbers(page, *HEIGHTS)
    assert raised["h"] > moved["h"] + 0.5
    assert raised["h"] - raised["floor_h"] == pytest.approx(34.5, abs=0.01)
    ring = red_places(canvas)[-1]
    drag(page, canvas, (ring[0], ring[1] - 2), (90, -10))
    assert numbers(page, "heading_deg")["heading_deg"] != moved["heading_deg"]
    box = canvas.bounding_box()
    assert box is not None
    before = numbers(page, "lat", "lon", "h")
    drag(page, canvas, (box["width"] / 2, box["height"] / 2), (40, 10))
    after = numbers(page, "lat", "lon", "h")
    assert after["h"] == before["h"] and (after["lat"], after["lon"]) != (before["lat"], before["lon"])

    page.wait_for_timeout(300)
    frames = page.evaluate("window.drawing.frames.length")
    page.wait_for_timeout(500)
    assert page.evaluate("window.drawing.frames.length") == frames > 0  # at rest nothing is drawn
    page.locator("#floor_h").fill("2.5")
    expect(page.locator("#h")).to_have_value("37")
    eventually(page, lambda: page.evaluate("window.drawing.frames.length") > frames, "what is typed is drawn")
    page.get_by_role("button", name="Save the place").click()
    expect(page.get_by_text("It stands there now.")).to_be_visible()
    expect(page.locator("#floor_h")).to_have_value("2.50")


def test_points_are_chosen_on_the_model_for_its_size_and_its_ties(placed: tuple[Page, str]) -> None:
    page, address = placed
    canvas = open_view(page, f"{address}/scale")
    assert violations(page) == []
    buttons = page.get_by_role("button", name="Choose on the model")
    for button, share in ((buttons.first, 0.42), (buttons.last, 0.6)):
        button.click()
        box = canvas.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
        expect(page.locator("#model-said")).to_contain_text("Chosen: x")
    page.locator("#real_m").fill("0.02")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#scale-said")).to_contain_text("% too large")

    open_view(page, f"{address}/ties")
    for number, (point, place) in enumerate(TIES.items(), 1):
        page.locator(f"#point-{number}").select_option(point)
        for axis, value in zip("xyz", place, strict=True):
            page.locator(f"#{axis}-{number}").fill(f"{value:g}")
    expect(page.locator("#fit")).to_contain_text("With two points nobody can say")  # without a button
    page.locator("#point-3").select_option("demo-gate-ridge")
    page.get_by_role("button", name="Choose on the model").nth(2).click()
    page.keyboard.press("Enter")  # what lies at the middle of the view
    expect(page.locator("#x-3")).not_to_have_value("")
    expect(page.locator("#fit tbody tr")).to_have_count(3)
    assert violations(page) == []
    for axis, value in zip("xyz", RIDGE, strict=True):
        page.locator(f"#{axis}-3").fill(f"{value:g}")
    expect(page.locator("#fit")).to_contain_text("Good to 0.10 m: it may be laid over the real thing.")
    page.get_by_role("button", name="Save the ties").click()
    expect(page.get_by_text("Saved. Once published it stands where the survey points say.")).to_be_visible()


def test_without_javascript_on_a_phone_numbers_and_lists_do_it_all(
    placed: tuple[Page, str], open_phone: Callable[..., Page]
) -> None:
    _, address = placed
    page = open_phone(java_script_enabled=False)
    page.goto("/login")
    page.locator("#name").fill(NAMES["creator"])
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(f"{address}/place")
    expect(page.locator("#ground")).to_be_hidden()
    page.locator("#h").fill("2.5")
    page.get_by_role("button", name="Save the place").click()
    page.get_by_role("button", name="It is above the sea: add 32 m and save as 34.5 m").click()
    expect(page.get_by_text("What lies between the sea and the ellipsoid was added")).to_be_visible()
    page.get_by_role("link", name="Tie it to survey points").click()
    for number, (point, place) in enumerate(TIES.items(), 1):
        page.locator(f"#point-{number}").select_option(point)
        for axis, value in zip("xyz", place, strict=True):
            page.locator(f"#{axis}-{number}").fill(f"{value:g}")
    page.get_by_role("button", name="See how they fit").click()
    expect(page.locator("#fit tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Save the ties").click()
    expect(page.get_by_text("Saved. Once published")).to_be_visible()


def test_a_surveyors_table_is_looked_at_before_it_is_stored(staff_login: Callable[..., Page]) -> None:
    page = staff_login()
    page.locator("#menu summary").click()
    page.get_by_role("link", name="Survey points").click()
    assert violations(page) == []
    head, post = (
        "点名,緯度,経度,標高,精度,測量日,測量者,名前\n",
        "post,32.7440000,129.8720000,2.6,0.02,2026-11-20,佐藤測量,南の柱\n",
    )
    page.locator("#table").fill(head + post.replace("32.7440000,129.8720000", "129.8720000,32.7440000"))
    page.get_by_role("button", name="Read it and look").click()
    expect(page.locator(".cells .wrong")).to_have_count(2)
    assert violations(page) == []
    page.locator("#table").fill(head + post)
    page.get_by_role("button", name="Read it and look").click()
    expect(page.locator(".cells")).to_contain_text("32 m were added: 34.60 m.")
    page.get_by_role("button", name="Store and publish").click()
    expect(page.get_by_text("The points are published")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Put back as it was.")).to_be_visible()
