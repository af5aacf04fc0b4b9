"""Distances on the ground, and the circle round a landmark."""

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6371008.8  # mean radius, IUGG


@dataclass(frozen=True)
class Fence:
    """A landmark's circle: entered within enter_m of (lat, lon), left beyond leave_m."""

    id: str
    lat: float
    lon: float
    enter_m: float
    leave_m: float


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance in metres between two points in degrees (haversine on the mean sphere)."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_lat = math.sin((phi_b - phi_a) / 2)
    half_lon = math.sin(math.radians(lon_b - lon_a) / 2)
    chord = half_lat * half_lat + math.cos(phi_a) * math.cos(phi_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))
