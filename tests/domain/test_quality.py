from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.days import Window
from xr_server.domain.figures import Block
from xr_server.domain.quality import Quality, read_quality, sum_days, told_spans

FIRST = date(2026, 11, 1)


def on(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_numbers_by_name_become_what_they_mean_and_unknown_ones_are_left_out():
    counts = {"accepted": 90, "duplicate": 4, "counted_only": 3, "no_consent": 1, "late": 9, "without_visit": 2}
    counts |= {
        "rejected_malformed": 1,
        "rejected_unknown_id": 2,
        "flagged_speed": 5,
        "visits_flagged_speed": 1,
        "odd": 50,
    }
    quality = read_quality(counts)
    assert quality.rejected == {"unknown_id": 2, "malformed": 1}
    assert (quality.flagged, quality.visits_flagged, quality.kept_out) == ({"speed": 5}, {"speed": 1}, 5)
    assert quality.came == 101  # late and flagged ones are among those stored
    assert quality.share(quality.late) == 9 / 101


def test_where_nothing_came_nothing_is_a_share():
    assert Quality().share(0) is None


def test_runs_that_reach_out_of_the_days_are_not_told():
    blocks = [Block(on(0), on(0), 12), Block(on(1), on(3), 30), Block(on(4), on(6), 11)]
    assert told_spans(blocks, Window(on(0), on(5))) == [Window(on(0), on(0)), Window(on(1), on(3))]
    assert told_spans(blocks, Window(on(1), on(6))) == [Window(on(1), on(3)), Window(on(4), on(6))]


def test_days_outside_all_runs_add_nothing():
    by_day = {on(0): {"accepted": 5}, on(1): {"accepted": 7}, on(2): {"accepted": 100}}
    assert sum_days(by_day, [Window(on(0), on(1))]).accepted == 12


lengths = st.lists(st.integers(1, 4), min_size=1, max_size=8)


choices = st.tuples(st.integers(0, 31), st.integers(0, 31))


@given(lengths, choices, choices)
def test_two_choices_of_days_never_differ_by_part_of_a_run(runs, one, other):
    """Whatever is subtracted from whatever, events of a run of ten visits come or go together."""
    blocks, start = [], 0
    for length in runs:
        blocks.append(Block(on(start), on(start + length - 1), 10))
        start += length
    windows = [Window(on(min(pair)), on(max(pair))) for pair in (one, other)]
    days = {on(number): {"accepted": 1 << number} for number in range(32)}  # each day has a bit of its own
    sums = [sum_days(days, told_spans(blocks, window)).accepted for window in windows]
    for block in blocks:
        bits = sum(1 << (day - FIRST).days for day in days if block.first_on <= day <= block.last_on)
        assert (sums[0] ^ sums[1]) & bits in (0, bits)
