"""Opening hours: of a day, of a week in rows, what a document says of them, and what cannot be."""

from datetime import date

import pytest

from xr_server.domain.days import WEEKDAYS
from xr_server.domain.opening import (
    Hours,
    Opening,
    OtherDay,
    dump_opening,
    find_slips,
    gather_week,
    hours_on,
    pairs_on,
)


def span(opens_at: str, closes_at: str) -> Hours:
    return Hours(opens_at=opens_at, closes_at=closes_at)


DAY = [Hours(opens_at="08:00", closes_at="21:00")]
OPENING = Opening(
    weekly={weekday: DAY for weekday in WEEKDAYS if weekday != "MO"},
    other_days=[
        OtherDay(on="2026-12-31", hours=[Hours(opens_at="08:00", closes_at="12:00")]),
        OtherDay(on="2026-12-09"),
    ],
    closed_yearly=["12-30", "12-31"],
)


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        (date(2026, 12, 7), None),  # a Monday
        (date(2026, 12, 8), "21:00"),
        (date(2026, 12, 9), None),  # a day of its own
        (date(2026, 12, 30), None),  # every year
        (date(2027, 12, 30), None),
        (date(2026, 12, 31), "12:00"),  # of its own, which comes before every year's
        (date(2027, 12, 31), None),
    ],
)
def test_the_hours_of_a_day(day: date, closes: str | None) -> None:
    assert [one.closes_at for one in hours_on(OPENING, day)] == ([closes] if closes else [])


def test_a_document_says_the_week_and_only_the_days_that_differ() -> None:
    dumped = dump_opening(OPENING, date(2026, 12, 1), 60)
    assert dumped["week"] == [[]] + [[["08:00", "21:00"]]] * 6
    assert dumped["days"] == {"2026-12-09": [], "2026-12-30": [], "2026-12-31": [["08:00", "12:00"]]}
    days = [date(2026, 12, number) for number in range(1, 32)]
    assert [pairs_on(dumped, day) for day in days] == [
        [[one.opens_at, one.closes_at] for one in hours_on(OPENING, day)] for day in days
    ]


def test_a_week_is_told_in_as_few_rows_as_can_be() -> None:
    rows = gather_week([[]] + [[["08:00", "21:00"]]] * 4 + [[["08:00", "22:00"]]] * 2)
    assert [(run.first, run.last) for run in rows] == [(0, 0), (1, 4), (5, 6)]


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        (Opening(weekly={"MO": [span("08:00", "12:00"), span("11:00", "13:00")]}), "overlap"),
        (Opening(weekly={"MO": [span("18:00", "02:00"), span("20:00", "21:00")]}), "overlap"),
        (Opening(weekly={}, other_days=[OtherDay(on="2026-02-31")]), "not a date"),
        (Opening(weekly={}, other_days=[OtherDay(on="2026-12-30"), OtherDay(on="2026-12-30")]), "twice"),
        (Opening(weekly={}, closed_yearly=["02-30"]), "not a day"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(opening: Opening, said: str) -> None:
    assert [said in text for _, text in find_slips(opening)] == [True]


def test_an_evening_past_midnight_and_two_parts_of_a_day_are_sound() -> None:
    hours = [Hours(opens_at="08:00", closes_at="12:00"), Hours(opens_at="18:00", closes_at="01:00")]
    assert list(find_slips(Opening(weekly={"SA": hours}, closed_yearly=["02-29"]))) == []
