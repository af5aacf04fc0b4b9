"""Lists of days, held to sets of them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.days import each_day, join_ranges, meet

FIRST = date(2027, 1, 1)


@st.composite
def lists(draw):
    """Ranges in order, of which none touches another."""
    pairs = draw(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 20)), max_size=8))
    return join_ranges([(FIRST + timedelta(start), FIRST + timedelta(start + lasts)) for start, lasts in pairs])


def days_in(ranges):
    return {day for pair in ranges for day in each_day(*pair)}


@given(lists(), lists())
def test_what_two_lists_have_in_common_is_each_day_that_both_have_once_and_in_order(some, others):
    common = meet(some, others)
    assert days_in(common) == days_in(some) & days_in(others)
    assert common == sorted(common) and sum(len(list(each_day(*pair))) for pair in common) == len(days_in(common))
