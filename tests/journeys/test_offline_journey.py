"""A visitor takes Dejima along: a size before the tap, everything without a server, and nothing that was taken back."""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.journeys.checks import violations
from tests.journeys.conftest import BROWSER_FLAGS, chromium_path
from tests.journeys.offline import (
    TAKE,
    begin_taking,
    expect_taken,
    forget_answers,
    kept_paths,
    size_on_button,
    take_along,
    waiting_events,
    weigh,
)
from tests.journeys.sites import Served, run_dejima, small_content
from tests.journeys.visiting import (
    HOUSE,
    WATER_GATE,
    count_colours,
    eventually,
    loaded_levels,
    stored_types,
    wait_for_mark,
    walk_to,
)
from xr_server.app import system_clock
from xr_server.storage.catalog import Change, Name, withdraw_record
from xr_server.storage.tables.events import engagement_event

HOME = "/en/dejima/"
GATE_PAGE = "/en/dejima/experiences/water-gate-1820"
GATE_XR = "/en/dejima/xr/water-gate-1820"
GATE_SCENE = "/api/v1/sites/dejima/scenes/water-gate-1820"
HOUSE_XR = "/en/dejima/xr/chief-factor-house-1820"
SEASON = "dutch-new-year"
DAY_S = 86_400
TOKYO = ZoneInfo("Asia/Tokyo")
NEVER_KEPT = ("/studio", "/desk", "/preview", "/login", "/api/v1/uploads", "/api/v1/scans", "/api/v1/events")
PART = """path => fetch(path, { headers: { Range: 'bytes=10-19' } })
    .then(async answer => [answer.status, (await answer.arrayBuffer()).byteLength])"""  # as players of sounds ask
ALL_NAMES = "caches.keys()"
NEXT_START = """id => fetch('/api/v1/sites/dejima?lang=en').then(answer => answer.json())
    .then(site => site.experiences.find(one => one.id === id).occurrences.map(([start]) => Date.parse(start)))"""


@pytest.fixture
def phone(new_site: Served, open_phone: Callable[..., Page]) -> Page:
    """A phone on the first page of a site of its own."""
    new_site.start_server()
    page = open_phone(base_url=new_site.url)
    page.goto(HOME)
    return page


def test_the_size_stands_on_the_button_and_is_what_comes(phone: Page) -> None:
    begin_taking(phone, tap=False)
    stated_mb = size_on_button(phone)
    assert violations(phone) == []
    take_along(phone)
    assert violations(phone) == []
    came_mb = weigh(phone, kept_paths(phone)) / 1_000_000
    assert came_mb == pytest.approx(stated_mb, rel=0.15, abs=0.05)


def test_everything_that_was_taken_along_opens_without_any_server(phone: Page, new_site: Served) -> None:
    take_along(phone)
    new_site.stop("server")
    phone.goto(GATE_XR)  # never opened before
    wait_for_mark(phone, "first3d")
    assert loaded_levels(phone)[0] == "lod2.glb"
    assert count_colours(phone.locator("canvas[role=img]")) > 10
    for page, words in (
        (GATE_PAGE, "The Water Gate, 1820"),
        ("/en/dejima/landmarks/suimon", "Water Gate"),
        ("/en/dejima/help", "No signal"),
        ("/en/dejima/privacy", "Your data"),
        (HOME, "The years"),
    ):
        phone.goto(page)
        expect(phone.locator("main")).to_contain_text(words)
    phone.locator(TAKE).scroll_into_view_if_needed()
    expect_taken(phone)
    model = next(path for path in kept_paths(phone) if path.endswith(".glb"))
    assert phone.evaluate(PART, model) == [206, 10]
    phone.goto("/")
    expect(phone).to_have_url(re.compile(HOME + "$"))


def test_what_was_taken_along_can_be_deleted_again(phone: Page) -> None:
    take_along(phone)
    phone.get_by_role("button", name="Delete it").click()
    expect(phone.locator(TAKE)).to_contain_text("It is deleted from this phone")
    assert "taken-dejima" not in phone.evaluate(ALL_NAMES)
    phone.reload()
    begin_taking(phone, tap=False)
    expect(phone.locator(f"{TAKE} button")).to_have_text(re.compile("Take it along"))


def test_a_second_language_brings_its_texts_only(phone: Page) -> None:
    take_along(phone)
    phone.goto("/ja/dejima/")
    phone.locator(TAKE).scroll_into_view_if_needed()
    expect(phone.locator(TAKE)).to_contain_text("別の言語はもうあります")
    phone.locator(f"{TAKE} button").first.click()
    expect_taken(phone, "すべてが端末にあり")
    fetched = phone.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert not [name for name in fetched if name.endswith(".glb")]
    kept = kept_paths(phone)
    assert "/en/dejima/help" in kept
    assert "/ja/dejima/help" in kept


@pytest.mark.long
def test_a_season_begins_at_its_second_without_server_and_with_a_clock_that_is_a_day_slow(
    new_site: Served, open_phone: Callable[..., Page], tmp_path: Path
) -> None:
    tomorrow = (datetime.now(TOKYO) + timedelta(days=1)).date().isoformat()
    content = small_content(tmp_path / "content")
    days = {"type": "dates", "ranges": [[tomorrow, tomorrow]]}
    schedules = [
        {**one, "days": days} if one["experience"] == SEASON else one
        for one in json.loads((content / "schedules.json").read_text(encoding="utf-8"))
    ]
    (content / "schedules.json").write_text(json.dumps(schedules), encoding="utf-8")
    run_dejima(new_site.data_dir, "import", str(content))
    new_site.start_server()
    phone = open_phone(base_url=new_site.url)
    phone.clock.install(time=time.time() - DAY_S)
    phone.goto(HOME)
    take_along(phone)
    starts_s = [start / 1000 for start in phone.evaluate(NEXT_START, SEASON)]
    start_s = next(start for start in sorted(starts_s) if start > time.time())
    new_site.stop("server")
    forget_answers(phone)
    word = phone.locator(f"[data-when={SEASON}] .state-word").first
    phone.clock.pause_at(start_s - DAY_S - 5)
    phone.reload()
    expect(phone.locator("#trouble")).to_be_visible()
    expect(word).not_to_have_text("On now")
    phone.clock.run_for(4000)  # one second before; the server's Date is known to half a second
    expect(word).not_to_have_text("On now")
    phone.clock.run_for(2000)
    expect(word).to_have_text("On now")


def test_events_of_many_pages_without_server_arrive_exactly_once(phone: Page, new_site: Served) -> None:
    phone.locator("#walk button.primary").click()
    phone.locator("button[data-consent=statistics]").click()
    eventually(phone, lambda: stored_types(new_site)["site_opened"] == 1, "the opening is stored")
    take_along(phone)
    new_site.stop("server")
    walk_to(phone, HOUSE)
    expect(phone.locator("#arrival")).to_contain_text("The Chief Factor's house, 1820")
    wait_for_mark(phone, "first3d")
    phone.goto(GATE_XR)
    wait_for_mark(phone, "first3d")
    context = phone.context
    phone.close(run_before_unload=False)  # as when the phone needs the memory
    again = context.new_page()
    walk_to(again, WATER_GATE)
    again.goto(f"{new_site.url}{HOME}")
    again.locator("#walk button.primary").click()
    expect(again.locator("#arrival")).to_contain_text("The Water Gate, 1820")
    eventually(again, lambda: len(waiting_events(again)) >= 5, "what was done waits on the phone")
    waiting = set(waiting_events(again))
    new_site.start_server()
    again.reload()
    eventually(again, lambda: not set(waiting_events(again)) & waiting, "nothing of it waits any more")
    events = new_site.open_events()
    with events.connect() as connection:
        stored = list(connection.scalars(select(engagement_event.c.id)))
    events.dispose()
    assert waiting <= set(stored)
    assert len(stored) == len(set(stored))
    types = stored_types(new_site)
    assert types["ar_started"] == 0
    assert types["experience_opened"] >= 3


def test_a_model_that_was_taken_back_is_gone_after_the_next_contact(phone: Page, new_site: Served) -> None:
    take_along(phone)
    catalog = new_site.open_catalog()
    for kind in ("experience", "scene"):
        withdraw_record(catalog, Name("dejima", kind, "water-gate-1820"), 1, Change(system_clock()))
    catalog.dispose()
    for path in (GATE_PAGE, GATE_SCENE):  # each is a publication of its own
        eventually(
            phone, lambda path=path: not phone.request.get(new_site.url + path).ok, "the server knows it no more"
        )
    forget_answers(phone)
    models = [path for path in kept_paths(phone) if path.endswith(".glb")]
    assert len(models) == 3  # the house, what stands there today, the gate
    phone.goto("/en/dejima/help")
    eventually(phone, lambda: GATE_PAGE not in kept_paths(phone), "its page is gone")
    eventually(phone, lambda: len([one for one in kept_paths(phone) if one.endswith(".glb")]) == 2, "so is its model")
    new_site.stop("server")
    phone.goto(GATE_PAGE)
    expect(phone.locator("h1")).to_have_text("This page is not on your phone")
    phone.goto(HOUSE_XR)
    wait_for_mark(phone, "first3d")


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("ja", "このページは端末にありません"),
        pytest.param("en", "This page is not on your phone", marks=pytest.mark.long),
    ],
)
def test_a_page_never_opened_is_a_page_of_ours_in_the_visitors_language(
    new_site: Served, open_phone: Callable[..., Page], language: str, title: str
) -> None:
    new_site.start_server()
    phone = open_phone(language, base_url=new_site.url)
    phone.goto(f"/{language}/dejima/")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    eventually(phone, lambda: f"/{language}/dejima/" in kept_paths(phone, "pages"), "the first page is kept")
    new_site.stop("server")
    phone.goto(f"/{language}/dejima/help")
    expect(phone.locator("h1")).to_have_text(title)
    link = phone.locator("#there a").first
    expect(link).to_be_visible()
    assert violations(phone) == []
    expect(link).to_have_attribute("href", f"/{language}/dejima/")
    new_site.start_server()
    phone.locator("#again button").click()
    expect(phone.locator("h1")).to_have_text("Help" if language == "en" else "困ったとき")


def test_no_cache_holds_what_is_of_staff_or_of_events(phone: Page) -> None:
    phone.locator("button[data-consent=statistics]").dispatch_event("click")
    take_along(phone)
    phone.goto("/login")
    kept = [path for name in phone.evaluate(ALL_NAMES) for path in kept_paths(phone, name)]
    assert kept
    assert not [path for path in kept if path.startswith(NEVER_KEPT)]


def test_a_new_version_drops_the_caches_of_versions_before_the_last(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url)
    phone.goto("/api/v1/sites")
    for name in ("shell-oldest", "something-of-old", "shell-before"):
        phone.evaluate("name => caches.open(name).then(() => true)", name)
    phone.goto(HOME)
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    eventually(phone, lambda: "shell-oldest" not in phone.evaluate(ALL_NAMES), "the oldest shell is gone")
    names = phone.evaluate(ALL_NAMES)
    assert "something-of-old" not in names
    assert "shell-before" in names
    assert len([name for name in names if name.startswith("shell-")]) == 2


def test_chromium_finds_nothing_that_keeps_it_from_installing(
    new_site: Served, browser: Browser, tmp_path: Path
) -> None:
    new_site.start_server()
    context = browser.browser_type.launch_persistent_context(  # an incognito window installs nothing
        str(tmp_path / "profile"), executable_path=chromium_path(), args=list(BROWSER_FLAGS)
    )
    page = context.new_page()
    page.goto(f"{new_site.url}/ja/dejima/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    session = context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    errors = session.send("Page.getInstallabilityErrors")
    context.close()
    assert manifest["errors"] == []
    assert errors["installabilityErrors"] == []
    assert json.loads(manifest["data"])["start_url"] == "/ja/dejima/"
