from datetime import date

import pytest

from xr_server.domain.days import Window
from xr_server.domain.figures import (
    HIDDEN,
    Block,
    Released,
    Shown,
    add,
    change,
    cumulate,
    divide,
    rank,
    share,
    sum_in,
    uncovered_days,
)

MONTH = Window(date(2026, 11, 1), date(2026, 11, 30))
LONGER = Window(date(2026, 10, 28), date(2026, 11, 30))


def test_what_was_not_released_is_hidden():
    assert Released(MONTH).get("here", "ko") == HIDDEN
    assert HIDDEN.visits is None and HIDDEN.more


def test_where_the_shown_cells_make_up_the_whole_the_others_are_nought():
    divided = divide(Shown(100), {"ja": Shown(80), "en": Shown(20)}, ("ja", "en", "ko"))
    assert list(divided.cells) == ["ja", "en", "ko"]
    assert divided.cells["ko"] == Shown(0) and divided.hidden == [] and divided.rest == 0


def test_where_something_is_left_the_others_are_hidden_and_the_rest_is_said():
    divided = divide(Shown(100), {"ja": Shown(80)}, ("ja", "en", "ko"))
    assert divided.hidden == ["en", "ko"] and divided.rest == 20
    assert divided.share("ja") == pytest.approx(0.8) and divided.share("en") is None


def test_where_the_whole_may_be_larger_nothing_is_known_to_be_nought():
    divided = divide(Shown(80, True, LONGER), {"ja": Shown(80)}, ("ja", "en"))
    assert divided.cells["en"] == HIDDEN and divided.offered == LONGER


def test_sums_say_what_they_miss():
    assert add([Shown(12), Shown(30)]) == Shown(42)
    assert add([Shown(12), HIDDEN]) == Shown(12, True)
    assert add([Shown(12), Shown(10, True, LONGER)]) == Shown(22, True, LONGER)
    assert add([HIDDEN]) == HIDDEN


def test_shares_and_changes_need_both_numbers():
    assert share(Shown(10), Shown(40)) == 0.25
    assert share(HIDDEN, Shown(40)) is share(Shown(10), HIDDEN) is share(Shown(0), Shown(0)) is None
    assert change(Shown(55), Shown(50)) == pytest.approx(0.1)
    assert change(Shown(55), HIDDEN) is change(HIDDEN, Shown(50)) is None


def test_a_funnel_counts_whoever_came_further_too():
    reached = cumulate(
        {"triggered": Shown(50), "ar": Shown(30), "completed": Shown(20)}, ("triggered", "ar", "placed", "completed")
    )
    assert [reached[step].visits for step in reached] == [100, 50, 20, 20]
    assert reached["ar"].more  # how many stopped at "placed" is not known
    assert not reached["completed"].more


def test_the_largest_come_first_and_the_hidden_last():
    assert rank({"b": Shown(20), "c": HIDDEN, "a": Shown(20), "d": Shown(90)}) == ["d", "a", "b", "c"]


def test_blocks_of_a_year_are_summed_in_a_month_and_gaps_are_named():
    blocks = [
        Block(date(2026, 10, 28), date(2026, 11, 2), 10),
        Block(date(2026, 11, 3), date(2026, 11, 3), 12),
        Block(date(2026, 11, 5), date(2026, 11, 30), 30),
        Block(date(2026, 12, 1), date(2026, 12, 9), 30),
    ]
    assert sum_in(blocks, MONTH) == Shown(42, True, LONGER)
    assert sum_in(blocks[1:], MONTH) == Shown(42)
    assert sum_in([], MONTH) == HIDDEN
    assert uncovered_days(blocks, MONTH) == [date(2026, 11, 4)]
