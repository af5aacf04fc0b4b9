"""The page that dates an experience: a form, what it means in words, what collides with it, and publishing it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Experience, Record
from xr_server.domain.dating import BY_SUN, DAYS_OFF, make_schedule, move_ranges, show_schedule
from xr_server.domain.days import WEEKDAYS
from xr_server.domain.moments import gather_stretches
from xr_server.domain.published import pick
from xr_server.domain.rule_form import SHIFT_ROWS
from xr_server.domain.schedule import Window, occurrences, quiet_dates, schedule_days
from xr_server.domain.season import Always, InSeason, Schedule, Season
from xr_server.errors import DejimaError, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import NOTHING, asking_values, is_bound_at, need_of
from xr_server.routes.changes import facts_of, say_differences
from xr_server.routes.clashing import look_at
from xr_server.routes.desk import title_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import keep
from xr_server.routes.live import Place, find_place
from xr_server.routes.problems import STATUS
from xr_server.routes.seasons import check_end, read_pairs, read_rule
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.undoing import dump_before
from xr_server.routes.wording import say_date, say_stretch, say_when
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_record

AHEAD_DAYS = 366
STRETCHES_SHOWN = 8
MOST_RANGES = 40
MOST_MOVED = 3660  # days; whoever moves farther has slipped
EMPTY_ROWS = 2
YEARS_AHEAD = 8  # a leap day comes within them
PLAIN_FIELDS = (
    "days",
    "season",
    "exclusive",
    "opens_at",
    "closes_at",
    "opens_by",
    "closes_by",
    "days_off",
    "on_from",
    "on_until",
)

About = tuple[Place, StoredRecord, StoredRecord | None]  # of whom and of which of its schedules a page is


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
    experience = _load_experience(request, session)
    stored = _chosen(request, session, experience.id)
    about = (place, experience, stored)
    try:
        return dates_page(request, session, about, _filled_in(request, session, about))
    except DejimaError as error:
        response = dates_page(request, session, about, {"problem": say_problem(error, place.language)})
        response.status_code = STATUS[type(error)]
        return response


def _filled_in(request: Request, session: Session, about: About) -> dict[str, Any]:
    """What an address of the calendar fills in, saved by nobody yet: first and last day, or days moved. Raises Invalid."""
    (_, _, stored), asked = about, request.query_params
    typed = show_schedule(stored.body if stored and isinstance(stored.body, Schedule) else None)
    if asked.get("by") and typed["days"] == "dates":
        typed["ranges"] = move_ranges(typed["ranges"], read_days(asked["by"]), asked.get("moved", ""))
    elif asked.get("first"):
        typed["days"] = "dates"
        typed["ranges"] = sorted([*typed["ranges"], *move_ranges([(asked["first"], asked.get("last", ""))], 0)])
    else:
        return {}
    return {"typed": typed, **_meant(request, session, about, typed), "preview_is_typed": True}


def _load_experience(request: Request, session: Session) -> StoredRecord:
    """The experience that the address names. Raises NotFound, Forbidden when it stands outside somebody's part of the site."""
    stored = load_record(parts_of(request).catalog, Name(session.site_id, "experience", request.path_params["id"]))
    check_may_at(session, getattr(stored.body, "landmark", ""))
    return stored


def _chosen(request: Request, session: Session, experience_id: str, schedule_id: str = "") -> StoredRecord | None:
    """The schedule a page is about: the one named, else the experience's first, else none yet."""
    schedules = _schedules(parts_of(request), session.site_id, experience_id)
    wanted = schedule_id or request.query_params.get("schedule", "")
    if wanted == "new":
        return None
    return next((item for item in schedules if not wanted or item.id == wanted), None)


def dates_page(request: Request, session: Session, about: About, values: Mapping[str, Any]) -> Response:
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
        "left_out": [*typed["left_out"], ("", "")],
        "shifts": _shift_rows(typed),
        "weekdays": WEEKDAYS,
        "days_off": DAYS_OFF,
        "by_sun": BY_SUN,
        "seasons": sorted((pick(s.name, place.language), s.id) for s in seasons.values()),
        "preview": _preview(body, seasons, place, experience) if body else None,
        "preview_is_typed": False,
        **(look_at(parts, place, experience, body) if "clashes" not in values else {}),
        "problem": None,
        "theirs": None,
        "beside": [],
        "revision": stored.revision if stored else 0,
        "notice": _notice(request),
        "saved_when": say_when(stored.updated_at, place.language, place.site.time_zone) if stored else "",
        **_asking(parts, session, (experience, stored), place.language),
    }
    return staff_page(request, session, "desk/experience_dates.html", {**common, **values})


def _asking(
    parts: Parts, session: Session, about: tuple[StoredRecord, StoredRecord | None], language: str
) -> dict[str, Any]:
    """Whom to ask before dates are published; new ones stand where their experience does."""
    experience, stored = about
    if stored is not None:
        return asking_values(parts, session, "schedule", stored, language)
    need = asking_values(parts, session, "schedule", None, language)["need"]
    bound = need is not None and is_bound_at(parts, session, "schedule", experience.body)
    return {**NOTHING, "need": {**need, "is_sure": True}} if bound else NOTHING


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done == "asked":
        return {"text": "approvals.done_asked", "undo": None}
    if done not in ("dates_saved", "dates_published"):
        return None
    fields = {"before": request.query_params.get("undo", "")}
    undo = {"action": "/desk/undo", "fields": fields} if done == "dates_published" else None
    return {"text": f"desk.notice_{done}", "undo": undo}


def _preview(body: Schedule, seasons: Mapping[str, Season], place: Place, experience: StoredRecord) -> dict[str, Any]:
    """The next occurrences in words, and the quiet days on which a promotional experience rests."""
    window = Window(place.today - timedelta(days=1), place.today + timedelta(days=AHEAD_DAYS))
    spans = [span for span in occurrences(body, seasons, window, place.site) if span[1] > place.now]
    if not spans:  # planned for later
        window = Window(window.from_on, place.today + timedelta(days=YEARS_AHEAD * 366))
        spans = [span for span in occurrences(body, seasons, window, place.site) if span[1] > place.now]
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
    return {
        **read_rule(sent),
        **{name: field(sent, name) for name in PLAIN_FIELDS},
        "ranges": read_pairs(sent, "first", "last", MOST_RANGES),
        "left_out": read_pairs(sent, "left_first", "left_last", MOST_RANGES),
        "weekdays": [str(value) for value in sent.getlist("weekdays")][:7],
    }


def _shift_rows(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = list(zip(typed["shift_weekday"], typed["shift_days"], strict=False))
    return [*rows, *[("", "")] * (SHIFT_ROWS - len(rows))]


def _check_days(parts: Parts, body: Schedule, place: Place) -> None:
    """Refuse to publish dates on which visitors would find nothing, or whose end nobody has entered. Raises Invalid."""
    if isinstance(body.days, InSeason):
        stored = load_record(parts.catalog, Name(place.site.id, "season", body.days.season))
        season = _seasons(parts, place.site.id)[body.days.season]
        if stored.published_revision is None:
            name = pick(season.name, place.language) or season.id
            raise Invalid("season_unpublished", f"The season {name} is not published yet. Publish it first.", name=name)
        check_end(season, place)
    elif not schedule_days(
        body, {}, Window(place.today - timedelta(days=1), place.today + timedelta(days=YEARS_AHEAD * 366))
    ):
        raise Invalid(
            "never_on",
            "With these choices there is no day on which it is on. Look at the weekdays and the days left out.",
        )


@form("schedule")
def post_dates(request: Request, session: Session, sent: FormData) -> Response:
    """Show what the dates would mean, save them as a draft, or publish them."""
    parts, place, typed = parts_of(request), find_place(request, session), read_typed(sent)
    experience = _load_experience(request, session)
    stored = _chosen(request, session, experience.id, field(sent, "schedule") or "new")
    about = (place, experience, stored)
    step = field(sent, "step")
    try:
        if step == "row":
            return dates_page(request, session, about, _again(sent, typed))
        if step == "move":
            typed["ranges"] = move_ranges(typed["ranges"], read_days(field(sent, "by")))
        body, meant = _made(request, session, about, typed), _meant(request, session, about, typed)
        unseen = meant["seen"] != field(sent, "seen") and meant["collides"]
        if step in ("preview", "move") or unseen:
            again = {**_again(sent, typed), **meant, "preview_is_typed": True, "pointed_out": unseen}
            return dates_page(request, session, about, again)
        if step in ("publish", "ask"):
            _check_days(parts, body, place)
        return _save(request, session, (body, read_revision(sent)), step)
    except DejimaError as error:
        values = {**_again(sent, typed), "problem": say_problem(error, place.language), **need_of(error)}
        if isinstance(error, Stale) and stored is not None and isinstance(stored.body, Schedule):
            # the next save names the newest revision: whoever saves again has seen what stands there now
            theirs = _preview(stored.body, _seasons(parts, session.site_id), place, experience)
            mine = make_schedule(stored.id, experience.id, typed, list(_seasons(parts, session.site_id)))
            rows = say_differences(facts_of(parts, session.site_id, place.language), stored.body, mine)
            values |= {"revision": stored.revision, "theirs": theirs, "beside": rows}
        response = dates_page(request, session, about, values)
        response.status_code = STATUS[type(error)]
        return response


def _made(request: Request, session: Session, about: About, typed: Mapping[str, Any]) -> Schedule:
    """The schedule that was typed. Raises Invalid."""
    (_, experience, stored), parts = about, parts_of(request)
    schedule_id = _schedule_id(parts, session, experience, stored)
    return make_schedule(schedule_id, experience.id, typed, list(_seasons(parts, session.site_id)))


def _meant(request: Request, session: Session, about: About, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What typed dates mean, and what collides with them. Raises Invalid."""
    (place, experience, _), parts = about, parts_of(request)
    body = _made(request, session, about, typed)
    preview = _preview(body, _seasons(parts, session.site_id), place, experience)
    return {"preview": preview, **look_at(parts, place, experience, body)}


def read_days(text: str) -> int:
    """By how many days something is to move. Raises Invalid."""
    plain = text.removeprefix("+").replace("−", "-")
    if not plain.removeprefix("-").isascii() or not plain.removeprefix("-").isdigit() or len(plain) > 6:
        raise Invalid("days_unreadable", "Say by how many days, such as 1 or -7.")
    days = int(plain)
    if abs(days) > MOST_MOVED:
        raise Invalid("days_unreadable", "Say by how many days, such as 1 or -7.")
    return days


def _again(sent: FormData, typed: dict[str, Any]) -> dict[str, Any]:
    """The form as it was sent, under the revision it was opened with."""
    return {"typed": typed, "revision": read_revision(sent), "notice": None}


def _schedule_id(parts: Parts, session: Session, experience: StoredRecord, stored: StoredRecord | None) -> str:
    """The schedule's own id, or for a new one the experience's with the first free number."""
    if stored is not None:
        return stored.id
    taken = {item.id for item in list_records(parts.catalog, session.site_id, "schedule")}
    names = [experience.id, *(f"{experience.id[:58]}-{number}" for number in range(2, 100))]
    return next(name for name in names if name not in taken)


def _save(request: Request, session: Session, change: tuple[Schedule, int], step: str) -> Response:
    done, before = keep(request, session, change, step if step in ("publish", "ask") else "save")
    undo = f"&undo={dump_before(session, before)}" if before else ""
    shown, body = {"out": "dates_published", "asked": "asked"}.get(done, "dates_saved"), change[0]
    return RedirectResponse(f"/desk/dates/{body.experience}?schedule={body.id}&done={shown}{undo}", status_code=303)


routes = [
    Route("/desk/dates/{id}", show_experience_dates, methods=["GET"]),
    Route("/desk/dates/{id}", post_dates, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
