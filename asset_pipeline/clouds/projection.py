"""Map coordinates to latitude and longitude: transverse Mercator, as the plane rectangular systems of Japan and UTM use.

Standard library only. Eastings and northings in metres, angles in degrees. JGD2000, JGD2011 and WGS 84 are taken as one:
they differ by less than a metre or two, which is what the ground of Japan has moved since.
Source: Kawase, "A general formula for calculating meridian arc length" and Bulletin of GSI 59 (2011), after Krueger (1912);
the last step from conformal latitude by Newton's method, after Karney (2011).
"""

import math
from dataclasses import dataclass

from asset_pipeline.geopose import Position, geodetic_to_enu

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257222101  # GRS 80; WGS 84 differs by 0.1 mm
FARTHEST_EAST_M, FARTHEST_NORTH_M = 1.5e6, 1.1e7  # beyond it the series is not true, and no zone reaches so far

# latitude and longitude of the origin of each plane rectangular system, I to XIX (GSI notice 9 of 2002)
PLANE_ORIGINS_DEG = (
    (33, 129 + 30 / 60), (33, 131), (36, 132 + 10 / 60), (33, 133 + 30 / 60), (36, 134 + 20 / 60), (36, 136),
    (36, 137 + 10 / 60), (36, 138 + 30 / 60), (36, 139 + 50 / 60), (40, 140 + 50 / 60), (44, 140 + 15 / 60),
    (44, 142 + 15 / 60), (44, 144 + 15 / 60), (26, 142), (26, 127 + 30 / 60), (26, 124), (26, 131), (20, 136), (26, 154),
)  # fmt: skip
PLANE_CODES = (6669, 2443)  # EPSG code of system I in JGD2011 and in JGD2000; the others follow
OLD_DATUM_CODES = range(30161, 30180)  # the same systems before 2002, some 400 m away
JAPAN_UTM_CODES = ((6688, 51), (3097, 51))  # zones 51 to 55 in JGD2011 and JGD2000
WORLD_UTM_CODES = (32600, 32700)  # + zone: WGS 84 north and south


@dataclass(frozen=True)
class Projection:
    """A transverse Mercator grid: origin in degrees, scale on its meridian, metres added to eastings and northings."""

    name: str
    lat_deg: float
    lon_deg: float
    scale: float
    false_east_m: float = 0.0
    false_north_m: float = 0.0


def find_projection(code: int) -> Projection | None:
    """The projection of an EPSG code; None when it is not one of those we can turn into latitude and longitude."""
    for first in PLANE_CODES:
        if first <= code < first + len(PLANE_ORIGINS_DEG):
            lat_deg, lon_deg = PLANE_ORIGINS_DEG[code - first]
            return Projection(f"EPSG:{code}", lat_deg, lon_deg, 0.9999)
    for first, first_zone in JAPAN_UTM_CODES:
        if first <= code < first + 5:
            return _utm(code, first_zone + code - first, south=False)
    for base in WORLD_UTM_CODES:
        if 1 <= code - base <= 60:
            return _utm(code, code - base, south=base == WORLD_UTM_CODES[1])
    return None


def _utm(code: int, zone: int, south: bool) -> Projection:
    return Projection(f"EPSG:{code}", 0.0, 6 * zone - 183.0, 0.9996, 500_000.0, 1e7 if south else 0.0)


def unproject(projection: Projection, east_m: float, north_m: float) -> tuple[float, float] | None:
    """(latitude, longitude) in degrees of grid coordinates, exact to a millimetre; None outside any zone."""
    east_m, north_m = east_m - projection.false_east_m, north_m - projection.false_north_m
    if not (abs(east_m) < FARTHEST_EAST_M and abs(north_m) < FARTHEST_NORTH_M):
        return None
    n = FLATTENING / (2 - FLATTENING)
    radius_m = projection.scale * SEMI_MAJOR_M / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    xi = north_m / radius_m + _rectifying(math.radians(projection.lat_deg), n)
    eta = east_m / radius_m
    beta = (
        n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96 - n**4 / 360,
        n**2 / 48 + n**3 / 15 - 437 * n**4 / 1440,
        17 * n**3 / 480 - 37 * n**4 / 840,
        4397 * n**4 / 161280,
    )
    terms = list(enumerate(beta, start=1))
    xi, eta = (
        xi - sum(b * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, b in terms),
        eta - sum(b * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, b in terms),
    )
    conformal = math.sin(xi) / math.hypot(math.sinh(eta), math.cos(xi))
    lon_deg = projection.lon_deg + math.degrees(math.atan2(math.sinh(eta), math.cos(xi)))
    return math.degrees(math.atan(_geodetic_tangent(conformal))), (lon_deg + 180) % 360 - 180


def grid_heading_deg(projection: Projection, east_m: float, north_m: float) -> float:
    """Compass direction in degrees, 0 <= heading < 360, of the grid's north at a place inside the zone."""
    here, there = (unproject(projection, east_m, north_m + step_m) for step_m in (0.0, 100.0))
    if here is None or there is None:
        raise ValueError("a heading is asked for a place outside the zone")
    east, north, _ = geodetic_to_enu(Position(*there, 0.0), Position(*here, 0.0))
    return math.degrees(math.atan2(east, north)) % 360


def _eccentricity() -> float:
    return math.sqrt(FLATTENING * (2 - FLATTENING))


def _conformal_tangent(tangent: float) -> float:
    """Tangent of the conformal latitude from that of the geodetic one."""
    e = _eccentricity()
    sigma = math.sinh(e * math.atanh(e * tangent / math.hypot(1, tangent)))
    return tangent * math.hypot(1, sigma) - sigma * math.hypot(1, tangent)


def _geodetic_tangent(conformal: float) -> float:
    """Tangent of the geodetic latitude from that of the conformal one; Newton's method, exact after three steps."""
    e_squared = FLATTENING * (2 - FLATTENING)
    tangent = conformal / (1 - e_squared)
    for _ in range(5):
        found = _conformal_tangent(tangent)
        slope = (1 + (1 - e_squared) * tangent**2) / ((1 - e_squared) * math.hypot(1, found) * math.hypot(1, tangent))
        tangent += (conformal - found) * slope
    return tangent


def _rectifying(lat: float, n: float) -> float:
    """The northing of a latitude in radians on the meridian itself, as an angle."""
    chi = math.atan(_conformal_tangent(math.tan(lat)))
    alpha = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    return chi + sum(a * math.sin(2 * j * chi) for j, a in enumerate(alpha, start=1))
