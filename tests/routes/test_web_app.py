"""The web app manifest: one app a site, named in the language of the page that asks."""

import pytest

from tests.routes.conftest import World
from tests.routes.visitor_world import fill_site
from xr_server.routes.pages import STATIC_DIR

PUBLIC = STATIC_DIR.parents[1] / "webxr_client" / "public"


@pytest.fixture
def client(world: World):
    fill_site(world)
    return world.visitor()


def ask(client, language, **headers):
    return client.get(f"/manifest.webmanifest?site=dejima&lang={language}", headers=headers)


def test_it_opens_the_site_in_the_language_of_the_page(client):
    answer = ask(client, "en")
    assert answer.headers["content-type"] == "application/manifest+json"
    app = answer.json()
    assert (app["start_url"], app["scope"], app["lang"]) == ("/en/dejima/", "/", "en")
    assert client.get(app["start_url"]).status_code == 200


def test_the_same_app_whatever_the_language(client):
    ja, en = ask(client, "ja").json(), ask(client, "en").json()
    assert ja["id"] == en["id"]
    assert ja["name"] != en["name"]


def test_every_icon_is_there_for_each_purpose(client):
    icons = ask(client, "en").json()["icons"]
    large = {(icon["purpose"], icon["sizes"]) for icon in icons if icon["type"] == "image/png"}
    assert large == {(purpose, size) for purpose in ("any", "maskable") for size in ("192x192", "512x512")}
    for icon in icons:
        assert (PUBLIC / icon["src"].removeprefix("/static/")).is_file()


def test_without_a_language_it_is_the_visitors(client):
    app = client.get("/manifest.webmanifest", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert app.json()["lang"] == "en"
    assert "Accept-Language" in app.headers["vary"]


def test_who_has_it_gets_304(client):
    tag = ask(client, "en").headers["etag"]
    assert ask(client, "en", **{"If-None-Match": tag}).status_code == 304
    assert ask(client, "ja", **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("query", ["site=nowhere&lang=en", "site=dejima&lang=xx"])
def test_what_is_not_there_is_a_sentence(client, query):
    answer = client.get(f"/manifest.webmanifest?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json()["code"] in {"site_unknown", "language_unknown"}


def test_pages_link_it_with_site_and_language(client):
    page = client.get("/ja/dejima/").text
    assert '<link rel="manifest" href="/manifest.webmanifest?site=dejima&amp;lang=ja">' in page
    assert '<link rel="apple-touch-icon" href="/static/icons/apple-touch-icon.png">' in page


def test_the_page_for_what_is_not_on_the_phone_is_no_result_of_a_search(client):
    page = client.get("/en/dejima/offline")
    assert page.status_code == 200
    assert '<meta name="robots" content="noindex">' in page.text
    assert "This page is not on your phone" in page.text
