from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.samples import SITE
from xr_server.domain.moments import gather_stretches, read_local_moment
from xr_server.domain.schedule import Window, occurrences
from xr_server.domain.season import Always, OnDates, Schedule

TOKYO = ZoneInfo("Asia/Tokyo")


def spans_of(days, opens_at=None, closes_at=None):
    schedule = Schedule(id="s", experience="e", days=days, opens_at=opens_at, closes_at=closes_at)
    return occurrences(schedule, {}, Window(date(2026, 12, 1), date(2026, 12, 31)), SITE)


def test_whole_days_in_a_row_are_one_stretch_with_its_last_day_in():
    (stretch,) = gather_stretches(spans_of(OnDates(ranges=[("2026-12-05", "2026-12-25")])), TOKYO)
    assert (stretch.first_on, stretch.last_on, stretch.all_day) == (date(2026, 12, 5), date(2026, 12, 25), True)


def test_equal_evenings_in_a_row_are_one_stretch_and_a_gap_begins_another():
    ranges = [("2026-12-05", "2026-12-07"), ("2026-12-10", "2026-12-10")]
    first, second = gather_stretches(spans_of(OnDates(ranges=ranges), "18:00", "21:00"), TOKYO)
    assert (first.first_on, first.last_on, f"{first.opens_at:%H:%M}") == (date(2026, 12, 5), date(2026, 12, 7), "18:00")
    assert (second.first_on, second.last_on) == (date(2026, 12, 10), date(2026, 12, 10))


def test_evenings_past_midnight_belong_to_the_day_they_began():
    (stretch,) = gather_stretches(spans_of(Always(), "22:00", "02:00"), TOKYO)
    assert stretch.past_midnight and not stretch.all_day
    assert (stretch.first_on, stretch.last_on) == (date(2026, 12, 1), date(2026, 12, 31))


def test_a_date_time_input_is_read_in_the_places_own_time():
    assert read_local_moment("2026-11-24T18:00", TOKYO) == datetime(2026, 11, 24, 9, tzinfo=UTC)
    for text in ("", "soon", "2026-11-24T18:00Z", "0001-01-01T00:00", "9999-12-31T23:59"):
        assert read_local_moment(text, TOKYO) is None


def test_every_stretch_covers_exactly_its_occurrences():
    spans = spans_of(OnDates(ranges=[("2026-12-05", "2026-12-07")]), "18:00", "21:00")
    (stretch,) = gather_stretches(spans, TOKYO)
    assert (stretch.last_on - stretch.first_on) / timedelta(days=1) + 1 == len(spans)
