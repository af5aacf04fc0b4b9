"""The log of all changes: by day, by person, by thing, and as a table for a spreadsheet."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, groupby, islice
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Experience
from xr_server.domain.published import pick
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row
from xr_server.parts import Parts, parts_of
from xr_server.routes.deeds import TITLED, Line, Reader, reader_of, say_entries
from xr_server.routes.guard import page
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.spreadsheets import write_workbook
from xr_server.routes.staff import change_by, staff_page
from xr_server.routes.within import Thing, things_within
from xr_server.routes.wording import say_date
from xr_server.storage.audit import SYSTEM, Wanted, list_doers, list_entries, note_export
from xr_server.storage.catalog import list_records, load_bodies
from xr_server.storage.organisations import list_organisations, load_members, load_organisation_names
from xr_server.storage.people import list_people

PAGE_ENTRIES = 100
SHEET_ENTRIES = 500  # read at once, so that a log of years needs no memory
MANY = 4  # so many equal deeds of one moment are told as one
KINDS = (*TITLED, "permission", "package", "organisation", "memory", "page", "targets")
COLUMNS = ("when", "who", "sentence", "deed", "kind", "thing", "revision", "reason", "note", "organisation")
MOST_IN_WORKBOOK = 20_000  # a workbook is made in memory; the CSV has no end
FILTERS = ("organisation", "person", "kind", "thing", "day")
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read_wanted(request: Request, session: Session, zone: ZoneInfo) -> Wanted:
    """Which entries a page's address asks for; what cannot be read asks for nothing."""
    asked, organisation = request.query_params, request.query_params.get("organisation", "").strip()
    members = load_members(parts_of(request).catalog, session.site_id).items() if organisation else ()
    kind = asked.get("kind", "")
    return Wanted(
        account_id=asked.get("person", "").strip()[:36] or None,
        kind=kind if kind in KINDS else None,
        thing_id=asked.get("thing", "").strip()[:64] or None,
        before=_read_mark(asked.get("before", "")) or _end_of(asked.get("day", ""), zone),
        doers=frozenset(who for who, side in members if side == organisation) if organisation else None,
    )


def _read_mark(text: str) -> tuple[int, int] | None:
    """The place in the log a page begins after: `1780000000000.17`."""
    at, _, number = text.partition(".")
    sound = all(part.isascii() and part.isdigit() and len(part) < 16 for part in (at, number))
    return (int(at), int(number)) if sound else None


def _end_of(text: str, zone: ZoneInfo) -> tuple[int, int] | None:
    """The end of a local day such as 2026-11-24, as a place in the log; None for what is no day."""
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return int(datetime.combine(day, time(), zone).timestamp() * 1000), 0


@page("read_log")
def show_log(request: Request, session: Session) -> Response:
    """The newest entries, or those before a day or a page, by day."""
    parts, language = parts_of(request), choose_language(request)
    reader = reader_of(parts, session, language)
    only = things_within(parts, session)
    wanted = replace(read_wanted(request, session, reader.zone), only=only)
    entries = list_entries(parts.catalog, session.site_id, wanted, PAGE_ENTRIES + 1)
    more, entries = len(entries) > PAGE_ENTRIES, entries[:PAGE_ENTRIES]
    typed = {name: request.query_params.get(name, "") for name in FILTERS}
    values = {
        "days": _by_day(say_entries(parts, reader, entries), language),
        "typed": typed,
        "filtered": any(typed.values()),
        "people": _people(parts, session, only),
        "part": _say_part(parts, session, language),
        "system": SYSTEM,
        "kinds": KINDS,
        "things": [one for one in _things(parts, session.site_id, language) if _is_within(one[0], only)],
        "sheet": _address("/desk/log.csv", typed),
        "workbook": _address("/desk/log.xlsx", typed),
        "organisations": list_organisations(parts.catalog, session.site_id),
        "earlier": _address("/desk/log", typed, before=f"{entries[-1].done_at}.{entries[-1].number}") if more else "",
        "newest": _address("/desk/log", typed) if request.query_params.get("before") else "",
    }
    return staff_page(request, session, "desk/log.html", values)


def _people(parts: Parts, session: Session, only: frozenset[Thing] | None) -> list[tuple[str, str]]:
    """Whom the log can be narrowed to: everybody, or for a part of the site whoever has done something there."""
    if only is not None:
        return list_doers(parts.catalog, session.site_id, Wanted(only=only))
    return [(person.id, person.name) for person in list_people(parts.catalog, session.site_id)]


def _is_within(experience_id: str, only: frozenset[Thing] | None) -> bool:
    return only is None or ("experience", experience_id) in only


def _say_part(parts: Parts, session: Session, language: str) -> list[str]:
    """What the landmarks are called that an account is limited to; none: the whole site."""
    bodies = load_bodies(parts.catalog, session.site_id, {("landmark", name) for name in session.landmarks})
    names = {name: getattr(body, "name", {}) for (_, name), body in bodies.items()}
    return sorted(pick(names.get(name, {}), language) or name for name in session.landmarks)


def _address(path: str, typed: dict[str, str], **more: str) -> str:
    query = urlencode({name: value for name, value in {**typed, **more}.items() if value})
    return f"{path}?{query}" if query else path


def _things(parts: Parts, site_id: str, language: str) -> list[tuple[str, str]]:
    """What is most asked for by name: experiences, whose scenes go by the same id or are found by kind."""
    bodies = [stored.body for stored in list_records(parts.catalog, site_id, "experience")]
    return [(body.id, pick(body.title, language) or body.id) for body in bodies if isinstance(body, Experience)]


def _by_day(lines: Sequence[Line], language: str) -> list[dict[str, Any]]:
    """Each day's lines; many equal deeds of one moment, such as an import, come as one that holds the others."""
    days = []
    for day, of_day in groupby(lines, lambda line: line.day):
        runs = [list(run) for _, run in groupby(of_day, lambda line: (line.entry.done_at, line.who, line.entry.deed))]
        days.append({"day": day.isoformat(), "words": say_date(day, language), "runs": _runs(runs)})
    return days


def _runs(runs: list[list[Line]]) -> list[list[Line]]:
    return [part for run in runs for part in ([run] if len(run) >= MANY else [[line] for line in run])]


@page("read_log")
def show_sheet(request: Request, session: Session) -> Response:
    """All entries that are asked for, as CSV; that they were taken along is one of the next."""
    parts, reader, wanted = _exported(request, session, "csv")
    lines = chain([BYTE_ORDER_MARK], (dump_row(row) for row in _rows(parts, reader, wanted)))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_headers("csv"))


@page("read_log")
def show_workbook(request: Request, session: Session) -> Response:
    """The newest of them as a workbook; each cell is a text or a number, never a formula."""
    parts, reader, wanted = _exported(request, session, "xlsx")
    rows = list(islice(_rows(parts, reader, wanted), MOST_IN_WORKBOOK + 1))
    book = write_workbook(rows, load_texts(reader.language)["audit.title"])
    return Response(book, media_type=WORKBOOK, headers=_headers("xlsx"))


def _exported(request: Request, session: Session, form: str) -> tuple[Parts, Reader, Wanted]:
    """Who takes which entries along, written down before they go."""
    parts = parts_of(request)
    reader = reader_of(parts, session, choose_language(request))
    wanted = replace(read_wanted(request, session, reader.zone), only=things_within(parts, session))
    note_export(parts.catalog, session.site_id, change_by(request, session), form)
    return parts, reader, wanted


def _headers(form: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="log.{form}"', "Cache-Control": "private, no-store"}


def _rows(parts: Parts, reader: Reader, wanted: Wanted) -> Iterator[tuple[str | int | None, ...]]:
    texts, before = load_texts(reader.language), wanted.before
    yield tuple(texts[f"audit.column_{name}"] for name in COLUMNS)
    site_id = reader.session.site_id
    names, members = load_organisation_names(parts.catalog, site_id), load_members(parts.catalog, site_id)
    while True:
        part = replace(wanted, before=before)
        entries = list_entries(parts.catalog, reader.session.site_id, part, SHEET_ENTRIES)
        if not entries:
            return
        for line in say_entries(parts, reader, entries):
            entry = line.entry
            at = datetime.fromtimestamp(entry.done_at / 1000, reader.zone).isoformat(timespec="seconds")
            ids = (entry.deed, entry.kind, entry.thing_id, entry.revision)
            side = names.get(members.get(entry.account_id or "", ""), "")
            yield (at, line.who, line.sentence, *ids, line.reason, line.note, side)
        before = entries[-1].done_at, entries[-1].number


routes = [
    Route("/desk/log", show_log),
    Route("/desk/log.csv", show_sheet),
    Route("/desk/log.xlsx", show_workbook),
]
