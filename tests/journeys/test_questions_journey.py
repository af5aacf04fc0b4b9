"""The questions at the end of a visit: switched on at the desk, answered on a phone, thanked for the second time."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.checks import tab_to, violations, width_beyond
from tests.journeys.visiting import eventually, listen_for_events

SMALL_TARGETS = """[...document.querySelectorAll('main a, main button, main label, main select')]
    .filter(one => one.checkVisibility() && !one.matches('.aside-voice'))
    .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
    .filter(([, { width, height }]) => width < 44 || height < 44).map(([html]) => html)"""


def switch_on(desk: Page) -> str:
    """Have the usual questions asked; gives the address of their form."""
    desk.goto("/desk/questionnaires")
    desk.get_by_role("link", name="New questions").click()
    desk.get_by_role("button", name="Save and publish").click()
    expect(desk.get_by_text("Asked now")).to_be_visible()
    return desk.url.partition("?")[0]


def answer(phone: Page) -> None:
    """Answer by thumb and by keyboard; what follows an answer comes and goes with it."""
    phone.get_by_role("link", name="How was it?").tap()
    expect(phone.get_by_role("heading", name="How was your visit?")).to_be_visible()
    assert violations(phone) == [] and width_beyond(phone) == 0
    country = phone.get_by_role("group", name="In which country or region?")
    expect(country).to_be_hidden()
    phone.get_by_text("Outside Japan", exact=True).tap()
    expect(country).to_be_visible()
    phone.get_by_text("The Netherlands", exact=True).tap()
    phone.get_by_text("In Japan", exact=True).tap()
    expect(country).to_be_hidden()
    phone.get_by_role("combobox", name="In which prefecture?").select_option("42")
    phone.get_by_text("Very satisfied", exact=True).tap()
    assert phone.evaluate(SMALL_TARGETS) == []
    send = phone.get_by_role("button", name="Send")
    tab_to(phone, send)
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()


def test_a_visitor_answers_on_a_phone_and_the_second_time_is_thanked(
    staff_login: Callable[..., Page], open_phone: Callable[..., Page]
) -> None:
    desk = staff_login()
    address = switch_on(desk)
    try:
        assert violations(desk) == []
        phone = open_phone()
        phone.goto("/en/dejima/")
        eventually(
            phone, lambda: phone.reload() is not None and "/questions/dejima/en" in phone.content(), "it is offered"
        )
        phone.locator("#walk button:not(.primary)").click()
        phone.locator("#consent [data-consent=statistics]").click()
        told = listen_for_events(phone)
        answer(phone)
        eventually(phone, lambda: "survey_answered" in told, "the figures hear that somebody answered")
        phone.goto("/questions/dejima/en")
        expect(phone.get_by_role("heading", name="Thank you, you have answered already")).to_be_visible()
        desk.goto(f"{address}/answers")
        expect(desk.get_by_text("fewer than 10")).to_be_visible()
        assert violations(desk) == []
    finally:
        desk.goto(address)
        desk.get_by_role("button", name="Stop asking").click()
        expect(desk.get_by_role("status")).to_be_visible()
