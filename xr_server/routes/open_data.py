"""What is open to everyone: a page about the months that were released, their files for good, the catalogue for programs."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.open_catalog import OpenedFile, OpenedMonth, OpenedSite, describe_catalog
from xr_server.domain.open_figures import SMALLEST_OPEN, Universe
from xr_server.domain.open_files import LICENCE, LICENCE_URL, METADATA_FILE, METADATA_TYPE
from xr_server.domain.open_tables import TABLES, expect_error
from xr_server.domain.ruby import plain
from xr_server.errors import Unavailable
from xr_server.parts import base_of, parts_of
from xr_server.routes.open_memories import load_open, source_of
from xr_server.routes.pages import choose_language, fill, load_texts
from xr_server.routes.scenes import etag_matches
from xr_server.routes.visitor import Visit, answer, open_visit
from xr_server.routes.wording import say_date
from xr_server.storage.open_data import Listed, Release, list_files, list_releases, load_file
from xr_server.storage.publish import SiteSnapshot

FOREVER = "public, max-age=31536000, immutable"
CATALOG_TYPE = "application/ld+json"


def redirect_index(request: Request) -> Response:
    """To the page of the first published site, in the visitor's language."""
    sites = parts_of(request).published.snapshot.sites
    if not sites:
        raise Unavailable(
            "nothing_published", "Nothing is published here yet. An operator can import a site with `dejima import`."
        )
    site_id, site = next(iter(sites.items()))
    language = choose_language(request, list(site.documents))
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
    return RedirectResponse(f"/{language}/{site_id}/open-data", status_code=302, headers=headers)


def show_open_data(request: Request) -> Response:
    """Every month that was released, in words: how it was made safe, how far it may be off, and its tables."""
    visit, events = open_visit(request), parts_of(request).events
    releases = list_releases(events, visit.site_id)
    memories = bool(load_open(request, source_of(request, visit.site_id)))

    def make() -> dict[str, Any]:
        half, most = expect_error("landmarks-by-day", Universe("2026-01", (), ()))
        files = list_files(events, visit.site_id)
        return {
            "months": [_say_release(one, files[one.month], visit) for one in releases],
            "tables": list(TABLES),
            "smallest": SMALLEST_OPEN,
            "half": half,
            "most": most,
            "licence": LICENCE,
            "licence_url": LICENCE_URL,
            "metadata": METADATA_FILE,
            "memories": memories,
        }

    marks = *(one.digest for one in releases), f"memories {memories}"
    return answer(request, visit, "visitor/open_data.html", make, marks)


def _say_release(release: Release, files: list[Listed], visit: Visit) -> dict[str, Any]:
    released_on = datetime.fromtimestamp(release.released_at / 1000, UTC).date()
    return {
        "month": release.month,
        "words": say_month(release.month, visit.language),
        "folder": f"/open-data/{visit.site_id}/engagement/{release.month}",
        "released": say_date(released_on, visit.language),
        "names": {file.name for file in files},
    }


def say_month(month: str, language: str) -> str:
    """A month such as 2026-11 in words."""
    year, number = month.split("-")
    texts = load_texts(language)
    return fill(
        texts["open_data.month"], language, year=year, month=texts["visitor.ui.months"].split(" ")[int(number) - 1]
    )


def get_file(request: Request) -> Response:
    """A file as it was released; it never changes."""
    path: Mapping[str, str] = request.path_params
    file, digest = load_file(parts_of(request).events, path["site"], path["month"], path["file"])
    headers = {"ETag": f'"{digest}"', "Cache-Control": FOREVER, "Access-Control-Allow-Origin": "*"}
    if etag_matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{path["site"]}-{path["month"]}-{file.name}"'
    if file.name.endswith(".csv"):
        headers["Link"] = f'<{METADATA_FILE}>; rel="describedby"; type="{METADATA_TYPE}"'
    return Response(file.body, headers={**headers, "Content-Type": file.media_type})


def get_catalog(request: Request) -> Response:
    """Everything that is open here, as DCAT-AP."""
    parts = parts_of(request)
    sites = [_describe_site(request, site_id, site) for site_id, site in parts.published.snapshot.sites.items()]
    document = describe_catalog(base_of(request), sites)
    body = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=600", "Access-Control-Allow-Origin": "*"}
    if etag_matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=CATALOG_TYPE)


def _describe_site(request: Request, site_id: str, site: SiteSnapshot) -> OpenedSite:
    events = parts_of(request).events
    told = {language: compiled.document["site"] for language, compiled in site.documents.items()}
    first = next(iter(told.values()))
    names = {language: plain(told.get(language, first)["name"]) for language in ("ja", "en")}
    files = list_files(events, site_id)
    months = [
        OpenedMonth(
            release.month,
            datetime.fromtimestamp(release.released_at // 1000, UTC).isoformat().replace("+00:00", "Z"),
            [
                OpenedFile(one.name, one.media_type.partition(";")[0], one.digest, one.size_bytes)
                for one in files[release.month]
            ],
        )
        for release in list_releases(events, site_id)
    ]
    memories = bool(load_open(request, source_of(request, site_id)))
    return OpenedSite(site_id, names, (first["origin"]["lat"], first["origin"]["lon"]), months, memories)


routes = [
    Route("/open-data/", redirect_index),
    Route("/open-data/{site}/engagement/{month}/{file}", get_file),
    Route("/catalog.jsonld", get_catalog),
    Route("/{lang}/{site}/open-data", show_open_data),
]
