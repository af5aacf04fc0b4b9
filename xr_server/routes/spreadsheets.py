"""Spreadsheets written and read as rows of texts: no formula is written, none is taken, and nothing large is unpacked.

Both libraries are loaded when a workbook is: every start of a server would take a seventh longer.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from xr_server.domain.sheet import plain_cell
from xr_server.domain.year_plan import MOST_COLUMNS, MOST_ROWS
from xr_server.errors import Invalid

MAX_UNPACKED_BYTES = 16 * 1024 * 1024
MOST_PARTS = 200
WIDEST = 40  # characters of a column
SHEET_NAME = 31  # characters of a sheet's name
A4 = 9  # as spreadsheets number paper
STARTS_PACKED = b"PK\x03\x04"


@dataclass(frozen=True)
class Number:
    """A number with the look of its cell, in the words of spreadsheets: `#,##0.0" %"`."""

    value: float
    look: str


Cell = str | int | float | Number | None


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, which no other of the workbook has, and its rows, the header first."""

    name: str
    rows: Sequence[Sequence[Cell]]


def sheet_name(words: str, taken: Sequence[str]) -> str:
    """Words as the name of a sheet: at most 31 characters, none that spreadsheets refuse, and no name twice."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", words).strip()[:SHEET_NAME] or "-"
    name, number = plain, 2
    while name.casefold() in {one.casefold() for one in taken}:
        name = f"{plain[: SHEET_NAME - 3]} {number}"
        number += 1
    return name


def write_sheets(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of texts and numbers, each header bold and kept in sight; a text is never a formula."""
    import xlsxwriter

    packed = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(packed, settings) as book:
        bold = book.add_format({"bold": True, "num_format": "@", "text_wrap": True, "valign": "top"})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        looks: dict[str, object] = {}
        for sheet in sheets:
            drawn = book.add_worksheet(sheet.name)
            for number, row in enumerate(sheet.rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, Number):
                        look = looks.get(cell.look) or book.add_format({"num_format": cell.look, "valign": "top"})
                        looks[cell.look] = look
                        drawn.write_number(number, column, cell.value, look)
                    else:
                        _write_cell(drawn, (number, column), cell, text if number else bold)
            for column in range(max(map(len, sheet.rows))):
                widest = max(_width(row[column]) for row in sheet.rows if column < len(row))
                drawn.set_column(column, column, min(WIDEST, widest + 2))
            drawn.freeze_panes(1, 1)
            drawn.set_paper(A4)
            drawn.fit_to_pages(1, 0)
    return packed.getvalue()


def _width(cell: Cell) -> int:
    """About how wide a cell is, in Latin letters: those of Japanese are twice as wide."""
    words = f"{cell.value:,.1f}" if isinstance(cell, Number) else str("" if cell is None else cell)
    return max(sum(2 if ord(letter) > 0x2E7F else 1 for letter in line) for line in words.splitlines() or [""])


def write_workbook(rows: Sequence[Sequence[str | int | float | None]], title: str) -> bytes:
    """One sheet of texts and numbers, the header bold and kept in sight; None is an empty cell."""
    import xlsxwriter

    packed = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(packed, settings) as book:
        sheet = book.add_worksheet(title[:31])
        bold, text = book.add_format({"bold": True, "num_format": "@"}), book.add_format({"num_format": "@"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                _write_cell(sheet, (number, column), cell, text if number else bold)
        for column in range(len(rows[0])):
            widest = max(len(line) for row in rows for line in (str(row[column] or "").splitlines() or [""]))
            sheet.set_column(column, column, min(WIDEST, widest + 2), text)  # as text: 2027-02-05 stays as it is
        sheet.freeze_panes(1, 2)
    return packed.getvalue()


def _write_cell(sheet: object, where: tuple[int, int], cell: Cell, look: object) -> None:
    if isinstance(cell, int | float):
        sheet.write_number(*where, cell)  # type: ignore[attr-defined]
    else:
        sheet.write_string(*where, cell or "", look)  # type: ignore[attr-defined]


def read_workbook(data: bytes) -> list[list[str]]:
    """The rows of the first sheet as texts. Raises Invalid for what is no workbook, too large, or holds formulas."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
            raise Invalid(
                "plan_unpacked", "This workbook is too large once it is unpacked. Keep the sheet of the plan alone."
            )
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            return list(_rows_of(book))
        finally:
            book.close()
    except Invalid:
        raise
    except Exception as error:  # the library's reader fails in many ways on what is no workbook
        raise _unreadable() from error


def _unreadable() -> Invalid:
    return Invalid("plan_unreadable", "This is no table as spreadsheets write it (CSV or XLSX).")


def _rows_of(book: object) -> Iterator[list[str]]:
    sheet = book.worksheets[0]  # type: ignore[attr-defined]
    sheet.reset_dimensions()  # what the file says of its own size is not believed
    for number, row in enumerate(sheet.iter_rows(), 1):
        if len(row) > MOST_COLUMNS or number > 2 * MOST_ROWS:
            raise Invalid("plan_large", f"A table has {MOST_ROWS} rows at most.", most=str(MOST_ROWS))
        if any(cell.data_type == "f" for cell in row):
            raise Invalid("plan_formula", f"Row {number} holds a formula. Put its value there.", row=str(number))
        texts = [plain_cell(_text(cell.value)) for cell in row]
        if any(texts):
            yield texts


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
