"""What a visitor has seen opens again without a server, also when it was on its way before the service worker was there."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.offline import Line, kept_paths, open_line
from tests.journeys.sites import Served
from tests.journeys.visiting import count_colours, eventually, wait_for_mark

HOME = "/en/dejima/"
GATE_XR = "/en/dejima/xr/water-gate-1820"
ANSWERS = "navigator.serviceWorker.controller !== null"
CONTROLLED = f"""new Promise(done => {{
    if ({ANSWERS}) done()
    navigator.serviceWorker.addEventListener('controllerchange', () => done())
}})"""
BEGUN = """new Promise(done => setInterval(() => navigator.serviceWorker.getRegistration()
    .then(worker => worker && done()), 5))"""
NO_WORKER_AT_HOME = f"""if (location.pathname === '{HOME}') {{
    navigator.serviceWorker.register = () => new Promise(() => undefined)
}}"""
SHOWN = """[
    location.href, '/api/v1/sites/dejima?lang=en', '/api/v1/sites/dejima/scenes/water-gate-1820?lang=en',
    ...performance.getEntriesByType('resource').map(({ name }) => name)
        .filter(name => name.endsWith('.js') || name.endsWith('.glb'))
]"""
NOT_KEPT = f"""Promise.all({SHOWN}.map(async address => [address, await caches.match(address)]))
    .then(found => found.filter(([, answer]) => answer === undefined).map(([address]) => address))"""


@pytest.fixture
def line(served: Served) -> Iterator[Line]:
    """The shared site, at an address of its own that can be cut off."""
    with open_line(served.port) as line:
        yield line


@pytest.fixture
def phone(line: Line, open_phone: Callable[..., Page]) -> Page:
    """A phone that has never been here."""
    return open_phone(base_url=line.url)


def beside(page: Page) -> Page:
    """Another tab of the same phone."""
    return page.context.new_page()


def hold(page: Page, address: str) -> list[Route]:
    """Let requests of a page for such an address wait; gives the list they gather in."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))  # noqa: PLW0108 -- Playwright marks the function it is given
    return held


def let_go(page: Page, address: str, held: list[Route]) -> None:
    for route in held:
        route.continue_()
    page.unroute(address)


def reload_cut_off(line: Line, page: Page) -> None:
    """All that the page showed is kept, and it shows it again when nothing can be reached."""
    wait_for_mark(page, "first3d")
    eventually(page, lambda: page.evaluate(NOT_KEPT) == [], "page, documents, scripts and model are kept")
    line.cut()
    page.reload()
    wait_for_mark(page, "first3d")
    assert count_colours(page.locator("canvas[role=img]")) > 10


def test_a_scene_that_was_on_its_way_when_the_worker_came(line: Line, phone: Page) -> None:
    first, scene = beside(phone), phone
    held = hold(scene, f"**{GATE_XR}")
    scene.goto("about:blank")
    scene.evaluate("address => { location.href = address }", line.url + GATE_XR)
    eventually(first, lambda: held != [], "the scene is asked for")
    first.goto(line.url + HOME)
    first.evaluate(CONTROLLED)
    let_go(scene, f"**{GATE_XR}", held)
    reload_cut_off(line, scene)


def test_a_scene_whose_model_was_on_its_way_when_the_worker_came(line: Line, phone: Page) -> None:
    first, scene = beside(phone), phone
    held = hold(scene, "**/*.glb")
    scene.goto(GATE_XR)
    eventually(first, lambda: held != [], "its model is asked for")
    first.goto(line.url + HOME)
    scene.evaluate(CONTROLLED)
    let_go(scene, "**/*.glb", held)
    reload_cut_off(line, scene)


@pytest.mark.parametrize("wait_ms", [0, 100])
def test_a_scene_opened_while_the_worker_is_being_installed(line: Line, phone: Page, wait_ms: int) -> None:
    phone.goto(HOME)
    phone.evaluate(BEGUN)
    phone.wait_for_timeout(wait_ms)
    phone.goto(GATE_XR)
    reload_cut_off(line, phone)


def test_a_page_left_before_there_was_a_worker(line: Line, phone: Page) -> None:
    phone.add_init_script(NO_WORKER_AT_HOME)
    phone.goto(HOME)
    expect(phone.locator("#walk")).to_be_visible()
    phone.goto(GATE_XR)
    eventually(phone, lambda: HOME in kept_paths(phone, "pages"), "the page before is kept too")
    line.cut()
    phone.goto(HOME)
    expect(phone.locator("h1")).to_contain_text("Dejima")
