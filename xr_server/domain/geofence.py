"""Distances on the ground, and what a visitor arrives at: the circle or the outline of a landmark."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

EARTH_RADIUS_M = 6371008.8  # mean radius, IUGG
M_PER_DEG = EARTH_RADIUS_M * math.pi / 180  # of latitude


@dataclass(frozen=True)
class Fence:
    """What is entered within enter_m and left beyond leave_m: of (lat, lon), or of the outline where there is a ring.

    ring: the corners as GeoJSON has them, longitude first, the first one again at the end.
    """

    id: str
    lat: float
    lon: float
    enter_m: float
    leave_m: float
    ring: Sequence[Sequence[float]] = ()


def fences_of(landmarks: Iterable[Mapping[str, Any]]) -> list[Fence]:
    """The fences of those landmarks of a site document that have one."""
    found = []
    for mark in landmarks:
        if mark["lat"] is not None and mark["geofence"] is not None:
            geometry = mark["geometry"] or {"type": ""}
            ring = geometry["coordinates"][0] if geometry["type"] == "Polygon" else ()
            found.append(Fence(mark["id"], mark["lat"], mark["lon"], **mark["geofence"], ring=ring))
    return found


def away_m(lat: float, lon: float, fence: Fence) -> float:
    """How far a place is in metres: from the middle of a circle; from an outline, below 0 inside of it."""
    if not fence.ring:
        return distance_m(lat, lon, fence.lat, fence.lon)
    x_per_deg = M_PER_DEG * math.cos(math.radians(lat))
    corners = [((one[0] - lon) * x_per_deg, (one[1] - lat) * M_PER_DEG) for one in fence.ring]
    side, nearest_m = 1, math.inf
    for (from_x, from_y), (to_x, to_y) in pairwise(corners):
        run_x, run_y = to_x - from_x, to_y - from_y
        if (from_y > 0) != (to_y > 0) and from_x - from_y * run_x / run_y > 0:
            side = -side
        along = -(from_x * run_x + from_y * run_y) / ((run_x * run_x + run_y * run_y) or 1)
        along = max(0.0, min(1.0, along))
        nearest_m = min(nearest_m, math.hypot(from_x + along * run_x, from_y + along * run_y))
    return side * nearest_m


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance in metres between two points in degrees (haversine on the mean sphere)."""
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half_lat = math.sin((phi_b - phi_a) / 2)
    half_lon = math.sin(math.radians(lon_b - lon_a) / 2)
    chord = half_lat * half_lat + math.cos(phi_a) * math.cos(phi_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))
