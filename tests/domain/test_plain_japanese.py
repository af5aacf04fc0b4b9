"""Advice on plain Japanese: what is hard is found, and what only looks so is left alone."""

import json
from pathlib import Path

import pytest

from xr_server.domain.plain_japanese import ERAS, advise

TEXTS = Path(__file__).resolve().parents[2] / "content" / "dejima" / "texts"


def codes(text: str, language: str = "ja") -> list[str]:
    return [advice.code for advice in advise(text, language)]


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("寛永11年に始まった。", "1634"),
        ("寛永十一年に始まった。", "1634"),
        ("明治元年のことです。", "1868"),
        ("安政六年のことです。", "1859"),
        ("文化５年のことです。", "1808"),
        ("{寛永|かんえい}13{年|ねん}です。", "1636"),
        ("昭和二十年です。", "1945"),
    ],
)
def test_an_era_year_alone_wants_the_western_one(text: str, year: str) -> None:
    found = [advice for advice in advise(text, "ja") if advice.code == "era_year"]
    assert [dict(advice.values)["year"] for advice in found] == [year]


@pytest.mark.parametrize(
    "text",
    [
        "寛永11年（1634年）に",
        "寛永11年（1634）に",
        "1634年（寛永11年）に",
        "寛永１１年(西暦1634年)に",
        "天文学の3年間",
        "文化の日",
    ],
)
def test_an_era_year_with_the_western_one_beside_it_is_fine(text: str) -> None:
    assert codes(text) == []


def test_a_wrong_western_year_is_seen() -> None:
    (found,) = advise("寛永11年（1635年）", "ja")
    assert found.code == "era_differs"
    assert dict(found.values) == {"year": "1634", "stands": "1635"}


def test_eras_follow_one_another() -> None:
    years = list(ERAS.values())
    assert years == sorted(years) and len(set(years)) == len(years)


@pytest.mark.parametrize(
    "text",
    [
        "行けないわけではありません。",
        "見えなくはない。",
        "古くないとは言えません。",
        "驚かずにはいられません。",
        "ないことはない。",
    ],
)
def test_two_negations_are_found(text: str) -> None:
    assert "double_negation" in codes(text)


@pytest.mark.parametrize(
    "text", ["入らないでください。", "なくなりました。", "ここには門がありません。", "行かなければなりません。"]
)
def test_one_negation_is_fine(text: str) -> None:
    assert codes(text) == []


def test_long_sentences_are_found_shorter_ones_in_plain_japanese() -> None:
    sentence = "あ" * 50 + "。"
    assert codes(sentence) == []
    assert codes(sentence, "ja-x-easy") == ["long"]
    assert codes("い" * 71 + "。") == ["long"]
    assert codes(("う" * 60 + "。") * 3) == []  # each by itself
    assert (
        codes("{出島|でじまでじまでじまでじまでじまでじまでじまでじまでじまでじまでじまでじまでじま}。", "ja-x-easy")
        == []
    )


def test_passives_in_a_row_are_found_and_verbs_that_look_alike_are_not() -> None:
    assert codes("門は壊され、運ばれ、また建てられた。") == ["passives"]
    assert codes("水が流れ、花が現れ、人が生まれた。それは別れだった。") == []
    assert "passives" in codes("{使|つか}われて、{運|はこ}ばれた。", "ja-x-easy")
    assert codes("{使|つか}われた。", "ja-x-easy") == []


def test_kanji_without_a_reading_are_named_in_plain_japanese_alone() -> None:
    assert [(a.code, a.piece) for a in advise("{出島|でじま}の門と門", "ja-x-easy")] == [("no_reading", "門")]
    assert codes("出島の門") == []


def test_a_plainer_word_is_offered() -> None:
    (found,) = advise("イベントを見る。", "ja")
    assert dict(found.values)["plainer"] == "催し"
    assert codes("メインイベントではない") == []  # part of a longer word


@pytest.mark.parametrize("language", ["en", "zh-Hans", "ko", "nl"])
def test_other_languages_get_no_advice(language: str) -> None:
    assert advise("寛永11年 " * 100, language) == []


def test_the_texts_of_dejima_in_plain_japanese_have_all_their_readings() -> None:
    texts: list[str] = []

    def gather(tree: object) -> None:
        if isinstance(tree, dict):
            for value in tree.values():
                gather(value)
        else:
            texts.append(str(tree))

    gather(json.loads((TEXTS / "ja-x-easy.json").read_text(encoding="utf-8")))
    assert len(texts) > 100
    assert [text for text in texts if "no_reading" in codes(text, "ja-x-easy")] == []


def test_no_text_takes_long() -> None:
    assert len(advise("寛永11年、" * 2000, "ja")) <= 12
