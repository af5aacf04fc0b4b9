"""What a newer survey changes: the record it becomes, and which models it moves. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from xr_server.domain.catalog import Node, Scene
from xr_server.domain.geofence import distance_m
from xr_server.domain.survey import Standing, Survey, SurveyPoint, find_standing


@dataclass(frozen=True)
class Move:
    """A model that a survey moves: where it stands before and after, None where its points do not say.

    lost: points of its ties that are not there any more.
    """

    scene: str
    node: str
    before: Standing | None
    after: Standing | None
    lost: tuple[str, ...]

    @property
    def moved_m(self) -> float | None:
        """How far its origin moves on the ground; None where it stood, or will stand, where it was put by hand."""
        if self.before is None or self.after is None:
            return None
        one, other = self.before.position, self.after.position
        return distance_m(one.lat, one.lon, other.lat, other.lon)


def make_survey(survey_id: str, points: Sequence[SurveyPoint], before: Survey | None) -> Survey:
    """The record: its points in place of those before; method, sources and names that others gave them stay."""
    known = {point.id: point for point in before.points} if before else {}
    kept = [
        replace(point, name={**known[point.id].name, **point.name}) if point.id in known else point for point in points
    ]
    if before is not None:
        return replace(before, points=kept)
    return msgspec.convert({"id": survey_id, "points": msgspec.to_builtins(kept)}, Survey)


def find_moves(scenes: Iterable[Scene], before: Survey | None, after: Survey, others: Iterable[Survey]) -> list[Move]:
    """The models that one survey moves, when it takes the place of the one before; the other surveys stay as they are."""
    same = {point.id: point for survey in others for point in survey.points}
    old = {**same, **{point.id: point for point in (before.points if before else ())}}
    new = {**same, **{point.id: point for point in after.points}}
    moves = [_move(scene, node, (old, new)) for scene in scenes for node in scene.nodes if node.ties]
    return [move for move in moves if move.lost or move.before != move.after]


def _move(scene: Scene, node: Node, points: tuple[Mapping[str, SurveyPoint], Mapping[str, SurveyPoint]]) -> Move:
    old, new = points
    lost = tuple(tie.point for tie in node.ties if tie.point in old and tie.point not in new)
    return Move(scene.id, node.id, find_standing(node.ties, old), find_standing(node.ties, new), lost)
