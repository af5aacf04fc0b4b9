"""A world whose site has outline, landmarks, a model and two experiences; and what its pages say, taken apart."""

import html
import json
import re
from typing import Any

from starlette.testclient import TestClient

from asset_pipeline.geopose import GeoPose, Position, heading_to_quaternion
from asset_pipeline.manifest import Anchor, Credit, Level, Manifest, Source, dump_manifest, manifest_digest
from tests.routes.conftest import World
from xr_server.domain.catalog import (
    Attribution,
    Experience,
    Geofence,
    Hotspot,
    Landmark,
    Node,
    Origin,
    Placement,
    Scene,
    Site,
    TimelineEntry,
    Trigger,
)
from xr_server.domain.season import OnDates, Schedule
from xr_server.parts import Parts
from xr_server.storage.catalog import Change, Name, publish_record, save_record
from xr_server.storage.packages import Origin as PackageOrigin
from xr_server.storage.packages import save_package

FAN = [[129.8719, 32.7441], [129.8740, 32.7429], [129.8741, 32.7434], [129.8720, 32.7443], [129.8719, 32.7441]]
EVENING_FROM = ("2026-12-05", "2026-12-06")  # in the world's near future: its clock stands at 24 November, 11:00
CREDIT = Credit("Water Gate", "Dejima XR", "CC-BY-4.0", "estimate", ("the building list",))
MARKUP = 'Gate of "<b>cargo</b>" & goods'


def make_manifest() -> Manifest:
    pose = GeoPose(Position(32.74404, 129.87204, 34.5), heading_to_quaternion(30))
    levels = (Level("lod0.glb", 25000, 400_000, 2048), Level("lod1.glb", 5000, 90_000, 1024))
    source = Source("gate.glb", "0" * 64, 10, 60_000, 30_000, "m", "y")
    return Manifest(source, CREDIT, Anchor(pose, "ellipsoidal", 15.0), (-5.0, 0.0, -4.0), (5.0, 6.0, 4.0), levels)


def replace(world: World, body: Any, kind: str) -> None:
    revision = save_record(world.catalog, "dejima", body, 1, Change(world.clock()))
    publish_record(world.catalog, Name("dejima", kind, body.id), revision, Change(world.clock()))


def fill_site(world: World) -> None:
    """Dejima with outline, a landmark nobody can place, a model, one experience that is always on and one of two evenings."""
    site = Site(
        id="dejima",
        name={"ja": "出島", "en": "Dejima"},
        summary={"ja": "海の上の扇形の島です。", "en": "A fan-shaped island."},
        origin=Origin(lat=32.74352, lon=129.87316, h=34.5),
        time_zone="Asia/Tokyo",
        languages=["ja", "en"],
        quiet_days=["08-09", "08-15"],
        attribution=[Attribution(text="© OpenStreetMap contributors", licence="ODbL-1.0")],
        timeline=[
            TimelineEntry(year=1636, text={"ja": "完成", "en": "completed"}, landmarks=["fan"]),
            TimelineEntry(
                year=1699, text={"ja": "水門", "en": "gate built"}, landmarks=["water-gate"], confidence="medium"
            ),
        ],
    )
    replace(world, site, "site")
    gate = Landmark(
        id="water-gate",
        name={"ja": "水門", "en": "Water Gate"},
        kana="スイモン",
        category="gate",
        status="restored",
        history={"ja": "西の門です。", "en": MARKUP},
        lat=32.7437,
        lon=129.8723,
        accuracy_m=15.0,
        geofence=Geofence(enter_m=20, leave_m=30),
        geometry_licence="ODbL-1.0, placed from documents",
        sources=["the building list"],
    )
    replace(world, gate, "landmark")
    outline = {"type": "Polygon", "coordinates": [FAN]}
    world.publish(
        Landmark(id="fan", name={"ja": "扇", "en": "The fan"}, category="outline", status="lost", geometry=outline)
    )
    world.publish(Landmark(id="lelie", name={"ja": "イ蔵", "en": "Lelie"}, category="lost", status="lost"))
    canonical = dump_manifest(make_manifest())
    digest = manifest_digest(canonical)
    save_package(world.catalog, digest, canonical.decode(), PackageOrigin("dejima"), world.clock())
    place = Placement(lat=32.7437, lon=129.8723, h=34.5, heading_deg=30, accuracy_m=15)
    spot = Hotspot(
        id="roof",
        node="gate",
        position=(0, 5, 0),
        title={"ja": "屋根", "en": "Roof"},
        text={"ja": "本瓦葺きです。", "en": "Round and flat tiles."},
    )
    node = Node(id="gate", package=digest, placement=place, sources=["a drawing"])
    world.publish(Scene(id="gate", landmark="water-gate", nodes=[node], hotspots=[spot], credit={"en": "Dejima XR"}))
    for name in ("day", "evening"):
        world.publish(
            Experience(
                id=name,
                title={"ja": f"水門の{name}", "en": f"The gate by {name}"},
                summary={"ja": "船荷の門です。", "en": "The gate of cargo."},
                body={"ja": "一つ目。\n二つ目。", "en": "First.\nSecond."},
                landmark="water-gate",
                scene="gate",
                trigger=Trigger(kind="geofence"),
            )
        )
    dates = OnDates(ranges=[EVENING_FROM])
    world.publish(Schedule(id="evenings", experience="evening", days=dates, opens_at="18:00", closes_at="21:00"))
    refresh(world)


def refresh(world: World) -> None:
    parts: Parts = world.app.state.parts
    parts.published.refresh()


def document_of(client: TestClient, language: str = "en") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/sites/dejima?lang={language}").json()
    return found


def linked_data(page: str) -> list[dict[str, Any]]:
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    graph: list[dict[str, Any]] = json.loads(block[1])["@graph"]
    return graph


def words_of(page: str) -> str:
    """What a reader sees: no tags, no scripts."""
    body = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))
