"""Placing a model by hand: the numbers a creator types or drags, held against where the site is. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from asset_pipeline.geopose import Position, enu_to_geodetic
from xr_server.domain.catalog import Node, Placement, Scene, Site
from xr_server.domain.geofence import distance_m
from xr_server.errors import Invalid

FARTHEST_M = 5000.0  # beyond, it is another place or a slip of the keyboard
SEA_TO_ELLIPSOID_M = (20.0, 45.0)  # how far the sea lies above the ellipsoid in Japan
SAME_M = 0.015  # two heights shown to a centimetre
NEAR_HEIGHT_M = 15.0  # a model's origin is seldom farther above or below the ground of its site
LIMITS = {
    "lat": (-90.0, 90.0),
    "lon": (-180.0, 180.0),
    "h": (-1000.0, 10_000.0),
    "heading_deg": (-360.0, 360.0),
    "accuracy_m": (0.001, 10_000.0),
    "ground_y": (-1000.0, 1000.0),
}
FIELDS = tuple(LIMITS)


@dataclass(frozen=True)
class Place:
    """Where a node is put: its placement, and how high in the model people stand (None: at its lowest point)."""

    placement: Placement
    ground_y: float | None


def settle_height(typed: Mapping[str, str], site: Site) -> dict[str, str]:
    """The typed fields with one height above the ellipsoid. Raises Invalid.

    Two fields tell the height, the second from the floor of the site: the one that was changed counts, `h_shown` being what
    the form showed. `above_sea` is a height that somebody has said to count from the sea.
    """
    settled = dict(typed)
    if typed.get("above_sea", "") and site.geoid_m is not None:
        settled["h"] = f"{_number('h', typed['above_sea']) + site.geoid_m:g}"
        return settled
    shown, floor = typed.get("h_shown", ""), typed.get("floor_h", "").strip()
    if not floor or floor == floor_height(shown, site):
        return settled
    told = _number("h", floor) + site.origin.h
    if typed.get("h", "").strip() != shown and abs(_number("h", typed.get("h", "")) - told) > SAME_M:
        raise Invalid(
            "place_two_heights",
            "Both heights were changed, and they do not fit together. Nothing was changed; put one of them right.",
        )
    settled["h"] = f"{told:.3f}".rstrip("0").rstrip(".")
    return settled


def floor_height(h: str, site: Site) -> str:
    """A height above the ellipsoid as one above the floor of the site, as a form shows it; empty where it is no number."""
    try:
        return f"{float(h.strip().replace(',', '.')) - site.origin.h:.2f}"
    except ValueError:
        return ""


def read_place(typed: Mapping[str, str], site: Site, before: Placement) -> Place:
    """What was typed, as a place; a place that was measured stays so only where nothing of it was changed. Raises Invalid."""
    _check_swapped(typed, site)
    numbers = {name: _number(name, typed.get(name, "")) for name in FIELDS if name != "ground_y"}
    lat, lon, h = numbers["lat"], numbers["lon"], numbers["h"]
    _check_near(lat, lon, site)
    if h != before.h and typed.get("sure_h") != typed.get("h"):  # unchanged, or said twice
        _check_height(h, site)
    placement = Placement(
        lat=lat,
        lon=lon,
        h=h,
        heading_deg=numbers["heading_deg"] % 360,
        accuracy_m=numbers["accuracy_m"],
    )
    if placement == msgspec.structs.replace(before, surveyed=False):
        placement = before
    ground = typed.get("ground_y", "").strip()
    return Place(placement, _number("ground_y", ground) if ground else None)


def _number(name: str, text: str) -> float:
    lowest, highest = LIMITS[name]
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:  # also false for NaN
        raise Invalid(f"place_{name}", f"{name} must be a number from {lowest:g} to {highest:g}.")
    return value


def _check_swapped(typed: Mapping[str, str], site: Site) -> None:
    """Refuse numbers that lead to the site only the other way round."""
    try:
        lat, lon = (float(typed.get(name, "").replace(",", ".")) for name in ("lat", "lon"))
    except ValueError:
        return
    if not is_near(lat, lon, site) and is_near(lon, lat, site):
        raise Invalid("place_swapped", "Latitude and longitude are exchanged; nothing was changed. Exchange them.")


def is_near(lat: float, lon: float, site: Site) -> bool:
    """Whether a place belongs to the site, as far as one can tell."""
    there = abs(lat) <= LIMITS["lat"][1] and abs(lon) <= LIMITS["lon"][1]
    return there and distance_m(lat, lon, site.origin.lat, site.origin.lon) <= FARTHEST_M


def _check_near(lat: float, lon: float, site: Site) -> None:
    if is_near(lat, lon, site):
        return
    away_km = distance_m(lat, lon, site.origin.lat, site.origin.lon) / 1000
    raise Invalid(
        "place_far",
        f"That is {away_km:.0f} km from the site, so it was left as it was. Check both numbers; {FARTHEST_M / 1000:g} km are "
        "the most.",
    )


def _check_height(h: float, site: Site) -> None:
    """Refuse a height that fits the site only when counted from the sea."""
    if looks_above_sea(h, site):
        raise Invalid(
            "height_sea",
            f"{h:g} m looks like metres above the sea; here they count from the ellipsoid, which lies lower: "
            f"{site.origin.h:g} m is the ground of the site. Nothing was changed; if it is right all the same, save again.",
        )


def looks_above_sea(h: float, site: Site) -> bool:
    """Whether a height is far below the ground of the site, but near it when counted from the sea."""
    below = site.origin.h - h
    if abs(below) <= NEAR_HEIGHT_M:
        return False
    if site.geoid_m is not None:
        return abs(below - site.geoid_m) <= NEAR_HEIGHT_M
    least, most = SEA_TO_ELLIPSOID_M
    return least - NEAR_HEIGHT_M / 2 <= below <= most


def corners_on_ground(
    place: Position, heading_deg: float, box: tuple[Sequence[float], Sequence[float]]
) -> list[tuple[float, float]]:
    """Latitude and longitude of the four corners of a model's box, seen from above, where it stands."""
    turn, (low, high) = math.radians(heading_deg), box
    corners = ((low[0], low[2]), (high[0], low[2]), (high[0], high[2]), (low[0], high[2]))
    offsets = (
        (x * math.cos(turn) - z * math.sin(turn), -z * math.cos(turn) - x * math.sin(turn), 0.0) for x, z in corners
    )
    return [(corner.lat, corner.lon) for corner in (enu_to_geodetic(offset, place) for offset in offsets)]


def put_node(scene: Scene, node_id: str, place: Place) -> Scene:
    """The scene with one node put elsewhere; where survey points say its place they still do."""
    nodes = [
        msgspec.structs.replace(node, placement=place.placement, ground_y=place.ground_y)
        if node.id == node_id
        else node
        for node in scene.nodes
    ]
    return msgspec.structs.replace(scene, nodes=nodes)


def type_place(node: Node) -> dict[str, str]:
    """A node's place as a form shows it."""
    place = node.placement
    ground = "" if node.ground_y is None else f"{node.ground_y:g}"
    return {
        "lat": f"{place.lat:.7f}",
        "lon": f"{place.lon:.7f}",
        "h": f"{place.h:g}",
        "heading_deg": f"{place.heading_deg:g}",
        "accuracy_m": f"{place.accuracy_m:g}",
        "ground_y": ground,
    }
