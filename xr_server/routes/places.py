"""Places at the desk: landmarks, ways and edges in lists, and each on a form with a map beside its numbers."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain import landmark_form, way_form
from xr_server.domain.account import Session, check_may_at, may_at
from xr_server.domain.belonging import find_users, landmark_of
from xr_server.domain.catalog import Landmark, Name, Record
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.guidance import Footpath, Hazard, length_m
from xr_server.domain.typed import YES, Typed, check_faults
from xr_server.domain.whereabouts import Surroundings, gather_known
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.changes import facts_of, say_differences
from xr_server.routes.guard import form, page
from xr_server.routes.keeping import find_notice, keep, lead_on, refused, status_of, take_back
from xr_server.routes.live import Place, find_place
from xr_server.routes.outlines import MOST_FIELDS, arrange, count_blank, is_arranging, read_corners
from xr_server.routes.pages import load_texts
from xr_server.routes.place_page import SHEETS, name_landmarks, place_page, title_of_place
from xr_server.routes.records import find_record
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.storage.catalog import StoredRecord, list_records, load_published, load_record

NEW = "new"
MAX_SENT_BYTES = 4 * 1024 * 1024  # long texts in seven languages, a line of many points, or a file with an outline


@page("review")
def show_places(request: Request, session: Session) -> Response:
    """The landmarks, ways and edges of the site, each with how it stands."""
    parts, place = parts_of(request), find_place(request, session)
    names = name_landmarks(parts, session.site_id, place.language)
    lists = {kind: _rows(parts, session, place, (kind, names)) for kind in SHEETS}
    values = {"lists": lists, "notice": find_notice(request)}
    return staff_page(request, session, "desk/places.html", values)


def _rows(parts: Parts, session: Session, place: Place, which: tuple[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    kind, names = which
    stored = [
        one for one in list_records(parts.catalog, session.site_id, kind) if may_at(session, landmark_of(one.body))
    ]
    rows = [
        {
            "stored": one,
            "title": title_of_place(one.body, names, place.language),
            "facts": _say_facts(one.body, place.language),
            "missing": len(_missing(one, place)),
        }
        for one in stored
    ]
    return sorted(rows, key=lambda row: str(row["title"]))


def _missing(stored: StoredRecord, place: Place) -> list[str]:
    """The languages of the site in which something of it that is told is not said."""
    texts = [getattr(stored.body, name, {}) for name in SHEETS[stored.kind].texts]
    told = [text for text in texts if text]
    return [language for language in place.site.languages if any(not text.get(language) for text in told)]


def _say_facts(body: Record, language: str) -> str:
    texts = load_texts(language)
    if isinstance(body, Footpath):
        return f"{length_m(body.points):.0f}\N{NO-BREAK SPACE}m"
    if isinstance(body, Landmark):
        if body.lat is None and body.geometry is not None and body.geometry["type"] == "Polygon":
            return texts["places.area"]
        known = texts["places.placed"] if body.accuracy_m is None else f"±{body.accuracy_m:g}\N{NO-BREAK SPACE}m"
        return texts["places.unplaced"] if body.lat is None else known
    return texts[f"places.hazard_{body.kind}"] if isinstance(body, Hazard) else ""


def _load(request: Request, session: Session) -> tuple[str, StoredRecord | None]:
    """Kind and record that an address names; no record for a new one. Raises NotFound, Forbidden."""
    kind, record_id = request.path_params["kind"], request.path_params["id"]
    if kind not in SHEETS:
        raise NotFound("record_unknown", "Landmarks, ways and edges are edited here. /desk/places lists them.")
    if record_id == NEW:
        return kind, None
    stored = load_record(parts_of(request).catalog, Name(session.site_id, kind, record_id))
    check_may_at(session, landmark_of(stored.body))
    return kind, stored


@page("review")
def show_record(request: Request, session: Session) -> Response:
    """The form of one landmark, way or edge."""
    return place_page(request, session, _load(request, session), {})


@form("review", MOST_FIELDS, files=1)
def post_record(request: Request, session: Session, sent: FormData) -> Response:
    """Look at, save, publish or take back what a form says; a refusal brings it back with what was typed."""
    kind, stored = _load(request, session)
    sheet, revision, step = SHEETS[kind], read_revision(sent), field(sent, "step")
    names = [*sheet.fields, "new_id", *(f"{text}-{language}" for text in sheet.texts for language in LANGUAGES)]
    typed = {name: field(sent, name) for name in names} | {"corners": read_corners(sent)}
    if step == "look" or is_arranging(step):
        return _show_typed(request, session, (kind, stored), (typed, sent))
    try:
        if step == "withdraw" and stored is not None:
            _check_unused(parts_of(request), stored)
            return lead_on(session, "/desk/places", "withdrawn", take_back(request, session, stored, revision))
        body = _read(request, session, (kind, stored), typed)
        check_may_at(session, landmark_of(body))
        if step in ("publish", "ask"):
            _check_ends(parts_of(request), session.site_id, body)
        done, undo = keep(request, session, (body, revision), step)
    except DejimaError as error:
        return _refuse(request, session, (kind, stored), (typed, revision, error))
    return lead_on(session, f"/desk/places/{kind}/{body.id}", done, undo)


def _show_typed(
    request: Request, session: Session, about: tuple[str, StoredRecord | None], read: tuple[Typed, FormData]
) -> Response:
    """The form with what was typed, after a button that draws it or changes its corners; nothing is saved."""
    (_, stored), (typed, sent), language = about, read, find_place(request, session).language
    step = field(sent, "step")
    values: dict[str, Any] = {"revision": read_revision(sent), "notice": None, "blank": count_blank(sent, step)}
    status = 200
    if is_arranging(step):
        try:
            typed = arrange(sent, step, typed, stored.id if stored else typed.get("new_id", ""))
        except Invalid as error:
            values |= {"faults": {"geojson": say_problem(error, language)}}
            status = status_of(error)
    response = place_page(request, session, about, {**values, "typed": typed})
    response.status_code = status
    return response


def _refuse(
    request: Request,
    session: Session,
    about: tuple[str, StoredRecord | None],
    sent: tuple[Typed, int, DejimaError],
) -> Response:
    """The form again with what was typed, and why it was not taken; beside what somebody else saved meanwhile."""
    (kind, stored), (typed, revision, error), place = about, sent, find_place(request, session)
    values = {"typed": typed, "revision": revision, **refused(error, place.language)}
    newest = find_record(parts_of(request), session.site_id, kind, stored.id if stored else None)
    if isinstance(error, Stale) and newest is not None:  # whoever saves again has seen what stands there now
        values |= {"revision": newest.revision, "theirs": _beside(request, session, newest, typed)}
    response = place_page(request, session, (kind, newest), values)
    response.status_code = status_of(error)
    return response


def _read(request: Request, session: Session, about: tuple[str, StoredRecord | None], typed: Typed) -> Record:
    """The record that a form describes. Raises Unfit, Invalid."""
    (kind, stored), parts, place = about, parts_of(request), find_place(request, session)
    languages, before = place.site.languages, stored.body if stored else None
    record_id = stored.id if stored else _new_id(parts, session.site_id, kind, typed)
    bodies = [one.body for of in ("landmark", "path") for one in list_records(parts.catalog, session.site_id, of)]
    around = Surroundings(place.site, gather_known(place.site, bodies, record_id), typed.get("sure") == YES)
    if kind == "landmark":
        old = before if isinstance(before, Landmark) else Landmark(id=record_id, name={}, category="", status="")
        return landmark_form.read_landmark(typed, landmark_form.About(old, around, languages))
    landmarks = [body.id for body in bodies if isinstance(body, Landmark)]
    ground = way_form.Ground(around, languages, landmarks)
    if kind == "path":
        return way_form.read_path(typed, before if isinstance(before, Footpath) else None, record_id, ground)
    return way_form.read_hazard(typed, before if isinstance(before, Hazard) else None, record_id, ground)


def _new_id(parts: Parts, site_id: str, kind: str, typed: Typed) -> str:
    """What a new record is called in the data; a way by its two ends. Raises Unfit."""
    wanted, named = typed.get("new_id", ""), "new_id"
    if kind == "path":
        ends = [typed.get(end, "")[:28].strip("-") for end in ("from", "to")]
        wanted, named = "-to-".join(ends).strip("-"), "to"
    if wanted == NEW or len(wanted) > 60 or not landmark_form.SLUG.fullmatch(wanted):
        check_faults({named: Invalid("place_id", "Call it by small letters, digits and hyphens, such as tea-house.")})
    if find_record(parts, site_id, kind, wanted) is not None:
        check_faults({named: Invalid("place_taken", "There is one called so already.")})
    return wanted


def _check_unused(parts: Parts, stored: StoredRecord) -> None:
    """Refuse to take back a landmark that visitors are led to by something else. Raises Conflict."""
    users = find_users(load_published(parts.catalog, stored.site_id), stored.body)
    if users:
        raise Conflict(
            "landmark_used",
            "Something published stands there or leads there; take that back first. Nothing was changed.",
            names=", ".join(users),
        )


def _check_ends(parts: Parts, site_id: str, body: Record) -> None:
    """Refuse to publish a way to a landmark that visitors do not see. Raises Conflict."""
    if not isinstance(body, Footpath):
        return
    seen = {one.id for one in load_published(parts.catalog, site_id) if isinstance(one, Landmark)}
    unseen = sorted({body.start, body.end} - seen)
    if unseen:
        raise Conflict(
            "way_end_unseen",
            "A way leads to a landmark that visitors do not see; publish that first. Nothing was changed.",
            names=", ".join(unseen),
        )


def _beside(request: Request, session: Session, newest: StoredRecord, typed: Typed) -> Any:
    facts = facts_of(parts_of(request), session.site_id, find_place(request, session).language)
    try:
        return say_differences(facts, newest.body, _read(request, session, (newest.kind, newest), typed))
    except DejimaError:
        return []


routes = [
    Route("/desk/places", show_places, methods=["GET"]),
    Route("/desk/places/{kind}/{id}", show_record, methods=["GET"]),
    Route("/desk/places/{kind}/{id}", post_record, methods=["POST"], max_body_size=MAX_SENT_BYTES),
]
