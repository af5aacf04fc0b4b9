"""The ground all other journeys stand on: the site answers, people can sign in, a phone has a place."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.sites import Served


def test_a_phone_opens_the_site_in_a_secure_context_and_knows_where_it_is(served: Served, phone: Page) -> None:
    phone.goto("/api/v1/sites")
    assert phone.evaluate("window.isSecureContext")
    position = phone.evaluate(
        "new Promise((done, no) => navigator.geolocation.getCurrentPosition(p => done(p.coords.latitude), no))"
    )
    assert position == 32.745


def test_staff_and_creators_sign_in_and_land_on_their_own_pages(
    staff_login: Callable[..., Page], creator_login: Callable[..., Page]
) -> None:
    expect(staff_login()).to_have_url(re.compile("/desk"))
    expect(creator_login("ja")).to_have_url(re.compile("/studio"))
