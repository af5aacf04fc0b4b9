from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from xr_server.domain.figures import day_runs
from xr_server.domain.schedule import Window
from xr_server.domain.visit import AcceptedEvent
from xr_server.storage.events import Entry, store_entries
from xr_server.storage.figures import count_arrivals, count_types, count_visits, has_events

TOKYO = ZoneInfo("Asia/Tokyo")
WINDOW = Window(date(2026, 11, 23), date(2026, 11, 24))
number = iter(range(1, 100_000))


def event(local: str, kind="landmark_entered", landmark="water-gate", zone=TOKYO, site="dejima"):
    at = round(datetime.fromisoformat(local).replace(tzinfo=zone).timestamp() * 1000)
    return AcceptedEvent(str(UUID(int=next(number))), site, kind, at, at, False, "ja", "page", landmark, None, None)


def store(engine, events, counted_only=False):
    with engine.begin() as connection:
        store_entries(connection, [Entry(events, counted_only)])


def test_arrivals_fall_on_the_local_day_of_the_place(event_store):
    early, late = event("2026-11-24T00:00:00"), event("2026-11-23T23:59:59.999")
    store(event_store, [early, late, event("2026-11-22T23:59:59"), event("2026-11-25T00:00:00")])
    counts = count_arrivals(event_store, "dejima", day_runs(WINDOW, TOKYO))
    assert counts == {(date(2026, 11, 23), "water-gate"): 1, (date(2026, 11, 24), "water-gate"): 1}


def test_only_arrivals_of_the_site_with_a_landmark_count(event_store):
    others = [
        event("2026-11-24T10:00", "scene_opened"),
        event("2026-11-24T10:00", landmark=None),
        event("2026-11-24T10:00", site="elsewhere"),
    ]
    store(event_store, others)
    assert count_arrivals(event_store, "dejima", day_runs(WINDOW, TOKYO)) == {}


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_of_23_and_25_hours_count_all_their_hours(event_store, day, hours):
    zone, on = ZoneInfo("Europe/Amsterdam"), date.fromisoformat(day)
    start = day_runs(Window(on, on), zone)[0].start_at
    row = event("2026-11-24T10:00")
    moments = [start + n * 3_600_000 for n in range(hours)]
    store(
        event_store,
        [replace(row, id=str(UUID(int=next(number))), occurred_at=at) for at in moments],
    )
    window = Window(date(on.year, on.month, on.day - 1), date(on.year, on.month, on.day + 1))
    assert count_arrivals(event_store, "dejima", day_runs(window, zone)) == {(on, "water-gate"): hours}


def test_types_add_what_was_stored_and_what_was_only_counted(event_store):
    assert not has_events(event_store, "dejima")
    store(event_store, [event("2026-11-24T10:00", "site_opened", None) for _ in range(3)])
    store(event_store, [event("2026-11-24T11:00", "site_opened", None) for _ in range(2)], counted_only=True)
    runs = day_runs(WINDOW, TOKYO)
    assert count_types(event_store, "dejima", runs[0].start_at, runs[-1].end_at) == {"site_opened": 5}
    assert has_events(event_store, "dejima") and not has_events(event_store, "elsewhere")


def test_a_visit_that_opens_many_pages_is_one_and_those_without_a_number_are_none(event_store):
    opened = [event("2026-11-24T10:00", "site_opened", None) for _ in range(5)]
    keys = {one.id: bytes([mark]) * 32 for one, mark in zip(opened, (1, 1, 2, 2), strict=False)}
    with event_store.begin() as connection:
        store_entries(connection, [Entry(opened, counted_only=False, visit_keys=keys)])
    start = day_runs(WINDOW, TOKYO)[0].start_at
    assert count_visits(event_store, "dejima", start, start + 2 * 86_400_000) == 2
    assert count_visits(event_store, "dejima", start, start + 86_400_000) == 0
    assert count_visits(event_store, "elsewhere", start, start + 2 * 86_400_000) == 0
