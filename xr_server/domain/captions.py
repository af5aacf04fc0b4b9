"""Captions as people write them: WebVTT files and typed lines in, cues with the words of every language out. Pure.

A cue has its time once, whatever the languages: one language says when, the others say the same lines in their words.
What is amiss is named by its line. Source: W3C WebVTT, the parser's rules for cues.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from xr_server.domain.media import Cue
from xr_server.errors import Invalid

MOST_CUES = 300
LONGEST_LINE = 300
SLACK_S = 0.5  # so much longer than the sound a caption may be: players differ in where they say it ends
CLOCK = r"(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,3})?)"
TYPED = re.compile(rf"^\s*{CLOCK}\s*(?:-->|-|–|—|〜|~|～)\s*{CLOCK}\s*(.*)$")
TIMES = re.compile(rf"^\s*{CLOCK}\s+-->\s+{CLOCK}(?:\s.*)?$")
VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]*)>")
TAG = re.compile(r"</?[a-z0-9:.][^>]*>", re.IGNORECASE)
BREAK = " / "  # a break within a caption, as it is typed


@dataclass(frozen=True)
class Line:
    """One caption of one language: its line in what was written, its times in seconds (None: not said), its words."""

    number: int
    start_s: float | None
    end_s: float | None
    words: str


def read_vtt(text: str) -> list[Line]:
    """The captions of a WebVTT file; styles, notes, settings and marks go. Raises Invalid with the line."""
    rows = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    spoilt = next((number for number, row in enumerate(rows, 1) if "\ufffd" in row), None)
    if spoilt is not None:
        raise _fault("captions_letters", spoilt, "these letters cannot be read; save the file as UTF-8")
    if not re.match(r"WEBVTT(?:[ \t].*)?$", rows[0]):
        raise _fault("captions_no_vtt", 1, "this is no WebVTT: it must begin with the word WEBVTT")
    found: list[Line] = []
    at = 1
    while at < len(rows):
        if "-->" not in rows[at]:
            at += 1
            continue
        match = TIMES.match(rows[at])
        if match is None:
            raise _fault("captions_time", at + 1, "this is no time such as 00:00:01.000 --> 00:00:04.500")
        number, at = at + 1, at + 1
        words = []
        while at < len(rows) and rows[at].strip() and "-->" not in rows[at]:
            words.append(_bare(rows[at]))
            at += 1
        found.append(Line(number, *_span(match, number), "\n".join(filter(None, words))))
    return _check_lines(found)


def _bare(words: str) -> str:
    """Words without marks; who speaks stays, before a colon."""
    return html.unescape(TAG.sub("", VOICE.sub(r"\1: ", words))).strip()


def read_typed(text: str) -> list[Line]:
    """Captions typed one a line, `0:00-0:03.5 words`, or words alone. Raises Invalid with the line."""
    found = []
    for number, row in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        match = TYPED.match(row)
        if match is not None:
            found.append(Line(number, *_span(match, number), _broken_up(match[7])))
        elif row.strip():
            if re.match(r"^\s*\d{1,2}[:.]\d", row):
                raise _fault("captions_typed", number, "write times as 0:00-0:03.5, then the words")
            found.append(Line(number, None, None, _broken_up(row)))
    return _check_lines(found)


def _broken_up(words: str) -> str:
    return "\n".join(part.strip() for part in words.split(BREAK) if part.strip())


def _span(match: "re.Match[str]", number: int) -> tuple[float, float]:
    start_s, end_s = _seconds(match, 1, number), _seconds(match, 4, number)
    if end_s <= start_s:
        raise _fault("captions_reversed", number, "it ends before it has begun")
    return start_s, end_s


def _seconds(match: "re.Match[str]", first: int, number: int) -> float:
    hours, minutes, seconds = match[first] or "0", match[first + 1], match[first + 2].replace(",", ".")
    if int(minutes) > 59 or float(seconds) >= 60:
        raise _fault("captions_time", number, "an hour has 60 minutes, and a minute 60 seconds")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds), 3)


def _check_lines(lines: list[Line]) -> list[Line]:
    if len(lines) > MOST_CUES:
        raise _fault("captions_many", lines[MOST_CUES].number, f"there are more than {MOST_CUES} captions")
    before_s = 0.0
    for line in lines:
        if len(line.words) > LONGEST_LINE:
            raise _fault("captions_long", line.number, f"at most {LONGEST_LINE} characters can be read in time")
        if line.start_s is not None and line.end_s is not None:
            if line.start_s < before_s:
                raise _fault("captions_order", line.number, "it begins before the one above it has ended")
            before_s = line.end_s
    return lines


def make_cues(written: Mapping[str, Sequence[Line]], duration_s: float, before: Sequence[Cue]) -> list[Cue]:
    """Cues from the captions of several languages; ids of cues at the same times stay. Raises Invalid with language and line.

    A single line without times holds for the whole sound.
    """
    filled = {language: lines for language, lines in written.items() if any(line.words for line in lines)}
    if not filled:
        return []
    spans = _find_spans(filled, duration_s)
    for language, lines in filled.items():
        _check_against(language, lines, spans)
    known = {(cue.start_s, cue.end_s): cue for cue in before}
    taken, cues = {cue.id for cue in before}, []
    for index, span in enumerate(spans):
        text = {language: lines[index].words for language, lines in filled.items() if lines[index].words}
        if not text:
            language, lines = next(iter(filled.items()))
            raise _fault("captions_empty", lines[index].number, "there are no words after the time", language)
        cue = known.get(span) or Cue(id=_free_id(index + 1, taken), start_s=span[0], end_s=span[1], text={})
        taken.add(cue.id)
        elsewhere = {language: words for language, words in cue.text.items() if language not in written}
        cues.append(replace(cue, text=elsewhere | text))
    return cues


def _find_spans(written: Mapping[str, Sequence[Line]], duration_s: float) -> list[tuple[float, float]]:
    """The times, from the first language all of whose lines say them."""
    for language, lines in written.items():
        spans = [(line.start_s, line.end_s) for line in lines if line.start_s is not None and line.end_s is not None]
        if len(spans) == len(lines):
            late = next((line for line in lines if (line.end_s or 0) > duration_s + SLACK_S), None)
            if late is not None:
                raise _fault(
                    "captions_late", late.number, f"the sound ends at {duration_s:.1f} seconds", language, duration_s
                )
            return spans
    language, lines = next(iter(written.items()))
    if len(lines) > 1 or any(len(others) > 1 for others in written.values()):
        untimed = next(line for line in lines if line.start_s is None)
        raise _fault("captions_untimed", untimed.number, "say from when until when, such as 0:00-0:03.5", language)
    return [(0.0, round(duration_s, 3))]


def _check_against(language: str, lines: Sequence[Line], spans: Sequence[tuple[float, float]]) -> None:
    """Refuse captions of a language that are at other times than the others, or more or fewer. Raises Invalid."""
    for line, span in zip(lines, spans, strict=False):
        if line.start_s is not None and (line.start_s, line.end_s) != span:
            raise _fault(
                "captions_differ", line.number, "it stands at another time than in the first language", language
            )
    if len(lines) != len(spans):
        number = lines[len(spans)].number if len(lines) > len(spans) else lines[-1].number
        raise _fault(
            "captions_count",
            number,
            f"there are {len(lines)} captions here and {len(spans)} in the first language",
            language,
        )


def _free_id(number: int, taken: set[str]) -> str:
    while f"cue-{number}" in taken:
        number += 1
    return f"cue-{number}"


def type_cues(cues: Sequence[Cue], language: str) -> str:
    """Cues as the form shows them: one a line, times before the words; empty for a language that has none."""
    if not any(cue.text.get(language) for cue in cues):
        return ""
    rows = [f"{say_clock(cue.start_s)}-{say_clock(cue.end_s)} {_typed(cue.text.get(language, ''))}" for cue in cues]
    return "\n".join(rows)


def _typed(words: str) -> str:
    return BREAK.join(words.split("\n"))


def say_clock(seconds: float) -> str:
    """Seconds as people write them: 0:03.5, 1:02:00."""
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    text = f"{rest / 1000:06.3f}".rstrip("0").rstrip(".")
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def _fault(code: str, number: int, text: str, language: str = "", duration_s: float = 0.0) -> Invalid:
    where = f"Line {number} of the captions" + (f" ({language})" if language else "")
    return Invalid(
        code, f"{where}: {text}.", line=str(number), tongue=language, most=MOST_CUES, longest=LONGEST_LINE,
        duration=f"{duration_s:.1f}",
    )  # fmt: skip
