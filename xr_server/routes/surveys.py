"""Survey points: what is there, and bringing in a surveyor's table: shown cell by cell first, then stored and published."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Scene
from xr_server.domain.review import Standing
from xr_server.domain.survey import Survey
from xr_server.domain.survey_change import find_moves, make_survey
from xr_server.domain.survey_table import (
    ID,
    MAX_TABLE_BYTES,
    PLANE_SYSTEMS,
    Around,
    Reading,
    Table,
    decode_table,
    read_table,
)
from xr_server.errors import Conflict, DejimaError, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import asking_values, need_of
from xr_server.routes.desk import scene_titles
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import keep
from xr_server.routes.live import Place, find_place
from xr_server.routes.problems import STATUS
from xr_server.routes.records import find_record
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.routes.undoing import dump_before, parse_before
from xr_server.routes.wording import say_when
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_published, load_record, save_published
from xr_server.storage.reviews import Before, step_back

MAX_SENT_BYTES = 2 * MAX_TABLE_BYTES + 64 * 1024  # the file, or the same text carried from the preview
FIELDS = ("survey", "heights", "system")


@dataclass(frozen=True)
class Import:
    """A table somebody is bringing in: its text, under which id, how it is to be read, and the revision it was seen with."""

    text: str
    typed: Mapping[str, str]
    revision: int


@page("schedule")
def show_surveys(request: Request, session: Session) -> Response:
    """The surveys of the site, and the form that brings in another."""
    return _surveys_page(request, session, {})


def _surveys_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    parts, place = parts_of(request), find_place(request, session)
    surveys = list_records(parts.catalog, session.site_id, "survey")
    common = {
        "surveys": [_describe(stored, place) for stored in surveys if isinstance(stored.body, Survey)],
        "typed": {"survey": f"{place.today:%Y-%m}", "heights": "ellipsoid", "system": "1"},
        "systems": PLANE_SYSTEMS,
        "geoid": place.site.geoid_m,
        "landmarks": list_landmarks(parts, session.site_id, place.language),
        "text": "",
        "table": None,
        "revision": 0,
        "problem": None,
        "notice": _notice(request),
        **asking_values(parts, session, "survey", None, place.language),
    }
    return staff_page(request, session, "desk/surveys.html", {**common, **values})


def _notice(request: Request) -> dict[str, Any] | None:
    asked = request.query_params
    if asked.get("done") == "asked":
        return {"text": "approvals.done_asked", "undo": None}
    if asked.get("done") not in ("surveyed", "undone"):
        return None
    fields = {"before": asked.get("undo", "")}
    undo = {"action": "/desk/surveys/undo", "fields": fields} if asked.get("done") == "surveyed" else None
    return {"text": f"desk.notice_{asked['done']}", "undo": undo}


def _describe(stored: StoredRecord, place: Place) -> dict[str, Any]:
    points = stored.body.points if isinstance(stored.body, Survey) else []
    return {
        "stored": stored,
        "count": len(points),
        "worst_m": max(point.accuracy_m for point in points),
        "heights": Counter(point.geoid_m for point in points).most_common(),
        "demonstration": any(point.demonstration for point in points),
        "when": say_when(stored.updated_at, place.language, place.site.time_zone),
    }


@form("schedule", files=1)
def post_survey(request: Request, session: Session, sent: FormData) -> Response:
    """Show what a table says and what it would move, or store and publish it."""
    parts, place = parts_of(request), find_place(request, session)
    typed = {name: field(sent, name) for name in FIELDS}
    typed |= {"heights": "sea"} if field(sent, "step") == "sea" else {}
    values: dict[str, Any] = {"typed": typed, "notice": None, "text": field(sent, "table")}
    try:
        values["text"] = read_sent(sent)
        about = Import(values["text"], typed, read_revision(sent))
        stored = find_record(parts, session.site_id, "survey", _survey_id(typed))
        table = read_table(about.text, _reading(typed), _around(parts, session, place, typed["survey"]))
        values |= _shown(parts, session, place, (table, stored, typed["survey"]))
        if field(sent, "step") in ("save", "ask"):
            return _save(request, session, (table, stored, about), field(sent, "step"))
    except DejimaError as error:
        values |= {"problem": say_problem(error, place.language), **need_of(error)}
        if values.get("table") is None or not isinstance(error, Stale):
            values.setdefault("revision", read_revision(sent))
        response = _surveys_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    return _surveys_page(request, session, values)


def read_sent(sent: FormData) -> str:
    """The table's text: of the chosen file, else as it was pasted or carried along. Raises Invalid."""
    file = sent.get("file")
    if isinstance(file, UploadFile) and file.filename:
        data = file.file.read(MAX_TABLE_BYTES + 1)
        if len(data) > MAX_TABLE_BYTES:
            raise Invalid("table_large", f"A table has {MAX_TABLE_BYTES >> 10} kB at most.")
        return decode_table(data)
    text = field(sent, "table")
    if not text:
        raise Invalid("table_missing", "Choose a file, or paste the table.")
    return text


def _survey_id(typed: Mapping[str, str]) -> str:
    """What the survey is called. Raises Invalid."""
    if not ID.fullmatch(typed["survey"]) or len(typed["survey"]) > 64:
        raise Invalid("survey_id", "A survey is called in small letters, digits and hyphens, such as 2026-12.")
    return typed["survey"]


def _reading(typed: Mapping[str, str]) -> Reading:
    system = int(typed["system"]) if typed["system"].isdecimal() and len(typed["system"]) < 3 else 0
    if system not in PLANE_SYSTEMS:
        raise Invalid("survey_system", "Choose one of the 19 plane rectangular systems.")
    return Reading(above_sea=typed["heights"] == "sea", system=system)


def _others(parts: Parts, site_id: str, survey_id: str) -> list[Survey]:
    bodies = (stored.body for stored in list_records(parts.catalog, site_id, "survey"))
    return [body for body in bodies if isinstance(body, Survey) and body.id != survey_id]


def _around(parts: Parts, session: Session, place: Place, survey_id: str) -> Around:
    others = _others(parts, session.site_id, survey_id)
    return Around(
        place.site,
        frozenset(name for name, _ in list_landmarks(parts, session.site_id, place.language)),
        place.today,
        frozenset(point.id for survey in others for point in survey.points),
    )


def _shown(
    parts: Parts, session: Session, place: Place, read: tuple[Table, StoredRecord | None, str]
) -> dict[str, Any]:
    """What a table says, which record it replaces, and which models it would move."""
    table, stored, survey_id = read
    moves = []
    before = _published(parts, session.site_id, survey_id)
    if table.is_sound:
        scenes = [item.body for item in list_records(parts.catalog, session.site_id, "scene")]
        after = make_survey(survey_id, table.points, before)
        others = _others(parts, session.site_id, survey_id)
        moves = find_moves([body for body in scenes if isinstance(body, Scene)], before, after, others)
    gone: Sequence[str] = []
    if before is not None:
        kept = {point.id for point in table.points}
        gone = [point.id for point in before.points if point.id not in kept]
    return {
        "table": table,
        "revision": stored.revision if stored else 0,
        "replaced": before,
        "gone": gone,
        "moves": moves,
        "titles": scene_titles(parts, session.site_id, place.language),
    }


def _published(parts: Parts, site_id: str, survey_id: str) -> Survey | None:
    bodies = load_published(parts.catalog, site_id)
    return next((body for body in bodies if isinstance(body, Survey) and body.id == survey_id), None)


def _save(request: Request, session: Session, read: tuple[Table, StoredRecord | None, Import], step: str) -> Response:
    """Store the survey on top of the revision that was seen, and publish it or ask the other side to let it out.

    Raises Invalid, Stale, Conflict, Forbidden.
    """
    (table, stored, about), parts = read, parts_of(request)
    if not table.is_sound:
        raise Invalid(
            "table_slips", "Some cells cannot be taken. Nothing was stored; put them right and read it again."
        )
    if about.revision != (stored.revision if stored else 0):
        raise Stale("stale_revision", "Somebody else has changed this survey since you read the table.")
    survey_id, change = about.typed["survey"], change_by(request, session)
    before = stored.body if stored and isinstance(stored.body, Survey) else None
    survey = make_survey(survey_id, table.points, before)
    _check_may_change(session, survey, before)
    if survey == before and stored is not None and stored.published_revision == stored.revision:
        raise Conflict("survey_same", "These points are stored and published already; nothing was changed.")
    if step == "ask":
        keep(request, session, (survey, about.revision), "ask")
        return RedirectResponse("/desk/surveys?done=asked", status_code=303)
    revision = save_published(parts.catalog, session.site_id, survey, about.revision or None, change)
    standing = Standing("draft", stored.published_revision if stored else None)
    name = Name(session.site_id, "survey", survey_id)
    undo = dump_before(session, [Before(name, revision, standing, "published")])
    return RedirectResponse(f"/desk/surveys?done=surveyed&survey={survey_id}&undo={undo}", status_code=303)


def _check_may_change(session: Session, *surveys: Survey | None) -> None:
    """Refuse who is there for a part of the site only, when a point lies elsewhere or nowhere. Raises Forbidden."""
    for point in (point for survey in surveys if survey for point in survey.points):
        check_may_at(session, point.landmark or "")


@form("schedule")
def post_undo(request: Request, session: Session, sent: FormData) -> Response:
    """Let visitors' phones have the points that were published before. Raises NotFound, Stale."""
    parts = parts_of(request)
    before = parse_before(session, field(sent, "before"), ("survey",))[0]
    body = load_record(parts.catalog, before.name).body
    _check_may_change(session, body if isinstance(body, Survey) else None)
    step_back(parts.catalog, before, change_by(request, session))
    return RedirectResponse("/desk/surveys?done=undone", status_code=303)


routes = [
    Route("/desk/surveys", show_surveys, methods=["GET"]),
    Route("/desk/surveys", post_survey, methods=["POST"], max_body_size=MAX_SENT_BYTES),
    Route("/desk/surveys/undo", post_undo, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
