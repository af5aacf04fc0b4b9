"""How much room there is for scans: what administrators have said of a site or a class, else the settings' defaults."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, case, func, select

from xr_server.domain.catalog import Change, Name
from xr_server.domain.quota import GB, Allowance, Defaults, Standing
from xr_server.settings import Settings
from xr_server.storage.audit import note
from xr_server.storage.database import insert_into
from xr_server.storage.tables.classes import pupil, school_class
from xr_server.storage.tables.records import media_file
from xr_server.storage.tables.scans import scan, site_quota

# what still takes room in the upload folder, and so counts
KEPT = ("receiving", "waiting", "building", "built", "rejected", "failed")


@dataclass(frozen=True)
class SiteRoom:
    """What an administrator has said of a site; None where nothing was said."""

    account_bytes: int | None = None
    account_scans: int | None = None
    site_bytes: int | None = None
    site_scans: int | None = None


def defaults_of(settings: Settings) -> Defaults:
    """What the settings allow where nobody has said otherwise."""
    return Defaults(
        Allowance(round(settings.account_gb * GB), settings.account_scans),
        Allowance(round(settings.pupil_gb * GB), settings.pupil_scans),
        Allowance(round(settings.site_gb * GB), settings.site_scans),
    )


def find_standing(catalog: Engine, site_id: str, account_id: str, defaults: Defaults) -> Standing:
    """What an account may keep and keeps, and the same of its site."""
    with catalog.connect() as connection:
        return load_standing(connection, site_id, account_id, defaults)


def load_standing(connection: Connection, site_id: str, account_id: str, defaults: Defaults) -> Standing:
    """The same, within the caller's transaction."""
    said = _load_said(connection, site_id)
    of_class = (
        select(school_class.c.pupil_bytes, school_class.c.pupil_scans)
        .join(pupil, pupil.c.class_id == school_class.c.id)
        .where(pupil.c.account_id == account_id)
    )
    own = connection.execute(of_class).first()
    allowed = (
        _or_usual(said.account_bytes, said.account_scans, defaults.account)
        if own is None
        else _or_usual(own.pupil_bytes, own.pupil_scans, defaults.pupil)
    )
    at_site, here = scan.c.site_id == site_id, media_file.c.site_id == site_id
    return Standing(
        allowed,
        _sum(connection, at_site & (scan.c.account_id == account_id), here & (media_file.c.account_id == account_id)),
        _or_usual(said.site_bytes, said.site_scans, defaults.site),
        _sum(connection, at_site, here),
    )


def _sum(connection: Connection, which: ColumnElement[bool], media: ColumnElement[bool]) -> Allowance:
    """Scans, and the bytes of their originals together with those of the library."""
    kept_bytes = func.sum(case((scan.c.original_gone_at.is_(None), scan.c.length_bytes), else_=0))
    query = select(func.coalesce(kept_bytes, 0).label("scan_bytes"), func.count().label("scans"))
    row = connection.execute(query.where(which, scan.c.state.in_(KEPT))).one()
    library = select(func.coalesce(func.sum(media_file.c.size_bytes), 0)).where(media)
    return Allowance(int(row.scan_bytes) + int(connection.execute(library).scalar_one()), int(row.scans))


def _or_usual(scan_bytes: int | None, scans: int | None, usual: Allowance) -> Allowance:
    return Allowance(usual.scan_bytes if scan_bytes is None else scan_bytes, usual.scans if scans is None else scans)


def load_site_room(catalog: Engine, site_id: str) -> SiteRoom:
    """What an administrator has said of a site."""
    with catalog.connect() as connection:
        return _load_said(connection, site_id)


def _load_said(connection: Connection, site_id: str) -> SiteRoom:
    row = connection.execute(select(site_quota).where(site_quota.c.site_id == site_id)).first()
    return SiteRoom(row.account_bytes, row.account_scans, row.site_bytes, row.site_scans) if row else SiteRoom()


def save_site_room(catalog: Engine, site_id: str, room: SiteRoom, change: Change) -> None:
    """Keep what an administrator says of a site; None lets the settings' default hold."""
    values = {name: getattr(room, name) for name in SiteRoom.__dataclass_fields__}
    with catalog.begin() as connection:
        statement = insert_into(connection, site_quota).values(site_id=site_id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=[site_quota.c.site_id], set_=values))
        note(connection, "room_changed", Name(site_id, "site", site_id), change)
