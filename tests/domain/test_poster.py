"""Where things stand on a poster: no word reaches the code's white, no line is too wide, none begins with a full stop."""

import pytest

from xr_server.domain.poster import (
    CODE_MM,
    CODE_TOP_MM,
    HEIGHT_MM,
    MARGIN_MM,
    NOT_FIRST,
    NOT_LAST,
    QUIET_MODULES,
    WIDTH_MM,
    Words,
    lay_out,
    split_phrases,
)

MODULES = [[True, False] * 14 + [True]] * 29
QUIET_MM = QUIET_MODULES * CODE_MM / 29


def wide(text, size_mm, bold):
    """Half an em for Latin letters, an em for all others."""
    return sum(size_mm * (0.5 if letter < "\u0250" else 1.0) for letter in text)


def lay(title, sentence="", **more):
    words = {
        "language": "ja",
        "site": "出島",
        "place": "水門",
        "scan": "電話のカメラで読み取ってください。",
        "address": "https://dejima.example.jp/c/7K3MPA",
        "distance": "1.1 mまで",
    }
    return lay_out(Words(title=title, sentence=sentence, **{**words, **more}), MODULES, wide)


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("夜", ""),
        ("灯籠の夜を歩く", "江戸時代の出島の門が、この場所に立っていました。電話をかざして見てみましょう。"),
        ("灯" * 60, "昔" * 140),
        ("{灯籠|とうろう}" * 10, "{昔|むかし}の{出島|でじま}を" * 12),
        ("W" * 60, "W" * 140),
        ("Lantern nights on the island of Dejima in Nagasaki, Japan", "See what stood here. " * 7),
    ],
)
def test_words_keep_off_the_edges_and_off_the_white_round_the_code(title, sentence):
    drawn = lay(title, sentence, address="https://a-very-long-name-of-a-site.example.jp/some/where/c/7K3MPA")
    for run in drawn.runs:
        top, bottom = run.y_mm - 0.9 * run.size_mm, run.y_mm + 0.25 * run.size_mm
        assert bottom <= CODE_TOP_MM - QUIET_MM or top >= CODE_TOP_MM + CODE_MM + QUIET_MM - 0.2, run
        assert top > 20 and bottom <= HEIGHT_MM - 8
        assert run.x_mm >= MARGIN_MM - 0.01
        assert run.x_mm + wide(run.text, run.size_mm, run.bold) <= WIDTH_MM - MARGIN_MM + 0.01


def test_the_code_stands_in_the_middle_with_its_white_and_nothing_else_in_it():
    shapes = lay("夜").shapes
    code = [shape for shape in shapes if shape.ink == "black"]
    xs = [x for shape in code for x, _ in shape.points]
    ys = [y for shape in code for _, y in shape.points]
    assert (min(xs), min(ys)) == ((WIDTH_MM - CODE_MM) / 2, CODE_TOP_MM)
    assert max(xs) - min(xs) == pytest.approx(CODE_MM) == pytest.approx(max(ys) - min(ys))
    fan = next(shape for shape in shapes if shape.ink == "vermilion")
    assert max(y for _, y in fan.points) < 26


def test_japanese_is_parted_where_a_phrase_begins_and_a_reading_stands_over_its_word():
    phrases = split_phrases("電話の{カメラ|かめら}で読んでください。アプリはいりません。")
    assert ["".join(letters for letters, _ in phrase) for phrase in phrases] == [
        "電話の",
        "カメラで",
        "読んでください。",
        "アプリはいりません。",
    ]
    drawn = lay("{水門|すいもん}")
    word, over = (next(run for run in drawn.runs if run.text == text) for text in ("水門", "すいもん"))
    assert over.y_mm < word.y_mm and over.size_mm == word.size_mm / 2
    assert over.x_mm + wide(over.text, over.size_mm, True) / 2 == pytest.approx(WIDTH_MM / 2)


@pytest.mark.parametrize("text", ["请用手机相机扫描，无需应用。「没有」账号！" * 6, "あ、い。う「え」お" * 15])
def test_no_line_begins_or_ends_with_what_may_not(text):
    lines = {run.y_mm: run.text for run in lay("夜", text).runs if run.text[:1] in text}
    assert len(lines) > 1
    assert not any(line[0] in NOT_FIRST or line[-1] in NOT_LAST for line in lines.values())
