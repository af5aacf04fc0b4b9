"""Seasons: each kind of rule, what is entered for a year, and ends that nobody has entered yet."""

import random
from datetime import date, timedelta

import msgspec
import pytest

from xr_server.domain.rule_days import check_days_of, rule_spans
from xr_server.domain.schedule import Window
from xr_server.domain.season import (
    BetweenRule,
    DatedRule,
    EnteredYear,
    LunarRule,
    RecurringRule,
    Rule,
    Season,
    YearlyRule,
)
from xr_server.domain.season_days import (
    find_season_faults,
    live_seasons,
    next_span,
    season_ranges,
    season_spans,
    starts_without_end,
)
from xr_server.errors import Invalid

KINGS = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=27", duration_days=1, shifts={"SU": -1})
FRIDAY = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=2;BYDAY=1FR", valid_from=2026)
WINTER = BetweenRule(first="12-01", last="02-29")


def season(rule: Rule, **fields) -> Season:
    return Season(id="s", name={"en": "Season"}, rule=rule, **fields)


def year(number: int) -> Window:
    return Window(date(number, 1, 1), date(number, 12, 31))


def test_a_day_that_falls_on_a_weekday_can_move():
    days = {number: season_ranges(season(KINGS), year(number)) for number in (2030, 2031)}
    assert days == {
        2030: [(date(2030, 4, 27), date(2030, 4, 27))],
        2031: [(date(2031, 4, 26), date(2031, 4, 26))],  # the 27th is a Sunday
    }


def test_a_range_past_new_year_belongs_to_both_years_and_knows_leap_years():
    assert season_ranges(season(WINTER), year(2028)) == [
        (date(2027, 12, 1), date(2028, 2, 29)),
        (date(2028, 12, 1), date(2029, 2, 28)),
    ]
    first = BetweenRule(first="02-29", last="03-02")
    assert [span.first_on for number in (2027, 2028) for span in rule_spans(first, year(number))] == [
        date(2027, 3, 1),
        date(2028, 2, 29),
    ]


def test_a_range_of_one_day_and_one_of_a_whole_year():
    assert season_ranges(season(BetweenRule(first="08-09", last="08-09")), year(2026)) == [
        (date(2026, 8, 9), date(2026, 8, 9))
    ]
    whole = season_ranges(season(BetweenRule(first="03-01", last="02-28")), Window(date(2026, 2, 28), date(2026, 3, 1)))
    assert whole == [(date(2025, 3, 1), date(2026, 2, 28)), (date(2026, 3, 1), date(2027, 2, 28))]


def test_lunar_days_may_be_shifted_and_end_with_the_table():
    eve = season(LunarRule(month=1, day=1, duration_days=2, start_offset_days=-1))
    assert season_ranges(eve, year(2027)) == [(date(2027, 2, 5), date(2027, 2, 6))]
    assert season_ranges(eve, year(2050)) == [(date(2050, 1, 22), date(2050, 1, 23))]
    assert season_ranges(eve, year(2051)) == []
    assert season_ranges(eve, year(1999)) == []


def test_a_lunar_day_in_the_twelfth_month_can_come_twice_in_a_year_or_not_at_all():
    day = season(LunarRule(month=11, day=25, duration_days=1))
    counts = {number: len(season_ranges(day, year(number))) for number in range(2001, 2050)}
    assert set(counts.values()) == {0, 1, 2}


@pytest.mark.parametrize("month", [11, 12])
def test_a_lunar_day_after_new_year_is_found_also_by_who_asks_about_that_day_alone(month):
    days = [
        first
        for day in range(1, 31)
        for first, _ in season_ranges(season(LunarRule(month=month, day=day, duration_days=1)), year(2027))
    ]
    assert month == 11 or any(day.month <= 2 for day in days)
    for number in range(1, 31):
        rule = season(LunarRule(month=month, day=number, duration_days=1))
        for pair in season_ranges(rule, year(2027)):
            assert season_ranges(rule, Window(*pair)) == [pair], (month, number)


def test_a_recurring_rule_counts_from_its_own_first_day():
    every_other = season(RecurringRule(rrule="FREQ=WEEKLY;INTERVAL=2;COUNT=3", starts_on="2026-12-05", duration_days=2))
    assert season_ranges(every_other, Window(date(2026, 12, 20), date(2027, 12, 31))) == [
        (date(2026, 12, 19), date(2026, 12, 20)),
        (date(2027, 1, 2), date(2027, 1, 3)),
    ]


def test_an_end_that_is_announced_each_year_is_asked_for_until_it_is_entered():
    lantern = season(FRIDAY)
    assert season_ranges(lantern, year(2027)) == []
    assert starts_without_end(lantern, year(2027)) == [date(2027, 2, 5)]
    assert live_seasons([lantern], date(2027, 2, 5)) == []
    told = season(FRIDAY, entered=[EnteredYear(year=2027, ranges=[("2027-02-06", "2027-02-21")])])
    assert season_ranges(told, year(2027)) == [(date(2027, 2, 6), date(2027, 2, 21))]
    assert starts_without_end(told, year(2027)) == []
    assert starts_without_end(told, year(2028)) == [date(2028, 2, 4)]
    assert live_seasons([told], date(2027, 2, 21)) == [told]
    assert live_seasons([told], date(2027, 2, 22)) == []


def test_a_year_entered_without_days_is_a_year_in_which_it_is_not_held():
    kunchi = season(
        YearlyRule(rrule="FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=7", duration_days=3), entered=[EnteredYear(year=2027)]
    )
    spans = season_ranges(kunchi, Window(date(2026, 1, 1), date(2028, 12, 31)))
    assert [first.year for first, _ in spans] == [2026, 2028]


def test_rules_take_turns_by_their_years():
    lunar = LunarRule(month=1, day=1, duration_days=15, valid_until=2025)
    spans = season_spans(season(FRIDAY, former=[lunar]), Window(date(2025, 1, 1), date(2027, 12, 31)))
    assert [span.first_on for span in spans] == [date(2025, 1, 29), date(2026, 2, 6), date(2027, 2, 5)]


def test_an_announced_season_may_have_had_a_rule_before():
    ships = season(
        DatedRule(ranges=[("2026-04-23", "2026-04-27")]),
        former=[BetweenRule(first="04-20", last="04-24", valid_until=2025)],
    )
    assert [first for first, _ in season_ranges(ships, Window(date(2025, 1, 1), date(2026, 12, 31)))] == [
        date(2025, 4, 20),
        date(2026, 4, 23),
    ]


def test_the_next_occurrence_is_the_one_that_is_not_over_yet():
    told = season(FRIDAY, entered=[EnteredYear(year=2026, ranges=[("2026-02-06", "2026-02-23")])])
    end = date(2027, 12, 31)
    assert next_span(told, date(2026, 2, 23), end).first_on == date(2026, 2, 6)
    assert next_span(told, date(2026, 2, 24), end).first_on == date(2027, 2, 5)
    assert next_span(season(DatedRule()), date(2026, 2, 24), end) is None


def test_an_occurrence_that_has_begun_without_an_end_is_asked_for_while_it_may_be_going_on():
    end = date(2027, 12, 31)
    asked = {day: next_span(season(FRIDAY), day, end) for day in (date(2027, 2, 5), date(2027, 4, 6), date(2027, 4, 7))}
    assert [span and span.first_on for span in asked.values()] == [date(2027, 2, 5), date(2027, 2, 5), None]


RULES = [
    (YearlyRule(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", duration_days=1), "rule_never"),
    (YearlyRule(rrule="FREQ=SECONDLY", duration_days=1), "rule_too_often"),
    (YearlyRule(rrule="FREQ=DAILY", duration_days=1), "rule_not_yearly"),
    (BetweenRule(first="02-30", last="03-02"), "date_unreadable"),
    (BetweenRule(first="06-01", last="06-31"), "date_unreadable"),
    (BetweenRule(first="06-01", last="06-30", valid_from=2030, valid_until=2029), "years_reversed"),
    (BetweenRule(first="06-01", last="06-30", valid_from=999_999), "year_far"),
    (LunarRule(month=1, day=1, valid_from=2051), "lunar_far"),
    (LunarRule(month=1, day=1, valid_until=-1), "year_far"),
    (RecurringRule(rrule="FREQ=DAILY", starts_on="2026-02-30"), "date_unreadable"),
    (RecurringRule(rrule="FREQ=DAILY", starts_on="9999-01-01"), "year_far"),
    (RecurringRule(rrule="FREQ=DAILY", starts_on="0001-01-01"), "year_far"),
    (RecurringRule(rrule="FREQ=DAILY;UNTIL=20261204", starts_on="2026-12-05"), "rule_never"),
    (DatedRule(ranges=[("2026-12-05", "2026-12-04")]), "range_reversed"),
    (DatedRule(ranges=[("2026-02-31", "2026-03-01")]), "date_unreadable"),
]


@pytest.mark.parametrize(("rule", "code"), RULES)
def test_a_rule_that_cannot_be_is_refused_with_a_sentence(rule, code):
    with pytest.raises(Invalid) as refused:
        check_days_of(rule)
    assert refused.value.code == code
    assert [field for field, _ in find_season_faults(season(rule))] == ["rule"]


@pytest.mark.parametrize("number", [1, 1899, 2201, 9999])
@pytest.mark.parametrize("rule", [KINGS, WINTER, LunarRule(month=1, day=1, duration_days=1)])
def test_far_years_have_no_days_and_cost_nothing(rule, number):
    assert season_ranges(season(rule), Window(date(number, 1, 1), date(number, 12, 31))) == []


def test_what_is_entered_must_begin_in_its_year_and_once():
    wrong = season(
        KINGS,
        entered=[
            EnteredYear(year=2027, ranges=[("2028-04-27", "2028-04-27")]),
            EnteredYear(year=2029, ranges=[("2029-04-28", "2029-04-27")]),
            EnteredYear(year=2030),
            EnteredYear(year=2030),
            EnteredYear(year=99_999),
        ],
    )
    sentences = [sentence for field, sentence in find_season_faults(wrong) if field == "entered"]
    assert len(sentences) == 4
    assert "2030 is entered twice" in sentences[0]
    assert list(find_season_faults(season(KINGS))) == []


OLD = (
    b'{"id":"s","name":{"en":"Season"},"rule":{"type":"yearly","rrule":"FREQ=YEARLY;BYMONTH=7;BYDAY=-1SU",'
    b'"duration_days":2,"start_offset_days":-1,"valid_from":2026},"confidence":"high"}'
)


def test_a_season_stored_before_there_were_other_rules_is_read_and_means_what_it_meant():
    old = msgspec.json.decode(OLD, type=Season)
    assert season_ranges(old, year(2026)) == [(date(2026, 7, 25), date(2026, 7, 26))]
    assert season_ranges(old, year(2025)) == []
    assert msgspec.json.decode(msgspec.json.encode(old), type=Season) == old
    dated = msgspec.json.decode(
        b'{"id":"s","name":{},"rule":{"type":"dated","ranges":[["2027-02-06","2027-02-06"]]}}', type=Season
    )
    assert season_ranges(dated, year(2027)) == [(date(2027, 2, 6), date(2027, 2, 6))]


def random_rule(chance: random.Random) -> Rule:
    """A rule of any computed kind, shifted and lasting as far as is allowed."""
    lasting = {"duration_days": chance.choice([1, 2, 30, 120, None]), "start_offset_days": chance.randint(-120, 120)}
    shifts = {"SU": -6, "SA": 6} if chance.random() < 0.5 else {}
    month = chance.randint(1, 12)
    return chance.choice(
        [
            YearlyRule(rrule=f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY=28", shifts=shifts, **lasting),
            YearlyRule(rrule=f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1SU", **lasting),
            BetweenRule(first=f"{month:02}-15", last=f"{chance.randint(1, 12):02}-14"),
            LunarRule(month=month, day=15, **lasting),
            RecurringRule(rrule="FREQ=MONTHLY;BYDAY=2SA", starts_on="2020-01-01", duration_days=chance.randint(1, 120)),
        ]
    )


def test_a_window_shows_of_a_rule_just_what_a_wider_one_shows_of_it():
    chance = random.Random(1641)
    wide, seen = Window(date(2018, 1, 1), date(2032, 12, 31)), 0
    for _ in range(400):
        rule = random_rule(chance)
        first = date(2022, 1, 1) + timedelta(days=chance.randrange(2000))
        window = Window(first, first + timedelta(days=chance.choice([0, 1, 30, 365])))
        touching = [
            span
            for span in rule_spans(rule, wide)
            if span.first_on <= window.until_on and (span.last_on or span.first_on) >= window.from_on
        ]
        assert rule_spans(rule, window) == touching, (rule, window)
        seen += len(touching)
    assert seen > 200
