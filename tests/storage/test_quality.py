from datetime import date

from sqlalchemy import insert

from tests.released import finish_days, release
from xr_server.domain.days import Window
from xr_server.storage.quality import Standing, count_straddling, load_quality_by_day, load_standing
from xr_server.storage.tables.figures import day_quality, summed_day

DAYS = Window(date(2026, 11, 10), date(2026, 11, 12))


def count(events, *rows, site="dejima"):
    values = [{"site_id": site, "day_on": day, "what": what, "count": number} for day, what, number in rows]
    with events.begin() as connection:
        connection.execute(insert(day_quality), values)


def test_numbers_are_those_of_the_site_and_of_the_days_asked_for(event_store):
    count(event_store, ("2026-11-09", "accepted", 1), ("2026-11-10", "accepted", 20), ("2026-11-10", "late", 3))
    count(event_store, ("2026-11-12", "duplicate", 4), ("2026-11-13", "accepted", 5))
    count(event_store, ("2026-11-11", "accepted", 70), site="elsewhere")
    expected = {date(2026, 11, 10): {"accepted": 20, "late": 3}, date(2026, 11, 12): {"duplicate": 4}}
    assert load_quality_by_day(event_store, "dejima", DAYS) == expected


def test_figures_have_come_to_the_newest_final_day_and_the_last_time_anything_was_summed_up(event_store):
    assert load_standing(event_store, "dejima") == Standing(None, None)
    finish_days(event_store, DAYS)
    row = {"site_id": "dejima", "day_on": "2026-11-14", "summed_at": 77, "visits": 3, "final": False}
    with event_store.begin() as connection:
        connection.execute(insert(summed_day), row)
    assert load_standing(event_store, "dejima") == Standing(date(2026, 11, 12), 77)
    assert load_standing(event_store, "elsewhere") == Standing(None, None)


def test_blocks_that_reach_out_of_the_days_are_counted_by_figure(event_store):
    rows = [
        ("all", "", "all", "2026-11-10", "2026-11-10", 12),
        ("language", "here", "ja", "2026-11-08", "2026-11-10", 12),
        ("language", "here", "en", "2026-11-12", "2026-11-20", 12),
        ("language", "here", "ko", "2026-11-01", "2026-11-30", 12),
        ("language", "here", "nl", "2026-11-13", "2026-11-30", 12),
        ("stamp", "", "gate", "2026-11-01", "2026-11-30", 12),
    ]
    release(event_store, rows)
    assert count_straddling(event_store, "dejima", ("all", "language"), DAYS) == {"language": 3}
