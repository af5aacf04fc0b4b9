"""Pages of teachers: their classes, the code and the cards, the pupils and what they hand in."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import STEPS, Session, may
from xr_server.domain.published import pick
from xr_server.domain.quota import GB, read_allowance
from xr_server.domain.school import (
    CODE_LIFE_MS,
    CREDITS,
    MOST_CARDS,
    check_open,
    goes_on,
    read_class,
    stage_of,
    usual_end,
)
from xr_server.errors import Conflict, DejimaError, Invalid, NotFound, Stale
from xr_server.parts import base_of, parts_of
from xr_server.routes.cards import cards_page
from xr_server.routes.changes import Row, say_typed
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language, load_texts
from xr_server.routes.problems import status_of
from xr_server.routes.qr import draw_qr
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.routes.wording import say_date, say_when
from xr_server.storage.classes import (
    Keeper,
    SchoolClass,
    change_class,
    close_code,
    find_class,
    give_class,
    list_classes,
    list_receipts,
    make_class,
    renew_code,
    set_class_room,
    stale_class,
    today_at,
)
from xr_server.storage.people import list_people
from xr_server.storage.pupil_media import list_class_media
from xr_server.storage.pupils import get_pupil, list_class_scans, list_pupils, make_pupils
from xr_server.storage.quotas import defaults_of

FIELDS = ("name", "school", "credit_with", "ends_on")
NOTICES = ("made", "changed", "code_closed", "room", "given", "pupil_deleted")
CALLED = {"credit_with": "credit", "ends_on": "ends"}  # in the texts
Typed = Mapping[str, str]


def keeper_of(session: Session) -> Keeper:
    """Whose classes somebody sees: a teacher the own ones, an administrator all."""
    return Keeper(session.site_id, None if may(session, "manage_people") else session.account_id)


def get_class(request: Request, session: Session) -> SchoolClass:
    """The class that the address names. Raises NotFound."""
    return find_class(parts_of(request).catalog, keeper_of(session), request.path_params["id"])


@page("teach")
def show_classes(request: Request, session: Session) -> Response:
    """The classes, a form for the next one, and receipts of those that are gone."""
    return classes_page(request, session, {})


def classes_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    """The list; values may bring back what was typed, and what was wrong with it."""
    parts, language = parts_of(request), choose_language(request)
    today = today_at(parts.catalog, session.site_id, parts.clock())
    common = {
        "classes": [
            {"it": one, "stage": stage_of(one.said.ends_on, today), "ends": say_date(one.said.ends_on, language)}
            for one in list_classes(parts.catalog, keeper_of(session))
        ],
        "receipts": list_receipts(parts.catalog, keeper_of(session)),
        "say_when": lambda at: say_when(at, language),
        "typed": {"name": "", "school": "", "credit_with": "class", "ends_on": usual_end(today).isoformat()},
        "credits": CREDITS,
        "problem": None,
    }
    return staff_page(request, session, "desk/classes.html", {**common, **values})


@form("teach")
def post_class(request: Request, session: Session, sent: FormData) -> Response:
    """Make a class."""
    parts, typed = parts_of(request), {name: field(sent, name) for name in FIELDS}
    try:
        said = read_class(typed, today_at(parts.catalog, session.site_id, parts.clock()))
    except Invalid as error:
        values = {"typed": typed, "problem": say_problem(error, choose_language(request))}
        response = classes_page(request, session, values)
        response.status_code = status_of(error)
        return response
    change = change_by(request, session)
    class_id = make_class(parts.catalog, session.site_id, said, change, parts.random_bytes)
    return RedirectResponse(f"/desk/classes/{class_id}?done=made", status_code=303)


@page("teach")
def show_class(request: Request, session: Session) -> Response:
    """One class: what was handed in, its pupils and their scans, the code, cards, and what it says of itself."""
    return class_page(request, session, get_class(request, session), {})


def class_page(request: Request, session: Session, found: SchoolClass, values: Mapping[str, Any]) -> Response:
    """The page of a class; values may bring back what was typed, and what was wrong with it."""
    parts, language = parts_of(request), choose_language(request)
    today, usual = today_at(parts.catalog, session.site_id, parts.clock()), defaults_of(parts.settings).pupil
    done, is_admin = request.query_params.get("done"), may(session, "manage_people")
    common = {
        "found": found,
        "stage": stage_of(found.said.ends_on, today),
        "ends": say_date(found.said.ends_on, language),
        "goes": say_date(goes_on(found.said.ends_on), language),
        "code_until": _code_until(found, parts.clock(), language),
        "pupils": list_pupils(parts.catalog, found.id),
        "scans": list_class_scans(parts.catalog, found.id),
        "media": list_class_media(parts.catalog, found.site_id, found.id),
        "pick": lambda text: pick(text, language),
        "say_when": lambda at: say_when(at, language),
        "typed": type_class(found),
        "seen": type_class(found),
        "theirs": None,
        "room": type_room(found),
        "usual": usual,
        "credits": CREDITS,
        "most_cards": MOST_CARDS,
        "is_admin": is_admin,
        "teachers": _teachers(request, session) if is_admin else [],
        "problem": None,
        "problem_of": "",
        "notice": {"text": f"school.notice_{done}", "undo": None} if done in NOTICES else None,
    }
    return staff_page(request, session, "desk/class.html", {**common, **values})


def _code_until(found: SchoolClass, now: int, language: str) -> str:
    until = found.code_expires_at or 0
    return say_when(until, language) if until > now else ""


def type_class(found: SchoolClass) -> dict[str, str]:
    """What a class says of itself, as the form shows it."""
    return {name: str(getattr(found.said, name)) for name in FIELDS}


def type_room(found: SchoolClass) -> dict[str, str]:
    """What an administrator has said of the room of a class's pupils, as the form shows it."""
    size, scans = found.pupil_bytes, found.pupil_scans
    return {"gb": "" if size is None else f"{size / GB:g}", "scans": "" if scans is None else str(scans)}


def _teachers(request: Request, session: Session) -> list[tuple[str, str]]:
    people = list_people(parts_of(request).catalog, session.site_id)
    return [(one.id, one.name) for one in people if not one.disabled and "teach" in STEPS[one.role]]


def _refused(request: Request, session: Session, error: DejimaError, values: Mapping[str, Any]) -> Response:
    said = {"problem": say_problem(error, choose_language(request)), "notice": None, **values}
    response = class_page(request, session, get_class(request, session), said)
    response.status_code = status_of(error)
    return response


def back_to(found: SchoolClass, done: str) -> Response:
    """The class's page, which says what was done."""
    return RedirectResponse(f"/desk/classes/{found.id}?done={done}", status_code=303)


@form("teach")
def post_change(request: Request, session: Session, sent: FormData) -> Response:
    """Let a class be called otherwise, end on another day, or put something else beside pen names."""
    parts, found = parts_of(request), get_class(request, session)
    typed = {name: field(sent, name) for name in FIELDS}
    try:
        said = read_class(typed, today_at(parts.catalog, found.site_id, parts.clock()))
        if {name: field(sent, f"seen_{name}") for name in FIELDS} != type_class(found):
            raise stale_class()
        change_class(parts.catalog, found, said, change_by(request, session))
    except Invalid as error:
        return _refused(request, session, error, {"typed": typed, "problem_of": "change"})
    except Stale as error:  # the form now carries what stands there: whoever saves again has seen it
        theirs = _beside(get_class(request, session), typed, choose_language(request))
        return _refused(request, session, error, {"typed": typed, "problem_of": "change", "theirs": theirs})
    return back_to(found, "changed")


def _beside(found: SchoolClass, typed: Typed, language: str) -> list[Row]:
    """What a class says of itself by now, and what was typed, field by field."""
    texts, now = load_texts(language), type_class(found)
    labels = {name: texts[f"school.class_{CALLED.get(name, name)}"] for name in FIELDS}

    def words(said: Typed) -> Typed:
        return {**said, "credit_with": texts.get(f"school.credit_{said['credit_with']}", "")}

    return say_typed(words(now), words(typed), labels)


@form("teach")
def post_code(request: Request, session: Session, _sent: FormData) -> Response:
    """Make a new code; the page that answers shows it, once."""
    parts, found = parts_of(request), get_class(request, session)
    check_open(found.said.ends_on, today_at(parts.catalog, found.site_id, parts.clock()))
    code = renew_code(parts.catalog, found, change_by(request, session), parts.random_bytes)
    address = f"{base_of(request)}/join"
    until = say_when(parts.clock() + CODE_LIFE_MS, choose_language(request))
    values = {"found": found, "code": code, "until": until, "address": address, "qr": draw_qr(address)}
    return staff_page(request, session, "desk/class_code.html", values)


@form("teach")
def post_close_code(request: Request, session: Session, _sent: FormData) -> Response:
    """Let the code open nothing any more."""
    found = get_class(request, session)
    close_code(parts_of(request).catalog, found, change_by(request, session))
    return back_to(found, "code_closed")


@form("teach")
def post_cards(request: Request, session: Session, sent: FormData) -> Response:
    """Make accounts for so many pupils, and the page of their cards."""
    parts, found, count = parts_of(request), get_class(request, session), field(sent, "count")
    try:
        check_open(found.said.ends_on, today_at(parts.catalog, found.site_id, parts.clock()))
        if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= MOST_CARDS:
            raise Invalid("card_count", f"Cards are made for 1 to {MOST_CARDS} pupils at once.")
        asked = int(count), choose_language(request)
        pupils = make_pupils(parts.catalog, found, asked, change_by(request, session), parts.random_bytes)
    except (Invalid, Conflict) as error:
        return _refused(request, session, error, {"problem_of": "cards"})
    return cards_page(request, session, found, pupils)


@form("teach")
def post_link(request: Request, session: Session, _sent: FormData) -> Response:
    """A new card for one pupil, such as one who has forgotten the password."""
    found = get_class(request, session)
    pupil = get_pupil(parts_of(request).catalog, found.id, request.path_params["pupil"])
    return cards_page(request, session, found, [pupil])


@form("manage_people")
def post_room(request: Request, session: Session, sent: FormData) -> Response:
    """Give the pupils of a class other room for their scans."""
    parts, found = parts_of(request), get_class(request, session)
    typed = {"gb": field(sent, "gb"), "scans": field(sent, "scans")}
    try:
        room = read_allowance(typed["gb"], typed["scans"], defaults_of(parts.settings).pupil)
    except Invalid as error:
        return _refused(request, session, error, {"room": typed, "problem_of": "room"})
    set_class_room(parts.catalog, found, room, change_by(request, session))
    return back_to(found, "room")


@form("manage_people")
def post_teacher(request: Request, session: Session, sent: FormData) -> Response:
    """Let another teacher look after a class."""
    found = get_class(request, session)
    try:
        give_class(parts_of(request).catalog, found, field(sent, "teacher"), change_by(request, session))
    except (NotFound, Conflict) as error:
        return _refused(request, session, error, {"problem_of": "teacher"})
    return back_to(found, "given")


routes = [
    Route("/desk/classes", show_classes, methods=["GET"]),
    Route("/desk/classes", post_class, methods=["POST"], max_body_size=MAX_FORM_BYTES),
    Route("/desk/classes/{id}", show_class),
    *(
        Route(f"/desk/classes/{{id}}/{step}", post, methods=["POST"], max_body_size=MAX_FORM_BYTES)
        for step, post in (
            ("change", post_change),
            ("code", post_code),
            ("close-code", post_close_code),
            ("cards", post_cards),
            ("room", post_room),
            ("teacher", post_teacher),
            ("pupils/{pupil}/link", post_link),
        )
    ),
]
