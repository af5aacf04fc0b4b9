"""What the visitor's journeys have in common: places, the ways to wait for things, and what the event store holds."""

import io
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import ConsoleMessage, Locator, Page, Request
from sqlalchemy import select

from tests.journeys.sites import ROOT, Served
from xr_server.storage.tables.events import engagement_event, hourly_count

HOUSE = (32.7435977, 129.8725152)  # before the Chief Factor's house
WATER_GATE = (32.7440401, 129.8720428)
NEAR_OUTSIDE = (32.7450, 129.8737)
IWER = ROOT / "webxr_client" / "node_modules" / "iwer" / "build" / "iwer.min.js"
AR_PHONE = Path(__file__).parent / "iwer_phone.js"
PATIENCE_S = 30
PAUSE_MS = 250  # most checks look at a picture of the screen, and to make one costs as much as a picture of the model


def walk_to(page: Page, place: tuple[float, float], accuracy_m: float = 5) -> None:
    """Let the phone's next position fix be at a place."""
    page.context.set_geolocation({"latitude": place[0], "longitude": place[1], "accuracy": accuracy_m})


def give_ar(page: Page) -> None:
    """Make the phone one that can do AR; before its first page."""
    page.add_init_script(path=IWER)
    page.add_init_script(path=AR_PHONE)


def wait_for_mark(page: Page, name: str) -> None:
    """Return once the page has set a performance mark; raises after a while."""
    page.evaluate(
        """([name, patience_ms]) => new Promise((done, fail) => {
            setTimeout(() => fail(new Error(`no mark ${name}`)), patience_ms)
            new PerformanceObserver(list => {
                if (list.getEntries().some(mark => mark.name === name)) done()
            }).observe({ type: 'mark', buffered: true })
        })""",
        [name, PATIENCE_S * 1000],
    )


def wait_for_resource(page: Page, name: str) -> None:
    """Return once the page has loaded a file whose address ends so; needs no timer of the page."""
    page.evaluate(
        """name => new Promise(done => new PerformanceObserver(list => {
            if (list.getEntries().some(entry => entry.name.endsWith(name))) done()
        }).observe({ type: 'resource', buffered: true }))""",
        name,
    )


def eventually(page: Page, check: Callable[[], bool], what: str) -> None:
    """Ask again until it is so; raises after a while. The page waits, since Playwright hears nothing while Python sleeps."""
    deadline = time.monotonic() + PATIENCE_S
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not so in {PATIENCE_S} s: {what}")
        page.wait_for_timeout(PAUSE_MS)


def count_colours(part: Locator) -> int:
    """How many clearly different colours a part of the page shows; an empty view has one or two."""
    picture = Image.open(io.BytesIO(part.screenshot())).convert("RGB").resize((96, 96))
    levels = picture.point(lambda value: value // 24)
    return len({colour for _, colour in levels.getcolors(96 * 96) or []})


def stored_types(site: Served) -> Counter[str]:
    """How often each type of event is stored."""
    events = site.open_events()
    with events.connect() as connection:
        counts = Counter(connection.scalars(select(engagement_event.c.type)))
    events.dispose()
    return counts


def stored_deeds(site: Served) -> Counter[str]:
    """The same without what a clock tells, which depends on how fast the machine is."""
    types = stored_types(site)
    for told_by_clock in ("landmark_stayed", "scene_completed"):
        del types[told_by_clock]
    return types


def counted_types(site: Served) -> Counter[str]:
    """The hourly counters, added up by type."""
    events = site.open_events()
    with events.connect() as connection:
        rows = connection.execute(select(hourly_count.c.type, hourly_count.c.count)).all()
    events.dispose()
    counts: Counter[str] = Counter()
    for kind, count in rows:
        counts[kind] += count
    return counts


def loaded_levels(page: Page) -> list[str]:
    """The files of the model that came first, in the order the page loaded them; those of other eras follow it."""
    names: list[str] = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    files = [name.rsplit("/", 2)[1:] for name in names if name.endswith(".glb")]
    return [name for package, name in files if package == files[0][0]]


def listen_for_events(page: Page) -> list[str]:
    """A list that will hold the type of every event that the page sends, each time it is sent."""
    types: list[str] = []

    def hear(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/v1/events"):
            types.extend(event["type"] for event in request.post_data_json["events"])

    page.on("request", hear)
    return types


def listen_for_errors(page: Page) -> list[str]:
    """A list that will hold every error the page writes to its console, such as a shader that did not compile."""
    errors: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("console", hear)
    return errors
