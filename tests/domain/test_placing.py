"""Numbers of a place, typed or dragged: what is taken, what is a slip, and what stays as it was measured."""

import pytest
from msgspec.structs import replace

from tests.samples import SITE
from xr_server.domain.catalog import Node, Placement, Scene
from xr_server.domain.placing import (
    Place,
    floor_height,
    looks_above_sea,
    put_node,
    read_place,
    settle_height,
    type_place,
)
from xr_server.errors import Invalid

O = SITE.origin  # noqa: E741
BEFORE = Placement(lat=O.lat, lon=O.lon, h=O.h, heading_deg=208.0, accuracy_m=0.4, surveyed=True)
NODE = Node(id="scan", package="a" * 64, placement=BEFORE)
TYPED = type_place(NODE)


def read(**changed):
    return read_place({**TYPED, **changed}, SITE, BEFORE)


def test_what_was_not_changed_stays_as_it_was_measured():
    assert read() == Place(BEFORE, None)


def test_what_was_moved_by_hand_is_not_surveyed_any_more():
    place = read(lat=f"{O.lat + 0.0001:.7f}").placement
    assert (place.lat, place.surveyed, place.accuracy_m) == (pytest.approx(O.lat + 0.0001, abs=1e-7), False, 0.4)


@pytest.mark.parametrize(("typed", "heading"), [("-10", 350), ("360", 0), ("12,5", 12.5), (" 7 ", 7)])
def test_directions_and_decimal_commas_are_taken_as_they_are_meant(typed, heading):
    assert read(heading_deg=typed).placement.heading_deg == heading


@pytest.mark.parametrize(("typed", "ground_y"), [("", None), ("0", 0.0), ("-1.25", -1.25)])
def test_where_people_stand_may_be_left_to_the_models_lowest_point(typed, ground_y):
    assert read(ground_y=typed).ground_y == ground_y


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"lat": "north"}, "place_lat"),
        ({"lat": ""}, "place_lat"),
        ({"lon": "181"}, "place_lon"),
        ({"h": "nan"}, "place_h"),
        ({"heading_deg": "inf"}, "place_heading_deg"),
        ({"accuracy_m": "0"}, "place_accuracy_m"),
        ({"ground_y": "deep"}, "place_ground_y"),
        ({"lat": str(O.lon), "lon": str(O.lat)}, "place_swapped"),
        ({"lat": str(O.lat + 1)}, "place_far"),
        ({"lat": "0", "lon": "0"}, "place_far"),
        ({"h": str(O.h - 32)}, "height_sea"),
    ],
)
def test_slips_are_named_and_nothing_is_changed(changed, code):
    with pytest.raises(Invalid) as refused:
        read(**changed)
    assert refused.value.code == code


@pytest.mark.parametrize("h", [O.h, O.h + 12, O.h - 12, O.h + 60, O.h - 80])
def test_heights_that_are_no_sea_level_of_the_site_are_taken(h):
    assert read(h=str(h)).placement.h == h


def test_only_the_node_of_the_scan_is_put_elsewhere():
    other = Node(id="other", package="b" * 64, placement=BEFORE)
    scene = Scene(id="wall", landmark="water-gate", nodes=[NODE, other])
    moved = put_node(scene, "scan", read(heading_deg="10", ground_y="0.5"))
    assert [node.placement.heading_deg for node in moved.nodes] == [10, 208]
    assert [node.ground_y for node in moved.nodes] == [0.5, None]


SEA = replace(SITE, geoid_m=32.0)


def settle(**changed):
    shown = {**TYPED, "h_shown": TYPED["h"], "floor_h": floor_height(TYPED["h"], SEA)}
    return settle_height({**shown, **changed}, SEA)["h"]


def test_the_height_that_was_changed_counts_whichever_field_it_stands_in():
    assert settle() == TYPED["h"]
    assert float(settle(floor_h="0.25")) == pytest.approx(O.h + 0.25)
    assert float(settle(h="40")) == 40
    assert float(settle(h=f"{O.h + 2}", floor_h="2,00")) == pytest.approx(O.h + 2)
    with pytest.raises(Invalid, match="do not fit together"):
        settle(h="40", floor_h="0.25")
    with pytest.raises(Invalid) as refused:
        settle(floor_h="high")
    assert refused.value.code == "place_h"


def test_a_height_said_to_count_from_the_sea_gets_what_lies_between_and_only_that():
    assert float(settle(above_sea="2.5")) == pytest.approx(34.5)
    assert settle_height({"h": "2.5", "above_sea": "2.5"}, SITE)["h"] == "2.5"  # nobody knows what to add


@pytest.mark.parametrize(("below_m", "doubted"), [(32, True), (20, True), (46, True), (14, False), (48, False)])
def test_how_far_the_sea_lies_above_the_ellipsoid_decides_what_is_doubted(below_m, doubted):
    assert looks_above_sea(O.h - below_m, SEA) is doubted
