"""What phones read: the sites, the compiled site document, scene manifests, and what is near a point."""

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.geofence import distance_m
from xr_server.errors import Invalid
from xr_server.parts import parts_of
from xr_server.storage.publish import Compiled

NEARBY_LIMIT = 20
MAX_RADIUS_M = 5000.0
# a phone asks again every minute; a CDN may answer for ten seconds
CACHE_CONTROL = "public, max-age=10, must-revalidate"


def send_compiled(request: Request, compiled: Compiled) -> Response:
    """The document in the best encoding the asker takes, or 304 when they have it."""
    headers = {"ETag": compiled.etag, "Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding"}
    if etag_matches(request.headers.get("if-none-match"), compiled.etag):
        return Response(status_code=304, headers=headers)
    accepted = request.headers.get("accept-encoding", "")
    body = compiled.body
    if "br" in accepted:
        body, headers["Content-Encoding"] = compiled.br, "br"
    elif "gzip" in accepted:
        body, headers["Content-Encoding"] = compiled.gzip, "gzip"
    return Response(body, headers=headers, media_type="application/json")


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names the tag (weak comparison, as RFC 9110 asks)."""
    if not header:
        return False
    return header.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in header.split(",")}


async def list_sites(request: Request) -> Response:
    """Every published site with its bounds."""
    sites = []
    for name, site in parts_of(request).published.snapshot.sites.items():
        documents = {language: compiled.document["site"] for language, compiled in site.documents.items()}
        first = next(iter(documents.values()))
        sites.append(
            {
                "id": name,
                "revision": site.revision,
                "names": {language: document["name"] for language, document in documents.items()},
                "languages": list(documents),
                "bounds": first["bounds"],
                "time_zone": first["time_zone"],
            }
        )
    return JSONResponse({"sites": sites}, headers={"Cache-Control": CACHE_CONTROL})


async def get_site(request: Request) -> Response:
    """The compiled site document in the asked language."""
    language = request.query_params.get("lang", "ja")
    return send_compiled(request, parts_of(request).published.site(request.path_params["site"], language))


async def get_scene(request: Request) -> Response:
    """The scene manifest in the asked language."""
    language = request.query_params.get("lang", "ja")
    site_id, scene_id = request.path_params["site"], request.path_params["scene"]
    return send_compiled(request, parts_of(request).published.scene(site_id, scene_id, language))


def read_number(request: Request, name: str, lowest: float, highest: float, default: float | None = None) -> float:
    """A query parameter as a finite number within bounds. Raises Invalid with a sentence."""
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:  # also false for NaN
        raise Invalid("parameter_out_of_range", f"{name} must be a number from {lowest:g} to {highest:g}.")
    return value


async def find_nearby(request: Request) -> Response:
    """At most 20 landmarks within a radius of a point, nearest first, with the experiences that can be had there."""
    lat, lon = read_number(request, "lat", -90, 90), read_number(request, "lon", -180, 180)
    radius_m = read_number(request, "radius_m", 1, MAX_RADIUS_M, 200)
    language = request.query_params.get("lang", "ja")
    found: list[dict[str, Any]] = []
    published = parts_of(request).published
    for site_id in published.snapshot.sites:
        document = published.site(site_id, language).document
        for landmark in document["landmarks"]:
            if landmark["lat"] is None:
                continue
            away_m = distance_m(lat, lon, landmark["lat"], landmark["lon"])
            if away_m <= radius_m:
                offered = [e["id"] for e in document["experiences"] if e["landmark"] == landmark["id"]]
                found.append(
                    {
                        "site": site_id,
                        "landmark": landmark["id"],
                        "name": landmark["name"],
                        "distance_m": round(away_m, 1),
                        "accuracy_m": landmark["accuracy_m"],
                        "experiences": offered,
                    }
                )
    found.sort(key=lambda item: (item["distance_m"], item["landmark"]))
    return JSONResponse({"results": found[:NEARBY_LIMIT]}, headers={"Cache-Control": "no-store"})


routes = [
    Route("/api/v1/sites", list_sites),
    Route("/api/v1/sites/{site}", get_site),
    Route("/api/v1/sites/{site}/scenes/{scene}", get_scene),
    Route("/api/v1/nearby", find_nearby),
]
