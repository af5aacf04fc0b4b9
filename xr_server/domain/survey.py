"""Points that somebody measured on the spot, and where a model stands that is tied to them. Pure."""

import cmath
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from asset_pipeline.geopose import Position, enu_to_geodetic, geodetic_to_enu
from xr_server.domain.fields import Latitude, LocalDate, Longitude, Slug, Strict, Text

OVERLAY_ACCURACY_M = 1.0  # a model may stand over the real building only when it is surveyed to this
LEAST_APART_M = 3.0  # tied points closer together say too little about where a model faces
DEGREE_DIGITS, HEIGHT_DIGITS, HEADING_DIGITS = 8, 3, 3  # about a millimetre, and half of one at the end of 30 m


class SurveyPoint(Strict, frozen=True, kw_only=True):
    """A measured point: h in metres above the WGS 84 ellipsoid, accuracy_m the 68 % radius on the ground.

    geoid_m: what was added to a height that somebody measured above the sea; None: it was measured above the ellipsoid.

    demonstration: invented for a trial, never measured; whatever rests on it is shown as such.
    """

    id: Slug
    name: Text
    lat: Latitude
    lon: Longitude
    h: float
    accuracy_m: Annotated[float, msgspec.Meta(gt=0, le=1000)]
    surveyed_on: LocalDate
    author: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    demonstration: bool = False
    landmark: Slug | None = None
    geoid_m: Annotated[float, msgspec.Meta(ge=-110, le=90)] | None = None


class Survey(Strict, frozen=True, kw_only=True):
    """A set of points measured in one campaign, and how."""

    id: Slug
    method: str = ""
    sources: list[str] = []
    points: Annotated[list[SurveyPoint], msgspec.Meta(min_length=1, max_length=1000)]


class Tie(Strict, frozen=True, kw_only=True):
    """Where a survey point lies on a model, in the model's metres (y up)."""

    point: Slug
    position: tuple[float, float, float]


@dataclass(frozen=True)
class Standing:
    """Where a tied model stands: origin, heading in degrees, and the worse of the points' accuracy and the misfit, metres."""

    position: Position
    heading_deg: float
    accuracy_m: float
    demonstration: bool

    @property
    def surveyed(self) -> bool:
        """Whether it may stand over the real building."""
        return self.accuracy_m <= OVERLAY_ACCURACY_M


def find_standing(ties: Sequence[Tie], points: Mapping[str, SurveyPoint]) -> Standing | None:
    """Where the ties that are known put a model, as a best fit on the ground; None with fewer than two, or too close ones."""
    known = [(tie, points[tie.point]) for tie in ties if tie.point in points]
    laid = lay_over(known)
    if laid is None:
        return None
    place = enu_to_geodetic((laid.origin.real, laid.origin.imag, laid.up_m), laid.start)
    return Standing(
        Position(round(place.lat, DEGREE_DIGITS), round(place.lon, DEGREE_DIGITS), round(place.h, HEIGHT_DIGITS)),
        round(-math.degrees(cmath.phase(laid.turn)) % 360, HEADING_DIGITS) % 360,
        round(max(laid.misfit_m, *(point.accuracy_m for _, point in known)), 3),
        any(point.demonstration for _, point in known),
    )


@dataclass(frozen=True)
class Laid:
    """Points of a model laid over the measured ones, metres about `start`: on the model (right, ahead), there (east, north).

    turn (counterclockwise), origin and up_m are the best fit; misses say how far each point then lies from the measured one.
    """

    start: Position
    here: tuple[complex, ...]
    there: tuple[complex, ...]
    turn: complex
    origin: complex
    up_m: float
    misses: tuple[complex, ...]  # from where it was measured to where the model has it
    misses_up_m: tuple[float, ...]

    @property
    def misfit_m(self) -> float:
        """How far the worst point lies from where it was measured, on the ground."""
        return max(abs(miss) for miss in self.misses)


def lay_over(known: Sequence[tuple[Tie, SurveyPoint]]) -> Laid | None:
    """The best fit of tied points on the ground; None with fewer than two, or too close ones."""
    if len(known) < 2:
        return None
    start = Position(known[0][1].lat, known[0][1].lon, known[0][1].h)
    offsets = [geodetic_to_enu(Position(point.lat, point.lon, point.h), start) for _, point in known]
    there = [complex(east, north) for east, north, _ in offsets]
    here = [complex(tie.position[0], -tie.position[2]) for tie, _ in known]
    there_middle, here_middle = sum(there) / len(there), sum(here) / len(here)
    if widest_m(here) < LEAST_APART_M:
        return None
    turn = sum((t - there_middle) * (h - here_middle).conjugate() for t, h in zip(there, here, strict=True))
    if abs(turn) == 0:
        return None
    turn /= abs(turn)  # counterclockwise on the map; a heading runs the other way
    origin = there_middle - turn * here_middle
    rises = [up - tie.position[1] for (_, _, up), (tie, _) in zip(offsets, known, strict=True)]
    up_m = sum(rises) / len(rises)
    misses = tuple(origin + turn * h - t for t, h in zip(there, here, strict=True))
    return Laid(start, tuple(here), tuple(there), turn, origin, up_m, misses, tuple(up_m - rise for rise in rises))


def widest_m(places: Sequence[complex]) -> float:
    """The largest distance between any two of the places in metres."""
    return max((abs(a - b) for a in places for b in places), default=0.0)
