"""The files that creators sent, deleted when they or the site's rule say so, and whole scans deleted with all of theirs."""

import shutil
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, and_, delete, or_, select, update

from xr_server.domain.attachment import made_scene
from xr_server.domain.catalog import Change, Name
from xr_server.domain.original import DAY_MS
from xr_server.domain.scan import FINAL_STATES
from xr_server.domain.season import Schedule
from xr_server.errors import Conflict
from xr_server.settings import Settings
from xr_server.storage.audit import note
from xr_server.storage.catalog import list_records
from xr_server.storage.comparisons import remove_comparison
from xr_server.storage.scans import StoredScan, note_scans
from xr_server.storage.tables.records import preview, record, record_revision, review_note
from xr_server.storage.tables.scans import package, scan
from xr_server.storage.uploads import remove_scan_files

ENDED = ("built", "rejected", "failed")
SEEN = ("published", "in_review")
MADE = ("experience", "scene")


def forget_original(catalog: Engine, settings: Settings, stored: StoredScan, change: Change) -> None:
    """Delete the file that a creator sent; what was built of it stays. Raises Conflict while it is still needed."""
    here = and_(scan.c.id == stored.id, scan.c.state.in_(ENDED), scan.c.original_gone_at.is_(None))
    with catalog.begin() as connection:
        gone = update(scan).where(here).values(original_gone_at=change.at)
        if note_scans(connection, gone, "original_deleted", change) != 1:
            raise Conflict(
                "original_needed",
                "The file is still being received or built, or is deleted already. Nothing was changed; reload the page.",
            )
    # the row first: files of a scan whose row says that they are gone are swept
    remove_scan_files(settings.upload_dir, stored.id)


def expire_originals(catalog: Engine, settings: Settings, at: int) -> int:
    """Delete the originals that the site's rule keeps no longer; gives how many."""
    if settings.keep_originals_days is None:
        return 0
    old = scan.c.created_at < at - settings.keep_originals_days * DAY_MS
    over = and_(old, scan.c.state.in_(ENDED), scan.c.original_gone_at.is_(None))
    with catalog.begin() as connection:
        return note_scans(
            connection, update(scan).where(over).values(original_gone_at=at), "original_deleted", Change(at)
        )


def delete_scan(catalog: Engine, settings: Settings, stored: StoredScan, change: Change) -> None:
    """Delete a scan with its file, its packages and the drafts made of it; there is no way back.

    A scene that it only joined stays, and so does a scan that joined the scene made of this one.
    Raises Conflict while it is worked on, while visitors see it, while staff look at it, or while others build on it.
    """
    made = stored.scene_id if made_scene(stored.id, stored.scene_id) else None
    schedules = [one.id for one in _schedules_of(catalog, stored.site_id, made)] if made else []
    with catalog.begin() as connection:
        held = update(scan).where(scan.c.id == stored.id, scan.c.state.in_(FINAL_STATES)).values(updated_at=change.at)
        if connection.execute(held).rowcount != 1:
            raise Conflict("scan_worked_on", "This scan waits or is being built. Cancel it first; nothing was deleted.")
        names = [Name(stored.site_id, kind, made) for kind in MADE if made]
        names += [Name(stored.site_id, "schedule", one) for one in schedules]
        digests = list(_own_digests(connection, stored))
        _check_unseen(connection, stored.site_id, names, digests)
        for name in names:
            _delete_record(connection, name)
        connection.execute(delete(package).where(package.c.digest.in_(digests)))
        connection.execute(update(package).where(package.c.scan_id == stored.id).values(scan_id=None))
        connection.execute(delete(scan).where(scan.c.id == stored.id))
        if made:
            joined = and_(scan.c.site_id == stored.site_id, scan.c.scene_id == made)
            connection.execute(update(scan).where(joined).values(scene_id=None))
        note(connection, "scan_deleted", Name(stored.site_id, "scan", stored.id), change)
    # the rows first: a scan that is told of is whole, and files without rows are swept
    remove_scan_files(settings.upload_dir, stored.id)
    remove_comparison(settings.comparison_dir, stored.id)
    for digest in digests:
        shutil.rmtree(settings.package_dir / digest, ignore_errors=True)


def _schedules_of(catalog: Engine, site_id: str, experience_id: str) -> Iterator[Schedule]:
    for one in list_records(catalog, site_id, "schedule"):
        if isinstance(one.body, Schedule) and one.body.experience == experience_id:
            yield one.body


def _own_digests(connection: Connection, stored: StoredScan) -> Iterator[str]:
    """The packages made from this scan and from no other one; the same file sent twice gives one package."""
    others = select(scan.c.package_digest).where(scan.c.id != stored.id, scan.c.package_digest.is_not(None))
    own = package.c.scan_id == stored.id
    if stored.package_digest and not stored.is_start:  # what others made is theirs
        own = or_(own, package.c.digest == stored.package_digest)
    query = select(package.c.digest).where(own, package.c.model.is_(None), package.c.digest.not_in(others))
    yield from connection.scalars(query)


def _check_unseen(connection: Connection, site_id: str, names: list[Name], digests: list[str]) -> None:
    """Refuse what visitors see, what staff look at, and what somebody else's scene shows. Raises Conflict."""
    own = {(name.kind, name.id) for name in names}
    newest = or_(
        record.c.revision == record_revision.c.revision, record.c.published_revision == record_revision.c.revision
    )
    joined = and_(
        record.c.site_id == record_revision.c.site_id,
        record.c.kind == record_revision.c.kind,
        record.c.id == record_revision.c.id,
        newest,
    )
    columns = (record.c.kind, record.c.id, record.c.state, record.c.published_revision, record_revision.c.body)
    kinds = (*MADE, "schedule")
    query = select(*columns).join(record_revision, joined).where(record.c.site_id == site_id, record.c.kind.in_(kinds))
    for row in connection.execute(query):
        if (row.kind, row.id) in own:
            if row.published_revision is not None or row.state in SEEN:
                raise Conflict(
                    "scan_published",
                    "Visitors see this, or staff are looking at it. Take it back or have it withdrawn first; nothing was "
                    "deleted.",
                )
        elif any(digest in row.body for digest in digests):
            raise Conflict("scan_used", "Another scene shows this model. Take it out there first; nothing was deleted.")


def _delete_record(connection: Connection, name: Name) -> None:
    about = (name.site_id, name.kind, name.id)
    keys = (review_note.c.site_id, review_note.c.kind, review_note.c.record_id)
    connection.execute(delete(review_note).where(*(key == value for key, value in zip(keys, about, strict=True))))
    if name.kind == "experience":
        connection.execute(delete(preview).where(preview.c.site_id == name.site_id, preview.c.experience_id == name.id))
    for table in (record_revision, record):
        keys = (table.c.site_id, table.c.kind, table.c.id)
        connection.execute(delete(table).where(*(key == value for key, value in zip(keys, about, strict=True))))
