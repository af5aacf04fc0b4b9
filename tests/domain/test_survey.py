"""Where measured points put a model, and how surveyors' files become points."""

import json
import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from asset_pipeline.geopose import Position, enu_to_geodetic, geodetic_to_enu, heading_to_quaternion
from tests.samples import EXPERIENCE, GATE, SITE, make_manifest, make_scene
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.publish_scene import compile_scene
from xr_server.domain.published import gather
from xr_server.domain.survey import Survey, SurveyPoint, Tie, find_standing
from xr_server.domain.survey_file import parse_survey
from xr_server.errors import Invalid

HERE = Position(32.7437, 129.8723, 36.0)
CORNERS = {"left": (-6.0, 0.0, 4.0), "right": (6.0, 0.0, 4.0), "ridge": (5.0, 9.0, 0.0)}
DIGEST = "a" * 64


def point(name, place, **more):
    facts = {"accuracy_m": 0.05, "surveyed_on": "2026-11-20", "author": "Kana", **more}
    return SurveyPoint(id=name, name={"en": name}, lat=place.lat, lon=place.lon, h=place.h, **facts)


def measured(heading_deg, **moved_m):
    """The corners as a model at HERE that faces heading_deg has them; moved_m: (east, north) by which some lie wrong."""
    turn, points = math.radians(heading_deg), {}
    for name, (x, y, z) in CORNERS.items():
        east, north = x * math.cos(turn) - z * math.sin(turn), -z * math.cos(turn) - x * math.sin(turn)
        off_e, off_n = moved_m.get(name, (0.0, 0.0))
        points[name] = point(name, enu_to_geodetic((east + off_e, north + off_n, y), HERE))
    return points


def ties(*names):
    return [Tie(point=name, position=CORNERS[name]) for name in names or CORNERS]


@given(st.floats(0, 359.99), st.sampled_from([("left", "right"), ("left", "ridge"), ("left", "right", "ridge")]))
def test_a_model_stands_where_its_points_say_whichever_way_it_faces(heading_deg, names):
    found = find_standing(ties(*names), measured(heading_deg))
    assert found is not None
    assert math.hypot(*geodetic_to_enu(found.position, HERE)) < 0.005
    assert abs((found.heading_deg - heading_deg + 180) % 360 - 180) < 0.02
    assert (found.accuracy_m, found.surveyed, found.demonstration) == (0.05, True, False)


def test_a_point_measured_wrong_shows_as_misfit_and_takes_the_overlay_away():
    found = find_standing(ties(), measured(30, ridge=(0.0, 4.0)))
    assert found is not None
    assert 1.0 < found.accuracy_m < 4.0
    assert not found.surveyed


@pytest.mark.parametrize(("worst_m", "surveyed"), [(1.0, True), (1.01, False), (15.0, False)])
def test_a_metre_is_the_limit_of_what_may_stand_over_the_building(worst_m, surveyed):
    points = measured(30)
    points["right"] = replace(points["right"], accuracy_m=worst_m)
    found = find_standing(ties(), points)
    assert found is not None
    assert (found.accuracy_m, found.surveyed) == (worst_m, surveyed)


def test_one_point_or_two_at_one_spot_say_nothing():
    points = measured(30)
    assert find_standing(ties("left"), points) is None
    assert find_standing(ties("left", "right"), {"left": points["left"]}) is None
    assert (
        find_standing([Tie(point=name, position=(0, y, 0)) for name, y in (("left", 0), ("right", 9))], points) is None
    )
    assert find_standing([], points) is None


def test_a_tied_node_is_published_where_the_survey_puts_it():
    points = {name: replace(one, demonstration=name == "left") for name, one in measured(30).items()}
    scene = make_scene(DIGEST)
    scene = replace(scene, nodes=[replace(scene.nodes[0], ties=ties())])
    survey = Survey(id="november", points=list(points.values()))
    records = [SITE, GATE, EXPERIENCE, scene]
    with_survey = gather([*records, survey], {DIGEST: make_manifest(b"glTF")}, {})
    without = gather(records, {DIGEST: make_manifest(b"glTF")}, {})
    assert with_survey is not None and without is not None
    (node,) = compile_scene(scene, with_survey, "en")["nodes"]
    assert (node["surveyed"], node["accuracy_m"], node["anchor_note"]) == (True, 0.05, "demonstration")
    assert node["geopose"]["position"]["h"] == pytest.approx(36.0, abs=0.002)
    assert node["geopose"]["quaternion"]["z"] == pytest.approx(heading_to_quaternion(30)[2], abs=1e-4)
    (node,) = compile_scene(scene, without, "en")["nodes"]
    assert (node["surveyed"], node["accuracy_m"], node["anchor_note"]) == (False, 15, None)
    document = compile_site(with_survey, Edition(1, date(2026, 12, 1), "en"))
    assert [entry["id"] for entry in document["survey_points"]] == ["left", "ridge", "right"]
    assert [entry["demonstration"] for entry in document["survey_points"]] == [True, False, False]


# --- surveyors' files

CSV = "id,name,lat,lon,h,accuracy_m,surveyed_on,author\npost,柱,32.744,129.872,34.6,0.02,2026-12-01,Sato\n"


@pytest.mark.parametrize("text", [CSV, CSV.replace(",", ";"), CSV.replace(",", "\t"), CSV.replace("\n", "\r\n")])
def test_a_table_becomes_points(text):
    (found,) = parse_survey(text, "ja").points
    assert (found.id, found.name, found.lat, found.lon, found.h) == ("post", {"ja": "柱"}, 32.744, 129.872, 34.6)
    assert (found.accuracy_m, found.surveyed_on, found.author, found.landmark) == (0.02, "2026-12-01", "Sato", None)
    assert not found.demonstration


def test_geojson_becomes_the_same_points():
    about = {"id": "post", "name": "柱", "accuracy_m": 0.02, "surveyed_on": "2026-12-01", "author": "Sato", "crew": 3}
    geometry = {"type": "Point", "coordinates": [129.872, 32.744, 34.6]}
    feature = {"type": "Feature", "properties": about, "geometry": geometry}
    found = parse_survey(json.dumps({"type": "FeatureCollection", "features": [feature]}), "ja")
    assert found.points == parse_survey(CSV, "ja").points
    assert found.ignored == ["crew"]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("0.02", "zwei", "line 2: accuracy_m must be a number"),
        ("0.02", "", "line 2: accuracy_m must be a number"),
        ("0.02", "nan", "line 2: accuracy_m must be an ordinary number"),
        ("0.02", "-1", "line 2: Expected `float` > 0"),
        ("32.744", "132.744", "line 2: Expected `float` <= 90"),
        ("post", "Post 1", "line 2: .*id"),
        ("柱", "", "line 2: the point has no name"),
        ("2026-12-01", "1 December", "line 2: .*surveyed_on"),
        ("Sato", "", "line 2: .*author"),
        ("Sato\n", "Sato,extra\n", "Line 2 has more columns"),
        ("accuracy_m", "precision", "accuracy_m is missing"),
        (CSV, CSV.splitlines()[0], "no point in this file"),
        (CSV, '{"type": "Feature"}', "FeatureCollection"),
        (CSV, "{broken", "not JSON"),
    ],
)
def test_a_slip_is_named_with_its_place(before, after, text):
    with pytest.raises(Invalid, match=text):
        parse_survey(CSV.replace(before, after, 1), "ja")


def test_a_demonstration_must_be_said_in_so_many_words():
    marked = CSV.replace("author\n", "author,demonstration\n").replace("Sato\n", "Sato,{}\n")
    assert [parse_survey(marked.format(word), "ja").points[0].demonstration for word in ("true", "no", "")] == [
        True,
        False,
        False,
    ]
    with pytest.raises(Invalid, match="true or false, not perhaps"):
        parse_survey(marked.format("perhaps"), "ja")


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000,
        '{"type": "FeatureCollection", "features": [1]}',
        '{"type": "FeatureCollection", "features": [{"properties": {}, "geometry": {"type": "Point", "coordinates": [[], {}]}}]}',
        '{"type": "FeatureCollection", "features": [{"properties": {}, "geometry": {"type": "Point", "coordinates": [1'
        + "0" * 400
        + ", 2]}}]}",
        CSV + "x" * 200_000,
        CSV.replace("post", "po\0st"),
        CSV.replace("post", '"post'),
        CSV.replace("32.744", "1e999"),
    ],
    ids=["deep", "number", "no numbers", "huge number", "huge field", "zero byte", "open quote", "infinite"],
)
def test_what_nobody_would_hand_in_is_refused_in_a_sentence(text):
    with pytest.raises(Invalid):
        parse_survey(text, "ja")


PIECES = st.sampled_from(
    ["id", "lat", "h", ",", ";", "\n", "\r", '"', "{", "}", "[", "]", ":", "1", "-", "nan", "x", " ", "\t"]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join)), st.booleans())
def test_any_text_is_taken_or_refused(text, with_head):
    head = "id,name,lat,lon,h,accuracy_m,surveyed_on,author\n" if with_head else ""
    try:
        found = parse_survey(head + text, "ja")
    except Invalid as refusal:
        assert refusal.text
    else:
        assert found.points
