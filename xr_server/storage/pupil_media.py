"""Pictures and sounds of pupils: what a class has brought into the library, for its teacher."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from xr_server.domain.catalog import State
from xr_server.domain.media import Media
from xr_server.storage.catalog import StoredRecord, list_records
from xr_server.storage.media_library import read_owners
from xr_server.storage.tables.classes import pupil, school_class
from xr_server.storage.tables.people import account
from xr_server.storage.tables.records import record

UNSEEN: tuple[State, ...] = ("draft", "with_teacher", "changes_requested")


@dataclass(frozen=True)
class PupilMedium:
    """A picture or a sound in a class: as it stands, what it is, and whose, by pen name."""

    stored: StoredRecord
    media: Media
    name: str


def list_class_media(catalog: Engine, site_id: str, class_id: str) -> list[PupilMedium]:
    """All pictures and sounds of a class, what waits for the teacher first, then what changed last."""
    query = select(pupil.c.account_id, account.c.name).join(account, account.c.id == pupil.c.account_id)
    with catalog.connect() as connection:
        names = {row.account_id: row.name for row in connection.execute(query.where(pupil.c.class_id == class_id))}
        owners = read_owners(connection, site_id) if names else {}
    found = [
        PupilMedium(one, one.body, names[owners[one.id]])
        for one in (list_records(catalog, site_id, "media") if names else [])
        if owners.get(one.id) in names and isinstance(one.body, Media)
    ]
    return sorted(found, key=lambda one: (one.stored.state != "with_teacher", -one.stored.updated_at, one.stored.id))


def list_unseen(catalog: Engine, site_id: str, account_id: str) -> frozenset[str]:
    """The pictures and sounds, as they stand, of pupils neither in an account's own class nor taught by it, of which no
    teacher has passed anything on or not this version."""
    classes = select(pupil.c.account_id, pupil.c.class_id, school_class.c.teacher_id).join(
        school_class, school_class.c.id == pupil.c.class_id
    )
    media = (record.c.site_id == site_id) & (record.c.kind == "media") & record.c.state.in_(UNSEEN)
    with catalog.connect() as connection:
        pupils = {row.account_id: row for row in connection.execute(classes.where(pupil.c.site_id == site_id))}
        owners = read_owners(connection, site_id) if pupils else {}
        unseen = connection.scalars(select(record.c.id).where(media)).all() if pupils else []
    own_class = pupils[account_id].class_id if account_id in pupils else None
    behind = {name: pupils[owners[name]] for name in unseen if owners.get(name) in pupils}
    return frozenset(name for name, row in behind.items() if row.teacher_id != account_id and row.class_id != own_class)
