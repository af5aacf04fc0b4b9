import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.samples import SITE
from xr_server.domain.rule_days import check_rule
from xr_server.domain.schedule import Window, is_live, merge, occurrences, quiet_dates
from xr_server.domain.season import Always, DatedRule, InSeason, OnDates, Schedule, Season, YearlyRule
from xr_server.domain.season_days import season_ranges
from xr_server.errors import Invalid

TOKYO = ZoneInfo("Asia/Tokyo")
IN_NEW_YORK = replace(SITE, time_zone="America/New_York")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def year(number: int) -> Window:
    return Window(date(number, 1, 1), date(number, 12, 31))


def yearly(rule: str, days: int = 1, offset: int = 0, valid_from: int | None = None) -> Season:
    rule_ = YearlyRule(rrule=rule, duration_days=days, start_offset_days=offset, valid_from=valid_from)
    return Season(id="season", name={"en": "Season"}, rule=rule_)


def on(days, opens: str | None = None, closes: str | None = None) -> Schedule:
    return Schedule(id="s", experience="e", days=days, opens_at=opens, closes_at=closes)


def at(text: str, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_a_rule_holds_from_the_year_it_was_made():
    lantern = yearly("FREQ=YEARLY;BYMONTH=2;BYDAY=1FR", 18, valid_from=2026)
    assert season_ranges(lantern, year(2025)) == []
    assert season_ranges(lantern, year(2026)) == [(date(2026, 2, 6), date(2026, 2, 23))]


def test_a_season_across_new_year_is_found_from_both_years():
    season = yearly("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20", 20)
    assert season_ranges(season, Window(date(2027, 1, 2), date(2027, 1, 3))) == [(date(2026, 12, 20), date(2027, 1, 8))]
    assert season_ranges(season, Window(date(2027, 1, 9), date(2027, 1, 20))) == []


def test_an_offset_may_lead_into_the_year_before():
    season = yearly("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", 3, offset=-2)
    assert season_ranges(season, Window(date(2026, 12, 1), date(2026, 12, 31))) == [
        (date(2026, 12, 30), date(2027, 1, 1))
    ]


def test_entered_dates_are_taken_as_they_are_and_in_order():
    rule = DatedRule(ranges=[("2027-04-22", "2027-04-26"), ("2026-04-23", "2026-04-27")])
    season = Season(id="ships", name={"en": "Tall ships"}, rule=rule)
    assert season_ranges(season, year(2026)) == [(date(2026, 4, 23), date(2026, 4, 27))]
    both = season_ranges(season, Window(date(2026, 1, 1), date(2027, 12, 31)))
    assert [first.year for first, _ in both] == [2026, 2027]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYMONTH=1",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;COUNT=9",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;INTERVAL=2",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1;UNTIL=20301231",
        "FREQ=MONTHLY;BYMONTH=1;BYMONTHDAY=1",
    ],
)
def test_a_rule_of_a_season_is_yearly_in_plain_parts(rule):
    with pytest.raises(Invalid) as refused:
        check_rule(rule)
    assert refused.value.code == "rule_not_yearly"
    with pytest.raises(Invalid):
        season_ranges(yearly(rule), year(2026))


@given(st.text(alphabet="FREQYALBMONTHDSU=;,0123456789-+:\n", max_size=60))
def test_no_text_hangs_or_breaks_the_reading_of_rules(text):
    try:
        season_ranges(yearly(text), year(2026))
    except Invalid as refused:
        assert refused.code.startswith("rule_")


def test_a_leap_day_rule_comes_in_leap_years():
    leap = yearly("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
    assert season_ranges(leap, year(2027)) == []
    assert season_ranges(leap, year(2028)) == [(date(2028, 2, 29), date(2028, 2, 29))]


@pytest.mark.parametrize("pair", [("2026-02-30", "2026-03-01"), ("2026-03-02", "2026-03-01")])
def test_dates_that_cannot_be_are_refused_with_a_sentence(pair):
    with pytest.raises(Invalid) as refused:
        occurrences(on(OnDates(ranges=[pair])), {}, year(2026), SITE)
    assert pair[0] in refused.value.text


def test_a_schedule_whose_season_is_missing_is_refused_by_name():
    with pytest.raises(Invalid) as refused:
        occurrences(on(InSeason(season="kunchi")), {}, year(2026), SITE)
    assert (refused.value.code, "kunchi" in refused.value.text) == ("season_unknown", True)


def test_whole_days_in_a_row_are_one_occurrence_from_midnight_to_midnight():
    spans = occurrences(on(OnDates(ranges=[("2026-12-05", "2026-12-07")])), {}, year(2026), SITE)
    assert spans == [(at("2026-12-05T00:00"), at("2026-12-08T00:00"))]


def test_an_evening_past_midnight_belongs_to_the_day_it_began():
    spans = occurrences(on(OnDates(ranges=[("2026-12-05", "2026-12-06")]), "18:00", "01:00"), {}, year(2026), SITE)
    assert spans == [
        (at("2026-12-05T18:00"), at("2026-12-06T01:00")),
        (at("2026-12-06T18:00"), at("2026-12-07T01:00")),
    ]


def test_the_same_hour_to_open_and_close_means_round_the_clock():
    spans = occurrences(on(OnDates(ranges=[("2026-12-05", "2026-12-06")]), "09:00", "09:00"), {}, year(2026), SITE)
    assert spans == [(at("2026-12-05T09:00"), at("2026-12-07T09:00"))]


def test_a_day_without_a_closing_hour_lasts_to_midnight():
    spans = occurrences(on(OnDates(ranges=[("2026-12-05", "2026-12-05")]), "09:00"), {}, year(2026), SITE)
    assert spans == [(at("2026-12-05T09:00"), at("2026-12-06T00:00"))]


def test_the_days_on_which_clocks_change_have_23_and_25_hours():
    march, november = ("2026-03-08", "2026-03-08"), ("2026-11-01", "2026-11-01")
    spans = occurrences(on(OnDates(ranges=[march, november])), {}, year(2026), IN_NEW_YORK)
    assert [end - start for start, end in spans] == [timedelta(hours=23), timedelta(hours=25)]


def test_a_span_that_the_clock_change_swallows_is_no_occurrence():
    day = OnDates(ranges=[("2026-03-08", "2026-03-08")])
    assert occurrences(on(day, "02:30", "03:00"), {}, year(2026), IN_NEW_YORK) == []
    ((start, end),) = occurrences(on(day, "01:30", "03:30"), {}, year(2026), IN_NEW_YORK)
    assert end - start == timedelta(hours=1)


def test_nothing_outside_the_window_is_computed_even_for_ranges_of_centuries():
    window = Window(date(2026, 12, 5), date(2026, 12, 6))
    spans = occurrences(on(OnDates(ranges=[("0001-01-01", "9999-12-31")])), {}, window, SITE)
    assert spans == [(at("2026-12-05T00:00"), at("2026-12-07T00:00"))]


clock_times = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
zones = st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/Amsterdam", "Australia/Lord_Howe", "Pacific/Apia"])


@given(st.dates(date(2020, 1, 1), date(2032, 1, 1)), st.integers(0, 10), clock_times, clock_times, zones)
def test_occurrences_are_in_order_apart_and_never_empty_in_every_zone(first, more, opens, closes, zone):
    window = Window(first, first + timedelta(days=more))
    spans = occurrences(on(Always(), opens, closes), {}, window, replace(SITE, time_zone=zone))
    assert all(start < end for start, end in spans)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))
    assert all(start.tzinfo is UTC for start, _ in spans)


minutes = st.integers(0, 300)
intervals = st.lists(st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1]), max_size=12)


def spans_of(pairs):
    return [(EPOCH + timedelta(minutes=start), EPOCH + timedelta(minutes=end)) for start, end in pairs]


@given(intervals)
def test_merging_covers_the_same_minutes_by_the_fewest_intervals(pairs):
    merged = merge(spans_of(pairs))
    covered = {minute for start, end in pairs for minute in range(start, end)}
    again = {
        minute
        for start, end in merged
        for minute in range((start - EPOCH) // timedelta(minutes=1), (end - EPOCH) // timedelta(minutes=1))
    }
    assert again == covered
    assert all(left[1] < right[0] for left, right in itertools.pairwise(merged))


@given(intervals, st.randoms(use_true_random=False))
def test_merging_does_not_mind_the_order_nor_being_done_twice(pairs, chance):
    spans = spans_of(pairs)
    shuffled = list(spans)
    chance.shuffle(shuffled)
    assert merge(shuffled) == merge(spans) == merge(merge(spans))


def test_an_occurrence_contains_its_start_and_not_its_end():
    spans = [(at("2026-12-05T18:00"), at("2026-12-05T21:00"))]
    assert not is_live(spans, [], at("2026-12-05T17:59:59"), TOKYO)
    assert is_live(spans, [], at("2026-12-05T18:00"), TOKYO)
    assert is_live(spans, [], at("2026-12-05T20:59:59"), TOKYO)
    assert not is_live(spans, [], at("2026-12-05T21:00"), TOKYO)


def test_a_quiet_day_is_the_sites_own_day_not_that_of_utc():
    spans = [(at("2026-08-01T00:00"), at("2026-09-01T00:00"))]
    quiet = [date(2026, 8, 9)]
    assert is_live(spans, quiet, at("2026-08-08T23:59:59"), TOKYO)
    assert not is_live(spans, quiet, at("2026-08-09T00:00"), TOKYO)  # still the 8th in UTC
    assert not is_live(spans, quiet, at("2026-08-09T23:59:59"), TOKYO)
    assert is_live(spans, quiet, at("2026-08-10T00:00"), TOKYO)


def test_quiet_days_come_every_year_and_a_leap_day_only_when_there_is_one():
    window = Window(date(2026, 8, 1), date(2028, 8, 10))
    assert quiet_dates(["08-09", "02-29", "08-15"], window) == [
        date(2026, 8, 9), date(2026, 8, 15), date(2027, 8, 9), date(2027, 8, 15), date(2028, 2, 29), date(2028, 8, 9),
    ]  # fmt: skip
