"""An outline on the ground: its area, what keeps it from being a simple polygon, and where it lies over another. Pure.

Corners are places (latitude, longitude), each once, in walking order; the last is joined to the first.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

from xr_server.domain.fields import Place
from xr_server.domain.geofence import M_PER_DEG, Fence, away_m
from xr_server.errors import Invalid

FEWEST_CORNERS, MOST_CORNERS = 3, 200
SMALLEST_M2 = 1.0  # less is a slip of the finger, nothing to stand in
TOUCH_M = 0.01  # lines nearer than a centimetre, which is what our seven decimals tell apart, are one

Point = tuple[float, float]
Side = tuple[Point, Point]


def flatten(corners: Sequence[Place], middle: Place) -> list[Point]:
    """The corners in metres east and north of a place nearby, on a flat ground."""
    lat, lon = middle
    x_per_deg = M_PER_DEG * math.cos(math.radians(lat))
    return [((corner[1] - lon) * x_per_deg, (corner[0] - lat) * M_PER_DEG) for corner in corners]


def area_m2(corners: Sequence[Place]) -> float:
    """How much ground an outline holds, in square metres; 0 for fewer than three corners."""
    return abs(_signed_m2(corners))


def is_clockwise(corners: Sequence[Place]) -> bool:
    """Whether the corners run with the clock as a map shows them."""
    return _signed_m2(corners) < 0


def _signed_m2(corners: Sequence[Place]) -> float:
    if len(corners) < FEWEST_CORNERS:
        return 0.0
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in _sides(flatten(corners, corners[0]))) / 2


def _sides(points: Sequence[Point]) -> list[Side]:
    return list(pairwise([*points, points[0]]))


def find_flaw(corners: Sequence[Place]) -> Invalid | None:
    """Why corners make no simple polygon, naming corners from 1; None where they make one."""
    if len(corners) < FEWEST_CORNERS:
        return Invalid("outline_few", "An outline has three corners at least.")
    if len(corners) > MOST_CORNERS:
        return Invalid("outline_many", f"An outline has {MOST_CORNERS} corners at most.", most=MOST_CORNERS)
    points = flatten(corners, corners[0])
    for (at, a), (other, b) in combinations(enumerate(points, 1), 2):
        if math.dist(a, b) < TOUCH_M:
            return Invalid("outline_twice", f"Corners {at} and {other} lie on one spot.", first=at, second=other)
    crossing = next(_find_crossings(points), None)
    if crossing is not None:
        first, second = crossing
        ends = {"first": first, "next": first % len(points) + 1, "second": second, "last": second % len(points) + 1}
        return Invalid(
            "outline_crossing",
            f"The line from corner {ends['first']} to {ends['next']} meets the one from {ends['second']} to {ends['last']}.",
            **ends,
        )
    if area_m2(corners) < SMALLEST_M2:
        return Invalid("outline_small", "An outline holds one square metre at least.")
    return None


def _find_crossings(points: Sequence[Point]) -> Iterator[tuple[int, int]]:
    """Pairs of sides, each by its first corner from 1, that meet elsewhere than at a corner they share."""
    sides = _sides(points)
    for (at, a), (other, b) in combinations(enumerate(sides, 1), 2):
        if not _may_meet(a, b):
            continue
        if other == at + 1:  # they share a corner: the one must not run back along the other
            meet = min(_from_side(b[1], a), _from_side(a[0], b)) < TOUCH_M
        elif at == 1 and other == len(sides):
            meet = min(_from_side(a[1], b), _from_side(b[0], a)) < TOUCH_M
        else:
            meet = _apart(a, b) < TOUCH_M
        if meet:
            yield at, other


def _may_meet(a: Side, b: Side) -> bool:
    return all(
        max(min(a[0][axis], a[1][axis]), min(b[0][axis], b[1][axis]))
        <= min(max(a[0][axis], a[1][axis]), max(b[0][axis], b[1][axis])) + TOUCH_M
        for axis in (0, 1)
    )


def _apart(a: Side, b: Side) -> float:
    """The distance of two straight lines from end to end, in metres."""
    if _cross_at(a, b) is not None:
        return 0.0
    return min(_from_side(a[0], b), _from_side(a[1], b), _from_side(b[0], a), _from_side(b[1], a))


def _from_side(point: Point, side: Side) -> float:
    (from_x, from_y), (to_x, to_y) = side
    run_x, run_y = to_x - from_x, to_y - from_y
    along = ((point[0] - from_x) * run_x + (point[1] - from_y) * run_y) / ((run_x * run_x + run_y * run_y) or 1)
    along = max(0.0, min(1.0, along))
    return math.hypot(point[0] - from_x - along * run_x, point[1] - from_y - along * run_y)


def _cross_at(a: Side, b: Side) -> Point | None:
    """Where two lines cross between their ends; None where they do not, or run alike."""
    (ax, ay), (bx, by) = a[0], b[0]
    run_ax, run_ay, run_bx, run_by = a[1][0] - ax, a[1][1] - ay, b[1][0] - bx, b[1][1] - by
    turn = run_ax * run_by - run_ay * run_bx
    if turn == 0:
        return None
    on_a = ((bx - ax) * run_by - (by - ay) * run_bx) / turn
    on_b = ((bx - ax) * run_ay - (by - ay) * run_ax) / turn
    return (ax + on_a * run_ax, ay + on_a * run_ay) if 0 < on_a < 1 and 0 < on_b < 1 else None


def away_from_m(corners: Sequence[Place], place: Place) -> float:
    """How far a place lies outside of an outline, in metres; below 0 inside of it."""
    lat, lon = place
    return away_m(lat, lon, Fence("", lat, lon, 0, 0, close_ring(corners)))


def overlap_m2(one: Sequence[Place], other: Sequence[Place]) -> float:
    """How much ground two outlines both hold, in square metres.

    Cut into strips at every corner and crossing: in between no line bends, so the middle of a strip tells its area.
    """
    a, b = flatten(one, one[0]), flatten(other, one[0])
    if not _may_meet(_extent(a), _extent(b)):
        return 0.0
    crossings = (_cross_at(side, of) for side in _sides(a) for of in _sides(b))
    heights = sorted({y for _, y in (*a, *b)} | {at[1] for at in crossings if at is not None})
    return sum((high - low) * _common_m(a, b, (low + high) / 2) for low, high in pairwise(heights))


def _extent(points: Sequence[Point]) -> Side:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys)), (max(xs), max(ys))


def _common_m(a: Sequence[Point], b: Sequence[Point], y: float) -> float:
    """How much of a line from west to east lies within both."""
    return sum(
        max(0.0, min(east, other_east) - max(west, other_west))
        for west, east in _spans(a, y)
        for other_west, other_east in _spans(b, y)
    )


def _spans(points: Sequence[Point], y: float) -> list[tuple[float, float]]:
    found = [
        from_x + (y - from_y) * (to_x - from_x) / (to_y - from_y)
        for (from_x, from_y), (to_x, to_y) in _sides(points)
        if (from_y > y) != (to_y > y)
    ]
    found.sort()
    return list(zip(found[::2], found[1::2], strict=True))


def close_ring(corners: Sequence[Place]) -> list[list[float]]:
    """The corners as a ring of GeoJSON: longitude first, the first corner again at the end."""
    return [[lon, lat] for lat, lon in (*corners, corners[0])]


def make_polygon(corners: Sequence[Place]) -> dict[str, Any]:
    """The GeoJSON of an outline, its ring against the clock as RFC 7946 wants it."""
    ordered = [corners[0], *reversed(corners[1:])] if is_clockwise(corners) else corners
    return {"type": "Polygon", "coordinates": [close_ring(ordered)]}


def corners_of(geometry: Any) -> list[Place] | None:
    """The corners of a GeoJSON polygon of one closed ring; None for any other shape, and for what is no shape at all."""
    rings = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Polygon" else None
    if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list) or not rings[0]:
        return None
    if not all(_is_position(position) for position in rings[0]) or rings[0][0] != rings[0][-1]:
        return None
    return [(float(position[1]), float(position[0])) for position in rings[0][:-1]]


def _is_position(position: Any) -> bool:
    """Whether something is a position of GeoJSON: longitude, latitude, and perhaps a height."""
    return (
        isinstance(position, list)
        and 2 <= len(position) <= 3
        and all(isinstance(number, int | float) and not isinstance(number, bool) for number in position)
        and all(abs(number) < 1e6 for number in position)  # no NaN either
    )
