"""A built scan read otherwise and built once more: what there is stays until the new package is whole, and then gives way."""

import json
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Engine, and_, select, update

from xr_server.domain.catalog import Change, Name, Scene
from xr_server.domain.rereading import Frame, Reading, reread, reread_scene
from xr_server.errors import Conflict, NotFound, Stale
from xr_server.settings import Settings
from xr_server.storage.builds import Lease, Outcome, holding
from xr_server.storage.catalog import StoredRecord, load_record, write_revision
from xr_server.storage.packages import find_package_file, list_siblings
from xr_server.storage.scans import StoredScan, cancel_scan, note_scans, reason_text
from xr_server.storage.tables.scans import scan
from xr_server.storage.uploads import remove_scan_files

Claimed = tuple[Lease, StoredScan]
Draft = tuple[StoredRecord, Scene]
TRIES = 3  # when somebody saves the scene in the same moment
OVER: dict[str, Any] = {"rebuild": "", "worker": None, "lease_until": None, "progress": 1.0}


def ask_rebuild(catalog: Engine, stored: StoredScan, reading: Reading, change: Change) -> None:
    """Let a built scan wait for a worker that reads its file otherwise. Raises Conflict, also for the second of two clicks."""
    here = and_(
        scan.c.id == stored.id,
        scan.c.state == "built",
        scan.c.package_digest == stored.package_digest,
        scan.c.original_gone_at.is_(None),
        scan.c.length_bytes > 0,
    )
    values = {"state": "waiting", "attempt": 0, "stage": "", "reason": "", "progress": 0.0, "updated_at": change.at}
    asked = update(scan).where(here).values(**values, rebuild=msgspec.json.encode(reading).decode())
    with catalog.begin() as connection:
        if note_scans(connection, asked, "scan_rebuild_asked", change) != 1:
            raise Conflict(
                "rebuild_late",
                "This scan is being built already, was changed meanwhile, or its file is gone. Nothing was changed; look at "
                "its page.",
            )


def call_off(catalog: Engine, settings: Settings, stored: StoredScan, change: Change) -> bool:
    """Stop receiving or building a scan; False when it had ended. One that was built before is what it was, file and all."""
    if stored.rebuild is None:
        done = cancel_scan(catalog, stored.id, change)
        if done:
            remove_scan_files(settings.upload_dir, stored.id)
        return done
    mine = and_(scan.c.id == stored.id, scan.c.state.in_(("waiting", "building")), scan.c.rebuild != "")
    back = update(scan).where(mine).values(**OVER, state="built", updated_at=change.at)
    with catalog.begin() as connection:
        return note_scans(connection, back, "scan_rebuild_stopped", change) == 1


def save_rebuilt(catalog: Engine, settings: Settings, claimed: Claimed, outcome: Outcome, at: int) -> bool:
    """Record what came of reading a file otherwise; False when the lease was lost, and then nothing is written.

    Built: the scan and the draft scene it was attached to get the new package in one transaction. Else all stays as it was.
    """
    lease, stored = claimed
    if outcome.state != "built":
        return _save_stopped(catalog, lease, outcome, at)
    for tries in range(TRIES):
        scene = _load_scene(catalog, stored)
        try:
            return _take_over(catalog, (lease, stored), outcome, _reread(catalog, settings, stored, scene, outcome), at)
        except Stale:  # somebody saved the scene in this moment: read it again
            if tries == TRIES - 1:
                raise
    return False


def _save_stopped(catalog: Engine, lease: Lease, outcome: Outcome, at: int) -> bool:
    reason = reason_text(outcome.reason) if outcome.reason else ""
    values = {"stage": outcome.stage[:40], "reason": reason, "updated_at": at}
    mine = update(scan).where(holding(lease, at))
    with catalog.begin() as connection:
        if outcome.state == "waiting":
            again = mine.values(**values, state="waiting", worker=None, lease_until=None)
            return connection.execute(again).rowcount == 1
        kept = mine.values(**OVER, **values, state="built")
        return note_scans(connection, kept, "scan_rebuild_failed", Change(at)) == 1


def _take_over(catalog: Engine, claimed: Claimed, outcome: Outcome, draft: Draft | None, at: int) -> bool:
    """The scan and its scene get the new package, or neither does. Raises Stale."""
    lease, stored = claimed
    values = {
        "state": "built",
        "stage": outcome.stage[:40],
        "reason": "",
        "package_digest": outcome.package_digest,
        "details": msgspec.json.encode(reread(stored.details, stored.rebuild)).decode(),
        "build_seconds": outcome.seconds or None,
        "build_peak_bytes": outcome.peak_bytes or None,
        "updated_at": at,
    }
    with catalog.begin() as connection:
        moved = update(scan).where(holding(lease, at)).values(**OVER, **values)
        if note_scans(connection, moved, "scan_rebuilt", Change(at)) != 1:
            return False
        if draft is not None:
            record, body = draft
            name = Name(record.site_id, record.kind, record.id)
            write_revision(connection, name, (body, record.revision), Change(at, stored.account_id))
    return True


def _load_scene(catalog: Engine, stored: StoredScan) -> StoredRecord | None:
    """The scene a scan was attached to, if it is there."""
    with suppress(NotFound):
        return load_record(catalog, Name(stored.site_id, "scene", stored.scene_id or ""))
    return None


def _reread(
    catalog: Engine, settings: Settings, stored: StoredScan, record: StoredRecord | None, outcome: Outcome
) -> Draft | None:
    """The scene with the new package on the nodes that show the scan; None when it shows it nowhere, or as it is already."""
    if record is None or not isinstance(record.body, Scene):
        return None
    body, new = record.body, outcome.package_digest or ""
    old = stored.package_digest or ""
    of_scan = {old, *(sibling.digest for sibling in list_siblings(catalog, stored.site_id, old))}
    for digest in {node.package for node in body.nodes if node.package in of_scan} - {None, new}:
        frames = (digest, load_frame(settings, digest)), (new, load_frame(settings, new))
        body = reread_scene(body, *frames)
    return None if body == record.body else (record, body)


def is_of_another(catalog: Engine, stored: StoredScan, digest: str) -> bool:
    """Whether a scan that was to become a package shows another one: that build was called off, or came too late."""
    with catalog.connect() as connection:
        shown = connection.execute(select(scan.c.package_digest).where(scan.c.id == stored.id)).scalar()
    return shown is not None and shown != digest


def load_frame(settings: Settings, digest: str) -> Frame:
    """How a package lies in the file it was made from, as its report tells."""
    path = find_package_file(settings.package_dir, digest, "report.json")
    if path is None:
        raise NotFound("package_unknown", "The report of this package is not in the store.")
    source = json.loads(path.read_bytes())["source"]
    x, y, z = source.get("offset_m", (0.0, 0.0, 0.0))
    return Frame(source["unit"], source["up"], (x, y, z))
