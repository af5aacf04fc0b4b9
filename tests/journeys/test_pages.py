"""Pages as visitors meet them: without script, by keyboard alone, read aloud, in the sun, in the evening, and as time passes."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.checks import violations, width_beyond
from tests.journeys.sites import Served
from xr_server.app import system_clock
from xr_server.domain.catalog import Landmark
from xr_server.storage.catalog import Change, Name, load_record, publish_record, save_record

HOUSE = "chief-factor-house-1820"
AT_HOUSE = {"latitude": 32.7435977, "longitude": 129.8725152, "accuracy": 6}
PAGES = ("", "landmarks/kapitan", f"experiences/{HOUSE}", f"xr/{HOUSE}", "help", "privacy", "landmarks/nowhere")
HAS_CHOICE = {"", "landmarks/kapitan", f"experiences/{HOUSE}", "help"}  # asked there when nothing is chosen
REFUSED = 'localStorage.setItem(\'consent\', \'{"state":"refused","text_version":"2026-11"}\')'
SAVES_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true, effectiveType: '4g'}})"
MODEL_MS = 60_000  # a model on a busy machine without a GPU

OpenPhone = Callable[..., Page]


def arrive(phone: Page, language: str = "en") -> None:
    """Open the site, allow the position on the page, and walk to the Chief Factor's house."""
    phone.goto(f"/{language}/dejima/")
    phone.locator("#walk .primary").click()
    expect(phone.locator("#me")).to_be_visible()
    phone.context.set_geolocation(AT_HOUSE)
    expect(phone.locator("#arrival")).to_be_visible()


def decline_position(phone: Page) -> None:
    phone.locator("#walk button").nth(1).click()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_without_script_a_visitor_reads_everything_from_the_map_to_the_points_of_the_model(
    open_phone: OpenPhone, language: str
) -> None:
    phone = open_phone(language, java_script_enabled=False)
    phone.goto(f"/{language}/dejima/")
    expect(phone.locator("#map > svg")).to_be_visible()
    rows = phone.locator("ol.places li")
    assert rows.count() == phone.locator("#map a.mark").count() > 20
    phone.locator('ol.places a[href$="/landmarks/kapitan"]').click()
    expect(phone.locator("h1")).to_contain_text("カピタン部屋" if language == "ja" else "Chief Factor")
    phone.locator(f'a.primary[href$="/experiences/{HOUSE}"]').click()
    picture = phone.locator("#picture")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert phone.locator(".points li").count() >= 3
    expect(phone.locator("main")).to_contain_text("推定" if language == "ja" else "estimate")
    expect(phone.locator("main")).to_contain_text(
        "実際の測量ではありません" if language == "ja" else "not a measurement"
    )
    assert phone.locator("button:visible").count() == 0  # nothing that would do nothing


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_the_phone(open_phone: OpenPhone, language: str) -> None:
    phone = open_phone(language)
    phone.add_init_script(SAVES_DATA)
    faults: dict[str, object] = {}
    for page in PAGES:
        phone.goto(f"/{language}/dejima/{page}")
        if page == "":
            decline_position(phone)
        if page in HAS_CHOICE:
            expect(phone.locator("#consent")).to_be_visible()
        faults |= {f"{page}: {fault}": True for fault in violations(phone)}
        if width_beyond(phone) > 0:
            faults[f"{page}: too wide"] = width_beyond(phone)
    assert faults == {}


@pytest.mark.parametrize("look", ["evening", "sunlight"])
def test_axe_finds_nothing_in_evening_and_sunlight(open_phone: OpenPhone, look: str) -> None:
    phone = open_phone("en", color_scheme="dark" if look == "evening" else "light")
    phone.add_init_script(SAVES_DATA)
    phone.goto("/en/dejima/")
    if look == "sunlight":
        phone.locator("#sunlight").click()
    faults = {"": violations(phone)}
    for page in (f"experiences/{HOUSE}", "privacy"):
        phone.goto(f"/en/dejima/{page}")
        faults[page] = violations(phone)
    assert not any(faults.values()), faults


def test_at_twice_the_text_size_nothing_is_cut_off(open_phone: OpenPhone) -> None:
    phone = open_phone("en", viewport={"width": 320, "height": 640})
    phone.add_init_script(SAVES_DATA)
    for page in ("", "landmarks/kapitan", f"experiences/{HOUSE}", "privacy"):
        phone.goto(f"/en/dejima/{page}")
        phone.evaluate("document.documentElement.style.fontSize = '200%'")
        assert width_beyond(phone) <= 0, page


def test_arriving_opens_the_sheet_and_the_model_which_can_be_turned_explained_and_left_by_keyboard(
    open_phone: OpenPhone,
) -> None:
    phone = open_phone("en")
    phone.add_init_script(REFUSED)
    arrive(phone)
    expect(phone.locator("#news")).to_contain_text("You are here")
    expect(phone.locator("#arrival .away")).to_have_text("right here")
    bar = phone.locator("#scene .scene-bar")
    expect(bar.get_by_role("button", name="Turn left")).to_be_visible(timeout=MODEL_MS)
    assert violations(phone) == []
    spot = phone.locator("#scene .spots button:visible").first
    spot.focus()
    phone.keyboard.press("Enter")
    panel = phone.locator("#scene .panel")
    expect(panel).to_be_visible()
    expect(panel.locator("h2")).to_be_focused()
    assert violations(phone) == []
    phone.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(spot).to_be_focused()
    phone.locator("#arrival").get_by_role("button", name="Back to the map").press("Enter")
    expect(phone.locator("#arrival")).to_be_hidden()
    expect(phone.locator("#map")).to_be_visible()


def test_declining_the_position_leaves_map_and_list_and_is_not_asked_again(open_phone: OpenPhone) -> None:
    phone = open_phone("ja", permissions=())
    phone.goto("/ja/dejima/")
    phone.get_by_role("button", name="使わずに一覧から選ぶ").click()
    expect(phone.locator("#walk")).to_contain_text("見られるものは同じです")
    phone.locator('ol.places a[href$="/landmarks/suimon"]').click()
    expect(phone.locator("h1")).to_contain_text("水門")
    phone.goto("/ja/dejima/")
    expect(phone.locator("#walk")).to_contain_text("見られるものは同じです")


def test_every_step_of_the_first_visit_is_reached_by_tab_in_reading_order(open_phone: OpenPhone) -> None:
    phone = open_phone("en", is_mobile=False)
    phone.goto("/en/dejima/")
    expect(phone.locator("#walk")).to_be_visible()
    phone.keyboard.press("Tab")
    expect(phone.locator(".skip")).to_be_focused()
    expect(phone.locator(".skip")).to_be_in_viewport()
    phone.keyboard.press("Enter")
    expect(phone.locator("#content")).to_be_focused()
    for name in (
        "Back up",
        "Use my position",
        "No, choose from the list",
    ):  # the sheet is up: its button leads back
        phone.keyboard.press("Tab")
        expect(phone.get_by_role("button", name=name)).to_be_focused()
    mark = phone.locator("#map a.mark").first
    mark.focus()
    phone.keyboard.press("Enter")
    expect(phone).to_have_url(re.compile("/landmarks/"))


def test_what_has_the_focus_is_never_hidden_under_the_choice(open_phone: OpenPhone) -> None:
    phone = open_phone("en", is_mobile=False)
    phone.goto("/en/dejima/")
    decline_position(phone)
    expect(phone.locator("#consent")).to_be_visible()
    for _ in range(60):
        phone.keyboard.press("Tab")
        hidden = phone.evaluate(
            """() => {
              const focused = document.activeElement, panel = document.getElementById('consent')
              if (focused === document.body || panel.contains(focused)) return false
              const [a, b] = [focused.getBoundingClientRect(), panel.getBoundingClientRect()]
              return a.top >= b.top && a.bottom <= b.bottom && a.height > 0
            }"""
        )
        assert not hidden, phone.evaluate("document.activeElement.outerHTML.slice(0, 120)")


def test_targets_are_large_enough_for_a_thumb(open_phone: OpenPhone) -> None:
    phone = open_phone("ja")
    phone.goto("/ja/dejima/")
    decline_position(phone)
    expect(phone.locator("#consent")).to_be_visible()
    small = phone.evaluate(
        """[...document.querySelectorAll('button, .places a, .top a, .foot > ul:first-child a')]
        .filter(e => e.checkVisibility()).map(e => [e.textContent.trim(), e.getBoundingClientRect().height])
        .filter(([, height]) => height < 48)"""
    )
    assert small == []


def test_sunlight_is_one_tap_away_and_holds_on_the_next_page(open_phone: OpenPhone) -> None:
    phone = open_phone("en")
    phone.goto("/en/dejima/")
    phone.get_by_role("button", name="Sunlight").click()
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    phone.goto("/en/dejima/help")
    expect(phone.get_by_role("button", name="Sunlight")).to_have_attribute("aria-pressed", "true")
    assert phone.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_a_language_chosen_by_hand_keeps_the_place_and_is_remembered(open_phone: OpenPhone) -> None:
    phone = open_phone("en")
    phone.goto("/en/dejima/landmarks/kapitan")
    phone.locator(".languages summary").click()
    phone.get_by_role("link", name="日本語", exact=True).click()
    expect(phone).to_have_url(re.compile("/ja/dejima/landmarks/kapitan$"))
    phone.goto("/")
    expect(phone).to_have_url(re.compile("/ja/dejima/$"))


def test_nothing_leaves_the_phone_before_a_choice_nor_after_a_no(open_phone: OpenPhone) -> None:
    phone = open_phone("en")
    posted: list[str] = []
    phone.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    arrive(phone)
    phone.locator('#consent [data-consent="refused"]').click()
    expect(phone.locator("#consent")).to_be_hidden()
    phone.goto("/en/dejima/privacy")
    expect(phone.locator("#choice-now")).to_have_text("At present: count nothing. Nothing is sent.")
    assert posted == []
    assert not [url for url in asked if "32.7" in url or "129.8" in url]  # no position in any address


def test_an_experience_begins_on_the_open_page_by_itself_and_is_announced(open_phone: OpenPhone) -> None:
    phone = open_phone("en")
    starts = datetime.now(UTC) + timedelta(seconds=5)

    def move_times(route: Route) -> None:
        """The server's own answer with one experience's times moved to a few seconds from now."""
        answer = route.fetch()
        document = answer.json()
        for experience in document["experiences"]:
            if experience["id"] == HOUSE:
                spans = [starts, starts + timedelta(hours=1)]
                experience["occurrences"] = [[f"{span:%Y-%m-%dT%H:%M:%SZ}" for span in spans]]
        route.fulfill(response=answer, body=json.dumps(document))

    phone.route(re.compile(r"/api/v1/sites/dejima\?"), move_times)
    phone.goto("/en/dejima/")
    line = phone.locator(f'[data-when="{HOUSE}"]')
    expect(line).to_have_class(re.compile("when-(today|later)"))
    expect(line).to_have_class(re.compile("when-live"), timeout=15_000)
    expect(line).to_contain_text("On now")
    expect(phone.locator("#news")).to_contain_text("has begun")


def test_new_words_come_to_an_open_page_without_a_reload(open_phone: OpenPhone, served: Served) -> None:
    phone = open_phone("en")
    phone.clock.install()
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url) if "/api/v1/sites/dejima?" in request.url else None)
    phone.goto("/en/dejima/landmarks/badminton")
    expect(phone.locator("#consent")).to_be_visible()
    phone.evaluate("window.stillTheSamePage = true")
    rewrite_history(served, "badminton", "A sentence written a moment ago.")
    first = len(asked)
    for _ in range(120):  # the page asks about every minute; its clock is moved on until it does
        if len(asked) > first:
            break
        phone.clock.fast_forward(1_000)
    expect(phone.locator("#story")).to_contain_text("A sentence written a moment ago.")
    expect(phone.locator("#news")).to_have_text("This page has new content.")
    assert phone.evaluate("window.stillTheSamePage")


def rewrite_history(served: Served, landmark: str, sentence: str) -> None:
    """Publish a landmark with another English text, and wait until the server has compiled it."""
    catalog, name = served.open_catalog(), Name("dejima", "landmark", landmark)
    stored = load_record(catalog, name)
    assert isinstance(stored.body, Landmark)
    body = msgspec.structs.replace(stored.body, history={**stored.body.history, "en": sentence})
    revision = save_record(catalog, "dejima", body, stored.revision, Change(system_clock()))
    publish_record(catalog, name, revision, Change(system_clock()))
    catalog.dispose()
    address = f"{served.url}/api/v1/sites/dejima?lang=en"
    deadline = time.monotonic() + 20
    while sentence not in urllib.request.urlopen(address, timeout=5).read().decode():
        assert time.monotonic() < deadline, "the server has not compiled what was published"
        time.sleep(0.1)


def test_without_webgl_the_picture_stays_and_says_why(open_phone: OpenPhone) -> None:
    phone = open_phone("en")
    phone.add_init_script(
        "HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext,"
        " {apply: (get, canvas, [kind, ...more]) => kind.startsWith('webgl') ? null : get.call(canvas, kind, ...more)})"
    )
    phone.goto(f"/en/dejima/experiences/{HOUSE}")
    expect(phone.locator(".scene-word")).to_contain_text("This device cannot show the model")
    expect(phone.locator("#picture")).to_be_visible()
    expect(phone.locator("#act a")).to_be_hidden()
    assert violations(phone) == []


def test_whoever_saves_data_is_asked_before_the_model_loads(open_phone: OpenPhone) -> None:
    phone = open_phone("en")
    phone.add_init_script(SAVES_DATA)
    loaded: list[str] = []
    phone.on("request", lambda request: loaded.append(request.url) if request.url.endswith(".glb") else None)
    phone.goto(f"/en/dejima/experiences/{HOUSE}")
    button = phone.get_by_role("button", name=re.compile(r"^Load the model \([\d.]+ MB\)$"))
    expect(button).to_be_visible()
    assert loaded == []
    button.click()
    expect(phone.locator("#scene canvas")).to_be_visible(timeout=MODEL_MS)
    assert loaded


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_stands_below_the_offer_to_take_along_does_not_move_when_it_comes(
    open_phone: OpenPhone, language: str
) -> None:
    phone = open_phone(language, permissions=(), service_workers="block")
    held: list[Route] = []
    phone.route("**/take-panel*.js", lambda route: held.append(route))  # noqa: PLW0108 - a bound method is refused
    with phone.expect_request("**/take-panel*.js"):  # asked for once the place of the offer is seen
        phone.goto(f"/{language}/dejima/")
        phone.locator("#take").scroll_into_view_if_needed()
    link = phone.locator("ol.places a").first
    link.scroll_into_view_if_needed()
    where = "element => element.getBoundingClientRect().y + scrollY"
    before_px = link.evaluate(where)
    expect(phone.locator("#take button")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(phone.locator("#take button")).to_be_visible()
    assert held
    assert abs(link.evaluate(where) - before_px) < 1
