"""Every page in every language: named rightly to software, never left by a link, and honest about who has read it."""

import html
import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.routes.conftest import World
from tests.routes.visitor_world import fill_site, refresh, words_of
from xr_server.domain.catalog import Record, Site
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.ruby import KANJI, plain
from xr_server.domain.text_review import approve, gather_texts
from xr_server.parts import Parts
from xr_server.routes import reviewed, visitor
from xr_server.storage.catalog import Change, Name, list_records, load_published, publish_record, save_record

PAGES = (
    "",
    "landmarks/water-gate",
    "landmarks/lelie",
    "experiences/day",
    "experiences/evening",
    "xr/day",
    "help",
    "privacy",
)
TREE = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)
EASY_NAME = "{出島|でじま}"


@pytest.fixture
def full(world: World) -> World:
    """The world with its site in every language; texts it lacks stand in English or Japanese."""
    fill_site(world)
    site = find_site(world)
    names = {**site.name, "ja-x-easy": EASY_NAME, "ko": "데지마"}
    replace_site(world, msgspec.structs.replace(site, languages=list(NAMES), name=names))
    return world


def published(world: World) -> list[Record]:
    return list(load_published(world.catalog, "dejima"))


def find_site(world: World) -> Site:
    return next(record for record in published(world) if isinstance(record, Site))


def replace_site(world: World, site: Site) -> None:
    (stored,) = [found for found in list_records(world.catalog, "dejima", "site") if found.body.id == "dejima"]
    revision = save_record(world.catalog, "dejima", site, stored.revision, Change(world.clock()))
    publish_record(world.catalog, Name("dejima", "site", "dejima"), revision, Change(world.clock()))
    refresh(world)


def links(page: str) -> Iterator[tuple[str, str]]:
    """Every link of a page: its address without a fragment, and its attributes."""
    for attributes in re.findall(r"<a\b([^>]*)>", page):
        found = re.search(r'href="([^"]*)"', attributes)
        assert found is not None
        yield html.unescape(found[1]).partition("#")[0], attributes


@pytest.mark.parametrize("language", NAMES)
def test_every_page_names_its_language_and_its_alternates(full: World, language: str) -> None:
    for page in PAGES:
        check_names(full, page, language)


def check_names(full: World, page: str, language: str) -> None:
    answer = full.visitor().get(f"/{language}/dejima/{page}")
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    assert f'<html lang="{html_tag(language)}" data-language="{language}"' in answer.text
    offered = re.findall(r'<a href="([^"]*)" lang="([^"]*)" hreflang="([^"]*)"', answer.text)
    assert offered == [(f"/{code}/dejima/{page}", html_tag(code), code) for code in NAMES]
    alternates = dict(re.findall(r'<link rel="alternate" hreflang="([^"]*)" href="([^"]*)"', answer.text))
    expected = {code: f"http://localhost/{code}/dejima/{page}" for code in NAMES} | {"x-default": "http://localhost/"}
    assert alternates == ({} if page.startswith("xr/") else expected)  # the scene's canonical page has them


@pytest.mark.parametrize("language", NAMES)
def test_no_link_leaves_the_language(full: World, language: str) -> None:
    followed = set()
    for page in PAGES:
        text = full.visitor().get(f"/{language}/dejima/{page}").text
        own = [address for address, attributes in links(text) if "data-language" not in attributes]
        followed |= {address for address in own if address and not urlsplit(address).scheme}
    elsewhere = {address for address in followed if not address.startswith(f"/{language}/dejima/")}
    telling = {f"/memories/add/dejima/{landmark}?lang={language}" for landmark in ("lelie", "water-gate")}
    assert {unescape(address) for address in elsewhere} == {f"/calendar.ics?site=dejima&lang={language}", *telling}
    assert {f"/{language}/dejima/{page}" for page in PAGES} - followed <= {f"/{language}/dejima/xr/evening"}


def test_what_is_told_in_another_language_says_so_to_voices(full: World) -> None:
    client = full.visitor()
    page = client.get("/ko/dejima/experiences/day").text
    for told in (
        "<h1{}>The gate by day",
        '<p class="lead"{}>The gate of cargo',
        '<div class="body"{}>',
        '<li id="point-roof"{}>',
    ):
        assert told.format(' lang="en"') in page
    assert '<h3 lang="en"><a href="/ko/dejima/experiences/day">' in client.get("/ko/dejima/").text
    assert '<h1 lang="en">' in client.get("/ko/dejima/xr/day").text
    assert re.search(
        r'<h1 class="numbered">.*<span lang="en">Water Gate', client.get("/ko/dejima/landmarks/water-gate").text
    )
    assert client.get("/api/v1/sites/dejima?lang=ko").json()["experiences"][0]["told_in"] == "en"
    for language in ("en", "ja", "ja-x-easy"):
        assert "told_in" not in client.get(f"/api/v1/sites/dejima?lang={language}").text
        assert "<h1>" in client.get(f"/{language}/dejima/experiences/day").text


@pytest.mark.parametrize("language", NAMES)
def test_the_documents_are_ready_in_every_language(full: World, language: str) -> None:
    client = full.visitor()
    for address in ("/api/v1/sites/dejima", "/api/v1/sites/dejima/scenes/gate"):
        answer = client.get(f"{address}?lang={language}")
        assert answer.json()["language"] == language
    parts: Parts = full.app.state.parts
    site = parts.published.snapshot.sites["dejima"]
    assert [form.encoding for form in site.documents[language].forms] == ["br", "gzip", None]


def test_plain_japanese_has_ruby_and_no_mark_is_left_to_be_seen(full: World) -> None:
    for page in PAGES:
        text = full.visitor().get(f"/ja-x-easy/dejima/{page}").text
        assert "<ruby>" in text, page
        assert re.search(rf"\{{[^{{}}]*[{KANJI}][^{{}}]*\|", TREE.sub("", text)) is None, page
        title = re.search(r"<title>(.*?)</title>", text)
        assert title is not None and "出島" in title[1] and "<" not in title[1], page
    assert "<ruby>地図<rp>（</rp><rt>ちず</rt><rp>）</rp></ruby>" in full.visitor().get("/ja-x-easy/dejima/help").text


def test_ruby_stays_out_of_names_for_machines_and_out_of_other_languages(full: World) -> None:
    client = full.visitor()
    for language in NAMES:
        text = client.get(f"/{language}/dejima/").text
        block = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
        assert block is not None
        place = json.loads(block[1])["@graph"][0]
        assert place["name"] == plain(place["name"])
        assert "出島" in [place["name"], *place["alternateName"]]
        assert not any("{" in name for name in place["alternateName"])
    assert "<ruby>" not in words_of(client.get("/ko/dejima/").text)


def test_the_name_of_plain_japanese_has_its_reading_in_every_chooser(full: World) -> None:
    for language in NAMES:
        assert "やさしい<ruby>日本語" in full.visitor().get(f"/{language}/dejima/help").text


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("/ko/", None),
        ("/ko/dejima/landmarks/jail", "/ko/dejima/"),
        ("/nl/nothing/at/all", "/nl/"),
        ("/ja-x-easy/decima/", "/ja-x-easy/"),
    ],
)
def test_a_way_on_keeps_the_language(full: World, path: str, home: str | None) -> None:
    language = path.split("/")[1]
    client = full.visitor()
    client.cookies.set("lang", "en")
    answer = client.get(path, follow_redirects=False)
    if home is None:
        assert (answer.status_code, answer.headers["location"]) == (302, f"/{language}/dejima/")
        return
    assert (answer.status_code, answer.headers["content-language"]) == (404, language)
    assert f'<a class="primary" href="{home}">' in answer.text
    assert f'<a href="/en/{path.partition("/")[2].partition("/")[2]}" lang="en"' in answer.text


def test_only_a_language_stands_alone_in_an_address(full: World) -> None:
    answer = full.visitor().get("/tlh/", follow_redirects=False)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_page_says_that_nobody_has_read_it_until_somebody_has(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, line = full.visitor(), "nog door niemand nagekeken"
    assert line in words_of(client.get("/nl/dejima/").text)
    everything = approve(gather_texts(published(full)).get("nl", {}), "nl", "A. Reader", "2026-12-01")
    interface = approve(reviewed.visitor_texts("nl"), "nl", "A. Reader", "2026-12-01")
    site = find_site(full)
    replace_site(full, msgspec.structs.replace(site, reviews=[everything]))
    assert client.get("/api/v1/sites/dejima?lang=nl").json()["site"]["reviewed"] is True
    assert line in words_of(client.get("/nl/dejima/").text)  # the interface is still unread
    monkeypatch.setattr(reviewed, "load_reviews", lambda: [interface])
    reviewed.is_interface_reviewed.cache_clear()
    visitor._held.clear()
    assert line not in words_of(client.get("/nl/dejima/").text)
    name = {**site.name, "nl": "Deshima"}
    replace_site(full, msgspec.structs.replace(site, reviews=[everything], name=name))
    assert line in words_of(client.get("/nl/dejima/").text)  # one text was changed after it was read
    reviewed.is_interface_reviewed.cache_clear()
