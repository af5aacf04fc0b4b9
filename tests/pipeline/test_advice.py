import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from asset_pipeline.report.advice import (
    LANGUAGES,
    Advice,
    list_codes,
    load_words,
    name_values,
    say_advice,
    say_bytes,
    say_length,
    say_warning,
    say_warnings,
)
from asset_pipeline.scan import warn

PIPELINE = Path(__file__).parent.parent.parent / "asset_pipeline"
SPEAKERS = {"warn", "count_warning", "ScanWarning"}
SOUND = re.compile(r"[.。)）？?]$|\{(names|lon:\.7f)\}$")


def spoken(source: str) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Codes of the warnings a source gives, with the values named for each; None where these cannot be seen."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in SPEAKERS or not node.args:
            continue
        code = node.args[0]
        if not isinstance(code, ast.Constant):
            continue
        names = frozenset(str(keyword.arg) for keyword in node.keywords)
        match node.func.id:  # type: ignore[attr-defined]
            case "warn":
                yield str(code.value), names
            case "count_warning":
                yield str(code.value), frozenset({"count"})
            case _:
                yield str(code.value), None


def all_spoken() -> list[tuple[str, str, frozenset[str] | None]]:
    return [
        (path.name, code, names)
        for path in sorted(PIPELINE.rglob("*.py"))
        for code, names in spoken(path.read_text(encoding="utf-8"))
    ]


def test_every_warning_the_pipeline_gives_can_be_said_in_both_languages_with_its_values() -> None:
    found = all_spoken()
    assert len({code for _, code, _ in found}) > 30
    known = list_codes("ja") & list_codes("en")
    assert [(file, code) for file, code, _ in found if code not in known] == []
    unfit = [(file, code) for file, code, names in found if (names or frozenset()) != name_values(code)]
    assert unfit == []


def test_the_search_for_warnings_finds_them_in_every_form() -> None:
    source = "warn('a', count=1)\ncount_warning('b', 3)\nScanWarning('c', 'text')\nother('d')\nwarn(code, x=1)"
    assert list(spoken(source)) == [("a", frozenset({"count"})), ("b", frozenset({"count"})), ("c", None)]


def test_both_languages_know_the_same_codes_and_words() -> None:
    assert list_codes("ja") == list_codes("en")
    for area in ("words", "report"):
        assert load_words("ja", area).keys() == load_words("en", area).keys()
    for words in ("views", "levels"):
        assert load_words("ja", "report")[words].keys() == load_words("en", "report")[words].keys()
    assert len(load_words("ja", "report")["columns"]) == len(load_words("en", "report")["columns"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_whole_and_calm(language: str) -> None:
    for code, parts in load_words(language, "advice").items():
        assert set(parts) <= {"found", "do", "do_page"} and parts["found"], code
        for sentence in (text for name, text in parts.items() if text or name != "do_page"):
            assert SOUND.search(sentence), (code, sentence)
            assert "!" not in sentence and "！" not in sentence


def test_a_warning_says_its_values_as_people_read_them() -> None:
    holes = {"count": 1200, "largest_m": 0.25}
    assert say_advice("holes", holes, "en").found == "The surface has 1,200 holes; the largest is 25.0 cm across."
    assert (
        "1,200 か所" in say_advice("holes", holes, "ja").found
        and "25.0センチ" in say_advice("holes", holes, "ja").found
    )
    assert warn("texture_missing", share=0.093).text.startswith("9 % of the surface has no picture")
    assert "not sure" in warn("up_guessed", up="y", sure=False).text


def test_a_warning_without_words_or_without_a_value_cannot_be_given() -> None:
    with pytest.raises(KeyError):
        warn("never_heard_of")
    with pytest.raises(KeyError):
        warn("holes", count=3)


def test_a_report_of_another_version_keeps_its_own_words() -> None:
    assert say_warning({"code": "new_in_2030", "text": "Something."}, "ja") == Advice("Something.")
    assert say_warning({"code": "holes", "text": "3 holes."}, "ja") == Advice("3 holes.")
    assert say_warning({"code": "picture_dark", "text": "Dark."}, "ja").found == "色がとても暗いです。"


def test_each_warning_is_said_once_in_its_order() -> None:
    dark = {"code": "picture_dark", "text": ""}
    said = say_warnings([dark, {"code": "picture_blurred", "text": ""}, dark], "en")
    assert [advice.found.split()[-1] for advice in said] == ["dark.", "much."]


@pytest.mark.parametrize(
    ("metres", "ja", "en"),
    [
        (0.00004, "0.1ミリ未満", "< 0.1 mm"),
        (0.0031, "3.1ミリ", "3.1 mm"),
        (0.25, "25.0センチ", "25.0 cm"),
        (23.82, "23.8メートル", "23.8 m"),
        (40_000, "40.0キロメートル", "40.0 km"),
    ],
)
def test_lengths_are_said_in_the_unit_one_would_choose(metres: float, ja: str, en: str) -> None:
    assert (say_length(metres, "ja"), say_length(metres, "en")) == (ja, en)


def test_sizes_of_files_are_said_shortly() -> None:
    assert [say_bytes(count) for count in (300, 85_400, 400_000, 12_300_000)] == ["1 kB", "85 kB", "0.4 MB", "12 MB"]


def test_pages_never_ask_for_options_of_a_command() -> None:
    values = dict.fromkeys(("size_m", "height_m", "texel_m", "share", "cell", "largest_m"), 1.0)
    for language in LANGUAGES:
        for code in list_codes(language):
            given = {
                **dict.fromkeys(name_values(code), 1),
                **{k: v for k, v in values.items() if k in name_values(code)},
            }
            terminal, page = (say_advice(code, given, language, on_page) for on_page in (False, True))
            assert "--" not in page.text and page.found == terminal.found
            assert terminal.to_do or not page.to_do


def test_what_needs_doing_comes_first() -> None:
    warnings = [
        {"code": code, "text": "", "values": {"count": 3, "largest_m": 0.2}}
        for code in ("points_unused", "holes", "holes")
    ]
    first, second = say_warnings(warnings, "en")
    assert first.to_do and not second.to_do
