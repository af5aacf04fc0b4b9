"""Warnings in plain words: for each stable code what was found and what to do, in Japanese and English.

The sentences are in texts/; their places name values of the warning, such as {count:count} or {size_m:length}. Standard
library only, so that pages can say them without the 3D libraries.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

TEXTS_DIR = Path(__file__).parents[1] / "texts"
LANGUAGES = ("ja", "en")
Values = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class Advice:
    """What was found, and what to do about it; empty where there is nothing to do."""

    found: str
    to_do: str = ""

    @property
    def text(self) -> str:
        """Both as one text."""
        return f"{self.found} {self.to_do}".strip()


@cache
def load_words(language: str, area: str) -> Mapping[str, Any]:
    """The texts of an area (`advice`, `report`) in Japanese or English."""
    words: Mapping[str, Any] = json.loads((TEXTS_DIR / f"{language}.json").read_text(encoding="utf-8"))[area]
    return words


def list_codes(language: str) -> frozenset[str]:
    """Every warning code that has a sentence."""
    return frozenset(load_words(language, "advice"))


def name_values(code: str) -> frozenset[str]:
    """The values that the sentences of a code name."""
    return frozenset(
        name
        for language in LANGUAGES
        for sentence in load_words(language, "advice")[code].values()
        for _, name, _, _ in Formatter().parse(sentence)
        if name
    )


def say_advice(code: str, values: Values, language: str, on_page: bool = False) -> Advice:
    """The sentences of a code in a language; on_page: for those who have a form before them and no terminal.

    Raises KeyError for an unknown code or a value that is missing.
    """
    words = load_words(language, "advice")[code]
    formatter = _Formatter(language)
    to_do = words.get("do", "")
    to_do = words.get("do_page", to_do) if on_page else to_do
    return Advice(*(formatter.vformat(part, (), values) for part in (words["found"], to_do)))


def say_warning(warning: Mapping[str, Any], language: str, on_page: bool = False) -> Advice:
    """A warning of a report in a language; one of another version of the pipeline keeps the words it came with."""
    code, values = warning["code"], warning.get("values", {})
    if code not in list_codes(language) or not name_values(code) <= values.keys():
        return Advice(warning["text"])
    return say_advice(code, values, language, on_page)


def say_warnings(warnings: list[Mapping[str, Any]], language: str, on_page: bool = False) -> list[Advice]:
    """The warnings of a report in a language, each once: those to do something about first, else in order."""
    said = dict.fromkeys(say_warning(warning, language, on_page) for warning in warnings)
    return sorted(said, key=lambda item: not item.to_do)


def say_length(metres: float, language: str) -> str:
    """A length as people read it: millimetres below a centimetre, centimetres below a metre, kilometres from 1000 m on."""
    units = {"ja": ("ミリ", "センチ", "メートル", "キロメートル"), "en": (" mm", " cm", " m", " km")}
    mm, cm, m, km = units["ja" if language == "ja" else "en"]
    if metres < 0.0001:
        return f"0.1{mm}未満" if language == "ja" else f"< 0.1{mm}"
    if metres < 0.01:
        return f"{metres * 1000:.1f}{mm}"
    if metres < 1:
        return f"{metres * 100:.1f}{cm}"
    return f"{metres:.1f}{m}" if metres < 1000 else f"{metres / 1000:.1f}{km}"


def say_bytes(count: int) -> str:
    """A file size as people read it: 8 kB, 0.4 MB, 12 MB."""
    if count < 100_000:
        return f"{max(1, round(count / 1000))} kB"
    megabytes = count / 1_000_000
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


class _Formatter(Formatter):
    """Fills sentences; the part after the colon says how people read the value."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """One value as text."""
        if format_spec == "length":
            return say_length(float(value), self._language)
        if format_spec == "count":
            return f"{int(value):,}"
        if format_spec == "share":
            return _say_share(float(value))
        if format_spec == "sure":
            return str(load_words(self._language, "words")["sure" if value else "unsure"])
        return str(format(value, format_spec))


def _say_share(share: float) -> str:
    percent = share * 100
    return f"{percent:.1f} %" if percent < 3 else f"{percent:.0f} %"
