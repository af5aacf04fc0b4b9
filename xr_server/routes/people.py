"""Pages of administrators: who has an account, new ones, a way back in, other roles, and what happens when people move on."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import GIVEN_ROLES, RESET_LIFE_MS, NewAccount, Session, check_given_role
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.routes.undoing import seal
from xr_server.routes.wording import say_when
from xr_server.storage.accounts import add_account
from xr_server.storage.organisations import list_organisations
from xr_server.storage.people import (
    Handing,
    Person,
    can_take,
    close_account,
    find_person,
    hand_over,
    list_people,
    reopen_account,
    set_landmarks,
    set_organisation,
    set_role,
)
from xr_server.storage.pupils import find_class_of
from xr_server.storage.resets import issue_reset

NOTICES = ("role", "closed", "reopened", "handed_over", "part", "organisation")


@page("manage_people")
def show_people(request: Request, session: Session) -> Response:
    """Everybody with an account, and a form for the next one."""
    return people_page(request, session, {})


def people_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    """The list; values may bring back what was typed, and what was wrong with it."""
    language = choose_language(request)
    common = {
        "people": list_people(parts_of(request).catalog, session.site_id),
        "roles": GIVEN_ROLES,
        "typed": {"name": "", "role": "creator"},
        "say_when": lambda at: say_when(at, language),
        "problem": None,
    }
    return staff_page(request, session, "desk/people.html", {**common, **values})


@form("manage_people")
def post_account(request: Request, session: Session, sent: FormData) -> Response:
    """Make an account without a password; the page that answers has the link by which its owner sets one."""
    parts, typed = parts_of(request), {"name": field(sent, "name"), "role": field(sent, "role")}
    try:
        new = NewAccount(session.site_id, typed["name"], check_given_role(typed["role"]), by=session.account_id)
        account_id = add_account(parts.catalog, new, parts.clock(), parts.random_bytes)
    except (Invalid, Conflict) as error:
        values = {"typed": typed, "problem": say_problem(error, choose_language(request))}
        response = people_page(request, session, values)
        response.status_code = STATUS[type(error)]
        return response
    return _link_page(request, session, find_person(parts.catalog, session.site_id, account_id))


@page("manage_people")
def show_person(request: Request, session: Session) -> Response:
    """One account and what can be done with it; of a pupil that stands on the page of the class."""
    found = find_class_of(parts_of(request).catalog, request.path_params["id"])
    if found is not None and found.site_id == session.site_id:
        return RedirectResponse(f"/desk/classes/{found.id}", status_code=303)
    return person_page(request, session, _find(request, session), {})


def person_page(request: Request, session: Session, person: Person, values: Mapping[str, Any]) -> Response:
    """The page of an account; values may say why something was not done."""
    language = choose_language(request)
    people = list_people(parts_of(request).catalog, session.site_id)
    common = {
        "person": person,
        "is_self": person.id == session.account_id,
        "roles": GIVEN_ROLES,
        "landmarks": list_landmarks(parts_of(request), session.site_id, language),
        "organisations": list_organisations(parts_of(request).catalog, session.site_id),
        "takers": [other for other in people if other.id != person.id and can_take(other)],
        "say_when": lambda at: say_when(at, language),
        "problem": None,
        "notice": _notice(request, session, person),
    }
    return staff_page(request, session, "desk/person.html", {**common, **values})


def _notice(request: Request, session: Session, person: Person) -> dict[str, Any] | None:
    done, before = request.query_params.get("done"), request.query_params.get("before", "")
    if done not in NOTICES:
        return None
    undo = None
    if done == "closed" and person.disabled:
        undo = {"action": f"/desk/people/{person.id}/reopen", "fields": {}}
    role = next((role for role in GIVEN_ROLES if before == seal(session, f"{person.id}.{role}")), person.role)
    if done == "role" and role != person.role:
        undo = {"action": f"/desk/people/{person.id}/role", "fields": {"role": role}}
    return {"text": f"desk.people_notice_{done}", "undo": undo}


@form("manage_people")
def post_link(request: Request, session: Session, _sent: FormData) -> Response:
    """A one-time link to an account, shown once."""
    person = _find(request, session)
    if person.disabled:
        raise Conflict("account_closed", "This account is closed. Open it again first; nothing was changed.")
    return _link_page(request, session, person)


def _link_page(request: Request, session: Session, person: Person) -> Response:
    parts, language = parts_of(request), choose_language(request)
    token = issue_reset(parts.catalog, person.id, change_by(request, session), parts.random_bytes)
    until = say_when(parts.clock() + RESET_LIFE_MS, language)
    values = {"person": person, "link": f"{base_of(request)}/reset/{token}", "until": until}
    return staff_page(request, session, "desk/link.html", values)


@form("manage_people")
def post_role(request: Request, session: Session, sent: FormData) -> Response:
    """Give somebody another role."""
    person = _find(request, session)
    try:
        set_role(
            parts_of(request).catalog, session.site_id, person.id, field(sent, "role"), change_by(request, session)
        )
    except (Invalid, Conflict) as error:
        return _refused(request, session, person, error)
    if person.id == session.account_id:  # who gave up the own role sees this page no more
        return RedirectResponse("/account", status_code=303)
    return _back(person, f"role&before={seal(session, f'{person.id}.{person.role}')}")


@form("manage_people")
def post_part(request: Request, session: Session, sent: FormData) -> Response:
    """Let a membership hold for some landmarks alone, or with none chosen for the whole site."""
    parts, person = parts_of(request), _find(request, session)
    there = {name for name, _ in list_landmarks(parts, session.site_id, choose_language(request))}
    chosen = sorted({str(value) for value in sent.getlist("landmark")} & there)
    set_landmarks(parts.catalog, session.site_id, person.id, chosen, change_by(request, session))
    return _back(person, "part")


@form("manage_people")
def post_organisation(request: Request, session: Session, sent: FormData) -> Response:
    """Let somebody belong to another organisation."""
    parts, person, change = parts_of(request), _find(request, session), change_by(request, session)
    try:
        set_organisation(parts.catalog, session.site_id, person.id, field(sent, "organisation"), change)
    except NotFound as error:
        return _refused(request, session, person, error)
    return _back(person, "organisation")


@form("manage_people")
def post_close(request: Request, session: Session, _sent: FormData) -> Response:
    """Close an account; it can be opened again."""
    person = _find(request, session)
    try:
        close_account(parts_of(request).catalog, session.site_id, person.id, change_by(request, session))
    except Conflict as error:
        return _refused(request, session, person, error)
    return _back(person, "closed")


@form("manage_people")
def post_reopen(request: Request, session: Session, _sent: FormData) -> Response:
    """Open a closed account again."""
    person = _find(request, session)
    reopen_account(parts_of(request).catalog, session.site_id, person.id, change_by(request, session))
    return _back(person, "reopened")


@form("manage_people")
def post_hand_over(request: Request, session: Session, sent: FormData) -> Response:
    """Let somebody's scans be another's, when people move on."""
    parts, person = parts_of(request), _find(request, session)
    try:
        handing = Handing(session.site_id, person.id, field(sent, "taker"))
        hand_over(parts.catalog, handing, change_by(request, session))
    except (NotFound, Conflict) as error:
        return _refused(request, session, person, error)
    return _back(person, "handed_over")


def _find(request: Request, session: Session) -> Person:
    return find_person(parts_of(request).catalog, session.site_id, request.path_params["id"])


def _back(person: Person, done: str) -> Response:
    return RedirectResponse(f"/desk/people/{person.id}?done={done}", status_code=303)


def _refused(request: Request, session: Session, person: Person, error: DejimaError) -> Response:
    response = person_page(request, session, person, {"problem": say_problem(error, choose_language(request))})
    response.status_code = STATUS[type(error)]
    return response


routes = [
    Route("/desk/people", show_people, methods=["GET"]),
    Route("/desk/people", post_account, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/people/{id}", show_person),
    *(
        Route(f"/desk/people/{{id}}/{step}", post, methods=["POST"], max_body_size=MAX_FORM_BYTES)
        for step, post in (
            ("link", post_link),
            ("role", post_role),
            ("close", post_close),
            ("reopen", post_reopen),
            ("hand-over", post_hand_over),
            ("part", post_part),
            ("organisation", post_organisation),
        )
    ),
]
