"""Spreadsheets written and read as rows of texts: no formula is written, none is taken, and nothing large is unpacked.

Both libraries are loaded when a workbook is: every start of a server would take a seventh longer.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time

from xr_server.domain.sheet import plain_cell
from xr_server.domain.year_plan import MOST_COLUMNS, MOST_ROWS
from xr_server.errors import Invalid

MAX_UNPACKED_BYTES = 16 * 1024 * 1024
MOST_PARTS = 200
WIDEST = 40  # characters of a column
STARTS_PACKED = b"PK\x03\x04"
Cell = str | int | float | None


def write_workbook(rows: Sequence[Sequence[Cell]], title: str) -> bytes:
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
