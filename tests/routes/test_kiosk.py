"""The tablet at the entrance over HTTP: languages first, no way out, set up by staff; the same pages for who helps a visitor."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.routes.conftest import World
from tests.routes.forms import fields_of, fill
from tests.routes.visitor_world import fill_site
from xr_server.domain.catalog import Landmark
from xr_server.domain.notice import Notice, dump_moment
from xr_server.routes.qr import draw_qr

HREF = re.compile(r'href="([^"]*)"')
PAGES = ("", "en/", "en/landmarks/water-gate", "en/experiences/evening", "ja/landmarks/water-gate")


@pytest.fixture
def site(world: World) -> World:
    fill_site(world)
    world.publish(Landmark(id="far", name={"ja": "遠く", "en": "Far"}, category="x", status="x", lat=32.75, lon=129.88))
    world.app.state.parts.published.refresh()
    return world


@pytest.fixture
def sato(site: World) -> TestClient:
    return site.sign_in("sato")


def tablet(world: World, page: str = ""):
    address = f"/kiosk/dejima/{page}" if page else "/kiosk/dejima"
    return world.visitor().get(address)


def set_up(sato: TestClient, **typed: str | list[str]):
    """Send the form of the desk as a browser would, with some fields typed otherwise."""
    values = fill(fields_of(sato.get("/desk/kiosk").text, "/desk/kiosk"), **typed)
    return sato.post("/desk/kiosk", data=values, follow_redirects=False)


def test_the_tablet_rests_on_a_choice_of_languages_each_by_its_own_name(site):
    page = tablet(site)
    assert page.status_code == 200 and page.headers["x-robots-tag"] == "noindex"
    assert re.findall(r'<a href="/kiosk/dejima/(\w+)/" lang="\w+" hreflang="(\w+)"', page.text) == [
        ("ja", "ja"),
        ("en", "en"),
    ]
    assert "日本語" in page.text and "Touch to begin" in page.text
    assert "http-equiv" not in page.text  # it rests here
    keep = re.search(r'id="keep">(\[.*?\])<', page.text)
    assert keep is not None and '"/kiosk/dejima","/kiosk/dejima/ja/"' in keep[1]
    assert all(tablet(site, path.removeprefix("/kiosk/dejima/")).status_code == 200 for path in json.loads(keep[1])[1:])


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_the_tablet_has_a_way_out(site, page):
    answer = tablet(site, page)
    assert answer.status_code == 200
    body = answer.text.partition("<body")[2]
    assert [href for href in HREF.findall(body) if not href.startswith(("/kiosk/dejima", "#"))] == []
    assert "<form" not in body and "target=" not in body
    assert set(re.findall(r"(?:src|href)=\"(https?:[^\"]*)", answer.text)) == set()


@pytest.mark.parametrize("page", PAGES[1:])
def test_without_script_a_page_begins_anew_by_itself(site, page):
    assert '<noscript><meta http-equiv="refresh" content="75;url=/kiosk/dejima"></noscript>' in tablet(site, page).text


def test_every_page_shows_the_way_to_the_same_page_on_ones_own_phone(site):
    for page, address in (
        ("en/", "http://localhost/en/dejima/"),
        ("ja/landmarks/water-gate", "http://localhost/ja/dejima/landmarks/water-gate"),
        ("en/experiences/evening", "http://localhost/en/dejima/experiences/evening"),
    ):
        assert draw_qr(address) in tablet(site, page).text


def test_what_is_closed_is_on_the_tablet_and_what_is_on_comes_first(site):
    now = datetime.fromtimestamp(site.clock.at / 1000, UTC)
    site.publish(
        Notice(
            id="closed",
            text={"en": "The gate is closed.", "ja": "水門は閉まっています。"},
            landmark="water-gate",
            severity="closed",
            from_at=dump_moment(now - timedelta(hours=1)),
            until_at=None,
        )
    )
    site.app.state.parts.published.refresh()
    for page in ("en/", "en/landmarks/water-gate"):
        assert "The gate is closed." in tablet(site, page).text
    assert "The gate is closed." not in tablet(site, "en/landmarks/far").text


def test_what_is_not_there_is_refused(site):
    for page in ("ko/", "en/landmarks/nowhere", "en/experiences/nowhere"):
        assert tablet(site, page).status_code == 404
    assert site.visitor().get("/kiosk/hirado").status_code == 404


def test_staff_set_the_tablet_up_and_visitors_have_it_at_once(site, sato):
    page = sato.get("/desk/kiosk").text
    assert draw_qr("http://localhost/kiosk/dejima") in page and "Guided Access" in page
    done = set_up(sato, after_s="30", languages=["en"], landmarks=["far"], prints="yes")
    assert (done.status_code, done.headers["location"]) == (303, "/desk/kiosk?done=saved")
    site.app.state.parts.published.refresh()
    home = tablet(site, "en/").text
    assert 'content="45;url=' in home and 'data-after="30"' in home and 'id="print"' in home
    assert "landmarks/far" in home and "water-gate" not in home and "experiences/evening" not in home
    assert tablet(site, "en/landmarks/water-gate").status_code == 404
    assert tablet(site, "en/experiences/evening").status_code == 404
    assert tablet(site, "ja/").status_code == 404 and "日本語" not in tablet(site).text
    assert 'value="ja"' in sato.get("/desk/kiosk").text
    again = set_up(sato, languages=["ja", "en"])
    assert again.status_code == 303
    site.app.state.parts.published.refresh()
    assert tablet(site, "ja/").status_code == 200


def test_a_form_that_is_not_right_comes_back_with_what_was_typed(site, sato):
    answer = set_up(sato, after_s="5", languages=[], landmarks=["far"])
    assert answer.status_code == 400
    assert 'value="5"' in answer.text and "Choose one language at least." in answer.text
    assert 'value="far" checked' in answer.text and 'value="water-gate" checked' not in answer.text
    assert 'data-after="60"' in tablet(site, "en/").text


def test_two_who_set_it_up_at_once_do_not_overwrite_each_other(site, sato):
    fields = fields_of(sato.get("/desk/kiosk").text, "/desk/kiosk")
    assert set_up(sato, after_s="40").status_code == 303
    late = sato.post("/desk/kiosk", data=fill(fields, after_s="50"), follow_redirects=False)
    assert late.status_code == 409 and 'value="50"' in late.text
    again = fill(fields_of(late.text, "/desk/kiosk"))
    assert sato.post("/desk/kiosk", data=again, follow_redirects=False).status_code == 303
    site.app.state.parts.published.refresh()
    assert 'data-after="50"' in tablet(site, "en/").text


def test_who_helps_a_visitor_has_the_same_pages_without_the_clock_and_with_a_sheet_to_take_home(site, sato):
    choice = sato.get("/desk/assist").text
    assert 'href="/desk/assist/ja/"' in choice and "No stamp rally is on these days." in choice
    for page in PAGES[1:]:
        answer = sato.get(f"/desk/assist/{page}")
        assert answer.status_code == 200 and answer.headers["cache-control"] == "private, no-store"
        assert 'id="print"' in answer.text and "data-after" not in answer.text and "http-equiv" not in answer.text
        assert "Helping a visitor" in answer.text and "/kiosk/" not in answer.text
    assert (
        draw_qr("http://localhost/ja/dejima/landmarks/water-gate")
        in sato.get("/desk/assist/ja/landmarks/water-gate").text
    )
    assert sato.get("/desk/assist/en/landmarks/nowhere").status_code == 404
