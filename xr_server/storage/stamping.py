"""What a built scan says of itself, changed: a new package with the same models, in a moment and without building."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import Engine, update

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE
from xr_server.domain.catalog import Experience, Record, Scene
from xr_server.domain.restating import Said, restate_experience, restate_scene
from xr_server.domain.scan import ScanDetails, build_metadata
from xr_server.errors import Conflict, NotFound, Stale, Unavailable
from xr_server.settings import Settings
from xr_server.storage.audit import note
from xr_server.storage.catalog import Change, Name, StoredRecord, load_record, write_revision
from xr_server.storage.packages import Origin, adopt_package, list_siblings, save_package
from xr_server.storage.scans import StoredScan
from xr_server.storage.tables.scans import scan

STAMP_S = 60
PASSED_ON = ("PATH", "HOME", "SYSTEMROOT")


def restate_scan(catalog: Engine, settings: Settings, stored: StoredScan, details: ScanDetails, change: Change) -> str:
    """Let a built scan say something else; gives the digest of the new package, which its draft scene then shows.

    Visitors see it once the scene is published again. Raises Conflict when somebody else was faster, Unavailable.
    """
    old = stored.package_digest
    if stored.state != "built" or old is None:
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    if stored.is_start:
        raise Conflict("not_your_words", "This model is somebody else's, so what it says of itself stays as it is.")
    records = _load_records(catalog, stored)
    shown = _find_shown(catalog, records, stored.site_id, old)
    digest, manifest = _stamp(settings, old, details)
    save_package(catalog, digest, manifest, Origin(stored.site_id, scan_id=stored.id), change.at)
    with catalog.begin() as connection:
        moved = connection.execute(
            update(scan)
            .where(scan.c.id == stored.id, scan.c.state == "built", scan.c.package_digest == old)
            .values(details=msgspec.json.encode(details).decode(), package_digest=digest, updated_at=change.at)
        )
        if moved.rowcount != 1:
            raise Stale("stale_revision", "Somebody else has changed what this scan says. Compare, and save again.")
        note(connection, "scan_restated", Name(stored.site_id, "scan", stored.id), change, package=digest)
        for record in records:
            restated = _restate(record.body, (shown, stored.details), (digest, details))
            if restated != record.body:
                name = Name(record.site_id, record.kind, record.id)
                write_revision(connection, name, (restated, record.revision), change)
    return digest


def _load_records(catalog: Engine, stored: StoredScan) -> list[StoredRecord]:
    """The scene and the experience that a scan was attached to, as far as they are there, before anything is locked."""
    found = []
    for kind in ("scene", "experience") if stored.scene_id else ():
        with suppress(NotFound):
            found.append(load_record(catalog, Name(stored.site_id, kind, stored.scene_id or "")))
    return found


def _find_shown(catalog: Engine, records: Sequence[StoredRecord], site_id: str, newest: str) -> str:
    """The package of a scan that its scene shows: the newest one, or an older one that staff went back to."""
    of_scan = {newest, *(sibling.digest for sibling in list_siblings(catalog, site_id, newest))}
    nodes = [node for record in records if isinstance(record.body, Scene) for node in record.body.nodes]
    return next((node.package for node in nodes if node.package in of_scan), newest)


def _restate(body: Record, before: Said, after: Said) -> Record:
    if isinstance(body, Scene):
        return restate_scene(body, before, after)
    return restate_experience(body, before[1], after[1]) if isinstance(body, Experience) else body


def _stamp(settings: Settings, digest: str, details: ScanDetails) -> tuple[str, str]:
    """(digest, manifest) of the new package, in the store. In a child process: the pipeline's libraries are heavy."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="stamp-", dir=settings.data_dir) as folder:
        out, facts = Path(folder, "out"), Path(folder, "metadata.json")
        facts.write_text(json.dumps(build_metadata(details), ensure_ascii=False), encoding="utf-8")
        command = [sys.executable, "-m", "asset_pipeline", "stamp", str(settings.package_dir / digest)]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"LANG": "C.UTF-8"}
        try:
            ended = subprocess.run(  # noqa: S603 - our own program, and paths of our own making
                [*command, "--out", str(out), "--metadata", str(facts)],
                cwd=Path(__file__).resolve().parents[2],
                env=environment,
                capture_output=True,
                timeout=STAMP_S,
                check=False,
            )
            if ended.returncode != 0:
                raise _failed()
            (made,) = out.iterdir()
            manifest = (made / MANIFEST_FILE).read_text(encoding="utf-8")
            adopt_package(settings.package_dir, made)
        except (OSError, ValueError, subprocess.TimeoutExpired, PackageBroken) as error:
            raise _failed() from error
        return made.name, manifest


def _failed() -> Unavailable:
    return Unavailable(
        "stamp_failed", "The package could not be written anew; nothing was changed. Try again, or tell an operator."
    )
