import pyproj
import pytest

from asset_pipeline.clouds.crs import Crs, make_crs, read_crs
from asset_pipeline.clouds.projection import find_projection, grid_heading_deg, unproject
from asset_pipeline.errors import OptionRefused

NAGASAKI = (-12_000.0, 33_000.0)  # in system I, not far from Dejima
CODES = [*range(6669, 6688), *range(2443, 2462), 6688, 6692, 3097, 32652, 32654, 32754]


@pytest.mark.parametrize("code", CODES)
def test_grid_coordinates_become_the_latitude_and_longitude_that_proj_gives(code: int) -> None:
    projection = find_projection(code)
    assert projection is not None
    theirs = pyproj.Transformer.from_crs(code, pyproj.CRS(code).geodetic_crs, always_xy=True)
    middle_m = 3_600_000.0 if projection.lat_deg == 0 and not projection.false_north_m else projection.false_north_m / 2
    for east_m, north_m in ((0.0, 0.0), NAGASAKI, (-90_000.0, -150_000.0), (120_000.0, 90_000.0)):
        place_m = (east_m + projection.false_east_m, north_m + middle_m)
        lon, lat = theirs.transform(*place_m)
        assert unproject(projection, *place_m) == pytest.approx((lat, lon), abs=1e-8)  # a millimetre
        wanted_deg = pyproj.Proj(code).get_factors(lon, lat).meridian_convergence
        off_deg = (grid_heading_deg(projection, *place_m) - wanted_deg + 180) % 360 - 180
        assert abs(off_deg) < 1e-4


def test_a_place_outside_any_zone_has_no_latitude() -> None:
    projection = find_projection(6669)
    assert projection is not None
    assert unproject(projection, 4e6, 0.0) is None
    assert unproject(projection, float("nan"), 0.0) is None


def wkt(code: int) -> str:
    return pyproj.CRS(code).to_wkt("WKT1_GDAL")


def test_the_code_is_read_from_keys_and_from_text() -> None:
    keys = b"\1\0\1\0\0\0\1\0" + b"\0\x0c\0\0\1\0" + (6669).to_bytes(2, "little")
    for found in (read_crs(keys, ""), read_crs(b"", wkt(6669)), read_crs(b"", pyproj.CRS(6669).to_wkt("WKT2_2019"))):
        assert (found.code, found.unit_m, found.projection) == (6669, 1.0, find_projection(6669))


def test_a_projection_written_out_without_a_code_is_understood() -> None:
    text = pyproj.CRS(6677).to_wkt("WKT1_ESRI")
    found = read_crs(b"", text)
    assert found.code is None and found.projection is not None
    lat, lon = unproject(found.projection, *NAGASAKI) or (0, 0)
    assert (lat, lon) == pytest.approx(unproject(find_projection(6677), *NAGASAKI), abs=1e-9)  # type: ignore[arg-type]


def test_feet_are_read_and_their_two_kinds_told_apart() -> None:
    assert read_crs(b"", wkt(2992)).unit_m == 0.3048  # Oregon: international feet
    assert read_crs(b"", wkt(2285)).unit_m == pytest.approx(1200 / 3937, abs=1e-12)  # Washington: survey feet
    assert read_crs(b"", wkt(2992)).projection is None


def test_heights_may_have_a_unit_of_their_own() -> None:
    both = pyproj.CRS("EPSG:6669+6360").to_wkt("WKT1_GDAL")  # metres on the ground, survey feet above it
    found = read_crs(b"", both)
    assert (found.code, found.unit_m) == (6669, 1.0)
    assert found.height_unit_m == pytest.approx(1200 / 3937, abs=1e-12)


@pytest.mark.parametrize("text", ["", "[", 'PROJCS["x"', 'PROJCS["x",AUTHORITY["EPSG","999999"]]', "PROJCS[" * 9000])
def test_broken_texts_tell_nothing_and_harm_nothing(text: str) -> None:
    assert read_crs(b"\1\0", text).projection is None


def test_a_code_that_cannot_be_placed_is_refused_with_those_that_can() -> None:
    assert make_crs(6669) == Crs(6669, 1.0, None, find_projection(6669))
    with pytest.raises(OptionRefused, match="6669 to 6687"):
        make_crs(2992)
