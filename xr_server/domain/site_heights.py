"""How far the sea lies above the ellipsoid at a site: one number, typed by an administrator. Pure."""

import math

import msgspec

from xr_server.domain.catalog import Site
from xr_server.errors import Invalid

LEAST_M, MOST_M = -110.0, 90.0  # nowhere on Earth the geoid lies farther off


def set_geoid(site: Site, typed: str) -> Site:
    """The site with the typed number of metres; empty: nobody knows. Raises Invalid."""
    text = typed.strip().replace(",", ".")
    if not text:
        return msgspec.structs.replace(site, geoid_m=None)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not LEAST_M <= value <= MOST_M:  # also false for NaN
        raise Invalid("geoid_number", f"This is a number of metres from {LEAST_M:g} to {MOST_M:g}, such as 32.05.")
    return msgspec.structs.replace(site, geoid_m=value)
