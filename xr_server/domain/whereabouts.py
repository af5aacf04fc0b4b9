"""Whether a place somebody typed can be meant: exchanged numbers, another country, the sea off the site. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xr_server.domain.catalog import Landmark, Record, Site
from xr_server.domain.content_index import MAX_AWAY_M
from xr_server.domain.fields import Place
from xr_server.domain.geofence import distance_m
from xr_server.domain.guidance import Footpath
from xr_server.errors import Invalid

LONE_M = 300.0  # farther than this from everything known here, somebody has to say that it is meant


@dataclass(frozen=True)
class Surroundings:
    """What places are held against: the site, everything that is known there, and whether somebody said that it is meant."""

    site: Site
    known: Sequence[Place]
    is_sure: bool = False


def gather_known(site: Site, bodies: Iterable[Record], left_out: str = "") -> list[Place]:
    """The places that are known at a site, but for those of the record that is being moved."""
    known: list[Place] = [(site.origin.lat, site.origin.lon)]
    for body in bodies:
        if body.id == left_out:
            continue
        if isinstance(body, Landmark) and body.lat is not None and body.lon is not None:
            known.append((body.lat, body.lon))
        if isinstance(body, Footpath):
            known += body.points
    return known


def find_misplaced(place: Place, around: Surroundings) -> Invalid | None:
    """Why a place cannot be meant; None for one that can."""
    lat, lon = place
    origin = around.site.origin
    away_m = distance_m(lat, lon, origin.lat, origin.lon)
    if away_m > MAX_AWAY_M:
        if abs(lon) <= 90 and distance_m(lon, lat, origin.lat, origin.lon) <= MAX_AWAY_M:
            return Invalid(
                "spot_exchanged", "Latitude and longitude are exchanged here.", lat=f"{lon:g}", lon=f"{lat:g}"
            )
        km = f"{away_m / 1000:.0f}"
        return Invalid("spot_outside", f"This place is {km} km from the site. Check both numbers.", km=km)
    nearest_m = min(distance_m(lat, lon, *one) for one in around.known)
    if nearest_m > LONE_M and not around.is_sure:
        metres = f"{nearest_m:.0f}"
        return Invalid(
            "spot_lone",
            f"Nothing known lies within {metres} m of this place: it may be in the sea or outside the site.",
            metres=metres,
        )
    return None
