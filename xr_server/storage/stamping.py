"""What a built scan says of itself, changed: a new package with the same models, in a moment and without building."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import Engine, update

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import MANIFEST_FILE
from xr_server.domain.catalog import Scene
from xr_server.domain.restating import restate_scene
from xr_server.domain.scan import ScanDetails, build_metadata
from xr_server.errors import Conflict, Unavailable
from xr_server.settings import Settings
from xr_server.storage.catalog import Change, Name, StoredRecord, load_record, write_revision
from xr_server.storage.database import scan
from xr_server.storage.packages import Origin, adopt_package, save_package
from xr_server.storage.scans import StoredScan

STAMP_S = 60
PASSED_ON = ("PATH", "HOME", "SYSTEMROOT")


def restate_scan(catalog: Engine, settings: Settings, stored: StoredScan, details: ScanDetails, change: Change) -> str:
    """Let a built scan say something else; gives the digest of the new package, which its draft scene then shows.

    Visitors see it once the scene is published again. Raises Conflict when somebody else was faster, Unavailable.
    """
    old = stored.package_digest
    if stored.state != "built" or old is None:
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    scene = _load_scene(catalog, stored)
    digest, manifest = _stamp(settings, old, details)
    save_package(catalog, digest, manifest, Origin(stored.site_id, scan_id=stored.id), change.at)
    with catalog.begin() as connection:
        moved = connection.execute(
            update(scan)
            .where(scan.c.id == stored.id, scan.c.state == "built", scan.c.package_digest == old)
            .values(details=msgspec.json.encode(details).decode(), package_digest=digest, updated_at=change.at)
        )
        if moved.rowcount != 1:
            raise Conflict("step_impossible", "Somebody else has changed this scan meanwhile. Reload the page.")
        if scene is not None and isinstance(scene.body, Scene):
            restated = restate_scene(scene.body, (old, stored.details), (digest, details))
            if restated != scene.body:
                name = Name(scene.site_id, scene.kind, scene.id)
                write_revision(connection, name, (restated, scene.revision), change)
    return digest


def _load_scene(catalog: Engine, stored: StoredScan) -> StoredRecord | None:
    """The scene that a scan was attached to, before anything is locked."""
    return None if stored.scene_id is None else load_record(catalog, Name(stored.site_id, "scene", stored.scene_id))


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
