import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from asset_pipeline.errors import OptionRefused
from asset_pipeline.geopose import (
    GeoPose,
    Position,
    dump_geopose,
    ecef_to_geodetic,
    enu_to_geodetic,
    geodetic_to_ecef,
    geodetic_to_enu,
    heading_to_quaternion,
    parse_geopose,
    quaternion_to_heading,
)

TO_ECEF = Transformer.from_crs(4979, 4978, always_xy=True)
DEJIMA = Position(32.7434, 129.8732, 34.5)
PLACES = [DEJIMA, Position(0.0, 0.0, 0.0), Position(-89.9, 179.9, 5000.0), Position(51.5, -0.12, -40.0)]


@pytest.mark.parametrize("place", PLACES)
def test_earth_centred_coordinates_agree_with_proj(place: Position) -> None:
    assert geodetic_to_ecef(place) == pytest.approx(TO_ECEF.transform(place.lon, place.lat, place.h), abs=1e-6)


@pytest.mark.parametrize("place", PLACES)
def test_local_east_north_up_agrees_with_proj(place: Position) -> None:
    pipeline = (
        f"+proj=pipeline +step +proj=cart +step +proj=topocentric +lat_0={place.lat} +lon_0={place.lon} +h_0={place.h}"
    )
    to_enu = Transformer.from_pipeline(pipeline)
    near = Position(place.lat + 0.001, place.lon - 0.002, place.h + 12.0)
    assert geodetic_to_enu(near, place) == pytest.approx(to_enu.transform(near.lon, near.lat, near.h), abs=1e-6)


@given(st.floats(-89.99, 89.99), st.floats(-179.99, 179.99), st.floats(-500, 9000))
def test_there_and_back_is_the_same_place(lat: float, lon: float, h: float) -> None:
    back = ecef_to_geodetic(geodetic_to_ecef(Position(lat, lon, h)))
    assert (back.lat, back.lon) == pytest.approx((lat, lon), abs=1e-9)
    assert back.h == pytest.approx(h, abs=1e-5)


@given(st.tuples(*[st.floats(-3000, 3000)] * 3))
def test_metres_from_dejima_come_back(offset: tuple[float, float, float]) -> None:
    assert geodetic_to_enu(enu_to_geodetic(offset, DEJIMA), DEJIMA) == pytest.approx(offset, abs=1e-5)


@pytest.mark.parametrize(("heading", "east", "north"), [(0, 0, 1), (90, 1, 0), (180, 0, -1), (270, -1, 0)])
def test_a_heading_turns_the_models_back_towards_that_compass_direction(heading: float, east: int, north: int) -> None:
    x, y, z, w = heading_to_quaternion(heading)
    assert (x, y) == (0, 0)
    turn = 2 * math.atan2(z, w)  # a model's -z axis is north at heading 0
    assert (-math.sin(turn), math.cos(turn)) == pytest.approx((east, north), abs=1e-12)


@given(st.floats(0, 359.999))
def test_headings_survive_the_quaternion(heading: float) -> None:
    difference = quaternion_to_heading(heading_to_quaternion(heading)) - heading
    assert min(abs(difference), abs(abs(difference) - 360)) < 1e-9


def test_a_pose_is_dumped_and_parsed_without_loss() -> None:
    pose = GeoPose(DEJIMA, heading_to_quaternion(123.4))
    assert parse_geopose(dump_geopose(pose)) == pose


@pytest.mark.parametrize("lat_lon_h", [(129.87, 32.74, 0), (math.nan, 0, 0), (0, 181, 0), (0, 0, math.inf)])
def test_what_is_no_place_is_refused(lat_lon_h: tuple[float, float, float]) -> None:
    with pytest.raises(OptionRefused):
        Position(*lat_lon_h)


def test_a_quaternion_that_is_not_of_length_one_is_refused() -> None:
    with pytest.raises(OptionRefused) as refused:
        GeoPose(DEJIMA, (0.0, 0.0, 0.0, float(np.nextafter(1, 2)) + 1e-5))
    assert refused.value.code == "quaternion_not_unit"
