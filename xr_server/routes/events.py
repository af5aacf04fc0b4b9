"""Visit tokens out, engagement events in; the answer follows the commit."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from functools import wraps

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.visit import (
    AcceptedEvent,
    Batch,
    Intake,
    issue_token,
    make_visit_key,
    parse_batch,
    read_events,
    read_token,
    weigh_consent,
)
from xr_server.domain.visit_facts import local_day
from xr_server.errors import DejimaError, Invalid, TooLarge, Unavailable
from xr_server.parts import Parts, parts_of
from xr_server.routes import problems
from xr_server.routes.health import EVENTS
from xr_server.storage.events import Entry, Note
from xr_server.storage.keys import load_day_key, load_secret, oldest_day_kept
from xr_server.storage.publish import SiteSnapshot

MAX_BODY_BYTES = 256 * 1024
QUARTER_MS = 15 * 60_000
SECRET_NAME = "visit-token"  # noqa: S105 - the name of a file, not the secret
# a static export on another host may post, and read a refusal; nothing secret is answered and no cookie is read
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Expose-Headers": "Retry-After, Date",
    "Access-Control-Max-Age": "86400",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
ONLY_BEFORE = ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age")
"""What a browser reads in the answer before the one to a post, and nowhere else."""
ANSWER_HEADERS = [(name.lower().encode(), text.encode()) for name, text in CORS.items() if name not in ONLY_BEFORE]
ANSWER_HEADERS += [(b"content-type", b"application/json")]
COUNTED_ONLY = {"necessary"}
NOTHING_KEPT = {"unset", "refused", "withdrawn"}
Handler = Callable[[Request], Awaitable[Response]]


def from_anywhere(handler: Handler) -> Handler:
    """The handler, whose refusals too can be read by a page of another host."""

    @wraps(handler)
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except DejimaError as error:
            response = problems.on_dejima_error(request, error)
        except HTTPException as error:
            response = problems.on_http_error(request, error)
        response.headers.update(CORS)
        return response

    return handle


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which site a visit token is asked for."""

    site: str


@from_anywhere
async def post_visit_token(request: Request) -> Response:
    """A token that this page's events are sent with."""
    parts = parts_of(request)
    try:
        wanted = msgspec.json.decode(await _read_body(request, 1024), type=TokenRequest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("body_malformed", 'The body must name a site, such as {"site": "dejima"}.') from error
    parts.published.get_site(wanted.site)
    secret = load_secret(parts.settings.key_dir, SECRET_NAME, parts.random_bytes)
    token, expires_at = issue_token(wanted.site, parts.clock(), secret, parts.random_bytes(8))
    expires = datetime.fromtimestamp(expires_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return JSONResponse({"token": token, "expires_at": expires}, headers=CORS)


class Answer(Response):
    """What became of a batch, with headers that are made once."""

    def init_headers(self, _: Mapping[str, str] | None = None) -> None:
        """The headers of every such answer, and its length."""
        self.raw_headers = [*ANSWER_HEADERS, (b"content-length", b"%d" % len(self.body))]


@from_anywhere
async def post_events(request: Request) -> Response:
    """Take a batch: what consent does not cover is not kept, what was sent before counts once."""
    parts = parts_of(request)
    batch = parse_batch(await _read_body(request, MAX_BODY_BYTES))
    now = parts.clock()
    token = read_token(batch.token, now, load_secret(parts.settings.key_dir, SECRET_NAME, parts.random_bytes))
    site = _site_of_token(parts, token.site_id)
    covered = parts.budgets.spend(token.nonce, len(batch.events), now, batch.visit)
    stored = 0
    try:
        entry, rejected = _make_entry(parts, request, batch, Intake(token, now, covered, site.known_ids, site.links))
        stored = await parts.event_writer.write(entry)
    finally:
        parts.budgets.give_back(token.nonce, len(batch.events) - stored)
    EVENTS.count(_outcomes(entry, stored))
    answer = {"accepted": stored, "duplicate": len(entry.events) - stored, "rejected": rejected}
    return Answer(msgspec.json.encode(answer))


def _make_entry(parts: Parts, request: Request, batch: Batch, intake: Intake) -> tuple[Entry, list[dict[str, object]]]:
    """What is to be stored of a batch, and what is not, as the answer says it."""
    site_id = intake.token.site_id
    site = parts.published.get_site(site_id)
    accepted, rejected = read_events(batch, intake)
    rejections: list[dict[str, object]] = [{"index": item.index, "code": item.code} for item in rejected]
    told = Counter(f"rejected_{item.code}" for item in rejected)
    state = weigh_consent(batch.consent, _opts_out(request))
    if state in NOTHING_KEPT:
        bad = {item.index for item in rejected}
        rejections += [{"index": i, "code": "no_consent"} for i in range(len(batch.events)) if i not in bad]
        told["no_consent"] = len(accepted)
        accepted = []
    counted_only = state in COUNTED_ONLY
    keys = _visit_keys(parts, site, batch.visit, accepted) if batch.visit and not counted_only else {}
    day_on = local_day(intake.now, site.zone).isoformat()
    return Entry(accepted, counted_only, keys, Note(site_id, day_on, told)), rejections


def _opts_out(request: Request) -> bool:
    """Whether the browser asks not to be followed, by the signal of today or the one before it."""
    return any(name in (b"sec-gpc", b"dnt") and value == b"1" for name, value in request.scope["headers"])


def _outcomes(entry: Entry, stored: int) -> dict[str, int]:
    """How many events of an entry came to what, for the metrics."""
    kept = "counted_only" if entry.counted_only else "accepted"
    refused = dict(entry.note.refused) if entry.note else {}
    flagged = sum(event.flag is not None for event in entry.events)
    late = sum(event.late for event in entry.events)
    return {kept: stored, "duplicate": len(entry.events) - stored, "flagged": flagged, "late": late, **refused}


async def _read_body(request: Request, limit_bytes: int) -> bytes:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Invalid("body_packed", "Bodies are taken as they are here; send it again without Content-Encoding.")
    body = await request.body()  # the application's own limit holds here already
    if len(body) > limit_bytes:
        raise TooLarge(
            "too_large", f"At most {limit_bytes} bytes are taken here at once; send fewer events in a request."
        )
    return body


def _site_of_token(parts: Parts, site_id: str) -> SiteSnapshot:
    if not parts.published.snapshot.sites:  # no snapshot yet: the phone should keep its events and try again
        raise Unavailable("nothing_published", "The server has no published site at hand yet; try again later.")
    return parts.published.get_site(site_id)


def _visit_keys(parts: Parts, site: SiteSnapshot, visit: str, events: list[AcceptedEvent]) -> dict[str, bytes]:
    """The visit's key for each event, under the key of the local day it happened on: late events join their visit."""
    zone, today = site.zone, local_day(parts.clock(), site.zone)
    earliest = oldest_day_kept(today)
    by_day: dict[date, bytes] = {}
    by_quarter: dict[int, bytes] = {}  # days begin on a quarter of an hour everywhere
    keys: dict[str, bytes] = {}
    for event in events:
        quarter = event.occurred_at // QUARTER_MS
        if quarter not in by_quarter:
            day = min(max(local_day(event.occurred_at, zone), earliest), today)
            if day not in by_day:
                by_day[day] = make_visit_key(visit, load_day_key(parts.settings.key_dir, day, parts.random_bytes))
            by_quarter[quarter] = by_day[day]
        keys[event.id] = by_quarter[quarter]
    return keys


async def preflight(_: Request) -> Response:
    """What a browser asks before a static export on another host posts."""
    return Response(status_code=204, headers=CORS)


routes = [
    Route("/api/v1/visit-tokens", post_visit_token, methods=["POST"]),
    Route("/api/v1/visit-tokens", preflight, methods=["OPTIONS"]),
    Route("/api/v1/events", post_events, methods=["POST"]),
    Route("/api/v1/events", preflight, methods=["OPTIONS"]),
]
