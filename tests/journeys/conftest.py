"""What every journey in a real browser starts from: a served site, a browser, phones in it, and people who sign in.

A journey takes `served` (shared, running), `phone` (a page on a small screen at Dejima, in English), or `open_phone` to
choose language, place and permissions; `staff_login` and `creator_login` give a page on a large screen, signed in.
`new_site` makes a site of the journey's own, such as for one whose server is stopped. Screens, console and server
logs of a journey that fails are kept in test-results.
"""

import os
import re
import urllib.parse
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.journeys.sites import NAMES, PASSWORD, RESULTS, Served, make_site, template_folder

# The popups of the address bar are pages of their own, made anew for each window: two thirds of what opening one costs.
# This list takes the place of Playwright's, so what matters of that one is here too.
FEATURES_OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
BROWSER_FLAGS = (
    "--no-sandbox",  # tests may run as root, and in containers without user namespaces
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--disable-features=" + ",".join(FEATURES_OFF),
)
CHROMIUM = "/usr/bin/chromium"
OUTSIDE = (32.7450, 129.8737)  # across the river, outside every geofence of the island
CALM_SCREEN = Path(__file__).parent / "calm_screen.js"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
PERMISSIONS = ("geolocation",)
LOCALES = {"ja": "ja-JP", "en": "en-GB"}
OWN_HOSTS = {"localhost", "127.0.0.1"}  # of the sites that journeys serve
FAILED = pytest.StashKey[bool]()
PATIENCE_MS = 20_000  # a machine without a GPU that runs three sets of tests draws a frame of AR in seconds

expect.set_options(timeout=PATIENCE_MS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@dataclass
class Screens:
    """The pages one journey has opened, and what went on in them."""

    title: str
    pages: list[Page] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, page: Page) -> Page:
        self.pages.append(page)
        page.context.on("request", self._see)  # of all its pages, and of its service worker
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self.words.append(f"not loaded: {request.url} {request.failure}"))
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        self.words.append(f"{message.type}: {message.text}")
        if "Shader Error" in message.text:
            self.errors.append(message.text)  # what it was for is not seen, and the page says nothing

    def _see(self, request: Request) -> None:
        address = urllib.parse.urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in OWN_HOSTS:
            self.errors.append(f"asked another server: {request.url}")

    def keep(self) -> None:
        """Write screenshots and what the console said to test-results."""
        RESULTS.mkdir(exist_ok=True)
        for number, page in enumerate(self.pages):
            if not page.is_closed():
                page.screenshot(path=RESULTS / f"{self.title}-{number}.png")
        (RESULTS / f"{self.title}-console.txt").write_text("\n".join([*self.errors, *self.words]), encoding="utf-8")


@pytest.fixture(scope="session")
def bundled_packages() -> Path:
    """A data folder with the two bundled models packaged small; the first run of a state of the pipeline makes it."""
    return template_folder()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Served]:
    """The site that all journeys share: a server and a worker of their own processes, Dejima imported."""
    site = make_site(tmp_path_factory.mktemp("served"))
    try:
        site.start()
        yield site
    finally:
        site.stop()
        if request.session.testsfailed:
            site.keep_logs("served")


@pytest.fixture
def new_site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A site of the journey's own, not started yet: `start`, `start_server` and `stop` are the journey's to call."""
    site = make_site(tmp_path)
    try:
        yield site
    finally:
        site.stop()
        if request.node.stash.get(FAILED, False):
            site.keep_logs(title_of(request))


def chromium_path() -> str | None:
    """Where the browser is: CHROMIUM_PATH, else the distribution's; None for Playwright's own."""
    return os.environ.get("CHROMIUM_PATH") or (CHROMIUM if Path(CHROMIUM).exists() else None)


@pytest.fixture(scope="module")  # while Playwright is open no other test can run an event loop of its own
def browser() -> Iterator[Browser]:
    """Chromium without a window: CHROMIUM_PATH, else the distribution's, else Playwright's own."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=list(BROWSER_FLAGS))
        yield chromium
        chromium.close()


def title_of(request: pytest.FixtureRequest) -> str:
    """The journey's name as a file name."""
    return re.sub(r"[^\w.-]+", "-", request.node.name)[:100]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser context of its own; keyword arguments are those of Playwright's `new_context`.

    A page that raised an error nobody caught, or asked any server but our own for anything, fails the journey, even when
    everything else went well.
    """
    screens = Screens(title_of(request))

    def open_one(is_calm: bool = True, **options: Any) -> Page:
        page = browser.new_context(**options).new_page()
        if is_calm:  # not where each pixel of a picture counts
            page.add_init_script(path=CALM_SCREEN)
        return screens.add(page)

    yield open_one
    failed = request.node.stash.get(FAILED, False)
    if failed or screens.errors:
        screens.keep()
    for page in screens.pages:
        page.context.close()
    if screens.errors and not failed:
        pytest.fail("A page went wrong: " + "; ".join(screens.errors), pytrace=False)


@pytest.fixture
def open_phone(open_page: Callable[..., Page], served: Served) -> Callable[..., Page]:
    """Opens a page as a phone has it: 390 x 844, touch, a language, a place as (lat, lon), and permissions granted."""

    def open_one(
        language: str = "en",
        at: tuple[float, float] = OUTSIDE,
        permissions: tuple[str, ...] = PERMISSIONS,
        **options: Any,
    ) -> Page:
        values: dict[str, Any] = {
            "viewport": PHONE,
            "is_mobile": True,
            "has_touch": True,
            "locale": LOCALES[language],
            "timezone_id": "Asia/Tokyo",
            "geolocation": {"latitude": at[0], "longitude": at[1], "accuracy": 5},
            "permissions": list(permissions),
            "base_url": served.url,
        }
        return open_page(**{**values, **options})

    return open_one


@pytest.fixture
def phone(open_phone: Callable[..., Page]) -> Page:
    """A phone in English, across the river from Dejima, position allowed."""
    return open_phone()


def sign_in(open_page: Callable[..., Page], served: Served, role: str, language: str) -> Page:
    """A page on a large screen after the sign-in of an account with the role."""
    page = open_page(viewport=DESK, locale=LOCALES[language], timezone_id="Asia/Tokyo", base_url=served.url)
    page.goto("/login")
    page.locator("#name").fill(NAMES[role])
    page.locator("#password").fill(PASSWORD)
    page.locator("button[type=submit].primary").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


@pytest.fixture
def staff_login(open_page: Callable[..., Page], served: Served) -> Callable[..., Page]:
    """Signs in a member of staff; gives the page they land on."""
    return lambda language="en": sign_in(open_page, served, "staff", language)


@pytest.fixture
def creator_login(open_page: Callable[..., Page], served: Served) -> Callable[..., Page]:
    """Signs in a creator; gives the page they land on."""
    return lambda language="en": sign_in(open_page, served, "creator", language)


@pytest.fixture
def admin_login(open_page: Callable[..., Page], served: Served) -> Callable[..., Page]:
    """Signs in an administrator; gives the page they land on."""
    return lambda language="en": sign_in(open_page, served, "admin", language)
