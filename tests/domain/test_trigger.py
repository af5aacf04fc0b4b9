import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.geofence import Fence
from xr_server.domain.trigger import MAX_ACCURACY_M, Fix, TriggerState, step_trigger

LAT, LON = 32.7437, 129.8723
METRE = 1 / 111195  # degrees of latitude
GATE = Fence("gate", LAT, LON, 20, 30)
HOUSE = Fence("house", LAT + 30 * METRE, LON, 20, 30)
FENCES = (GATE, HOUSE)


def north(metres: float, accuracy_m: float = 5) -> Fix:
    return Fix(LAT + metres * METRE, LON, accuracy_m)


def walk(*fixes: Fix, start: TriggerState | None = None) -> list[str | None]:
    state, places = start or TriggerState(), []
    for fix in fixes:
        state = step_trigger(state, fix, FENCES)
        places.append(state.current)
    return places


def test_a_landmark_is_entered_within_its_circle_and_not_before():
    assert walk(north(-21), north(-19)) == [None, "gate"]


def test_between_the_two_circles_nothing_changes():
    assert walk(north(0), north(-25), north(-29)) == ["gate", "gate", "gate"]
    assert walk(north(-25)) == [None]


def test_one_fix_a_little_outside_does_not_end_it_and_two_do():
    assert walk(north(0), north(-33, 10), north(0), north(-33, 10), north(-33, 10)) == ["gate"] * 4 + [None]


def test_a_fix_that_is_surely_outside_ends_it_at_once():
    assert walk(north(0), north(-60, 5)) == ["gate", None]


def test_a_neighbour_must_be_clearly_nearer_twice():
    assert walk(north(0), north(17), north(17)) == ["gate", "gate", "gate"]  # nearer by 4 m only
    assert walk(north(0), north(19), north(19)) == ["gate", "gate", "house"]
    assert walk(north(0), north(19), north(5), north(19)) == ["gate"] * 4


@pytest.mark.parametrize(
    "fix", [north(0, MAX_ACCURACY_M + 1), north(0, math.nan), Fix(math.nan, LON, 5), Fix(LAT, math.inf, 5)]
)
def test_a_fix_that_says_nothing_changes_nothing(fix):
    for state in (TriggerState(), TriggerState("gate", "house")):
        assert step_trigger(state, fix, FENCES) == state


def test_a_fix_vaguer_than_the_circle_is_wide_does_not_enter_it():
    assert walk(north(0, 41), north(0, 40)) == [None, "gate"]


def test_a_landmark_that_is_no_longer_published_is_left():
    assert step_trigger(TriggerState("gone"), north(0), FENCES) == TriggerState("gate")
    assert step_trigger(TriggerState("gone"), north(-200), ()) == TriggerState(None)


def test_of_two_landmarks_equally_far_the_first_by_name_is_taken():
    twins = [Fence(name, LAT, LON, 20, 30) for name in ("b", "a")]
    assert step_trigger(TriggerState(), north(3), twins).current == "a"


@given(st.lists(st.tuples(st.floats(-80, 110), st.floats(0, 100)), max_size=30))
def test_one_is_never_at_a_landmark_that_is_surely_out_of_reach(walked):
    state = TriggerState()
    for metres, accuracy_m in walked:
        state = step_trigger(state, north(metres, accuracy_m), FENCES)
        if state.current and accuracy_m <= MAX_ACCURACY_M:
            away_m = abs(metres - (0 if state.current == "gate" else 30))
            assert away_m - accuracy_m <= 30.1


@given(st.floats(-60, 90), st.floats(0, 60))
def test_standing_still_settles_after_two_fixes(metres, accuracy_m):
    fix = north(metres, accuracy_m)
    for current, pending in product((None, "gate", "house"), (None, "gate", "house", "leave")):
        state = TriggerState(current, pending)
        for _ in range(3):
            state = step_trigger(state, fix, FENCES)
        assert step_trigger(state, fix, FENCES).current == state.current
