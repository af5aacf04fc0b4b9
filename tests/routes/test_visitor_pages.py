"""What visitors get without any script: every page in both languages, and refusals that help."""

import base64
import dataclasses
import gzip
import hashlib
import json
import re
from typing import Any

import brotli
import pytest

from tests.routes.conftest import World
from tests.routes.visitor_world import MARKUP, fill_site, linked_data, refresh, replace, words_of
from xr_server.domain.catalog import Landmark
from xr_server.parts import Parts
from xr_server.storage.catalog import Change, Name, withdraw_record

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


@pytest.fixture
def full(world: World) -> World:
    fill_site(world)
    return world


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_in_both_languages_and_says_so(full: World, page: str, language: str) -> None:
    answer = full.visitor().get(f"/{language}/dejima/{page}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}"' in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_a_script_or_style_that_the_content_policy_forbids(full: World, page: str) -> None:
    answer = full.visitor().get(f"/en/dejima/{page}")
    text = answer.text
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        is_data = "application/ld+json" in attributes or "application/json" in attributes
        assert is_data or (body.strip() == "" and 'src="/static/' in attributes)
    assert not re.search(r"\son\w+=|\sstyle=", text)
    (sheet,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"; style-src 'self' 'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_a_language_switch_keeps_the_place_and_names_its_alternates(full: World) -> None:
    text = full.visitor().get("/en/dejima/landmarks/water-gate").text
    assert '<a href="/ja/dejima/landmarks/water-gate" lang="ja" hreflang="ja"' in text
    for language in ("ja", "en"):
        address = f"http://localhost/{language}/dejima/landmarks/water-gate"
        assert f'<link rel="alternate" hreflang="{language}" href="{address}">' in text


def test_the_public_address_stands_in_links_for_machines(full: World) -> None:
    parts: Parts = full.app.state.parts
    public = dataclasses.replace(parts.settings, public_url="https://dejima.example")
    full.app.state.parts = dataclasses.replace(parts, settings=public)
    text = full.visitor().get("/en/dejima/").text
    assert '<link rel="canonical" href="https://dejima.example/en/dejima/">' in text
    assert linked_data(text)[0]["url"] == "https://dejima.example/en/dejima/"


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("ja,en;q=0.8", "", "ja"),
        ("en-GB", "", "en"),
        ("fr-FR,fr;q=0.9", "", "en"),
        ("*", "", "ja"),
        ("", "", "ja"),
        ("ja", "en", "en"),
        ("ja", "xx", "ja"),
        ("ko;q=0.2, en;q=0.7, fr", "", "en"),
    ],
)
def test_the_first_address_leads_to_the_site_in_the_visitors_language(
    full: World, header: str, cookie: str, language: str
) -> None:
    client = full.visitor()
    if cookie:
        client.cookies.set("lang", cookie)
    answer = client.get("/", headers={"Accept-Language": header}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/{language}/dejima/")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "code", "help"),
    [
        ("/en/decima/", "site_unknown", "No place of this name is published"),
        ("/tlh/dejima/", "language_unknown", "There is no page in this language yet"),
        ("/en/dejima/landmarks/jail", "landmark_unknown", "There is no landmark of this name"),
        ("/en/dejima/experiences/none", "experience_unknown", "This is not shown here"),
        ("/en/dejima/xr/none", "experience_unknown", "This is not shown here"),
        ("/en/dejima/nothing/here/at/all", "not_found", "There is no page at this address"),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence_and_a_way_on(
    full: World, path: str, code: str, help: str
) -> None:
    answer = full.visitor().get(path)
    assert answer.status_code == 404
    assert help in words_of(answer.text)
    assert code in answer.text
    home = "/en/dejima/" if code in {"landmark_unknown", "experience_unknown"} else "/en/"
    home = home if path.startswith("/en/") else "/"  # the way on keeps the language
    assert f'<a class="primary" href="{home}">' in answer.text


def test_a_program_that_asks_for_a_page_that_is_not_there_gets_problem_details(full: World) -> None:
    answer = full.visitor().get("/en/dejima/landmarks/jail", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "landmark_unknown"


def test_before_anything_is_published_the_first_address_says_so(world: World) -> None:
    withdraw_record(world.catalog, Name("dejima", "site", "dejima"), 1, Change(world.clock()))
    refresh(world)
    answer = world.visitor().get("/")
    assert answer.status_code == 503
    assert "dejima import" in answer.text


def test_map_and_list_carry_the_same_numbers_and_names(full: World) -> None:
    text = full.visitor().get("/en/dejima/").text
    on_map = re.findall(r'class="mark[^>]*aria-label="(\d+) ([^"]+)"', text)
    in_list = re.findall(r'<li value="(\d+)"><a[^>]*><span[^>]*>\d+</span><span class="name">([^<]+)</span>', text)
    assert on_map == in_list == [("1", "Water Gate")]


def test_a_landmark_without_a_place_is_told_as_such_and_not_drawn(full: World) -> None:
    text = full.visitor().get("/en/dejima/").text
    assert "Known, but not located" in text
    assert 'data-landmark="lelie" aria-label' not in text
    assert "We do not know where it stood." in full.visitor().get("/en/dejima/landmarks/lelie").text


def test_the_credit_of_the_map_data_stands_on_every_page_that_shows_it(full: World) -> None:
    for page in ("", "landmarks/water-gate"):
        text = full.visitor().get(f"/en/dejima/{page}").text
        caption = text[text.index("<figcaption>") : text.index("</figcaption>")]
        assert "© OpenStreetMap contributors (ODbL-1.0)" in words_of(caption)
    assert "ODbL-1.0, placed from documents" in text


def test_the_years_say_where_sources_differ(full: World) -> None:
    words = words_of(full.visitor().get("/en/dejima/").text)
    assert "1636 completed" in words
    assert "1699 gate built sources differ" in words


def test_texts_of_records_are_escaped_everywhere(full: World) -> None:
    text = full.visitor().get("/en/dejima/landmarks/water-gate").text
    assert "<b>cargo</b>" not in text
    assert MARKUP in words_of(text)
    assert linked_data(text)[0]["description"] == MARKUP


def test_an_experience_tells_its_points_its_grounds_and_that_it_is_not_surveyed(full: World) -> None:
    words = words_of(full.visitor().get("/en/dejima/experiences/day").text)
    for sentence in (
        "Roof Round and flat tiles.",
        "estimate",
        "not surveyed",
        "±15 m",
        "First.",
        "Second.",
        "a drawing",
    ):
        assert sentence in words
    japanese = words_of(full.visitor().get("/ja/dejima/experiences/day").text)
    for sentence in ("屋根 本瓦葺きです。", "推定", "15メートル", "測量していません", "近くの床"):
        assert sentence in japanese


def test_a_page_is_sent_once_and_then_answered_by_its_tag(full: World) -> None:
    client = full.visitor()
    first = client.get("/en/dejima/", headers={"Accept-Encoding": "identity"})
    again = client.get("/en/dejima/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"].startswith("public, max-age=")


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_page_travels_compressed_and_says_the_same(full: World, encoding: str, unpack: Any) -> None:
    client = full.visitor()
    plain = client.get("/ja/dejima/", headers={"Accept-Encoding": "identity"})
    with client.stream("GET", "/ja/dejima/", headers={"Accept-Encoding": encoding}) as answer:
        assert answer.headers["content-encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["vary"]
        packed = b"".join(answer.iter_raw())
    assert unpack(packed) == plain.content
    assert len(packed) < len(plain.content) / 2


def test_a_new_revision_is_on_the_page_at_once(full: World) -> None:
    client = full.visitor()
    before = client.get("/en/dejima/landmarks/lelie")
    body = Landmark(id="lelie", name={"ja": "イ蔵", "en": "Warehouse Lelie"}, category="lost", status="lost")
    replace(full, body, "landmark")
    refresh(full)
    after = client.get("/en/dejima/landmarks/lelie")
    assert "Warehouse Lelie" in after.text
    assert after.headers["etag"] != before.headers["etag"]


def test_pages_carry_their_scripts_sentences_in_the_pages_language(full: World) -> None:
    for language, word in (("ja", "現在地を使う"), ("en", "Use my position")):
        text = full.visitor().get(f"/{language}/dejima/").text
        block = re.search(r'<script type="application/json" id="texts">(.*?)</script>', text, re.DOTALL)
        assert block is not None
        assert json.loads(block[1])["walk_use"] == word
