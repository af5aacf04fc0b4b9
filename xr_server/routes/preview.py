"""A draft as visitors would see it: a page for an hour and whoever has its link, and what that page reads."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.media import CAPTIONS_TYPE, Media, digest_of
from xr_server.domain.preview import digests_of, media_addresses, media_of, readdress
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.publish_scene import captions_of, compile_scene
from xr_server.domain.published import Document
from xr_server.domain.ruby import dress_page
from xr_server.errors import Conflict, NotFound
from xr_server.parts import base_of, parts_of
from xr_server.routes.packages import MEDIA_TYPES, send_file
from xr_server.routes.pages import choose_language, render_html, style_source
from xr_server.routes.shell import CONTENT_SECURITY_POLICY
from xr_server.routes.visitor import IMMERSIVE, Visit, common_values, first_files
from xr_server.routes.wording import say_clock
from xr_server.storage.media import find_media_file
from xr_server.storage.packages import find_package_file
from xr_server.storage.previews import Draft, Preview, find_preview, load_draft
from xr_server.storage.publish import press

# nobody keeps it, no search engine lists it, and no other site learns the address
PRIVATE = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}


def _open(request: Request) -> tuple[Preview, Draft, str]:
    """What a link shows now, and the address below which it lies. Raises NotFound, Conflict."""
    parts, token = parts_of(request), request.path_params["token"]
    found = find_preview(parts.catalog, token, parts.clock())
    return found, load_draft(parts.catalog, found.site_id, found.experience_id), f"/preview/{token}"


def _language(draft: Draft, language: str | None) -> str:
    spoken = draft.published.site.languages
    if language is None:
        return spoken[0]
    if language not in spoken:
        raise NotFound("language_unknown", f"The site has no language {language[:20]}; it speaks {', '.join(spoken)}.")
    return language


def _site_document(request: Request, draft: Draft, language: str, base: str) -> Document:
    today = _today(request, draft.published.site.time_zone)
    document = compile_site(draft.published, Edition(0, today, language))
    return readdress(document, digests_of(draft.scene, draft.published) | _media(draft).keys(), base)


def _media(draft: Draft) -> dict[str, Media]:
    """The pictures, sounds and captions that a draft shows, by digest."""
    shown = media_of(draft.experience, draft.scene, draft.published)
    return media_addresses(shown, draft.published.site.languages)


def _today(request: Request, zone: str) -> date:
    return datetime.fromtimestamp(parts_of(request).clock() / 1000, ZoneInfo(zone)).date()


def _scene_document(draft: Draft, language: str, base: str) -> Document:
    digests = digests_of(draft.scene, draft.published)
    if len(digests) == 0 or not digests <= draft.published.packages.keys():
        raise Conflict("package_missing", "A model of this scene is not built yet, so visitors would see nothing.")
    return readdress(compile_scene(draft.scene, draft.published, language), digests | _media(draft).keys(), base)


def choose_preview_language(request: Request) -> Response:
    """To the page of a preview in the language of whoever opens the link."""
    _, draft, base = _open(request)
    language = choose_language(request, list(draft.published.site.languages))
    return RedirectResponse(f"{base}/{language}/", status_code=302, headers=PRIVATE)


def show_preview(request: Request) -> Response:
    """The page that is nothing but the scene, as visitors would get it, with a word that it is a preview."""
    found, draft, base = _open(request)
    language = _language(draft, request.path_params["lang"])
    document, scene = _site_document(request, draft, language, base), _scene_document(draft, language, base)
    at = datetime.fromtimestamp(parts_of(request).clock() / 1000, UTC)
    visit = Visit(press(document), found.site_id, language, base_of(request), request.url.path, at)
    experience = next(item for item in document["experiences"] if item["id"] == found.experience_id)
    values: dict[str, Any] = {
        "experience": experience,
        "scene": scene,
        "scene_url": f"{base}/api/v1/sites/{found.site_id}/scenes/{draft.scene.id}?lang={language}",
        "saves_data": False,
        "first_files": first_files(scene, "image/avif" in request.headers.get("accept", "")),
        "document_url": f"{base}/api/v1/sites/{found.site_id}?lang={language}",
        "languages": [
            (one, dress_page(NAMES[one]), html_tag(one), f"{base}/{one}/") for one in draft.published.site.languages
        ],
        "preview": {"base": base, "until": say_clock(found.expires_at, draft.published.site.time_zone)},
    }
    html = render_html(IMMERSIVE, language, {**common_values(visit, IMMERSIVE), **values})
    policy = f"{CONTENT_SECURITY_POLICY}; style-src 'self' {style_source('src/immersive.ts')}"
    headers = {**PRIVATE, "Content-Security-Policy": policy, "Content-Language": language}
    return Response(html, headers=headers, media_type="text/html")


def get_preview_site(request: Request) -> Response:
    """The site document with the draft in it."""
    found, draft, base = _open(request)
    _check_site(request, found)
    language = _language(draft, request.query_params.get("lang"))
    return JSONResponse(_site_document(request, draft, language, base), headers=PRIVATE)


def get_preview_scene(request: Request) -> Response:
    """The draft's scene manifest."""
    found, draft, base = _open(request)
    _check_site(request, found)
    if request.path_params["scene"] != draft.scene.id:
        raise NotFound("scene_unknown", "This preview shows another scene.")
    language = _language(draft, request.query_params.get("lang"))
    return JSONResponse(_scene_document(draft, language, base), headers=PRIVATE)


def _check_site(request: Request, found: Preview) -> None:
    if request.path_params["site"] != found.site_id:
        raise NotFound("site_unknown", "This preview shows another site.")


def get_preview_file(request: Request) -> Response:
    """One file of a package that the draft shows."""
    _, draft, _ = _open(request)
    parts, digest, name = parts_of(request), request.path_params["digest"], request.path_params["file"]
    path = None
    if digest in digests_of(draft.scene, draft.published):
        path = find_package_file(parts.settings.package_dir, digest, name)
    if path is None or path.suffix not in MEDIA_TYPES:
        raise NotFound("file_unknown", "The draft shows no package with a file of this name.")
    response = send_file(request, path, f'"{digest[:32]}-{name}"', PRIVATE["Cache-Control"])
    response.headers.update(PRIVATE)
    return response


def get_preview_media(request: Request) -> Response:
    """A picture, a sound or captions that the draft shows."""
    _, draft, _ = _open(request)
    digest, name, store = (
        request.path_params["digest"],
        request.path_params["file"],
        parts_of(request).settings.package_dir,
    )
    media = _media(draft).get(digest)
    if media is not None and digest != media.digest:
        texts = {digest_of(text): text for text in _captions(draft, media)}
        return Response(texts[digest], headers=PRIVATE, media_type=CAPTIONS_TYPE)
    path = find_media_file(store, digest, media.file) if media is not None and media.file == name else None
    if path is None:
        raise NotFound("file_unknown", "The draft shows no picture or sound of this name.")
    response = send_file(request, path, f'"{digest[:32]}"', PRIVATE["Cache-Control"])
    response.headers.update(PRIVATE)
    return response


def _captions(draft: Draft, media: Media) -> list[str]:
    return [captions_of(media, language) for language in draft.published.site.languages]


routes = [
    Route("/preview/{token}/", choose_preview_language),
    Route("/preview/{token}/api/v1/sites/{site}", get_preview_site),
    Route("/preview/{token}/api/v1/sites/{site}/scenes/{scene}", get_preview_scene),
    Route("/preview/{token}/packages/{digest}/{file}", get_preview_file),
    Route("/preview/{token}/media/{digest}/{file}", get_preview_media),
    Route("/preview/{token}/{lang}/", show_preview),
]
