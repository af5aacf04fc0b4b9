"""Pages for visitors: they tell everything in text and picture; scripts only bring them alive."""

import gzip
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import brotli
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.endpoints import ENDPOINTS
from xr_server.domain.languages import NAMES
from xr_server.domain.memory_rule import CLOSED_MARK
from xr_server.domain.ruby import plain
from xr_server.errors import NotFound, Unavailable
from xr_server.parts import base_of, parts_of
from xr_server.routes.client_texts import client_texts, follow_texts
from xr_server.routes.island import draw_island
from xr_server.routes.linked_data import describe_experience, describe_landmark, describe_site
from xr_server.routes.memories_told import SHEET as MEMORY_SHEET
from xr_server.routes.memories_told import say_memories
from xr_server.routes.notices_told import gravest_at, notices_at, say_opening
from xr_server.routes.pages import asset, choose_language, fill, link_languages, load_texts, render_html, style_source
from xr_server.routes.reviewed import is_interface_reviewed
from xr_server.routes.scenes import etag_matches
from xr_server.routes.shell import CONTENT_SECURITY_POLICY
from xr_server.routes.times import next_change_at, say_times, sort_by_time
from xr_server.routes.ways_told import say_ways
from xr_server.routes.wording import say_date, say_size
from xr_server.storage.publish import Compiled

IMMERSIVE = "visitor/immersive.html"
CACHE_CONTROL = "public, max-age=10, must-revalidate"
MAX_HELD = 512  # about 60 pages in each of seven languages
Values = dict[str, Any]


@dataclass(frozen=True)
class Visit:
    """What one request asks for: the site document in a language, at a moment, and where the server is reached."""

    compiled: Compiled
    site_id: str
    language: str
    base: str
    path: str
    at: datetime

    @property
    def document(self) -> Mapping[str, Any]:
        """The compiled site document."""
        return self.compiled.document


@dataclass(frozen=True)
class Rendered:
    """A page as it is sent, good from `from_at` until `until_at`, when something begins or ends."""

    body: bytes
    br: bytes
    gzip: bytes
    etag: str
    from_at: datetime
    until_at: datetime


# by content: what is published, and the address it is asked under; so two servers in one process may share it
_held: dict[tuple[str, ...], Rendered] = {}


def open_visit(request: Request) -> Visit:
    """What a request asks for. Raises NotFound for a site or a language that is not there."""
    parts = parts_of(request)
    language, site_id = request.path_params["lang"], request.path_params["site"]
    compiled = parts.published.site(site_id, language)
    at = datetime.fromtimestamp(parts.clock() / 1000, UTC)
    return Visit(compiled, site_id, language, base_of(request), request.url.path, at)


def answer(
    request: Request, visit: Visit, template: str, make: Callable[[], Values], etags: Sequence[str] = ()
) -> Response:
    """The page, rendered once for as long as it says the same, in the encoding the asker takes, or 304."""
    with_group = "group" in request.query_params  # its script reads which; the page is the same for every group
    key = (visit.base, visit.path, visit.compiled.etag, *etags, *(["group"] if with_group else []))
    page = _held.get(key)
    if page is None or not page.from_at <= visit.at < page.until_at:
        common = {
            **common_values(visit, template),
            "follow_texts": follow_texts(visit.language) if with_group else None,
        }
        page = _press(render_html(template, visit.language, {**common, **make()}), visit)
        if len(_held) >= MAX_HELD:
            _held.pop(next(iter(_held)))
        _held[key] = page
    return _send(request, page, visit.language, _policy(template))


def _policy(template: str) -> str:
    entry = "src/immersive.ts" if template == IMMERSIVE else "src/main.ts"
    return f"{CONTENT_SECURITY_POLICY}; style-src 'self' {style_source(entry)}"


def answer_once(visit: Visit, template: str, values: Values) -> Response:
    """A page that is one visitor's own: rendered for this request, kept nowhere, found by no search engine."""
    html = render_html(template, visit.language, {**common_values(visit, template), **values})
    headers = {
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
        "Content-Security-Policy": _policy(template),
        "Content-Language": visit.language,
    }
    return Response(html, headers=headers, media_type="text/html")


def _press(html: str, visit: Visit) -> Rendered:
    body = html.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    until = next_change_at(visit.document, visit.at)
    return Rendered(body, brotli.compress(body, quality=5), gzip.compress(body, 6, mtime=0), tag, visit.at, until)


def _send(request: Request, page: Rendered, language: str, policy: str) -> Response:
    headers = {
        "ETag": page.etag,
        "Cache-Control": CACHE_CONTROL,
        "Content-Security-Policy": policy,
        "Vary": "Accept, Accept-Encoding, Save-Data",
        "Content-Language": language,
    }
    if etag_matches(request.headers.get("if-none-match"), page.etag):
        return Response(status_code=304, headers=headers)
    accepted, body = request.headers.get("accept-encoding", ""), page.body
    if "br" in accepted:
        body, headers["Content-Encoding"] = page.br, "br"
    elif "gzip" in accepted:
        body, headers["Content-Encoding"] = page.gzip, "gzip"
    return Response(body, headers=headers, media_type="text/html")


def common_values(visit: Visit, template: str) -> Values:
    """What every page of visitors is rendered with; a page adds its own."""
    site = visit.document["site"]
    home = f"/{visit.language}/{visit.site_id}/"
    return {
        "document": visit.document,
        "site": site,
        "home": home,
        "path": visit.path,
        "base": visit.base,
        "languages": link_languages(visit.path, site["languages"]),
        "document_url": f"/api/v1/sites/{visit.site_id}?lang={visit.language}",
        "ui_texts": client_texts(visit.language, template == IMMERSIVE),
        "reviewed": site.get("reviewed", False) and is_interface_reviewed(visit.language),
        "linked_data": None,
        "landmark_names": {mark["id"]: mark["name"] for mark in visit.document["landmarks"]},
        "scene": None,
        "style_inside": True,
        "preview": None,
        "follow_texts": None,
        "gravest": gravest_at(visit.document, visit.at),
        "notices": notices_at(visit.document, visit.at),
    }


def _times(visit: Visit) -> Values:
    return {
        experience["id"]: say_times(experience, visit.document, visit.at, visit.language)
        for experience in visit.document["experiences"]
    }


def say_rally(rally: Mapping[str, Any], visit: Visit) -> str:
    """Whether a rally is on, when it begins, or how long its prizes are given."""
    today, texts = visit.document["compiled_for_on"], load_texts(visit.language)
    if rally["first_on"] <= today <= rally["last_on"]:
        return texts["rally.on_now"]
    key, day = ("starts", "first_on") if today < rally["first_on"] else ("over_list", "collect_until")
    said = say_date(date.fromisoformat(rally[day]), visit.language, with_year=False)
    return fill(texts[f"rally.{key}"], visit.language, first=said, last=said)


def _other_names(request: Request, visit: Visit, landmark_id: str = "") -> list[str]:
    """The names the site or one of its landmarks has in the other languages."""
    names = []
    for compiled in parts_of(request).published.snapshot.sites[visit.site_id].documents.values():
        document = compiled.document
        things = [mark for mark in document["landmarks"] if mark["id"] == landmark_id] if landmark_id else []
        names.append(plain(things[0]["name"] if things else document["site"]["name"]))
    own = _find(visit.document["landmarks"], landmark_id) or visit.document["site"]
    return sorted(set(names) - {plain(own["name"])})


def _find(things: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any] | None:
    return next((thing for thing in things if thing["id"] == wanted), None)


class LanguageConvertor(Convertor[str]):
    """A language as the first step of an address, so that no other word alone is taken for one."""

    regex = "|".join(NAMES)

    def convert(self, value: str) -> str:
        """The language of an address."""
        return value

    def to_string(self, value: str) -> str:
        """The address of a language."""
        return value


register_url_convertor("language", LanguageConvertor())


async def redirect_home(request: Request) -> Response:
    """To the first published site, in the language of the address or else the visitor's."""
    sites = parts_of(request).published.snapshot.sites
    if not sites:
        raise Unavailable(
            "nothing_published", "Nothing is published here yet. An operator can import a site with `dejima import`."
        )
    site_id, site = next(iter(sites.items()))
    language = choose_language(request, list(site.documents))
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
    return RedirectResponse(f"/{language}/{site_id}/", status_code=302, headers=headers)


async def show_site(request: Request) -> Response:
    """The landing page: what is here, the map, the same in words, what is on, and the years."""
    visit = open_visit(request)
    return answer(request, visit, "visitor/site.html", lambda: site_values(request, visit))


def site_values(request: Request, visit: Visit) -> Values:
    """What the landing page is rendered with, at the moment of the visit; staff look at other moments too."""
    return {
        "island": draw_island(visit.document),
        "times": _times(visit),
        "programme": sort_by_time(visit.document, visit.at),
        "linked_data": describe_site(visit.base, visit.document, _other_names(request, visit)),
        "rally_when": {rally["id"]: say_rally(rally, visit) for rally in visit.document.get("rallies", [])},
    }


async def show_landmark(request: Request) -> Response:
    """One landmark: its story, what can be seen there, and where it lies."""
    visit, wanted = open_visit(request), request.path_params["landmark"]
    landmark = _find(visit.document["landmarks"], wanted)
    if landmark is None:
        raise NotFound("landmark_unknown", "There is no landmark of this name here; the site's page lists all of them.")
    return answer(request, visit, "visitor/landmark.html", lambda: landmark_values(request, visit, landmark))


def landmark_values(request: Request, visit: Visit, landmark: Mapping[str, Any]) -> Values:
    """What the page of a landmark is rendered with, at the moment of the visit."""
    wanted, document = landmark["id"], visit.document
    site = parts_of(request).published.get_site(visit.site_id)
    return {
        "landmark": landmark,
        "notices": notices_at(document, visit.at, wanted),
        "opening": say_opening(landmark, document, visit.at),
        "ways": say_ways(document, wanted),
        "offered": [item for item in document["experiences"] if item["landmark"] == wanted],
        "events": [entry for entry in document["site"]["timeline"] if wanted in entry["landmarks"]],
        "island": draw_island(document),
        "times": _times(visit),
        "memories": say_memories(site.memories, wanted, visit.language),
        "memories_taken": site.memories_taken,
        "memories_mark": document.get("memories", {}).get(wanted, "" if site.memories_taken else CLOSED_MARK),
        "memory_sheet": asset(MEMORY_SHEET),
        "linked_data": describe_landmark(visit.base, document, landmark, _other_names(request, visit, wanted)),
    }


async def show_experience(request: Request) -> Response:
    """One experience as a page: picture, story, what the model rests on, and its explained points as a list."""
    return _answer_experience(request, "visitor/experience.html")


async def show_creator(request: Request) -> Response:
    """What one maker has published here, for those who have switched such a page on."""
    visit = open_visit(request)
    maker = next(
        (one for one in visit.document.get("creators", []) if one["slug"] == request.path_params["creator"]), None
    )
    if maker is None:
        raise NotFound(
            "creator_unknown", "There is no such page, or its owner does not show it; nothing else is known."
        )

    def make() -> Values:
        offered = [item for item in visit.document["experiences"] if item["id"] in maker["experiences"]]
        return {"maker": maker, "offered": offered, "times": _times(visit)}

    return answer(request, visit, "visitor/creator.html", make)


async def show_immersive(request: Request) -> Response:
    """The page that fills the screen with the scene; without script or WebGL it leads back to the text."""
    return _answer_experience(request, IMMERSIVE)


def _answer_experience(request: Request, template: str) -> Response:
    visit = open_visit(request)
    experience = _find(visit.document["experiences"], request.path_params["experience"])
    if experience is None:
        raise NotFound(
            "experience_unknown", "This is not shown here, or not any more; the site's page lists what there is."
        )
    scene = parts_of(request).published.scene(visit.site_id, experience["scene"], visit.language)
    saves_data = request.headers.get("save-data", "").lower() == "on"
    reads_avif = "image/avif" in request.headers.get("accept", "")

    def make() -> Values:
        values = experience_values(visit, experience, scene.document)
        return {**values, "saves_data": saves_data, "first_files": first_files(scene.document, reads_avif)}

    return answer(request, visit, template, make, (scene.etag, f"{saves_data} {reads_avif}"))


def experience_values(visit: Visit, experience: Mapping[str, Any], scene: Mapping[str, Any]) -> Values:
    """What the page of an experience is rendered with, at the moment of the visit; how it is fetched is the caller's."""
    lightest = [min(level["bytes"] for level in node["lods"]) for node in scene["nodes"] if node["lods"]]
    return {
        "experience": experience,
        "scene": scene,
        "scene_url": f"/api/v1/sites/{visit.site_id}/scenes/{experience['scene']}?lang={visit.language}",
        "landmark": _find(visit.document["landmarks"], experience["landmark"]),
        "notices": notices_at(visit.document, visit.at, experience["landmark"]),
        "size": say_size(sum(lightest), visit.language),
        "times": _times(visit),
        "linked_data": describe_experience(visit.base, visit.document, experience, scene),
    }


def first_files(scene: Mapping[str, Any], reads_avif: bool) -> list[str]:
    """What the page of a scene loads of its first model first, where it is certain which of two files the browser takes."""
    one_era, first = len(scene["eras"]) < 2, scene["initial_era"]
    seen = [node for node in scene["nodes"] if one_era or not node["eras"] or first in node["eras"]]
    coarsest = [node["lods"][-1] for node in seen[:1] if node["lods"]]
    known = [level for level in coarsest if reads_avif or "avif" not in level]
    return [level.get("avif", level)["url"] for level in known]


async def show_help(request: Request) -> Response:
    """What to do when something does not work, and how to use the pages."""
    return answer(request, open_visit(request), "visitor/help.html", dict)


async def show_privacy(request: Request) -> Response:
    """What is counted, what never leaves the phone, the choice about it, and every address that the phone talks to."""
    return answer(request, open_visit(request), "visitor/privacy.html", lambda: {"endpoints": ENDPOINTS})


async def show_offline(request: Request) -> Response:
    """What the service worker shows for a page that is not on the phone."""
    return answer(request, open_visit(request), "visitor/offline.html", dict)


routes = [
    Route("/", redirect_home),
    Route("/{lang:language}/", redirect_home),
    Route("/{lang}/{site}/", show_site),
    Route("/{lang}/{site}/landmarks/{landmark}", show_landmark),
    Route("/{lang}/{site}/experiences/{experience}", show_experience),
    Route("/{lang}/{site}/xr/{experience}", show_immersive),
    Route("/{lang}/{site}/creators/{creator}", show_creator),
    Route("/{lang}/{site}/help", show_help),
    Route("/{lang}/{site}/privacy", show_privacy),
    Route("/{lang}/{site}/offline", show_offline),
]
