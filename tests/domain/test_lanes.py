"""The plan as lanes: what is on which days, counted so that looking again works nothing out anew."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import GATE
from xr_server.domain.catalog import Experience, Trigger
from xr_server.domain.days import Window
from xr_server.domain.lanes import (
    Plan,
    Planned,
    count_expansions,
    days_of,
    draw_lanes,
    draw_seasons,
    gather_plan,
    pack,
    with_dates,
)
from xr_server.domain.season import InSeason, OnDates, Schedule, Season, YearlyRule

YEAR = Window(date(2027, 1, 1), date(2027, 12, 31))
ENDLESS = Season(
    id="lanterns", name={"en": "Lanterns"}, rule=YearlyRule(rrule="FREQ=YEARLY;BYMONTH=2;BYDAY=1FR", duration_days=None)
)


def offer(name: str, landmark: str = "water-gate") -> Experience:
    return Experience(id=name, title={"en": name}, landmark=landmark, scene="wall", trigger=Trigger(kind="geofence"))


def dated(name: str, experience: str, *pairs: tuple[str, str], exclusive: bool = False) -> Schedule:
    return Schedule(id=name, experience=experience, days=OnDates(ranges=list(pairs)), exclusive=exclusive)


def plan_of(*bodies: object) -> Plan:
    return gather_plan([Planned(body, False) for body in (GATE, *bodies)])  # type: ignore[arg-type]


def test_a_lane_has_the_days_of_its_experiences_and_the_days_between_them():
    plan = plan_of(
        offer("a"),
        offer("b"),
        dated("a", "a", ("2027-02-01", "2027-02-03")),
        dated("b", "b", ("2027-02-03", "2027-02-05"), ("2027-12-31", "2028-01-02")),
    )
    (lane,), broken = draw_lanes(plan, YEAR)
    assert broken == [] and lane.landmark == GATE
    assert [(bar.thing.id, bar.hull) for bar in lane.bars] == [
        ("a", (date(2027, 2, 1), date(2027, 2, 3))),
        ("b", (date(2027, 2, 3), date(2027, 12, 31))),
    ]
    assert lane.gaps == ((date(2027, 1, 1), date(2027, 1, 31)), (date(2027, 2, 6), date(2027, 12, 30)))


def test_what_has_no_dates_is_on_every_day_and_leaves_no_gap():
    (lane,), _ = draw_lanes(plan_of(offer("a")), YEAR)
    assert lane.gaps == () and lane.bars[0].hull == (YEAR.from_on, YEAR.until_on)


def test_dates_of_a_season_that_is_not_there_are_told_and_keep_nothing_else_away():
    lost = Schedule(id="b", experience="b", days=InSeason(season="rain"))
    plan = plan_of(offer("a"), offer("b"), lost)
    (lane,), broken = draw_lanes(plan, YEAR)
    assert broken == [lost] and [bar.thing.id for bar in lane.bars] == ["a"]


def test_a_season_without_an_end_stands_on_its_first_day_and_says_so():
    (bar,) = draw_seasons(plan_of(ENDLESS), YEAR).bars
    assert bar.open_on == (date(2027, 2, 5),) and bar.ranges == ((date(2027, 2, 5), date(2027, 2, 5)),)


def test_a_plan_as_it_would_be_has_the_typed_dates_in_place_of_those_of_their_name():
    plan = plan_of(offer("a"), dated("a", "a", ("2027-02-01", "2027-02-03")))
    (lane,), _ = draw_lanes(with_dates(plan, offer("a"), dated("a", "a", ("2027-03-01", "2027-03-02"))), YEAR)
    assert [bar.hull for bar in lane.bars] == [(date(2027, 3, 1), date(2027, 3, 2))] and lane.bars[0].draft


def test_looking_again_expands_nothing_and_one_change_one_rule():
    offers = [offer(f"e{number}", f"l{number % 7}") for number in range(300)]
    day = date(2027, 1, 1)
    dates = [
        dated(
            f"s{number}", f"e{number}", ((day + timedelta(number)).isoformat(), (day + timedelta(number)).isoformat())
        )
        for number in range(300)
    ]
    draw_lanes(plan_of(*offers, *dates), YEAR)
    before = count_expansions()
    draw_lanes(plan_of(*offers, *dates), YEAR)
    assert count_expansions() == before
    dates[7] = dated("s7", "e7", ("2027-06-01", "2027-06-09"))
    draw_lanes(plan_of(*offers, *dates), YEAR)
    assert count_expansions() == before + 1
    renamed = [dated(f"other-{one.id}", one.experience, *one.days.ranges) for one in dates]  # type: ignore[union-attr]
    draw_lanes(plan_of(*offers, *renamed), YEAR)  # what a rule says decides, not what it is called
    assert count_expansions() == before + 1


def test_words_of_a_season_move_no_day_and_its_rule_does():
    schedule = Schedule(id="a", experience="a", days=InSeason(season="s"))

    def season(days: int, name: str) -> Season:
        rule = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=3", duration_days=days)
        return Season(id="s", name={"en": name}, rule=rule)

    first = days_of(schedule, {"s": season(3, "May")}, YEAR)
    before = count_expansions()
    assert days_of(schedule, {"s": season(3, "Spring")}, YEAR) == first and count_expansions() == before
    assert days_of(schedule, {"s": season(4, "May")}, YEAR) == ((date(2027, 5, 3), date(2027, 5, 6)),)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=40))
def test_rows_hold_no_two_at_once_and_are_as_few_as_can_be(found):
    items = sorted((float(start), float(start + length)) for start, length in found)
    rows = pack(items)
    for row in set(rows):
        taken = [item for item, at in zip(items, rows, strict=True) if at == row]
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(taken))
    most = max((sum(start <= at < end for start, end in items) for at, _ in items), default=0)
    assert len(set(rows)) == most


@pytest.mark.parametrize("only", ["water-gate", "elsewhere"])
def test_one_landmark_alone_has_its_own_lane(only):
    lanes, _ = draw_lanes(plan_of(offer("a"), offer("b", "elsewhere")), YEAR, only)
    assert [bar.thing.id for lane in lanes for bar in lane.bars] == ["a" if only == "water-gate" else "b"]
