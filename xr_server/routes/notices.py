"""Notices at the desk: what holds now, `closed today` in three clicks, and the form of a notice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at, may_at
from xr_server.domain.catalog import Landmark, Name
from xr_server.domain.fields import LANGUAGES, Text
from xr_server.domain.languages import NAMES
from xr_server.domain.notice import GRAVITY, SEVERITIES, Notice, holds, is_over
from xr_server.domain.notice_form import FIELDS, About, propose_id, read_notice, type_closed, type_notice
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.errors import DejimaError, NotFound, Stale
from xr_server.parts import parts_of
from xr_server.routes.advice import advise_fields
from xr_server.routes.changes import facts_of, say_differences
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import find_notice, keep, lead_on, refused, standing_values, status_of, take_back
from xr_server.routes.live import Place, find_place
from xr_server.routes.notices_told import say_until
from xr_server.routes.pages import load_texts
from xr_server.routes.records import find_record
from xr_server.routes.staff import field, read_revision, staff_page
from xr_server.routes.wording import say_moment
from xr_server.storage.catalog import StoredRecord, list_records, load_record

NEW = "new"
OVER_SHOWN = 10
STANDS = ("now", "later", "draft", "over")


def _landmarks(request: Request, session: Session) -> list[Landmark]:
    """The landmarks where somebody may tell something, by name in the page's language."""
    stored = list_records(parts_of(request).catalog, session.site_id, "landmark")
    language = find_place(request, session).language
    bodies = [one.body for one in stored if isinstance(one.body, Landmark) and one.state != "withdrawn"]
    mine = [body for body in bodies if may_at(session, body.id) and body.category != "outline"]
    return sorted(mine, key=lambda body: pick(body.name, language))


@page("review")
def show_notices(request: Request, session: Session) -> Response:
    """What is told now, what is to come, and the buttons that say that something is closed today."""
    parts, place = parts_of(request), find_place(request, session)
    landmarks = _landmarks(request, session)
    names = {body.id: plain(pick(body.name, place.language)) or body.id for body in landmarks}
    rows = [
        _row(one, one.body, place, names)
        for one in list_records(parts.catalog, session.site_id, "notice")
        if isinstance(one.body, Notice) and may_at(session, one.body.landmark or "")
    ]
    rows.sort(key=lambda row: (STANDS.index(row["stands"]), GRAVITY[row["notice"].severity], row["from"]))
    over = [row for row in rows if row["stands"] == "over"][::-1][:OVER_SHOWN]
    values = {
        "rows": [row for row in rows if row["stands"] != "over"] + over,
        "landmarks": names,
        "everywhere": not session.landmarks,
        "notice": find_notice(request),
    }
    return staff_page(request, session, "desk/notices.html", values)


def _row(stored: StoredRecord, notice: Notice, place: Place, names: Mapping[str, str]) -> dict[str, Any]:
    missing = [NAMES[language] for language in place.site.languages if not notice.text.get(language)]
    return {
        "stored": stored,
        "notice": notice,
        "stands": _stands(stored, notice, place.now),
        "text": plain(pick(notice.text, place.language)),
        "where": names.get(notice.landmark or "", notice.landmark),
        "from": say_moment(datetime.fromisoformat(notice.from_at), place.zone, place.language),
        "until": say_until(notice.until_at, place.now, _as_document(place)),
        "missing": [plain(name) for name in missing],
    }


def _as_document(place: Place) -> dict[str, Any]:
    return {"language": place.language, "site": {"time_zone": place.site.time_zone}}


def _stands(stored: StoredRecord, notice: Notice, now: datetime) -> str:
    """How a notice stands: seen by visitors now, later, not yet, or no more."""
    if stored.state == "withdrawn" or is_over(notice, now):
        return "over"
    if stored.published_revision is None:
        return "draft"
    return "now" if holds(notice, now) else "later"


def _load(request: Request, session: Session) -> StoredRecord | None:
    """The notice that the address names; None for a new one. Raises NotFound, Forbidden."""
    record_id = request.path_params["id"]
    if record_id == NEW:
        return None
    stored = load_record(parts_of(request).catalog, Name(session.site_id, "notice", record_id))
    check_may_at(session, getattr(stored.body, "landmark", None) or "")
    return stored


@page("review")
def show_notice(request: Request, session: Session) -> Response:
    """The form of one notice; of a new one it says already what was asked for by the address."""
    stored = _load(request, session)
    record_id = stored.id if stored else _new_id(request, session)
    return _notice_page(request, session, (record_id, stored), {})


def _new_id(request: Request, session: Session) -> str:
    place = find_place(request, session)
    mark = parts_of(request).random_bytes(4).hex()
    landmark = request.query_params.get("landmark", "")
    known = landmark if landmark in {body.id for body in _landmarks(request, session)} else ""
    return propose_id(known, place.now.astimezone(place.zone), mark)


def _typed_at_first(request: Request, session: Session, stored: StoredRecord | None) -> dict[str, str]:
    place = find_place(request, session)
    if stored is not None and isinstance(stored.body, Notice):
        return type_notice(stored.body, place.zone)
    wanted = request.query_params.get("landmark", "")
    body = next((one for one in _landmarks(request, session) if one.id == wanted), None)
    if body is None:
        return {"starts": "now"}
    if "closed" not in request.query_params:
        return {"starts": "now", "landmark": body.id}
    sentences: Text = {language: load_texts(language)["notices.closed_today"] for language in place.site.languages}
    return type_closed(body.id, body.name, sentences)


def _notice_page(
    request: Request, session: Session, about: tuple[str, StoredRecord | None], values: Mapping[str, Any]
) -> Response:
    (record_id, stored), parts, place = about, parts_of(request), find_place(request, session)
    typed = values.get("typed") or _typed_at_first(request, session, stored)
    common = {
        "record_id": record_id,
        "stored": stored,
        "revision": stored.revision if stored else 0,
        "typed": typed,
        "languages": [(language, plain(NAMES[language])) for language in place.site.languages],
        "landmarks": [(body.id, plain(pick(body.name, place.language))) for body in _landmarks(request, session)],
        "everywhere": not session.landmarks,
        "severities": SEVERITIES,
        "stands": _stands(stored, stored.body, place.now) if stored and isinstance(stored.body, Notice) else None,
        "advice": advise_fields(typed, place.language),
        "missing": [plain(NAMES[lang]) for lang in place.site.languages if not typed.get(f"text-{lang}")],
        "problem": None,
        "faults": {},
        "theirs": None,
        "notice": find_notice(request),
        **standing_values(parts, session, stored, place.language, "notice"),
    }
    return staff_page(request, session, "desk/notice.html", {**common, **values})


@form("review")
def post_notice(request: Request, session: Session, sent: FormData) -> Response:
    """Save, publish or take back a notice; a refusal brings the form back with what was typed."""
    record_id, place = request.path_params["id"], find_place(request, session)
    stored = find_record(parts_of(request), session.site_id, "notice", record_id)
    revision, step = read_revision(sent), field(sent, "step")
    typed = {name: field(sent, name) for name in (*FIELDS, *(f"text-{language}" for language in LANGUAGES))}
    try:
        if stored is not None:
            check_may_at(session, getattr(stored.body, "landmark", None) or "")
        if step == "withdraw":
            if stored is None:
                raise NotFound("record_unknown", "This notice is not there. /desk/notices lists them.")
            return lead_on(session, "/desk/notices", "withdrawn", take_back(request, session, stored, revision))
        notice = read_notice(typed, _about(request, session, (record_id, stored)))
        check_may_at(session, notice.landmark or "")
        done, undo = keep(request, session, (notice, revision), step)
    except DejimaError as error:
        values = {"typed": typed, "revision": revision, **refused(error, place.language)}
        newest = find_record(parts_of(request), session.site_id, "notice", record_id)
        if isinstance(error, Stale) and newest is not None:  # whoever saves again has seen what stands there now
            facts = facts_of(parts_of(request), session.site_id, place.language)
            values |= {"revision": newest.revision, "theirs": _beside(request, session, (newest, typed), facts)}
        response = _notice_page(request, session, (record_id, newest), values)
        response.status_code = status_of(error)
        return response
    return lead_on(session, "/desk/notices" if done == "out" else f"/desk/notices/{record_id}", done, undo)


def _about(request: Request, session: Session, which: tuple[str, StoredRecord | None]) -> About:
    (record_id, stored), place = which, find_place(request, session)
    before = stored.body if stored and isinstance(stored.body, Notice) else None
    landmarks = [body.id for body in _landmarks(request, session)]
    return About(record_id, before, place.site.languages, landmarks, place.zone, place.now)


def _beside(request: Request, session: Session, both: tuple[StoredRecord, Mapping[str, str]], facts: Any) -> Any:
    newest, typed = both
    try:
        mine = read_notice(typed, _about(request, session, (newest.id, newest)))
    except DejimaError:
        return []
    return say_differences(facts, newest.body, mine)


routes = [
    Route("/desk/notices", show_notices, methods=["GET"]),
    Route("/desk/notices/{id}", show_notice, methods=["GET"]),
    Route("/desk/notices/{id}", post_notice, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
