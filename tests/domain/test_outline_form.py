"""The outline on a landmark's form: what of the typed corners is taken, what is refused and how, and what to mind."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samples import SITE
from xr_server.domain.catalog import Geofence, Landmark, Site
from xr_server.domain.geofence import M_PER_DEG
from xr_server.domain.outline import MOST_CORNERS, area_m2, corners_of
from xr_server.domain.outline_file import parse_outline
from xr_server.domain.outline_form import (
    MOST_FAULTS,
    exchange_rows,
    find_area_m2,
    find_corners,
    find_remarks,
    join_rows,
    read_outline,
    split_rows,
    type_corners,
)
from xr_server.domain.typed import Faults
from xr_server.domain.whereabouts import Surroundings
from xr_server.errors import Invalid

LAT, LON = 32.7437, 129.8723
X_PER_DEG = M_PER_DEG * math.cos(math.radians(LAT))
AROUND = Surroundings(SITE if isinstance(SITE, Site) else Site(**SITE), [(LAT, LON)])
Corners = list[tuple[float, float]]
FEWER = settings(max_examples=50)


def box(west: float, south: float, wide: float, deep: float) -> Corners:
    spots = (west, south), (west + wide, south), (west + wide, south + deep), (west, south + deep)
    return [(round(LAT + y / M_PER_DEG, 7), round(LON + x / X_PER_DEG, 7)) for x, y in spots]


HOUSE = box(-5, -5, 10, 10)


def read(corners: str, before: Any = None) -> tuple[Any, Faults]:
    faults: Faults = {}
    return read_outline({"corners": corners}, before, AROUND, faults), faults


def codes(faults: Faults) -> dict[str, str]:
    return {name: fault.code for name, fault in faults.items()}


def landmark(name: str, corners: Corners | None = None, **facts: Any) -> Landmark:
    geometry = (
        {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in [*corners, corners[0]]]]} if corners else None
    )
    facts = {"lat": LAT, "lon": LON, "geofence": Geofence(enter_m=5, leave_m=10), **facts}
    return Landmark(id=name, name={"en": name}, category="house", status="present", geometry=geometry, **facts)


@FEWER
@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=30))
def test_corners_are_read_again_as_they_were_typed(corners: Corners) -> None:
    typed = {"corners": type_corners(corners)}
    found = find_corners(typed)
    assert len(found) == len(corners)
    assert all(math.dist(a, b) < 1e-9 for a, b in zip(found, corners, strict=True))
    assert type_corners(found) == typed["corners"]
    assert exchange_rows({"corners": exchange_rows(typed)}) == typed["corners"]


@FEWER
@given(st.lists(st.tuples(st.text(" 0123456789.,-x", max_size=9), st.text(" 0123456789.,-x", max_size=9)), max_size=9))
def test_whatever_is_typed_stays_and_never_becomes_what_is_no_polygon(rows: list[tuple[str, str]]) -> None:
    text = join_rows(rows)
    assert split_rows({"corners": text}) == [row for row in rows if row != ("", "")]
    geometry, faults = read(text)
    assert (geometry is None) == (bool(faults) or not text)
    assert find_area_m2({"corners": text}) is None or find_corners({"corners": text})


def test_an_outline_is_taken_as_geojson_that_runs_against_the_clock() -> None:
    geometry, faults = read(type_corners(HOUSE[::-1]))
    assert not faults
    ring = geometry["coordinates"][0]
    assert ring[0] == ring[-1] == [HOUSE[-1][1], HOUSE[-1][0]]
    assert sum(a[0] * b[1] - a[1] * b[0] for a, b in pairwise(ring)) > 0
    assert find_area_m2({"corners": type_corners(HOUSE)}) == pytest.approx(100, rel=0.01)


def test_what_stood_there_stays_as_it_was_to_the_last_digit_unless_it_is_changed() -> None:
    clockwise = {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in [*HOUSE[::-1], HOUSE[-1]]]]}
    typed = type_corners(corners_of(clockwise) or [])
    assert read(typed, clockwise) == (clockwise, {})
    assert read("", clockwise) == (None, {})  # all corners taken out
    holed = {"type": "Polygon", "coordinates": [*clockwise["coordinates"], *clockwise["coordinates"]]}
    assert read("", holed) == (holed, {})
    changed, faults = read(typed, holed)
    assert not faults and corners_of(changed) is not None


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        (HOUSE[:2], {"outline": "outline_few"}),
        ([HOUSE[0], HOUSE[2], HOUSE[1], HOUSE[3]], {"outline": "outline_crossing"}),
        ([*HOUSE, HOUSE[0]], {"outline": "outline_twice"}),
        ([(lon, lat) for lat, lon in HOUSE], {"outline": "outline_exchanged"}),
        ([HOUSE[0], HOUSE[1], (LON, LAT)], {"corner-3": "spot_exchanged"}),
        ([HOUSE[0], HOUSE[1], (35.0, 139.0)], {"corner-3": "spot_outside"}),
        ([HOUSE[0], HOUSE[1], (LAT + 0.01, LON)], {"corner-3": "spot_lone"}),
        ([(35.0, 139.0 + i) for i in range(9)], {f"corner-{i}": "spot_outside" for i in range(1, MOST_FAULTS + 1)}),
    ],
)
def test_what_cannot_be_is_refused_at_its_corner_or_as_a_whole(corners: Corners, expected: dict[str, str]) -> None:
    geometry, faults = read(type_corners(corners))
    assert geometry is None
    assert codes(faults) == expected


def test_a_file_with_more_digits_than_fields_take_is_kept_to_the_last_one() -> None:
    long = {"type": "Polygon", "coordinates": [[[lon + 1e-13, lat] for lat, lon in [*HOUSE, HOUSE[0]]]]}
    assert len(repr(long["coordinates"][0][0][0])) > 15
    assert read(type_corners(corners_of(long) or []), long) == (long, {})


def test_half_a_corner_and_words_are_named_by_their_row() -> None:
    rows = [
        *((str(lat), str(lon)) for lat, lon in HOUSE),
        ("32.7437", ""),
        ("here", "there"),
        ("３２.7437", "129,8723"),
    ]
    _, faults = read(join_rows(rows))
    assert codes(faults) == {"corner-5": "outline_number", "corner-6": "outline_number"}


def remarks(corners: Corners, of: Landmark, *others: Landmark) -> list[tuple[str, dict[str, Any]]]:
    found = find_remarks(corners, of, [(other.name["en"], other) for other in others])
    return [(one.code, dict(one.values)) for one in found]


def test_a_place_outside_of_its_outline_and_one_nobody_could_arrive_at_are_minded() -> None:
    assert remarks(HOUSE, landmark("house")) == []
    assert remarks(box(20, -5, 10, 10), landmark("house")) == [("off", {"metres": 20})]
    assert remarks(HOUSE, landmark("house", lat=None, lon=None)) == [("unplaced", {})]
    assert remarks(HOUSE, landmark("house", geofence=None)) == [("unfenced", {})]


def test_what_other_landmarks_have_of_the_ground_is_minded_and_shared_walls_are_not() -> None:
    house = landmark("house", HOUSE)
    assert remarks(HOUSE, house, house) == []  # not by itself
    assert remarks(HOUSE, house, landmark("next door", box(5, -5, 10, 10))) == []
    over = landmark("shed", box(3, -5, 10, 10))
    assert remarks(HOUSE, house, over) == [("overlap", {"name": "shed", "area": 20})]
    assert remarks(HOUSE, house, landmark("well")) == [("holds", {"name": "well"})]
    island = landmark("island", box(-90, -90, 200, 200), lat=None, lon=None, geofence=None)
    assert remarks(HOUSE, house, island, landmark("stone", geofence=None)) == []  # where nobody arrives


def polygon(*rings: Corners) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in [*ring, ring[0]]] for ring in rings]}


def feature(name: str, geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": name, "properties": {}, "geometry": geometry}


@pytest.mark.parametrize(
    "document",
    [
        polygon(HOUSE),
        feature("other", polygon(HOUSE)),
        {"type": "MultiPolygon", "coordinates": [polygon(HOUSE)["coordinates"]]},
        {"type": "FeatureCollection", "features": [feature("point", {"type": "Point"}), feature("a", polygon(HOUSE))]},
        {
            "type": "FeatureCollection",
            "features": [feature("a", polygon(box(0, 0, 4, 4))), feature("house", polygon(HOUSE))],
        },
        {"type": "Polygon", "coordinates": [[[lon, lat, 34.5] for lat, lon in HOUSE]]},  # with heights, not closed
    ],
)
def test_a_polygon_is_found_wherever_geojson_has_it(document: Any) -> None:
    assert parse_outline("\N{ZERO WIDTH NO-BREAK SPACE}" + json.dumps(document), "house") == HOUSE
    assert area_m2(parse_outline(json.dumps(document), "house")) == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "outline_json"),
        ("[" * 100_000, "outline_json"),
        ("[]", "outline_shape"),
        ('{"type":"FeatureCollection","features":7}', "outline_shape"),
        ('{"type":"Feature","geometry":null}', "outline_shape"),
        (json.dumps({"type": "FeatureCollection", "features": [feature("a", polygon(HOUSE))] * 2}), "outline_several"),
        (json.dumps(polygon(HOUSE, HOUSE)), "outline_holes"),
        ('{"type":"Polygon","coordinates":[[[129,"32"],[129,33],[130,33]]]}', "outline_positions"),
        ('{"type":"Polygon","coordinates":[[[129,NaN],[129,33],[130,33]]]}', "outline_positions"),
        ('{"type":"Polygon","coordinates":[[[129,1' + "0" * 400 + "],[129,33],[130,33]]]}", "outline_positions"),
        ('{"type":"Polygon","coordinates":[]}', "outline_positions"),
        ('{"type":"Polygon"}', "outline_positions"),
        (json.dumps(polygon([(LAT, LON + i / 1e5) for i in range(MOST_CORNERS + 1)])), "outline_many"),
    ],
)
def test_geojson_that_holds_no_outline_says_why(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_outline(text, "house")
    assert refused.value.code == code
