"""Readings over kanji: ruby where there is room for it, the bare word elsewhere, and never a way in for markup."""

import pytest

from xr_server.domain.ruby import dress_page, dress_text, find_bare_kanji, plain

RUBY = "<ruby>{}<rp>（</rp><rt>{}</rt><rp>）</rp></ruby>"


def test_running_text_gets_its_readings_in_one_span() -> None:
    text = "<p>{出島|でじま}の{地図|ちず}</p>"
    expected = f'<p><span class="read">{RUBY.format("出島", "でじま")}の{RUBY.format("地図", "ちず")}</span></p>'
    assert dress_page(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '<img alt="{地図|ちず}">',
        "<title>{地図|ちず}</title>",
        "<option>{地図|ちず}</option>",
        '<script type="application/ld+json">{"name":"{地図|ちず}"}</script>',
        "<svg><text>{地図|ちず}</text></svg>",
    ],
)
def test_where_no_ruby_can_be_the_word_stands_alone(text: str) -> None:
    assert dress_page(text) == plain(text) == text.replace("{地図|ちず}", "地図")


def test_the_sentences_for_the_script_stay_as_they_are() -> None:
    text = '<script type="application/json" id="texts">{"a":"{地図|ちず}"}</script>'
    assert dress_page(text) == text


@pytest.mark.parametrize(
    "text", ["{<b>|かんじ}", "{漢字|<i>}", "{漢字|&quot;}", "{漢字}", "{|かんじ}", "{name}", "{a|b}"]
)
def test_nothing_but_letters_of_japanese_becomes_ruby(text: str) -> None:
    assert "<ruby>" not in dress_page(f"<p>{text}</p>")


def test_a_text_without_readings_is_left_alone() -> None:
    assert dress_page("<p>出島</p>") == "<p>出島</p>"


def test_kanji_without_a_reading_are_found() -> None:
    assert find_bare_kanji("{出島|でじま}は島です。{7日|なのか}に来た人々") == ["島", "来", "人々"]


def test_a_sentence_is_dressed_and_what_was_typed_into_it_stays_text():
    assert dress_text("{先生|せんせい}が見ます。") == (
        '<span class="read"><ruby>先生<rp>（</rp><rt>せんせい</rt><rp>）</rp></ruby>が見ます。</span>'
    )
    assert dress_text("<b>&") == "&lt;b&gt;&amp;"
