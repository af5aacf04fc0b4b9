"""Plans in and out: our calendar and year plan, and calendars and tables shown first, then saved as drafts, and undone."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.calendar_import import Here, Row, judge_entries
from xr_server.domain.dating import BY_SUN
from xr_server.domain.languages import NAMES
from xr_server.domain.moments import gather_stretches
from xr_server.domain.schedule import HORIZON_DAYS, Window, occurrences
from xr_server.domain.season import Schedule, Season
from xr_server.domain.sheet import BYTE_ORDER_MARK, dump_row, plain_cell
from xr_server.domain.year_plan import Plan, dump_plan, parse_csv, read_plan
from xr_server.errors import DejimaError, Invalid, Stale
from xr_server.parts import Parts, base_of, parts_of
from xr_server.routes.calendar_reading import MAX_CALENDAR_BYTES, read_entries
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import status_of
from xr_server.routes.live import Place, find_place
from xr_server.routes.seasons import preview_season
from xr_server.routes.spreadsheets import STARTS_PACKED, read_workbook, write_workbook
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.undoing import seal, unseal
from xr_server.routes.wording import say_stretch
from xr_server.storage.catalog import Name, list_records, save_records
from xr_server.storage.plan_imports import take_out

MAX_SENT_BYTES = 4 * MAX_CALENDAR_BYTES + 64 * 1024  # the file, or the same text carried from the preview
MOST_UNDONE = 60
MOST_PREVIEWED = 60
SHOWN = 3
AHEAD_DAYS = 366
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Revisions = Mapping[tuple[str, str], int]


@page("schedule")
def show_exchange(request: Request, session: Session) -> Response:
    """The addresses of the calendar, and the form that brings in another one."""
    return _exchange_page(request, session, {})


def _exchange_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    place = find_place(request, session)
    own = [
        (NAMES[one], f"{base_of(request)}/calendar.ics?site={place.site.id}&lang={one}") for one in place.site.languages
    ]
    common = {
        "feeds": own,
        "languages": [(one, NAMES[one]) for one in place.site.languages],
        "typed": {"lang": place.language if place.language in place.site.languages else place.site.languages[0]},
        "text": "",
        "rows": None,
        "counts": {},
        "seen": "",
        "problem": None,
        "notice": _notice(request),
    }
    return staff_page(request, session, "desk/exchange.html", {**common, **values})


def _notice(request: Request) -> dict[str, Any] | None:
    done, undo = request.query_params.get("done"), request.query_params.get("undo", "")
    if done not in ("taken", "undone"):
        return None
    offered = {"action": "/desk/exchange/undo", "fields": {"saved": undo}} if done == "taken" and undo else None
    return {"text": f"exchange.done_{done}", "undo": offered}


@form("schedule", files=1)
def post_exchange(request: Request, session: Session, sent: FormData) -> Response:
    """Show what each event of a calendar would become, or save that as drafts."""
    place = find_place(request, session)
    check_may_at(session, "")
    typed = {"lang": field(sent, "lang")}
    values: dict[str, Any] = {"typed": typed, "notice": None, "text": str(sent.get("table") or "")}
    try:
        if typed["lang"] not in place.site.languages:
            raise Invalid("language_missing", "Choose the language of the names.")
        values["text"] = read_text(sent)
        plan, revisions = load_plan(parts_of(request), place)
        rows = _judge(values["text"], typed["lang"], plan, place)
        seen = _fingerprint(rows, revisions)
        values |= {"rows": _say_rows(rows, plan, place), "counts": _count(rows), "seen": seen}
        if field(sent, "step") == "save":
            if field(sent, "seen") != seen:
                raise Stale("plan_moved", "Meanwhile somebody has changed a season. Look at the list again, then save.")
            return _save(request, session, rows, revisions)
    except DejimaError as error:
        values["problem"] = say_problem(error, place.language)
        response = _exchange_page(request, session, values)
        response.status_code = status_of(error)
        return response
    return _exchange_page(request, session, values)


def read_text(sent: FormData) -> str:
    """The text of a calendar or a table: of the chosen file, else as it was pasted or carried along. Raises Invalid."""
    file, data = sent.get("file"), str(sent.get("table") or "").encode()
    if isinstance(file, UploadFile) and file.filename:
        data = file.file.read(MAX_CALENDAR_BYTES + 1)
    if data.startswith(STARTS_PACKED) and len(data) <= MAX_CALENDAR_BYTES:
        return "".join(dump_row(row) for row in read_workbook(data))
    if len(data) > MAX_CALENDAR_BYTES:
        most = MAX_CALENDAR_BYTES >> 10
        raise Invalid("ics_large", f"A calendar has {most} kB at most here.", most=str(most))
    if not data.strip():
        raise Invalid("ics_missing", "Choose a file, or paste the calendar.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Invalid(
            "ics_letters", "This calendar is not in UTF-8, as calendars are. Save it so and try again."
        ) from error


def load_plan(parts: Parts, place: Place) -> tuple[Plan, dict[tuple[str, str], int]]:
    """What is here, drafts included, and the revision each of it has."""
    stored = [one for kind in ("season", "schedule") for one in list_records(parts.catalog, place.site.id, kind)]
    bodies = {(one.kind, one.id): one.body for one in stored if isinstance(one.body, Season | Schedule)}
    names = {
        kind: frozenset(one.id for one in list_records(parts.catalog, place.site.id, kind))
        for kind in ("experience", "landmark")
    }
    plan = Plan(bodies, names["experience"], names["landmark"], place.site.languages)
    return plan, {(one.kind, one.id): one.revision for one in stored}


def _judge(text: str, language: str, plan: Plan, place: Place) -> list[Row]:
    if not text.lstrip("\ufeff \r\n").upper().startswith("BEGIN:"):
        return read_plan(parse_csv(text), plan)
    seasons = {name: body for (_, name), body in plan.bodies.items() if isinstance(body, Season)}
    return judge_entries(read_entries(text, place.zone), Here(place.site.id, seasons, language))


def _fingerprint(rows: Sequence[Row], revisions: Revisions) -> str:
    """What was seen: the rows and the revisions of what they would change."""
    told = [(row.title, row.verdict, row.body and revisions.get(key_of(row.body))) for row in rows]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def key_of(body: Season | Schedule) -> tuple[str, str]:
    """The kind and id of a season or a schedule."""
    return "season" if isinstance(body, Season) else "schedule", body.id


def _count(rows: Sequence[Row]) -> dict[str, int]:
    return {
        verdict: sum(row.verdict == verdict for row in rows) for verdict in ("new", "changed", "unchanged", "refused")
    }


def _say_rows(rows: Sequence[Row], plan: Plan, place: Place) -> list[dict[str, Any]]:
    """The rows in words; days only of what would be saved, and not of all where there are many."""
    changing = [row for row in rows if row.verdict in ("new", "changed")][:MOST_PREVIEWED]
    seasons = {name: body for (_, name), body in plan.bodies.items() if isinstance(body, Season)}
    seasons |= {row.body.id: row.body for row in rows if isinstance(row.body, Season)}
    return [
        {
            "row": row,
            "days": _days(row.body, seasons, place) if row in changing and row.body is not None else [],
            "problem": say_problem(row.problem, place.language) if row.problem else "",
            "href": _page_of(row),
        }
        for row in rows
    ]


def _page_of(row: Row) -> str:
    """Where a season or a schedule that is here already is changed."""
    if row.body is None or row.verdict not in ("changed", "unchanged"):
        return ""
    if isinstance(row.body, Season):
        return f"/desk/seasons/{row.body.id}"
    return f"/desk/dates/{row.body.experience}?schedule={row.body.id}"


def _days(body: Season | Schedule, seasons: Mapping[str, Season], place: Place) -> list[dict[str, Any]]:
    """The next days in words."""
    if isinstance(body, Season):
        return preview_season(body, place)[:SHOWN]
    ahead = HORIZON_DAYS if body.opens_at in BY_SUN or body.closes_at in BY_SUN else AHEAD_DAYS
    window = Window(place.today, place.today + timedelta(days=ahead))
    stretches = gather_stretches(occurrences(body, seasons, window, place.site), place.zone)
    return [{"words": say_stretch(stretch, place.language), "open": False} for stretch in stretches[:SHOWN]]


def _save(request: Request, session: Session, rows: Sequence[Row], revisions: Revisions) -> Response:
    """Save what is new or changed, all or nothing, as drafts. Raises Invalid, Stale."""
    bodies = [row.body for row in rows if row.body is not None and row.verdict in ("new", "changed")]
    if not bodies:
        raise Invalid("plan_nothing", "There is nothing new to save.")
    edits = [(body, revisions.get(key_of(body))) for body in bodies]
    saved = save_records(parts_of(request).catalog, session.site_id, edits, change_by(request, session))
    named = [".".join((*key_of(body), str(revision))) for body, revision in zip(bodies, saved, strict=True)]
    undo = seal(session, "~".join(named)) if len(named) <= MOST_UNDONE else ""
    return RedirectResponse(f"/desk/exchange?done=taken&undo={undo}", status_code=303)


@page("schedule")
def send_csv(request: Request, session: Session) -> Response:
    """The year plan as CSV, drafts included."""
    plan, _ = load_plan(parts_of(request), find_place(request, session))
    rows = (dump_row(plain_cell(cell) for cell in row) for row in dump_plan(plan))
    return _send(BYTE_ORDER_MARK + "".join(rows), "text/csv; charset=utf-8", f"{session.site_id}-plan.csv")


@page("schedule")
def send_workbook(request: Request, session: Session) -> Response:
    """The year plan as XLSX, drafts included."""
    plan, _ = load_plan(parts_of(request), find_place(request, session))
    return _send(write_workbook(list(dump_plan(plan)), "plan"), XLSX, f"{session.site_id}-plan.xlsx")


def _send(body: str | bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, headers=headers, media_type=media_type)


@form("schedule")
def post_undo(request: Request, session: Session, sent: FormData) -> Response:
    """Take the drafts of an import back. Raises Invalid, Stale."""
    check_may_at(session, "")
    pieces = [part.split(".") for part in unseal(session, field(sent, "saved")).split("~")]
    saved = [(Name(session.site_id, kind, name), int(revision)) for kind, name, revision in pieces]
    take_out(parts_of(request).catalog, saved, change_by(request, session))
    return RedirectResponse("/desk/exchange?done=undone", status_code=303)


routes = [
    Route("/desk/exchange", show_exchange, methods=["GET"]),
    Route("/desk/exchange", post_exchange, methods=["POST"], max_body_size=MAX_SENT_BYTES),
    Route("/desk/exchange/plan.csv", send_csv, methods=["GET"]),
    Route("/desk/exchange/plan.xlsx", send_workbook, methods=["GET"]),
    Route("/desk/exchange/undo", post_undo, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
