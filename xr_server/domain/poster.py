"""A poster on A4: what stands where, in millimetres from the upper left corner; drawn by whoever writes a file of it. Pure."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xr_server.domain.ruby import split_readings

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
MARGIN_MM = 18.0
CODE_MM = 112.0  # from dark edge to dark edge
CODE_TOP_MM = 132.0
QUIET_MODULES = 4
DISTANCE_RATE = 10  # a phone reads a code from about ten times its side
SCAN_DISTANCE_M = CODE_MM * DISTANCE_RATE / 1000

Ink = Literal["black", "grey", "vermilion"]
INKS: dict[Ink, tuple[str, tuple[float, float, float, float]]] = {
    "black": ("#000000", (0, 0, 0, 1)),
    "grey": ("#4d4d4d", (0, 0, 0, 0.7)),
    "vermilion": ("#b7371f", (0, 0.8, 0.9, 0.15)),
}
"""Each ink for screens, and for a printing press as cyan, magenta, yellow, black: letters and code in black alone."""

NOT_FIRST = "、。，．・：；？！ー」』）］｝〉》〕】…‥ゝゞ々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)%"
NOT_LAST = "「『（［｛〈《〔【("
WidthOf = Callable[[str, float, bool], float]
"""How wide some words are in mm, for a size in mm, bold or not."""


@dataclass(frozen=True)
class Words:
    """What a poster says, in one language; texts may hold readings. address: what can be typed in place of the code."""

    language: str
    site: str
    title: str
    place: str
    sentence: str
    scan: str
    address: str
    distance: str


@dataclass(frozen=True)
class Run:
    """Words on one line: where they begin, on which baseline, how large (the em), all in mm."""

    text: str
    x_mm: float
    y_mm: float
    size_mm: float
    bold: bool = False
    ink: Ink = "black"


@dataclass(frozen=True)
class Shape:
    """A filled outline of straight lines, its corners in mm."""

    points: tuple[tuple[float, float], ...]
    ink: Ink = "black"


@dataclass(frozen=True)
class Drawing:
    """A sheet: shapes and words."""

    language: str
    title: str
    shapes: tuple[Shape, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Block:
    """How some words are set: the size of the em, how many lines at most, how small they may become, how wide in mm."""

    size_mm: float
    most_lines: int
    least_mm: float
    bold: bool = False
    ink: Ink = "black"
    width_mm: float = WIDTH_MM - 2 * MARGIN_MM


TITLE = Block(19, 2, 11, bold=True)
PLACE = Block(8, 1, 5, ink="grey")
SENTENCE = Block(8, 3, 5.5)
SCAN = Block(6.5, 2, 4.5)
ADDRESS = Block(6, 1, 3.5, bold=True)
SMALL = Block(4, 1, 3, ink="grey")
SITE = Block(6, 1, 4)
PIECE = tuple[str, str]
"""Some letters that no line parts, and the reading over them."""
PHRASE = list[PIECE]
# a letter of Chinese or Japanese by itself, else what stands up to a blank, with it
WORD = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]|[^\\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]+ ?| ")


def lay_out(words: Words, modules: Sequence[Sequence[bool]], width_of: WidthOf) -> Drawing:
    """The poster: the site, the title, one sentence, the code with its quiet zone, and how to read it."""
    shapes = [_fan(WIDTH_MM / 2, 14.0, 18.0), *_code(modules)]
    above = [(words.site, SITE), (words.title, TITLE), (words.place, PLACE), (words.sentence, SENTENCE)]
    quiet_mm = QUIET_MODULES * CODE_MM / len(modules)
    below = [(words.scan, SCAN), (words.address, ADDRESS), (words.distance, SMALL)]
    code_ends_mm = CODE_TOP_MM + CODE_MM + quiet_mm
    runs = _stack_within(above, (26.0, CODE_TOP_MM - quiet_mm), width_of)
    runs += _stack_within(below, (code_ends_mm - 0.5, HEIGHT_MM - 8), width_of)
    return Drawing(words.language, words.title, tuple(shapes), tuple(runs))


def _stack_within(blocks: Sequence[tuple[str, Block]], room_mm: tuple[float, float], width_of: WidthOf) -> list[Run]:
    """Blocks between two heights of the sheet, all smaller where they need more: no word may reach the code."""
    top_mm, end_mm = room_mm
    runs: list[Run] = []
    for step in range(20):
        rate = 0.95**step
        smaller = [
            (text, replace(block, size_mm=block.size_mm * rate, least_mm=block.least_mm * rate))
            for text, block in blocks
        ]
        runs = _stack(smaller, top_mm, width_of)
        if all(run.y_mm + 0.25 * run.size_mm <= end_mm for run in runs):
            break
    return runs


def _stack(blocks: Sequence[tuple[str, Block]], top_mm: float, width_of: WidthOf) -> list[Run]:
    """Blocks one below another, each line in the middle of the sheet; empty ones take no room."""
    runs: list[Run] = []
    for text, block in blocks:
        if not text.strip():
            continue
        size, lines = _fit(split_phrases(text), block, width_of)
        read = any(reading for line in lines for _, reading in line)
        for number, line in enumerate(lines):
            step = size * (1.75 if read else 1.35)
            baseline = top_mm + size * (1.4 if read else 1.05) + number * step
            runs += _line(line, Run("", 0, baseline, size, block.bold, block.ink), width_of)
        top_mm = runs[-1].y_mm + 0.35 * size + 2.5
    return runs


def _fit(phrases: Sequence[PHRASE], block: Block, width_of: WidthOf) -> tuple[float, list[list[PIECE]]]:
    """Words in lines, made smaller until they fit; the size, and the lines about equally long."""
    size = block.size_mm
    while True:
        wide = _measure(width_of, size, block.bold)
        lines = break_lines(phrases, block.width_mm, wide)
        if len(lines) <= block.most_lines or size <= block.least_mm:
            return size, _balance(phrases, lines, block.width_mm, wide)
        size = max(size * 0.94, block.least_mm)


def _measure(width_of: WidthOf, size_mm: float, bold: bool) -> Callable[[PIECE], float]:
    """How much room a piece takes: its letters, or the reading over them, at half the size."""
    return lambda piece: max(width_of(piece[0], size_mm, bold), width_of(piece[1], size_mm / 2, bold))


def _line(line: Sequence[PIECE], at: Run, width_of: WidthOf) -> list[Run]:
    """One line as runs: letters without readings together, a word with a reading by itself with it above."""
    wide = _measure(width_of, at.size_mm, at.bold)
    gathered = _gather(line)
    x_mm = (WIDTH_MM - sum(wide(piece) for piece in gathered)) / 2
    runs: list[Run] = []
    for letters, reading in gathered:
        room, own = wide((letters, reading)), width_of(letters, at.size_mm, at.bold)
        runs.append(replace(at, text=letters, x_mm=x_mm + (room - own) / 2))
        if reading:
            half = at.size_mm / 2
            over = x_mm + (room - width_of(reading, half, at.bold)) / 2
            runs.append(Run(reading, over, at.y_mm - 0.95 * at.size_mm, half, at.bold, at.ink))
        x_mm += room
    return sorted(runs, key=lambda run: run.y_mm)


def _gather(line: Sequence[PIECE]) -> list[PIECE]:
    """A line's pieces, those without a reading put together; nothing blank at its end."""
    gathered: list[PIECE] = []
    for letters, reading in line:
        if gathered and not reading and not gathered[-1][1]:
            gathered[-1] = (gathered[-1][0] + letters, "")
        else:
            gathered.append((letters, reading))
    return [*gathered[:-1], (gathered[-1][0].rstrip(), gathered[-1][1])]


def split_phrases(text: str) -> list[PHRASE]:
    """A text as phrases, which lines keep whole where they can: words; in Japanese what begins after kana or a comma."""
    pieces = _split_pieces(text)
    if not any(_is_hiragana(letter) for letter in text):
        return [[piece] for piece in pieces]
    phrases: list[PHRASE] = []
    for piece in pieces:
        before = phrases[-1][-1][0][-1] if phrases else "、"
        begins = before in "、。！？　 " or (_is_hiragana(before) and not _is_hiragana(piece[0][0]))
        if begins or not phrases:
            phrases.append([piece])
        else:
            phrases[-1].append(piece)
    return phrases


def _is_hiragana(letter: str) -> bool:
    return "\u3041" <= letter <= "\u309f"


def _split_pieces(text: str) -> list[PIECE]:
    """A text as what no line parts: words with a blank behind them, single letters of Chinese and Japanese, read words."""
    pieces: list[PIECE] = []
    for letters, reading in split_readings(" ".join(text.split())):
        if reading:
            pieces.append((letters, reading))
        else:
            pieces += [(found, "") for found in WORD.findall(letters)]
    return _join(pieces)


def _join(pieces: Sequence[PIECE]) -> list[PIECE]:
    """No line begins with a full stop or a small letter of kana, and none ends with an opening bracket."""
    joined: list[PIECE] = []
    for letters, reading in pieces:
        before = joined[-1] if joined else ("", "x")
        if not reading and not before[1] and (letters[0] in NOT_FIRST or before[0][-1:] in NOT_LAST):
            joined[-1] = (before[0] + letters, "")
        else:
            joined.append((letters, reading))
    return joined


def break_lines(phrases: Sequence[PHRASE], width_mm: float, width_of: Callable[[PIECE], float]) -> list[list[PIECE]]:
    """Phrases in as few lines as hold them; one that no line holds is parted, at last between letters."""
    lines: list[list[PIECE]] = [[]]
    filled = 0.0
    for phrase in phrases:
        whole = sum(width_of(piece) for piece in phrase)
        parts = (
            [phrase] if whole <= width_mm else [part for piece in phrase for part in _part(piece, width_mm, width_of)]
        )
        for part in parts:
            wide = sum(width_of(piece) for piece in part)
            bare = wide - width_of((" ", "")) if part[-1][0].endswith(" ") else wide
            if lines[-1] and filled + bare > width_mm:
                lines.append([])
                filled = 0.0
            lines[-1] += part
            filled += wide
    return lines


def _part(piece: PIECE, width_mm: float, width_of: Callable[[PIECE], float]) -> list[PHRASE]:
    """A piece by itself; a word without a blank that no line holds letter by letter."""
    if piece[1] or width_of(piece) <= width_mm:
        return [[piece]]
    return [[(letter, "")] for letter in piece[0]]


def _balance(
    phrases: Sequence[PHRASE], lines: list[list[PIECE]], width_mm: float, width_of: Callable[[PIECE], float]
) -> list[list[PIECE]]:
    """The same number of lines, about equally long."""
    width = width_mm
    while len(lines) > 1 and width > width_mm / 3:
        width *= 0.97
        narrow = break_lines(phrases, width, width_of)
        if len(narrow) > len(lines):
            break
        lines = narrow
    return lines


def _code(modules: Sequence[Sequence[bool]]) -> list[Shape]:
    """The code without its quiet zone, which is the paper's own white: a shape for each row's dark stretches."""
    side, left = CODE_MM / len(modules), (WIDTH_MM - CODE_MM) / 2
    shapes = []
    for row, line in enumerate(modules):
        start = None
        for column, dark in enumerate([*line, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                shapes.append(_box(left + start * side, CODE_TOP_MM + row * side, (column - start) * side, side))
                start = None
    return shapes


def _box(x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> Shape:
    right, below = x_mm + width_mm, y_mm + height_mm
    return Shape(((x_mm, y_mm), (right, y_mm), (right, below), (x_mm, below)))


def _fan(middle_mm: float, top_mm: float, width_mm: float) -> Shape:
    """The outline of the island: two arcs round one centre, of 30 and 17.4 parts of a width of 42."""
    unit = width_mm / 42
    centre_x, centre_y = middle_mm, top_mm + 30 * unit
    half = math.asin(21 / 30)
    turns = [half * (step / 12 - 1) for step in range(25)]
    outer = [(centre_x + 30 * unit * math.sin(a), centre_y - 30 * unit * math.cos(a)) for a in turns]
    inner = [(centre_x + 17.4 * unit * math.sin(a), centre_y - 17.4 * unit * math.cos(a)) for a in reversed(turns)]
    return Shape((*outer, *inner), "vermilion")
