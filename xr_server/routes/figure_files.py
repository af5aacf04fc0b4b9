"""Everything that the pages of figures show of some days, to take along: a workbook with a sheet a figure, and CSV."""

import re
from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.figures import SMALLEST_SHOWN
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row
from xr_server.errors import Invalid
from xr_server.routes.exchange import XLSX
from xr_server.routes.figure_panels import Cell, Frame, Panel
from xr_server.routes.figure_report import list_sections, list_surveys
from xr_server.routes.figure_targets import list_targets
from xr_server.routes.figures import choose_days
from xr_server.routes.guard import page
from xr_server.routes.live import find_place
from xr_server.routes.noting import note_taken_along
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.spreadsheets import Cell as Written
from xr_server.routes.spreadsheets import Number, Sheet, sheet_name, write_sheets
from xr_server.routes.wording import say_date

HIDDEN = f"<{SMALLEST_SHOWN}"
NUMBER = re.compile(r"([^\d.,+−-]*)([+−-]?)([\d,]+(?:\.(\d+))?)([^\d]*)")
"""A single number within words: what stands before it, its sign, itself with its decimals, its unit."""
ENCODINGS = {"utf-8": "utf-8", "shift_jis": "cp932"}
"""What is asked for, and Python's name of it: Windows' own kind of Shift_JIS, which is what Excel reads."""


def _open(request: Request, session: Session) -> Frame | Response:
    """The days that are asked for; before there are figures, the way back to the page that says when they come."""
    chosen = choose_days(request, session, find_place(request, session))
    if chosen.frame is None:
        return RedirectResponse("/desk/figures", status_code=303)
    if chosen.problem is not None:
        raise Invalid("date_unreadable", "A day is written like 2026-11-24. Choose both days again.")
    return chosen.frame


def _list_panels(frame: Frame) -> list[Panel]:
    """Every figure that has a table."""
    panels = [*list_targets(frame), *(panel for section in list_sections(frame) for panel in section.panels)]
    return [panel for panel in panels if panel.rows]


@page("read_figures")
def send_workbook(request: Request, session: Session) -> Response:
    """A workbook: about it, a sheet for each figure, the survey, what each figure means."""
    frame = _open(request, session)
    if isinstance(frame, Response):
        return frame
    panels = _list_panels(frame)
    sheets = [Sheet(_say(frame, "sheet_about"), _about(frame))]
    for panel in panels:
        name = sheet_name(_title(frame, panel), [sheet.name for sheet in sheets])
        sheets.append(Sheet(name, list(_table(frame, panel))))
    for survey in list_surveys(frame):
        words = f"{_say(frame, 'sheet_survey')} {survey.title}"
        sheets.append(Sheet(sheet_name(words, [sheet.name for sheet in sheets]), [survey.columns, *survey.rows]))
    name = sheet_name(_say(frame, "sheet_definitions"), [sheet.name for sheet in sheets])
    sheets.append(Sheet(name, [*_definitions(frame, panels)]))
    return _send(frame, write_sheets(sheets), "xlsx", XLSX)


@page("read_figures")
def send_csv(request: Request, session: Session) -> Response:
    """All figures as one long table, or with `figure` one of them as its page shows it; `encoding` may be shift_jis."""
    encoding, wanted = request.query_params.get("encoding", "utf-8"), request.query_params.get("figure", "")
    if encoding not in ENCODINGS:
        raise Invalid("encoding_unknown", "The encoding of a CSV is utf-8 or shift_jis.")
    frame = _open(request, session)
    if isinstance(frame, Response):
        return frame
    panels = _list_panels(frame)
    named = [panel for panel in panels if panel.id == wanted]
    if wanted and not named:
        raise Invalid(
            "figure_unknown", "There is no such figure of these days. Take all of them, or choose other days."
        )
    rows = _table(frame, named[0]) if named else _long_table(frame, panels)
    text = "".join(dump_row(cell.value if isinstance(cell, Number) else cell for cell in row) for row in rows)
    if encoding == "utf-8":
        return _send(frame, (BYTE_ORDER_MARK + text).encode(), "csv", "text/csv; charset=utf-8")
    body = text.encode(ENCODINGS[encoding], errors="replace")  # it lacks the letters of other languages
    return _send(frame, body, "csv", "text/csv; charset=Shift_JIS")


def _send(frame: Frame, body: bytes, form: str, media_type: str) -> Response:
    """The file, once the log says that it goes."""
    window = frame.window
    note_taken_along(frame.request, frame.session, "figures", form, (window.from_on, window.until_on))
    name = f"{frame.place.site.id}-figures-{window.from_on}-{window.until_on}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type=media_type)


def _say(frame: Frame, key: str, **values: object) -> str:
    return fill(load_texts(frame.language)[f"report.{key}"], frame.language, **values)


def _title(frame: Frame, panel: Panel) -> str:
    return frame.say(f"{panel.id}_title")


def _about(frame: Frame) -> list[list[Written]]:
    """What the workbook is of, and what its signs mean."""
    place, days = frame.place, frame.compared
    return [
        [_say(frame, "about_site"), plain(pick(place.site.name, frame.language)) or place.site.id],
        [_say(frame, "about_days"), f"{days.window.from_on} – {days.window.until_on}"],
        [_say(frame, "about_before"), f"{days.before.from_on} – {days.before.until_on}"],
        [_say(frame, "about_year"), f"{days.year_before.from_on} – {days.year_before.until_on}"],
        [_say(frame, "about_newest"), say_date(frame.newest_on, frame.language)],
        [_say(frame, "about_made"), say_date(place.today, frame.language)],
        [_say(frame, "about_few", smallest=SMALLEST_SHOWN), _say(frame, "about_few_means", smallest=SMALLEST_SHOWN)],
        [_say(frame, "about_more"), _say(frame, "about_more_means")],
    ]


def _definitions(frame: Frame, panels: Sequence[Panel]) -> Iterator[list[Written]]:
    yield [_say(frame, f"column_{name}") for name in ("name", "definition", "caveat")]
    for panel in panels:
        yield [_title(frame, panel), frame.say(f"{panel.id}_definition"), frame.say(f"{panel.id}_caveat")]


def _table(frame: Frame, panel: Panel) -> Iterator[list[Written]]:
    """A figure as its page shows it; days that a row stands for come in two columns of their own."""
    dated = any(row.days for row in panel.rows)
    days = [frame.say("from"), frame.say("until")] if dated else []
    yield [*panel.columns[:1], *days, *panel.columns[1:]]
    for row in panel.rows:
        its_days = [row.days.from_on.isoformat(), row.days.until_on.isoformat()] if row.days else [None, None]
        yield [row.head, *(its_days if dated else []), *(write_cell(cell) for cell in row.cells)]


def _long_table(frame: Frame, panels: Sequence[Panel]) -> Iterator[list[Written]]:
    """Every cell of every figure in a row of its own."""
    yield [_say(frame, f"csv_{name}") for name in ("figure", "row", "column", "value", "text", "note")]
    for panel in panels:
        for row in panel.rows:
            for column, cell in zip(panel.columns[1:], row.cells, strict=False):
                written = write_cell(cell)
                value = written.value if isinstance(written, Number) else None
                note = _say(frame, "csv_hidden") if cell.few else _say(frame, "csv_more") if cell.more else None
                yield [_title(frame, panel), row.head, column, value, HIDDEN if cell.few else cell.text, note]


def write_cell(cell: Cell) -> Written:
    """A cell for a spreadsheet: a number with its unit as its look, `<10` for one that is hidden, otherwise its words.

    The number is the finer one that charts draw, where it is the one that the words round.
    """
    if cell.few:
        return HIDDEN
    found = NUMBER.fullmatch(cell.text.replace("\u00a0", " "))
    if found is None:
        return None if cell.text == "–" else cell.text
    before, sign, digits, decimals, unit = found.groups()
    said = float(digits.replace(",", "")) * (-1 if sign in ("−", "-") else 1)
    finer = cell.value is not None and abs(cell.value - said) <= 0.5 * 10 ** -len(decimals or "")
    value = cell.value if finer and cell.value is not None else said
    places = len(decimals or "") if value == said else 1
    body = "#,##0" + ("." + "0" * places if places else "")
    start = "≥ " if cell.more else before if not sign else ""
    shape = f"{_quoted(start)}{body}{_quoted(unit if not cell.more else '')}"
    return Number(value, f"+{shape};-{shape};{shape}" if sign in ("+", "−", "±") else shape)


def _quoted(words: str) -> str:
    return f'"{words}"' if words and '"' not in words else ""


routes = [
    Route("/desk/figures/export.xlsx", send_workbook),
    Route("/desk/figures/export.csv", send_csv),
]
