"""Pictures and sounds on the pages of staff: what a scene shows and plays, and what of it goes out with the scene."""

from collections.abc import Sequence
from typing import Any

from xr_server.domain.account import Session, check_may_at, may_at
from xr_server.domain.belonging import landmark_of
from xr_server.domain.catalog import Experience, Record
from xr_server.domain.media import Media
from xr_server.domain.media_use import list_named
from xr_server.domain.published import pick
from xr_server.parts import Parts
from xr_server.routes.media_wording import say_facts
from xr_server.routes.records import find_record
from xr_server.storage.catalog import Name, StoredRecord
from xr_server.storage.media_library import load_uses
from xr_server.storage.reviews import Seen


def named_media(parts: Parts, site_id: str, bodies: Sequence[Record]) -> list[StoredRecord]:
    """The pictures and sounds that these scenes and experiences name, each once, as they stand."""
    names = dict.fromkeys(name for name, _ in list_named(bodies))
    found = (find_record(parts, site_id, "media", name) for name in names)
    return [stored for stored in found if stored is not None and isinstance(stored.body, Media)]


def landmarks_of(parts: Parts, stored: StoredRecord) -> set[str]:
    """Where a record belongs: its own landmark; of a picture or a sound, those of the scenes that name it."""
    if stored.kind != "media":
        return {landmark_of(stored.body)}
    uses = load_uses(parts.catalog, stored.site_id).get(stored.id, ())
    found = (find_record(parts, stored.site_id, use.record_kind, use.record_id) for use in uses)
    return {getattr(one.body, "landmark", "") for one in found if one is not None} or {""}


def may_at_record(parts: Parts, session: Session, stored: StoredRecord) -> bool:
    """Whether the membership holds where a record belongs."""
    return not session.landmarks or any(may_at(session, landmark) for landmark in landmarks_of(parts, stored))


def check_may_at_record(parts: Parts, session: Session, stored: StoredRecord) -> None:
    """Refuse a record outside the part of the site that a membership is for. Raises Forbidden."""
    if not may_at_record(parts, session, stored):
        check_may_at(session, min(landmarks_of(parts, stored)))


def bodies_shown(stored: StoredRecord, scene: StoredRecord | None) -> list[Record]:
    """The records that visitors get with one another: an experience and its scene, or a scene alone."""
    return [stored.body, *([scene.body] if scene is not None and isinstance(stored.body, Experience) else [])]


def describe_media(found: Sequence[StoredRecord], language: str) -> list[dict[str, Any]]:
    """Pictures and sounds for the page, and whether visitors get them with the scene or have them already."""
    return [
        {
            "stored": stored,
            "media": stored.body,
            "title": pick(stored.body.title, language) or stored.id,
            "alt": pick(stored.body.alt, language),
            "facts": say_facts(stored.body, language),
            "goes_out": _goes_out(stored),
        }
        for stored in found
        if isinstance(stored.body, Media)
    ]


def _goes_out(stored: StoredRecord) -> bool:
    """Whether it is published with its scene; what was taken back stays taken back until somebody publishes it by itself."""
    return stored.state != "withdrawn" and (stored.state != "published" or stored.published_revision != stored.revision)


def dump_seen(found: Sequence[StoredRecord]) -> str:
    """Which versions a page shows, for its form; ids hold no dots or tildes."""
    return "~".join(f"{stored.id}.{stored.revision}" for stored in found)


def read_seen(seen: str) -> dict[str, int]:
    """The same, as it comes back with the form: revisions by id."""
    pairs = (part.partition(".") for part in seen.split("~") if part)
    return {name: int(number) for name, _, number in pairs if number.isdecimal() and len(number) < 10}


def media_to_publish(found: Sequence[StoredRecord], seen: str) -> list[Seen]:
    """What goes out with a scene, each in the version that was seen; one that was not seen is named as version 0: stale."""
    shown = read_seen(seen)
    return [
        Seen(Name(stored.site_id, stored.kind, stored.id), shown.get(stored.id, 0), stored.state)
        for stored in going_out(found)
    ]


def going_out(found: Sequence[StoredRecord]) -> list[StoredRecord]:
    """Those that visitors get with the scene."""
    return [stored for stored in found if _goes_out(stored)]
