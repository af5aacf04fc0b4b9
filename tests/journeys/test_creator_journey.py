"""A creator in a real browser: a scan is sent, followed while it is built, attached to a landmark and sent for review."""

import base64
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.journeys.checks import tab_to, violations
from tests.journeys.sites import NAMES, PASSWORD, Served
from tests.journeys.visiting import count_colours, eventually, wait_for_mark
from tests.scans import wall_zip

BUILT_MS = 90_000  # a scan of 4,800 triangles on a busy machine
SCAN_PAGE = re.compile(r"/studio/scans/[0-9a-f-]{36}$")
MEGABYTE = 1024 * 1024

Login = Callable[..., Page]

# a small scan is built faster than a busy browser asks what the page says now, so what it said is kept
NOTE_WHAT_IS_SAID = """new MutationObserver(() => {
  const said = ['#scan-state', '#live-words'].map((place) => document.querySelector(place)?.textContent ?? '')
  sessionStorage.setItem('said', (sessionStorage.getItem('said') ?? '') + said.join(' ') + ';')
}).observe(document, { subtree: true, childList: true, characterData: true })"""


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small textured scan as a file."""
    path = tmp_path_factory.mktemp("scans") / "north_sea-wall.zip"
    path.write_bytes(wall_zip())
    return path


@pytest.fixture(scope="module")
def heap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty megabytes that look like a scan by name only: enough for three chunks."""
    path = tmp_path_factory.mktemp("scans") / "heap.ply"
    path.write_bytes(random.Random(1641).randbytes(20 * MEGABYTE))
    return path


def send(page: Page, file: Path) -> None:
    """Fill in what the form asks for and send."""
    page.goto("/studio/upload")
    page.locator("#file").set_input_files(file)
    page.locator("#licence").select_option("CC BY 4.0")
    page.locator("#send").click()


def test_a_creator_sends_a_scan_sees_it_at_its_place_and_sends_it_for_review(
    creator_login: Login, open_phone: Login, wall: Path
) -> None:
    page = creator_login()
    page.add_init_script(NOTE_WHAT_IS_SAID)
    assert violations(page) == []
    page.get_by_role("link", name="Send a scan").click()
    page.locator("#file").set_input_files(wall)
    expect(page.locator("#title")).to_have_value("north sea wall")
    page.locator("#licence").select_option("")  # that of an earlier scan would be proposed
    page.locator("#send").click()
    expect(page.locator("#upload-problem")).to_have_text("Please fill in “Licence”.")
    expect(page.locator("#licence")).to_be_focused()
    assert violations(page) == []
    page.locator("#licence").select_option("CC BY 4.0")
    page.get_by_text("Place and grounds").click()
    page.get_by_label("Measured from what is there").check()
    page.get_by_text("Unit and upward axis").click()
    page.locator("#up").select_option("y")
    page.locator("#send").click()

    page.wait_for_url(SCAN_PAGE)
    assert violations(page) == []
    expect(page.locator("#scan-state")).to_have_text("Built", timeout=BUILT_MS)
    said = page.evaluate("sessionStorage.getItem('said') ?? ''")
    assert "Being built" in said
    assert re.search(r"· \d+ %", said)
    expect(page.get_by_role("heading", name="What came out")).to_be_visible()
    expect(page.locator("table.numbers tbody tr").first).to_contain_text("4,800")
    expect_picture(page)
    assert violations(page) == []

    page.locator("#landmark").select_option("suimon")
    page.locator("#title_en").fill("North sea wall")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status").filter(has_text="Visitors do not see it yet")).to_be_visible()
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("First say on the page")).to_be_visible()
    page.go_back()
    compare(page)
    say_otherwise(page)
    put_in_place(page)
    see_on_a_phone(page, open_phone())
    page.get_by_role("button", name="Send for review").click()
    expect(page.get_by_text("Sent for review.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back from review")).to_be_visible()


def compare(page: Page) -> None:
    """The scan beside its level in 3D: both drawn, turned together, and coloured by the distance between them."""
    page.get_by_role("link", name="Look at it beside your scan in 3D").click()
    expect(page.locator("#left-name")).to_have_text("Your scan")
    expect(page.locator("#compare-status")).to_have_text(re.compile("^Shown: "))
    views = page.locator("#pair canvas")
    eventually(page, lambda: count_colours(views) > 10, "scan and level are drawn")
    turned = views.screenshot()
    page.get_by_role("button", name="Turn to the left").click()
    eventually(page, lambda: views.screenshot() != turned, "both were turned")
    page.get_by_role("button", name="Distances").click()
    expect(page.locator("#legend")).to_be_visible()
    assert violations(page) == []
    page.locator(".crumb a").last.click()


def say_otherwise(page: Page) -> None:
    """What was not asked for before, said after the build, which builds nothing again."""
    page.get_by_role("link", name="Say so now").click()
    assert violations(page) == []
    page.locator("#creator").fill("")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#creator")).to_be_focused()
    expect(page.locator("#creator-fault")).to_have_text("Please fill this in.")
    assert violations(page) == []
    page.locator("#creator").fill("Kana of class 5")
    page.locator("#no_persons").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The package says it now.")).to_be_visible()
    expect(page.locator(".facts").first).to_contain_text("Kana of class 5")
    expect_picture(page)


def put_in_place(page: Page) -> None:
    """The scan moved and turned on the plan, by mouse and by keys, and saved."""
    page.get_by_role("link", name="Move or turn it on the map").click()
    fields = {name: page.locator(f"#{name}") for name in ("lat", "lon", "heading_deg")}
    begun = {name: float(field.input_value()) for name, field in fields.items()}
    assert violations(page) == []
    plan = page.locator("#plan")
    plan.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "."):
        page.keyboard.press(key)
    moved = {name: float(field.input_value()) for name, field in fields.items()}
    assert (moved["lat"] - begun["lat"]) * 111_195 == pytest.approx(1, abs=0.02)
    assert moved["lon"] < begun["lon"]
    assert moved["heading_deg"] == (begun["heading_deg"] + 1) % 360
    drag(page, page.locator("#footprint"), 60, 0)
    assert float(fields["lon"].input_value()) > moved["lon"]
    assert float(fields["lat"].input_value()) == pytest.approx(moved["lat"], abs=1e-6)
    drag(page, page.locator("#handle"), 80, 80)
    assert float(fields["heading_deg"].input_value()) != moved["heading_deg"]
    page.get_by_role("button", name="Save the place").click()
    expect(page.get_by_text("It stands there now.")).to_be_visible()
    assert violations(page) == []
    page.locator(".crumb a").last.click()


def drag(page: Page, what: Locator, right_px: float, down_px: float) -> None:
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right_px, y + down_px, steps=4)
    page.mouse.up()


def see_on_a_phone(page: Page, phone: Page) -> None:
    """The draft as visitors would see it, by the link that the page shows, until that is ended."""
    page.get_by_role("button", name="Open on my phone").click()
    expect(page.locator(".qr svg")).to_be_visible()
    assert violations(page) == []
    link = page.locator("#link").input_value()
    phone.goto(link)
    wait_for_mark(phone, "first3d")
    expect(phone.locator(".preview")).to_contain_text("Preview of a draft")
    expect(phone.locator("h1")).to_have_text("North sea wall")
    assert count_colours(phone.locator("canvas[role=img]")) > 10
    assert violations(phone) == []
    assert phone.evaluate("navigator.serviceWorker.getRegistrations().then(found => found.length)") == 0
    page.get_by_role("button", name="End the preview").click()
    expect(page.get_by_text("The preview is ended")).to_be_visible()
    answer = phone.goto(link)
    assert answer is not None and answer.status == 404


DROP = """async files => {
    const carried = new DataTransfer()
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
        carried.items.add(new File([bytes], name))
    }
    for (const kind of ['dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }))
    }
}"""


def test_files_dropped_together_are_packed_and_built_as_one_scan(creator_login: Login, wall: Path) -> None:
    page = creator_login()
    page.goto("/studio/upload")
    with zipfile.ZipFile(wall) as archive:
        names = archive.namelist()
        files = [[name, base64.b64encode(archive.read(name)).decode()] for name in names]
    page.evaluate(DROP, files)
    expect(page.locator("#files-chosen")).to_have_text("3 files go as one: wall.zip")
    expect(page.locator("#title")).to_have_value("wall")
    assert violations(page) == []
    page.locator("#licence").select_option("CC0 1.0")
    page.locator("#send").click()
    page.wait_for_url(SCAN_PAGE)
    expect(page.locator("#scan-state")).to_have_text("Built", timeout=BUILT_MS)
    expect(page.locator(".facts")).to_contain_text("wall.zip")
    expect_picture(page)  # it came along


def expect_picture(page: Page) -> None:
    """The scan's picture comes, and is not blank."""
    eventually(page, lambda: picture_colours(page, ".poster img") > 100, "the picture of the scan is there")


def picture_colours(page: Page, picture: str) -> int:
    """How many different colours a picture shows: one when it is blank, none when it was not loaded."""
    return page.locator(picture).evaluate(
        """image => {
            const canvas = new OffscreenCanvas(64, 64), context = canvas.getContext('2d')
            context.drawImage(image, 0, 0, 64, 64)
            return image.complete && image.naturalWidth > 0
                ? new Set(new Uint32Array(context.getImageData(0, 0, 64, 64).data.buffer)).size : 0
        }"""
    )


def test_a_refused_scan_says_why_in_the_creators_language(creator_login: Login, tmp_path: Path) -> None:
    broken = tmp_path / "石垣.glb"
    broken.write_bytes(b"glTF\x02\0\0\0\xff\0\0\0")
    page = creator_login("ja")
    send(page, broken)
    page.wait_for_url(SCAN_PAGE)
    expect(page.locator("#scan-state")).to_have_text("使えません", timeout=BUILT_MS)
    expect(page.locator(".problem")).to_contain_text("GLB")
    assert violations(page) == []


def test_an_upload_goes_on_where_the_connection_broke_off(creator_login: Login, heap: Path) -> None:
    page = creator_login()
    offsets: list[int] = []
    broken: list[Request] = []

    def pass_on(route: Route) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        offsets.append(int(route.request.headers["upload-offset"]))
        if len(offsets) == 2:  # the second chunk never arrives
            broken.append(route.request)
            return route.abort("connectionreset")
        return route.continue_()

    page.context.route("**/api/v1/uploads/**", pass_on)
    send(page, heap)
    page.wait_for_url(SCAN_PAGE)
    assert len(broken) == 1
    assert offsets == [0, 8 * MEGABYTE, 8 * MEGABYTE, 16 * MEGABYTE]


def test_a_session_that_ends_while_sending_is_opened_again_beside_it_and_nothing_is_sent_twice(
    creator_login: Login, heap: Path
) -> None:
    page = creator_login()
    offsets: list[int] = []

    def pass_on(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(int(route.request.headers["upload-offset"]))
            if len(offsets) == 2:
                page.context.clear_cookies()
                return route.continue_(headers={**route.request.headers, "cookie": ""})
        return route.continue_()

    page.context.route("**/api/v1/uploads/**", pass_on)
    send(page, heap)
    expect(page.locator("#upload-problem")).to_contain_text("Your session has ended")
    expect(page.locator("#upload-state")).to_have_text("Paused")
    assert violations(page) == []
    page.locator("#pause").click()  # too early: there is no session yet
    expect(page.locator("#upload-problem")).to_contain_text("Your session has ended")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new window").click()
    login = opened.value
    login.locator("#name").fill(NAMES["creator"])
    login.locator("#password").fill(PASSWORD)
    login.keyboard.press("Enter")
    login.wait_for_url("**/studio/")
    page.locator("#pause").click()
    page.wait_for_url(SCAN_PAGE)
    assert offsets == [0, 8 * MEGABYTE, 8 * MEGABYTE, 16 * MEGABYTE]


def test_sending_can_be_stopped_and_leaves_nothing_behind(creator_login: Login, served: Served, heap: Path) -> None:
    page = creator_login()
    held: list[Route] = []
    page.context.route("**/api/v1/uploads/**", lambda route: hold_patch(route, held))
    with page.expect_request(lambda request: request.method == "PATCH"):
        send(page, heap)
    expect(page.locator("#upload-state")).to_have_text("Arriving")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        page.locator("#stop").click()
    assert ended.value.status == 204
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator("#licence")).to_have_value("CC BY 4.0")
    upload = ended.value.url.rpartition("/")[2]
    assert not (served.settings.upload_dir / upload).exists()


def hold_patch(route: Route, held: list[Route]) -> None:
    """Let everything through but the bytes, which stay on their way."""
    if route.request.method == "PATCH":
        held.append(route)
    else:
        route.continue_()


def test_the_whole_way_in_by_keyboard_alone(open_page: Callable[..., Page], served: Served) -> None:
    page = open_page(viewport={"width": 1280, "height": 800}, locale="en-GB", base_url=served.url)
    page.goto("/login")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to(page, page.locator("#name"))
    page.keyboard.type(NAMES["creator"])
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/")
    tab_to(page, page.get_by_role("link", name="Send a scan"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/studio/upload")
    for field in ("#file", "#title", "#licence"):
        tab_to(page, page.locator(field))
    more, reading = page.get_by_text("Place and grounds"), page.get_by_text("Unit and upward axis")
    tab_to(page, more)
    page.keyboard.press("Enter")
    for field in ("input[name=provenance]:checked", "#lat", "#heading"):
        tab_to(page, page.locator(field))
    tab_to(page, reading)
    tab_to(page, page.locator("#send"))
    page.keyboard.press("Alt+1")
    page.wait_for_url("**/studio/")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")


def test_without_javascript_the_upload_page_says_what_it_needs_and_the_others_work(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(java_script_enabled=False, locale="en-GB", base_url=served.url)
    page.goto("/login")
    page.locator("#name").fill(NAMES["creator"])
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    expect(page.get_by_role("heading", name="Scans")).to_be_visible()
    page.get_by_role("link", name="Send a scan").click()
    expect(page.get_by_text("This one page needs JavaScript")).to_be_visible()
    expect(page.locator("#send")).to_be_disabled()
