import csv
import io
import re
from datetime import date

import msgspec
import pytest
from openpyxl import load_workbook

from tests.released import release_daily
from tests.samples import GATE
from xr_server.domain.days import Window
from xr_server.routes.figure_files import write_cell
from xr_server.routes.figure_panels import Cell
from xr_server.routes.spreadsheets import Number, sheet_name

DAYS = Window(date(2026, 11, 2), date(2026, 11, 8))
QUERY = f"from={DAYS.from_on}&until={DAYS.until_on}"
CELLS = [
    ("all", "", "all", 90),
    ("visits", "", "here", 60),
    ("landmark", "water-gate", "seen", 45),
    ("landmark", "formula", "seen", 15),
    ("circulation", "", "1", 20),
    ("circulation", "", "2", 40),
]


@pytest.fixture
def sato(world):

    world.publish(msgspec.structs.replace(GATE, id="formula", name={"ja": "=水", "en": '=HYPERLINK("x","Gate")'}))
    release_daily(world.events, CELLS, DAYS)
    return world.sign_in("sato")


def open_book(answer):
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(answer.content))


def test_the_workbook_has_a_sheet_a_figure_between_what_it_is_and_what_they_mean(sato):
    book = open_book(sato.get(f"/desk/figures/export.xlsx?{QUERY}"))
    assert book.sheetnames[0] == "About" and book.sheetnames[-1] == "Definitions"
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["Days"] == "2026-11-02 – 2026-11-08"
    assert "“<10”" in about
    meanings = [row[0].value for row in book["Definitions"].iter_rows(min_row=2)]
    assert len(meanings) == len(book.sheetnames) - 2
    assert all(sheet.max_row > 1 for sheet in book)


def sheet_with(book, words):
    return next(sheet for sheet in book if any(words == cell.value for row in sheet.iter_rows() for cell in row))


def test_numbers_are_numbers_in_their_look_and_hidden_ones_say_so(sato):
    book = open_book(sato.get(f"/desk/figures/export.xlsx?{QUERY}"))
    rows = {row[0].value: row for row in sheet_with(book, "Water Gate").iter_rows(min_row=2)}
    assert (rows["Water Gate"][1].value, rows["Water Gate"][2].value) == (315, 75)
    assert rows["Water Gate"][2].number_format.endswith('"%"') or "%" in rows["Water Gate"][2].number_format
    values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "<10" in values


def test_no_cell_of_any_file_is_a_formula(sato):
    book = open_book(sato.get(f"/desk/figures/export.xlsx?{QUERY}"))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    text = sato.get(f"/desk/figures/export.csv?{QUERY}").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not any(cell.startswith(("=", "@", "\t")) or re.match(r"[+-](?![\d.]+$)", cell) for cell in cells)


def test_the_csv_has_every_cell_in_a_row_of_its_own_with_a_mark_for_excel(sato):
    answer = sato.get(f"/desk/figures/export.csv?{QUERY}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"].endswith('filename="dejima-figures-2026-11-02-2026-11-08.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    gate = [row for row in rows if row["Row"] == "Water Gate" and row["Column"] == "Visits"]
    assert gate[0]["Value"] == "315" and gate[0]["As shown"] == "315"
    hidden = [row for row in rows if row["As shown"] == "<10"]
    assert hidden and all(row["Value"] == "" and row["Note"] == "not shown: too few" for row in hidden)


def test_one_figure_comes_as_its_page_shows_it(sato):
    text = sato.get(f"/desk/figures/export.csv?{QUERY}&figure=landmarks").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows[0]) == 3 and rows[1][:2] == ["Water Gate", "315"]
    assert sato.get(f"/desk/figures/export.csv?{QUERY}&figure=nothing").status_code == 400


def test_shift_jis_is_there_for_who_asks(sato):
    answer = sato.get(f"/desk/figures/export.csv?{QUERY}&encoding=shift_jis&lang=ja")
    assert answer.headers["content-type"] == "text/csv; charset=Shift_JIS"
    assert "水門" in answer.content.decode("cp932")
    assert sato.get(f"/desk/figures/export.csv?{QUERY}&encoding=latin").status_code == 400


def test_every_file_that_leaves_is_noted_before_it_goes(sato):
    for form in ("xlsx", "csv", "csv"):
        sato.get(f"/desk/figures/export.{form}?{QUERY}")
    log = re.sub(r"<[^>]+>", "", sato.get("/desk/log").text)
    assert log.count("as a file") == 3
    assert "2026-11-02" in log


def test_days_that_cannot_be_read_give_no_file(sato):
    assert sato.get("/desk/figures/export.xlsx?from=x").status_code == 400


def test_before_there_are_figures_the_way_leads_back_to_their_page(world):
    answer = world.sign_in("sato").get("/desk/figures/export.csv", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/figures")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (Cell("1,234", 1234), Number(1234, "#,##0")),
        (Cell("12 %", 12.3), Number(12.3, '#,##0.0" %"')),
        (Cell("12 %", 55.0), Number(12, '#,##0" %"')),  # a chart draws something else
        (Cell("1,200 or more", 1200, more=True), Number(1200, '"≥ "#,##0')),
        (Cell("2.6 min", 156.0), Number(2.6, '#,##0.0" min"')),
        (Cell("few", None, few=True), "<10"),
        (Cell("–"), None),
        (Cell("61 % (59 % to 62 %)", 61.2), "61 % (59 % to 62 %)"),
        (Cell("−4 %", -4.1), Number(-4.1, '+#,##0.0" %";-#,##0.0" %";#,##0.0" %"')),
    ],
)
def test_a_cell_in_words_becomes_a_number_with_its_unit(cell, written):
    assert write_cell(cell) == written


def test_names_of_sheets_are_short_plain_and_each_once():
    taken = []
    for words in ("Links [a/b]", "links  a b ", "x" * 40, "x" * 40, ""):
        taken.append(sheet_name(words, taken))
    assert len({name.casefold() for name in taken}) == 5
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in taken)
