"""From somebody else's model to one's own page, in Chromium: the library, a draft, publication, credits, the ZIP."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.bare_sites import sign_in
from tests.journeys.checks import violations
from tests.journeys.sites import NAMES, Served
from tests.routes.forms import fields_of, fill

Login = Callable[..., Page]
MODEL, MAKER, LICENCE = "Water Gate", "Dejima XR contributors", "CC-BY-4.0"
TITLE = "The gate as I see it"


@pytest.fixture
def tidy(served: Served) -> Iterator[None]:
    """Withdraws in the end what the journey has published, since other journeys share the site."""
    yield
    with closing(sign_in(served, NAMES["staff"])) as client:
        for path in set(re.findall(r'href="(/desk/records/[^"]+)"', client.get("/desk/?state=published").text)):
            page = client.get(path).text
            if TITLE in page and 'value="withdraw"' in page:
                assert client.post(path, data=fill(fields_of(page, path), step="withdraw")).status_code == 303


@pytest.mark.usefixtures("tidy")
def test_a_published_model_is_started_from_and_its_maker_stays_named(
    creator_login: Login, staff_login: Login, phone: Page, served: Served
) -> None:
    studio = creator_login()
    studio.goto("/studio/library")
    assert violations(studio) == []
    studio.get_by_role("link", name=MODEL).first.click()
    expect(studio.get_by_text("name its maker")).to_be_visible()
    assert violations(studio) == []
    studio.locator("#title_en").fill(TITLE)
    studio.locator("#title_ja").fill("わたしの水門")
    studio.get_by_role("button", name="Start from this").click()
    expect(studio.locator("main")).to_contain_text(MAKER)
    expect(studio.locator(".notice")).to_be_visible()
    assert violations(studio) == []
    studio.locator("form[action$='/review'] button[type=submit]").click()
    expect(studio.locator(".state-in_review").first).to_be_visible()

    desk = staff_login()
    desk.goto("/desk/")
    desk.get_by_role("link", name=TITLE).first.click()
    desk.get_by_role("button", name="Publish").click()
    expect(desk.locator(".head .state")).to_have_text("Published")

    studio.goto("/studio/portfolio")
    expect(studio.get_by_role("listitem").filter(has_text=TITLE)).to_be_visible()
    assert violations(studio) == []
    with studio.expect_download() as loaded:
        studio.locator("main a[download]").click()
    check_zip(loaded.value.path())
    studio.locator("#shown").check()
    studio.locator("#name").fill("Kana of the harbour")
    studio.locator("#slug").fill("kana-of-the-harbour")
    studio.locator("main button.primary").click()
    expect(studio.locator(".notice")).to_be_visible()
    assert violations(studio) == []

    expect_published(phone, "/en/dejima/creators/kana-of-the-harbour")
    assert violations(phone) == []
    phone.get_by_role("link", name=TITLE).first.click()
    credits = phone.locator(".credit")
    expect(credits.filter(has_text=f"{MAKER}; licence: {LICENCE}").first).to_be_attached()
    expect(credits.filter(has_text="Kana of the harbour")).to_be_attached()
    assert violations(phone) == []


def check_zip(path: Path) -> None:
    """The file holds the model, the words, and who made what it was started from."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        credits = json.loads(archive.read("credits.json"))
    assert any(re.fullmatch(r"packages/[0-9a-f]{64}/lod0\.glb", name) for name in names)
    assert any(re.fullmatch(r"records/experiences/[\w-]+\.json", name) for name in names)
    (credit,) = credits
    assert (credit["creator"], credit["licence"]) == (MAKER, LICENCE)
    assert [link["creator"] for link in credit["based_on"]] == [MAKER]


def expect_published(phone: Page, address: str) -> None:
    """Open a page that is there within the half second in which a server notices what was published."""

    def is_there() -> bool:
        answer = phone.goto(address)
        return answer is not None and answer.status == 200

    for _ in range(40):
        if is_there():
            return
        phone.wait_for_timeout(250)
    raise AssertionError(f"{address} is not there")
