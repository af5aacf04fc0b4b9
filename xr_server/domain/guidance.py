"""What leads visitors about on foot: ways between landmarks, edges to mind, and signs. Pure."""

from itertools import pairwise
from typing import Annotated, Literal, get_args

import msgspec

from xr_server.domain.fields import Heading, Place, Slug, Strict, Text
from xr_server.domain.geofence import distance_m

Line = Annotated[list[Place], msgspec.Meta(min_length=2, max_length=500)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z0-9]{4,12}$(?!\n)")]


Surface = Literal["paved", "stone", "gravel", "earth", "grass", "wood"]
SURFACES: tuple[Surface, ...] = get_args(Surface)


class Footpath(Strict, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """A way on foot between two landmarks; whatever lies between points and note is absent where nobody has looked.

    slope_percent is the steepest stretch, width_m the narrowest; seats: how many places to sit there are along it.
    wheelchair: whether somebody in a wheelchair comes along here without help.
    """

    id: Slug
    start: Slug
    end: Slug
    points: Line
    steps: Annotated[int, msgspec.Meta(ge=0)] | None = None
    slope_percent: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    width_m: Annotated[float, msgspec.Meta(gt=0, le=100)] | None = None
    surface: Surface | None = None
    seats: Annotated[int, msgspec.Meta(ge=0)] | None = None
    wheelchair: bool | None = None
    note: Text = {}
    accuracy_m: Annotated[float, msgspec.Meta(gt=0)]
    geometry_licence: str = ""
    sources: list[str] = []


class Hazard(Strict, frozen=True, kw_only=True):
    """Lines on the ground where one must look to one's feet."""

    id: Slug
    kind: Literal["river", "quay", "tram_road"]
    name: Text
    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
    accuracy_m: Annotated[float, msgspec.Meta(gt=0)]
    geometry_licence: str = ""
    sources: list[str] = []


class Sign(Strict, frozen=True, kw_only=True):
    """A QR sign at a survey point, which is its middle; heading_deg is where it faces, side_m the side of its code."""

    id: Slug
    code: Code
    landmark: Slug
    point: Slug
    heading_deg: Heading
    side_m: Annotated[float, msgspec.Meta(gt=0, le=2)]


def length_m(points: list[Place]) -> float:
    """Metres along a line."""
    return sum(distance_m(*a, *b) for a, b in pairwise(points))
