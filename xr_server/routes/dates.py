"""The page that dates an experience: a form, what it means in words, and publishing it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.catalog import Always, Experience, Record, Schedule, Season
from xr_server.domain.dating import make_schedule, show_schedule
from xr_server.domain.moments import gather_stretches
from xr_server.domain.published import pick
from xr_server.domain.review import Standing
from xr_server.domain.schedule import Window, occurrences, quiet_dates
from xr_server.errors import DejimaError, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.desk import dump_before, title_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.live import Place, find_place, live_values
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.studio import find_record
from xr_server.routes.wording import say_date, say_stretch, say_when
from xr_server.storage.catalog import Change, Name, StoredRecord, list_records, load_record, save_record
from xr_server.storage.reviews import Before, take_step

AHEAD_DAYS = 366
STRETCHES_SHOWN = 8
MOST_RANGES = 40
EMPTY_ROWS = 2


def _schedules(parts: Parts, site_id: str, experience_id: str) -> list[StoredRecord]:
    return [
        stored
        for stored in list_records(parts.catalog, site_id, "schedule")
        if isinstance(stored.body, Schedule) and stored.body.experience == experience_id
    ]


def _seasons(parts: Parts, site_id: str) -> dict[str, Season]:
    bodies: list[Record] = [stored.body for stored in list_records(parts.catalog, site_id, "season")]
    return {body.id: body for body in bodies if isinstance(body, Season)}


@page("schedule")
def show_experience_dates(request: Request, session: Session) -> Response:
    """The form that dates one experience."""
    place = find_place(request, session)
    experience = load_record(parts_of(request).catalog, Name(session.site_id, "experience", request.path_params["id"]))
    stored = _chosen(request, session, experience.id)
    return dates_page(request, session, (place, experience, stored), {})


def _chosen(request: Request, session: Session, experience_id: str, schedule_id: str = "") -> StoredRecord | None:
    """The schedule a page is about: the one named, else the experience's first, else none yet."""
    schedules = _schedules(parts_of(request), session.site_id, experience_id)
    wanted = schedule_id or request.query_params.get("schedule", "")
    if wanted == "new":
        return None
    return next((item for item in schedules if not wanted or item.id == wanted), None)


def dates_page(
    request: Request,
    session: Session,
    about: tuple[Place, StoredRecord, StoredRecord | None],
    values: Mapping[str, Any],
) -> Response:
    """The page; values may bring back what was typed, what was wrong with it, and what it would mean."""
    place, experience, stored = about
    parts = parts_of(request)
    seasons = _seasons(parts, session.site_id)
    body = stored.body if stored and isinstance(stored.body, Schedule) else None
    typed: Mapping[str, Any] = values.get("typed") or show_schedule(body)
    common = {
        "experience": experience,
        "title": title_of(experience, place.language),
        "stored": stored,
        "others": [s for s in _schedules(parts, session.site_id, experience.id) if not stored or s.id != stored.id],
        "typed": typed,
        "ranges": [*typed["ranges"], *[("", "")] * EMPTY_ROWS],
        "seasons": sorted((pick(s.name, place.language), s.id) for s in seasons.values()),
        "preview": _preview(body, seasons, place, experience) if body else None,
        "preview_is_typed": False,
        "problem": None,
        "theirs": None,
        "revision": stored.revision if stored else 0,
        "notice": _notice(request),
        "saved_when": say_when(stored.updated_at, place.language, place.site.time_zone) if stored else "",
    }
    return staff_page(
        request,
        session,
        "desk/experience_dates.html",
        {**common, **live_values(request, place, values.get("at", "")), **values},
    )


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done not in ("dates_saved", "dates_published"):
        return None
    fields = {"before": request.query_params.get("undo", "")}
    undo = {"action": "/desk/undo", "fields": fields} if done == "dates_published" else None
    return {"text": f"desk.notice_{done}", "undo": undo}


def _preview(body: Schedule, seasons: Mapping[str, Season], place: Place, experience: StoredRecord) -> dict[str, Any]:
    """The next occurrences in words, and the quiet days on which a promotional experience rests."""
    window = Window(place.today - timedelta(days=1), place.today + timedelta(days=AHEAD_DAYS))
    spans = [span for span in occurrences(body, seasons, window, place.zone) if span[1] > place.now]
    stretches = gather_stretches(spans, place.zone)
    promotional = isinstance(experience.body, Experience) and experience.body.promotional
    quiet = quiet_dates(place.site.quiet_days, window) if promotional else []
    on = {day for start, end in spans for day in _days(start.astimezone(place.zone), end.astimezone(place.zone))}
    resting = [day for day in quiet if day in on]
    return {
        "always": isinstance(body.days, Always) and body.opens_at is None,
        "stretches": [say_stretch(stretch, place.language) for stretch in stretches[:STRETCHES_SHOWN]],
        "more": max(0, len(stretches) - STRETCHES_SHOWN),
        "resting": [say_date(day, place.language) for day in resting],
    }


def _days(start: datetime, end: datetime) -> Iterator[date]:
    day = start.date()
    while day <= (end - timedelta(microseconds=1)).date():
        yield day
        day += timedelta(days=1)


def read_typed(sent: FormData) -> dict[str, Any]:
    """What was typed into the form, as it was."""
    firsts = [str(value).strip() for value in sent.getlist("first")][:MOST_RANGES]
    lasts = [str(value).strip() for value in sent.getlist("last")][:MOST_RANGES]
    return {
        "days": field(sent, "days"),
        "season": field(sent, "season"),
        "ranges": [pair for pair in zip(firsts, lasts, strict=False) if any(pair)],
        "opens_at": field(sent, "opens_at"),
        "closes_at": field(sent, "closes_at"),
    }


@form("schedule")
def post_dates(request: Request, session: Session, sent: FormData) -> Response:
    """Show what the dates would mean, save them as a draft, or publish them."""
    parts, place, typed = parts_of(request), find_place(request, session), read_typed(sent)
    experience = load_record(parts.catalog, Name(session.site_id, "experience", request.path_params["id"]))
    stored = _chosen(request, session, experience.id, field(sent, "schedule") or "new")
    about = (place, experience, stored)
    step = field(sent, "step")
    try:
        if step in ("row", "live"):
            return dates_page(request, session, about, _again(sent, typed))
        seasons = _seasons(parts, session.site_id)
        body = make_schedule(_schedule_id(parts, session, experience, stored), experience.id, typed, list(seasons))
        preview = _preview(body, seasons, place, experience)
        if step == "preview":
            return dates_page(
                request, session, about, {**_again(sent, typed), "preview": preview, "preview_is_typed": True}
            )
        return _save(request, session, (body, read_revision(sent)), publish=step == "publish")
    except DejimaError as error:
        values = {**_again(sent, typed), "problem": say_problem(error, place.language)}
        if isinstance(error, Stale) and stored is not None and isinstance(stored.body, Schedule):
            # the next save names the newest revision: whoever saves again has seen what stands there now
            theirs = _preview(stored.body, _seasons(parts, session.site_id), place, experience)
            values |= {"revision": stored.revision, "theirs": theirs}
        response = dates_page(request, session, about, values)
        response.status_code = STATUS[type(error)]
        return response


def _again(sent: FormData, typed: dict[str, Any]) -> dict[str, Any]:
    """The form as it was sent, under the revision it was opened with."""
    return {"typed": typed, "revision": read_revision(sent), "at": field(sent, "at"), "notice": None}


def _schedule_id(parts: Parts, session: Session, experience: StoredRecord, stored: StoredRecord | None) -> str:
    """The schedule's own id, or for a new one the experience's with the first free number."""
    if stored is not None:
        return stored.id
    taken = {item.id for item in list_records(parts.catalog, session.site_id, "schedule")}
    names = [experience.id, *(f"{experience.id[:58]}-{number}" for number in range(2, 100))]
    return next(name for name in names if name not in taken)


def _save(request: Request, session: Session, change: tuple[Schedule, int], publish: bool) -> Response:
    parts, (body, revision) = parts_of(request), change
    held = find_record(parts, session.site_id, "schedule", body.id)
    before = Standing("draft", held.published_revision if held else None)
    if held is None or held.body != body or held.revision != revision:
        moment = Change(parts.clock(), session.account_id)
        revision = save_record(parts.catalog, session.site_id, body, revision or None, moment)
    target = f"/desk/dates/{body.experience}?schedule={body.id}"
    if not publish:
        return RedirectResponse(f"{target}&done=dates_saved", status_code=303)
    name = Name(session.site_id, "schedule", body.id)
    stored = load_record(parts.catalog, name)
    if stored.state != "published" or stored.published_revision != revision:
        take_step(parts.catalog, name, revision, "publish", parts.clock())
        undo = dump_before([Before(name, revision, before)])
        return RedirectResponse(f"{target}&done=dates_published&undo={undo}", status_code=303)
    return RedirectResponse(f"{target}&done=dates_saved", status_code=303)


routes = [
    Route("/desk/dates/{id}", show_experience_dates, methods=["GET"]),
    Route("/desk/dates/{id}", post_dates, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
