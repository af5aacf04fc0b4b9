"""Typefaces for paper: the outlines and widths of letters, read from the fonts of the package that carries them.

Noto Sans under the Open Font License, one font for each of Japanese, Korean and both Chinese scripts, since the same
character is written differently there; Latin letters stand in all of them.
"""

import threading
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from xr_server.errors import Unavailable

FONT_PACKAGE = "justmytype_intl_cjk"
REGULAR, BOLD = 400, 700
FONTS = {"ja": "JP", "ja-x-easy": "JP", "zh-Hans": "SC", "zh-Hant": "TC", "ko": "KR"}
USUAL = "JP"
MISSING = "〓"  # what Japanese printers set for a letter they have not got
Command = tuple[str, tuple[float, ...]]
"""A step of an outline: M, L, C or Z, and coordinates in ems, y upwards."""
_one_at_a_time = threading.Lock()  # a font is read from its file as it is asked for letters


class Glyph(NamedTuple):
    """A letter: how far the next one stands, in ems, and its outline, filled by the non-zero rule."""

    advance: float
    outline: tuple[Command, ...]


def font_path(font: str) -> Path:
    """The file of one of the fonts. Raises Unavailable."""
    name = f"NotoSans{font}"
    path = Path(str(files(FONT_PACKAGE))) / "fonts" / "ofl" / name.lower() / f"{name}[wght].ttf"
    if not path.is_file():
        raise Unavailable("fonts_missing", "The fonts for posters are not installed here. Ask an operator to do so.")
    return path


@cache
def _open(font: str) -> tuple[Any, Any, float]:
    """A font, which glyph each letter has, and the size of its unit in ems."""
    from fontTools.ttLib import TTFont

    opened = TTFont(font_path(font), lazy=True)
    return opened, opened.getBestCmap(), 1 / opened["head"].unitsPerEm


@cache
def _glyphs(font: str, bold: bool) -> Any:
    return _open(font)[0].getGlyphSet(location={"wght": BOLD if bold else REGULAR})


def choose_font(letter: str, language: str) -> tuple[str, str]:
    """The font of a language for a letter, else another one that has it; with the letter, or what stands for it."""
    own = FONTS.get(language, USUAL)
    for font in (own, *sorted({*FONTS.values()} - {own})):
        if ord(letter) in _letters(font):
            return font, letter
    return USUAL, MISSING


def _letters(font: str) -> Any:
    with _one_at_a_time:
        return _open(font)[1]


@cache
def glyph(letter: str, language: str, bold: bool) -> Glyph:
    """A letter as a language writes it."""
    font, letter = choose_font(letter, language)
    with _one_at_a_time:
        _, letters, scale = _open(font)
        glyphs = _glyphs(font, bold)
        drawn = glyphs[letters[ord(letter)]]
        return Glyph(drawn.width * scale, _trace(drawn, glyphs, scale))


@cache
def _pen_kind() -> Any:
    """The kind of pen that writes an outline down as moves, lines and cubic curves, in ems."""
    from fontTools.pens.basePen import BasePen

    class Pen(BasePen):  # type: ignore[misc]
        """It is told what a font draws, and keeps it as commands."""

        def __init__(self, glyphs: Any, scale: float) -> None:
            super().__init__(glyphs)
            self.scale = scale
            self.commands: list[Command] = []

        def _put(self, letter: str, *points: tuple[float, float]) -> None:
            self.commands.append((letter, tuple(value * self.scale for point in points for value in point)))

        def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 - the library's names
            self._put("M", pt)

        def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
            self._put("L", pt)

        def _curveToOne(self, pt1: Any, pt2: Any, pt3: Any) -> None:  # noqa: N802
            self._put("C", pt1, pt2, pt3)

        def _closePath(self) -> None:  # noqa: N802
            self._put("Z")

    return Pen


def _trace(drawn: Any, glyphs: Any, scale: float) -> tuple[Command, ...]:
    """A glyph's outline."""
    pen = _pen_kind()(glyphs, scale)
    drawn.draw(pen)
    return tuple(pen.commands)


def width_of(text: str, language: str, bold: bool) -> float:
    """How wide some words are, in ems."""
    return sum(glyph(letter, language, bold).advance for letter in text)


def outline(text: str, language: str, bold: bool) -> Iterator[tuple[float, tuple[Command, ...]]]:
    """Each letter's outline with where it begins, in ems."""
    x = 0.0
    for letter in text:
        one = glyph(letter, language, bold)
        yield x, one.outline
        x += one.advance
