import gzip
import json

import brotli
import pytest
from msgspec.structs import replace as change
from starlette.testclient import TestClient

from tests.live import serve
from tests.samples import GATE, HOUR_MS, NOW
from xr_server.domain.geofence import distance_m
from xr_server.domain.season import OnDates, Schedule
from xr_server.routes.scenes import NEARBY_LIMIT, accepted_encodings

EVENING = Schedule(
    id="evenings",
    experience="gate-visit",
    days=OnDates(ranges=[("2026-11-24", "2026-11-25")]),
    opens_at="18:00",
    closes_at="21:00",
)


@pytest.fixture
def client(served):
    served.publish(EVENING)
    served.client.headers["Accept-Encoding"] = "identity"
    return served.client


DOCUMENTS = ["/api/v1/sites", "/api/v1/sites/dejima?lang=en", "/api/v1/sites/dejima/scenes/gate-1820?lang=ja"]


def test_the_list_of_sites_tells_where_each_is(client):
    (site,) = client.get("/api/v1/sites").json()["sites"]
    assert (site["id"], site["languages"], site["names"]["en"]) == ("dejima", ["ja", "en"], "Dejima")
    west, south, east, north = site["bounds"]
    assert west <= 129.8723 <= east
    assert south <= 32.7437 <= north


def test_the_site_document_comes_in_the_asked_language_and_in_the_sites_own_by_default(client):
    assert client.get("/api/v1/sites/dejima?lang=en").json()["language"] == "en"
    assert client.get("/api/v1/sites/dejima").json()["language"] == "ja"
    (experience,) = client.get("/api/v1/sites/dejima").json()["experiences"]
    assert experience["occurrences"] == [
        ["2026-11-24T09:00:00Z", "2026-11-24T12:00:00Z"],
        ["2026-11-25T09:00:00Z", "2026-11-25T12:00:00Z"],
    ]


def test_the_scene_manifest_leads_to_files_that_can_be_fetched(client, served):
    (node,) = client.get("/api/v1/sites/dejima/scenes/gate-1820?lang=en").json()["nodes"]
    assert node["package"] == served.digest
    for level in node["lods"]:
        assert len(client.get(level["url"]).content) == level["bytes"]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_has_a_strong_quoted_tag_and_answers_304_to_whoever_has_it(client, path):
    first = client.get(path)
    tag = first.headers["etag"]
    assert (tag[0], tag[-1], first.headers["vary"]) == ('"', '"', "Accept-Encoding")
    assert first.headers["cache-control"] == "public, max-age=10, must-revalidate"
    assert first.headers["content-type"] == "application/json"
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": header})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert again.headers["vary"] == "Accept-Encoding"
    for header in ('"other"', tag.strip('"'), ""):
        assert client.get(path, headers={"If-None-Match": header}).status_code == 200


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_comes_compressed_to_whoever_takes_it_under_a_tag_of_its_own(client, path):
    plain = client.get(path).content
    tags = set()
    for encoding, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
            packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == encoding
        assert int(answer.headers["content-length"]) == len(packed) < len(plain)
        assert unpack(packed) == plain
        tags.add(answer.headers["etag"])
    assert len(tags | {client.get(path).headers["etag"]}) == 3


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, set()),
        ("gzip, deflate, br", {"gzip", "deflate", "br"}),
        ("br;q=0, gzip;q=0.5", {"gzip"}),
        ("BR ; Q=1.0", {"br"}),
        ("brotli", {"brotli"}),
        ("br;q=nonsense", set()),
        ("", set()),
    ],
)
def test_encodings_are_read_with_their_weights(header, expected):
    assert accepted_encodings(header) == expected


def test_head_answers_like_get_without_a_body(client):
    for path in DOCUMENTS:
        whole, head = client.get(path), client.head(path)
        assert head.status_code == 200
        assert head.headers["etag"] == whole.headers["etag"]


def test_the_tag_changes_with_a_publication_and_at_local_midnight(client, served):
    path = "/api/v1/sites/dejima?lang=en"
    tags = [client.get(path).headers["etag"]]
    served.publish(change(GATE, id="sea-gate", name={"en": "Sea Gate"}))
    tags.append(client.get(path).headers["etag"])
    served.clock.at += 13 * HOUR_MS
    served.parts.published.refresh()
    tags.append(client.get(path).headers["etag"])
    assert len(set(tags)) == 3
    assert client.get(path).json()["compiled_for_on"] == "2026-11-25"


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("/api/v1/sites/hirado", "site_unknown", "dejima"),
        ("/api/v1/sites/dejima?lang=ko", "language_unknown", "ja, en"),
        ("/api/v1/sites/dejima/scenes/none", "scene_unknown", "none"),
        ("/api/v1/sites/hirado/scenes/gate-1820", "site_unknown", "dejima"),
        ("/api/v1/nearby?lat=32.7&lon=129.8&lang=ko", "language_unknown", "en, ja"),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence_that_helps(client, path, code, told):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert told in answer.json()["detail"]


def nearby(client, **query):
    return client.get("/api/v1/nearby", params={"lat": 32.7437, "lon": 129.8723, **query})


def test_what_is_near_comes_nearest_first_with_distances(client, served):
    for number in range(3):
        served.publish(change(GATE, id=f"mark-{number}", lat=32.7437 + 0.0005 * (3 - number)))
    answer = nearby(client, radius_m=500, lang="en")
    results = answer.json()["results"]
    assert [item["landmark"] for item in results] == ["water-gate", "mark-2", "mark-1", "mark-0"]
    for item in results:
        assert item["distance_m"] == round(distance_m(32.7437, 129.8723, item["lat"], item["lon"]), 1)
    assert answer.headers["cache-control"] == "no-store"
    assert [item["landmark"] for item in nearby(client, radius_m=60).json()["results"]] == ["water-gate", "mark-2"]


def test_at_most_twenty_are_named_and_they_are_the_nearest(client, served):
    for number in range(30):
        served.publish(change(GATE, id=f"mark-{number:02}", lat=32.7437 + 0.0001 * (30 - number)))
    results = nearby(client, radius_m=5000).json()["results"]
    assert len(results) == NEARBY_LIMIT == 20
    assert [item["landmark"] for item in results][:2] == ["water-gate", "mark-29"]


def test_only_what_is_live_at_the_asked_moment_is_named(client, served):
    def live(**query):
        (item,) = nearby(client, **query).json()["results"]
        return item["experiences"]

    assert live() == []  # eleven in the morning
    assert live(at="2026-11-24T18:00:00+09:00") == ["gate-visit"]
    assert live(at="2026-11-24T12:00:00Z") == []  # nine in the evening: the end is out
    assert live(at="2026-11-25 18:30:00+09:00") == ["gate-visit"]
    served.clock.at = NOW + 8 * HOUR_MS
    assert live() == ["gate-visit"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"lat": "91"}, "parameter_out_of_range"),
        ({"lat": "nan"}, "parameter_out_of_range"),
        ({"lat": "inf"}, "parameter_out_of_range"),
        ({"lat": ""}, "parameter_out_of_range"),
        ({"lon": "-180.1"}, "parameter_out_of_range"),
        ({"lon": "here"}, "parameter_out_of_range"),
        ({"radius_m": "0"}, "parameter_out_of_range"),
        ({"radius_m": "5001"}, "parameter_out_of_range"),
        ({"radius_m": "1e999"}, "parameter_out_of_range"),
        ({"at": "tomorrow"}, "moment_unreadable"),
        ({"at": "2026-11-24T18:00:00"}, "moment_unreadable"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "moment_unreadable"),
        ({"at": "2036-11-24T18:00:00+09:00"}, "moment_out_of_range"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_with_a_sentence(client, query, code):
    answer = nearby(client, **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert next(iter(query)) in answer.json()["detail"]


def test_a_place_is_needed_to_tell_what_is_near(client):
    assert client.get("/api/v1/nearby").json()["code"] == "parameter_out_of_range"


def test_visitors_are_served_by_a_server_that_starts_without_its_database(served):
    from xr_server.app import create_app

    kept = {path: path.read_bytes() for path in served.settings.data_dir.glob("catalog.sqlite3*")}
    for path in kept:
        path.rename(path.with_name("kept-" + path.name))
    with TestClient(create_app(served.settings, clock=served.clock)) as client:
        site = client.get("/api/v1/sites/dejima?lang=en")
        assert site.json()["landmarks"][0]["name"] == "Water Gate"
        assert client.get(f"/packages/{served.digest}/lod0.glb").content == b"glTF of a gate"
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["whole"]) == (200, False)
        assert "serving what was published last" in ready.json()["checks"]["snapshot"]
        assert not (served.settings.data_dir / "catalog.sqlite3").exists()
        for path in kept:
            path.with_name("kept-" + path.name).rename(path)
        client.app.state.parts.published.refresh()
        assert client.get("/readyz").json()["whole"] is True
        assert json.loads(client.get("/api/v1/sites/dejima?lang=en").content) == site.json()


def test_a_publication_of_another_process_reaches_visitors_of_a_running_server(served):
    path = "/api/v1/sites/dejima?lang=en"
    with serve(served.settings.data_dir) as live:
        tag = live.ask("GET", path)[1]["etag"]
        assert live.ask("GET", path, If_None_Match=tag)[0] == 304
        served.publish(change(GATE, name={"en": "Sea Gate"}), 1)
        while live.ask("GET", path, If_None_Match=tag)[0] == 304:
            pass
        assert json.loads(live.ask("GET", path)[2])["landmarks"][0]["name"] == "Sea Gate"
