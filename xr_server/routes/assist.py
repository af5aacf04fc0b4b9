"""Staff-assist: a whole visit for somebody without a phone, on a tablet of the staff, in the visitor's language."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.kiosk import Kiosk
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.ruby import dress_page, plain
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import page
from xr_server.routes.kiosk import Stand, experience_values, home_values, landmark_values
from xr_server.routes.pages import choose_language, say_in
from xr_server.routes.staff import staff_page
from xr_server.routes.visitor import Visit, answer_once

FIRST = "/desk/assist"


@page("schedule")
def show_choice(request: Request, session: Session) -> Response:
    """Which language the visitor reads; the rallies for which a card can be stamped."""
    documents = parts_of(request).published.get_site(session.site_id).documents
    languages = [(lang, dress_page(NAMES[lang]), html_tag(lang)) for lang in documents]
    own = choose_language(request)
    values = {"tongues": languages, "first": FIRST, "rallies": _rallies(request, session, own)}
    return staff_page(request, session, "desk/assist.html", values)


def _rallies(request: Request, session: Session, language: str) -> list[dict[str, str]]:
    """The rallies whose cards are stamped or whose prizes are given these days, by id and title."""
    documents = parts_of(request).published.get_site(session.site_id).documents
    document = (documents.get(language) or next(iter(documents.values()))).document
    today = document["compiled_for_on"]
    return [
        {"id": rally["id"], "title": plain(rally["title"])}
        for rally in document.get("rallies", [])
        if rally["first_on"] <= today <= rally["collect_until"]
    ]


def _open(request: Request, session: Session) -> tuple[Visit, Stand, dict[str, Any]]:
    """What is shown to whom: the visitor's pages, and the line above them in the language of whoever helps."""
    parts, language = parts_of(request), request.path_params["lang"]
    compiled = parts.published.site(session.site_id, language)
    at = datetime.fromtimestamp(parts.clock() / 1000, UTC)
    visit = Visit(compiled, session.site_id, language, base_of(request), request.url.path, at)
    own = choose_language(request)
    helper = {"language": own, "rallies": _rallies(request, session, own)}
    stand = Stand(f"{FIRST}/{language}/", FIRST, Kiosk(), helps=True)
    return visit, stand, {"helper": helper, "say": say_in}


@page("schedule")
def show_home(request: Request, session: Session) -> Response:
    """The first page for a visitor who is helped."""
    visit, stand, helper = _open(request, session)
    return answer_once(visit, "kiosk/home.html", {**home_values(visit, stand), **helper})


@page("schedule")
def show_landmark(request: Request, session: Session) -> Response:
    """A landmark, to be read, read aloud and printed."""
    visit, stand, helper = _open(request, session)
    values = landmark_values(visit, stand, request.path_params["landmark"])
    return answer_once(visit, "kiosk/landmark.html", {**values, **helper})


@page("schedule")
def show_experience(request: Request, session: Session) -> Response:
    """An experience, with its model to be turned."""
    visit, stand, helper = _open(request, session)
    return answer_once(visit, "kiosk/experience.html", {**experience_values(request, visit, stand), **helper})


routes = [
    Route(FIRST, show_choice),
    Route(f"{FIRST}/{{lang}}/", show_home),
    Route(f"{FIRST}/{{lang}}/landmarks/{{landmark}}", show_landmark),
    Route(f"{FIRST}/{{lang}}/experiences/{{experience}}", show_experience),
]
