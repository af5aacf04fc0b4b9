"""Outlines on the ground: their area, which corners make a simple polygon, and where two lie over each other."""

import math
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from xr_server.domain.geofence import M_PER_DEG
from xr_server.domain.outline import (
    MOST_CORNERS,
    area_m2,
    away_from_m,
    corners_of,
    find_flaw,
    is_clockwise,
    make_polygon,
    overlap_m2,
)

ELLIPSOID = Geod(ellps="WGS84")
LAT, LON = 32.7437, 129.8723
X_PER_DEG = M_PER_DEG * math.cos(math.radians(LAT))
Metres = list[tuple[float, float]]
FEWER = settings(max_examples=50)


def place(east_m: float, north_m: float) -> tuple[float, float]:
    return LAT + north_m / M_PER_DEG, LON + east_m / X_PER_DEG


def places(*metres: tuple[float, float]) -> list[tuple[float, float]]:
    return [place(*one) for one in metres]


def box(west: float, south: float, wide: float, deep: float) -> list[tuple[float, float]]:
    return places((west, south), (west + wide, south), (west + wide, south + deep), (west, south + deep))


def circle(radius_m: float, count: int) -> Metres:
    turns = [2 * math.pi * i / count for i in range(count)]
    return [(radius_m * math.cos(turn), radius_m * math.sin(turn)) for turn in turns]


def code(corners: list[tuple[float, float]]) -> str | None:
    flaw = find_flaw(corners)
    return flaw.code if flaw else None


@st.composite
def stars(draw: Any, fewest: int = 3) -> Metres:
    """Corners seen one after the other from a middle: always a simple polygon, often a hollow one."""
    count = draw(st.integers(fewest, 12))
    reach = draw(st.lists(st.floats(4, 60), min_size=count, max_size=count))
    start = draw(st.floats(0, 6))
    turn = 2 * math.pi / count
    east, north = draw(st.floats(-40, 40)), draw(st.floats(-40, 40))
    return [
        (east + r * math.cos(start + i * turn), north + r * math.sin(start + i * turn)) for i, r in enumerate(reach)
    ]


@FEWER
@given(stars())
def test_corners_round_a_middle_make_a_polygon_of_the_area_that_the_ellipsoid_says(star: Metres) -> None:
    corners = places(*star)
    assert find_flaw(corners) is None
    expected, _ = ELLIPSOID.polygon_area_perimeter([lon for _, lon in corners], [lat for lat, _ in corners])
    assert area_m2(corners) == pytest.approx(abs(expected), rel=0.008)
    assert not is_clockwise(corners)


@FEWER
@given(stars(), st.integers(0, 11), st.booleans())
def test_where_one_begins_and_which_way_round_changes_nothing(star: Metres, start: int, back: bool) -> None:
    corners = places(*star)
    turned = corners[start % len(corners) :] + corners[: start % len(corners)]
    turned = turned[::-1] if back else turned
    assert code(turned) is None
    assert area_m2(turned) == pytest.approx(area_m2(corners), rel=1e-4)
    ring = make_polygon(turned)["coordinates"][0]
    assert ring[0] == ring[-1] and len(ring) == len(corners) + 1
    again = corners_of({"type": "Polygon", "coordinates": [ring]})
    assert again is not None and not is_clockwise(again) and set(again) == set(corners)


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> int:
    ax, ay, bx, by, cx, cy = (Fraction(one) for point in (a, b, c) for one in point)
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    return (area > 0) - (area < 0)


def _crosses(corners: list[tuple[float, float]]) -> bool:
    """Whether two sides cross between their ends, in exact arithmetic."""
    sides = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    return any(
        _turn(*a, b[0]) * _turn(*a, b[1]) < 0 and _turn(*b, a[0]) * _turn(*b, a[1]) < 0
        for a, b in combinations(sides, 2)
    )


@FEWER
@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), min_size=3, max_size=8))
def test_no_polygon_is_taken_whose_sides_cross(metres: Metres) -> None:
    corners = places(*metres)
    if _crosses(corners):
        assert code(corners) in ("outline_crossing", "outline_twice")


@FEWER
@given(stars(4), st.integers(0, 11))
def test_two_corners_of_a_round_one_exchanged_make_a_crossing_that_is_named(star: Metres, at: int) -> None:
    at %= len(star)
    after = (at + 1) % len(star)
    round_one = circle(40, len(star))
    round_one[at], round_one[after] = round_one[after], round_one[at]
    flaw = find_flaw(places(*round_one))
    assert flaw is not None and flaw.code == "outline_crossing"
    before, beyond = (at - 1) % len(star), (after + 1) % len(star)
    assert {flaw.values["first"] - 1, flaw.values["second"] - 1} == {before, after}
    assert {flaw.values["next"] - 1, flaw.values["last"] - 1} == {at, beyond}


@FEWER
@given(stars(), stars())
def test_what_two_hold_in_common_is_what_points_strewn_over_them_say(one: Metres, other: Metres) -> None:
    a, b = places(*one), places(*other)
    found = overlap_m2(a, b)
    assert found == pytest.approx(overlap_m2(b, a), rel=1e-3, abs=0.05)
    assert -1e-6 <= found <= min(area_m2(a), area_m2(b)) * 1.001 + 0.01
    assert overlap_m2(a, a) == pytest.approx(area_m2(a), rel=1e-3)
    step = 6.0
    grid = [(x * step, y * step) for x in range(-18, 19) for y in range(-18, 19)]
    both = sum(away_from_m(a, place(*spot)) < 0 and away_from_m(b, place(*spot)) < 0 for spot in grid) * step * step
    assert found == pytest.approx(both, abs=600 + 0.25 * both)


@FEWER
@given(stars(), st.floats(-80, 80), st.floats(-80, 80))
def test_a_place_is_inside_exactly_where_the_lines_to_it_wind_round_once(star: Metres, x: float, y: float) -> None:
    away = away_from_m(places(*star), place(x, y))
    angles = [math.atan2(b - y, a - x) for a, b in star]
    turned = sum(
        math.remainder(after - before, 2 * math.pi)
        for before, after in zip(angles, [*angles[1:], angles[0]], strict=True)
    )
    if abs(away) > 0.01:
        assert (away < 0) == (abs(turned) > math.pi)
    nearest = min(
        math.hypot(x - a[0] - t / 200 * (b[0] - a[0]), y - a[1] - t / 200 * (b[1] - a[1]))
        for a, b in zip(star, [*star[1:], star[0]], strict=True)
        for t in range(201)
    )
    assert abs(abs(away) - nearest) <= 0.6


@pytest.mark.parametrize(
    ("corners", "flaw"),
    [
        (box(0, 0, 10, 10), None),
        (box(0, 0, 10, 10)[:2], "outline_few"),
        ([], "outline_few"),
        (places((0, 0), (10, 0), (10, 0), (0, 10)), "outline_twice"),
        (places((0, 0), (10, 10), (10, 0), (0, 10)), "outline_crossing"),
        (places((0, 0), (10, 0), (4, 0), (4, 8)), "outline_crossing"),  # back along the way one came
        (places((0, 0), (20, 0), (20, 10), (10, 0), (0, 10)), "outline_crossing"),  # touches the side opposite
        (places((0, 0), (10, 0), (20, 0)), "outline_crossing"),  # all on one line
        (box(0, 0, 0.9, 0.9), "outline_small"),
        (places(*((50 * math.cos(i / 32), 50 * math.sin(i / 32)) for i in range(201))), "outline_many"),
    ],
)
def test_what_is_no_simple_polygon_is_said_to_be_none(corners: list[tuple[float, float]], flaw: str | None) -> None:
    assert code(corners) == flaw


def test_as_many_corners_as_fit_are_looked_at_in_a_moment() -> None:
    many = circle(50, MOST_CORNERS)
    assert code(places(*many)) is None
    assert overlap_m2(places(*many), places(*many)) == pytest.approx(area_m2(places(*many)), rel=1e-3)


def test_houses_that_share_a_wall_hold_nothing_in_common() -> None:
    assert overlap_m2(box(0, 0, 10, 10), box(10, 0, 10, 10)) == pytest.approx(0, abs=0.01)
    assert overlap_m2(box(0, 0, 10, 10), box(200, 0, 10, 10)) == 0
    assert overlap_m2(box(0, 0, 10, 10), box(8, 2, 10, 5)) == pytest.approx(10, rel=1e-3)
    assert overlap_m2(box(0, 0, 30, 30), box(10, 10, 5, 5)) == pytest.approx(25, rel=1e-3)


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Point", "coordinates": [LON, LAT]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]], [[0, 0], [1, 0], [0, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[["0", 0], [1, 0], [0, 1], ["0", 0]]]},
        {"type": "Polygon", "coordinates": [[[math.inf, 0], [1, 0], [0, 1], [math.inf, 0]]]},
        {"type": "Polygon", "coordinates": [[[True, 0], [1, 0], [0, 1], [True, 0]]]},
        {"type": "MultiPolygon", "coordinates": []},
    ],
)
def test_other_shapes_have_no_corners_that_could_be_edited(geometry: Any) -> None:
    assert corners_of(geometry) is None
