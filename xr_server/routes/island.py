"""The island as a drawing: outlines and numbered marks in metres, x east and y south of the site's origin."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xr_server.domain.geofence import M_PER_DEG

MARK_GAP_M = 13.0  # centre to centre, so that numbers stay apart on a phone's width
NEAR_M = 60.0  # a landmark farther than this outside the outlines is not drawn
MARGIN_M = 20.0
ROUNDS = 80

Point = tuple[float, float]


@dataclass(frozen=True)
class Outline:
    """An outline as the points of an SVG path; `lost` ones are drawn dashed."""

    id: str
    path: str
    lost: bool


@dataclass(frozen=True)
class Mark:
    """A numbered landmark: where it is drawn, and its own place when it had to move aside for its neighbours."""

    number: int
    id: str
    name: str
    x_m: float
    y_m: float
    true_x_m: float
    true_y_m: float
    moved: bool


@dataclass(frozen=True)
class Island:
    """Everything the map needs; view_box in metres, x_per_deg and y_per_deg turn degrees from the origin into metres."""

    view_box: str
    outlines: tuple[Outline, ...]
    grounds: tuple[Outline, ...]  # on which marked landmarks stand, such as a house
    marks: tuple[Mark, ...]
    ways: tuple[str, ...]  # on foot between landmarks, as points of SVG paths
    edges: tuple[str, ...]  # where one must look to one's feet: water, tram road
    origin_lat: float
    origin_lon: float
    x_per_deg: float
    y_per_deg: float


def draw_island(document: Mapping[str, Any]) -> Island:
    """The drawing of a site document; without outlines the marks alone set its bounds."""
    origin = document["site"]["origin"]
    x_per_deg = M_PER_DEG * math.cos(math.radians(origin["lat"]))

    def place(lon: float, lat: float) -> Point:
        return (lon - origin["lon"]) * x_per_deg, (origin["lat"] - lat) * M_PER_DEG

    shapes = [mark for mark in document["landmarks"] if _has_polygon(mark)]
    rings = {mark["id"]: _ring(mark["geometry"], place) for mark in shapes}
    corners = [point for mark in shapes if _is_area(mark) for point in rings[mark["id"]]]
    spots = [
        (mark, place(mark["lon"], mark["lat"]))
        for mark in document["landmarks"]
        if mark["lat"] is not None and not _is_area(mark)
    ]
    near = [(mark, spot) for mark, spot in spots if not corners or _is_near(spot, corners)]
    near.sort(key=lambda pair: pair[1][0])  # numbers run from west to east, as one walks from the sea
    drawn = {mark["id"]: Outline(mark["id"], _path(rings[mark["id"]]), mark["status"] == "lost") for mark in shapes}
    stood_on = [mark["id"] for mark, _ in near if mark["id"] in drawn]
    seen = corners + [point for mark_id in stood_on for point in rings[mark_id]]
    return Island(
        view_box=_view_box(seen + [spot for _, spot in near]),
        outlines=tuple(drawn[mark["id"]] for mark in shapes if _is_area(mark)),
        grounds=tuple(drawn[mark_id] for mark_id in stood_on),
        marks=tuple(_mark(i, near[i][0], near[i][1], at) for i, at in enumerate(spread([p for _, p in near]))),
        ways=tuple(_line(way["points"], place) for way in document.get("paths", [])),
        edges=tuple(_line(line, place) for hazard in document.get("hazards", []) for line in hazard["lines"]),
        origin_lat=origin["lat"],
        origin_lon=origin["lon"],
        x_per_deg=round(x_per_deg, 3),
        y_per_deg=round(M_PER_DEG, 3),
    )


def _is_area(landmark: Mapping[str, Any]) -> bool:
    """Whether a landmark is an area to be drawn, without a spot in it to stand at."""
    return landmark["lat"] is None and _has_polygon(landmark)


def _has_polygon(landmark: Mapping[str, Any]) -> bool:
    geometry = landmark["geometry"]
    return geometry is not None and geometry["type"] == "Polygon"


def spread(points: Sequence[Point], gap_m: float = MARK_GAP_M) -> list[Point]:
    """The points pushed apart until neighbours are gap_m from each other, in metres; each stays close to its place."""
    drawn = list(points)
    for _ in range(ROUNDS):
        moved = False
        for i in range(len(drawn)):
            for j in range(i):
                moved = _push(drawn, i, j, gap_m) or moved
        if not moved:
            break
    return drawn


def _push(drawn: list[Point], i: int, j: int, gap_m: float) -> bool:
    away_x, away_y = drawn[i][0] - drawn[j][0], drawn[i][1] - drawn[j][1]
    apart_m = math.hypot(away_x, away_y)
    if apart_m >= gap_m - 0.01:
        return False
    if apart_m < 0.01:  # two at one spot part along the x axis
        away_x, away_y, apart_m = 1.0, 0.0, 1.0
        step_m = gap_m / 2
    else:
        step_m = (gap_m - apart_m) / 2
    step_x, step_y = away_x / apart_m * step_m, away_y / apart_m * step_m
    drawn[i] = (drawn[i][0] + step_x, drawn[i][1] + step_y)
    drawn[j] = (drawn[j][0] - step_x, drawn[j][1] - step_y)
    return True


def _mark(index: int, landmark: Mapping[str, Any], spot: Point, drawn: Point) -> Mark:
    return Mark(
        number=index + 1,
        id=landmark["id"],
        name=landmark["name"],
        x_m=round(drawn[0], 1),
        y_m=round(drawn[1], 1),
        true_x_m=round(spot[0], 1),
        true_y_m=round(spot[1], 1),
        moved=math.dist(spot, drawn) > 2,
    )


def _ring(geometry: Mapping[str, Any], place: Callable[[float, float], Point]) -> list[Point]:
    return [place(lon, lat) for lon, lat in geometry["coordinates"][0]]


def _path(ring: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring[:-1]) + "Z"


def _line(points: Sequence[Sequence[float]], place: Callable[[float, float], Point]) -> str:
    """A line of (lat, lon) as an SVG path."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (place(lon, lat) for lat, lon in points))


def _bounds(points: Sequence[Point]) -> tuple[float, float, float, float]:
    return (
        min(x for x, _ in points),
        min(y for _, y in points),
        max(x for x, _ in points),
        max(y for _, y in points),
    )


def _is_near(spot: Point, corners: Sequence[Point]) -> bool:
    west, north, east, south = _bounds(corners)
    return west - NEAR_M <= spot[0] <= east + NEAR_M and north - NEAR_M <= spot[1] <= south + NEAR_M


def _view_box(points: Sequence[Point]) -> str:
    west, north, east, south = _bounds(points or [(-50.0, -50.0), (50.0, 50.0)])
    width, height = east - west + 2 * MARGIN_M, south - north + 2 * MARGIN_M
    return f"{west - MARGIN_M:.1f} {north - MARGIN_M:.1f} {width:.1f} {height:.1f}"
