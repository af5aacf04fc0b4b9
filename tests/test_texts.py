"""The words visitors read, interface and content: the same in every language, whole, in the right script, with readings."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from xr_server.domain.languages import NAMES
from xr_server.domain.ruby import KANA, KANJI, find_bare_kanji, plain
from xr_server.routes.reviewed import STAFF_AREAS

ROOT = Path(__file__).resolve().parents[1]
INTERFACE = ROOT / "xr_server" / "texts"
CONTENT = ROOT / "content" / "dejima" / "texts"
AREAS = sorted(path.stem for path in (INTERFACE / "ja").glob("*.json") if f"{path.stem}." not in STAFF_AREAS)
# national encodings hold the characters of one script alone
ENCODINGS = {"zh-Hans": "gb2312", "zh-Hant": "big5", "ja": "cp932", "ja-x-easy": "cp932", "ko": "cp949"}
EVERYWHERE = "©–“”‘’±栃埼潟"  # signs that some of those encodings lack, and names of prefectures


def leaves(tree: Any, path: tuple[str, ...] = ()) -> dict[str, str]:
    if not isinstance(tree, dict):
        return {".".join(path): tree}
    return {name: text for key, value in tree.items() for name, text in leaves(value, (*path, key)).items()}


def read_area(language: str, area: str) -> dict[str, str]:
    path = INTERFACE / language / f"{area}.json"
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"
    return leaves(json.loads(path.read_text(encoding="utf-8")))


def all_texts(language: str) -> dict[str, str]:
    texts = {f"{area}.{key}": text for area in AREAS for key, text in read_area(language, area).items()}
    return texts | leaves(json.loads((CONTENT / f"{language}.json").read_text(encoding="utf-8")))


def places(text: str) -> list[str]:
    """The names of the gaps of a sentence; readings are none."""
    return sorted(re.findall(r"\{(\w+)\}", text))


TEXTS = {language: all_texts(language) for language in NAMES}


def test_the_areas_of_visitors_are_found() -> None:
    assert {"visitor", "errors"} <= set(AREAS)
    assert len(TEXTS["en"]) > 350


@pytest.mark.parametrize("language", NAMES)
def test_every_language_says_everything_and_nothing_else(language: str) -> None:
    missing, extra = set(TEXTS["en"]) - set(TEXTS[language]), set(TEXTS[language]) - set(TEXTS["en"])
    assert (sorted(missing), sorted(extra)) == ([], [])


@pytest.mark.parametrize("language", NAMES)
def test_every_sentence_has_the_same_gaps(language: str) -> None:
    wrong = [key for key, text in TEXTS[language].items() if places(text) != places(TEXTS["en"][key])]
    assert wrong == []


SIZE = re.compile(r"\s?[(（]\{size\}[)）]$")  # a button may say how much it loads
# words of browsers and phones, which are not ours
FOREIGN = {"AA", "Allow", "Camera", "Clear site data", "Location", "Permissions", "Website Settings"}


def buttons_named(sentence: str) -> list[tuple[str, list[str]]]:
    """The quoted words of an English sentence, each with the keys of the texts that say just that."""
    quoted = [words for words in re.findall("“([^”]+)”", sentence) if not re.fullmatch(r"\{\w+\}", words)]
    return [(words, [key for key, text in TEXTS["en"].items() if SIZE.sub("", text) == words]) for words in quoted]


def test_a_button_that_a_sentence_names_exists() -> None:
    named = {words for text in TEXTS["en"].values() for words, keys in buttons_named(text) if not keys}
    assert named - FOREIGN == set()


@pytest.mark.parametrize("language", NAMES)
def test_a_sentence_calls_a_button_by_its_name(language: str) -> None:
    texts = TEXTS[language]
    wrong = [
        (key, words)
        for key, english in TEXTS["en"].items()
        for words, keys in buttons_named(english)
        if keys and not any(SIZE.sub("", texts[button]) in texts[key] for button in keys)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", NAMES)
def test_no_text_is_empty_shouts_or_trails(language: str) -> None:
    wrong = [
        key for key, text in TEXTS[language].items() if not text or text != text.strip() or re.search("[!！]", text)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", NAMES)
def test_the_calendar_has_all_its_names(language: str) -> None:
    counts = {kind: len(TEXTS[language][f"visitor.ui.{kind}"].split(" ")) for kind in ("weekdays", "months", "days")}
    assert counts == {"weekdays": 7, "months": 12, "days": 31}


@pytest.mark.parametrize("language", ENCODINGS)
def test_no_character_of_another_script_has_slipped_in(language: str) -> None:
    wrong = {
        char
        for text in TEXTS[language].values()
        for char in text
        if char not in EVERYWHERE and not fits(char, language)
    }
    assert sorted(wrong) == []


def fits(char: str, language: str) -> bool:
    try:
        char.encode(ENCODINGS[language])
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(("language", "char"), [("zh-Hans", "島"), ("zh-Hant", "岛"), ("ja", "岛"), ("ko", "岛")])
def test_a_character_of_another_script_would_be_seen(language: str, char: str) -> None:
    assert not fits(char, language)


def test_plain_japanese_has_a_reading_over_all_its_kanji() -> None:
    bare = {key: found for key, text in TEXTS["ja-x-easy"].items() if (found := find_bare_kanji(text))}
    assert bare == {}


def test_readings_are_spelt_right_and_only_plain_japanese_has_them() -> None:
    assert [key for key, text in TEXTS["ja-x-easy"].items() if "|" in plain(text)] == []
    for language, texts in TEXTS.items():
        marked = [key for key, text in texts.items() if plain(text) != text]
        assert bool(marked) == (language == "ja-x-easy"), language
    kana_only = re.compile(rf"\{{[^|}}]*[{KANJI}][^|}}]*\|[{KANA}]+\}}")
    texts = TEXTS["ja-x-easy"].values()
    assert sum(len(kana_only.findall(text)) for text in texts) == sum(text.count("|") for text in texts)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "ko", "nl", "en"])
def test_no_kana_are_left_in_another_language(language: str) -> None:
    wrong = [key for key, text in TEXTS[language].items() if re.search(f"[{KANA}]", text)]
    assert wrong == []


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "ko", "nl", "ja"])
def test_no_english_sentence_is_left(language: str) -> None:
    same = [
        key
        for key, text in TEXTS[language].items()
        if text == TEXTS["en"][key] and len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", text))) > 2
    ]
    assert same == []
