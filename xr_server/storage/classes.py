"""School classes: made by a teacher, opened by a code, told apart by their last day."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine, Row, Subquery, and_, func, insert, select, union, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.account import STEPS
from xr_server.domain.audit import Deed
from xr_server.domain.catalog import Change, Name, Site
from xr_server.domain.school import CODE_LIFE_MS, ClassForm, make_code, show_code, stage_of
from xr_server.errors import Conflict, NotFound, Stale
from xr_server.storage.accounts import make_hash
from xr_server.storage.audit import note
from xr_server.storage.catalog import load_record
from xr_server.storage.people import find_person
from xr_server.storage.tables.classes import class_receipt, pupil, school_class
from xr_server.storage.tables.records import media_file, record
from xr_server.storage.tables.scans import scan
from xr_server.storage.tokens import RandomBytes

USUAL_ZONE = "Asia/Tokyo"
CODE_TRIES = 20


@dataclass(frozen=True)
class SchoolClass:
    """A class as it stands; pupil_bytes and pupil_scans None: the usual room. handed_in: what waits for its teacher."""

    id: str
    site_id: str
    teacher_id: str
    said: ClassForm
    locator: str | None
    code_expires_at: int | None
    pupil_bytes: int | None
    pupil_scans: int | None
    created_at: int
    pupils: int
    handed_in: int


@dataclass(frozen=True)
class Keeper:
    """Who asks for classes at a site: a teacher for the own ones; teacher_id None: an administrator, for all."""

    site_id: str
    teacher_id: str | None


@dataclass(frozen=True)
class Receipt:
    """What went with a class that was deleted: figures by name."""

    id: str
    class_name: str
    deleted_at: int
    went: dict[str, Any]


def today_at(catalog: Engine, site_id: str, at: int) -> date:
    """The local date at a site of a moment in ms UTC."""
    try:
        body = load_record(catalog, Name(site_id, "site", site_id)).body
    except NotFound:
        body = None
    zone = body.time_zone if isinstance(body, Site) else USUAL_ZONE
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)).date()


def make_class(catalog: Engine, site_id: str, said: ClassForm, change: Change, random_bytes: RandomBytes) -> str:
    """Make a class, whose teacher is who makes it; gives its id."""
    class_id = new_id(random_bytes)
    values = {"id": class_id, "site_id": site_id, "teacher_id": change.account_id, "created_at": change.at}
    with catalog.begin() as connection:
        connection.execute(insert(school_class).values(**_values(said), **values))
        note(connection, "class_made", Name(site_id, "class", class_id), change)
    return class_id


def new_id(random_bytes: RandomBytes) -> str:
    """A random id."""
    return str(uuid.UUID(bytes=random_bytes(16), version=4))


def _values(said: ClassForm) -> dict[str, Any]:
    ends_on = said.ends_on.isoformat()
    return {"name": said.name, "school": said.school, "credit_with": said.credit_with, "ends_on": ends_on}


def list_classes(catalog: Engine, keeper: Keeper) -> list[SchoolClass]:
    """The classes somebody looks after, the one that ends last first."""
    which = school_class.c.site_id == keeper.site_id
    if keeper.teacher_id is not None:
        which = and_(which, school_class.c.teacher_id == keeper.teacher_id)
    return _load(catalog, which)


def find_class(catalog: Engine, keeper: Keeper, class_id: str) -> SchoolClass:
    """One of them. Raises NotFound, which tells others nothing."""
    for one in list_classes(catalog, keeper):
        if one.id == class_id:
            return one
    raise NotFound("class_unknown", "There is no such class, or it is not one of yours. Choose it from the list.")


def list_all_classes(catalog: Engine) -> list[SchoolClass]:
    """Every class of every site."""
    return _load(catalog, school_class.c.id.is_not(None))


def load_class(catalog: Engine, class_id: str) -> SchoolClass:
    """The class of that id. Raises NotFound."""
    for one in _load(catalog, school_class.c.id == class_id):
        return one
    raise NotFound("class_unknown", "There is no such class, or it is not one of yours. Choose it from the list.")


def _load(catalog: Engine, which: ColumnElement[bool]) -> list[SchoolClass]:
    pupils = select(pupil.c.class_id, func.count().label("pupils")).group_by(pupil.c.class_id).subquery()
    waiting = _count_handed_in()
    query = (
        select(school_class, pupils.c.pupils, waiting.c.handed_in)
        .outerjoin(pupils, pupils.c.class_id == school_class.c.id)
        .outerjoin(waiting, waiting.c.class_id == school_class.c.id)
        .where(which)
        .order_by(school_class.c.ends_on.desc(), school_class.c.name, school_class.c.id)
    )
    with catalog.connect() as connection:
        return [_to_class(row) for row in connection.execute(query)]


def _count_handed_in() -> Subquery:
    """How much waits for the teacher of each class: a scene counts once with its experience, which bears its id."""
    waits = record.c.state == "with_teacher"
    scans = (
        select(pupil.c.class_id, record.c.id)
        .join(scan, scan.c.account_id == pupil.c.account_id)
        .join(record, (record.c.site_id == scan.c.site_id) & (record.c.id == scan.c.scene_id))
    )
    of_file = (record.c.site_id == media_file.c.site_id) & (record.c.id == media_file.c.record_id)
    media = (
        select(pupil.c.class_id, record.c.id)
        .join(media_file, media_file.c.account_id == pupil.c.account_id)
        .join(record, of_file & (record.c.kind == "media"))
    )
    both = union(scans.where(waits), media.where(waits)).subquery()
    counted = select(both.c.class_id, func.count().label("handed_in"))
    return counted.group_by(both.c.class_id).subquery()


def _to_class(row: Row[Any]) -> SchoolClass:
    return SchoolClass(
        row.id,
        row.site_id,
        row.teacher_id,
        ClassForm(row.name, row.school, row.credit_with, date.fromisoformat(row.ends_on)),
        row.locator,
        row.code_expires_at,
        row.pupil_bytes,
        row.pupil_scans,
        row.created_at,
        row.pupils or 0,
        row.handed_in or 0,
    )


def load_class_names(catalog: Engine, class_ids: Sequence[str]) -> dict[str, str]:
    """The names of classes by id."""
    query = select(school_class.c.id, school_class.c.name).where(school_class.c.id.in_(class_ids))
    with catalog.connect() as connection:
        return {row.id: row.name for row in connection.execute(query)}


def count_calls(catalog: Engine, keeper: Keeper, at: int) -> int:
    """How much calls for a teacher: what pupils have handed in, and classes that have ended and will be deleted."""
    classes = list_classes(catalog, keeper)
    if not classes:
        return 0
    today = today_at(catalog, keeper.site_id, at)
    return sum(one.handed_in + (stage_of(one.said.ends_on, today) != "open") for one in classes)


def change_class(catalog: Engine, found: SchoolClass, said: ClassForm, change: Change) -> None:
    """Let a class, as it was found, say something else of itself; credits of scans already sent stay. Raises Stale."""
    as_found = and_(*(school_class.c[name] == value for name, value in _values(found.said).items()))
    with catalog.begin() as connection:
        row = update(school_class).where(school_class.c.id == found.id, as_found)
        if connection.execute(row.values(**_values(said))).rowcount != 1:
            raise stale_class()
        note(connection, "class_changed", Name(found.site_id, "class", found.id), change)


def stale_class() -> Stale:
    """The refusal of a change on top of what does not stand there any more."""
    return Stale("stale_revision", "Somebody else has changed this since you opened it. Compare, and save again.")


def set_class_room(catalog: Engine, found: SchoolClass, room: tuple[int | None, int | None], change: Change) -> None:
    """Give each pupil of a class other room, as (bytes, scans); None: the usual."""
    _set(catalog, found, {"pupil_bytes": room[0], "pupil_scans": room[1]}, "room_changed", change)


def give_class(catalog: Engine, found: SchoolClass, teacher_id: str, change: Change) -> None:
    """Let another teacher look after a class. Raises NotFound, Conflict."""
    person = find_person(catalog, found.site_id, teacher_id)
    if person.disabled or "teach" not in STEPS[person.role]:
        raise Conflict("taker_no_teacher", f"{person.name} cannot look after a class. Choose a teacher.")
    _set(catalog, found, {"teacher_id": teacher_id}, "class_given", change)


def renew_code(catalog: Engine, found: SchoolClass, change: Change, random_bytes: RandomBytes) -> str:
    """A new code for a class, good for two weeks; the one before opens nothing any more. Of its second half a hash is kept."""
    for _ in range(CODE_TRIES):
        locator, secret = make_code(random_bytes)
        values = {"locator": locator, "secret_hash": make_hash(secret), "code_expires_at": change.at + CODE_LIFE_MS}
        try:
            _set(catalog, found, values, "code_made", change)
        except IntegrityError:  # another class has this locator
            continue
        return show_code(locator, secret)
    raise Conflict("code_taken", "No code could be found that no other class has. Try again.")


def close_code(catalog: Engine, found: SchoolClass, change: Change) -> None:
    """Let the code of a class open nothing any more; its pupils stay."""
    _set(catalog, found, {"locator": None, "secret_hash": None, "code_expires_at": None}, "code_closed", change)


def _set(catalog: Engine, found: SchoolClass, values: dict[str, Any], deed: Deed, change: Change) -> None:
    with catalog.begin() as connection:
        connection.execute(update(school_class).where(school_class.c.id == found.id).values(**values))
        note(connection, deed, Name(found.site_id, "class", found.id), change)


def list_receipts(catalog: Engine, keeper: Keeper) -> list[Receipt]:
    """What went with classes that were deleted, the newest first."""
    query = select(class_receipt).where(class_receipt.c.site_id == keeper.site_id)
    if keeper.teacher_id is not None:
        query = query.where(class_receipt.c.teacher_id == keeper.teacher_id)
    with catalog.connect() as connection:
        rows = connection.execute(query.order_by(class_receipt.c.deleted_at.desc(), class_receipt.c.id)).all()
    return [Receipt(row.id, row.class_name, row.deleted_at, json.loads(row.body)) for row in rows]
