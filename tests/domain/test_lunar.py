import itertools
from datetime import timedelta

import holidays
import pytest

from tests.domain.new_moons import chinese_months
from xr_server.domain.lunar import FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR, YEARS, lunar_day, lunar_month
from xr_server.errors import Invalid

ALL_YEARS = range(FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR + 1)


def test_every_month_of_the_table_begins_with_a_new_moon_and_every_leap_month_is_the_skys():
    computed = chinese_months(FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR)
    assert len(computed) == sum(len(lengths) for _, lengths, _ in YEARS.values()) == 631
    for (first, year, month, leap), (following, *_) in itertools.pairwise(computed):
        if leap:
            assert YEARS[year][2] == month
            begins, length = lunar_month(year, month)
            assert begins + timedelta(days=length) == first
        else:
            assert lunar_month(year, month) == (first, (following - first).days), (year, month)
    assert {year: leap for year, (_, _, leap) in YEARS.items() if leap} == {
        year: month for _, year, month, leap in computed if leap
    }


def test_the_festivals_are_those_of_the_holidays_library():
    taiwan = holidays.country_holidays("TW", years=ALL_YEARS, language="en_US", observed=False)
    found = {
        name: sorted(day for day, names in taiwan.items() if name in names.split("; "))
        for name in ("Chinese New Year", "Dragon Boat Festival", "Mid-Autumn Festival")
    }
    for name, (month, day) in {
        "Chinese New Year": (1, 1),
        "Dragon Boat Festival": (5, 5),
        "Mid-Autumn Festival": (8, 15),
    }.items():
        ours = [lunar_day(year, month, day) for year in ALL_YEARS]
        assert len(ours) == 51
        firsts = {one.year: one for one in reversed(found[name])}
        assert [firsts[one.year] for one in ours] == ours, name


@pytest.mark.parametrize("year", [1999, 2051, -5])
def test_a_year_outside_the_table_is_refused_by_number(year):
    with pytest.raises(Invalid) as refused:
        lunar_day(year, 1, 1)
    assert (refused.value.code, str(year) in refused.value.text) == ("lunar_far", True)


def test_a_thirtieth_day_comes_only_in_months_that_have_one():
    lengths = {lunar_month(2026, month)[1]: month for month in range(1, 13)}
    assert set(lengths) == {29, 30}
    assert lunar_day(2026, lengths[29], 30) is None
    assert lunar_day(2026, lengths[30], 30) is not None
