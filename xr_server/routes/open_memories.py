"""Residents' memories as files for everyone: what is withdrawn, or taken off the pages, is in none of them at once."""

import hashlib
import json
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xr_server.domain.memory import Shown
from xr_server.domain.memory_rule import are_told
from xr_server.domain.open_files import CSV_TYPE
from xr_server.domain.open_memories import (
    CSV_FILE,
    GEOJSON_FILE,
    GEOJSON_TYPE,
    OpenedFrom,
    Spot,
    choose_open,
    describe_memories,
    write_table,
)
from xr_server.domain.ruby import plain
from xr_server.parts import base_of, parts_of
from xr_server.routes.scenes import etag_matches
from xr_server.storage.memories import list_shown
from xr_server.storage.memory_rules import load_rule
from xr_server.storage.publish import SiteSnapshot

ASK_EACH_TIME = "no-cache"  # caches ask before they answer, so that nothing withdrawn comes out of one


def source_of(request: Request, site_id: str) -> OpenedFrom:
    """Where memories of a site are handed out from. Raises NotFound."""
    site = parts_of(request).published.get_site(site_id)
    names = {language: plain(compiled.document["site"]["name"]) for language, compiled in site.documents.items()}
    return OpenedFrom(base_of(request), site_id, names, _spots(site))


def _spots(site: SiteSnapshot) -> dict[str, Spot]:
    names: dict[str, dict[str, str]] = {}
    for language, compiled in site.documents.items():
        for mark in compiled.document["landmarks"]:
            names.setdefault(mark["id"], {})[language] = plain(mark["name"])
    first = next(iter(site.documents.values())).document["landmarks"]
    return {mark["id"]: Spot(names[mark["id"]], mark["lat"], mark["lon"]) for mark in first}


def load_open(request: Request, source: OpenedFrom) -> list[Shown]:
    """The memories that are handed out now; read anew each time, since a snapshot lags half a second behind."""
    catalog = parts_of(request).catalog
    if not are_told(load_rule(catalog, source.site_id).rule):
        return []
    return choose_open(list_shown(catalog, source.site_id), source.spots)


def get_features(request: Request) -> Response:
    """Memories as GeoJSON."""
    return _answer(request, (GEOJSON_FILE, GEOJSON_TYPE), _dump_features)


def get_table(request: Request) -> Response:
    """Memories as CSV."""
    return _answer(request, (CSV_FILE, CSV_TYPE), write_table)


def _dump_features(memories: Sequence[Shown], source: OpenedFrom) -> bytes:
    return (json.dumps(describe_memories(memories, source), ensure_ascii=False, indent=1) + "\n").encode()


def _answer(request: Request, file: tuple[str, str], write: Callable[[Sequence[Shown], OpenedFrom], bytes]) -> Response:
    source = source_of(request, request.path_params["site"])
    body = write(load_open(request, source), source)
    name, media_type = file
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()}"',
        "Cache-Control": ASK_EACH_TIME,
        "Access-Control-Allow-Origin": "*",
        "Content-Disposition": f'inline; filename="{source.site_id}-{name}"',
    }
    if etag_matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, "Content-Type": media_type})


routes = [
    Route(f"/open-data/{{site}}/{GEOJSON_FILE}", get_features),
    Route(f"/open-data/{{site}}/{CSV_FILE}", get_table),
]
