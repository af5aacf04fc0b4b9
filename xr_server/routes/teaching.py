"""What a pupil's teacher has passed on: whose work a record is, whether staff may publish it, and media that go along."""

from collections.abc import Sequence
from typing import Any

from xr_server.domain.account import Session, may
from xr_server.domain.catalog import Experience, Record
from xr_server.domain.review import is_possible
from xr_server.domain.school import check_passed_on, is_passed_on
from xr_server.errors import NotFound
from xr_server.parts import Parts
from xr_server.routes.desk_media import describe_media, dump_seen, named_media, read_seen
from xr_server.storage.catalog import Name, StoredRecord
from xr_server.storage.classes import SchoolClass
from xr_server.storage.media_library import find_media_owner
from xr_server.storage.pupil_media import list_unseen
from xr_server.storage.pupils import find_class_of
from xr_server.storage.reviews import Seen, find_state_before, standing_of
from xr_server.storage.scans import find_scene_owner


def find_class_behind(parts: Parts, stored: StoredRecord) -> SchoolClass | None:
    """The class of the pupil whose work a record is; None for everybody else's."""
    if stored.kind == "media":
        owner = find_media_owner(parts.catalog, stored.site_id, stored.id)
    else:
        scene_id = stored.body.scene if isinstance(stored.body, Experience) else stored.id
        owner = find_scene_owner(parts.catalog, stored.site_id, scene_id)
    return None if owner is None else find_class_of(parts.catalog, owner)


def teaches(session: Session, found: SchoolClass | None) -> bool:
    """Whether somebody looks after a class."""
    if found is None or not may(session, "teach"):
        return False
    return found.teacher_id == session.account_id or may(session, "manage_people")


def check_teacher(parts: Parts, stored: StoredRecord) -> None:
    """A pupil's work goes out only when the teacher has passed on just this. Raises Conflict."""
    if find_class_behind(parts, stored) is None:
        return
    name, withdrawn = Name(stored.site_id, stored.kind, stored.id), stored.state == "withdrawn"
    before = find_state_before(parts.catalog, name) if withdrawn else None
    check_passed_on(is_passed_on(stored.state, before))


def may_pass_on(parts: Parts, session: Session, stored: StoredRecord) -> bool:
    """Whether a picture or a sound waits for somebody as the teacher; what was taken back stays taken back."""
    waits = stored.state != "withdrawn" and is_possible("send_for_review", standing_of(stored))
    return waits and teaches(session, find_class_behind(parts, stored))


def hidden_media(parts: Parts, session: Session) -> frozenset[str]:
    """Pupils' pictures and sounds that nobody but class, teacher and reviewers see until the teacher has looked at them."""
    if may(session, "review"):
        return frozenset()
    return list_unseen(parts.catalog, session.site_id, session.account_id)


def check_not_hidden(parts: Parts, session: Session, record_id: str) -> None:
    """Refuse one of them. Raises NotFound, which tells others nothing."""
    if record_id in hidden_media(parts, session):
        raise NotFound("record_unknown", f"There is no media called {record_id} at {session.site_id}.")


def media_to_pass_on(parts: Parts, session: Session, bodies: Sequence[Record], seen: str) -> list[Seen]:
    """The pupils' media that go to staff with what shows them, as a page showed them; others are version 0: stale."""
    shown = read_seen(seen)
    return [
        Seen(Name(stored.site_id, stored.kind, stored.id), shown.get(stored.id, 0), stored.state)
        for stored in named_media(parts, session.site_id, bodies)
        if may_pass_on(parts, session, stored)
    ]


def describe_for_teacher(parts: Parts, session: Session, bodies: Sequence[Record], language: str) -> dict[str, Any]:
    """For the page on which work is passed on: all it shows and plays, which of it goes along, and in which versions."""
    found = named_media(parts, session.site_id, bodies)
    return {
        "shown_media": [
            {**one, "passes": may_pass_on(parts, session, one["stored"])} for one in describe_media(found, language)
        ],
        "media_seen": dump_seen(found),
    }
