"""What visitors get without any script: every page in both languages, refusals that help, facts that equal the document."""

import dataclasses
import gzip
import html
import json
import re
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
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
    OnDates,
    Origin,
    Placement,
    Scene,
    Schedule,
    Site,
    TimelineEntry,
    Trigger,
)
from xr_server.parts import Parts
from xr_server.storage.catalog import Change, Name, publish_record, save_record, withdraw_record
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
    publish_record(world.catalog, Name("dejima", kind, body.id), revision, world.clock())


@pytest.fixture
def full(world: World) -> World:
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
    return world


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


PAGES = (
    "",
    "landmarks/water-gate",
    "landmarks/lelie",
    "experiences/day",
    "experiences/evening",
    "xr/day",
    "help",
    "privacy",
)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_in_both_languages_and_says_so(full: World, page: str, language: str) -> None:
    answer = full.visitor().get(f"/{language}/dejima/{page}")
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}"' in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_a_script_or_style_that_the_content_policy_forbids(full: World, page: str) -> None:
    text = full.visitor().get(f"/en/dejima/{page}").text
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", text, re.DOTALL):
        is_data = "application/ld+json" in attributes or "application/json" in attributes
        assert is_data or (body.strip() == "" and 'src="/static/' in attributes)
    assert not re.search(r"\son\w+=|\sstyle=|<style", text)


def test_a_language_switch_keeps_the_place_and_names_its_alternates(full: World) -> None:
    text = full.visitor().get("/en/dejima/landmarks/water-gate").text
    assert '<a href="/ja/dejima/landmarks/water-gate" lang="ja" hreflang="ja"' in text
    for language in ("ja", "en"):
        address = f"http://localhost/{language}/dejima/landmarks/water-gate"
        assert f'<link rel="alternate" hreflang="{language}" href="{address}">' in text


def test_the_public_address_stands_in_links_for_machines(full: World) -> None:
    parts: Parts = full.app.state.parts
    public = dataclasses.replace(parts.settings, public_url="https://dejima.example")
    full.app.state.parts = dataclasses.replace(parts, settings=public)
    text = full.visitor().get("/en/dejima/").text
    assert '<link rel="canonical" href="https://dejima.example/en/dejima/">' in text
    assert linked_data(text)[0]["url"] == "https://dejima.example/en/dejima/"


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("ja,en;q=0.8", "", "ja"),
        ("en-GB", "", "en"),
        ("fr-FR,fr;q=0.9", "", "en"),
        ("*", "", "ja"),
        ("", "", "ja"),
        ("ja", "en", "en"),
        ("ja", "xx", "ja"),
    ],
)
def test_the_first_address_leads_to_the_site_in_the_visitors_language(
    full: World, header: str, cookie: str, language: str
) -> None:
    client = full.visitor()
    if cookie:
        client.cookies.set("lang", cookie)
    answer = client.get("/", headers={"Accept-Language": header}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/{language}/dejima/")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "code", "help"),
    [
        ("/en/decima/", "site_unknown", "No place of this name is published"),
        ("/tlh/dejima/", "language_unknown", "There is no page in this language yet"),
        ("/en/dejima/landmarks/jail", "landmark_unknown", "There is no landmark of this name"),
        ("/en/dejima/experiences/none", "experience_unknown", "This is not shown here"),
        ("/en/dejima/xr/none", "experience_unknown", "This is not shown here"),
        ("/en/dejima/nothing/here/at/all", "not_found", "There is no page at this address"),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence_and_a_way_on(
    full: World, path: str, code: str, help: str
) -> None:
    answer = full.visitor().get(path)
    assert answer.status_code == 404
    assert help in words_of(answer.text)
    assert code in answer.text
    home = "/en/dejima/" if code in {"landmark_unknown", "experience_unknown"} else "/"
    assert f'<a class="primary" href="{home}">' in answer.text


def test_a_program_that_asks_for_a_page_that_is_not_there_gets_problem_details(full: World) -> None:
    answer = full.visitor().get("/en/dejima/landmarks/jail", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "landmark_unknown"


def test_before_anything_is_published_the_first_address_says_so(world: World) -> None:
    withdraw_record(world.catalog, Name("dejima", "site", "dejima"), 1, world.clock())
    refresh(world)
    answer = world.visitor().get("/")
    assert answer.status_code == 503
    assert "dejima import" in answer.text


def test_map_and_list_carry_the_same_numbers_and_names(full: World) -> None:
    text = full.visitor().get("/en/dejima/").text
    on_map = re.findall(r'class="mark[^>]*aria-label="(\d+) ([^"]+)"', text)
    in_list = re.findall(r'<li value="(\d+)"><a[^>]*><span[^>]*>\d+</span><span class="name">([^<]+)</span>', text)
    assert on_map == in_list == [("1", "Water Gate")]


def test_a_landmark_without_a_place_is_told_as_such_and_not_drawn(full: World) -> None:
    text = full.visitor().get("/en/dejima/").text
    assert "Known, but not located" in text
    assert 'data-landmark="lelie" aria-label' not in text
    assert "We do not know where it stood." in full.visitor().get("/en/dejima/landmarks/lelie").text


def test_the_credit_of_the_map_data_stands_on_every_page_that_shows_it(full: World) -> None:
    for page in ("", "landmarks/water-gate"):
        text = full.visitor().get(f"/en/dejima/{page}").text
        caption = text[text.index("<figcaption>") : text.index("</figcaption>")]
        assert "© OpenStreetMap contributors (ODbL-1.0)" in words_of(caption)
    assert "ODbL-1.0, placed from documents" in text


def test_the_years_say_where_sources_differ(full: World) -> None:
    words = words_of(full.visitor().get("/en/dejima/").text)
    assert "1636 completed" in words
    assert "1699 gate built sources differ" in words


def test_texts_of_records_are_escaped_everywhere(full: World) -> None:
    text = full.visitor().get("/en/dejima/landmarks/water-gate").text
    assert "<b>cargo</b>" not in text
    assert MARKUP in words_of(text)
    assert linked_data(text)[0]["description"] == MARKUP


def test_facts_for_machines_equal_the_document(full: World) -> None:
    client = full.visitor()
    document = document_of(client)
    site, *_ = linked_data(client.get("/en/dejima/").text)
    assert site["@type"] == "TouristAttraction"
    assert (site["name"], site["description"]) == (document["site"]["name"], document["site"]["summary"])
    assert site["alternateName"] == ["出島"]
    origin = document["site"]["origin"]
    assert site["geo"] == {"@type": "GeoCoordinates", "latitude": origin["lat"], "longitude": origin["lon"]}
    gate = next(mark for mark in document["landmarks"] if mark["id"] == "water-gate")
    place, *_ = linked_data(client.get("/en/dejima/landmarks/water-gate").text)
    assert (place["geo"]["latitude"], place["geo"]["longitude"]) == (gate["lat"], gate["lon"])
    assert place["alternateName"] == ["水門"]
    assert place["containedInPlace"]["@id"] == site["@id"]
    assert "geo" not in linked_data(client.get("/en/dejima/landmarks/lelie").text)[0]


def test_a_model_is_described_by_the_files_a_phone_loads(full: World) -> None:
    client = full.visitor()
    scene = client.get("/api/v1/sites/dejima/scenes/gate?lang=en").json()
    model, *events = linked_data(client.get("/en/dejima/experiences/day").text)
    assert model["@type"] == "3DModel"
    assert events == []
    assert [item["contentUrl"] for item in model["encoding"]] == [
        "http://localhost" + level["url"] for level in scene["nodes"][0]["lods"]
    ]
    assert [item["contentSize"] for item in model["encoding"]] == ["400000", "90000"]
    assert (model["creator"][0]["name"], model["license"]) == ("Dejima XR", ["CC-BY-4.0"])


def test_a_dated_experience_is_an_event_at_its_local_hours(full: World) -> None:
    client = full.visitor()
    _, *events = linked_data(client.get("/en/dejima/experiences/evening").text)
    assert [(event["startDate"], event["endDate"]) for event in events] == [
        ("2026-12-05T18:00:00+09:00", "2026-12-05T21:00:00+09:00"),
        ("2026-12-06T18:00:00+09:00", "2026-12-06T21:00:00+09:00"),
    ]
    spans = next(item for item in document_of(client)["experiences"] if item["id"] == "evening")["occurrences"]
    told = [datetime.fromisoformat(event["startDate"]).astimezone(UTC) for event in events]
    assert told == [datetime.fromisoformat(start) for start, _ in spans]


def test_an_experience_tells_its_points_its_grounds_and_that_it_is_not_surveyed(full: World) -> None:
    words = words_of(full.visitor().get("/en/dejima/experiences/day").text)
    for sentence in (
        "Roof Round and flat tiles.",
        "estimate",
        "not surveyed",
        "±15 m",
        "First.",
        "Second.",
        "a drawing",
    ):
        assert sentence in words
    japanese = words_of(full.visitor().get("/ja/dejima/experiences/day").text)
    for sentence in ("屋根 本瓦葺きです。", "推定", "15メートル", "測量していません", "近くの床"):
        assert sentence in japanese


def at(world: World, moment: str) -> None:
    world.clock.at = int(datetime.fromisoformat(moment).timestamp() * 1000)
    refresh(world)


@pytest.mark.parametrize(
    ("moment", "english", "japanese"),
    [
        (
            "2026-11-24T11:00+09:00",
            "Coming Next on 5 December (Sat) 18:00.",
            "これから 次は12月5日（土）18:00からです。",
        ),
        ("2026-12-05T17:59:59+09:00", "Today Starts today at 18:00.", "今日 今日18:00から見られます。"),
        ("2026-12-05T18:00:00+09:00", "On now On until 21:00.", "公開中 21:00まで見られます。"),
        (
            "2026-12-05T21:00:00+09:00",
            "Coming Next on 6 December (Sun) 18:00.",
            "これから 次は12月6日（日）18:00からです。",
        ),
        ("2026-12-06T21:00:00+09:00", "Not planned Nothing is planned", "予定なし この先60日の予定はまだありません。"),
    ],
)
def test_a_page_without_script_says_what_is_on_at_that_very_second(
    full: World, moment: str, english: str, japanese: str
) -> None:
    full.visitor().get("/en/dejima/experiences/evening")  # rendered before: it must not be answered from that
    at(full, moment)
    assert english in words_of(full.visitor().get("/en/dejima/experiences/evening").text)
    assert japanese in words_of(full.visitor().get("/ja/dejima/experiences/evening").text)


def test_a_page_is_sent_once_and_then_answered_by_its_tag(full: World) -> None:
    client = full.visitor()
    first = client.get("/en/dejima/", headers={"Accept-Encoding": "identity"})
    again = client.get("/en/dejima/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"].startswith("public, max-age=")


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_page_travels_compressed_and_says_the_same(full: World, encoding: str, unpack: Any) -> None:
    client = full.visitor()
    plain = client.get("/ja/dejima/", headers={"Accept-Encoding": "identity"})
    with client.stream("GET", "/ja/dejima/", headers={"Accept-Encoding": encoding}) as answer:
        assert answer.headers["content-encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["vary"]
        packed = b"".join(answer.iter_raw())
    assert unpack(packed) == plain.content
    assert len(packed) < len(plain.content) / 2


def test_a_new_revision_is_on_the_page_at_once(full: World) -> None:
    client = full.visitor()
    before = client.get("/en/dejima/landmarks/lelie")
    body = Landmark(id="lelie", name={"ja": "イ蔵", "en": "Warehouse Lelie"}, category="lost", status="lost")
    replace(full, body, "landmark")
    refresh(full)
    after = client.get("/en/dejima/landmarks/lelie")
    assert "Warehouse Lelie" in after.text
    assert after.headers["etag"] != before.headers["etag"]


def test_pages_carry_their_scripts_sentences_in_the_pages_language(full: World) -> None:
    for language, word in (("ja", "現在地を使う"), ("en", "Use my position")):
        text = full.visitor().get(f"/{language}/dejima/").text
        block = re.search(r'<script type="application/json" id="texts">(.*?)</script>', text, re.DOTALL)
        assert block is not None
        assert json.loads(block[1])["walk_use"] == word
