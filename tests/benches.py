"""A worker's bench over a data folder, and scans that wait on it."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select

from xr_server.app import system_clock
from xr_server.domain.account import NewAccount
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.storage.accounts import add_account
from xr_server.storage.database import package
from xr_server.storage.scans import Owner, StoredScan, create_scan, load_scan, save_received
from xr_server.storage.uploads import create_file, scan_path
from xr_server.worker import Bench

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
    assert sorted(rows) == sorted(path.name for path in folder.glob("*/"))
    return list(rows)


def left_over(bench: Bench) -> list[str]:
    """The folders of builds that are still there."""
    return [path.name for path in bench.folder.iterdir()]
