"""Readings over kanji: `{漢字|かんじ}` in texts of plain Japanese, `<ruby>` on pages, the bare word where no ruby can be.

Both parts are limited to letters that mean nothing to HTML, so that no text can bring markup in through them.
"""

import html
import re

KANJI = "\u3005-\u3007\u3400-\u9fff\uf900-\ufaff"
KANA = "\u3041-\u3096\u30a1-\u30fa\u30fc"
_MARKED = re.compile(rf"\{{([0-9{KANJI}{KANA}]+)\|([{KANA}]+)\}}")
_BARE = re.compile(rf"[{KANJI}]+")
# tags, and elements that hold text alone
_PIECES = re.compile(r"<(script|style|title|textarea|option|text)\b[^>]*>.*?</\1>|<[^>]*>", re.DOTALL)
_CLIENT_TEXTS = re.compile(r'<script\b[^>]*\bid="texts"')


def plain(text: str) -> str:
    """The text without its readings, for attributes, titles and machines."""
    return _MARKED.sub(r"\1", text)


def split_readings(text: str) -> list[tuple[str, str]]:
    """A text as words with the reading over each; words without one have an empty reading."""
    pieces, end = [], 0
    for found in _MARKED.finditer(text):
        pieces += [(text[end : found.start()], ""), (found[1], found[2])]
        end = found.end()
    return [piece for piece in [*pieces, (text[end:], "")] if piece[0]]


def find_bare_kanji(text: str) -> list[str]:
    """The runs of kanji that no reading stands over."""
    return _BARE.findall(_MARKED.sub("", text))


def dress_page(page: str) -> str:
    """A whole page with its readings as ruby: in running text only; the script's own sentences stay as they are."""
    parts: list[str] = []
    end = 0
    for piece in _PIECES.finditer(page):
        parts += [_dress_run(page[end : piece.start()]), _strip(piece[0])]
        end = piece.end()
    return "".join([*parts, _dress_run(page[end:])])


def dress_text(text: str) -> str:
    """One plain sentence as HTML, with its readings as ruby."""
    return _dress_run(html.escape(text))


def _strip(piece: str) -> str:
    return piece if _CLIENT_TEXTS.match(piece) else plain(piece)


def _dress_run(text: str) -> str:
    """One run of text; in one span, since a parent that lays its children out in a row would tear words apart."""
    dressed, count = _MARKED.subn(r"<ruby>\1<rp>（</rp><rt>\2</rt><rp>）</rp></ruby>", text)
    return f'<span class="read">{dressed}</span>' if count else text
