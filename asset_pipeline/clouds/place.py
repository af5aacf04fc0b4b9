"""Where a scan with map coordinates stands: taken from them when the caller names no place, held against it otherwise."""

import math
from dataclasses import replace

from asset_pipeline.clouds.projection import Projection, grid_heading_deg, unproject
from asset_pipeline.errors import OptionRefused
from asset_pipeline.geopose import GeoPose, Position, Vector, geodetic_to_enu, heading_to_quaternion
from asset_pipeline.manifest import Anchor
from asset_pipeline.options import BuildOptions
from asset_pipeline.scan import ScanWarning, warn

FAR_M = 100.0  # a stated place further than this from the map coordinates is a mistake somewhere


def settle_anchor(
    options: BuildOptions, projection: Projection | None, offset_m: Vector
) -> tuple[Anchor, list[ScanWarning]]:
    """(anchor, what to tell people) of a scan whose origin lay at offset_m, metres and y up, in its own coordinates.

    Raises OptionRefused when a place is needed and the coordinates are none on the map.
    """
    anchor, own = options.anchor, options.own_place
    if projection is None:
        return anchor, []
    east_m, height_m, north_m = offset_m[0], offset_m[1], -offset_m[2]
    place = unproject(projection, east_m, north_m)
    if own is None:
        return anchor, _compare(anchor, place, projection)
    if place is None:
        text = f"The coordinates of the scan lie outside {projection.name}; give --lat, --lon, --height and --heading."
        raise OptionRefused("place_outside", text)
    heading_deg = grid_heading_deg(projection, east_m, north_m) if own.heading_deg is None else own.heading_deg
    height_m = height_m if own.height_m is None else own.height_m
    pose = GeoPose(Position(*place, height_m), heading_to_quaternion(heading_deg))
    notes = [warn("place_from_map", projection=projection.name, lat=place[0], lon=place[1])]
    if own.height_m is None:
        notes.append(warn("height_from_survey", height_m=height_m))
    return replace(anchor, geopose=pose), notes


def _compare(anchor: Anchor, place: tuple[float, float] | None, projection: Projection) -> list[ScanWarning]:
    """A warning when the caller's place is not where the map coordinates are."""
    if place is None:
        return []
    stated = anchor.geopose.position
    east_m, north_m, up_m = geodetic_to_enu(Position(stated.lat, stated.lon, 0.0), Position(*place, 0.0))
    distance_m = math.hypot(east_m, north_m, up_m)
    if distance_m <= FAR_M:
        return []
    return [warn("place_differs", distance_m=distance_m, projection=projection.name, lat=place[0], lon=place[1])]
