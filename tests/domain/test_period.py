from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xr_server.domain.days import Window
from xr_server.domain.period import (
    LONGEST_DAYS,
    compare,
    count_days,
    days_without,
    month_windows,
    preset_window,
    read_window,
)
from xr_server.errors import Invalid

NEWEST = date(2026, 11, 29)  # a Sunday


def test_without_being_asked_the_four_weeks_up_to_the_newest_day_are_meant():
    assert read_window("", "", NEWEST) == Window(date(2026, 11, 2), NEWEST)
    assert read_window("2026-11-28", "", NEWEST) == Window(date(2026, 11, 28), NEWEST)
    assert read_window("", "2026-01-31", NEWEST) == Window(date(2026, 1, 4), date(2026, 1, 31))


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("yesterday", "", "date_unreadable"),
        ("0001-01-01", "0001-01-05", "date_unreadable"),
        ("", "0001-01-05", "date_unreadable"),
        ("2026-11-30", "2026-11-29", "range_reversed"),
        ("2025-11-28", "2026-11-29", "range_too_long"),
    ],
)
def test_unreadable_and_endless_windows_are_refused(first, last, code):
    with pytest.raises(Invalid) as refused:
        read_window(first, last, NEWEST)
    assert refused.value.code == code


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, LONGEST_DAYS))
def test_compared_windows_are_as_long_begin_on_the_same_weekday_and_share_no_day(first, days):
    window = Window(first, date.fromordinal(first.toordinal() + days - 1))
    compared = compare(window)
    for other in (compared.before, compared.year_before):
        assert count_days(other) == days
        assert other.from_on.weekday() == first.weekday()
    assert compared.before.until_on < first
    assert (first - compared.before.until_on).days <= 7
    assert (first - compared.year_before.from_on).days == 364


def test_ready_made_choices():
    assert preset_window("four_weeks", NEWEST) == Window(date(2026, 11, 2), NEWEST)
    assert preset_window("this_month", NEWEST) == Window(date(2026, 11, 1), NEWEST)
    assert preset_window("last_month", NEWEST) == Window(date(2026, 10, 1), date(2026, 10, 31))
    assert preset_window("this_year", NEWEST) == Window(date(2026, 1, 1), NEWEST)
    assert preset_window("last_year", NEWEST) == Window(date(2025, 1, 1), date(2025, 12, 31))


def test_only_whole_months_are_months():
    months = month_windows(Window(date(2026, 1, 31), date(2026, 4, 29)))
    assert months == [Window(date(2026, 2, 1), date(2026, 2, 28)), Window(date(2026, 3, 1), date(2026, 3, 31))]


def test_days_are_left_out():
    quiet = [date(2026, 8, 9), date(2026, 8, 15)]
    assert days_without(Window(date(2026, 8, 1), date(2026, 8, 15)), quiet) == [
        Window(date(2026, 8, 1), date(2026, 8, 8)),
        Window(date(2026, 8, 10), date(2026, 8, 14)),
    ]
