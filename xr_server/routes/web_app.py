"""What makes the pages an app on the home screen: its manifest, in the language and for the site of the page that asks."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.languages import html_tag
from xr_server.domain.ruby import plain
from xr_server.errors import Unavailable
from xr_server.parts import parts_of
from xr_server.routes.pages import choose_language
from xr_server.routes.scenes import etag_matches

MEDIA_TYPE = "application/manifest+json"
PLASTER = "#f7f3ea"
ICONS = "/static/icons/"


def get_web_app(request: Request) -> Response:
    """The web app manifest of a site in a language; without either those a visitor of `/` gets."""
    published = parts_of(request).published
    sites = published.snapshot.sites
    if not sites:
        raise Unavailable(
            "nothing_published", "Nothing is published here yet. An operator can import a site with `dejima import`."
        )
    site_id = request.query_params.get("site") or next(iter(sites))
    asked = request.query_params.get("lang")
    language = asked or choose_language(request, list(published.get_site(site_id).documents))
    compiled = published.site(site_id, language)
    tag = f'{compiled.etag[:-1]}-app"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=600"}
    if asked is None:
        headers["Vary"] = "Accept-Language, Cookie"
    if etag_matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    body = json.dumps(describe_web_app(compiled.document, language), ensure_ascii=False)
    return Response(body, headers=headers, media_type=MEDIA_TYPE)


def describe_web_app(document: dict[str, Any], language: str) -> dict[str, Any]:
    """The manifest as data. One app a site, whatever the language: its `id` does not name any."""
    site = document["site"]
    name = plain(site["name"])
    return {
        "id": f"/?site={site['id']}",
        "name": f"{name} XR",
        "short_name": name,
        "description": plain(site["summary"]),
        "lang": html_tag(language),
        "dir": "ltr",
        "start_url": f"/{language}/{site['id']}/",
        "scope": "/",
        # iPhones know no minimal-ui; a page in a browser's tab would lose what it keeps after a week unused
        "display": "standalone",
        "display_override": ["minimal-ui", "standalone"],
        "background_color": PLASTER,
        "theme_color": PLASTER,
        "categories": ["travel", "education"],
        "icons": [
            {"src": f"{ICONS}icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            *(
                {"src": f"{ICONS}icon-{px}.png", "sizes": f"{px}x{px}", "type": "image/png", "purpose": purpose}
                for purpose in ("any", "maskable")
                for px in (192, 512)
            ),
        ],
    }


routes = [Route("/manifest.webmanifest", get_web_app)]
