"""A surveyor's table as people hand it in: read cell by cell, every slip with its line and column, nothing guessed silently.

Pure: text in, rows out. The command line has a stricter way in (survey_file); this one is for a page that shows the table.
"""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from asset_pipeline.clouds.projection import PLANE_CODES, find_projection, unproject
from xr_server.domain.catalog import Site
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.placing import is_near, looks_above_sea
from xr_server.domain.survey import SurveyPoint
from xr_server.errors import Invalid

MAX_ROWS = 1000
MAX_TABLE_BYTES = 512 * 1024
MAX_CELL = 300
PLANE_SYSTEMS = range(1, 20)
# what surveyors call a column, in their programs and on paper; compared in lower case, without spaces and brackets
CALLED: Mapping[str, Sequence[str]] = {
    "id": ("id", "点名", "点番号", "測点", "測点名", "番号", "point", "pointid"),
    "lat": ("lat", "latitude", "緯度", "北緯", "b"),
    "lon": ("lon", "lng", "long", "longitude", "経度", "東経", "l"),
    "x_m": ("x", "x座標"),
    "y_m": ("y", "y座標"),
    "h": ("h", "height", "楕円体高", "高さ", "ellipsoidalheight"),
    "sea_h": ("標高", "elevation", "altitude"),
    "accuracy_m": ("accuracym", "accuracy", "精度", "誤差", "水平精度", "水平誤差"),
    "surveyed_on": ("surveyedon", "date", "測量日", "観測日", "日付", "年月日"),
    "author": ("author", "by", "測量者", "観測者", "作業者", "測量会社"),
    "name_ja": ("nameja", "name", "名前", "名称", "点の名前", "説明"),
    "landmark": ("landmark", "場所", "建物", "施設"),
    "demonstration": ("demonstration", "試し"),
    **{f"name_{code}": (f"name{code.replace('-', '').lower()}",) for code in LANGUAGES if code != "ja"},
}
NEEDED = ("id", "accuracy_m", "surveyed_on", "author")
YES, NO = ("true", "yes", "1", "はい"), ("", "false", "no", "0", "いいえ")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


@dataclass(frozen=True)
class Reading:
    """How a table is to be read: heights counting from the sea or not, and in which plane rectangular system x and y lie."""

    above_sea: bool = False
    system: int = 1


@dataclass(frozen=True)
class Around:
    """What a table is held against: the site, its landmarks, the day, and whose ids are taken by other surveys."""

    site: Site
    landmarks: frozenset[str]
    today: date
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Slip:
    """Something wrong in one cell: its column's field, a word for it, and what the sentence names."""

    column: str
    code: str
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One line of the table: its number, what stands in it by field, the point it gives, what keeps it from one, what is odd."""

    line: int
    cells: Mapping[str, str]
    point: SurveyPoint | None
    slips: tuple[Slip, ...]
    doubts: tuple[Slip, ...]


@dataclass(frozen=True)
class Table:
    """A table that was read; fields in the order of its columns, and the columns that say nothing we keep."""

    fields: tuple[str, ...]
    ignored: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every line is a point."""
        return all(row.point is not None for row in self.rows)

    @property
    def looks_above_sea(self) -> bool:
        """Whether heights were refused because they seem to count from the sea."""
        return any(slip.code == "above_sea" for row in self.rows for slip in row.slips)

    @property
    def points(self) -> list[SurveyPoint]:
        """The points of the sound lines."""
        return [row.point for row in self.rows if row.point is not None]


def decode_table(data: bytes) -> str:
    """The text of a file: UTF-8 with or without a mark, or what spreadsheets write on Japanese computers. Raises Invalid."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(unicodedata.category(letter) == "Cc" for letter in text if letter not in "\t\r\n"):
            return text
    raise Invalid(
        "table_encoding", "This file is no text in UTF-8 or Shift JIS. Save it as CSV UTF-8 and choose it again."
    )


def read_table(text: str, reading: Reading, around: Around) -> Table:
    """The table, line by line. Raises Invalid when it is none: no lines, no column names, or too many lines."""
    header, lines = _split(text)
    fields = [find_field(name) for name in header]
    twice = [name for name, count in Counter(name for name in fields if name).items() if count > 1]
    if twice:
        raise Invalid("table_twice", f"Two columns both hold {twice[0]}; leave one away.")
    missing = find_missing(fields)
    if missing:
        raise Invalid("table_columns", f"The first line must name the columns; {', '.join(missing)} is missing.")
    cells = [(line, {name: cell for name, cell in zip(fields, row, strict=False) if name}) for line, row in lines]
    ids = Counter(_clean_id(row.get("id", "")) for _, row in cells)
    rows = tuple(_read_row(line, row, (reading, around, ids)) for line, row in cells)
    ignored = tuple(name for name, found in zip(header, fields, strict=True) if found is None and name)
    return Table(tuple(name for name in fields if name), ignored, rows)


def _split(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The first line, and each other line that holds something with its number; cells trimmed."""
    text = text.lstrip("\ufeff\r\n")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            cells = [cell.strip()[:MAX_CELL] for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
            if len(rows) > MAX_ROWS + 1:
                raise Invalid("table_long", f"This table has more than {MAX_ROWS} points; divide it.")
    except csv.Error as error:
        raise Invalid("table_broken", f"Line {reader.line_num + 1} cannot be read as a table: {error}.") from error
    if len(rows) < 2:
        raise Invalid(
            "table_empty", "There is no point in this table: a line with the columns' names, then a line a point."
        )
    return rows[0][1], rows[1:]


def find_field(name: str) -> str | None:
    """The field a column holds by what it is called; None when it says nothing we keep."""
    plain = re.sub(r"\(.*?\)|\[.*?\]|[\s_.・°-]", "", unicodedata.normalize("NFKC", name).lower())
    return next((known for known, called in CALLED.items() if plain in called), None)


def find_missing(fields: Sequence[str | None]) -> list[str]:
    """Which columns a table lacks; a place is latitude and longitude or x and y, a height counts from ellipsoid or sea."""
    missing = [name for name in NEEDED if name not in fields]
    if not {"x_m", "y_m"} <= set(fields):
        missing += [name for name in ("lat", "lon") if name not in fields]
    return missing if "h" in fields or "sea_h" in fields else [*missing, "h"]


def _read_row(line: int, cells: dict[str, str], about: tuple[Reading, Around, Counter[str]]) -> Row:
    reading, around, ids = about
    slips: list[Slip] = []
    doubts: list[Slip] = []
    plain: dict[str, object] = {}
    for found in (
        *_read_id(cells, ids, around),
        *_read_place(cells, reading, around),
        *_read_height(cells, reading, around),
        *_read_rest(cells, around),
    ):
        if isinstance(found, Slip):
            (doubts if found.code in DOUBTS else slips).append(found)
        else:
            plain[found[0]] = found[1]
    point = None
    if not slips:
        point = msgspec.convert(plain, SurveyPoint)
    return Row(line, cells, point, tuple(slips), tuple(doubts))


DOUBTS = ("name_missing", "rough", "sea_added")
Found = Slip | tuple[str, object]


def _clean_id(text: str) -> str:
    """An id as we write them: what surveyors write as GATE_01 or "Gate 01" is gate-01."""
    return re.sub(r"[\s_.]+", "-", unicodedata.normalize("NFKC", text).strip().lower())


def _read_id(cells: Mapping[str, str], ids: Counter[str], around: Around) -> Iterator[Found]:
    name = _clean_id(cells.get("id", ""))
    if not ID.fullmatch(name) or len(name) > 64:
        yield Slip("id", "id_unusable")
    elif ids[name] > 1:
        yield Slip("id", "id_twice", {"id": name})
    elif name in around.taken:
        yield Slip("id", "id_taken", {"id": name})
    else:
        yield "id", name
    names = {code: cells.get(f"name_{code}", "") for code in LANGUAGES}
    said = {code: text for code, text in names.items() if text}
    if not said:
        yield Slip("name_ja", "name_missing")
    yield "name", said or {around.site.languages[0]: cells.get("id", "") or name}


def _number(cells: Mapping[str, str], name: str) -> float | None:
    text = unicodedata.normalize("NFKC", cells.get(name, "")).replace(",", ".").strip().rstrip("m").strip()
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None  # neither infinite nor no number


def _read_place(cells: Mapping[str, str], reading: Reading, around: Around) -> Iterator[Found]:
    plane = not {"lat", "lon"} <= set(cells)
    first, second = ("x_m", "y_m") if plane else ("lat", "lon")
    one, other = _number(cells, first), _number(cells, second)
    if one is None or other is None:
        yield from (Slip(name, "number") for name, value in ((first, one), (second, other)) if value is None)
        return
    place = unproject_plane(one, other, reading.system) if plane else (one, other)
    if place is not None and is_near(*place, around.site):
        yield from zip(("lat", "lon"), (round(value, 9) for value in place), strict=True)
        return
    turned = unproject_plane(other, one, reading.system) if plane else (other, one)
    if turned is not None and is_near(*turned, around.site):
        yield from (Slip(name, "swapped") for name in (first, second))
    else:
        yield Slip(first, "system" if plane else "far")


def unproject_plane(x_m: float, y_m: float, system: int) -> tuple[float, float] | None:
    """Latitude and longitude of a plane rectangular place: x is metres north, y metres east, as surveyors in Japan write."""
    projection = find_projection(PLANE_CODES[0] + system - 1)
    return None if projection is None else unproject(projection, y_m, x_m)


def _read_height(cells: Mapping[str, str], reading: Reading, around: Around) -> Iterator[Found]:
    name = "h" if "h" in cells else "sea_h"
    value, geoid_m = _number(cells, name), around.site.geoid_m
    if value is None or not -1000 <= value <= 10_000:
        yield Slip(name, "number")
    elif name == "h" and not reading.above_sea:
        if looks_above_sea(value, around.site):
            yield Slip("h", "above_sea", {"h": f"{value:g}", "floor": f"{around.site.origin.h:g}"})
        else:
            yield "h", value
    elif geoid_m is None:
        yield Slip(name, "no_geoid")
    else:
        yield "h", round(value + geoid_m, 3)
        yield "geoid_m", geoid_m
        yield Slip(name, "sea_added", {"sum": f"{value + geoid_m:.2f}", "geoid": f"{geoid_m:g}"})


def _read_rest(cells: Mapping[str, str], around: Around) -> Iterator[Found]:
    accuracy_m = _number(cells, "accuracy_m")
    if accuracy_m is None or not 0 < accuracy_m <= 1000:
        yield Slip("accuracy_m", "accuracy")
    else:
        yield "accuracy_m", accuracy_m
        if accuracy_m > 1:
            yield Slip("accuracy_m", "rough")
    yield _read_date(cells.get("surveyed_on", ""), around.today)
    author = cells.get("author", "")[:200]
    yield ("author", author) if author else Slip("author", "author")
    landmark = cells.get("landmark", "")
    if landmark and landmark not in around.landmarks:
        yield Slip("landmark", "landmark")
    elif landmark:
        yield "landmark", landmark
    said = cells.get("demonstration", "").lower()
    yield ("demonstration", said in YES) if said in (*YES, *NO) else Slip("demonstration", "yes_or_no")


def _read_date(text: str, today: date) -> Found:
    found = DATE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    try:
        day = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        return Slip("surveyed_on", "date")
    if day > today:
        return Slip("surveyed_on", "future")
    return "surveyed_on", day.isoformat()
