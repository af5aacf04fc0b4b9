"""A scan's file read otherwise than before: its unit, what is up, what becomes of its points; and what then moves. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from xr_server.domain.catalog import Scene
from xr_server.domain.scale import UNITS_M
from xr_server.domain.scan import ScanDetails
from xr_server.errors import Invalid

Unit = Literal["m", "cm", "mm", "ft"]
Up = Literal["y", "z"]
PointsAs = Literal["surface", "points"]
UNITS: tuple[Unit, ...] = get_args(Unit)
UPS: tuple[Up, ...] = get_args(Up)
Vector = tuple[float, float, float]


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a file is to be read. points: what becomes of a point cloud; of other scans it says nothing."""

    unit: Unit
    up: Up
    points: PointsAs = "surface"


@dataclass(frozen=True)
class Frame:
    """How a package lies in its file: the unit and the axis it was read in, and where its origin lay, metres and y up."""

    unit: str
    up: str
    offset_m: Vector


def read_reading(typed: Mapping[str, str], now: Reading) -> Reading:
    """What was chosen; `now` is how the file is read already. Raises Invalid when that is no choice, or the same."""
    try:
        chosen = msgspec.convert({**msgspec.to_builtins(now), **typed}, Reading)
    except msgspec.ValidationError as error:
        raise Invalid("reading_unknown", "Choose a unit and which axis points up.") from error
    if chosen == now:
        raise Invalid("reading_same", "The file is read like that already, so nothing would change. Choose another.")
    return chosen


def reread(details: ScanDetails, reading: Reading | None) -> ScanDetails:
    """The details with another reading of the file; None leaves them."""
    if reading is None:
        return details
    return msgspec.structs.replace(details, unit=reading.unit, up=reading.up, points=reading.points)


def size_as(size_m: Vector, before: tuple[str, str], after: tuple[str, str]) -> Vector:
    """How wide, high and deep a model of that size in metres becomes when unit and up axis are taken otherwise."""
    factor = UNITS_M[after[0]] / UNITS_M[before[0]]
    x, y, z = (length * factor for length in size_m)
    return (x, y, z) if before[1] == after[1] else (x, z, y)


def move_point(position: Vector, before: Frame, after: Frame) -> Vector:
    """A point of a model, metres and y up, where it lies once the same file is read otherwise."""
    there = tuple(a + b for a, b in zip(position, before.offset_m, strict=True))
    x, y, z = (length * UNITS_M[after.unit] / UNITS_M[before.unit] for length in there)
    if before.up != after.up:  # y up is the file's own axes; z up takes its z for y, and its y for -z
        y, z = (z, -y) if after.up == "z" else (-z, y)
    left, low, far = after.offset_m
    return round(x - left, 6), round(y - low, 6), round(z - far, 6)


def reread_scene(scene: Scene, old: tuple[str, Frame], new: tuple[str, Frame]) -> Scene:
    """The scene with a package (digest, frame) in place of another of the same file: its points and ties stay on the same spots.

    The ground on which people stand follows the unit; where the model is turned nobody knows it any more.
    """
    (old_digest, before), (digest, after) = old, new
    turned, nodes, moved = before.up != after.up, [], set()
    for node in scene.nodes:
        if node.package != old_digest:
            nodes.append(node)
            continue
        moved.add(node.id)
        ties = [msgspec.structs.replace(tie, position=move_point(tie.position, before, after)) for tie in node.ties]
        ground = node.ground_y
        if ground is not None:
            ground = None if turned else move_point((0.0, ground, 0.0), before, after)[1]
        nodes.append(msgspec.structs.replace(node, package=digest, ties=ties, ground_y=ground))
    hotspots = [
        msgspec.structs.replace(spot, position=move_point(spot.position, before, after)) if spot.node in moved else spot
        for spot in scene.hotspots
    ]
    return msgspec.structs.replace(scene, nodes=nodes, hotspots=hotspots)
