"""Places at the desk: landmarks, ways and edges edited on forms, what of them cannot be, and what phones are told."""

from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.routes.forms import fields_of, submit
from tests.samples import HOUR_MS, NOW
from xr_server.domain.catalog import Name
from xr_server.domain.opening import Hours, Opening, OtherDay
from xr_server.storage.catalog import load_record, parse_record
from xr_server.storage.imports import import_records

GATE = "/desk/places/landmark/water-gate"
WHARF = b'{"id":"wharf","name":{"en":"Wharf"},"category":"around","status":"present","lat":32.7436,"lon":129.8718}'
WAY = {
    "from": "water-gate",
    "to": "wharf",
    "points": "32.7437, 129.8723\n32.7436, 129.8718",
    "accuracy_m": "15",
}
EDGE = {"new_id": "west-quay", "kind": "quay", "name-en": "Quay", "points": "32.7437,129.8722\n32.7435,129.8721"}
OPENING = {"open_said": "yes", **{f"{day}-opens": "08:00" for day in ("MO", "TU")}, "MO-closes": "21:00"}
OPENING |= {"TU-closes": "12:00", "TU-opens2": "13:00", "TU-closes2": "18:00"}


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in, at a site with a second landmark."""
    world.publish(parse_record("landmark", WHARF))
    world.app.state.parts.published.refresh()
    return world.sign_in("sato")


def post(client: TestClient, address: str = GATE, step: str = "publish", **typed: str) -> Any:
    return submit(client, client.get(address).text, address, step=step, **typed)


def site(world: Any, language: str = "en") -> dict[str, Any]:
    world.app.state.parts.published.refresh()
    return world.visitor().get(f"/api/v1/sites/dejima?lang={language}").json()


def gate(world: Any, language: str = "en") -> dict[str, Any]:
    return next(one for one in site(world, language)["landmarks"] if one["id"] == "water-gate")


def test_a_landmark_is_changed_published_and_undone(world: Any, sato: TestClient) -> None:
    assert "Water Gate" in sato.get("/desk/places").text
    answer = post(sato, **{"name-en": "Sea Gate", "history-en": "Ships unloaded here."})
    assert answer.status_code == 303
    assert (gate(world)["name"], gate(world)["history"]) == ("Sea Gate", "Ships unloaded here.")
    page = sato.get(answer.headers["location"]).text
    assert "Published." in page
    submit(sato, page, "/desk/undo")
    assert gate(world)["name"] == "Water Gate"


def test_a_form_that_is_saved_as_it_is_changes_nothing(world: Any, sato: TestClient) -> None:
    before = gate(world)
    answer = post(sato, step="save")
    assert answer.status_code == 303 and "saved" in answer.headers["location"]
    assert load_record(world.catalog, Name("dejima", "landmark", "water-gate")).revision == 1
    assert gate(world) == before


def test_a_day_that_opens_four_times_keeps_all_of_them(world: Any, sato: TestClient) -> None:
    four = [Hours(opens_at=f"{hour:02}:00", closes_at=f"{hour + 1:02}:00") for hour in (8, 10, 12, 14)]
    opening = Opening(weekly={"MO": four}, other_days=[OtherDay(on="2026-12-30", hours=four)])
    body = replace(load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body, opening=opening)
    assert import_records(world.catalog, "dejima", [body], True, NOW).changed
    assert post(sato, **{"name-en": "Sea Gate"}).status_code == 303
    after = load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body
    assert after.name["en"] == "Sea Gate" and after.opening == opening


def test_words_in_a_language_the_site_does_not_show_are_kept(world: Any, sato: TestClient) -> None:
    body = load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body
    assert import_records(
        world.catalog, "dejima", [type(body)(**_fields(body) | {"name": {**body.name, "ko": "수문"}})], True, NOW
    ).changed
    post(sato, **{"name-en": "Sea Gate"})
    after = load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body
    assert after.name == {"ja": "水門", "en": "Sea Gate", "ko": "수문"}


def _fields(body: Any) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.__struct_fields__}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"lat": "129.8723", "lon": "32.7437"}, "it should be latitude 32.7437, longitude 129.872"),
        ({"lat": "35.68", "lon": "139.76"}, "km from the site. Check both numbers"),
        ({"lat": "32.7437", "lon": "129.8650"}, "it may be in the sea or outside the site"),
        ({"lat": "32.7437", "lon": ""}, "give both or neither"),
        ({"lat": "here"}, "A number from -180 to 180 is wanted"),
        ({"lat": "", "lon": ""}, "A circle needs a middle"),
        ({"enter_m": "30", "leave_m": "30"}, "has to be wider than the one to enter"),
        ({"name-en": "", "name-ja": ""}, "Give it a name in at least one language"),
        ({"category": "Tea house"}, "One word of small letters is wanted"),
        ({"years": "2006"}, "Write one a line"),
        ({"history-en": "x" * 4001}, "At most 4000 characters fit here"),
        ({**OPENING, "MO-closes": ""}, "Give both hours, such as"),
        ({**OPENING, "TU-opens2": "11:00"}, "These hours overlap"),
        ({"open_said": "yes"}, "Give the hours of at least one day"),
        ({**OPENING, "closed_yearly": "02-30"}, "Write one day a line, such as 12-29"),
        ({**OPENING, "other_days": "2026-02-31"}, "This line cannot be read: 2026-02-31"),
        ({**OPENING, "other_days": "2026-12-30 morning"}, "This line cannot be read: 2026-12-30 morning"),
        ({**OPENING, "off_as": "hours"}, "Give the hours of public holidays, or choose otherwise"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_what_was_typed_stays(
    world: Any, sato: TestClient, typed: dict[str, str], sentence: str
) -> None:
    answer = post(sato, **{"history-en": "Typed before.", **typed})
    assert answer.status_code == 400
    assert sentence in answer.text
    kept = dict(fields_of(answer.text, GATE))
    assert {name: kept.get(name) for name in typed} == typed
    assert load_record(world.catalog, Name("dejima", "landmark", "water-gate")).revision == 1


def test_a_place_apart_is_taken_once_somebody_says_that_it_is_meant(world: Any, sato: TestClient) -> None:
    apart = {"lat": "32.7437", "lon": "129.8650"}
    page = post(sato, **apart).text
    answer = submit(sato, page, GATE, step="publish", sure="yes")
    assert answer.status_code == 303
    assert gate(world)["lon"] == 129.865
    assert post(sato, kana="スイモン").status_code == 303  # it stands there now, so nobody is asked again


def test_the_map_shows_what_is_typed_before_anything_is_saved(world: Any, sato: TestClient) -> None:
    page = post(sato, step="look", lat="32.74352", lon="129.87316", **OPENING).text
    assert 'transform="translate(0.0 0.0)"' in page  # the site's origin
    assert "Today: 08:00 to 12:00 · 13:00 to 18:00." in page  # a Tuesday
    assert load_record(world.catalog, Name("dejima", "landmark", "water-gate")).revision == 1
    far = post(sato, step="look", lat="32.80", lon="129.87316").text
    assert "outside of the map" in far


def test_hours_reach_the_page_of_visitors_with_holidays_and_single_days(world: Any, sato: TestClient) -> None:
    typed = {"off_as": "closed", "other_days": "2026-11-25 10:00-11:00\n2026-11-30", "closed_yearly": "12-29"}
    assert post(sato, **OPENING, **typed).status_code == 303
    opening = gate(world)["opening"]
    assert opening["week"][:3] == [[["08:00", "21:00"]], [["08:00", "12:00"], ["13:00", "18:00"]], []]
    # new year's day falls on a Friday, closed anyway; 12 January 2027 is a Tuesday, the 11th a holiday on a Monday
    assert opening["days"] == {"2026-11-25": [["10:00", "11:00"]], "2026-11-30": [], "2026-12-29": [], "2027-01-11": []}
    assert "Today: 08:00 to 12:00 · 13:00 to 18:00." in world.visitor().get("/en/dejima/landmarks/water-gate").text
    kept = dict(fields_of(sato.get(GATE).text, GATE))
    assert {name: kept[name] for name in (*OPENING, *typed)} == {**OPENING, **typed}
    assert post(sato, open_said="").status_code == 303
    assert "opening" not in gate(world)


def test_two_who_change_the_same_overwrite_nothing_and_both_are_shown(world: Any, sato: TestClient) -> None:
    mori, opened = world.sign_in("mori"), sato.get(GATE).text
    assert post(mori, **{"name-en": "Gate of water"}).status_code == 303
    answer = submit(sato, opened, GATE, step="publish", **{"name-en": "Sea Gate"})
    assert answer.status_code == 409
    assert "Nothing of theirs was overwritten" in answer.text
    assert "Gate of water" not in dict(fields_of(answer.text, GATE))["name-en"]
    theirs = answer.text.partition('id="problem"')[2].partition("</div>")[0]
    assert "<del>" in theirs and "<ins>" in theirs
    assert gate(world)["name"] == "Gate of water"
    assert submit(sato, answer.text, GATE, step="publish").status_code == 303  # having seen both
    assert gate(world)["name"] == "Sea Gate"


def test_what_was_edited_here_stays_at_the_next_import(world: Any, sato: TestClient) -> None:
    before = load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body
    post(sato, **{"name-en": "Sea Gate"})
    outcome = import_records(world.catalog, "dejima", [before], False, NOW)
    assert outcome.kept == ["landmark water-gate"]
    assert gate(world)["name"] == "Sea Gate"


def test_a_way_says_what_somebody_has_looked_at_and_nothing_else(world: Any, sato: TestClient) -> None:
    answer = post(sato, "/desk/places/path/new", steps="0", slope_percent="2,5", width_m="1.8", surface="stone", **WAY)
    assert answer.headers["location"].startswith("/desk/places/path/water-gate-to-wharf?done=out")
    (way,) = site(world)["paths"]
    assert (way["steps"], way["slope_percent"], way["width_m"], way["surface"]) == (0, 2.5, 1.8, "stone")
    assert way["wheelchair"] is None and "seats" not in way
    for end, other in (("water-gate", "Wharf"), ("wharf", "Water Gate")):  # it may be walked both ways
        page = (
            world.visitor()
            .get(f"/en/dejima/landmarks/{end}")
            .text.partition('class="ways-from"')[2]
            .partition("</ul>")[0]
        )
        said = "On foot about 50 m. No steps on the way. 1.8 m wide where it is narrowest. On stone slabs."
        assert f">{other}</a> {said}</li>" in page
    address = "/desk/places/path/water-gate-to-wharf"
    assert (
        "/desk/texts/path/" not in sato.get(address).text and "/desk/texts/landmark/water-gate" in sato.get(GATE).text
    )
    post(sato, address, steps="", slope_percent="", width_m="", surface="", seats="2")
    (way,) = site(world)["paths"]
    assert (way["steps"], way["slope_percent"], way["seats"]) == (None, None, 2)
    assert "width_m" not in way and "surface" not in way
    page = world.visitor().get("/ja/dejima/landmarks/wharf").text
    assert "歩いて約50 mです。 途中に座れる所が2か所あります。</li>" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"to": "water-gate"}, "A way leads from one landmark to another"),
        ({"from": "nowhere"}, "Choose the landmark at this end"),
        ({"points": "32.7437, 129.8723"}, "A line has two points at least"),
        ({"points": "32.7437, 129.8723\n129.8718, 32.7436"}, "Line 2: latitude and longitude are exchanged"),
        ({"points": "32.7437, 129.8723\n\n32.7437"}, "Line 3 is no place"),
        ({"points": "32.7437, 129.8723\n32.7437, 129.8650"}, "Line 2: nothing known lies within"),
        ({"points": "32.7,129.8\n32.7,129.8\n\n32.7,129.8\n32.7,129.8", "sure": "yes"}, "A way is one line"),
        ({"steps": "2.5"}, "counted in whole numbers"),
        ({"slope_percent": "101"}, "A number from 0 to 100 is wanted"),
        ({"accuracy_m": ""}, "Say to how many metres it is right"),
    ],
)
def test_a_way_that_cannot_be_says_why(world: Any, sato: TestClient, typed: dict[str, str], sentence: str) -> None:
    sent = {**WAY, **typed}
    answer = post(sato, "/desk/places/path/new", **sent)
    assert answer.status_code == 400
    assert sentence in answer.text
    kept = dict(fields_of(answer.text, "/desk/places/path/new"))
    assert kept["points"] == sent["points"]
    assert site(world)["paths"] == []


def test_an_edge_is_added_and_shown_on_the_map_of_visitors(world: Any, sato: TestClient) -> None:
    assert post(sato, "/desk/places/hazard/new", **EDGE, accuracy_m="5").status_code == 303
    (edge,) = site(world)["hazards"]
    assert (edge["kind"], edge["name"], len(edge["lines"][0])) == ("quay", "Quay", 2)
    again = post(sato, "/desk/places/hazard/new", **EDGE, accuracy_m="5")
    assert again.status_code == 400 and "There is one called so already" in again.text


def test_a_landmark_that_something_leads_to_is_not_taken_back(world: Any, sato: TestClient) -> None:
    address = "/desk/places/landmark/wharf"
    post(sato, "/desk/places/path/new", **WAY)
    answer = post(sato, address, step="withdraw")
    assert answer.status_code == 409
    assert "water-gate-to-wharf. Take that back first" in answer.text
    assert post(sato, "/desk/places/path/water-gate-to-wharf", step="withdraw").status_code == 303
    assert post(sato, address, step="withdraw").status_code == 303
    assert [one["id"] for one in site(world)["landmarks"]] == ["water-gate"]
    answer = post(sato, "/desk/places/path/water-gate-to-wharf")  # to a landmark that is not seen any more
    assert answer.status_code in {400, 409}
    assert site(world)["paths"] == []


def test_who_has_a_part_of_the_site_edits_nothing_else(world: Any, sato: TestClient) -> None:
    mori = world.sign_in("mori")
    page = f"/desk/people/{world.accounts['sato']}"
    assert submit(mori, mori.get(page).text, f"{page}/part", landmark=["wharf"]).status_code == 303
    listed = sato.get("/desk/places").text
    assert "/desk/places/landmark/wharf" in listed and GATE not in listed
    assert sato.get(GATE).status_code == 403
    assert sato.get("/desk/places/landmark/wharf").status_code == 200


def test_the_page_says_today_in_the_time_of_the_site(world: Any, sato: TestClient) -> None:
    post(sato, **OPENING)
    world.clock.at = NOW + 14 * HOUR_MS  # an hour into Wednesday at Nagasaki
    assert "Closed today." in world.sign_in("sato").get(GATE).text


def test_pages_that_are_not_there_say_so(world: Any, sato: TestClient) -> None:
    assert sato.get("/desk/places/scene/gate-1820").status_code == 404
    assert sato.get("/desk/places/landmark/none").status_code == 404
