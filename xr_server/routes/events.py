"""Visit tokens out, engagement events in; the answer follows the commit."""

from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.visit import Batch, issue_token, make_visit_key, read_events, read_token
from xr_server.errors import Invalid
from xr_server.parts import Parts, parts_of
from xr_server.storage.events import Entry
from xr_server.storage.keys import load_day_key, load_secret

MAX_BODY_BYTES = 256 * 1024
SECRET_NAME = "visit-token"  # noqa: S105 - the name of a file, not the secret
# a static export on another host may post; nothing secret is answered and no cookie is read
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "no-store",
}
COUNTED_ONLY = {"necessary"}
NOTHING_KEPT = {"unset", "refused", "withdrawn"}
T = TypeVar("T", bound=msgspec.Struct)


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which site a visit token is asked for."""

    site: str


async def post_visit_token(request: Request) -> Response:
    """A token that this page's events are sent with."""
    parts = parts_of(request)
    wanted = _decode(await request.body(), TokenRequest)
    if wanted.site not in parts.published.snapshot.sites:
        raise Invalid(
            "site_unknown", f"There is no published site called {wanted.site[:64]}; /api/v1/sites lists them."
        )
    secret = load_secret(parts.settings.key_dir, SECRET_NAME, parts.random_bytes)
    token, expires_at = issue_token(wanted.site, parts.clock(), secret, parts.random_bytes(8))
    expires = datetime.fromtimestamp(expires_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return JSONResponse({"token": token, "expires_at": expires}, headers=CORS)


async def post_events(request: Request) -> Response:
    """Take a batch: what consent does not cover is not kept, what was sent before counts once."""
    parts = parts_of(request)
    batch = _decode(await request.body(), Batch)
    now = parts.clock()
    token = read_token(batch.token, now, load_secret(parts.settings.key_dir, SECRET_NAME, parts.random_bytes))
    accepted, rejected = read_events(batch, token, now)
    rejections = [{"index": item.index, "code": item.code} for item in rejected]
    if batch.consent.state in NOTHING_KEPT:
        refused = {item.index for item in rejected}
        rejections += [{"index": i, "code": "no_consent"} for i in range(len(batch.events)) if i not in refused]
        accepted = []
    stored = 0
    if accepted:
        counted_only = batch.consent.state in COUNTED_ONLY
        visit_key = None if counted_only or batch.visit is None else _visit_key(parts, batch.visit, token.site_id)
        stored = await parts.event_writer.write(Entry(accepted, counted_only, visit_key))
    answer = {"accepted": stored, "duplicate": len(accepted) - stored, "rejected": rejections}
    return JSONResponse(answer, headers=CORS)


def _visit_key(parts: Parts, visit: str, site_id: str) -> bytes:
    site = parts.published.snapshot.sites[site_id]
    zone = ZoneInfo(next(iter(site.documents.values())).document["site"]["time_zone"])
    today = datetime.fromtimestamp(parts.clock() / 1000, zone).date()
    return make_visit_key(visit, load_day_key(parts.settings.key_dir, today, parts.random_bytes))


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise Invalid(
            "body_malformed", f"The body is not what this address takes: {error}. docs/api.md shows it."
        ) from error


async def preflight(_: Request) -> Response:
    """What a browser asks before a static export on another host posts."""
    return Response(status_code=204, headers=CORS)


routes = [
    Route("/api/v1/visit-tokens", post_visit_token, methods=["POST"], max_body_size=1024),
    Route("/api/v1/visit-tokens", preflight, methods=["OPTIONS"]),
    Route("/api/v1/events", post_events, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/api/v1/events", preflight, methods=["OPTIONS"]),
]
