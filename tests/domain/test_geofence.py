from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from xr_server.domain.geofence import distance_m

ELLIPSOID = Geod(ellps="WGS84")
lats = st.floats(-89, 89)
lons = st.floats(-180, 180)


@given(lats, lons, lats, lons)
def test_distances_are_those_on_the_ellipsoid_within_the_error_of_a_sphere(lat_a, lon_a, lat_b, lon_b):
    _, _, expected_m = ELLIPSOID.inv(lon_a, lat_a, lon_b, lat_b)
    assert abs(distance_m(lat_a, lon_a, lat_b, lon_b) - expected_m) <= 0.006 * expected_m + 0.01


@given(lats, lons, lats, lons)
def test_a_distance_is_the_same_both_ways_and_zero_only_at_home(lat_a, lon_a, lat_b, lon_b):
    assert distance_m(lat_a, lon_a, lat_b, lon_b) == distance_m(lat_b, lon_b, lat_a, lon_a)
    assert distance_m(lat_a, lon_a, lat_a, lon_a) == 0


def test_the_date_line_is_no_barrier():
    assert distance_m(0, 179.9999, 0, -179.9999) < 25
