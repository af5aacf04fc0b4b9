"""A package's report as staff open it: its style and pictures are allowed, axe finds nothing, and it fits a phone and paper."""

from collections.abc import Callable

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.journeys.checks import violations, width_beyond
from tests.journeys.sites import Served
from xr_server.storage.packages import load_packages

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 800})


@pytest.fixture
def digest(served: Served) -> str:
    """A package of one of the bundled models; others are there too, of scans that other journeys have sent."""
    catalog = served.open_catalog()
    _, models = load_packages(catalog, "dejima")
    catalog.dispose()
    return models["water-gate"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_report_can_be_read_by_everyone_on_a_phone_a_desk_and_paper(
    staff_login: Callable[..., Page], digest: str, language: str
) -> None:
    page = staff_login(language)
    refused: list[ConsoleMessage] = []
    page.on("console", lambda message: refused.append(message) if message.type == "error" else None)
    page.goto(f"/desk/packages/{digest}/report?lang={language}")
    assert [message.text for message in refused] == []
    assert page.locator("img").count() >= 12
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert width_beyond(page) <= 0
            assert violations(page) == []
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
