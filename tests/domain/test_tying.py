"""How well tied points agree, which one spoils the fit, and what the form takes as a tie."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from asset_pipeline.geopose import Position, enu_to_geodetic
from tests.samples import make_scene
from xr_server.domain.survey import SurveyPoint, Tie, find_standing
from xr_server.domain.tying import find_fit, measured_on_model, put_ties, read_ties, type_ties

HERE = Position(32.7437, 129.8723, 36.0)
CORNERS = {"a": (-6.0, 0.0, 4.0), "b": (6.0, 0.0, 4.0), "c": (5.0, 3.0, -4.0), "d": (-5.0, 9.0, -4.0)}
BOX = ((-6.0, 0.0, -4.0), (6.0, 9.0, 4.0))


def measured(heading_deg=30.0, larger=1.0, **wrong_m):
    """The corners as surveyed on a building `larger` times the model; wrong_m: (east, north, up) by which one lies wrong."""
    turn, points = math.radians(heading_deg), {}
    for name, corner in CORNERS.items():
        x, y, z = (value * larger for value in corner)
        east, north = x * math.cos(turn) - z * math.sin(turn), -z * math.cos(turn) - x * math.sin(turn)
        off = wrong_m.get(name, (0.0, 0.0, 0.0))
        place = enu_to_geodetic((east + off[0], north + off[1], y + off[2]), HERE)
        points[name] = SurveyPoint(
            id=name,
            name={"en": name},
            lat=place.lat,
            lon=place.lon,
            h=place.h,
            accuracy_m=0.02,
            surveyed_on="2026-11-20",
            author="Kana",
        )
    return points


def ties(*names):
    return [Tie(point=name, position=CORNERS[name]) for name in names or CORNERS]


@given(st.floats(0, 359.9))
def test_points_that_agree_leave_nothing_over(heading_deg):
    fit = find_fit(ties(), measured(heading_deg))
    assert fit is not None
    assert all(one.across_m < 0.001 and abs(one.up_m) < 0.001 for one in fit.residuals)
    assert abs(fit.scale_percent) < 0.01 and not fit.is_scale_off
    assert fit.standing == find_standing(ties(), measured(heading_deg))


@pytest.mark.parametrize("bad", CORNERS)
def test_of_four_points_the_one_measured_wrong_is_named_and_the_others_agree_without_it(bad):
    fit = find_fit(ties(), measured(**{bad: (1.5, -2.0, 0.0)}))
    assert fit is not None and fit.worst == bad
    left = {one.point: one.without_m for one in fit.residuals}
    assert left.pop(bad) < 0.001
    assert min(left.values()) > 0.5
    assert max(one.across_m for one in fit.residuals) > 0.5


def test_a_miss_points_from_where_it_was_measured_to_where_the_model_has_it():
    fit = find_fit(ties(), measured(0, b=(4.0, 0.0, 0.8)))
    assert fit is not None
    miss = next(one for one in fit.residuals if one.point == "b")
    assert miss.east_m < -1  # it was measured too far east: the model has it west of there
    assert miss.up_m == pytest.approx(-0.6, abs=1e-4)
    others = [one.up_m for one in fit.residuals if one.point != "b"]
    assert others == pytest.approx([0.2] * 3, abs=1e-4)


def test_with_two_points_nobody_can_say_which_is_wrong():
    fit = find_fit(ties("a", "b"), measured(b=(0.5, 0.0, 0.0)))
    assert fit is not None and fit.worst is None
    assert [one.without_m for one in fit.residuals] == [None, None]
    first, second = (one.across_m for one in fit.residuals)
    assert first == pytest.approx(second)
    assert find_fit(ties("a"), measured()) is None


@pytest.mark.parametrize(("larger", "percent"), [(1.0, 0.0), (0.5, 100.0), (1.25, -20.0), (1.004, -0.4)])
def test_a_model_of_another_size_than_measured_is_noticed_and_not_stretched(larger, percent):
    fit = find_fit(ties(), measured(larger=larger))
    assert fit is not None
    assert fit.scale_percent == pytest.approx(percent, abs=0.01)
    assert fit.is_scale_off is (abs(percent) >= 1)


@pytest.mark.parametrize("heading_deg", [0.0, 90.0, 205.0])
def test_arrows_lead_from_the_model_to_what_was_measured_in_the_models_own_metres(heading_deg):
    points = measured(heading_deg, d=(0.0, 0.0, 0.4))
    fit = find_fit(ties(), points)
    assert fit is not None
    for (at, to), name in zip(measured_on_model(fit, ties()), CORNERS, strict=True):
        assert at == CORNERS[name]
        assert to[1] - at[1] == pytest.approx(0.3 if name == "d" else -0.1, abs=1e-3)
        assert math.dist(at, (to[0], at[1], to[2])) < 1e-3
    pushed = find_fit(ties("a", "b"), measured(0.0, b=(1.0, 0.0, 0.0)))  # facing north: right is east
    assert pushed is not None
    (_, left), (_, right) = measured_on_model(pushed, ties("a", "b"))
    assert (left[0], right[0]) == (pytest.approx(-6.5, abs=0.01), pytest.approx(6.5, abs=0.01))
    assert [round(one.towards_deg) for one in pushed.residuals] == [90, 270]


ROW = {"point": "a", "x": "-6", "y": "0", "z": "4,0"}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"point": ""}, "point_missing"),
        ({"point": "gone"}, "point_unknown"),
        ({"x": ""}, "number"),
        ({"y": "high"}, "number"),
        ({"z": "nan"}, "outside"),
        ({"x": "-7.1"}, "outside"),
    ],
)
def test_a_row_that_is_no_tie_says_why(changed, word):
    typed = read_ties([{**ROW, **changed}], measured(), BOX)
    assert (typed.ties, typed.slips) == ((), {0: word})


def test_rows_are_taken_in_their_order_empty_ones_and_second_ones_of_a_point_not():
    empty = dict.fromkeys(("point", "x", "y", "z"), "")
    typed = read_ties([ROW, empty, {**ROW, "point": "b", "x": "6"}, ROW], measured(), BOX)
    assert typed.ties == tuple(ties("a", "b"))
    assert typed.slips == {3: "twice"}
    assert read_ties(type_ties(typed.ties), measured(), BOX).ties == typed.ties


def test_only_the_node_of_the_scan_is_tied():
    scene = make_scene("a" * 64)
    scene = replace(scene, nodes=[*scene.nodes, replace(scene.nodes[0], id="other")])
    tied = put_ties(scene, "gate", ties("a", "b"))
    assert [len(node.ties) for node in tied.nodes] == [2, 0]
    assert put_ties(tied, "gate", []) == scene
