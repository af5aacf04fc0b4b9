"""A server over fresh SQLite stores with a site, accounts for each role, and a clock the test moves."""

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.routes.forms import attach
from tests.samples import GATE, NOW, SITE, add_package, publish
from xr_server.app import create_app
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Record
from xr_server.domain.scan import ScanDetails, Upload
from xr_server.domain.season import Season, YearlyRule
from xr_server.parts import Parts
from xr_server.settings import Settings, read_settings
from xr_server.storage.accounts import add_account
from xr_server.storage.builds import Outcome, claim_scan, save_outcome
from xr_server.storage.database import open_engine
from xr_server.storage.scans import Owner, StoredScan, create_scan, load_scan, save_received

PASSWORD = "water gate 1820"
SEASON = Season(
    id="year-end",
    name={"ja": "年の瀬", "en": "Year's end"},
    rule=YearlyRule(rrule="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20", duration_days=12),
)
DETAILS = ScanDetails(
    title="Wall",
    creator="Kana",
    licence="CC BY 4.0",
    lat=32.7437,
    lon=129.8723,
    height=34.5,
    no_persons=True,
)
LEVEL = {"triangles_asked": 100_000, "triangles": 99_990, "rms_m": 0.0031, "rms_relative": 0.0004, "max_m": 0.021}
LEVEL |= {"file": "lod0.glb", "colour_psnr_db": 31.4, "bytes": 1_000_000, "texture_px": 2048}
REPORT = {
    "schema": "dejima.report/1",
    "source": {"file": "scan.ply", "triangles": 597_123, "vertices": 300_000, "bytes": 9, "unit": "m", "up": "y"},
    "levels": [LEVEL, {**LEVEL, "file": "lod1.glb", "triangles_asked": 25_000, "triangles": 31_000}],
    "warnings": [{"code": "unit_guessed", "text": "Guessed.", "values": {"unit": "m", "sure": True, "size_m": 2.3}}]
    * 2,
    "validators": {"dejima_verify": "passed"},
}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: int = NOW

    def __call__(self) -> int:
        return self.at


@dataclass
class World:
    """The running server, and ways to come in."""

    app: Starlette
    settings: Settings
    clock: Clock
    running: TestClient
    accounts: dict[str, str] = field(default_factory=dict)

    @property
    def catalog(self) -> Engine:
        parts: Parts = self.app.state.parts
        return parts.catalog

    @property
    def events(self) -> Engine:
        parts: Parts = self.app.state.parts
        return parts.events

    def visitor(self) -> TestClient:
        client = TestClient(
            self.app, base_url="http://localhost", headers={"Accept": "text/html", "Accept-Language": "en"}
        )
        client.portal = self.running.portal  # the event loop the server runs in, instead of a new one for each request
        return client

    def sign_in(self, name: str) -> TestClient:
        """A browser in which somebody has signed in; the header for its token is set."""
        client = self.visitor()
        token = re.search(r'name="login_token" value="(\w+)"', client.get("/login").text)
        assert token is not None
        values = {"login_token": token[1], "name": name, "password": PASSWORD, "next": ""}
        answer = client.post("/login", data=values, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        client.headers["X-CSRF-Token"] = csrf_of(client)
        return client

    def built_scan(self, name: str = "kana", content: bytes = b"glTF of a wall") -> StoredScan:
        """A scan of somebody's that was built into a package with a report and a poster."""
        owner, length = Owner("dejima", self.accounts[name]), len(content)
        scan_id = create_scan(
            self.catalog, owner, Upload("wall.ply", DETAILS, length), self.clock(), secrets.token_bytes
        )
        save_received(self.catalog, scan_id, 0, length, self.clock())
        claimed = claim_scan(self.catalog, "worker", self.clock())
        assert claimed is not None
        digest = add_package(self.catalog, self.settings.package_dir, content)
        folder = self.settings.package_dir / digest
        (folder / "report.json").write_text(json.dumps(REPORT), encoding="utf-8")
        (folder / "poster.webp").write_bytes(b"RIFF of a poster")
        outcome = Outcome("built", "done", package_digest=digest, seconds=12.0, peak_bytes=500_000_000)
        assert save_outcome(self.catalog, claimed[0], outcome, self.clock())
        return load_scan(self.catalog, "dejima", scan_id)

    def publish(self, body: Record) -> None:
        publish(self.catalog, body, at=self.clock())


def csrf_of(client: TestClient) -> str:
    """The token the forms of a signed-in browser carry."""
    found = re.search(r'name="csrf" value="(\w+)"', client.get("/studio/").text)
    assert found is not None
    return found[1]


def post_form(client: TestClient, path: str, **values: object):
    """Send a form as the page would."""
    return client.post(path, data={"csrf": client.headers["X-CSRF-Token"], **values}, follow_redirects=False)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> tuple[Path, dict[str, str]]:
    """A folder with the two stores of a site with a landmark, a season and accounts; and the accounts' ids by name."""
    folder = tmp_path_factory.mktemp("filled")
    for store in ("catalog", "events"):
        shutil.copy(migrated_sqlite / f"{store}.sqlite3", folder / f"{store}.sqlite3")
    catalog = open_engine(f"sqlite:///{folder / 'catalog.sqlite3'}")
    for body in (SITE, GATE, SEASON):
        publish(catalog, body)
    accounts = {
        name: add_account(catalog, NewAccount("dejima", name, role, PASSWORD), NOW, secrets.token_bytes)
        for name, role in (("kana", "creator"), ("haru", "creator"), ("sato", "staff"), ("mori", "admin"))
    }
    with catalog.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    catalog.dispose()
    return folder, accounts


@pytest.fixture
def world(tmp_path: Path, filled: tuple[Path, dict[str, str]]) -> Iterator[World]:
    """A server with the site dejima, a landmark, a season, and the accounts kana, haru (creators) and sato (staff)."""
    folder, accounts = filled
    for store in ("catalog", "events"):
        shutil.copy(folder / f"{store}.sqlite3", tmp_path / f"{store}.sqlite3")
    clock, settings = Clock(), read_settings({"DEJIMA_DATA_DIR": str(tmp_path)})
    app = create_app(settings, clock=clock)
    with TestClient(app) as running:
        yield World(app, settings, clock, running, dict(accounts))


@pytest.fixture
def tus() -> Callable[..., dict[str, str]]:
    """Headers of the upload protocol."""

    def headers(**more: str) -> dict[str, str]:
        return {"Tus-Resumable": "1.0.0", **{name.replace("_", "-"): value for name, value in more.items()}}

    return headers


@pytest.fixture
def kana(world: World) -> TestClient:
    """A browser in which a creator has signed in."""
    return world.sign_in("kana")


@pytest.fixture
def scan(world: World, kana: TestClient) -> StoredScan:
    """A built scan of hers that was attached: a draft no visitor sees."""
    built = world.built_scan("kana")
    attach(kana, built.id)
    return load_scan(world.catalog, "dejima", built.id)
