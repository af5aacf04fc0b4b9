"""How well a model fits the survey points it is tied to, and what is typed to tie it. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from xr_server.domain.catalog import Scene
from xr_server.domain.survey import Laid, Standing, SurveyPoint, Tie, find_standing, lay_over

OUTSIDE_M = 1.0  # a point that far outside the model's box is a slip, or belongs to another model
SCALE_NOTED_PERCENT = 1.0  # points a few metres apart, good to some centimetres, say no less
Corner = tuple[float, float, float]
Row = Mapping[str, str]  # point, x, y, z as typed
ROW_FIELDS = ("point", "x", "y", "z")


@dataclass(frozen=True)
class Residual:
    """By how much a tied point misses: from where it was measured to where the model has it, metres.

    without_m: how far the worst of the others misses when this one is left out; None where too few are left to say.
    """

    point: str
    east_m: float
    north_m: float
    up_m: float
    without_m: float | None

    @property
    def across_m(self) -> float:
        """The miss on the ground."""
        return math.hypot(self.east_m, self.north_m)

    @property
    def towards_deg(self) -> float:
        """The compass direction of the miss on the ground."""
        return math.degrees(math.atan2(self.east_m, self.north_m)) % 360


@dataclass(frozen=True)
class Fit:
    """Where tied points put a model, and how well they agree. scale_percent: by how much the model is larger than measured.

    worst names the point that agrees least with the others, None with two points: both miss alike, either may be wrong.
    """

    standing: Standing
    residuals: tuple[Residual, ...]
    scale_percent: float
    worst: str | None

    @property
    def is_scale_off(self) -> bool:
        """Whether the model is too large or too small by more than what careful points leave open."""
        return abs(self.scale_percent) >= SCALE_NOTED_PERCENT


def find_fit(ties: Sequence[Tie], points: Mapping[str, SurveyPoint]) -> Fit | None:
    """How the known ties fit; None with fewer than two, or with points too close together on the model."""
    standing = find_standing(ties, points)
    known = [(tie, points[tie.point]) for tie in ties if tie.point in points]
    laid = lay_over(known)
    if standing is None or laid is None:
        return None
    without = [_misfit_without(known, i) for i in range(len(known))]
    residuals = tuple(
        Residual(tie.point, miss.real, miss.imag, up_m, left_m)
        for (tie, _), miss, up_m, left_m in zip(known, laid.misses, laid.misses_up_m, without, strict=True)
    )
    return Fit(standing, residuals, _scale_percent(laid), _find_worst(residuals))


def _misfit_without(known: Sequence[tuple[Tie, SurveyPoint]], left_out: int) -> float | None:
    laid = lay_over([pair for i, pair in enumerate(known) if i != left_out])
    return None if laid is None else laid.misfit_m


def _scale_percent(laid: Laid) -> float:
    """How much larger the points lie apart on the model than on the ground, by the best fit that may also stretch."""
    here_middle, there_middle = sum(laid.here) / len(laid.here), sum(laid.there) / len(laid.there)
    here, there = [h - here_middle for h in laid.here], [t - there_middle for t in laid.there]
    along = sum((t * (laid.turn * h).conjugate()).real for t, h in zip(there, here, strict=True))
    spread = sum(abs(h) ** 2 for h in here)
    return (spread / along - 1) * 100 if along > 0 else math.inf


def _find_worst(residuals: Sequence[Residual]) -> str | None:
    """With four and more the one without which the rest agrees best; with three the one that misses most."""
    if len(residuals) < 3:
        return None
    left = [(one.without_m, one.point) for one in residuals if one.without_m is not None]
    if len(residuals) > 3 and left:
        return min(left)[1]
    return max(residuals, key=lambda one: one.across_m).point


def measured_on_model(fit: Fit, ties: Sequence[Tie]) -> list[tuple[Corner, Corner]]:
    """For every point of a fit where it lies on the model, and where it was measured, both in the model's metres."""
    places = {tie.point: tie.position for tie in ties}
    turn = math.radians(fit.standing.heading_deg)
    found = []
    for one in fit.residuals:
        x, y, z = places[one.point]
        right = one.east_m * math.cos(turn) - one.north_m * math.sin(turn)
        behind = -one.east_m * math.sin(turn) - one.north_m * math.cos(turn)
        found.append(((x, y, z), (x - right, y - one.up_m, z - behind)))
    return found


@dataclass(frozen=True)
class TypedTies:
    """What was typed as ties: those that can be taken, and for each row that cannot why not, by its number from 0."""

    ties: tuple[Tie, ...]
    slips: Mapping[int, str]


def read_ties(rows: Sequence[Row], points: Mapping[str, SurveyPoint], box: tuple[Corner, Corner]) -> TypedTies:
    """The rows of the form as ties; a row left empty is none. box: lowest and highest corner of the model."""
    ties: list[Tie] = []
    slips: dict[int, str] = {}
    for number, row in enumerate(rows):
        if not any(row.get(name, "").strip() for name in ROW_FIELDS):
            continue
        tie = _read_row(row, points, box)
        if isinstance(tie, Tie) and tie.point in {other.point for other in ties}:
            tie = "twice"
        if isinstance(tie, Tie):
            ties.append(tie)
        else:
            slips[number] = tie
    return TypedTies(tuple(ties), slips)


def _read_row(row: Row, points: Mapping[str, SurveyPoint], box: tuple[Corner, Corner]) -> Tie | str:
    """One tie, or the word for what is wrong with it."""
    if not row.get("point", ""):
        return "point_missing"
    if row["point"] not in points:
        return "point_unknown"
    try:
        x, y, z = (float(row.get(name, "").strip().replace(",", ".")) for name in ("x", "y", "z"))
    except ValueError:
        return "number"
    low, high = box
    inside = all(a - OUTSIDE_M <= value <= b + OUTSIDE_M for a, value, b in zip(low, (x, y, z), high, strict=True))
    return Tie(point=row["point"], position=(x, y, z)) if inside else "outside"


def type_ties(ties: Sequence[Tie]) -> list[dict[str, str]]:
    """Ties as the form shows them."""
    return [
        {"point": tie.point, **{name: f"{value:g}" for name, value in zip("xyz", tie.position, strict=True)}}
        for tie in ties
    ]


def put_ties(scene: Scene, node_id: str, ties: Sequence[Tie]) -> Scene:
    """The scene with one node tied to these points and no others; its placement stays for when they are taken away."""
    nodes = [msgspec.structs.replace(node, ties=list(ties)) if node.id == node_id else node for node in scene.nodes]
    return msgspec.structs.replace(scene, nodes=nodes)
