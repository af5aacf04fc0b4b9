"""Questions between the organisations of a site: what waits for us, what we asked, and one of them with its answer."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may, check_may_at, may, may_at
from xr_server.domain.catalog import Experience, Scene
from xr_server.domain.review import check_note
from xr_server.errors import DejimaError, Invalid
from xr_server.parts import Parts, parts_of
from xr_server.routes.changes import Row, facts_of, say_differences
from xr_server.routes.deeds import PAGES
from xr_server.routes.desk import scene_titles, title_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import status_of
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.records import find_record
from xr_server.routes.rights import check_rights
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.undoing import STEPPED, dump_before
from xr_server.routes.wording import say_when
from xr_server.storage.approvals import (
    Item,
    Question,
    approve,
    find_own_organisations,
    give_back,
    list_questions,
    load_question,
    overrule,
    places_of_question,
    take_question_back,
)
from xr_server.storage.catalog import StoredRecord, load_revision
from xr_server.storage.reviews import Before, Why, make_why

DONE = ("given", "returned", "taken_back", "overruled", "undone")


@page("publish")
def show_questions(request: Request, session: Session) -> Response:
    """What waits for our answer, what we have asked, and what was answered lately."""
    parts, language = parts_of(request), choose_language(request)
    mine = find_own_organisations(parts.catalog, session.site_id, session.account_id)
    seen = [
        one
        for one in list_questions(parts.catalog, session.site_id, session.account_id)
        if all(may_at(session, place) for place in places_of_question(parts.catalog, one))
    ]
    rows = [_row(parts, one, language) for one in seen]
    values = {
        "for_us": [row for row in rows if row["asked"].state == "open" and row["asked"].approver_id in mine],
        "by_us": [row for row in rows if row["asked"].state == "open" and row["asked"].approver_id not in mine],
        "answered": [row for row in rows if row["asked"].state != "open"],
        "notice": _notice(request),
    }
    return staff_page(request, session, "desk/approvals.html", values)


def _row(parts: Parts, question: Question, language: str) -> dict[str, Any]:
    return {
        "asked": question,
        "title": _title(parts, question.about, language),
        "kind": load_texts(language).get(f"audit.kind_{question.about.name.kind}", question.about.name.kind),
        "more": len(question.items) - 1,
        "when": say_when(question.asked_at, language),
        "answered": say_when(question.answered_at, language) if question.answered_at else "",
    }


def _title(parts: Parts, item: Item, language: str) -> str:
    stored = _stored(parts, item)
    titles = scene_titles(parts, item.name.site_id, language) if item.name.kind == "scene" else {}
    return title_of(stored, language, titles) if stored else item.name.id


def _stored(parts: Parts, item: Item) -> StoredRecord | None:
    return find_record(parts, item.name.site_id, item.name.kind, item.name.id)


def _notice(request: Request) -> dict[str, Any] | None:
    done, undo = request.query_params.get("done"), request.query_params.get("undo", "")
    if done not in DONE:
        return None
    back = {"action": "/desk/undo", "fields": {"before": undo}} if undo else None
    return {"text": f"approvals.done_{done}", "undo": back}


@page("publish")
def show_question(request: Request, session: Session) -> Response:
    """One question: who asks, and what would change for visitors, field by field."""
    return _question_page(request, session, {})


def _load(request: Request, session: Session) -> Question:
    """The question that the address names. Raises NotFound, Forbidden for who looks after another part of the site."""
    parts = parts_of(request)
    question = load_question(parts.catalog, session.site_id, request.path_params["id"])
    for place in sorted(places_of_question(parts.catalog, question)):
        check_may_at(session, place)
    return question


def _question_page(request: Request, session: Session, values: dict[str, Any]) -> Response:
    parts, language = parts_of(request), choose_language(request)
    question = _load(request, session)
    mine = find_own_organisations(parts.catalog, session.site_id, session.account_id)
    is_open = question.state == "open"
    common = {
        **_row(parts, question, language),
        "items": [_item(parts, session, item, language) for item in question.items],
        "may_answer": is_open and question.approver_id in mine,
        "may_take_back": is_open and question.organisation_id in mine,
        "may_overrule": is_open and question.approver_id not in mine and may(session, "manage_people"),
        "typed": {"note": "", "why": ""},
        "problem": None,
        "notice": _notice(request),
    }
    return staff_page(request, session, "desk/approval.html", {**common, **values})


def _item(parts: Parts, session: Session, item: Item, language: str) -> dict[str, Any]:
    step, start = PAGES.get(item.name.kind, (None, ""))
    return {
        "title": _title(parts, item, language),
        "kind": load_texts(language).get(f"audit.kind_{item.name.kind}", item.name.kind),
        "href": f"{start}/{item.name.id}" if step is not None and may(session, step) else "",
        "revision": item.revision,
        "changes": _changes(parts, item, language),
        "is_new": _is_new(parts, item),
    }


def _is_new(parts: Parts, item: Item) -> bool:
    stored = _stored(parts, item)
    return stored is None or stored.published_revision is None


def _changes(parts: Parts, item: Item, language: str) -> list[Row]:
    """What was asked about, against what visitors see now."""
    stored = _stored(parts, item)
    seen = stored.published_revision if stored else None
    before = load_revision(parts.catalog, item.name, seen) if seen else None
    after = load_revision(parts.catalog, item.name, item.revision)
    rows = say_differences(facts_of(parts, item.name.site_id, language), before, after)
    return rows if before is not None else [row for row in rows if row.label != "id"]


@form("publish")
def post_answer(request: Request, session: Session, sent: FormData) -> Response:
    """Approve, give back with a sentence, ask no more, or as an administrator let it out without the answer."""
    step = field(sent, "step")
    try:
        question = _load(request, session)
        target = _take(request, session, (question, step), sent)
    except DejimaError as error:
        typed = {name: field(sent, name) for name in ("note", "why")}
        values = {"problem": say_problem(error, choose_language(request)), "typed": typed, "notice": None}
        response = _question_page(request, session, values)
        response.status_code = status_of(error)
        return response
    return RedirectResponse(target, status_code=303)


def _take(request: Request, session: Session, what: tuple[Question, str], sent: FormData) -> str:
    """Take a step; gives where to go on."""
    (question, step), parts, change = what, parts_of(request), change_by(request, session)
    target = f"/desk/approvals/{question.id}"
    if step == "approve":
        _check_still(parts, question)
        return f"{target}?done=given&undo={_undo(session, approve(parts.catalog, question, change))}"
    if step == "return":
        give_back(parts.catalog, question, change, _why(parts, field(sent, "note")))
        return f"{target}?done=returned"
    if step == "take_back":
        take_question_back(parts.catalog, question, change)
        return f"{target}?done=taken_back"
    if step == "overrule":
        check_may(session, "manage_people")
        _check_still(parts, question)
        done = overrule(parts.catalog, question, change, _why(parts, field(sent, "why")))
        return f"{target}?done=overruled&undo={_undo(session, done)}"
    raise Invalid("step_unknown", "Choose what to do with the buttons of the page.")


def _undo(session: Session, done: list[Before]) -> str:
    """The way back, where there is one."""
    return dump_before(session, done) if all(one.name.kind in STEPPED for one in done) else ""


def _why(parts: Parts, text: str) -> Why:
    """A sentence for the other side. Raises Invalid without one."""
    if not text:
        raise Invalid("approval_words_missing", "Write a sentence, so that the other side knows why.")
    return make_why("", check_note(text), parts.random_bytes)


def _check_still(parts: Parts, question: Question) -> None:
    """Refuse what was stopped for rights after it was asked about. Raises Conflict."""
    for item in question.items:
        body = load_revision(parts.catalog, item.name, item.revision)
        scene_id = body.scene if isinstance(body, Experience) else item.name.id if isinstance(body, Scene) else None
        scene = find_record(parts, item.name.site_id, "scene", scene_id)
        if scene is not None:
            check_rights(parts, scene)


routes = [
    Route("/desk/approvals", show_questions),
    Route("/desk/approvals/{id}", show_question, methods=["GET"]),
    Route("/desk/approvals/{id}", post_answer, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
