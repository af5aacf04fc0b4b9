"""Pages of seasons: what comes when, which last day is still to be entered, and a form for every kind of rule."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Landmark
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.languages import NAMES
from xr_server.domain.published import pick
from xr_server.domain.rule_days import RuleSpan
from xr_server.domain.rule_form import BLANK, SHIFT_ROWS
from xr_server.domain.schedule import Window
from xr_server.domain.season import Season
from xr_server.domain.season_days import ASKED_FOR, next_span, season_spans
from xr_server.domain.season_form import make_season, show_season
from xr_server.errors import DejimaError, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import asking_values, need_of
from xr_server.routes.changes import facts_of, say_differences
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import keep
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.undoing import dump_before
from xr_server.routes.wording import say_date, say_when
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_record

AHEAD_DAYS = 366
PREVIEW_DAYS = 6 * 366
SHOWN = 6
MOST_RANGES = 60
EMPTY_ROWS = 2
FIRST_LANGUAGES = ("ja", "en")  # asked for at once; the site's others stand folded below
LISTS = ("shift_weekday", "shift_days")


@page("schedule")
def show_seasons(request: Request, session: Session) -> Response:
    """All seasons by what comes first, and the last days that are still to be entered."""
    place = find_place(request, session)
    seasons = list_records(parts_of(request).catalog, session.site_id, "season")
    rows = [_row(stored, stored.body, place) for stored in seasons if isinstance(stored.body, Season)]
    rows.sort(key=lambda row: (row["span"] is None, row["span"].first_on if row["span"] else date.max, row["name"]))
    notice = {"text": "desk.notice_undone", "undo": None} if request.query_params.get("done") == "undone" else None
    values = {"rows": rows, "asked": [row for row in rows if row["open"]], "notice": notice}
    return staff_page(request, session, "desk/seasons.html", values)


def _row(stored: StoredRecord, body: Season, place: Place) -> dict[str, Any]:
    try:
        span = next_span(body, place.today, place.today + timedelta(days=AHEAD_DAYS))
    except Invalid:  # stored before there were limits: its own page says what is amiss
        span = None
    return {
        "stored": stored,
        "name": pick(body.name, place.language) or body.id,
        "span": span,
        "open": span is not None and span.last_on is None,
        "first": say_date(span.first_on, place.language) if span else "",
        "when": say_span(span, place.language) if span else "",
    }


def say_span(span: RuleSpan, language: str) -> str:
    """An occurrence of a season in words: its days; one without an end by its first day."""
    first = say_date(span.first_on, language)
    if span.last_on in (None, span.first_on):
        return first
    return fill(load_texts(language)["seasons.days"], language, first=first, last=say_date(span.last_on, language))


@page("schedule")
def show_season_page(request: Request, session: Session) -> Response:
    """The form of one season, or of a new one."""
    place = find_place(request, session)
    return _season_page(request, session, (place, _chosen(request, session)), {})


def _chosen(request: Request, session: Session) -> StoredRecord | None:
    """The season that the address names; None for a new one. Raises NotFound."""
    name = request.path_params["id"]
    return None if name == "new" else load_record(parts_of(request).catalog, Name(session.site_id, "season", name))


def _languages(place: Place) -> tuple[str, ...]:
    """The languages the site speaks, the two of these pages first."""
    return tuple(sorted(place.site.languages, key=lambda one: (one not in FIRST_LANGUAGES, LANGUAGES.index(one))))


def _season_page(
    request: Request, session: Session, about: tuple[Place, StoredRecord | None], values: Mapping[str, Any]
) -> Response:
    """The page; values may bring back what was typed, what was wrong with it, and what it would mean."""
    place, stored = about
    body = stored.body if stored and isinstance(stored.body, Season) else None
    languages = _languages(place)
    typed: Mapping[str, Any] = values.get("typed") or _filled_in(request, show_season(body, languages))
    more = max(0, SHIFT_ROWS - len(typed["shift_weekday"]))
    first = [one for one in languages if one in FIRST_LANGUAGES] or list(languages[:1])
    common = {
        "stored": stored,
        "title": pick(body.name, place.language) or body.id if body else "",
        "typed": typed,
        "ranges": [*typed["ranges"], *[("", "")] * EMPTY_ROWS],
        "shifts": [*zip(typed["shift_weekday"], typed["shift_days"], strict=False), *[("", "")] * more],
        "first_languages": [(one, NAMES[one]) for one in first],
        "more_languages": [(one, NAMES[one]) for one in languages if one not in first],
        "former": body.former if body else [],
        "landmarks": _landmarks(parts_of(request), session.site_id, place.language),
        "can_keep_former": body is not None and hasattr(body.rule, "valid_until"),
        "preview": _try_preview(body, place) if body else None,
        "preview_is_typed": False,
        "problem": None,
        "beside": [],
        "revision": stored.revision if stored else 0,
        "notice": _notice(request),
        "saved_when": say_when(stored.updated_at, place.language, place.site.time_zone) if stored else "",
        **asking_values(parts_of(request), session, "season", stored, place.language),
    }
    return staff_page(request, session, "desk/season.html", {**common, **values})


def _filled_in(request: Request, shown: dict[str, Any]) -> dict[str, Any]:
    """What an address of the calendar fills into a new season: its first and last day, saved by nobody yet."""
    first, last = request.query_params.get("first", ""), request.query_params.get("last", "")
    if request.path_params["id"] != "new" or not first:
        return shown
    return {**shown, "ranges": [(first[:10], (last or first)[:10])], "kind": "dated"}


def _landmarks(parts: Parts, site_id: str, language: str) -> list[tuple[str, str]]:
    """The landmarks that a season can belong to: names with their ids, by name."""
    bodies = [stored.body for stored in list_records(parts.catalog, site_id, "landmark")]
    return sorted((pick(body.name, language) or body.id, body.id) for body in bodies if isinstance(body, Landmark))


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done == "asked":
        return {"text": "approvals.done_asked", "undo": None}
    if done not in ("saved", "published"):
        return None
    fields = {"before": request.query_params.get("undo", "")}
    return {
        "text": f"seasons.notice_{done}",
        "undo": {"action": "/desk/undo", "fields": fields} if fields["before"] else None,
    }


def _try_preview(body: Season, place: Place) -> list[dict[str, Any]]:
    try:
        return preview_season(body, place)
    except Invalid:  # the form says so once it is sent
        return []


def preview_season(body: Season, place: Place) -> list[dict[str, Any]]:
    """The next occurrences in words, each with whether its last day is still to be entered. Raises Invalid."""
    window = Window(place.today - ASKED_FOR, place.today + timedelta(days=PREVIEW_DAYS))
    spans = [span for span in season_spans(body, window) if (span.last_on or span.first_on + ASKED_FOR) >= place.today]
    return [{"words": say_span(span, place.language), "open": span.last_on is None} for span in spans[:SHOWN]]


def read_rule(sent: FormData) -> dict[str, Any]:
    """What was typed into the fields of a rule, as it was."""
    typed: dict[str, Any] = {name: field(sent, name) for name in BLANK if name not in LISTS}
    return typed | {name: [str(value).strip() for value in sent.getlist(name)][:7] for name in LISTS}


def read_pairs(sent: FormData, first: str, last: str, most: int) -> list[tuple[str, str]]:
    """Rows of a first and a last day, without empty rows."""
    firsts, lasts = ([str(value).strip() for value in sent.getlist(name)][:most] for name in (first, last))
    return [pair for pair in zip(firsts, lasts, strict=False) if any(pair)]


def _read_typed(sent: FormData, languages: tuple[str, ...]) -> dict[str, Any]:
    words = {f"{name}_{one}": field(sent, f"{name}_{one}") for name in ("name", "note") for one in languages}
    plain: dict[str, Any] = {name: field(sent, name) for name in ("not_held", "sources", "keep_former")}
    plain["landmarks"] = [str(value) for value in sent.getlist("landmarks")]
    return {**read_rule(sent), **words, **plain, "ranges": read_pairs(sent, "first", "last", MOST_RANGES)}


@form("schedule")
def post_season(request: Request, session: Session, sent: FormData) -> Response:
    """Show what the rule would mean, save the season as a draft, or publish it."""
    parts, place = parts_of(request), find_place(request, session)
    check_may_at(session, "")
    stored = _chosen(request, session)
    typed = _read_typed(sent, _languages(place))
    there = {name for _, name in _landmarks(parts, session.site_id, place.language)}
    typed["landmarks"] = [name for name in typed["landmarks"] if name in there]
    again = {"typed": typed, "revision": read_revision(sent), "notice": None}
    step = field(sent, "step")
    if step == "row":
        return _season_page(request, session, (place, stored), again)
    try:
        held = stored.body if stored and isinstance(stored.body, Season) else None
        body = make_season(_season_id(parts, session, stored, typed), typed, held, _languages(place))
        preview = preview_season(body, place)
        if step == "preview":
            return _season_page(
                request, session, (place, stored), {**again, "preview": preview, "preview_is_typed": True}
            )
        if step in ("publish", "ask"):
            check_end(body, place)
        return _save(request, session, (body, read_revision(sent)), step)
    except DejimaError as error:
        values: dict[str, Any] = {**again, "problem": say_problem(error, place.language), **need_of(error)}
        if isinstance(error, Stale) and stored is not None:
            # the next save names the newest revision: whoever saves again has seen what stands there now
            facts = facts_of(parts, session.site_id, place.language)
            values |= {"revision": stored.revision, "beside": say_differences(facts, stored.body, body)}
        response = _season_page(request, session, (place, stored), values)
        response.status_code = STATUS[type(error)]
        return response


def check_end(body: Season, place: Place) -> None:
    """Refuse to publish a season whose next occurrence has no last day yet: it is asked for, never guessed. Raises Invalid."""
    span = next_span(body, place.today, place.today + timedelta(days=AHEAD_DAYS))
    if span is not None and span.last_on is None:
        first = say_date(span.first_on, place.language)
        name = pick(body.name, place.language) or body.id
        raise Invalid(
            "end_missing",
            f"{name} begins on {first}. When does it end? Enter its first and last day below; until then nothing of it can "
            "be published.",
            name=name,
            first=first,
        )


def _season_id(parts: Parts, session: Session, stored: StoredRecord | None, typed: Mapping[str, Any]) -> str:
    """The season's own id; for a new one its English name, or a number, made fit for an address."""
    if stored is not None:
        return stored.id
    taken = {item.id for item in list_records(parts.catalog, session.site_id, "season")} | {"new"}
    words = re.sub(r"[^a-z0-9]+", "-", typed.get("name_en", "").lower()).strip("-")[:56].strip("-")
    names = [*([words] if words else []), *(f"{words or 'season'}-{number}" for number in range(2, 1000))]
    return next(name for name in names if name not in taken)


def _save(request: Request, session: Session, change: tuple[Season, int], step: str) -> Response:
    done, before = keep(request, session, change, step if step in ("publish", "ask") else "save")
    undo = f"&undo={dump_before(session, before)}" if before else ""
    shown = {"out": "published", "asked": "asked"}.get(done, "saved")
    return RedirectResponse(f"/desk/seasons/{change[0].id}?done={shown}{undo}", status_code=303)


routes = [
    Route("/desk/seasons", show_seasons),
    Route("/desk/seasons/{id}", show_season_page, methods=["GET"]),
    Route("/desk/seasons/{id}", post_season, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
