"""A worker's bench over a data folder, and scans that wait on it."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Engine, select

from tests.scans import wall_zip
from xr_server.app import system_clock
from xr_server.domain.account import NewAccount
from xr_server.domain.attachment import BuiltScan, Wording, make_scene
from xr_server.domain.catalog import Scene
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.settings import read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Change, Name, load_record, save_record
from xr_server.storage.database import open_engine
from xr_server.storage.publish import SNAPSHOT_DIR
from xr_server.storage.scans import Owner, StoredScan, attach_scene, create_scan, load_scan, save_received
from xr_server.storage.tables.scans import package
from xr_server.storage.uploads import create_file, scan_path
from xr_server.worker import Bench, work_once

DETAILS = ScanDetails(title="Wall", creator="kana", licence="CC0", lat=32.7437, lon=129.8723, height=34.5, up="y")


@dataclass
class Clock:
    """The system's clock, moved ahead when a test says so."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return system_clock() + self.ahead_ms


def put_scan(bench: Bench, data: bytes, name: str = "wall.zip") -> str:
    """A scan that has arrived and waits."""
    account = NewAccount("dejima", f"kana-{secrets.token_hex(4)}", "creator", "water gate 1820")
    owner = Owner("dejima", add_account(bench.catalog, account, bench.clock(), secrets.token_bytes))
    scan_id = create_scan(bench.catalog, owner, Upload(name, DETAILS, len(data)), bench.clock(), secrets.token_bytes)
    path = scan_path(bench.settings.upload_dir, scan_id, name)
    create_file(path)
    path.write_bytes(data)
    save_received(bench.catalog, scan_id, 0, len(data), bench.clock())
    return scan_id


def load(bench: Bench, scan_id: str) -> StoredScan:
    """The scan as it stands."""
    return load_scan(bench.catalog, "dejima", scan_id)


def packages_of(bench: Bench) -> list[str]:
    """The digests in the store, each of which has its row."""
    with bench.catalog.connect() as connection:
        rows = connection.scalars(select(package.c.digest)).all()
    folder = bench.settings.package_dir
    assert sorted(rows) == sorted(path.name for path in folder.glob("*/") if path.name != SNAPSHOT_DIR)
    return list(rows)


def left_over(bench: Bench) -> list[str]:
    """The folders of builds that are still there."""
    return [path.name for path in bench.folder.iterdir()]


def open_bench(folder: Path, open_store: Callable[[str], Engine] = open_engine) -> Bench:
    """A bench over a data folder."""
    settings = read_settings({"DEJIMA_DATA_DIR": str(folder)})
    return Bench(open_store(settings.catalog_url), settings, Clock())


def build_wall(folder: Path, migrated: Path) -> str:
    """Make a data folder with a scan that was really built; gives the scan's id."""
    shutil.copytree(migrated, folder)
    bench = open_bench(folder)
    scan_id = put_scan(bench, wall_zip(10, 6))
    assert work_once(bench, "w")
    with bench.catalog.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    bench.catalog.dispose()
    return scan_id


def attach(bench: Bench, scan_id: str, credit: str | None = None) -> Scene:
    """Make a scene of a built scan, the draft `wall`."""
    stored = load(bench, scan_id)
    scan = BuiltScan(stored.id, stored.details, stored.package_digest or "")
    scene = make_scene("wall", Wording("water-gate", {"en": "Wall"}, {}), scan, None)
    if credit is not None:
        scene = msgspec.structs.replace(scene, credit={"ja": credit, "en": credit})
    attach_scene(bench.catalog, scan_id, "wall")
    save_record(bench.catalog, "dejima", scene, None, Change(bench.clock()))
    return scene


def scene_of(bench: Bench) -> Scene:
    """That scene as it stands."""
    body = load_record(bench.catalog, Name("dejima", "scene", "wall")).body
    assert isinstance(body, Scene)
    return body
