"""Engagement events: what a phone may send, what consent lets through, and the visit tokens that make forging dear."""

import base64
import hashlib
import hmac
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, get_args

import msgspec

from xr_server.domain.fields import Language, Slug
from xr_server.errors import Invalid

MAX_EVENTS = 100
HOUR_MS = 3_600_000
TOKEN_LIFE_MS = 2 * HOUR_MS
TOKEN_GRACE_MS = 48 * HOUR_MS
CLOCK_SLACK_MS = 48 * HOUR_MS

Mode = Literal["page", "orbit", "ar", "window"]
ConsentState = Literal["unset", "refused", "necessary", "statistics", "withdrawn"]
EventType = Literal[
    "site_opened",
    "landmark_entered",
    "landmark_left",
    "experience_opened",
    "scene_shown",
    "ar_entered",
    "ar_left",
    "stamp_collected",
    "prize_redeemed",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
MAX_DEPTH = 32  # of brackets in a body; ours have four
MAX_DEEP_BRACKETS = 20_000  # of a body that has to be cut; ours have 204 at most
# a string, or a bracket: all that counts for depth
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the visitor allowed, and the version of the text they read."""

    state: ConsentState
    text_version: Annotated[str, msgspec.Meta(max_length=20)]


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a visit did. No coordinates, no free text: unknown fields are refused."""

    id: uuid.UUID
    type: EventType
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    landmark: Slug | None = None
    scene: Slug | None = None
    experience: Slug | None = None


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phone posts; events stay raw so that one bad one costs none of the good ones."""

    token: Annotated[str, msgspec.Meta(max_length=600)]
    consent: Consent
    language: Language
    mode: Mode
    events: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_EVENTS)]
    visit: Annotated[str, msgspec.Meta(min_length=16, max_length=64)] | None = None


@dataclass(frozen=True)
class Rejection:
    """Why one event of a batch was not taken."""

    index: int
    code: str


@dataclass(frozen=True)
class Token:
    """What a visit token says: for which site, and until when in ms UTC it is fresh."""

    site_id: str
    expires_at: int


@dataclass(frozen=True)
class AcceptedEvent:
    """An event that passed every check, as it is stored."""

    id: str
    site_id: str
    type: str
    occurred_at: int
    received_at: int
    late: bool
    language: str
    mode: str
    landmark: str | None
    scene: str | None
    experience: str | None


def issue_token(site_id: str, now: int, secret: bytes, nonce: bytes) -> tuple[str, int]:
    """A signed token for a site and the moment in ms UTC it stops being fresh."""
    expires_at = now + TOKEN_LIFE_MS
    body = json.dumps({"s": site_id, "e": expires_at, "n": nonce.hex()}, separators=(",", ":")).encode()
    return f"{_encode(body)}.{_encode(_sign(body, secret))}", expires_at


def read_token(text: str, now: int, secret: bytes) -> Token:
    """What a token of ours says. Raises Invalid when it is forged, broken, or older than the grace allows."""
    refused = Invalid(
        "token_refused", "This visit token is not ours or is broken; ask /api/v1/visit-tokens for a new one."
    )
    try:
        body_part, signature_part = text.split(".")
        body, signature = _decode(body_part), _decode(signature_part)
    except ValueError as error:
        raise refused from error
    if not hmac.compare_digest(signature, _sign(body, secret)):
        raise refused
    document = json.loads(body)
    if now > document["e"] + TOKEN_GRACE_MS:
        raise Invalid(
            "token_too_old", "This visit token ran out more than 48 hours ago; its events are no longer taken."
        )
    return Token(document["s"], document["e"])


def _sign(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, b"visit-token:" + body, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def make_visit_key(visit: str, day_key: bytes) -> bytes:
    """The 32 bytes stored in place of a visit id: nobody can go back once the day key is destroyed."""
    return hmac.new(day_key, visit.encode(), hashlib.sha256).digest()


def parse_batch(body: bytes) -> Batch:
    """The batch in its JSON form; a value nested absurdly deep costs only its own event. Raises Invalid."""
    try:
        try:
            return msgspec.json.decode(body, type=Batch)
        except RecursionError:
            if body.count(b"[") + body.count(b"{") > MAX_DEEP_BRACKETS:
                raise
            return msgspec.json.decode(cut_deep_values(body), type=Batch)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise Invalid(
            "body_malformed", f"The body is not what this address takes: {error}. docs/api.md shows it."
        ) from error


def cut_deep_values(body: bytes) -> bytes:
    """The JSON text with null in place of every value nested deeper than MAX_DEPTH; found without recursion."""
    kept: list[bytes] = []
    depth, start = 0, 0
    for token in TOKEN.finditer(body):
        bracket = token[0]
        if bracket in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept += body[start : token.start()], b"null"
        elif bracket in b"]}":
            if depth == MAX_DEPTH + 1:
                start = token.end()
            depth -= 1
    kept.append(body[start:] if depth <= MAX_DEPTH else b"")
    return b"".join(kept)


def read_events(batch: Batch, token: Token, now: int) -> tuple[list[AcceptedEvent], list[Rejection]]:
    """The batch's events that can be stored, and for each other one the reason."""
    accepted: list[AcceptedEvent] = []
    rejected: list[Rejection] = []
    for index, raw in enumerate(batch.events):
        try:
            event = msgspec.json.decode(raw, type=Event)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
            rejected.append(Rejection(index, "malformed"))
            continue
        code = _find_fault(event, now)
        if code:
            rejected.append(Rejection(index, code))
            continue
        accepted.append(
            AcceptedEvent(
                id=str(event.id),
                site_id=token.site_id,
                type=event.type,
                occurred_at=to_ms(event.at),
                received_at=now,
                late=now > token.expires_at,
                language=batch.language,
                mode=batch.mode,
                landmark=event.landmark,
                scene=event.scene,
                experience=event.experience,
            )
        )
    return accepted, rejected


def _find_fault(event: Event, now: int) -> str | None:
    if event.id.version != 7:
        return "id_not_uuid7"
    if abs(to_ms(event.at) - now) > CLOCK_SLACK_MS:
        return "time_out_of_range"
    return None


def to_ms(moment: datetime) -> int:
    """An aware moment as whole milliseconds since 1970-01-01 UTC."""
    return round(moment.timestamp() * 1000)
