"""Captions typed and sent: times once, words in every language, and the line named where something is amiss."""

import pytest

from xr_server.domain.captions import LONGEST_LINE, make_cues, read_typed, read_vtt, type_cues
from xr_server.domain.media import Cue
from xr_server.errors import Invalid

VTT = """\ufeffWEBVTT - of a bell

STYLE
::cue { color: red }

NOTE nobody reads this

1
00:00.000 --> 00:02.500 line:0 align:start
<v.loud Kana>Waves &amp; <i>wind</i>
from the bay

00:00:03.000 --> 01:00:08.250
<c.big>Dong</c>
"""

MANY = "WEBVTT\n\n" + "\n\n".join(
    f"{n // 60:02d}:{n % 60:02d}.000 --> {n // 60:02d}:{n % 60:02d}.500\nx" for n in range(301)
)


def refused(read: object, text: str) -> Invalid:
    with pytest.raises(Invalid) as found:
        read(text)  # type: ignore[operator]
    return found.value


def test_a_webvtt_file_gives_words_and_times_without_marks():
    found = read_vtt(VTT)
    assert [(line.number, line.start_s, line.end_s, line.words) for line in found] == [
        (9, 0.0, 2.5, "Kana: Waves & wind\nfrom the bay"),
        (13, 3.0, 3608.25, "Dong"),
    ]
    assert read_vtt(VTT.replace("\n", "\r\n")) == found


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nSRT", "captions_no_vtt", 1),
        ("WEBVTT\n\n5 --> 6\nx", "captions_time", 3),
        ("WEBVTT\n\n00:00.000 --> 00:61.000\nx", "captions_time", 3),
        ("WEBVTT\n\n00:05.000 --> 00:04.000\nx", "captions_reversed", 3),
        ("WEBVTT\n\n00:00.000 --> 00:04.000\nx\n\n00:03.000 --> 00:05.000\ny", "captions_order", 6),
        ("WEBVTT\n\n00:00.000 --> 00:04.000\n" + "x" * (LONGEST_LINE + 1), "captions_long", 3),
        ("WEBVTT\n\n00:00.000 --> 00:04.000\n\ufffd\ufffd", "captions_letters", 4),
        (MANY, "captions_many", 903),
    ],
)
def test_a_slip_in_a_file_is_named_by_its_line(text, code, line):
    error = refused(read_vtt, text)
    assert (error.code, error.values["line"]) == (code, str(line))
    assert f"Line {line} " in error.text


def test_lines_are_typed_as_people_write_them():
    found = read_typed("\n0:00-0:02.5 波 / 風\n 0:03 〜 0:08  ゴーン\n1:02:00 --> 1:02:03,5 End\n")
    assert [(line.number, line.start_s, line.end_s, line.words) for line in found] == [
        (2, 0.0, 2.5, "波\n風"),
        (3, 3.0, 8.0, "ゴーン"),
        (4, 3720.0, 3723.5, "End"),
    ]
    assert [(line.start_s, line.words) for line in read_typed("(A bell)")] == [(None, "(A bell)")]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("0:00 bell", "captions_typed", 1),
        ("0:00-0:01 bell\n0:02-0:01 bell", "captions_reversed", 2),
        ("0:00-0:99 bell", "captions_time", 1),
    ],
)
def test_a_slip_in_typed_lines_is_named_by_its_line(text, code, line):
    error = refused(read_typed, text)
    assert (error.code, error.values["line"]) == (code, str(line))


def test_one_language_says_when_and_the_others_follow():
    written = {"ja": read_typed("0:00-0:01 鐘\n0:01-0:02 波"), "en": read_typed("Bell\nWaves"), "nl": []}
    assert [(cue.id, cue.start_s, cue.end_s, cue.text) for cue in make_cues(written, 2.0, [])] == [
        ("cue-1", 0.0, 1.0, {"ja": "鐘", "en": "Bell"}),
        ("cue-2", 1.0, 2.0, {"ja": "波", "en": "Waves"}),
    ]


def test_a_single_line_without_times_holds_for_the_whole_sound():
    (cue,) = make_cues({"ja": [], "en": read_typed("(A bell)")}, 7.25, [])
    assert (cue.start_s, cue.end_s, cue.text) == (0.0, 7.25, {"en": "(A bell)"})


@pytest.mark.parametrize(
    ("ja", "en", "code", "line", "language"),
    [
        ("0:00-0:01 鐘", "0:00-0:02 Bell", "captions_differ", 1, "en"),
        ("0:00-0:01 鐘", "Bell\nWaves", "captions_count", 2, "en"),
        ("0:00-0:01 鐘\n0:01-0:02 波", "Bell", "captions_count", 1, "en"),
        ("鐘\n波", "", "captions_untimed", 1, "ja"),
        ("0:00-0:09 鐘", "", "captions_late", 1, "ja"),
        ("0:00-0:01\n0:01-0:02 波", "", "captions_empty", 1, "ja"),
    ],
)
def test_languages_that_do_not_fit_together_are_told_apart(ja, en, code, line, language):
    with pytest.raises(Invalid) as found:
        make_cues({"ja": read_typed(ja), "en": read_typed(en)}, 3.0, [])
    assert (found.value.code, found.value.values["line"], found.value.values["tongue"]) == (code, str(line), language)


def test_cues_keep_their_names_and_the_words_of_languages_the_form_does_not_show():
    before = [Cue(id="ring", start_s=0.0, end_s=1.0, text={"ja": "鐘", "ko": "종"})]
    written = {"ja": read_typed("0:00-0:01 大きな鐘\n0:01-0:02 波"), "en": []}
    first, second = make_cues(written, 2.0, before)
    assert (first.id, first.text) == ("ring", {"ja": "大きな鐘", "ko": "종"})
    assert second.id == "cue-2"


def test_what_the_form_shows_reads_back_the_same():
    cues = [
        Cue(id="a", start_s=0.0, end_s=2.5, text={"ja": "波\n風", "en": "Waves"}),
        Cue(id="b", start_s=61.025, end_s=3725.0, text={"ja": "鐘"}),
    ]
    written = {language: read_typed(type_cues(cues, language)) for language in ("ja", "en", "nl")}
    assert type_cues(cues, "nl") == ""
    assert make_cues(written, 4000.0, cues) == cues
