"""Questionnaires at the desk: the list, and the form on which staff choose the usual questions and write their own."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may, check_may_at
from xr_server.domain.catalog import Name
from xr_server.domain.languages import NAMES
from xr_server.domain.published import pick
from xr_server.domain.questionnaire import MOST_OWN, USUAL, Questionnaire, is_on, list_asked
from xr_server.domain.questionnaire_form import (
    MAX_TITLE,
    USUAL_AFTER,
    About,
    list_fields,
    propose_id,
    read_questionnaire,
    type_questionnaire,
)
from xr_server.domain.ruby import plain
from xr_server.errors import DejimaError, NotFound, Stale
from xr_server.parts import parts_of
from xr_server.routes.advice import advise_fields
from xr_server.routes.changes import facts_of, say_differences
from xr_server.routes.guard import form, page
from xr_server.routes.keeping import find_notice, keep, lead_on, refused, standing_values, status_of, take_back
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import load_texts
from xr_server.routes.questions import say_question
from xr_server.routes.records import find_record
from xr_server.routes.staff import field, read_revision, staff_page
from xr_server.routes.wording import say_date
from xr_server.storage.catalog import StoredRecord, list_records, load_record

NEW = "new"
MAX_SENT_BYTES = 512 * 1024  # six questions with eight answers each, in seven languages
MOST_SENT = 400
NEW_IDS = 60


def body_of(stored: StoredRecord) -> Questionnaire:
    """The body of a stored questionnaire."""
    assert isinstance(stored.body, Questionnaire)  # noqa: S101 - loaded as that kind
    return stored.body


@page("read_figures")
def show_questionnaires(request: Request, session: Session) -> Response:
    """All questionnaires of the site, those that are put now first."""
    place = find_place(request, session)
    rows = [_describe(one, place) for one in list_records(parts_of(request).catalog, session.site_id, "questionnaire")]
    rows.sort(key=lambda row: row["stored"].id)
    rows.sort(key=lambda row: row["body"].first_on, reverse=True)
    rows.sort(key=lambda row: ("now", "later", "draft", "over").index(row["stands"]))
    values = {"rows": rows, "notice": find_notice(request)}
    return staff_page(request, session, "desk/questionnaires.html", values)


def _describe(stored: StoredRecord, place: Place) -> dict[str, Any]:
    body = body_of(stored)
    return {
        "stored": stored,
        "body": body,
        "title": plain(pick(body.title, place.language)) or body.id,
        "stands": _stands(stored, place),
        "days": say_days(body, place.language),
        "count": len(list_asked(body)),
    }


def say_days(body: Questionnaire, language: str) -> tuple[str, str]:
    """The first and the last day in words; empty for a last one that nobody has named."""
    days = [say_date(date.fromisoformat(day), language) if day else "" for day in (body.first_on, body.last_on)]
    return days[0], days[1]


def _stands(stored: StoredRecord, place: Place) -> str:
    body, today = body_of(stored), place.today
    if stored.state == "withdrawn" or (body.last_on is not None and body.last_on < today.isoformat()):
        return "over"
    if stored.published_revision is None:
        return "draft"
    return "now" if is_on(body, today) else "later"


def _load(request: Request, session: Session) -> StoredRecord | None:
    """The questionnaire that the address names; None for a new one. Raises NotFound."""
    record_id = request.path_params["id"]
    if record_id == NEW:
        return None
    return load_record(parts_of(request).catalog, Name(session.site_id, "questionnaire", record_id))


@page("review")
def show_questionnaire(request: Request, session: Session) -> Response:
    """The form of one questionnaire."""
    check_may_at(session, "")
    return _form_page(request, session, _load(request, session), {})


def _form_page(request: Request, session: Session, stored: StoredRecord | None, values: Mapping[str, Any]) -> Response:
    parts, place = parts_of(request), find_place(request, session)
    body = body_of(stored) if stored else None
    typed = values.get("typed") or (type_questionnaire(body) if body else _typed_at_first(place))
    languages = [(language, plain(NAMES[language])) for language in place.site.languages]
    common = {
        "stored": stored,
        "title": plain(pick(body.title, place.language)) if body else "",
        "action": f"/desk/questionnaires/{stored.id if stored else NEW}",
        "revision": stored.revision if stored else 0,
        "typed": typed,
        "languages": languages,
        "usual": USUAL,
        "numbers": _shown_numbers(typed, place),
        "after": _list_after(body, typed, place.language),
        "stands": _stands(stored, place) if stored else None,
        "longest_title": MAX_TITLE,
        "advice": advise_fields(typed, place.language),
        "problem": None,
        "faults": {},
        "theirs": None,
        "notice": find_notice(request),
        **standing_values(parts, session, stored, place.language, "questionnaire"),
    }
    return staff_page(request, session, "desk/questionnaire.html", {**common, **values})


def _typed_at_first(place: Place) -> dict[str, str]:
    """What most sites ask, with a title in every language: two clicks, and it is asked."""
    titles = {f"title-{language}": load_texts(language)["questions.title"] for language in place.site.languages}
    return {"first_on": place.today.isoformat(), **titles, **{f"ask-{one}": "yes" for one in USUAL if one != "spend"}}


def _shown_numbers(typed: Mapping[str, str], place: Place) -> list[tuple[int, bool]]:
    """The own questions that the form shows, those with words and one more, and whether it is the empty one."""
    filled = [
        any(typed.get(f"q{number}-text-{language}") for language in place.site.languages) for number in range(MOST_OWN)
    ]
    last = max((number for number in range(MOST_OWN) if filled[number]), default=-1)
    return [(number, not filled[number]) for number in range(min(last + 2, MOST_OWN))]


def _list_after(
    body: Questionnaire | None, typed: Mapping[str, str], language: str
) -> list[tuple[str, str, list[Any]]]:
    """What an own question may come after: a question's id, its words, and its answers by the name of the condition."""
    groups: dict[str, tuple[str, str, list[Any]]] = {}
    shown = Questionnaire(id="usual", title={}, first_on="2026-01-01", usual=list(USUAL))
    for name, after in USUAL_AFTER.items():
        asked = next(one for one in list_asked(shown) if one.id == after.question)
        words = say_question(shown, asked, language)
        groups.setdefault(after.question, (after.question, plain(words.text), []))[2].append((name, name))
    for asked in list_asked(body) if body else ():
        if body and asked.own and asked.after is None:
            words = say_question(body, asked, language)
            choices = [(f"{asked.id}={choice}", plain(said)) for choice, said in words.choices.items()]
            groups[asked.id] = (asked.id, plain(words.text), choices)
    known = {value for _, _, choices in groups.values() for value, _ in choices}
    others = {value for name, value in typed.items() if name.endswith("-after") and value and value not in known}
    if others:
        groups["other"] = ("other", "", [(value, value) for value in sorted(others)])
    return list(groups.values())


@form("review", most_fields=MOST_SENT)
def post_questionnaire(request: Request, session: Session, sent: FormData) -> Response:
    """Save, publish or take back a questionnaire; a refusal brings the form back with what was typed."""
    place, stored = find_place(request, session), _load(request, session)
    revision, step = read_revision(sent), field(sent, "step")
    typed = {name: field(sent, name) for name in list_fields(place.site.languages)}
    try:
        check_may_at(session, "")
        if step == "withdraw":
            if stored is None:
                raise NotFound("record_unknown", "This is not there. /desk/questionnaires lists what is.")
            return lead_on(session, "/desk/questionnaires", "withdrawn", take_back(request, session, stored, revision))
        body = read_questionnaire(typed, _about(request, session, stored, step != "save"))
        if stored is None or stored.body != body:
            check_may(session, "schedule")
        done, undo = keep(request, session, (body, revision), step)
    except DejimaError as error:
        values = {"typed": typed, "revision": revision, **refused(error, place.language)}
        newest = find_record(parts_of(request), session.site_id, "questionnaire", request.path_params["id"])
        if isinstance(error, Stale) and newest is not None:  # whoever saves again has seen what stands there now
            values |= {"revision": newest.revision, "theirs": _beside(request, session, newest, typed)}
        response = _form_page(request, session, newest, values)
        response.status_code = status_of(error)
        return response
    return lead_on(session, f"/desk/questionnaires/{body.id}", done, undo)


def _about(request: Request, session: Session, stored: StoredRecord | None, whole: bool) -> About:
    parts, place = parts_of(request), find_place(request, session)
    new_ids = [parts.random_bytes(3).hex() for _ in range(NEW_IDS)]
    taken = {one.id for one in list_records(parts.catalog, session.site_id, "questionnaire")} | {NEW}
    record_id = stored.id if stored else propose_id(place.today, taken)
    return About(record_id, body_of(stored) if stored else None, place.site.languages, new_ids, whole)


def _beside(request: Request, session: Session, newest: StoredRecord, typed: Mapping[str, str]) -> Any:
    try:
        mine = read_questionnaire(typed, _about(request, session, newest, whole=False))
    except DejimaError:
        return []
    facts = facts_of(parts_of(request), session.site_id, find_place(request, session).language)
    return say_differences(facts, newest.body, mine)


routes = [
    Route("/desk/questionnaires", show_questionnaires, methods=["GET"]),
    Route("/desk/questionnaires/{id}", show_questionnaire, methods=["GET"]),
    Route("/desk/questionnaires/{id}", post_questionnaire, methods=["POST"], max_body_size=MAX_SENT_BYTES),
]
