"""The tablet at the entrance: large type, a language first, and no way out; the same pages serve whoever helps a visitor."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.kiosk import QUESTION_S, Kiosk, kiosk_of, languages_of, shows
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.ruby import dress_page
from xr_server.errors import NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.client_texts import client_texts
from xr_server.routes.island import Island, draw_island
from xr_server.routes.notices_told import notices_at, say_opening
from xr_server.routes.pages import load_texts, say_in
from xr_server.routes.qr import draw_qr
from xr_server.routes.times import say_times, sort_by_time
from xr_server.routes.visitor import Visit, answer, open_visit

FOR_SCRIPT = "kiosk.page_"  # what the script of these pages alone says
UNINDEXED = {"X-Robots-Tag": "noindex"}


@dataclass(frozen=True)
class Stand:
    """What the addresses of these pages begin with, where they lead back to, and whether somebody of the staff helps."""

    home: str
    first: str
    kiosk: Kiosk
    helps: bool = False


def tablet_at(visit: Visit) -> Stand:
    """The tablet of a visit's site. Raises NotFound for a language it does not show."""
    kiosk, first = kiosk_of(visit.document), f"/kiosk/{visit.site_id}"
    if visit.language not in languages_of(kiosk, visit.document["site"]["languages"]):
        raise NotFound(
            "language_unknown", "This tablet does not show this language; its first page lists those it shows."
        )
    return Stand(f"{first}/{visit.language}/", first, kiosk)


async def show_start(request: Request) -> Response:
    """The page a tablet rests on: every language by its own name."""
    parts, site_id = parts_of(request), request.path_params["site"]
    documents = parts.published.get_site(site_id).documents
    document = next(iter(documents.values())).document
    kiosk = kiosk_of(document)
    languages = languages_of(kiosk, document["site"]["languages"])
    compiled = documents[languages[0]]
    at = datetime.fromtimestamp(parts.clock() / 1000, UTC)
    visit = Visit(compiled, site_id, languages[0], base_of(request), request.url.path, at)
    first = f"/kiosk/{site_id}"
    stand = Stand(f"{first}/{visit.language}/", first, kiosk)

    def make() -> dict[str, Any]:
        choices = [
            {
                "language": lang,
                "name": dress_page(NAMES[lang]),
                "tag": html_tag(lang),
                "href": f"{first}/{lang}/",
                "site": dress_page(documents[lang].document["site"]["name"]),
                "begin": dress_page(say_in(lang, "kiosk.begin")),
            }
            for lang in languages
        ]
        pages = [page for lang in languages for page in _pages(documents[lang].document, f"{first}/{lang}/", kiosk)]
        return {**stand_values(visit, stand), "choices": choices, "keep": [first, *pages]}

    return _unindexed(answer(request, visit, "kiosk/start.html", make))


def _pages(document: Any, home: str, kiosk: Kiosk) -> list[str]:
    """Every page of the tablet in a language, for keeping them while there is a connection."""
    marks = [mark["id"] for mark in _landmarks(document, kiosk)]
    seen = [one["id"] for one in document["experiences"] if one["landmark"] in marks]
    return [home, *(f"{home}landmarks/{id}" for id in marks), *(f"{home}experiences/{id}" for id in seen)]


def _landmarks(document: Any, kiosk: Kiosk) -> list[Any]:
    """The landmarks that the tablet has: those of the map in its order, then the others that lie somewhere."""
    numbered = [mark.id for mark in draw_island(document).marks]
    by_id = {mark["id"]: mark for mark in document["landmarks"]}
    others = [id for id, mark in by_id.items() if mark["lat"] is not None and id not in numbered]
    return [by_id[id] for id in (*numbered, *others) if shows(kiosk, id)]


def _unindexed(response: Response) -> Response:
    response.headers.update(UNINDEXED)
    return response


def stand_values(visit: Visit, stand: Stand) -> dict[str, Any]:
    """What all these pages are rendered with."""
    texts = load_texts(visit.language)
    said = {key.removeprefix(FOR_SCRIPT): text for key, text in texts.items() if key.startswith(FOR_SCRIPT)}
    return {
        "stand": stand,
        "home": stand.home,
        "question_s": QUESTION_S,
        "kiosk_texts": said,
        "ui_texts": {**client_texts(visit.language, immersive=True), **client_texts(visit.language, immersive=False)},
    }


def _phone(visit: Visit, page: str) -> dict[str, str]:
    """The very page on a phone of one's own: its address, and the QR code of it."""
    address = f"{visit.base}/{visit.language}/{visit.site_id}/{page}"
    return {"address": address.partition("://")[2], "qr": draw_qr(address)}


def home_values(visit: Visit, stand: Stand) -> dict[str, Any]:
    """The first page in a language: what holds now, what is on, the map, and every landmark."""
    marks = _landmarks(visit.document, stand.kiosk)
    ids = {mark["id"] for mark in marks}
    programme = sort_by_time(visit.document, visit.at)
    parts = {
        part: [one for one in getattr(programme, part) if one["landmark"] in ids] for part in ("now", "next", "rest")
    }
    return {
        **stand_values(visit, stand),
        "island": _drawn(visit, stand),
        "marks": marks,
        "programme": parts,
        "offered": [one for part in parts.values() for one in part],
        "times": _times(visit),
        "phone": _phone(visit, ""),
    }


def _drawn(visit: Visit, stand: Stand) -> Island:
    """The map with the landmarks of the tablet alone, under the numbers they have on phones and signs."""
    island = draw_island(visit.document)
    return replace(island, marks=tuple(mark for mark in island.marks if shows(stand.kiosk, mark.id)))


def _times(visit: Visit) -> dict[str, Any]:
    return {
        one["id"]: say_times(one, visit.document, visit.at, visit.language) for one in visit.document["experiences"]
    }


def landmark_values(visit: Visit, stand: Stand, wanted: str) -> dict[str, Any]:
    """One landmark: picture, short text, what is seen there, the way on. Raises NotFound."""
    marks = _landmarks(visit.document, stand.kiosk)
    at = next((index for index, mark in enumerate(marks) if mark["id"] == wanted), None)
    if at is None:
        raise NotFound("landmark_unknown", "There is no landmark of this name here; the first page lists all of them.")
    landmark = marks[at]
    return {
        **stand_values(visit, stand),
        "landmark": landmark,
        "number": next((mark.number for mark in draw_island(visit.document).marks if mark.id == wanted), None),
        "notices": notices_at(visit.document, visit.at, wanted),
        "opening": say_opening(landmark, visit.document, visit.at),
        "offered": [one for one in visit.document["experiences"] if one["landmark"] == wanted],
        "events": [entry for entry in visit.document["site"]["timeline"] if wanted in entry["landmarks"]],
        "times": _times(visit),
        "previous": marks[at - 1] if at else None,
        "next": marks[at + 1] if at + 1 < len(marks) else None,
        "phone": _phone(visit, f"landmarks/{wanted}"),
    }


def experience_values(request: Request, visit: Visit, stand: Stand) -> dict[str, Any]:
    """One experience: its picture, which a script makes a model that can be turned, and its words. Raises NotFound."""
    wanted = request.path_params["experience"]
    ids = {mark["id"]: mark for mark in _landmarks(visit.document, stand.kiosk)}
    experience = next((one for one in visit.document["experiences"] if one["id"] == wanted), None)
    if experience is None or experience["landmark"] not in ids:
        raise NotFound(
            "experience_unknown", "This is not shown here, or not any more; the first page lists what there is."
        )
    scene = parts_of(request).published.scene(visit.site_id, experience["scene"], visit.language)
    return {
        **stand_values(visit, stand),
        "experience": experience,
        "landmark": ids[experience["landmark"]],
        "scene": scene.document,
        "notices": notices_at(visit.document, visit.at, experience["landmark"]),
        "times": _times(visit),
        "phone": _phone(visit, f"experiences/{wanted}"),
    }


async def show_home(request: Request) -> Response:
    """The tablet's first page in a language."""
    visit = open_visit(request)
    stand = tablet_at(visit)
    return _unindexed(answer(request, visit, "kiosk/home.html", lambda: home_values(visit, stand)))


async def show_landmark(request: Request) -> Response:
    """A landmark on the tablet."""
    visit, wanted = open_visit(request), request.path_params["landmark"]
    stand = tablet_at(visit)
    return _unindexed(answer(request, visit, "kiosk/landmark.html", lambda: landmark_values(visit, stand, wanted)))


async def show_experience(request: Request) -> Response:
    """An experience on the tablet."""
    visit = open_visit(request)
    stand = tablet_at(visit)
    return _unindexed(answer(request, visit, "kiosk/experience.html", lambda: experience_values(request, visit, stand)))


routes = [
    Route("/kiosk/{site}", show_start),
    Route("/kiosk/{site}/{lang:language}/", show_home),
    Route("/kiosk/{site}/{lang:language}/landmarks/{landmark}", show_landmark),
    Route("/kiosk/{site}/{lang:language}/experiences/{experience}", show_experience),
]
