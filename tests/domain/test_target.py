from datetime import date

import pytest

from xr_server.domain.days import Window
from xr_server.domain.target import (
    Attained,
    Target,
    begun,
    list_periods,
    parse_year,
    passed_share,
    period_window,
    read_targets,
    type_targets,
)
from xr_server.domain.typed import Unfit
from xr_server.errors import Invalid


def test_a_year_has_itself_and_twelve_months():
    assert list_periods(2026)[:3] == ["2026", "2026-01", "2026-02"]
    assert len(list_periods(2026)) == 13


@pytest.mark.parametrize(
    ("period", "window"),
    [
        ("2026", Window(date(2026, 1, 1), date(2026, 12, 31))),
        ("2028-02", Window(date(2028, 2, 1), date(2028, 2, 29))),
        ("2026-12", Window(date(2026, 12, 1), date(2026, 12, 31))),
    ],
)
def test_a_period_is_all_its_days(period, window):
    assert period_window(period) == window


def test_what_is_typed_comes_back_as_it_was_meant():
    typed = {"visits-2026": "１２０,０００", "circulation-2026-11": "45", "visits-2026-02": "", "visits-2027": "9"}
    targets = read_targets(typed, 2026)
    assert targets == [Target("2026", "visits", 120_000), Target("2026-11", "circulation", 45)]
    assert read_targets(type_targets(targets), 2026) == targets


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("visits-2026", "0"),
        ("visits-2026", "many"),
        ("circulation-2026-01", "101"),
        ("visits-2026-12", "10.5"),
        ("visits-2026", "-4"),
    ],
)
def test_what_is_no_target_is_said_at_its_field(name, text):
    with pytest.raises(Unfit) as refused:
        read_targets({name: text, "visits-2026-03": "10"}, 2026)
    assert list(refused.value.faults) == [name]


@pytest.mark.parametrize("text", ["1999", "2201", "20 26", "x", "²026", "99999999999"])
def test_what_is_no_year_is_refused(text):
    with pytest.raises(Invalid):
        parse_year(text, 2026)


def test_a_target_is_reached_at_a_hundred_percent_and_not_before():
    target = Target("2026", "visits", 300)
    assert Attained(target, 299, False, 1.0).percent == 99
    assert Attained(target, 300, False, 1.0).percent == 100
    assert Attained(target, 450, False, 1.0).percent == 150
    assert Attained(target, None, True, 1.0).percent is None


def test_how_much_of_a_period_has_passed():
    november = period_window("2026-11")
    assert passed_share(november, date(2026, 10, 31)) == 0
    assert passed_share(november, date(2026, 11, 15)) == 0.5
    assert passed_share(november, date(2027, 1, 1)) == 1


def test_only_what_has_begun_is_held_against_figures_the_year_first():
    targets = [Target(period, "visits", 1) for period in ("2026-12", "2026-11", "2026")] + [
        Target("2026", "circulation", 1)
    ]
    told = begun(targets, date(2026, 11, 1))
    assert [(one.period, one.measure) for one in told] == [
        ("2026", "visits"),
        ("2026", "circulation"),
        ("2026-11", "visits"),
    ]
