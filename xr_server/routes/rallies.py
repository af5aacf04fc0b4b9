"""Stamp rallies at the desk: the list, the form, and the steps that make one hold for visitors."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session, Step, check_may, check_may_at
from xr_server.domain.languages import NAMES
from xr_server.domain.published import pick
from xr_server.domain.rally import Proof, Rally, is_on, needed
from xr_server.domain.rally_form import FIELDS, LONGEST, TEXTS, make_rally, propose_id, show_rally
from xr_server.domain.review import Action, Standing, is_possible
from xr_server.errors import DejimaError, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.asking import asking_values, need_of
from xr_server.routes.changes import facts_of, say_against_published, say_differences
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.keeping import keep, lead_on, take_back
from xr_server.routes.live import Place, find_place
from xr_server.routes.plan_adding import read_period
from xr_server.routes.problems import status_of
from xr_server.routes.staff import field, read_revision, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.routes.wording import say_date, say_when
from xr_server.storage.catalog import Name, StoredRecord, list_records, load_record
from xr_server.storage.reviews import standing_of

ROWS, MORE_ROWS = 5, 3
SMALL_FIELDS = ("title", "collect_at")
STEPS: dict[str, tuple[Step, Action]] = {
    "publish": ("publish", "publish"),
    "ask": ("publish", "publish"),
    "review": ("schedule", "send_for_review"),
    "withdraw": ("publish", "withdraw"),
}
DONE = ("saved", "published", "in_review", "withdrawn", "undone")
CALLED = {"out": "published", "sent": "in_review"}


def rally_of(stored: StoredRecord) -> Rally:
    """The body of a stored rally."""
    assert isinstance(stored.body, Rally)  # noqa: S101 - loaded as that kind
    return stored.body


def load_stored(request: Request, session: Session) -> StoredRecord:
    """The rally that an address names. Raises NotFound, Forbidden for who looks after another part of the site."""
    stored = load_record(parts_of(request).catalog, Name(session.site_id, "rally", request.path_params["id"]))
    check_may_at_all(session, rally_of(stored))
    return stored


def check_may_at_all(session: Session, body: Rally) -> None:
    """Refuse who looks after a part of the site that does not hold every landmark of a rally. Raises Forbidden."""
    for landmark in body.landmarks:
        check_may_at(session, landmark)


@page("review")
def show_rallies(request: Request, session: Session) -> Response:
    """All rallies of the site, those that are on first."""
    place = find_place(request, session)
    rows = [_describe(stored, place) for stored in list_records(parts_of(request).catalog, session.site_id, "rally")]
    order = {"on": 0, "ahead": 1, "over": 2}
    values = {
        "rows": sorted(rows, key=lambda row: (order[row["phase"]], row["first_on"], row["title"])),
        "notice": {"text": "rallies.notice_undone", "undo": None}
        if request.query_params.get("done") == "undone"
        else None,
    }
    return staff_page(request, session, "desk/rallies.html", values)


def _describe(stored: StoredRecord, place: Place) -> dict[str, Any]:
    body = rally_of(stored)
    on = is_on(body, place.today)
    return {
        "stored": stored,
        "title": pick(body.title, place.language) or body.id,
        "phase": "on" if on else "ahead" if place.today.isoformat() < body.first_on else "over",
        "first_on": body.first_on,
        "days": say_days(body, place.language, with_year=False),
        "stamps": f"{needed(body)} / {len(body.landmarks)}",
        "proof": body.proof,
        "newer": stored.published_revision not in (None, stored.revision),
    }


def say_days(body: Rally, language: str, with_year: bool = True) -> str:
    """First and last day of a rally in words."""
    first, last = (say_date(date.fromisoformat(day), language, with_year) for day in (body.first_on, body.last_on))
    return first if first == last else f"{first} – {last}"


@page("schedule")
def show_new(request: Request, session: Session) -> Response:
    """The form for a rally that is not there yet."""
    return rally_page(request, session, None, {"typed": {**show_rally(None), **read_period(request)}})


@page("review")
def show_rally_form(request: Request, session: Session) -> Response:
    """The form of one rally, how it stands, and what a draft changes of what visitors see."""
    return rally_page(request, session, load_stored(request, session), {})


def rally_page(request: Request, session: Session, stored: StoredRecord | None, values: Mapping[str, Any]) -> Response:
    """The page; values may bring back what was typed, what was wrong with it, and what somebody else wrote meanwhile."""
    place, parts = find_place(request, session), parts_of(request)
    body = rally_of(stored) if stored else None
    typed = values.get("typed") or show_rally(body)
    standing = standing_of(stored) if stored else Standing("draft", None)
    common = {
        "stored": stored,
        "title": pick(body.title, place.language) or body.id if body else "",
        "typed": typed,
        "rows": [*typed["landmarks"], *[""] * max(ROWS - len(typed["landmarks"]), values.get("more", 1))],
        "landmarks": list_landmarks(parts, session.site_id, place.language),
        "languages": [(code, NAMES[code]) for code in place.site.languages if code not in ("ja", "en")],
        "first_languages": [(code, NAMES[code]) for code in ("ja", "en")],
        "text_fields": TEXTS,
        "small_fields": SMALL_FIELDS,
        "longest": LONGEST,
        "proofs": get_args(Proof),
        "revision": stored.revision if stored else 0,
        "actions": [name for name, (_, action) in STEPS.items() if stored and is_possible(action, standing)],
        "saved_when": say_when(stored.updated_at, place.language, place.site.time_zone) if stored else "",
        "changes": say_against_published(parts, stored, place.language),
        "action": f"/desk/rallies/{stored.id if stored else 'new'}",
        "problem": None,
        "beside": [],
        "notice": _notice(request),
        **asking_values(parts, session, "rally", stored, place.language),
    }
    return staff_page(request, session, "desk/rally.html", {**common, **values})


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    if done == "asked":
        return {"text": "approvals.done_asked", "undo": None}
    if done not in DONE:
        return None
    sealed = request.query_params.get("undo", "")
    undo = {"action": "/desk/undo", "fields": {"before": sealed}} if sealed else None
    return {"text": f"rallies.notice_{done}", "undo": undo}


def read_typed(sent: FormData) -> dict[str, Any]:
    """What was typed into the form, as it was."""
    chosen = [str(value) for value in sent.getlist("landmark") if isinstance(value, str) and value]
    return {**{name: field(sent, name) for name in FIELDS}, "landmarks": chosen}


@form("schedule")
def post_new(request: Request, session: Session, sent: FormData) -> Response:
    """Make a rally: as a draft, or for visitors at once."""
    return _post(request, session, None, sent)


@form("review")
def post_rally(request: Request, session: Session, sent: FormData) -> Response:
    """Save a rally, or take a step with it."""
    return _post(request, session, load_stored(request, session), sent)


def _post(request: Request, session: Session, stored: StoredRecord | None, sent: FormData) -> Response:
    typed, step = read_typed(sent), field(sent, "step")
    again: dict[str, Any] = {"typed": typed, "revision": read_revision(sent), "notice": None}
    if step == "rows":
        return rally_page(request, session, stored, {**again, "more": MORE_ROWS})
    try:
        return _take(request, session, stored, (typed, sent))
    except DejimaError as error:
        language = find_place(request, session).language
        again |= {"problem": say_problem(error, language), **need_of(error)}
        if isinstance(error, Stale) and stored is not None and step == "withdraw":
            again["revision"] = stored.revision
        elif isinstance(error, Stale) and stored is not None:
            again |= _beside(parts_of(request), stored, typed, language)
        response = rally_page(request, session, stored, again)
        response.status_code = status_of(error)
        return response


def _beside(parts: Parts, stored: StoredRecord, typed: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What somebody else wrote meanwhile against what was typed; the next save names the newest revision."""
    mine = make_rally(stored.id, typed, dict(list_landmarks(parts, stored.site_id, language)))
    rows = say_differences(facts_of(parts, stored.site_id, language), stored.body, mine)
    return {"revision": stored.revision, "beside": rows}


def _take(
    request: Request, session: Session, stored: StoredRecord | None, what: tuple[Mapping[str, Any], FormData]
) -> Response:
    """Save what was typed and go on with it as the button says."""
    (typed, sent), parts = what, parts_of(request)
    step = field(sent, "step")
    if step == "withdraw" and stored is not None:
        undo = take_back(request, session, stored, read_revision(sent))
        return lead_on(session, f"/desk/rallies/{stored.id}", "withdrawn", undo)
    if step not in ("save", "publish", "ask", "review"):
        raise Invalid("step_unknown", "Choose what to do with the buttons of the page.")
    if step in STEPS:
        check_may(session, STEPS[step][0])
    known = dict(list_landmarks(parts, session.site_id, "en"))
    rally_id = stored.id if stored else ""
    body = make_rally(rally_id or "new", typed, known)
    if not rally_id:
        taken = {item.id for item in list_records(parts.catalog, session.site_id, "rally")}
        body = make_rally(propose_id(body.title, taken | {"new"}), typed, known)
    check_may_at_all(session, body)
    revision = read_revision(sent)
    if stored is None or stored.body != body or stored.revision != revision:
        check_may(session, "schedule")
    done, before = keep(request, session, (body, revision), step)
    return lead_on(session, f"/desk/rallies/{body.id}", CALLED.get(done, done), before)


routes = [
    Route("/desk/rallies", show_rallies),
    Route("/desk/rallies/new", show_new, methods=["GET"]),
    Route("/desk/rallies/new", post_new, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/rallies/{id}", show_rally_form, methods=["GET"]),
    Route("/desk/rallies/{id}", post_rally, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
