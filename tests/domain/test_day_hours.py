"""Hours within a day: the sun at the site, weekdays, Japanese days off, exceptions, validity."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.samples import SITE
from xr_server.domain.catalog import Origin
from xr_server.domain.days_off import is_day_off
from xr_server.domain.schedule import Window, find_schedule_faults, occurrences, schedule_days
from xr_server.domain.season import (
    Always,
    BetweenRule,
    ByRule,
    InSeason,
    OnDates,
    RecurringRule,
    Schedule,
    Season,
    YearlyRule,
)

TOKYO = ZoneInfo("Asia/Tokyo")
DEJIMA = replace(SITE, origin=Origin(lat=32.7435, lon=129.8732, h=34.5))
TROMSO = replace(SITE, time_zone="Europe/Oslo", origin=Origin(lat=69.65, lon=18.96, h=10))


def schedule(**fields) -> Schedule:
    return Schedule(id="s", experience="e", **{"days": Always(), **fields})


def days_of(item: Schedule, first: str, last: str, seasons=None) -> list[str]:
    window = Window(date.fromisoformat(first), date.fromisoformat(last))
    ranges = schedule_days(item, seasons or {}, window)
    return [f"{one:%m-%d}" if one == other else f"{one:%m-%d}/{other:%m-%d}" for one, other in ranges]


def hours_of(item: Schedule, day: str, site=DEJIMA) -> list[str]:
    on, zone = date.fromisoformat(day), ZoneInfo(site.time_zone)
    spans = occurrences(item, {}, Window(on, on), site)
    return [f"{start.astimezone(zone):%H:%M}-{end.astimezone(zone):%dT%H:%M}" for start, end in spans]


@pytest.mark.parametrize(
    ("day", "sets"),  # times of the National Astronomical Observatory of Japan for Nagasaki
    [("2026-01-01", "17:26"), ("2026-06-21", "19:32"), ("2026-12-05", "17:16"), ("2026-03-20", "18:32")],
)
def test_sunset_is_that_of_nagasaki_to_two_minutes(day, sets):
    (told,) = hours_of(schedule(opens_at="sunset", closes_at="21:00"), day)
    minutes = [60 * int(text[:2]) + int(text[3:5]) for text in (told, sets)]
    assert abs(minutes[0] - minutes[1]) <= 2
    assert told.endswith("T21:00")


def test_an_evening_that_begins_after_it_ends_is_none_that_day_and_a_morning_after_it_is_the_next():
    assert hours_of(schedule(opens_at="sunset", closes_at="19:00"), "2026-06-21") == []
    assert hours_of(schedule(opens_at="sunset", closes_at="19:00"), "2026-12-05")[0].endswith("05T19:00")
    assert hours_of(schedule(opens_at="sunset", closes_at="01:00"), "2026-06-21")[0].endswith("22T01:00")
    assert hours_of(schedule(opens_at="sunset", closes_at="sunrise"), "2026-06-21")[0].endswith("22T05:13")
    assert hours_of(schedule(opens_at="09:00", closes_at="sunset"), "2026-12-05")[0].startswith("09:00-05T17:1")
    assert hours_of(schedule(opens_at="sunrise", closes_at="sunset"), "2026-12-05")[0].startswith("07:0")


def test_where_the_sun_does_not_set_there_is_no_evening():
    assert hours_of(schedule(opens_at="sunset", closes_at="23:30"), "2026-06-21", TROMSO) == []
    assert len(hours_of(schedule(opens_at="sunset", closes_at="23:30"), "2026-03-21", TROMSO)) == 1


def test_weekdays_and_japanese_days_off():
    window = ("2027-02-08", "2027-02-28")  # the 11th is a Thursday and the 23rd a Tuesday, both days off
    weekend = schedule(weekdays=["SA", "SU"])
    assert days_of(weekend, *window) == ["02-13/02-14", "02-20/02-21", "02-27/02-28"]
    assert days_of(replace(weekend, days_off="also"), *window) == [
        "02-11", "02-13/02-14", "02-20/02-21", "02-23", "02-27/02-28",
    ]  # fmt: skip
    assert days_of(schedule(weekdays=["TU", "TH"], days_off="never"), *window) == ["02-09", "02-16", "02-18", "02-25"]
    assert days_of(schedule(days_off="only"), *window) == ["02-11", "02-23"]
    assert days_of(schedule(days_off="never"), *window) == ["02-08/02-10", "02-12/02-22", "02-24/02-28"]


def test_a_sunday_that_is_a_day_off_makes_the_monday_one():
    assert is_day_off(date(2027, 3, 22))  # for the equinox on the 21st
    assert is_day_off(date(2026, 9, 22))  # between two others
    assert not is_day_off(date(2027, 3, 23))


def test_days_left_out_and_a_validity():
    item = schedule(
        except_on=[("2026-12-29", "2027-01-03"), ("2027-01-10", "2027-01-10")],
        valid_from="2026-12-24",
        valid_until="2027-01-12",
    )
    assert days_of(item, "2026-12-01", "2027-02-01") == ["12-24/12-28", "01-04/01-09", "01-11/01-12"]
    assert days_of(item, "2027-02-01", "2027-03-01") == []


def test_a_rule_of_its_own_and_a_season_pass_through_the_same_choices():
    rule = RecurringRule(rrule="FREQ=MONTHLY;BYDAY=1SA", starts_on="2026-01-01", duration_days=2)
    assert days_of(schedule(days=ByRule(rule=rule)), "2026-12-01", "2027-01-31") == ["12-05/12-06", "01-02/01-03"]
    season = Season(id="winter", name={"en": "Winter"}, rule=BetweenRule(first="12-01", last="02-29"))
    item = schedule(days=InSeason(season="winter"), weekdays=["SA"], except_on=[("2027-01-02", "2027-01-02")])
    assert days_of(item, "2026-12-25", "2027-01-10", {"winter": season}) == ["12-26", "01-09"]


def test_whole_days_are_the_same_occurrences_however_they_are_counted():
    days = OnDates(ranges=[("2026-12-05", "2026-12-07"), ("2026-12-08", "2026-12-09"), ("2026-12-11", "2026-12-11")])
    window = Window(date(2026, 12, 1), date(2026, 12, 31))
    spans = occurrences(schedule(days=days), {}, window, DEJIMA)
    by_hours = occurrences(schedule(days=days, opens_at="00:00", closes_at="00:00"), {}, window, DEJIMA)
    assert spans == by_hours
    assert spans[0] == (datetime(2026, 12, 4, 15, tzinfo=UTC), datetime(2026, 12, 9, 15, tzinfo=UTC))
    assert sum((end - start for start, end in spans), timedelta()) == timedelta(days=6)


def test_everything_amiss_with_a_schedule_is_found():
    item = schedule(
        days=ByRule(rule=YearlyRule(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31")),
        opens_at="09:00",
        except_on=[("2026-12-05", "2026-12-04")],
        valid_from="2026-12-05",
        valid_until="2026-12-01",
    )
    assert [field for field, _ in find_schedule_faults(item)] == ["except_on", "valid_from", "days", "days", "opens_at"]
    assert list(find_schedule_faults(schedule(valid_from="2026-12-05"))) == []
