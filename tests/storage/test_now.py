from uuid import UUID

import pytest

from xr_server.domain.now import HOUR_MS, MINUTE_MS, About, make_times
from xr_server.storage.now import load_now
from xr_server.storage.tables.events import engagement_event

MIDNIGHT = 1_795_446_000_000
NOW_AT = MIDNIGHT + 11 * HOUR_MS + 20 * MINUTE_MS
TIMES = make_times(MIDNIGHT, NOW_AT)
number = iter(range(1, 1_000_000))


def row(visit, kind, minutes_ago, **columns):
    at = NOW_AT - round(minutes_ago * MINUTE_MS)
    key = None if visit is None else visit.to_bytes(32, "big")
    plain = {"site_id": "dejima", "language": "ja", "mode": "page", "late": False, "received_at": at, "occurred_at": at}
    empty = dict.fromkeys(("landmark", "word", "flag"))
    return {**plain, **empty, "id": str(UUID(int=next(number))), "type": kind, "visit_key": key, **columns}


def store(engine, rows):
    with engine.begin() as connection:
        connection.execute(engagement_event.insert(), rows)


def visits(first, count, *events):
    """The same events of several visits: (type, minutes ago, columns)."""
    return [row(visit, kind, ago, **columns) for visit in range(first, first + count) for kind, ago, columns in events]


def test_visits_are_on_site_once_they_stood_there_and_as_long_as_they_are_heard_of(event_store):
    rows = visits(1, 25, ("arrived", 100, {}), ("scene_opened", 3, {}))  # heard of just now
    rows += visits(100, 31, ("arrived", 90, {}), ("scene_opened", 40, {}))
    rows += visits(200, 12, ("arrived", 300, {}))
    rows += visits(300, 45, ("site_opened", 5, {}))  # at home
    store(event_store, rows)
    now = load_now(event_store, "dejima", TIMES)
    assert now.here == About(20, 50, 60)  # 25, 56 and 68 of them
    assert now.all_today == 110
    assert now.arrived_by_hour == 60


@pytest.mark.parametrize(("count", "shown"), [(9, 0), (10, 10), (19, 10), (20, 20)])
def test_one_visit_more_is_seen_only_when_it_is_the_tenth(event_store, count, shown):
    store(event_store, visits(1, count, ("landmark_entered", 4, {"landmark": "gate"})))
    now = load_now(event_store, "dejima", TIMES)
    assert now.here.quarter == shown
    assert now.landmarks == ({"gate": About(shown, shown, shown)} if shown else {})


def test_a_visit_counts_once_at_a_landmark_whatever_it_says_there(event_store):
    entered, stayed = ("landmark_entered", 50, {"landmark": "gate"}), ("landmark_stayed", 2, {"landmark": "gate"})
    store(event_store, visits(1, 14, entered, stayed, stayed) + visits(50, 11, entered))
    assert load_now(event_store, "dejima", TIMES).landmarks == {"gate": About(10, 20, 20)}


def test_ar_runs_from_its_start_to_its_end_or_until_nothing_is_heard(event_store):
    started, ended = ("ar_started", 10, {"word": "ar"}), ("ar_ended", 5, {})
    rows = visits(1, 23, started)
    rows += visits(100, 30, started, ended)
    rows += visits(200, 30, ("ar_started", 40, {"word": "ar"}))  # the phone was put away in the middle
    rows += visits(300, 10, ("ar_started", 20, {"word": "ar"}), ("ar_ended", 12, {}), ("ar_started", 3, {"word": "ar"}))
    store(event_store, rows)
    assert load_now(event_store, "dejima", TIMES).ar_running == 30


def test_reasons_permissions_and_stamps_are_told_by_their_names(event_store):
    rows = visits(1, 20, ("failed", 30, {"word": "no_floor"}), ("permission_refused", 200, {"word": "camera"}))
    rows += visits(1, 15, ("stamp_collected", 5, {"landmark": "gate"})) + visits(
        50, 9, ("failed", 1, {"word": "other"})
    )
    store(event_store, rows)
    now = load_now(event_store, "dejima", TIMES)
    assert now.failed == {"no_floor": About(0, 20, 20)}
    assert now.refused == {"camera": About(0, 0, 20)}
    assert now.stamps == {"gate": About(10, 10, 10)}


def test_what_is_flagged_of_another_site_of_yesterday_yet_to_come_or_of_no_visit_is_left_out(event_store):
    enter = ("landmark_entered", 5, {"landmark": "gate"})
    rows = visits(1, 20, (enter[0], 5, {**enter[2], "flag": "speed"}))
    rows += visits(100, 20, (enter[0], 5, {**enter[2], "site_id": "elsewhere"}))
    rows += visits(200, 20, (enter[0], 12 * 60, enter[2])) + visits(300, 20, (enter[0], -30, enter[2]))
    rows += [row(None, "landmark_entered", 5, landmark="gate") for _ in range(20)]
    store(event_store, rows)
    now = load_now(event_store, "dejima", TIMES)
    assert (now.here, now.all_today, now.landmarks) == (About(0, 0, 0), 0, {})


def test_soon_after_midnight_the_last_hour_is_told_and_yesterday_is_not_today(event_store):
    times = make_times(MIDNIGHT, MIDNIGHT + 20 * MINUTE_MS)
    long_ago = (NOW_AT - MIDNIGHT) // MINUTE_MS
    store(event_store, visits(1, 30, ("landmark_entered", long_ago + 10, {"landmark": "gate"})))
    now = load_now(event_store, "dejima", times)
    assert now.here == About(0, 30, 0)
    assert now.landmarks == {"gate": About(0, 30, 0)}


def test_an_empty_store_tells_of_nobody(event_store):
    now = load_now(event_store, "dejima", TIMES)
    assert (now.here, now.all_today, now.ar_running, now.landmarks) == (About(0, 0, 0), 0, 0, {})
