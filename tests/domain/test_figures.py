from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.figures import DAY_MS, SMALLEST_SHOWN, day_runs, make_table, read_window
from xr_server.domain.schedule import Window
from xr_server.errors import Invalid

DAY = date(2026, 11, 24)
counts = st.dictionaries(
    st.tuples(st.integers(0, 5).map(lambda n: DAY + timedelta(days=n)), st.sampled_from("abcd")),
    st.integers(0, 60),
    max_size=24,
)


def test_small_cells_are_hidden_and_large_ones_shown():
    table = make_table({(DAY, "a"): 40, (DAY, "b"): 3, (DAY, "c"): 9, (DAY, "d"): 0})
    assert table.cells[DAY, "a"].count == 40
    assert table.cells[DAY, "b"].count is None and table.cells[DAY, "c"].count is None
    assert (DAY, "d") not in table.cells
    assert table.shown_total == 40


def test_a_single_small_cell_takes_the_next_one_along_so_that_no_total_gives_it_away():
    table = make_table({(DAY, "a"): 40, (DAY, "b"): 12, (DAY, "c"): 3})
    assert table.cells[DAY, "b"].count is None
    assert table.suppressed == 2


@given(counts)
def test_what_is_missing_from_the_total_is_never_one_small_number(cells):
    table = make_table(cells)
    assert all(cell.count is None or cell.count >= SMALLEST_SHOWN for cell in table.cells.values())
    missing = sum(cells.values()) - table.shown_total
    hidden = [key for key, cell in table.cells.items() if cell.count is None]
    if hidden and table.shown_total:
        assert missing >= SMALLEST_SHOWN and len(hidden) >= 2


def test_days_without_clock_changes_are_one_run():
    (run,) = day_runs(Window(date(2026, 1, 1), date(2026, 12, 31)), ZoneInfo("Asia/Tokyo"))
    assert (run.days, run.end_at - run.start_at) == (365, 365 * DAY_MS)


def test_days_of_23_and_25_hours_stand_alone():
    runs = day_runs(Window(date(2026, 3, 27), date(2026, 3, 31)), ZoneInfo("Europe/Amsterdam"))
    assert [(run.first_on.day, run.days) for run in runs] == [(27, 2), (29, 1), (30, 2)]
    assert all(later.start_at == earlier.end_at for earlier, later in pairwise(runs))


def test_without_a_choice_the_last_fourteen_days_are_shown():
    assert read_window("", "", DAY) == Window(DAY - timedelta(days=13), DAY)


@pytest.mark.parametrize(("first", "last"), [("2026-11-25", "2026-11-24"), ("x", ""), ("2020-01-01", "2026-01-01")])
def test_ranges_that_cannot_be_shown_are_refused(first, last):
    with pytest.raises(Invalid):
        read_window(first, last, DAY)
