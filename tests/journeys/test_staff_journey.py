"""Staff in a real browser, and a visitor's phone that stays open meanwhile: review, publish, date, withdraw, figures."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.bare_sites import sign_in, upload
from tests.journeys.checks import tab_to, violations, width_beyond
from tests.journeys.sites import NAMES, PASSWORD, Served
from tests.released import release, release_daily
from tests.routes.forms import fields_of, fill
from tests.scans import wall_zip
from xr_server.domain.days import Window
from xr_server.storage.figures import load_blocks

TOKYO = ZoneInfo("Asia/Tokyo")
PATIENCE_S = 120.0
LOOKS: tuple[tuple[str, Literal["light", "dark"]], ...] = (("ja", "light"), ("en", "dark"))
POLL_MS = 75_000  # open pages ask for the site document every minute, give or take a fifth

Login = Callable[..., Page]


@pytest.fixture(scope="module")
def package_scan(served: Served) -> str:
    """A built scan of the creator's in which nobody can be recognised; gives its id."""
    with closing(sign_in(served)) as client:
        scan_id = upload(client, wall_zip(24, 12), "wall.zip")
        deadline = time.monotonic() + PATIENCE_S
        while client.get(f"/api/v1/scans/{scan_id}").json()["state"] != "built":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        page = f"/studio/scans/{scan_id}/details"  # nothing is handed in before its creator has looked for persons
        said = fill(fields_of(client.get(page).text, page), no_persons="yes")
        assert client.post(page, data=said).status_code == 303
    return scan_id


@pytest.fixture
def attached(served: Served, package_scan: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Title of an experience that the creator has attached to the Water Gate and sent for review; withdrawn in the end."""
    title = f"Wall {request.node.name[:60]}"
    with closing(sign_in(served)) as client:
        path = f"/studio/scans/{package_scan}"
        for step, typed in (
            ("attach", {"landmark": "suimon", "title_en": title, "title_ja": f"石垣 {title}"}),
            ("review", {}),
        ):
            fields: Any = fill(fields_of(client.get(path).text, f"{path}/{step}"), **typed)
            assert client.post(f"{path}/{step}", data=fields).status_code == 303
    yield title
    with closing(sign_in(served, NAMES["staff"])) as client:
        for path in set(re.findall(r'href="(/desk/records/[^"]+)"', client.get("/desk/").text)):
            page = client.get(path).text
            if title in page and 'value="withdraw"' in page:
                assert client.post(path, data=fill(fields_of(page, path), step="withdraw")).status_code == 303


def card(phone: Page, title: str) -> Any:
    return phone.locator(".card", has_text=title)


def documents_of(served: Served) -> dict[str, Any]:
    """What visitors' phones are told of each experience, by its title."""
    with urllib.request.urlopen(f"{served.url}/api/v1/sites/dejima?lang=en") as answer:
        return {experience["title"]: experience for experience in json.load(answer)["experiences"]}


def wait_until_told(served: Served, told: Callable[[dict[str, Any]], bool]) -> None:
    """Return once the server's compiled document says so."""
    deadline = time.monotonic() + PATIENCE_S
    while not told(documents_of(served)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def let_a_minute_pass(phone: Page, served: Served, told: Callable[[dict[str, Any]], bool]) -> None:
    """Once the server tells it, the phone's clock jumps on far enough for its next question to the server."""
    wait_until_told(served, told)
    phone.clock.fast_forward(POLL_MS)


def test_what_staff_publish_appears_on_a_phone_that_is_open_and_goes_when_they_withdraw_it(
    staff_login: Login, phone: Page, served: Served, attached: str
) -> None:
    phone.clock.install()
    phone.goto("/en/dejima/")
    expect(phone.locator(".card").first).to_be_visible()
    phone.evaluate("window.sameDocument = true")
    expect(card(phone, attached)).to_have_count(0)

    desk = staff_login()
    expect(desk.get_by_text(re.compile("Experiences waiting for your look"))).to_be_visible()
    assert violations(desk) == []
    desk.get_by_role("link", name=attached).first.click()
    expect(desk.locator(".head .state")).to_have_text("In review")
    expect(desk.get_by_role("heading", name="What came out")).to_be_visible()
    assert desk.locator(".poster img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert violations(desk) == []
    desk.get_by_role("button", name="Publish").click()
    expect(desk.locator(".head .state")).to_have_text("Published")
    assert violations(desk) == []

    let_a_minute_pass(phone, served, lambda told: attached in told)
    expect(card(phone, attached)).to_be_visible()
    assert card(phone, attached).locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    desk.get_by_label("Reason").select_option("rights")
    desk.get_by_label("In words").fill("The photographer has not agreed.")
    desk.get_by_role("button", name="Withdraw").click()
    expect(desk.locator(".head .state")).to_have_text("Withdrawn")
    expect(desk.locator(".withdrawn")).to_contain_text("Reason: rights.")
    assert violations(desk) == []
    let_a_minute_pass(phone, served, lambda told: attached not in told)
    expect(card(phone, attached)).to_have_count(0)
    assert phone.evaluate("window.sameDocument")


def publish(desk: Page, title: str) -> None:
    desk.get_by_role("link", name=title).first.click()
    desk.get_by_role("button", name="Publish").click()
    expect(desk.locator(".head .state")).to_have_text("Published")


def date_it(desk: Page, title: str, first: str, opens_at: str, closes_at: str) -> None:
    """Give an experience one day and its hours, look at what that means, and publish the dates."""
    desk.goto("/desk/dates")
    desk.get_by_role("link", name=title, exact=True).click()
    desk.locator("#first-1").fill(first)
    desk.locator("#last-1").fill("")
    desk.locator("#opens_at").fill(opens_at)
    desk.locator("#closes_at").fill(closes_at)
    desk.get_by_role("button", name="Preview").click()
    expect(desk.get_by_role("heading", name="What you typed would mean")).to_be_visible()
    assert violations(desk) == []
    desk.get_by_role("button", name="Publish dates").click()
    expect(desk.get_by_text("The dates are published.")).to_be_visible()


def test_staff_date_an_experience_and_an_open_phone_switches_by_itself_when_it_begins_without_any_network(
    staff_login: Login, phone: Page, served: Served, attached: str
) -> None:
    phone.clock.install()
    phone.goto("/en/dejima/")
    desk = staff_login()
    publish(desk, attached)
    now = datetime.now(TOKYO)
    tomorrow = now.date() + timedelta(days=1)
    date_it(desk, attached, tomorrow.isoformat(), "09:00", "21:00")
    desk.get_by_role("link", name="Show me another moment").click()
    expect(desk.locator(".live-at tr", has_text=attached).locator(".answer")).to_have_text("Not at this time")
    desk.locator("#at").fill(f"{tomorrow}T09:00")
    desk.get_by_role("button", name="Show").click()
    expect(desk.locator(".live-at tr", has_text=attached).locator(".answer")).to_have_text("Live")
    assert violations(desk) == []

    begins = datetime.combine(tomorrow, datetime.min.time(), TOKYO) + timedelta(hours=9)
    first = begins.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    let_a_minute_pass(phone, served, lambda told: told[attached]["occurrences"][0][0] == first)
    state = card(phone, attached).locator(".when")
    expect(state).to_have_class(re.compile("when-later"))
    phone.context.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    # the phone's own clock is ahead by the minute that passed, and it knows: it counts by the server's
    phone.clock.fast_forward(round((begins - datetime.now(TOKYO)).total_seconds() * 1000) - 60_000)
    expect(state).to_have_class(re.compile("when-today"))
    phone.clock.fast_forward(120_000)
    expect(state).to_have_class(re.compile("when-live"))
    expect(state.locator(".state-word")).to_have_text("On now")


def test_an_experience_dated_for_today_is_on_now_for_a_phone_that_comes(
    staff_login: Login, phone: Page, served: Served, attached: str
) -> None:
    desk = staff_login()
    publish(desk, attached)
    date_it(desk, attached, datetime.now(TOKYO).date().isoformat(), "", "")
    desk.get_by_role("link", name="Show me another moment").click()
    expect(desk.locator(".live-at tr", has_text=attached).locator(".answer")).to_have_text("Live")
    midnight = datetime.combine(datetime.now(TOKYO).date(), datetime.min.time(), TOKYO).astimezone(UTC)
    first = midnight.strftime("%Y-%m-%dT%H:%M:%SZ")
    wait_until_told(served, lambda told: told[attached]["occurrences"][0][0] == first)
    phone.goto("/en/dejima/")
    expect(card(phone, attached).locator(".when")).to_have_class(re.compile("when-live"))


def test_staff_work_by_keyboard_alone(staff_login: Login, attached: str) -> None:
    desk = staff_login()
    tab_to(desk, desk.get_by_role("link", name=attached).first)
    desk.keyboard.press("Enter")
    tab_to(desk, desk.locator("#note"))
    desk.keyboard.type("Please say who built it.")
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("button", name="Request changes")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator(".head .state")).to_have_text("Changes requested")
    for place in ("notices", "figures"):
        entry = desk.locator(f"nav [data-shortcut][href='/desk/{place}']")
        desk.keyboard.press(f"Alt+{entry.get_attribute('data-shortcut')}")
        desk.wait_for_url(f"**/desk/{place}")


def test_dates_are_set_without_javascript(open_page: Callable[..., Page], served: Served, attached: str) -> None:
    desk = open_page(java_script_enabled=False, locale="en-GB", base_url=served.url)
    desk.goto("/login")
    desk.locator("#name").fill(NAMES["staff"])
    desk.locator("#password").fill(PASSWORD)
    desk.locator("button.primary").click()
    publish(desk, attached)
    desk.get_by_role("link", name="See or set the dates").click()
    desk.get_by_label("In a season").check()
    desk.get_by_role("button", name="Publish dates").click()
    expect(desk.get_by_text("Choose the season in which it is on.")).to_be_visible()
    expect(desk.get_by_label("In a season")).to_be_checked()
    desk.get_by_label("Season", exact=True).select_option(index=1)
    desk.get_by_role("button", name="Publish dates").click()
    expect(desk.get_by_text("The dates are published.")).to_be_visible()
    desk.get_by_role("button", name="Undo").click()
    expect(desk.get_by_text("Put back as it was.")).to_be_visible()


WINTER = Window(date(2026, 1, 5), date(2026, 2, 1))  # of which no other journey tells anything
WINTER_QUERY = "from=2026-01-05&until=2026-02-01"


def store_figures(served: Served) -> None:
    """Figures of four weeks, as the event store holds them once their days are final."""
    events = served.open_events()
    here = ("visits", "", "here")
    landmarks = [("landmark", "suimon", "seen", 41), ("landmark", "kapitan", "seen", 18)]
    if not load_blocks(events, "dejima", "visits", WINTER, here[1:]):
        release_daily(events, [("all", "", "all", 90), (*here, 60), *landmarks], WINTER)
        release(events, [("hour", "suimon", "10", "2026-01-05", "2026-01-31", 300)])
    events.dispose()


def test_every_page_of_staff_is_accessible_in_both_languages_and_in_the_evening(
    staff_login: Login, served: Served, attached: str
) -> None:
    store_figures(served)
    desk = staff_login("ja")
    record = desk.get_by_role("link", name=attached).first.get_attribute("href") or ""
    dates = ("/desk/dates", record.replace("records/experience", "dates"), "/desk/seasons", "/desk/seasons/kunchi")
    figures = [f"/desk/figures{page}?{WINTER_QUERY}" for page in ("", "/places")]
    paths = ("/desk/", record, *dates, *figures)
    for path in (
        *paths,
        "/desk/log",
        "/inbox",
        "/studio/?whose=all",
        "/studio/upload",
        "/desk/records/experience/nothing",
    ):
        for language, light in LOOKS:
            desk.emulate_media(color_scheme=light)
            desk.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert desk.locator("html").get_attribute("lang") == language
            assert violations(desk) == [], (path, language, light)


def test_figures_say_in_a_sentence_what_chart_and_table_show(staff_login: Login, served: Served) -> None:
    store_figures(served)
    desk = staff_login()
    desk.get_by_role("link", name="Figures").click()
    desk.goto(f"{served.url}/desk/figures?{WINTER_QUERY}")
    expect(desk.get_by_text("In 28 days there were 1,680 visits on site.")).to_be_visible()
    chart = desk.get_by_role("img", name="Chart: Visits on site by day")
    expect(chart.locator("rect")).to_have_count(28)
    folded = desk.locator("section", has=desk.get_by_role("heading", name="Visits on site by day")).locator("summary")
    expect(desk.locator("#by_day-table")).to_be_hidden()
    tab_to(desk, folded)
    desk.keyboard.press("Enter")
    expect(desk.locator("#by_day-table tbody tr")).to_have_count(28)
    expect(desk.locator("#by_day-table tr", has_text="day off")).to_have_count(1)  # Coming-of-age Day
    desk.set_viewport_size({"width": 390, "height": 844})
    expect(chart).to_be_visible()
    assert width_beyond(desk) == 0


def test_a_session_that_ends_in_the_middle_of_a_form_goes_on_after_the_login(staff_login: Login, attached: str) -> None:
    desk = staff_login()
    desk.get_by_role("link", name=attached).first.click()
    desk.locator("#note").fill("The second stone is upside down.")
    desk.context.clear_cookies()
    desk.get_by_role("button", name="Request changes").click()
    expect(desk.get_by_role("alert")).to_contain_text("What you typed is kept")
    assert violations(desk) == []
    desk.locator("#name").fill(NAMES["staff"])
    desk.locator("#password").fill(PASSWORD)
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("The second stone is upside down.")).to_be_visible()
    assert violations(desk) == []
    desk.get_by_role("button", name="Send it now").click()
    expect(desk.locator(".head .state")).to_have_text("Changes requested")
    expect(desk.locator(".note").first).to_contain_text("upside down")
