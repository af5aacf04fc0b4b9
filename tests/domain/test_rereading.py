"""A file read otherwise: what may be chosen, which size comes of it, and where points of the model then lie."""

import msgspec
import pytest

from xr_server.domain.catalog import Hotspot, Node, Placement, Scene
from xr_server.domain.rereading import Frame, Reading, move_point, read_reading, reread, reread_scene, size_as
from xr_server.domain.scan import ScanDetails
from xr_server.domain.survey import Tie
from xr_server.errors import Invalid

NOW = Reading("m", "y")
OLD, NEW, OTHER = "a" * 64, "b" * 64, "c" * 64
PLACE = Placement(lat=32.7437, lon=129.8723, h=34.5, accuracy_m=1)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"unit": "cm", "up": "y"}, Reading("cm", "y")),
        ({"up": "z"}, Reading("m", "z")),
        ({"points": "points"}, Reading("m", "y", "points")),
    ],
)
def test_what_is_chosen_is_taken_and_the_rest_stays(typed, expected):
    assert read_reading(typed, NOW) == expected


@pytest.mark.parametrize(
    ("typed", "code"),
    [({"unit": "m", "up": "y"}, "reading_same"), ({}, "reading_same"), ({"unit": "inch"}, "reading_unknown")],
)
def test_the_same_and_what_is_no_choice_are_named(typed, code):
    with pytest.raises(Invalid) as refused:
        read_reading(typed, NOW)
    assert refused.value.code == code


def test_the_details_are_built_as_chosen():
    details = ScanDetails(title="Gate", creator="kana", licence="CC0", lat=32.7, lon=129.8, height=34.5)
    assert reread(details, None) is details
    read = reread(details, Reading("ft", "z", "points"))
    assert (read.unit, read.up, read.points, read.title) == ("ft", "z", "points", "Gate")


def test_the_size_is_told_before_anything_is_built():
    assert size_as((200, 300, 50), ("m", "y"), ("cm", "y")) == pytest.approx((2, 3, 0.5))
    assert size_as((2, 3, 0.5), ("m", "z"), ("m", "y")) == (2, 0.5, 3)
    assert size_as((2, 3, 0.5), ("ft", "y"), ("m", "z")) == pytest.approx((2 / 0.3048, 0.5 / 0.3048, 3 / 0.3048))


def stand(spot, unit, up, offset_m):
    """Where a spot of a file lies in a package read so: the pipeline's own way, from file to model."""
    metres = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}[unit]
    x, y, z = spot
    turned = (x, y, z) if up == "y" else (x, z, -y)
    return tuple(metres * length - off for length, off in zip(turned, offset_m, strict=True))


@pytest.mark.parametrize("before", [("m", "y", (1.0, 2.0, 3.0)), ("ft", "z", (0.0, -4.0, 0.5))])
@pytest.mark.parametrize(
    "after", [("cm", "y", (0.01, 0.02, 0.03)), ("mm", "z", (0.5, 0.0, 0.25)), ("m", "z", (7.0, 1.0, 2.0))]
)
def test_a_point_stays_on_its_spot_of_the_file(before, after):
    spot = (12.5, -3.25, 40.0)
    moved = move_point(stand(spot, *before), Frame(*before), Frame(*after))
    assert moved == pytest.approx(stand(spot, *after), abs=1e-6)


def scene_of(ground_y):
    tied = [Tie(point="post", position=(1.0, 2.0, 3.0))]
    nodes = [
        Node(id="gate", package=OLD, placement=PLACE, ties=tied, ground_y=ground_y),
        Node(id="lamp", package=OTHER, placement=PLACE, ground_y=0.5),
    ]
    spots = [
        Hotspot(id=f"on-{node}", node=node, position=(1.0, 2.0, 3.0), title={}, text={}) for node in ("gate", "lamp")
    ]
    return Scene(id="gate", landmark="water-gate", nodes=nodes, hotspots=spots)


def test_points_ties_and_ground_follow_and_other_models_stay():
    scene = scene_of(1.5)
    unit = reread_scene(scene, (OLD, Frame("m", "y", (0, 0, 0))), (NEW, Frame("cm", "y", (0, 0, 0))))
    gate, lamp = unit.nodes
    assert (gate.package, gate.ties[0].position, gate.ground_y) == (NEW, (0.01, 0.02, 0.03), 0.015)
    assert gate.placement == PLACE and lamp == scene.nodes[1]
    assert [spot.position for spot in unit.hotspots] == [(0.01, 0.02, 0.03), (1.0, 2.0, 3.0)]
    turned = reread_scene(scene, (OLD, Frame("m", "y", (0, 0, 0))), (NEW, Frame("m", "z", (0, 0, 0))))
    assert turned.nodes[0].ground_y is None and turned.hotspots[0].position == (1.0, 3.0, -2.0)
    assert msgspec.json.decode(msgspec.json.encode(turned), type=Scene) == turned
