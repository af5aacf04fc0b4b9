"""The ways of looking: what each device is offered, what it is told is missing, and how each way begins and ends."""

import io
import re
import urllib.parse
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.checks import tab_to, violations
from tests.journeys.sites import Served
from tests.journeys.visiting import IWER, eventually, give_ar, wait_for_mark
from tests.journeys.windows import (
    CAMERA,
    HERE,
    NO_CHOICE_TO_ASK,
    POINTS,
    aim_at_all,
    be_iphone,
    colours_ahead,
    enter_surveyed,
    look_at,
    open_iphone,
    open_scene,
    open_window,
    press,
    survey,
    text,
    unsurvey,
)

LOSE_CONTEXT = """new Promise(done => {
    const canvas = document.querySelector('canvas[role=img]')
    const extension = canvas.getContext('webgl2').getExtension('WEBGL_lose_context')
    window.giveContextBack = () => extension.restoreContext()
    canvas.addEventListener('webglcontextlost', () => setTimeout(done, 0))
    extension.loseContext()
})"""
# iwer reads colours of a context that is gone, which a real session would not
COLOURS_OF_NOTHING = """
const ask = WebGL2RenderingContext.prototype.getParameter
WebGL2RenderingContext.prototype.getParameter = function (name) { return ask.call(this, name) ?? [0, 0, 0, 0] }
"""
HIDE = """
Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })
document.dispatchEvent(new Event('visibilitychange'))
"""
SHOW = "delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))"
NO_CAMERA = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


@pytest.fixture
def iphone(open_phone: Callable[..., Page]) -> Page:
    """An iPhone in English whose browser lets pages use the camera."""
    page = open_phone(permissions=CAMERA, service_workers="block")
    page.add_init_script(NO_CHOICE_TO_ASK)
    be_iphone(page)
    unsurvey(page)
    return page


def test_an_iphone_asks_inside_taps_one_by_one_and_the_model_stands_in_the_camera_picture(iphone: Page) -> None:
    open_scene(iphone)
    assert iphone.evaluate("iphone.asked") == []
    press(iphone, "See it here")
    expect(iphone.locator("#mode h2")).to_have_text(text("ask_motion_title"))
    assert iphone.evaluate("iphone.asked") == []
    press(iphone, text("ask_yes"))
    expect(iphone.locator("#mode h2")).to_have_text(text("ask_camera_title"))
    assert iphone.evaluate("iphone.asked") == ["orientation", "motion"]
    press(iphone, text("ask_yes"))
    expect(iphone.locator("#mode-where")).to_have_text(text("window_floor", metres=15))
    assert iphone.evaluate("iphone.isCameraOn()")
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is seen in the camera picture")


@pytest.mark.long
def test_the_model_stays_where_it_is_while_the_phone_turns_also_in_landscape(iphone: Page) -> None:
    open_window(iphone)
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is ahead")
    iphone.evaluate("iphone.alpha_deg = 180")
    eventually(iphone, lambda: colours_ahead(iphone) < 8, "the model is behind the visitor")
    iphone.evaluate("iphone.alpha_deg = 0")
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is ahead again")
    # on its side, turned to the left: the phone's right edge is up, and the screen says so
    iphone.set_viewport_size({"width": 844, "height": 390})
    iphone.evaluate(
        """Object.defineProperty(screen, 'orientation', { value: { angle: 90 } })
        Object.assign(iphone, { beta_deg: 0, gamma_deg: -90 })"""
    )

    def sky_over_stones() -> bool:
        shot = Image.open(io.BytesIO(iphone.screenshot())).convert("RGB")
        return shot.size == (844, 390) and len(shot.crop((300, 100, 560, 300)).quantize(16).getcolors() or []) > 8

    eventually(iphone, sky_over_stones, "the model is seen upright in landscape")


def test_the_camera_and_the_sensors_go_off_at_the_end_and_the_turned_model_comes_back(iphone: Page) -> None:
    open_window(iphone)
    press(iphone, "End")
    expect(iphone.locator("#overlay")).not_to_have_attribute("data-way", "window")
    assert not iphone.evaluate("iphone.isCameraOn()")
    expect(iphone.locator("video")).to_have_count(0)
    expect(iphone.locator("#spots button").first).to_be_visible()
    press(iphone, "See it here")
    expect(iphone.locator("#mode h2")).to_have_text(text("ask_motion_title"))


@pytest.mark.long
def test_saying_not_now_costs_nothing_and_the_browser_is_never_asked(iphone: Page) -> None:
    open_scene(iphone)
    press(iphone, "See it here")
    press(iphone, "Not now")
    expect(iphone.locator("#ways .notice")).to_have_count(0)
    expect(iphone.locator("#spots button").first).to_be_visible()
    assert iphone.evaluate("iphone.asked") == []


def test_refused_motion_sensors_lead_to_the_model_on_the_screen_and_to_the_settings(iphone: Page) -> None:
    iphone.add_init_script("iphone.allowsMotion = false")
    open_scene(iphone)
    press(iphone, "See it here")
    press(iphone, text("ask_yes"))
    notice = iphone.locator("#ways .notice")
    expect(notice).to_contain_text(text("refused_motion"))
    assert "camera" not in iphone.evaluate("iphone.asked")
    notice.get_by_text(text("settings_open")).click()
    expect(notice.locator("[data-phone=ios] svg")).to_have_count(3)
    expect(notice.locator("[data-phone=ios]")).to_have_attribute("open", "")
    expect(notice.locator("[data-phone=android]")).not_to_have_attribute("open", "")
    assert violations(iphone) == []
    expect(iphone.locator("#spots button").first).to_be_visible()


def test_a_refused_camera_leads_to_the_model_on_the_screen_and_to_the_settings(open_phone: Callable[..., Page]) -> None:
    page = open_phone(permissions=("geolocation",), service_workers="block")
    be_iphone(page)
    unsurvey(page)
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError') }"
    )
    open_scene(page)
    press(page, "See it here")
    press(page, text("ask_yes"))
    press(page, text("ask_yes"))
    expect(page.locator("#ways .notice")).to_contain_text(text("refused_camera"))
    expect(page.locator("#ways .settings")).to_be_visible()
    press(page, "See it here")  # a second thought begins anew
    expect(page.locator("#mode h2")).to_have_text(text("ask_motion_title"))


@pytest.mark.long
def test_a_camera_that_another_app_holds_is_said_so_and_can_be_tried_again(iphone: Page) -> None:
    iphone.add_init_script(
        """const real = navigator.mediaDevices.getUserMedia
        window.busy = true
        navigator.mediaDevices.getUserMedia = (asked) =>
            window.busy ? Promise.reject(new DOMException('', 'NotReadableError')) : real(asked)"""
    )
    open_scene(iphone)
    press(iphone, "See it here")
    press(iphone, text("ask_yes"))
    press(iphone, text("ask_yes"))
    expect(iphone.locator("#ways .notice")).to_contain_text(text("camera_busy"))
    iphone.evaluate("window.busy = false")
    press(iphone, "Try again")
    press(iphone, text("ask_yes"))
    press(iphone, text("ask_yes"))
    expect(iphone.locator("#mode-where")).to_contain_text("1.5 m below the phone")


@pytest.mark.long
def test_sensors_that_say_nothing_end_the_window_with_a_sentence(iphone: Page) -> None:
    iphone.add_init_script("iphone.speaks = false")
    open_scene(iphone)
    press(iphone, "See it here")
    press(iphone, text("ask_yes"))
    press(iphone, text("ask_yes"))
    expect(iphone.locator("#ways .notice")).to_contain_text(text("motion_silent"))
    assert not iphone.evaluate("iphone.isCameraOn()")


@pytest.mark.long
def test_a_page_out_of_sight_lets_go_of_the_camera_and_goes_on_at_a_tap(iphone: Page) -> None:
    open_window(iphone)
    iphone.evaluate(HIDE)
    eventually(iphone, lambda: not iphone.evaluate("iphone.isCameraOn()"), "the camera is off")
    iphone.evaluate(SHOW)
    expect(iphone.locator("#ways .notice")).to_contain_text(text("window_paused"))
    press(iphone, text("window_resume"))
    press(iphone, text("ask_yes"))
    press(iphone, text("ask_yes"))
    expect(iphone.locator("#mode-where")).to_contain_text("1.5 m below the phone")


@pytest.mark.long
def test_who_walks_sees_the_road_and_no_picture_over_it(iphone: Page) -> None:
    open_window(iphone)
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is ahead")
    iphone.evaluate("iphone.walks = true")
    expect(iphone.locator("#mode-where")).to_contain_text("You are walking")
    eventually(iphone, lambda: colours_ahead(iphone) < 8, "the model is out of sight")
    iphone.evaluate("iphone.walks = false")
    expect(iphone.locator("#mode-where")).to_contain_text("1.5 m below the phone")
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is back")


@pytest.mark.long
def test_a_call_that_takes_the_camera_ends_the_window_as_an_absence_does(iphone: Page) -> None:
    open_window(iphone)
    iphone.evaluate("iphone.streams.at(-1).getTracks().forEach(track => track.dispatchEvent(new Event('ended')))")
    expect(iphone.locator("#ways .notice")).to_contain_text(text("window_paused"))
    assert not iphone.evaluate("iphone.isCameraOn()")


@pytest.mark.long
def test_a_lost_context_in_the_window_is_said_so_and_the_model_comes_back(iphone: Page) -> None:
    open_window(iphone)
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is ahead")
    iphone.evaluate(LOSE_CONTEXT)
    expect(iphone.locator("#mode-where")).to_contain_text("needed its graphics memory")
    iphone.evaluate("giveContextBack()")
    expect(iphone.locator("#mode-where")).to_contain_text("1.5 m below the phone")
    eventually(iphone, lambda: colours_ahead(iphone) > 15, "the model is drawn again")


@pytest.mark.long
def test_a_lost_context_on_the_screen_and_on_the_walk_is_said_so_and_the_model_comes_back(phone: Page) -> None:
    open_scene(phone)
    line = phone.locator(".scene-word")
    for walking in (False, True):
        if walking:
            press(phone, text("ways_open"))
            press(phone, text("way_street"))
        eventually(phone, lambda: colours_ahead(phone) > 10, "the gate is seen")
        phone.evaluate(LOSE_CONTEXT)
        expect(line).to_contain_text("needed its graphics memory")
        phone.evaluate("giveContextBack()")
        expect(line).to_be_hidden()
        eventually(phone, lambda: colours_ahead(phone) > 10, "the gate is drawn again")


@pytest.mark.long
def test_the_lens_and_the_distance_are_corrected_by_buttons_and_kept(iphone: Page) -> None:
    open_window(iphone)
    press(iphone, text("window_adjust"))
    card = iphone.locator(".adjusting")
    expect(card).to_contain_text("62° wide")
    press(iphone, text("window_larger"))
    expect(card).to_contain_text("57° wide")
    before = card.locator("p").first.text_content()
    press(iphone, text("window_nearer"))
    expect(card.locator("p").first).not_to_have_text(before or "")
    assert violations(iphone) == []
    iphone.reload()
    assert iphone.evaluate("Math.round(Number(localStorage.getItem('lens_deg')))") == 57


def test_a_page_that_breaks_off_in_the_window_offers_the_next_lower_way_with_smaller_pictures(iphone: Page) -> None:
    open_window(iphone)
    iphone.reload()
    wait_for_mark(iphone, "first3d")
    expect(iphone.locator("#ways .notice")).to_have_text(text("broke_off_orbit"))
    iphone.reload()
    wait_for_mark(iphone, "first3d")
    expect(iphone.locator("#bar button").first).to_be_visible()
    expect(iphone.locator("#ways .notice")).to_have_count(0)


@pytest.mark.long
def test_leaving_the_window_for_another_page_is_no_break(iphone: Page) -> None:
    open_window(iphone)
    iphone.goto("/en/dejima/")
    open_scene(iphone)
    expect(iphone.locator("#ways .notice")).to_have_count(0)


def test_quick_look_is_offered_where_links_know_it_and_its_file_is_there(iphone: Page) -> None:
    open_scene(iphone)
    press(iphone, text("ways_open"))
    link = iphone.locator("a[rel=ar]")
    expect(link).to_have_count(1)
    assert link.evaluate("link => [...link.childNodes].map(node => node.nodeName)") == ["IMG"]
    assert "Water Gate" in (link.locator("img").get_attribute("alt") or "")
    address = (link.get_attribute("href") or "").partition("#")
    assert address[2] == "allowsContentScaling=0"
    answer = iphone.request.get(address[0])
    assert answer.status == 200
    assert answer.headers["content-type"] == "model/vnd.usdz+zip"
    assert answer.body()[:2] == b"PK"


@pytest.mark.long
def test_without_quick_look_no_such_link_is_shown(phone: Page) -> None:
    open_scene(phone)
    press(phone, text("ways_open"))
    expect(phone.locator("#ladder")).to_be_visible()
    expect(phone.locator("a[rel=ar]")).to_have_count(0)


def test_the_chooser_names_what_is_missing_and_leads_to_the_page_in_words(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(viewport={"width": 1280, "height": 800}, locale="en-GB", base_url=served.url)
    page.add_init_script(NO_CHOICE_TO_ASK)
    open_scene(page)
    tab_to(page, page.locator("#ways-open"))
    page.keyboard.press("Enter")
    panel = page.locator("#ladder")
    for lack in ("lack_xr", "lack_motion"):
        expect(panel).to_contain_text(text(lack))
    expect(panel.locator("li")).to_have_count(5)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator("#ways-open")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name=text("way_words")).click()
    expect(page).to_have_url(re.compile("/en/dejima/experiences/water-gate-1820$"))


@pytest.mark.long
def test_over_a_connection_nobody_trusts_the_chooser_says_that(open_phone: Callable[..., Page]) -> None:
    page = open_phone()
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    open_scene(page)
    press(page, text("ways_open"))
    expect(page.locator("#ladder")).to_contain_text(text("lack_secure"))


@pytest.mark.long
def test_a_phone_with_ar_can_choose_the_window_instead_and_leave_ar_from_the_chooser(
    open_phone: Callable[..., Page],
) -> None:
    page = open_phone(permissions=CAMERA, service_workers="block")
    give_ar(page)
    be_iphone(page)
    unsurvey(page)
    open_scene(page)
    press(page, "See it here")
    press(page, "Begin")
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "ready")
    press(page, text("ways_open"))
    press(page, text("way_window"))
    expect(page.locator("#overlay")).not_to_have_attribute("data-ar", "ready")
    press(page, text("ask_yes"))
    press(page, text("ask_yes"))
    expect(page.locator("#mode-where")).to_contain_text("1.5 m below the phone")
    press(page, text("ways_open"))
    press(page, text("way_orbit"))
    expect(page.locator("#spots button").first).to_be_visible()
    assert not page.evaluate("iphone.isCameraOn()")


def test_ar_ended_by_a_call_is_said_so_and_goes_on_at_a_tap(phone: Page) -> None:
    give_ar(phone)
    open_scene(phone)
    press(phone, "See it here")
    press(phone, "Begin")
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    phone.evaluate("phone.end()")
    phone.evaluate(HIDE)
    expect(phone.locator("#ways .notice")).to_contain_text(text("ar_interrupted"))
    phone.evaluate(SHOW)
    press(phone, "Try again")
    press(phone, "Begin")
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")


@pytest.mark.long
def test_ar_left_by_the_visitor_says_nothing_of_a_call(phone: Page) -> None:
    give_ar(phone)
    open_scene(phone)
    press(phone, "See it here")
    press(phone, "Begin")
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    press(phone, "End")
    expect(phone.locator("#spots button").first).to_be_visible()
    expect(phone.locator("#ways .notice")).to_have_count(0)


@pytest.mark.long
def test_a_lost_context_in_ar_ends_it_with_a_sentence(phone: Page) -> None:
    give_ar(phone)
    phone.add_init_script(COLOURS_OF_NOTHING)
    open_scene(phone)
    press(phone, "See it here")
    press(phone, "Begin")
    expect(phone.locator("#overlay")).to_have_attribute("data-ar", "ready")
    phone.evaluate(LOSE_CONTEXT)
    expect(phone.locator("#ways .notice")).to_contain_text(text("context_lost_ar"))
    assert not phone.evaluate("phone.isRunning()")
    phone.evaluate("giveContextBack()")
    eventually(phone, lambda: colours_ahead(phone) > 10, "the model is on the screen again")


def test_a_page_that_breaks_off_in_ar_offers_the_window(open_phone: Callable[..., Page]) -> None:
    page = open_phone(permissions=CAMERA)
    give_ar(page)
    be_iphone(page)
    open_scene(page)
    press(page, "See it here")
    press(page, "Begin")
    expect(page.locator("#overlay")).to_have_attribute("data-ar", "ready")
    page.reload()
    wait_for_mark(page, "first3d")
    notice = page.locator("#ways .notice")
    expect(notice).to_contain_text(text("broke_off"))
    notice.get_by_role("button").click()
    expect(page.locator("#mode h2")).to_have_text(text("ask_motion_title"))


def test_a_walk_at_eye_height_goes_by_keys_and_by_buttons(phone: Page) -> None:
    open_scene(phone)
    press(phone, text("ways_open"))
    press(phone, text("way_street"))
    expect(phone.locator("#mode-where")).to_have_text(text("street_where"))
    eventually(phone, lambda: colours_ahead(phone) > 10, "the gate is ahead")
    assert violations(phone) == []
    start = phone.screenshot()
    phone.keyboard.down("KeyW")
    eventually(phone, lambda: phone.screenshot() != start, "the gate comes nearer")
    phone.keyboard.up("KeyW")
    phone.keyboard.press("Home")
    turn = phone.get_by_role("button", name=text("street_turn_left"))
    for _ in range(9):
        turn.focus()
        phone.keyboard.press("Enter")
    eventually(phone, lambda: colours_ahead(phone) < 8, "the gate is behind")
    press(phone, text("mode_end"))
    expect(phone.locator("#spots button").first).to_be_visible()
    expect(phone.locator("canvas[role=img]")).to_have_attribute("aria-label", re.compile("Arrow keys turn it"))


@pytest.mark.long
def test_who_asked_for_less_motion_walks_in_steps_and_hears_of_the_edge(open_phone: Callable[..., Page]) -> None:
    page = open_phone(reduced_motion="reduce")
    open_scene(page)
    press(page, text("ways_open"))
    press(page, text("way_street"))
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
    back = page.get_by_role("button", name=text("street_back"), exact=True)
    back.focus()
    before = page.screenshot()
    page.keyboard.press("Enter")
    eventually(page, lambda: page.screenshot() != before, "one step was made")
    for _ in range(60):
        page.keyboard.press("Enter")
    expect(page.locator("#mode-where")).to_have_text(text("street_edge"))


@pytest.mark.long
def test_a_headset_stands_in_the_same_scene_and_goes_where_the_hand_points(
    open_page: Callable[..., Page], served: Served
) -> None:
    page = open_page(viewport={"width": 640, "height": 480}, locale="en-GB", base_url=served.url)
    page.add_init_script(NO_CHOICE_TO_ASK)
    page.add_init_script(path=IWER)
    page.add_init_script(path=HERE / "iwer_headset.js")
    page.add_init_script(COLOURS_OF_NOTHING)
    open_scene(page)
    press(page, text("ways_open"))
    press(page, text("way_vr"))
    expect(page.locator("#mode-where")).to_have_text(text("vr_where"))
    assert page.evaluate("headset.session !== null")
    eventually(page, lambda: page.screenshot() == page.screenshot(), "the view in the headset is at rest")
    before = page.screenshot()
    page.evaluate("headset.device.controllers.right.updateAxes('thumbstick', 0, -1)")
    eventually(page, lambda: page.screenshot() != before, "the stick steps forward")
    page.evaluate("headset.device.controllers.right.updateAxes('thumbstick', 0, 0)")
    there = page.screenshot()
    # the right hand points down at the ground before the visitor and picks it
    page.evaluate(
        """const hand = headset.device.controllers.right
        hand.quaternion.set(Math.sin(-0.4), 0, 0, Math.cos(-0.4))
        hand.updateButtonValue('trigger', 1)"""
    )
    page.evaluate("new Promise(done => headset.session.requestAnimationFrame(() => done()))")
    page.evaluate("headset.device.controllers.right.updateButtonValue('trigger', 0)")
    eventually(page, lambda: page.screenshot() != there, "the visitor stands where the hand pointed to")
    page.get_by_role("button", name=text("mode_end")).dispatch_event("click")  # iwer lays its view over the page
    expect(page.locator("#spots button").first).to_be_visible()
    assert page.evaluate("headset.session === null")
    press(page, text("ways_open"))
    press(page, text("way_vr"))
    expect(page.locator("#mode-where")).to_have_text(text("vr_where"))
    page.evaluate(LOSE_CONTEXT)
    expect(page.locator("#ways .notice")).to_contain_text("needed its graphics memory")
    page.evaluate("giveContextBack()")
    eventually(page, lambda: colours_ahead(page) > 10, "the gate is on the screen again")
    page.evaluate("headset.refuses = true")
    press(page, text("ways_open"))
    press(page, text("way_vr"))
    expect(page.locator("#ways .notice")).to_contain_text(text("vr_denied"))


def test_without_a_headset_none_is_offered(phone: Page) -> None:
    open_scene(phone)
    press(phone, text("ways_open"))
    expect(phone.get_by_role("button", name=text("way_vr"))).to_have_count(0)


@pytest.mark.parametrize(("app", "mark"), [("LINE", "Safari Line/13.20.0"), ("Instagram", "Instagram 300.0.0.0")])
def test_inside_another_app_the_page_says_what_is_kept_back_and_how_to_leave(
    open_phone: Callable[..., Page], app: str, mark: str
) -> None:
    page = open_phone(user_agent=f"{IOS} {mark}", permissions=("geolocation", "clipboard-write", "clipboard-read"))
    page.add_init_script(NO_CAMERA)
    open_scene(page)
    notice = page.locator("#ways .notice")
    expect(notice).to_contain_text(text("kept_back", app=app))
    assert violations(page) == []
    if app == "LINE":
        href = notice.get_by_role("link", name=text("leave_app")).get_attribute("href") or ""
        assert urllib.parse.parse_qs(urllib.parse.urlsplit(href).query) == {"openExternalBrowser": ["1"]}
    else:
        press(page, text("copy_address"))
        expect(notice).to_contain_text(text("address_copied"))
        assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_an_app_that_keeps_nothing_back_is_not_mentioned(open_phone: Callable[..., Page]) -> None:
    page = open_phone(user_agent=f"{IOS} Safari Line/13.20.0", permissions=CAMERA)
    open_scene(page)
    expect(page.locator("#ways .notice")).to_have_count(0)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_nothing_in_the_chooser_the_questions_and_the_window(
    open_phone: Callable[..., Page], language: str
) -> None:
    page = open_phone(language=language, permissions=CAMERA, service_workers="block")
    be_iphone(page)
    unsurvey(page, language)
    open_scene(page, f"/{language}/dejima/xr/water-gate-1820")
    press(page, text("ways_open", language))
    assert violations(page) == []
    press(page, text("way_window", language))
    expect(page.locator("#mode h2")).to_have_text(text("ask_motion_title", language))
    assert violations(page) == []
    press(page, text("ask_yes", language))
    expect(page.locator("#mode h2")).to_have_text(text("ask_camera_title", language))
    press(page, text("ask_yes", language))
    expect(page.locator("#mode-where")).to_have_text(text("window_floor", language, metres=15))
    assert violations(page) == []


@pytest.fixture
def surveyor(open_phone: Callable[..., Page]) -> Page:
    """An iPhone before a surveyed gate."""
    page = open_iphone(open_phone)
    survey(page)
    return page


@pytest.mark.long
def test_three_sightings_bring_a_surveyed_model_to_its_true_place_and_undo_takes_it_back(surveyor: Page) -> None:
    enter_surveyed(surveyor)
    expect(surveyor.locator("#mode-where")).to_have_text(text("window_floor_surveyed"))
    aim_at_all(surveyor)
    where = surveyor.locator("#mode-where")
    expect(where).to_contain_text("At its true place, to about")
    expect(where).to_contain_text(text("window_demonstration"))
    look_at(surveyor, 0)
    eventually(surveyor, lambda: colours_ahead(surveyor) > 15, "the gate stands to the north")
    look_at(surveyor, 180)
    eventually(surveyor, lambda: colours_ahead(surveyor) < 8, "nothing stands to the south")
    press(surveyor, text("window_adjust"))
    assert violations(surveyor) == []
    for _ in POINTS:
        card = surveyor.locator(".adjusting")
        if not card.is_visible():
            break  # the first of them were enough to lose its place
        press(surveyor, text("sight_undo"))
    expect(where).to_have_text(text("window_floor_surveyed"))


@pytest.mark.long
@pytest.mark.parametrize("lack", ["hasCompass = false", "compassOff_deg = -1"])
def test_without_a_compass_the_page_says_so_and_sightings_alone_find_the_place(surveyor: Page, lack: str) -> None:
    surveyor.add_init_script(f"iphone.{lack}")
    enter_surveyed(surveyor)
    expect(surveyor.locator("#mode-where")).to_have_text(text("window_no_compass"))
    aim_at_all(surveyor)
    expect(surveyor.locator("#mode-where")).to_contain_text("At its true place, to about")


@pytest.mark.long
def test_a_refused_position_still_stands_the_model_before_the_visitor(surveyor: Page) -> None:
    open_scene(surveyor)
    press(surveyor, "See it here")
    press(surveyor, text("ask_yes"))
    expect(surveyor.locator("#mode h2")).to_have_text(text("ask_position_title"))
    press(surveyor, "Not now")
    press(surveyor, text("ask_yes"))
    expect(surveyor.locator("#mode-where")).to_have_text(text("window_floor_surveyed"))
    eventually(surveyor, lambda: colours_ahead(surveyor) > 15, "the model is ahead")
