"""A visitor with a phone: walks up, sees the model, stands it on the ground; every event is stored exactly once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.sites import Served
from tests.journeys.visiting import (
    HOUSE,
    NEAR_OUTSIDE,
    WATER_GATE,
    count_colours,
    counted_types,
    eventually,
    give_ar,
    listen_for_errors,
    loaded_levels,
    stored_deeds,
    stored_types,
    wait_for_mark,
    wait_for_resource,
    walk_to,
)

ARRIVAL = "#arrival"
HOUSE_PAGE = "/en/dejima/experiences/chief-factor-house-1820"
HOUSE_XR = "/en/dejima/xr/chief-factor-house-1820"
GATE_XR = "/en/dejima/xr/water-gate-1820"
CACHED = """caches.keys()
    .then(names => Promise.all(names.map(name => caches.open(name).then(cache => cache.keys()))))
    .then(lists => lists.flat().map(request => new URL(request.url).pathname))"""
LOSE_CONTEXT = """new Promise(done => {
    const canvas = document.querySelector('canvas[role=img]')
    const extension = canvas.getContext('webgl2').getExtension('WEBGL_lose_context')
    canvas.addEventListener('webglcontextlost', () => setTimeout(done, 0, extension))
    extension.loseContext()
})"""
SPARING = "Object.defineProperty(navigator, 'connection', { value: { saveData: true, effectiveType: '4g' } })"


def use_position(page: Page) -> None:
    page.locator("#walk button.primary").click()
    expect(page.locator("#walk")).to_have_attribute("data-kind", "granted")


def consent_to(page: Page, choice: str) -> None:
    page.locator(f"button[data-consent={choice}]").click()


def start_ar(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_mark(page, "first3d")
    page.get_by_role("button", name="See it here").click()
    page.get_by_role("button", name="Begin").click()


def test_walking_up_to_the_house_opens_its_sheet_and_shows_the_model(phone: Page) -> None:
    errors = listen_for_errors(phone)
    phone.goto("/en/dejima/")
    use_position(phone)
    expect(phone.locator(ARRIVAL)).to_be_hidden()
    walk_to(phone, HOUSE)
    expect(phone.locator(ARRIVAL)).to_contain_text("The Chief Factor's house, 1820")
    wait_for_mark(phone, "first3d")
    canvas = phone.locator("canvas[role=img]")
    expect(canvas).to_have_attribute("aria-label", re.compile("Model of The Chief Factor's house, 1820"))
    assert count_colours(canvas) > 20
    assert not errors


def test_the_coarsest_level_comes_first_and_the_finest_follows_on_a_good_phone(phone: Page) -> None:
    phone.goto(HOUSE_PAGE)
    wait_for_mark(phone, "first3d")
    eventually(phone, lambda: len(loaded_levels(phone)) == 2, "two levels are loaded")
    assert loaded_levels(phone) == ["lod2.glb", "lod0.glb"]


def test_who_saves_data_is_asked_first_and_never_gets_the_finest_level(phone: Page) -> None:
    phone.add_init_script(SPARING)
    phone.goto(HOUSE_PAGE)
    load = phone.get_by_role("button", name="MB")
    expect(load).to_be_visible()
    assert loaded_levels(phone) == []
    load.click()
    wait_for_mark(phone, "first3d")
    assert "lod0.glb" not in loaded_levels(phone)


def test_turning_by_keys_and_by_buttons_changes_the_view(phone: Page) -> None:
    phone.goto(HOUSE_XR)
    wait_for_mark(phone, "first3d")
    spot = phone.locator("#spots button").first
    expect(spot).to_be_visible()
    before = spot.bounding_box()
    phone.locator("canvas[role=img]").focus()
    phone.keyboard.press("ArrowRight")
    eventually(phone, lambda: spot.bounding_box() != before, "the hotspot moves with the model")


def test_a_gpu_that_takes_its_context_away_and_gives_it_back_shows_the_model_again(phone: Page) -> None:
    phone.goto(HOUSE_XR)
    wait_for_mark(phone, "first3d")
    canvas = phone.locator("canvas[role=img]")
    phone.evaluate(f"{LOSE_CONTEXT}.then(extension => extension.restoreContext())")
    phone.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
    eventually(phone, lambda: count_colours(canvas) > 10, "the model is drawn again")


def test_without_webgl_the_page_says_so_and_keeps_picture_and_words(phone: Page) -> None:
    phone.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    phone.goto(HOUSE_PAGE)
    expect(phone.locator("body")).to_contain_text("The Chief Factor's house, 1820")
    expect(phone.locator("#picture")).to_be_visible()
    expect(phone.locator("canvas")).to_have_count(0)


def test_the_model_stands_at_true_size_in_ar_and_the_view_comes_back_after(phone: Page) -> None:
    give_ar(phone)
    errors = listen_for_errors(phone)
    start_ar(phone, GATE_XR)
    overlay = phone.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "ready")
    phone.get_by_role("button", name="Put it here").click()
    expect(overlay).to_have_attribute("data-ar", "placed")
    placed = phone.evaluate("performance.getEntriesByName('ar-placed')[0].detail")
    scene = phone.evaluate("fetch('/api/v1/sites/dejima/scenes/water-gate-1820?lang=en').then(answer => answer.json())")
    low, high = scene["nodes"][0]["bounds"]["min"], scene["nodes"][0]["bounds"]["max"]
    true_size_m = [top - bottom for bottom, top in zip(low, high, strict=True)]
    assert placed["size_m"] == pytest.approx(true_size_m, abs=0.05)
    assert placed["distance_m"] >= 1
    assert count_colours(phone.locator("canvas[role=img]")) > 10
    phone.get_by_role("button", name="End").click()
    expect(overlay).not_to_have_attribute("data-ar", "placed")
    assert not phone.evaluate("phone.isRunning()")
    expect(phone.locator("#spots button").first).to_be_visible()
    assert count_colours(phone.locator("canvas[role=img]")) > 10
    assert not errors


def test_ar_can_be_entered_a_second_time(phone: Page) -> None:
    give_ar(phone)
    start_ar(phone, GATE_XR)
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.end()")  # the visitor leaves by the phone's own back gesture
    phone.get_by_role("button", name="See it here").click()
    phone.get_by_role("button", name="Begin").click()
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    assert phone.evaluate("phone.sessions") == 2


def test_the_model_can_be_taken_up_and_put_elsewhere(phone: Page) -> None:
    give_ar(phone)
    start_ar(phone, HOUSE_XR)
    overlay = phone.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.tap()")  # on the glass, beside all buttons
    expect(overlay).to_have_attribute("data-ar", "placed")
    phone.get_by_role("button", name="Move it").click()
    expect(overlay).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.device.position.set(4, 1.5, 2)")
    phone.get_by_role("button", name="Put it here").click()
    expect(overlay).to_have_attribute("data-ar", "placed")
    assert phone.evaluate("performance.getEntriesByName('ar-placed').length") == 2


def test_a_tap_on_a_button_places_nothing_by_itself(phone: Page) -> None:
    give_ar(phone)
    start_ar(phone, GATE_XR)
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.tap(document.querySelector('#controls button:last-child'))")
    phone.evaluate("new Promise(done => phone.device.activeSession.requestAnimationFrame(() => done()))")
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")


def test_without_floor_and_without_tracking_the_page_says_so(phone: Page) -> None:
    give_ar(phone)
    phone.add_init_script("phone.hasFloor = false")
    start_ar(phone, GATE_XR)
    overlay = phone.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "searching")
    phone.evaluate("phone.hasFloor = true")
    expect(overlay).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.lost = true")
    expect(overlay).to_have_attribute("data-ar", "lost")
    phone.evaluate("phone.lost = false")
    expect(overlay).to_have_attribute("data-ar", "ready")


def test_a_browser_without_overlay_places_and_replaces_by_taps(phone: Page) -> None:
    give_ar(phone)
    phone.add_init_script("phone.hasOverlay = false")
    start_ar(phone, GATE_XR)
    overlay = phone.locator("#overlay")
    expect(overlay).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.tap()")
    expect(overlay).to_have_attribute("data-ar", "placed")
    phone.evaluate("phone.tap()")
    eventually(
        phone, lambda: phone.evaluate("performance.getEntriesByName('ar-placed').length") == 2, "the model is put again"
    )


def test_a_refused_camera_leaves_the_orbit_view_and_a_sentence(phone: Page) -> None:
    give_ar(phone)
    phone.add_init_script("phone.refuses = true")
    start_ar(phone, GATE_XR)
    expect(phone.get_by_role("button", name="See it here")).to_be_enabled()
    expect(phone.locator("#controls p")).not_to_be_empty()
    assert count_colours(phone.locator("canvas[role=img]")) > 10


def test_a_visit_is_stored_exactly_once_though_the_network_drops_in_between(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url, at=NEAR_OUTSIDE)
    phone.goto("/en/dejima/")
    use_position(phone)
    consent_to(phone, "statistics")
    eventually(phone, lambda: stored_types(new_site)["site_opened"] == 1, "the opening is stored")

    lost: list[int] = []

    def store_but_lose_the_answer(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    phone.route("**/api/v1/events", store_but_lose_the_answer)
    walk_to(phone, HOUSE)
    wait_for_mark(phone, "first3d")
    eventually(
        phone, lambda: stored_types(new_site)["experience_opened"] == 1, "the server has what the phone thinks lost"
    )
    new_site.stop("server")
    walk_to(phone, NEAR_OUTSIDE)
    expect(phone.locator("#walk")).to_contain_text("m")
    phone.unroute("**/api/v1/events")
    new_site.start_server()
    eventually(phone, lambda: stored_types(new_site)["landmark_left"] == 1, "what happened without network arrives")
    assert 200 in lost
    assert stored_deeds(new_site) == {
        "site_opened": 1,
        "arrived": 1,
        "landmark_entered": 1,
        "experience_opened": 1,
        "scene_opened": 1,
        "landmark_left": 1,
    }


def test_pages_of_one_visit_and_ar_are_counted_once_each(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url, at=WATER_GATE)
    give_ar(phone)
    phone.goto("/en/dejima/")
    use_position(phone)
    consent_to(phone, "statistics")
    expect(phone.locator(ARRIVAL)).to_contain_text("The Water Gate, 1820")
    wait_for_mark(phone, "first3d")
    eventually(phone, lambda: stored_types(new_site)["landmark_entered"] == 1, "the first page's events are stored")
    start_ar(phone, GATE_XR)
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    phone.get_by_role("button", name="End").click()
    eventually(phone, lambda: stored_types(new_site)["ar_ended"] == 1, "the last event is stored")
    assert stored_deeds(new_site) == {
        "site_opened": 1,
        "arrived": 1,
        "landmark_entered": 1,
        "experience_opened": 1,
        "scene_opened": 1,
        "ar_started": 1,
        "aligned": 1,
        "ar_ended": 1,
    }


def test_a_page_that_is_left_hands_over_what_waits(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url, at=NEAR_OUTSIDE)
    phone.goto("/en/dejima/")
    use_position(phone)
    consent_to(phone, "statistics")
    eventually(phone, lambda: stored_types(new_site)["site_opened"] == 1, "the opening is stored")
    phone.evaluate("window.setTimeout = () => 0")  # from here on nothing is sent in its own time
    walk_to(phone, HOUSE)
    wait_for_resource(phone, "lod0.glb")
    phone.goto("about:blank")
    eventually(phone, lambda: stored_types(new_site)["experience_opened"] == 1, "the last events are stored")


def test_who_allows_only_what_is_necessary_is_counted_without_a_trace(
    new_site: Served, open_phone: Callable[..., Page]
) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url, at=NEAR_OUTSIDE)
    phone.goto("/en/dejima/")
    phone.locator("#walk button:not(.primary)").click()
    consent_to(phone, "necessary")
    eventually(phone, lambda: counted_types(new_site) == {"site_opened": 1, "permission_refused": 1}, "each is counted")
    assert not stored_types(new_site)


def test_who_refuses_or_does_not_choose_sends_nothing(phone: Page) -> None:
    posted: list[str] = []
    phone.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    phone.goto("/en/dejima/")
    use_position(phone)
    walk_to(phone, HOUSE)
    wait_for_mark(phone, "first3d")
    consent_to(phone, "refused")
    phone.goto(HOUSE_XR)
    wait_for_mark(phone, "first3d")
    assert posted == []


def test_what_was_seen_once_is_there_without_any_server(new_site: Served, open_phone: Callable[..., Page]) -> None:
    new_site.start_server()
    phone = open_phone(base_url=new_site.url)
    phone.goto(HOUSE_XR)
    wait_for_mark(phone, "first3d")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kept = "caches.open('packages').then(cache => cache.keys()).then(keys => keys.filter(k => k.url.endsWith('.glb')).length)"
    # two levels of the house, and the one level of what stands there today
    eventually(phone, lambda: phone.evaluate(kept) == 3, "every level that was shown is kept")
    pages = "caches.open('pages').then(cache => cache.keys()).then(keys => keys.length)"
    eventually(phone, lambda: phone.evaluate(pages) >= 3, "page, site and scene are kept")
    new_site.stop("server")
    phone.reload()
    wait_for_mark(phone, "first3d")
    assert count_colours(phone.locator("canvas[role=img]")) > 10
    expect(phone.locator("body")).to_contain_text("The Chief Factor's house, 1820")


def test_the_service_worker_keeps_away_from_staff_creators_and_events(phone: Page) -> None:
    phone.goto(HOUSE_XR)
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()
    wait_for_mark(phone, "first3d")
    assert phone.evaluate("navigator.serviceWorker.controller !== null")
    phone.goto("/login")
    addresses: list[str] = phone.evaluate(CACHED)
    assert addresses
    apart = ("/studio", "/desk", "/preview", "/login", "/api/v1/uploads", "/api/v1/scans", "/api/v1/events")
    assert not [address for address in addresses if address.startswith(apart)]
