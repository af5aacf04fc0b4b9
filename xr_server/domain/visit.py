"""Engagement events: what a phone may send, what consent lets through, and the visit tokens that make forging dear."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from xr_server.domain.fields import Language
from xr_server.domain.vocabulary import KINDS, AnyEvent, Event, SiteOpened, name_of, said_by
from xr_server.errors import Invalid

MAX_EVENTS = 100
HOUR_MS = 3_600_000
TOKEN_LIFE_MS = 2 * HOUR_MS
TOKEN_GRACE_MS = 48 * HOUR_MS
CLOCK_SLACK_MS = 48 * HOUR_MS

LATE_MS = 2 * HOUR_MS
"""What arrives longer than this after it happened, or before it by the phone's clock, is marked late."""

Mode = Literal["page", "orbit", "ar", "window"]
Device = Literal["phone", "tablet", "desktop", "headset"]
ConsentState = Literal["unset", "refused", "necessary", "statistics", "withdrawn"]
Flag = Literal["budget", "speed"]
MAX_DEPTH = 32  # of brackets in a body; ours have four
MAX_DEEP_BRACKETS = 20_000  # of a body that has to be cut; ours have 204 at most
# a string, or a bracket: all that counts for depth
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the visitor allowed, and the version of the text they read."""

    state: ConsentState
    text_version: Annotated[str, msgspec.Meta(max_length=20)]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phone posts; events stay raw so that one bad one costs none of the good ones."""

    token: Annotated[str, msgspec.Meta(max_length=600)]
    consent: Consent
    language: Language
    mode: Mode
    events: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_EVENTS)]
    visit: Annotated[str, msgspec.Meta(min_length=16, max_length=64)] | None = None
    device: Device | None = None


@dataclass(frozen=True)
class Rejection:
    """Why one event of a batch was not taken."""

    index: int
    code: str


@dataclass(frozen=True)
class Token:
    """What a visit token says: for which site, until when in ms UTC it is fresh, and what tells it from others."""

    site_id: str
    expires_at: int
    nonce: str = ""


@dataclass(frozen=True)
class Intake:
    """What a batch is judged by: its token, what the site has published, what its budget covers, and now in ms UTC.

    known: the ids that may be named, by what an event calls them (landmark, experience, scene, era ...); links: codes of
    short links; covered: how many events are within the token's budget.
    """

    token: Token
    now: int
    covered: int
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    links: Collection[str] = ()


class AcceptedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event that passed every check, as it is stored; flag: why it is kept out of the figures."""

    id: str
    site_id: str
    type: str
    occurred_at: int
    received_at: int
    late: bool
    language: str
    mode: str
    landmark: str | None = None
    scene: str | None = None
    experience: str | None = None
    device: str | None = None
    subject: str | None = None
    word: str | None = None
    amount: int | None = None
    accuracy: str | None = None
    flag: Flag | None = None


_BATCH = msgspec.json.Decoder(Batch)
_EVENT = msgspec.json.Decoder(AnyEvent)
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError)
NAMED = ("landmark", "experience", "scene", "era", "hotspot", "sound", "rally", "campaign", "questionnaire")
_NAMED_BY = {kind: tuple(name for name in NAMED if name in kind.__struct_fields__) for kind in KINDS}
_NAMES = {kind: name_of(kind) for kind in KINDS}


def issue_token(site_id: str, now: int, secret: bytes, nonce: bytes) -> tuple[str, int]:
    """A signed token for a site and the moment in ms UTC it stops being fresh."""
    expires_at = now + TOKEN_LIFE_MS
    body = json.dumps({"s": site_id, "e": expires_at, "n": nonce.hex()}, separators=(",", ":")).encode()
    return f"{_encode(body)}.{_encode(_sign(body, secret))}", expires_at


def read_token(text: str, now: int, secret: bytes) -> Token:
    """What a token of ours says. Raises Invalid when it is forged, broken, or older than the grace allows."""
    token = _open_token(text, secret)
    if token is None:
        raise Invalid(
            "token_refused", "This visit token is not ours or is broken; ask /api/v1/visit-tokens for a new one."
        )
    if now > token.expires_at + TOKEN_GRACE_MS:
        raise Invalid(
            "token_too_old", "This visit token ran out more than 48 hours ago; its events are no longer taken."
        )
    return token


@lru_cache(maxsize=4096)  # a page sends many batches under one token
def _open_token(text: str, secret: bytes) -> Token | None:
    try:
        body_part, signature_part = text.split(".")
        body, signature = _decode(body_part), _decode(signature_part)
    except ValueError:
        return None
    if not hmac.compare_digest(signature, _sign(body, secret)):
        return None
    document = json.loads(body)
    return Token(document["s"], document["e"], document["n"])


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
            return _BATCH.decode(body)
        except RecursionError:
            if body.count(b"[") + body.count(b"{") > MAX_DEEP_BRACKETS:
                raise
            return _BATCH.decode(cut_deep_values(body))
    except UNREADABLE as error:
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


def weigh_consent(consent: Consent, opted_out: bool) -> ConsentState:
    """The state that holds; a browser that asks not to be followed leaves at most what is necessary."""
    return "necessary" if opted_out and consent.state == "statistics" else consent.state


def read_events(batch: Batch, intake: Intake) -> tuple[list[AcceptedEvent], list[Rejection]]:
    """The batch's events that can be stored, and for each other one the reason."""
    accepted: list[AcceptedEvent] = []
    rejected: list[Rejection] = []
    for index, raw in enumerate(batch.events):
        try:
            event = _EVENT.decode(raw)
        except UNREADABLE:
            rejected.append(Rejection(index, "malformed"))
            continue
        occurred_at = to_ms(event.at)
        code = _find_fault(event, occurred_at, intake)
        if code:
            rejected.append(Rejection(index, code))
            continue
        flag: Flag | None = None if len(accepted) < intake.covered else "budget"
        accepted.append(_accept(event, occurred_at, batch, intake, flag))
    return accepted, rejected


def _find_fault(event: Event, occurred_at: int, intake: Intake) -> str | None:
    if event.id.version != 7:
        return "id_not_uuid7"
    if abs(occurred_at - intake.now) > CLOCK_SLACK_MS:
        return "time_out_of_range"
    for name in _NAMED_BY[type(event)]:
        value = getattr(event, name)
        if value is not None and value not in intake.known.get(name, ()):
            return "unknown_id"
    return None


def _accept(event: Event, occurred_at: int, batch: Batch, intake: Intake, flag: Flag | None) -> AcceptedEvent:
    said = said_by(event)
    # a code that leads nowhere says nothing of a campaign, and costs the visit nothing
    lost = type(event) is SiteOpened and said.subject not in intake.links
    return AcceptedEvent(
        id=str(event.id),
        site_id=intake.token.site_id,
        type=_NAMES[type(event)],
        occurred_at=occurred_at,
        received_at=intake.now,
        late=intake.now > intake.token.expires_at or abs(intake.now - occurred_at) > LATE_MS,
        language=batch.language,
        mode=batch.mode,
        landmark=said.landmark,
        scene=said.scene,
        experience=said.experience,
        device=batch.device,
        subject=None if lost else said.subject,
        word=said.word,
        amount=said.amount,
        accuracy=said.accuracy,
        flag=flag,
    )


def to_ms(moment: datetime) -> int:
    """An aware moment as whole milliseconds since 1970-01-01 UTC."""
    return round(moment.timestamp() * 1000)
