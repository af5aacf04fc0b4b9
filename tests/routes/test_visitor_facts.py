"""What pages tell machines equals the document, and what they say about times holds at that very second."""

from datetime import UTC, datetime

import pytest

from tests.routes.conftest import World
from tests.routes.visitor_world import document_of, fill_site, linked_data, refresh, words_of


@pytest.fixture
def full(world: World) -> World:
    fill_site(world)
    return world


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
