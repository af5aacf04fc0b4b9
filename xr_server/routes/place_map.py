"""The island beside the form of a place: where what is typed would lie, drawn in the metres of the island's map."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.catalog import Landmark
from xr_server.domain.fields import Place
from xr_server.domain.outline_form import find_corners
from xr_server.domain.typed import Typed, parse_number
from xr_server.domain.way_form import find_places
from xr_server.routes.island import Island


@dataclass(frozen=True)
class Drawn:
    """What a form says, on the island's map: a spot, its circles, the outline with its corners, lines."""

    view_box: str
    spot: tuple[float, float] | None
    enter_m: float | None
    leave_m: float | None
    area: str
    corners: tuple[tuple[float, float], ...]
    lines: tuple[str, ...]
    away_m: int  # from the middle of the site to what lies outside of the island's map; 0: nothing does


def draw_typed(island: Island, typed: Typed, landmark: Landmark | None) -> Drawn:
    """The drawing of what a form says, as far as it can be read."""
    lat, lon = parse_number(typed.get("lat", "")), parse_number(typed.get("lon", ""))
    spot = _at(island, (lat, lon)) if lat is not None and lon is not None else None
    lines = [[_at(island, place) for place in line] for line in find_places(typed.get("points", ""))]
    west, north, width, height = (float(part) for part in island.view_box.split())
    corners = [_at(island, corner) for corner in find_corners(typed)]
    shown = [point for point in [spot, *corners, *(point for line in lines for point in line)] if point is not None]
    outside = [(x, y) for x, y in shown if not (west <= x <= west + width and north <= y <= north + height)]
    return Drawn(
        view_box=island.view_box,
        spot=spot,
        enter_m=parse_number(typed.get("enter_m", "")),
        leave_m=parse_number(typed.get("leave_m", "")),
        area=_path(corners) + "Z" if corners else _draw_kept(island, landmark),
        corners=tuple(corners),
        lines=tuple(_path(line) for line in lines if len(line) > 1),
        away_m=round(max((abs(complex(x, y)) for x, y in outside), default=0)),
    )


def _at(island: Island, place: Place) -> tuple[float, float]:
    lat, lon = place
    return (
        round((lon - island.origin_lon) * island.x_per_deg, 1),
        round((island.origin_lat - lat) * island.y_per_deg, 1),
    )


def _draw_kept(island: Island, landmark: Landmark | None) -> str:
    """A polygon with holes, of which the form shows no corners: its outer ring."""
    geometry: dict[str, Any] = (landmark.geometry if landmark else None) or {}
    if geometry.get("type") != "Polygon" or len(geometry["coordinates"]) < 2:
        return ""
    return _path([_at(island, (lat, lon)) for lon, lat in geometry["coordinates"][0]]) + "Z"


def _path(points: Iterable[Sequence[float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)
