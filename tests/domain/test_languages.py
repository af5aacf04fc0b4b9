"""Which language a browser gets, and how languages are named to software."""

import pytest

from xr_server.domain.fields import LANGUAGES
from xr_server.domain.languages import NAMES, html_tag, negotiate


def test_every_language_has_a_name_of_its_own() -> None:
    assert tuple(NAMES) == LANGUAGES
    assert len(set(NAMES.values())) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-MO", "zh-Hant"),
        ("yue", "zh-Hant"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("cmn-Hans-CN", "zh-Hans"),
        ("ko-KR,ko;q=0.9", "ko"),
        ("nl-BE", "nl"),
        ("en-AU", "en"),
        ("ja-x-easy, ja;q=0.5", "ja-x-easy"),
        ("fr-FR,fr;q=0.9,nl;q=0.3", "nl"),
        ("en;q=0.2, ko;q=0.9", "ko"),
        ("ko;q=0, en;q=0.1", "en"),
        ("en;q=much, nl", "nl"),
        ("fr", None),
        ("*", None),
        ("", None),
        (";;q=,,", None),
    ],
)
def test_a_browser_gets_the_language_it_likes_best(accepted: str, language: str | None) -> None:
    assert negotiate(accepted, LANGUAGES) == language


def test_a_chinese_reader_gets_the_other_script_before_what_was_not_asked_for() -> None:
    assert negotiate("zh-TW,en;q=0.8", ["ja", "en", "zh-Hans"]) == "en"
    assert negotiate("zh-TW", ["ja", "en", "zh-Hans"]) == "zh-Hans"


@pytest.mark.parametrize("language", LANGUAGES)
def test_software_is_told_a_tag_whose_voice_it_has(language: str) -> None:
    assert html_tag(language) == ("ja" if language.startswith("ja") else language)
