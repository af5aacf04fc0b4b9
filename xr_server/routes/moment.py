"""Show me a moment: what a visitor would find then, as a list, on the map and as the page of a phone.

For staff alone: what is shown may be a draft, and no answer of these addresses is kept by anybody.
"""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session
from xr_server.domain.languages import NAMES
from xr_server.domain.moments import read_local_moment
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import Document, Published, shown_scenes
from xr_server.domain.ruby import plain
from xr_server.errors import Conflict, Invalid, NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.guard import page
from xr_server.routes.island import draw_island
from xr_server.routes.live import Place, find_place, list_answers, load_then
from xr_server.routes.pages import render_html, style_source
from xr_server.routes.staff import staff_page
from xr_server.routes.visitor import Visit, common_values, experience_values, landmark_values, site_values
from xr_server.routes.wording import say_moment
from xr_server.storage.publish import press

SHOWS = ("published", "drafts")
# its own scripts would ask for what is published now, and show that; a sandbox without them also lays the page out so
POLICY = (
    "sandbox allow-same-origin; default-src 'self'; script-src 'none'; img-src 'self' data:; frame-ancestors 'self'; "
    "form-action 'none'"
)
HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
Values = dict[str, Any]


@page("schedule")
def show_moment(request: Request, session: Session) -> Response:
    """The moment asked for, else now: who is on and why not, on the map, and beside it the page of a phone."""
    place, asked = find_place(request, session), request.query_params.get("at", "")
    at = read_local_moment(asked, place.zone) if asked else place.now
    show = request.query_params.get("show", "published")
    drafts = show == "drafts"
    published, offered = load_then(parts_of(request), place.site.id, drafts)
    tongue = request.query_params.get("tongue", "")
    tongue = tongue if tongue in place.site.languages else _nearest(place)
    problem, at = (None if at else "desk.moment_unreadable"), at or place.now
    local = f"{at.astimezone(place.zone):%Y-%m-%dT%H:%M}"
    answers = list_answers(published, offered, place, at)
    values: Values = {
        "live": answers,
        "live_moment": say_moment(at, place.zone, place.language),
        "live_input": local,
        "live_problem": problem,
        "live_is_quiet": f"{local[5:10]}" in place.site.quiet_days,
        "drafts": drafts,
        "tongue": tongue,
        "tongues": [(one, plain(NAMES[one])) for one in place.site.languages],
        "phone": f"/desk/moment/{local}/{'drafts' if drafts else 'published'}/{tongue}/",
        "day_href": f"/desk/calendar/{int(local[:4])}/{int(local[5:7])}/{int(local[8:10])}",
        "island": None,
    }
    if published is not None:
        document = compile_site(published, Edition(0, at.astimezone(place.zone).date(), _nearest(place)))
        values |= {"island": draw_island(document), "offers": _by_landmark(answers), "site": document["site"]}
    return staff_page(request, session, "desk/moment.html", values)


def _nearest(place: Place) -> str:
    """The reader's language where the site speaks it, else its first."""
    return place.language if place.language in place.site.languages else place.site.languages[0]


def _by_landmark(answers: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Titles of what is live, by landmark."""
    found: dict[str, list[str]] = {}
    for row in answers:
        if row["answer"] == "live":
            found.setdefault(row["landmark"], []).append(row["title"])
    return found


def _open(request: Request, session: Session) -> tuple[Visit, Published, str]:
    """A visit at the moment of an address, the site, and the address below which it lies. Raises NotFound, Invalid."""
    place, path = find_place(request, session), request.path_params
    at, show, language = read_local_moment(path["at"], place.zone), path["show"], path["lang"]
    if at is None or show not in SHOWS:
        raise Invalid("moment_unreadable", "Give a day and an hour such as 2026-11-24T18:00.")
    if language not in place.site.languages:
        raise NotFound("language_unknown", "The site does not speak this language.")
    published, _ = load_then(parts_of(request), place.site.id, show == "drafts")
    if published is None:
        raise Conflict("site_empty", "This site has no content yet. An operator can import it with `dejima import`.")
    document = compile_site(published, Edition(0, at.astimezone(place.zone).date(), language))
    document = _without_unserved(request, document)
    home = f"/desk/moment/{path['at']}/{show}/{language}/"
    return Visit(press(document), place.site.id, language, base_of(request), request.url.path, at), published, home


def _without_unserved(request: Request, document: Document) -> Document:
    """The document without covers of packages and pictures that nobody may fetch yet: a draft's scene has none here."""
    snapshot = parts_of(request).published.snapshot.sites.get(document["site"]["id"])
    served = snapshot.all_digests if snapshot else frozenset()
    for experience in document["experiences"]:
        digest = experience["cover"].split("/")[2] if experience["cover"].count("/") > 2 else ""
        if digest not in served:
            experience["cover"] = ""
    return document


def _answer(visit: Visit, home: str, template: str, values: Mapping[str, Any]) -> Response:
    """A visitors' page as it would be then, without its scripts, for nobody to keep."""
    here: Values = {"home": home, "languages": [], "still": True, "linked_data": None}
    html = render_html(template, visit.language, {**common_values(visit, template), **values, **here})
    headers = {**HEADERS, "Content-Security-Policy": f"{POLICY}; style-src 'self' {style_source('src/main.ts')}"}
    return Response(html, headers={**headers, "Content-Language": visit.language}, media_type="text/html")


@page("schedule")
def show_site_then(request: Request, session: Session) -> Response:
    """The landing page of visitors as it would be then."""
    visit, _, home = _open(request, session)
    return _answer(visit, home, "visitor/site.html", site_values(request, visit))


@page("schedule")
def show_landmark_then(request: Request, session: Session) -> Response:
    """The page of a landmark as it would be then."""
    visit, _, home = _open(request, session)
    landmark = _named(visit, "landmarks", request.path_params["landmark"])
    return _answer(visit, home, "visitor/landmark.html", landmark_values(request, visit, landmark))


@page("schedule")
def show_experience_then(request: Request, session: Session) -> Response:
    """The page of an experience as it would be then."""
    visit, published, home = _open(request, session)
    experience = _named(visit, "experiences", request.path_params["experience"])
    scene = next(one for one in shown_scenes(published) if one.id == experience["scene"])
    values = experience_values(visit, experience, compile_scene(scene, published, visit.language))
    return _answer(visit, home, "visitor/experience.html", {**values, "saves_data": True, "first_files": []})


def _named(visit: Visit, kind: str, wanted: str) -> Mapping[str, Any]:
    """A landmark or an experience of the document. Raises NotFound."""
    found: Mapping[str, Any] | None = next((one for one in visit.document[kind] if one["id"] == wanted), None)
    if found is None:
        raise NotFound("not_then", "This would not be there at that moment.")
    return found


@page("schedule")
def leave_moment(request: Request, session: Session) -> Response:
    """To a page that is the same at any moment, such as help."""
    place, path = find_place(request, session), request.path_params
    return RedirectResponse(f"/{path['lang']}/{place.site.id}/{path['rest']}", status_code=303, headers=HEADERS)


routes = [
    Route("/desk/moment", show_moment),
    Route("/desk/moment/{at}/{show}/{lang}/", show_site_then),
    Route("/desk/moment/{at}/{show}/{lang}/landmarks/{landmark}", show_landmark_then),
    Route("/desk/moment/{at}/{show}/{lang}/experiences/{experience}", show_experience_then),
    Route("/desk/moment/{at}/{show}/{lang}/{rest:path}", leave_moment),
]
