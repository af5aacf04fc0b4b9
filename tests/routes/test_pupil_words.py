"""What pupils read in the studio: simpler sentences, with readings over kanji, and nothing that is for others."""

import re

import pytest
from sqlalchemy import select

from tests.routes.forms import attach, submit
from tests.routes.test_classes import join, make_code
from xr_server.domain.ruby import find_bare_kanji
from xr_server.routes.pages import PAGE_LANGUAGES, load_own_texts
from xr_server.storage.tables.people import account

SIMPLE = {language: load_own_texts(language) for language in PAGE_LANGUAGES}


def keys_of(language):
    return {key.removeprefix("pupil.") for key in SIMPLE[language] if key.startswith("pupil.")}


def gaps(sentence):
    return set(re.findall(r"\{([a-z_]+)\}", sentence))


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_simple_sentence_stands_for_a_usual_one_and_is_not_longer(language):
    texts = SIMPLE[language]
    assert keys_of("ja") == keys_of("en")
    for key in keys_of(language):
        assert gaps(texts[f"pupil.{key}"]) <= gaps(texts[key]), key
    plain = [re.sub(r"\{([^|{}]+)\|[^}]+\}", r"\1", texts[f"pupil.{key}"]) for key in sorted(keys_of(language))]
    usual = [texts[key] for key in sorted(keys_of(language))]
    assert sum(map(len, plain)) < sum(map(len, usual))


def test_readings_stand_over_all_kanji_of_a_sentence_that_has_any():
    for key in keys_of("ja"):
        sentence = SIMPLE["ja"][f"pupil.{key}"]
        if "|" in sentence:
            assert find_bare_kanji(sentence) == [], key


@pytest.fixture
def child(world):
    """A pupil's browser in Japanese, and the pen name."""
    mori = world.sign_in("mori")
    made = submit(mori, mori.get("/desk/classes").text, "/desk/classes", name="5-2", school="")
    return join(world, make_code(mori, made.headers["location"].partition("?")[0]), language="ja")


def test_a_pupil_reads_simple_words_with_readings_and_others_the_usual_ones(world, child, kana):
    browser, _ = child
    page = browser.get("/studio/upload").text
    assert "<ruby>先生<rp>（</rp><rt>せんせい</rt><rp>）</rp></ruby>とあなたのほかには" in page
    assert "{先生|" not in page and "&lt;ruby" not in page and '="<' not in page
    assert "LAZ" not in re.search(r'id="file-help">(.*?)</p>', page)[1]
    kana.headers["Accept-Language"] = "ja"
    assert "ruby" not in kana.get("/studio/upload").text
    browser.headers["Accept-Language"] = "en"
    assert "Only you and your teacher see it for now." in browser.get("/studio/upload").text


def test_a_pupils_result_says_nothing_of_machines_and_keeps_what_was_typed(world, child):
    browser, name = child
    world.accounts[name] = account_of(world, name)
    scan = world.built_scan(name)
    page = browser.get(f"/studio/scans/{scan.id}").text
    assert (
        "<ruby>見<rp>" in page
        and "記憶域" not in page
        and "{" not in re.sub(r"<script.*?</script>", "", page, flags=re.S)
    )
    attach(browser, scan.id, title_ja="{門|もん}のよこ")
    assert 'value="{門|もん}のよこ"' in browser.get(f"/studio/scans/{scan.id}").text


@pytest.mark.parametrize(
    "path", ["/studio/portfolio", "/studio/permissions", "/desk/", "/desk/classes", "/desk/people"]
)
def test_no_page_that_is_not_theirs_is_in_a_pupils_menu(child, path):
    browser, _ = child
    menu = browser.get("/studio/").text.partition("</header>")[0]
    assert f'href="{path}"' not in menu and 'href="/studio/"' in menu
    assert browser.get(path).status_code == 403


def account_of(world, name):
    with world.catalog.connect() as connection:
        return connection.execute(select(account.c.id).where(account.c.name == name)).scalar_one()
