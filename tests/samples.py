"""Small records of a site by the water, and packages made by hand, for tests of storage, routes and compiling."""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.testclient import TestClient

from asset_pipeline.geopose import GeoPose, Position, heading_to_quaternion
from asset_pipeline.manifest import (
    MANIFEST_FILE,
    Anchor,
    Credit,
    FileEntry,
    Level,
    Manifest,
    Source,
    dump_manifest,
    manifest_digest,
)
from xr_server.domain.catalog import (
    Era,
    Experience,
    Geofence,
    Hotspot,
    Landmark,
    Node,
    Origin,
    Placement,
    Record,
    Scene,
    Site,
    Trigger,
)
from xr_server.parts import Parts
from xr_server.settings import Settings
from xr_server.storage.catalog import Change, Name, kind_of, publish_record, save_record, withdraw_record
from xr_server.storage.packages import Origin as PackageOrigin
from xr_server.storage.packages import save_package

NOW = 1_795_485_600_000  # 2026-11-24 11:00 in Nagasaki
HOUR_MS = 3_600_000

SITE = Site(
    id="dejima",
    name={"ja": "出島", "en": "Dejima"},
    origin=Origin(lat=32.74352, lon=129.87316, h=34.5),
    time_zone="Asia/Tokyo",
    languages=["ja", "en"],
    quiet_days=["08-09", "08-15"],
)
GATE = Landmark(
    id="water-gate",
    name={"ja": "水門", "en": "Water Gate"},
    category="gate",
    status="rebuilt",
    lat=32.7437,
    lon=129.8723,
    accuracy_m=15.0,
    geofence=Geofence(enter_m=20, leave_m=30),
)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: int = NOW

    def __call__(self) -> int:
        return self.at


@dataclass
class Served:
    """A running server, its clock, and a phone that asks it."""

    app: Starlette
    settings: Settings
    clock: Clock
    client: TestClient

    @property
    def parts(self) -> Parts:
        """What the server works with."""
        parts: Parts = self.app.state.parts
        return parts

    @property
    def digest(self) -> str:
        """The package that is shown."""
        (digest,) = self.parts.published.snapshot.sites["dejima"].digests
        return digest

    def publish(self, body: Record, revision: int | None = None) -> int:
        """Publish a record on top of a revision and wait until it is served; gives the new revision."""
        number = publish(self.parts.catalog, body, revision, self.clock())
        self.parts.published.refresh()
        return number

    def withdraw(self, kind: str, name: str, revision: int) -> None:
        """Withdraw a record and wait until it is no longer served."""
        withdraw_record(self.parts.catalog, Name("dejima", kind, name), revision, Change(self.clock()))
        self.parts.published.refresh()


def make_scene(digest: str) -> Scene:
    """The gate's scene, showing one package."""
    place = Placement(lat=32.7437, lon=129.8723, h=36.0, heading_deg=90, accuracy_m=15)
    return Scene(
        id="gate-1820",
        landmark="water-gate",
        eras=[Era(id="y1820", year=1820, label={"ja": "1820年", "en": "1820"})],
        nodes=[Node(id="gate", package=digest, placement=place, eras=["y1820"])],
        hotspots=[Hotspot(id="roof", node="gate", position=(0, 4, 0), title={"en": "Roof"}, text={"en": "Tiles."})],
    )


EXPERIENCE = Experience(
    id="gate-visit",
    title={"ja": "水門に立つ", "en": "At the Water Gate"},
    landmark="water-gate",
    scene="gate-1820",
    trigger=Trigger(kind="geofence"),
)


def make_manifest(content: bytes) -> Manifest:
    """A manifest of a package whose one level is these bytes."""
    entry = FileEntry(hashlib.sha256(content).hexdigest(), len(content))
    return Manifest(
        source=Source("scan.obj", entry.sha256, len(content), 12, 8, "m", "y"),
        credit=Credit("Gate", "Kana", "CC-BY-4.0"),
        anchor=Anchor(GeoPose(Position(32.7437, 129.8723, 36.0), heading_to_quaternion(0)), "ellipsoidal", 15.0),
        bounds_min_m=(-2.0, 0.0, -2.0),
        bounds_max_m=(2.0, 5.0, 2.0),
        levels=(Level("lod0.glb", 12, len(content), 0),),
        files={"lod0.glb": entry},
    )


def write_package(folder: Path, content: bytes = b"glTF of a gate") -> str:
    """A package folder under its digest in `folder`; gives the digest."""
    data = dump_manifest(make_manifest(content))
    digest = manifest_digest(data)
    (folder / digest).mkdir(parents=True)
    (folder / digest / MANIFEST_FILE).write_bytes(data)
    (folder / digest / "lod0.glb").write_bytes(content)
    return digest


def add_package(catalog: Engine, folder: Path, content: bytes = b"glTF of a gate") -> str:
    """A package in the store with its row; gives the digest."""
    digest = write_package(folder, content)
    manifest = (folder / digest / MANIFEST_FILE).read_text(encoding="utf-8")
    save_package(catalog, digest, manifest, PackageOrigin("dejima"), NOW)
    return digest


def publish(catalog: Engine, body: Record, revision: int | None = None, at: int = NOW) -> int:
    """Save a record on top of a revision and publish it; gives the new revision."""
    number = save_record(catalog, "dejima", body, revision, Change(at))
    publish_record(catalog, Name("dejima", kind_of(body), body.id), number, Change(at))
    return number


def wave_bytes(seconds: float = 0.5, level: int = 0) -> bytes:
    """A small sound, 8 bits a sample; level makes one unlike another."""
    body = bytes((level + step) % 256 for step in range(round(8000 * seconds)))
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", len(body))
    return struct.pack("<4sI4s", b"RIFF", 4 + len(head) + len(body), b"WAVE") + head + body
