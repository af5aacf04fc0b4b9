"""Residents' memories at the desk: what waits, shown or refused with a reason, hidden, translated; and none taken at all."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.memory import CONSENT, KEPT_MS, LICENCES, MAX_REASON, State, check_reason, read_rendering
from xr_server.domain.memory_rule import RULES, Rule, are_told, read_rule
from xr_server.domain.ruby import plain
from xr_server.errors import DejimaError, Forbidden, Invalid, NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.live import Place, find_place
from xr_server.routes.memories import send_unkept
from xr_server.routes.memories_told import say_credit
from xr_server.routes.problems import status_of
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.routes.wording import say_when
from xr_server.storage.memories import Memory, Verdict, decide, list_memories, load_memory, translate
from xr_server.storage.memory_rules import SetRule, load_rule, set_rule

STEPS: Mapping[str, State] = {"show": "shown", "refuse": "refused", "hide": "hidden"}
DONE = ("shown", "shown_away", "refused", "hidden", "translated", *(f"rule_{rule}" for rule in RULES))
SEALS = {
    "waiting": "in_review",
    "shown": "published",
    "shown_away": "draft",
    "refused": "changes_requested",
    "hidden": "withdrawn",
}
"""As which state of a record a memory's is drawn."""
EXCERPT = 80


def _names(request: Request, place: Place) -> dict[str, str]:
    return dict(list_landmarks(parts_of(request), place.site.id, place.language))


@page("publish")
def show_memories(request: Request, session: Session) -> Response:
    """All memories, those that wait first, and whether the site takes them."""
    return _list_page(request, session, {"notice": _notice(request)})


def _list_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    place, catalog = find_place(request, session), parts_of(request).catalog
    names, rule = _names(request, place), load_rule(catalog, session.site_id)
    found = list_memories(catalog, session.site_id, session.landmarks)
    common = {
        "rows": [_describe(one, place, names, rule.rule) for one in found],
        "rule": rule,
        "others": [one for one in RULES if one != rule.rule],
        "may_set": not session.landmarks,
        "problem": None,
    }
    return staff_page(request, session, "desk/memories.html", {**common, **values})


@form("publish")
def post_rule(request: Request, session: Session, sent: FormData) -> Response:
    """Take memories, take none and leave those shown, or take them all off the pages, as staff choose."""
    try:
        if session.landmarks:
            raise Forbidden(
                "part_not_yours",
                "Your account is for a part of the site, and this is outside it. Nothing was changed; ask an "
                "administrator.",
            )
        wanted = SetRule(read_rule(field(sent, "rule")), read_revision(sent))
        set_rule(parts_of(request).catalog, session.site_id, wanted, change_by(request, session))
    except DejimaError as error:
        problem = say_problem(error, find_place(request, session).language)
        response = _list_page(request, session, {"notice": None, "problem": problem})
        response.status_code = status_of(error)
        return response
    return RedirectResponse(f"/desk/memories?done=rule_{wanted.rule}", status_code=303)


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    return {"text": f"memories.notice_{done}", "undo": None} if done in DONE else None


def _describe(found: Memory, place: Place, names: Mapping[str, str], rule: Rule) -> dict[str, Any]:
    told, zone = found.told, place.site.time_zone
    state = "shown_away" if found.state == "shown" and not are_told(rule) else found.state
    excerpt = (told.words or told.shows) if told else ""
    return {
        "it": found,
        "told": told,
        "where": names.get(found.landmark, found.landmark),
        "seal": SEALS.get(state, "withdrawn"),
        "state": state,
        "excerpt": excerpt if len(excerpt) <= EXCERPT else f"{excerpt[:EXCERPT]}…",
        "tag": html_tag(told.language) if told else None,
        "credit": say_credit(told, place.language) if told else "",
        "since": say_when(found.created_at, place.language, zone),
        "until": say_when((found.decided_at or 0) + KEPT_MS, place.language, zone),
    }


def _load(request: Request, session: Session) -> Memory:
    """The memory of the address. Raises NotFound, also once nothing of it is left; Forbidden elsewhere on the site."""
    found = load_memory(parts_of(request).catalog, session.site_id, request.path_params["id"])
    if found.state == "gone":
        raise NotFound("memory_gone", "This memory was withdrawn meanwhile, and nothing of it is left.")
    check_may_at(session, found.landmark)
    return found


@page("publish")
def show_memory(request: Request, session: Session) -> Response:
    """One memory with all that helps to decide."""
    return _memory_page(request, session, _load(request, session), {"notice": _notice(request)})


def _memory_page(request: Request, session: Session, found: Memory, values: Mapping[str, Any]) -> Response:
    place, told = find_place(request, session), found.told
    rule = load_rule(parts_of(request).catalog, session.site_id).rule
    others = [one for one in place.site.languages if told is None or one != told.language]
    common = {
        **_describe(found, place, _names(request, place), rule),
        "language_name": plain(NAMES[told.language]) if told else "",
        "licence": LICENCES[told.licence] if told else "",
        "consent_now": CONSENT,
        "is_open": told is not None and told.is_open,
        "away": not are_told(rule),
        "others": [(one, plain(NAMES[one])) for one in others],
        "names": {one: plain(name) for one, name in NAMES.items()},
        "tags": {one: html_tag(one) for one in NAMES},
        "most_reason": MAX_REASON,
        "typed": {"reason": "", "language": "", "words": "", "shows": "", "reviewed": ""},
        "problem": None,
        "faults": {},
    }
    return staff_page(request, session, "desk/memory.html", {**common, **values})


@form("publish")
def post_memory(request: Request, session: Session, sent: FormData) -> Response:
    """Show a memory, refuse or hide it with a reason."""
    found, step, reason = _load(request, session), field(sent, "step"), field(sent, "reason")
    try:
        if step not in STEPS:
            raise Invalid("step_unknown", "Choose what to do with the buttons of the page.")
        said = "" if step == "show" else check_reason(reason)
        verdict = Verdict(read_revision(sent), STEPS[step], said)
        decide(parts_of(request).catalog, found, verdict, change_by(request, session))
    except DejimaError as error:
        return _refused(request, session, {"reason": reason}, error)
    seen = are_told(load_rule(parts_of(request).catalog, session.site_id).rule)
    done = STEPS[step] if seen or step != "show" else "shown_away"
    return RedirectResponse(f"/desk/memories/{found.id}?done={done}", status_code=303)


def _refused(request: Request, session: Session, typed: Mapping[str, str], error: DejimaError) -> Response:
    """The page as it stands now, with what was typed."""
    place = find_place(request, session)
    blank = {"reason": "", "language": "", "words": "", "shows": "", "reviewed": ""}
    faults = {name: say_problem(one, place.language) for name, one in getattr(error, "faults", {}).items()}
    values = {"typed": {**blank, **typed}, "problem": say_problem(error, place.language), "faults": faults}
    response = _memory_page(request, session, _load(request, session), values)
    response.status_code = status_of(error)
    return response


@form("publish")
def post_translation(request: Request, session: Session, sent: FormData) -> Response:
    """Add a translation, or take one away by leaving it empty."""
    found, place = _load(request, session), find_place(request, session)
    typed = {name: field(sent, name).replace("\r\n", "\n") for name in ("language", "words", "shows", "reviewed")}
    try:
        if found.told is None:
            raise NotFound("memory_gone", "This memory was withdrawn meanwhile, and nothing of it is left.")
        language, rendering = read_rendering(typed, found.told, place.site.languages)
        translate(parts_of(request).catalog, found, language, rendering, change_by(request, session))
    except DejimaError as error:
        return _refused(request, session, typed, error)
    return RedirectResponse(f"/desk/memories/{found.id}?done=translated", status_code=303)


@page("publish")
def show_picture(request: Request, session: Session) -> Response:
    """The picture of a memory, shown to visitors or not."""
    return send_unkept(request, _load(request, session))


routes = [
    Route("/desk/memories", show_memories, methods=["GET"]),
    Route("/desk/memories", post_rule, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/memories/{id}", show_memory, methods=["GET"]),
    Route("/desk/memories/{id}", post_memory, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/memories/{id}/translation", post_translation, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/memories/{id}/picture", show_picture),
]
