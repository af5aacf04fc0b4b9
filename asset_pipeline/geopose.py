"""Positions on the Earth: WGS 84, Earth-centred and local east-north-up coordinates, OGC GeoPose.

Conventions: latitude before longitude, degrees; heights in metres above the WGS 84 ellipsoid; local frames in metres.
glTF is y up, so a model's (x, y, z) lies at (east, up, -north) when its heading is 0. A heading is the compass
direction, clockwise from true north, towards which the model's own -z axis points.
Source: OGC 21-056r11 (GeoPose 1.0), Basic-Quaternion; WGS 84 constants from NGA.STND.0036.
"""

import math
from dataclasses import dataclass

from asset_pipeline.errors import OptionRefused

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)
UNIT_TOLERANCE = 1e-6

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True)
class Position:
    """A point on WGS 84: degrees, and metres above the ellipsoid."""

    lat: float
    lon: float
    h: float

    def __post_init__(self) -> None:
        """Refuse what cannot be a place. Raises OptionRefused."""
        if not all(math.isfinite(value) for value in (self.lat, self.lon, self.h)):
            raise OptionRefused("position_not_finite", "Latitude, longitude and height must be ordinary numbers.")
        if not -90 <= self.lat <= 90 or not -180 <= self.lon <= 180:
            raise OptionRefused(
                "position_out_of_range",
                f"Latitude {self.lat:g} or longitude {self.lon:g} is not on the Earth; latitude comes first.",
            )


@dataclass(frozen=True)
class GeoPose:
    """Where a package's origin stands and how it is turned: quaternion (x, y, z, w), model axes to east-north-up."""

    position: Position
    quaternion: Quaternion

    def __post_init__(self) -> None:
        """Refuse a quaternion that is not of length 1. Raises OptionRefused."""
        length = math.sqrt(sum(part * part for part in self.quaternion))
        if not math.isfinite(length) or abs(length - 1) > UNIT_TOLERANCE:
            raise OptionRefused("quaternion_not_unit", "The quaternion of a GeoPose must have length 1.")


def heading_to_quaternion(heading_deg: float) -> Quaternion:
    """Quaternion (x, y, z, w) in east-north-up of a level model turned to a compass heading in degrees."""
    half = math.radians(-heading_deg) / 2
    return (0.0, 0.0, math.sin(half), math.cos(half))


def quaternion_to_heading(quaternion: Quaternion) -> float:
    """Compass heading in degrees, 0 <= heading < 360, of a quaternion (x, y, z, w) in east-north-up."""
    x, y, z, w = quaternion
    yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return math.degrees(-yaw) % 360


def dump_geopose(pose: GeoPose) -> dict[str, dict[str, float]]:
    """The pose as an OGC GeoPose Basic-Quaternion object."""
    x, y, z, w = pose.quaternion
    place = pose.position
    return {
        "position": {"lat": place.lat, "lon": place.lon, "h": place.h},
        "quaternion": {"x": x, "y": y, "z": z, "w": w},
    }


def parse_geopose(document: dict[str, dict[str, float]]) -> GeoPose:
    """The pose in a Basic-Quaternion object. Raises OptionRefused when a member is missing or impossible."""
    try:
        place, turn = document["position"], document["quaternion"]
        return GeoPose(
            Position(float(place["lat"]), float(place["lon"]), float(place["h"])),
            (float(turn["x"]), float(turn["y"]), float(turn["z"]), float(turn["w"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OptionRefused("geopose_incomplete", f"This GeoPose lacks a number: {error}.") from error


def geodetic_to_ecef(place: Position) -> Vector:
    """Earth-centred, Earth-fixed coordinates in metres of a WGS 84 position."""
    lat, lon = math.radians(place.lat), math.radians(place.lon)
    radius = SEMI_MAJOR_M / math.sqrt(1 - ECCENTRICITY_SQUARED * math.sin(lat) ** 2)
    across = (radius + place.h) * math.cos(lat)
    return (
        across * math.cos(lon),
        across * math.sin(lon),
        (radius * (1 - ECCENTRICITY_SQUARED) + place.h) * math.sin(lat),
    )


def ecef_to_geodetic(point: Vector) -> Position:
    """WGS 84 position of Earth-centred coordinates in metres; Bowring's iteration, below 1e-9 degrees near the ground."""
    x, y, z = point
    across = math.hypot(x, y)
    lat = math.atan2(z, across * (1 - ECCENTRICITY_SQUARED))
    height = 0.0
    for _ in range(6):
        radius = SEMI_MAJOR_M / math.sqrt(1 - ECCENTRICITY_SQUARED * math.sin(lat) ** 2)
        # the form that stays sound at the poles, where across / cos(lat) is 0 / 0
        height = across * math.cos(lat) + z * math.sin(lat) - SEMI_MAJOR_M**2 / radius
        lat = math.atan2(z, across * (1 - ECCENTRICITY_SQUARED * radius / (radius + height)))
    return Position(math.degrees(lat), math.degrees(math.atan2(y, x)), height)


def geodetic_to_enu(place: Position, origin: Position) -> Vector:
    """(east, north, up) in metres of a position, seen from the tangent plane at the origin."""
    px, py, pz = geodetic_to_ecef(place)
    ox, oy, oz = geodetic_to_ecef(origin)
    dx, dy, dz = px - ox, py - oy, pz - oz
    lat, lon = math.radians(origin.lat), math.radians(origin.lon)
    sin_lat, cos_lat, sin_lon, cos_lon = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
    outward = cos_lon * dx + sin_lon * dy
    return (
        -sin_lon * dx + cos_lon * dy,
        -sin_lat * outward + cos_lat * dz,
        cos_lat * outward + sin_lat * dz,
    )


def enu_to_geodetic(offset: Vector, origin: Position) -> Position:
    """WGS 84 position of (east, north, up) metres on the tangent plane at the origin."""
    east, north, up = offset
    ox, oy, oz = geodetic_to_ecef(origin)
    lat, lon = math.radians(origin.lat), math.radians(origin.lon)
    sin_lat, cos_lat, sin_lon, cos_lon = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
    outward = cos_lat * up - sin_lat * north
    return ecef_to_geodetic(
        (
            ox - sin_lon * east + cos_lon * outward,
            oy + cos_lon * east + sin_lon * outward,
            oz + cos_lat * north + sin_lat * up,
        )
    )
