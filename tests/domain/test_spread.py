import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.families import STAY_BUCKETS_S
from xr_server.domain.figures import Shown
from xr_server.domain.spread import find_circulation, levelling, stay_quartiles


def shown(counts):
    return {str(atom): Shown(count) for atom, count in counts.items()}


def test_quartiles_lie_within_their_stretches_in_proportion():
    found = stay_quartiles(shown({60: 100, 120: 100}), Shown(200))
    assert found is not None
    assert found.low.value == pytest.approx(75)  # half of the stretch from 60 to 90 s
    assert found.middle.value == pytest.approx(90)
    assert found.high.value == pytest.approx(150)  # half of that from 120 to 180 s
    assert found.middle.low == found.middle.high == found.middle.value


def test_hidden_stays_widen_the_bounds_and_too_many_of_them_leave_nothing_to_tell():
    found = stay_quartiles(shown({60: 100}), Shown(130))
    assert found is not None and found.hidden == 30
    assert found.middle.low == pytest.approx(60 + 30 * 35 / 100)
    assert found.middle.high == pytest.approx(60 + 30 * 65 / 100)
    assert found.low.low == pytest.approx(60 + 30 * 2.5 / 100)
    assert found.high.high == pytest.approx(60 + 30 * 97.5 / 100)
    assert stay_quartiles(shown({60: 49}), Shown(100)) is None
    assert stay_quartiles({}, Shown(100)) is None


def test_the_longest_stays_are_cut():
    found = stay_quartiles(shown({1800: 40}), Shown(40))
    assert found is not None and found.low.value == found.high.value == 1800


@given(st.lists(st.integers(0, 60), min_size=16, max_size=16), st.integers(0, 40))
def test_every_quartile_lies_between_its_bounds_and_they_rise(counts, hidden):
    found = stay_quartiles(shown(zip_counts(counts)), Shown(sum(counts) + hidden))
    if found is None:
        assert sum(counts) < 0.5 * (sum(counts) + hidden) or not sum(counts)
        return
    for one in (found.low, found.middle, found.high):
        assert one.low <= one.value <= one.high
    assert found.low.value <= found.middle.value <= found.high.value


def zip_counts(counts):
    return dict(zip(STAY_BUCKETS_S, counts, strict=True))


def test_circulation_is_the_share_that_went_on_and_the_middle_of_landmarks():
    found = find_circulation(shown({0: 10, 1: 40, 2: 30, 3: 20}), Shown(100))
    assert found is not None
    assert (found.two.value, found.three.value, found.middle.value) == (0.5, 0.2, 1)
    assert found.hidden == 0


def test_hidden_visits_are_counted_on_either_side():
    found = find_circulation(shown({1: 60, 2: 20}), Shown(100))
    assert found is not None
    assert (found.two.low, found.two.value, found.two.high) == (0.2, 0.25, 0.4)
    assert (found.middle.low, found.middle.value, found.middle.high) == (1, 1, 1)
    assert find_circulation(shown({1: 49}), Shown(100)) is None


def test_levelling_is_nought_for_even_months():
    assert levelling([100, 100, 100]) == 0
    assert levelling([50, 150]) == pytest.approx(0.5)
    assert levelling([100]) is levelling([]) is levelling([0, 0]) is None
