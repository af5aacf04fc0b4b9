"""What phones read: the sites, the compiled site document, scene manifests, and what is near a point."""

import math
import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.geofence import distance_m
from xr_server.domain.publish import horizon
from xr_server.domain.published import Document
from xr_server.domain.schedule import is_live
from xr_server.errors import Invalid, NotFound
from xr_server.parts import parts_of
from xr_server.routes.ready import OFFERED
from xr_server.storage.publish import Compiled, Form, SiteSnapshot

NEARBY_LIMIT = 20
MAX_RADIUS_M = 5000.0
# a phone asks again every minute; a CDN may answer for ten seconds
CACHE_CONTROL = "public, max-age=10, must-revalidate"
SHARED_HEADERS = [(b"cache-control", CACHE_CONTROL.encode()), (b"vary", b"Accept-Encoding")]
CODING = re.compile(r"^\s*([\w*-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$", re.IGNORECASE)


class Prepared(Response):
    """A response whose headers are bytes already."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code, self.body, self.raw_headers, self.background = status, body, headers, None


def send_compiled(request: Request, compiled: Compiled) -> Response:
    """The document in the best encoding the asker takes, or 304 when they have it; offered as ready for the next."""
    form = choose_form(request.headers.get("accept-encoding"), compiled)
    etag = form.etag.encode()
    shared = [(b"etag", etag), *SHARED_HEADERS]
    headers = [*shared, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(form.body))]
    if form.encoding is not None:
        headers.append((b"content-encoding", form.encoding.encode()))
    if request.method == "GET":
        snapshot = parts_of(request).published.snapshot
        request.scope[OFFERED] = request.scope["route"].path, etag, headers, form.body, snapshot
    if etag_matches(request.headers.get("if-none-match"), form.etag):
        return Prepared(304, b"", shared)
    return Prepared(200, form.body, headers)


def choose_form(header: str | None, compiled: Compiled) -> Form:
    """The smallest form of a document among the encodings that an Accept-Encoding header takes."""
    taken = accepted_encodings(header)
    return next((form for form in compiled.forms if form.encoding in taken), compiled.forms[-1])


def accepted_encodings(header: str | None) -> set[str]:
    """The content encodings a header names with a weight above zero, in lower case."""
    found = (CODING.match(part) for part in (header or "").split(","))
    return {match[1].lower() for match in found if match and float(match[2] or 1) > 0}


def etag_matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names the tag (weak comparison, as RFC 9110 asks)."""
    if not header:
        return False
    return header.strip() == "*" or etag in {part.strip().removeprefix("W/") for part in header.split(",")}


async def list_sites(request: Request) -> Response:
    """Every published site with its bounds."""
    return send_compiled(request, parts_of(request).published.snapshot.index)


async def get_site(request: Request) -> Response:
    """The site document in the asked language."""
    language = request.query_params.get("lang")
    return send_compiled(request, parts_of(request).published.site(request.path_params["site"], language))


async def get_scene(request: Request) -> Response:
    """The scene manifest in the asked language."""
    site_id, scene_id = request.path_params["site"], request.path_params["scene"]
    return send_compiled(
        request, parts_of(request).published.scene(site_id, scene_id, request.query_params.get("lang"))
    )


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


def read_moment(request: Request) -> datetime:
    """The query parameter `at`, else now. Raises Invalid."""
    text = request.query_params.get("at")
    if text is None:
        return datetime.fromtimestamp(parts_of(request).clock() / 1000, UTC)
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # an offset's plus sign that was not escaped
        return at.astimezone(UTC) if at.tzinfo else _refuse_moment()
    except (ValueError, OverflowError):
        return _refuse_moment()


def _refuse_moment() -> datetime:
    raise Invalid("moment_unreadable", "at must be a moment with its offset, such as 2026-12-05T18:00:00+09:00.")


async def find_nearby(request: Request) -> Response:
    """At most 20 landmarks within a radius of a point, nearest first, with the experiences that are live there."""
    lat, lon = read_number(request, "lat", -90, 90), read_number(request, "lon", -180, 180)
    radius_m = read_number(request, "radius_m", 1, MAX_RADIUS_M, 200)
    at, language = read_moment(request), request.query_params.get("lang")
    sites = parts_of(request).published.snapshot.sites
    if language is not None and not any(language in site.documents for site in sites.values()):
        spoken = sorted({name for site in sites.values() for name in site.documents})
        raise NotFound("language_unknown", f"No site has the language {language[:20]}; there are {', '.join(spoken)}.")
    found: list[tuple[float, str, Document]] = []
    for site_id, site in sites.items():
        document = site.documents.get(language or "", next(iter(site.documents.values()))).document
        for landmark in document["landmarks"]:
            if landmark["lat"] is not None:
                away_m = distance_m(lat, lon, landmark["lat"], landmark["lon"])
                if away_m <= radius_m:
                    found.append((away_m, site_id, landmark))
    found.sort(key=lambda item: (item[0], item[1], item[2]["id"]))
    live = {site_id: live_at(site, at) for site_id, site in sites.items()}
    results = [_describe(item, live[item[1]]) for item in found[:NEARBY_LIMIT]]
    return JSONResponse({"at": at.isoformat(), "results": results}, headers={"Cache-Control": "no-store"})


def _describe(item: tuple[float, str, Document], live: dict[str, list[str]]) -> dict[str, Any]:
    away_m, site_id, landmark = item
    return {
        "site": site_id,
        "landmark": landmark["id"],
        "name": landmark["name"],
        "lat": landmark["lat"],
        "lon": landmark["lon"],
        "distance_m": round(away_m, 1),
        "accuracy_m": landmark["accuracy_m"],
        "experiences": live.get(landmark["id"], []),
    }


def live_at(site: SiteSnapshot, at: datetime) -> dict[str, list[str]]:
    """Ids of the experiences that are live at a moment, by landmark. Raises Invalid outside the compiled days."""
    zone, found, days = site.zone, dict[str, list[str]](), horizon(site.compiled_for_on)
    if not days.from_on <= at.astimezone(zone).date() <= days.until_on:
        raise Invalid("moment_out_of_range", f"at must lie between {days.from_on} and {days.until_on}.")
    for experience in next(iter(site.documents.values())).document["experiences"]:
        if is_on(experience, at, zone):
            found.setdefault(experience["landmark"], []).append(experience["id"])
    return found


def is_on(experience: Document, at: datetime, zone: ZoneInfo) -> bool:
    """Whether an experience of a site document is live at a moment."""
    spans = [(parse_moment(start), parse_moment(end)) for start, end in experience["occurrences"]]
    quiet_on = [date.fromisoformat(day) for day in experience["quiet_on"]]
    return is_live(spans, quiet_on, at, zone)


def parse_moment(text: str) -> datetime:
    """A moment as the site document writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


routes = [
    Route("/api/v1/sites", list_sites),
    Route("/api/v1/sites/{site}", get_site),
    Route("/api/v1/sites/{site}/scenes/{scene}", get_scene),
    Route("/api/v1/nearby", find_nearby),
]
