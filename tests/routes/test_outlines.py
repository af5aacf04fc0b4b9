"""A landmark's outline at the desk: drawn on its form, out of GeoJSON, and what a visitor's phone makes of it."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.routes.forms import fields_of, fill, submit
from tests.samples import NOW
from xr_server.domain.catalog import Name
from xr_server.domain.geofence import fences_of
from xr_server.domain.trigger import Fix, TriggerState, step_trigger
from xr_server.storage.catalog import load_record, parse_record
from xr_server.storage.imports import import_records

GATE = "/desk/places/landmark/water-gate"
WHARF = (
    b'{"id":"wharf","name":{"en":"Wharf"},"category":"around","status":"present","lat":32.7436,"lon":129.8718,'
    b'"geofence":{"enter_m":5,"leave_m":9}}'
)
LATS = ["32.74365", "32.74365", "32.74405", "32.74405"]
LONS = ["129.87225", "129.87235", "129.87235", "129.87225"]
HALL = {"corner_lat": LATS, "corner_lon": LONS}  # 9.4 m wide, 44 m deep, to the north of the gate's place
CROSSED = {"corner_lat": LATS, "corner_lon": [LONS[0], LONS[1], LONS[0], LONS[1]]}
RING = [[float(lon), float(lat)] for lat, lon in zip(LATS, LONS, strict=True)]
POLYGON = json.dumps({"type": "Polygon", "coordinates": [[*RING, RING[0]]]})
FAR_END = Fix(32.74403, 129.8723, 5)  # 37 m from the place of the gate, inside of the outline


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in, at a site with a second landmark."""
    world.publish(parse_record("landmark", WHARF))
    world.app.state.parts.published.refresh()
    return world.sign_in("sato")


def post(client: TestClient, step: str = "publish", **typed: str | list[str]) -> Any:
    return submit(client, client.get(GATE).text, GATE, step=step, **typed)


def shown(html: str) -> dict[str, list[str]]:
    """The corners that a form shows, without its empty rows."""
    values = fill(fields_of(html, GATE))
    return {name: [value for value in values[name] if value] for name in HALL}


def stored(world: Any) -> Any:
    return load_record(world.catalog, Name("dejima", "landmark", "water-gate"))


def stands_at(world: Any, fix: Fix) -> str | None:
    """Where a phone that has the site document would say it is."""
    world.app.state.parts.published.refresh()
    document = world.visitor().get("/api/v1/sites/dejima?lang=en").json()
    return step_trigger(TriggerState(), fix, fences_of(document["landmarks"])).current


def test_a_phone_arrives_by_the_outline_once_it_is_published_and_no_longer_when_that_is_undone(
    world: Any, sato: TestClient
) -> None:
    assert stands_at(world, FAR_END) is None
    assert post(sato, "save", **HALL).status_code == 303
    assert stands_at(world, FAR_END) is None  # a draft is nobody's business
    answer = post(sato, "publish")
    assert answer.status_code == 303
    assert stands_at(world, FAR_END) == "water-gate"
    assert stands_at(world, Fix(32.7443, 129.8723, 5)) is None  # 28 m beyond its edge
    assert shown(sato.get(GATE).text) == HALL
    submit(sato, sato.get(answer.headers["location"]).text, "/desk/undo")
    assert stands_at(world, FAR_END) is None


def test_a_draft_says_what_it_changes_of_the_outline_by_its_size_and_its_corners(world: Any, sato: TestClient) -> None:
    post(sato, **HALL)
    post(sato, "save", corner_lat=LATS[:3], corner_lon=LONS[:3])
    page = sato.get(GATE).text
    assert "About 416 m² with 4 corners. 32.7436500, 129.8722500 · 32.7436500, 129.8723500" in page
    assert "About 208 m² with 3 corners." in page


def test_a_landmark_with_an_outline_keeps_its_mark_on_the_map_and_its_ground_is_drawn(
    world: Any, sato: TestClient
) -> None:
    post(sato, **HALL)
    world.app.state.parts.published.refresh()
    page = world.visitor().get("/en/dejima/").text
    assert 'data-landmark="water-gate"' in page and 'class="ground"' in page
    assert 'href="/en/dejima/landmarks/wharf"' in page
    assert "landmarks/water-gate" in world.visitor().get("/en/dejima/landmarks/wharf").text


def test_the_outline_goes_when_all_its_corners_are_taken_out_and_stays_otherwise(world: Any, sato: TestClient) -> None:
    post(sato, **HALL)
    assert post(sato, kana="スイモン").status_code == 303
    ring = stored(world).body.geometry["coordinates"][0]
    assert sorted(ring[:-1]) == sorted(RING) and ring[0] == ring[-1]
    assert post(sato, corner_lat=["", ""], corner_lon=["", ""]).status_code == 303
    assert stored(world).body.geometry is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (CROSSED, "The line from corner 2 to 3 meets the line from corner 4 to 1."),
        ({"corner_lat": LATS[:2], "corner_lon": LONS[:2]}, "An outline has three corners at least."),
        ({"corner_lat": LONS, "corner_lon": LATS}, "exchanged in every corner"),
        ({"corner_lat": [*LATS, "32.74405"], "corner_lon": [*LONS, "here"]}, "Give latitude and longitude as numbers"),
        ({"corner_lat": [*LATS, "32.74405"], "corner_lon": [*LONS, LONS[3]]}, "Corners 4 and 5 lie on the same spot"),
        ({"corner_lat": [*LATS, "32.7437"], "corner_lon": [*LONS, "129.8650"]}, "Nothing known lies within"),
    ],
)
def test_what_is_no_simple_polygon_is_refused_and_everything_typed_stays(
    world: Any, sato: TestClient, typed: dict[str, list[str]], sentence: str
) -> None:
    answer = post(sato, **{"history-en": "Typed before.", **typed})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert shown(answer.text) == typed
    assert dict(fields_of(answer.text, GATE))["history-en"] == "Typed before."
    assert stored(world).revision == 1


def test_the_form_without_a_script_draws_the_outline_tells_its_area_and_what_to_mind(
    world: Any, sato: TestClient
) -> None:
    page = post(sato, "look", **HALL).text
    assert "About 416 m² with 4 corners." in page
    assert page.count('class="typed corner"') == 4 and 'class="typed area"' in page
    west = [LONS[0], "129.8710", "129.8710", LONS[0]]
    wide = {"corner_lat": ["32.7430", "32.7430", "32.7440", "32.7440"], "corner_lon": west}
    page = post(sato, "look", **wide).text
    assert "lies 5 m outside of its outline" in page
    assert "Wharf lies inside of it" in page
    assert "no phone notices" in post(sato, "look", enter_m="", leave_m="", **HALL).text
    assert (
        "約416平方メートル、角は4か所です。"
        in submit(sato, sato.get(f"{GATE}?lang=ja").text, GATE, step="look", **HALL).text
    )
    assert stored(world).revision == 1


def test_corners_are_added_and_taken_out_by_buttons_without_a_script(world: Any, sato: TestClient) -> None:
    page = post(sato, "corner", **HALL).text
    assert page.count('name="corner_lat"') == 5  # four, and an empty row for another
    page = submit(sato, page, GATE, step="corner").text
    assert page.count('name="corner_lat"') == 6
    page = submit(sato, page, GATE, step="corner-out-2").text
    assert shown(page) == {name: values[:1] + values[2:] for name, values in HALL.items()}
    exchanged = post(sato, "look", corner_lat=LONS, corner_lon=LATS).text
    assert shown(submit(sato, exchanged, GATE, step="exchange").text) == HALL
    assert stored(world).revision == 1


def test_an_outline_comes_out_of_pasted_geojson_or_a_file_and_is_shown_before_it_is_saved(
    world: Any, sato: TestClient
) -> None:
    pasted = post(sato, "geojson", geojson=POLYGON, **{"history-en": "Typed before."})
    assert pasted.status_code == 200
    assert shown(pasted.text) == HALL
    fields = dict(fields_of(pasted.text, GATE))
    assert (fields["history-en"], fields["geojson"]) == ("Typed before.", "")
    assert stored(world).revision == 1
    values = fill(fields_of(sato.get(GATE).text, GATE), step="geojson")
    file = {"geojson_file": ("gate.geojson", POLYGON.encode(), "application/geo+json")}
    sent = sato.post(GATE, data=values, files=file, headers={"Origin": "http://localhost"})
    assert sent.status_code == 200
    assert shown(sent.text) == HALL
    assert submit(sato, sent.text, GATE, step="publish").status_code == 303
    assert stands_at(world, FAR_END) == "water-gate"


def test_geojson_that_cannot_be_taken_says_why_beside_it_and_what_was_typed_stays(world: Any, sato: TestClient) -> None:
    for text, sentence in (("{", "This is no GeoJSON"), ('{"type":"Point"}', "no polygon"), ("", "Paste the GeoJSON")):
        answer = post(sato, "geojson", geojson=text, **{"history-en": "Typed before.", **HALL})
        assert answer.status_code == 400
        assert sentence in answer.text
        fields = dict(fields_of(answer.text, GATE))
        assert (fields["history-en"], fields["geojson"]) == ("Typed before.", text)
        assert shown(answer.text) == HALL
    values = fill(fields_of(sato.get(GATE).text, GATE), step="geojson", **HALL)
    for data, sentence in ((b"\xff\xfe{", "This is no GeoJSON"), (b" " * 1_100_000, "at most 1,024 kB")):
        file = {"geojson_file": ("gate.geojson", data, "application/json")}
        answer = sato.post(GATE, data=values, files=file, headers={"Origin": "http://localhost"})
        assert answer.status_code == 400
        assert sentence in answer.text and shown(answer.text) == HALL


def test_a_shape_with_holes_stays_until_an_outline_is_drawn(world: Any, sato: TestClient) -> None:
    inner = [[129.87228, 32.7437], [129.87232, 32.7437], [129.87230, 32.7438], [129.87228, 32.7437]]
    holed = {"type": "Polygon", "coordinates": [[*RING, RING[0]], inner]}
    body = replace(stored(world).body, geometry=holed)
    assert import_records(world.catalog, "dejima", [body], True, NOW).changed
    assert "It stays as it is until corners are given here" in sato.get(GATE).text
    assert post(sato, kana="スイモン").status_code == 303
    assert stored(world).body.geometry == holed
    assert post(sato, **HALL).status_code == 303
    assert len(stored(world).body.geometry["coordinates"]) == 1


def test_the_script_of_the_form_is_told_the_same(sato: TestClient) -> None:
    csrf = dict(fields_of(sato.get(GATE).text, GATE))["csrf"]
    ask = {
        "csrf": csrf,
        "landmark": "water-gate",
        "lat": "32.7437",
        "lon": "129.8723",
        "enter_m": "20",
        "leave_m": "30",
    }
    assert sato.post("/desk/outline", data={**ask, **HALL}).json() == {
        "area": "About 416 m² with 4 corners.",
        "remarks": [],
        "is_exchanged": False,
    }
    crossed = sato.post("/desk/outline", data={**ask, **CROSSED}).json()
    assert crossed["area"] == "" and "meets the line" in crossed["remarks"][0]
    exchanged = sato.post("/desk/outline", data={**ask, "corner_lat": LONS, "corner_lon": LATS}).json()
    assert exchanged["is_exchanged"]
    assert sato.post("/desk/outline", data={**ask, "corner_lat": LATS, "corner_lon": []}).json()["area"] == ""
    mixed = {**ask, "corner_lat": [*LATS, LONS[0]], "corner_lon": [*LONS, LATS[0]]}
    assert sato.post("/desk/outline", data=mixed).json()["remarks"][0].startswith("Corner 5: Latitude and longitude")


def test_who_has_another_part_of_the_site_is_told_nothing_of_an_outline(world: Any, sato: TestClient) -> None:
    csrf = dict(fields_of(sato.get(GATE).text, GATE))["csrf"]
    mori = world.sign_in("mori")
    page = f"/desk/people/{world.accounts['sato']}"
    assert submit(mori, mori.get(page).text, f"{page}/part", landmark=["wharf"]).status_code == 303
    answer = sato.post("/desk/outline", data={"csrf": csrf, "landmark": "water-gate", **HALL})
    assert answer.status_code == 403
