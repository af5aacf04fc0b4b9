"""The map coordinates of a point cloud: their EPSG code, unit and projection, as far as the file says. Standard library only.

Sources: OGC GeoTIFF 1.1 (keys 3072, 3076, 4096, 4099); OGC 01-009 (WKT 1); the LAS specification stores either.
"""

import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from asset_pipeline.clouds.projection import OLD_DATUM_CODES, Projection, find_projection
from asset_pipeline.errors import OptionRefused
from asset_pipeline.options import BuildOptions
from asset_pipeline.prechecks.precheck_las import read_las_header

PROJECTED, LINEAR_UNIT, VERTICAL_UNIT = 3072, 3076, 4099
UNIT_METRES = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}
USER_DEFINED = 32767
MOST_METRES = 10_000.0  # a unit longer than this is none
MOST_CODES = 64
SAME_ELLIPSOID = ("6378137",)  # GRS 80 and WGS 84, which all that we can place stand on
TEXT_UNIT = re.compile(r'(?:LENGTH)?UNIT\["([^"]*)",\s*([0-9.eE+-]+)')
TEXT_CODE = re.compile(r'(?:AUTHORITY|ID)\["EPSG",\s*"?(\d{1,6})"?\]')
PLANE_PARAMETERS = ("latitude_of_origin", "central_meridian", "scale_factor", "false_easting", "false_northing")


@dataclass(frozen=True)
class Crs:
    """code: EPSG or None; unit_m and height_unit_m: metres in one unit, None where the file is silent; projection if known."""

    code: int | None = None
    unit_m: float | None = None
    height_unit_m: float | None = None
    projection: Projection | None = None

    @property
    def old_datum(self) -> bool:
        """Whether the code means the Tokyo datum of before 2002, some 400 m away from today's."""
        return self.code in OLD_DATUM_CODES


UNKNOWN = Crs()


def read_crs(geo_keys: bytes, wkt: str) -> Crs:
    """The map coordinates that GeoTIFF keys or a WKT describe; WKT wins, as the LAS specification wants."""
    if "[" in wkt:
        return _read_wkt(wkt)
    return _read_geo_keys(geo_keys)


def check_placeable(path: Path, options: BuildOptions) -> None:
    """Refuse a scan without a place, from the caller or in its own header, before it is read. Raises OptionRefused."""
    if options.own_place is None:
        return
    if path.suffix.lower() in {".las", ".laz"}:
        header = read_las_header(path)
        crs = make_crs(options.crs) if options.crs is not None else read_crs(header.geo_keys, header.wkt)
        if crs.projection is not None:
            return
        text = (
            f"{path.name} does not say where on the map it lies in a way we can read: give --crs with the EPSG code of its "
            "coordinates, or --lat, --lon, --height and --heading."
        )
        raise OptionRefused("place_missing", text)
    raise OptionRefused("place_missing", "Say where the scan stands: give --lat, --lon, --height and --heading.")


def make_crs(code: int) -> Crs:
    """The map coordinates of a code that a person states. Raises OptionRefused when we cannot place them."""
    projection = find_projection(code)
    if projection is None:
        raise OptionRefused(
            "crs_unknown",
            f"EPSG:{code} is none of the map coordinates we can place: the plane rectangular systems of Japan "
            "(6669 to 6687, 2443 to 2461) and UTM zones (32601 to 32760, 6688 to 6692, 3097 to 3101).",
        )
    return Crs(code, 1.0, None, projection)


def _read_geo_keys(data: bytes) -> Crs:
    keys = {}
    for at in range(8, len(data) - 7, 8):
        key, tag, _, value = struct.unpack_from("<4H", data, at)
        if tag == 0:  # the value itself; other tags point into records of numbers or texts, which we do not need
            keys[key] = value
    code = keys.get(PROJECTED)
    if code in {0, USER_DEFINED}:
        code = None
    projection = find_projection(code) if code else None
    unit_m = UNIT_METRES.get(keys.get(LINEAR_UNIT, 0))
    if unit_m is None and projection is not None:
        unit_m = 1.0
    return Crs(code, unit_m, UNIT_METRES.get(keys.get(VERTICAL_UNIT, 0)), projection)


def _read_wkt(text: str) -> Crs:
    """From the text alone, without building its tree: it is as long as the file likes and may be broken."""
    start = max(text.find("PROJCS["), text.find("PROJCRS["))
    if start < 0:
        return UNKNOWN
    ends = [at for mark in ("VERT_CS[", "VERTCRS[") if (at := text.find(mark, start)) >= 0]
    plane, height = text[start : min(ends, default=len(text))], text[min(ends, default=len(text)) :]
    code = _own_code(plane)
    unit_m, height_unit_m = _last_unit(plane), _last_unit(height)
    projection = find_projection(code) if code else None
    return Crs(code, unit_m, height_unit_m, projection or _read_parameters(plane, unit_m))


def _own_code(text: str) -> int | None:
    """The code of the projection as a whole, which stands directly inside its brackets; others are those of its parts."""
    for found in list(TEXT_CODE.finditer(text))[-MOST_CODES:][::-1]:
        before = text[: found.start()]
        if before.count("[") - before.count("]") == 1:
            return int(found[1])
    return None


def _last_unit(text: str) -> float | None:
    """Metres of the last unit of length; the first one of a projection is that of its angles."""
    for name, value in reversed(TEXT_UNIT.findall(text)):
        try:
            metres = float(value)
        except ValueError:
            continue
        if "degree" not in name.lower() and "radian" not in name.lower() and 0 < metres < MOST_METRES:
            return metres
    return None


def _read_parameters(text: str, unit_m: float | None) -> Projection | None:
    """A transverse Mercator written out, as some programs do instead of naming a code."""
    method = re.search(r'PROJECTION\["([^"]*)"', text)
    if unit_m is None or method is None or method[1].lower() != "transverse_mercator":
        return None
    found = {name.lower(): value for name, value in re.findall(r'PARAMETER\["([^"]*)",\s*([0-9.eE+-]+)', text)}
    name = re.match(r'PROJCS\["([^"]{0,80})', text)
    try:
        lat, lon, scale, east, north = (float(found[key]) for key in PLANE_PARAMETERS)
    except (KeyError, ValueError):
        return None
    sound = all(map(math.isfinite, (lat, lon, scale, east, north))) and abs(lat) <= 90 and abs(lon) <= 180
    if not sound or not 0.9 < scale < 1.1 or not any(axis in text for axis in SAME_ELLIPSOID):
        return None
    return Projection(name[1] if name else "WKT", lat, lon, scale, east * unit_m, north * unit_m)
