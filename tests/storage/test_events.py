import asyncio
import sqlite3
import threading
import uuid
from datetime import date

import pytest
from msgspec.structs import asdict, replace
from sqlalchemy import func, select

from tests.samples import HOUR_MS, NOW
from xr_server.domain.visit import AcceptedEvent
from xr_server.errors import Busy, Unavailable
from xr_server.storage.database import open_engine
from xr_server.storage.event_writer import GROUP_EVENTS, EventWriter
from xr_server.storage.events import (
    DAY_MS,
    SEEN_DAYS,
    Entry,
    Note,
    prune_seen,
    store_entries,
)
from xr_server.storage.forget import forget
from xr_server.storage.tables.events import engagement_event, hourly_count, seen_event
from xr_server.storage.tables.figures import day_quality

KEY = b"k" * 32


def make_event(name: str | None = None, at: int = NOW, kind: str = "landmark_entered", **fields) -> AcceptedEvent:
    return AcceptedEvent(
        id=name or str(uuid.uuid4()),
        site_id="dejima",
        type=kind,
        occurred_at=at,
        received_at=NOW,
        late=fields.pop("late", False),
        language="ja",
        mode="page",
        landmark="water-gate",
        **fields,
    )


def store(engine, *entries: Entry) -> list[int]:
    with engine.begin() as connection:
        return store_entries(connection, list(entries))


def count(engine, table) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def counted(engine) -> dict[tuple[int, str], int]:
    with engine.connect() as connection:
        return {(row.hour_at, row.type): row.count for row in connection.execute(select(hourly_count))}


def quality_of(engine) -> dict[tuple[str, str], int]:
    with engine.connect() as connection:
        return {(row.day_on, row.what): row.count for row in connection.execute(select(day_quality))}


def test_an_event_is_stored_with_its_visit_key_and_no_visit(event_store):
    event = make_event("one")
    assert store(event_store, Entry([event], False, {"one": KEY})) == [1]
    with event_store.connect() as connection:
        (row,) = connection.execute(select(engagement_event)).all()
    assert (row.id, row.visit_key, row.landmark, row.occurred_at) == ("one", KEY, "water-gate", NOW)
    names = {"visit", "token", "address", "user_agent", "lat", "lon"}
    assert names.isdisjoint(engagement_event.c.keys())


def test_an_event_sent_twice_counts_once_within_a_batch_across_requests_and_later(event_store):
    one, two = make_event("one"), make_event("two")
    assert store(event_store, Entry([one, one, two], False)) == [2]
    assert store(event_store, Entry([one], False), Entry([two, make_event("three")], False)) == [0, 1]
    assert store(event_store, Entry([two, two], True)) == [0]
    assert count(event_store, engagement_event) == 3
    assert counted(event_store) == {}


def test_everything_an_event_says_is_stored_in_its_own_column(event_store):
    said = {"device": "tablet", "subject": "roof", "word": "points", "amount": 7, "accuracy": "fair", "flag": "budget"}
    event = make_event("one", **said, scene="gate-1820", experience="gate-visit", late=True)
    store(event_store, Entry([event], False))
    with event_store.connect() as connection:
        (row,) = connection.execute(select(engagement_event)).mappings().all()
    assert {**row} == {**asdict(event), "visit_key": None}


DAY, NEXT_DAY = "2026-11-24", "2026-11-25"


def test_what_became_of_the_events_is_counted_by_day_in_the_same_commit(event_store):
    events = [make_event("one"), make_event("two", late=True), make_event("three", late=True, flag="budget")]
    refused = {"rejected_malformed": 2, "no_consent": 0}
    store(event_store, Entry(events, False, note=Note("dejima", DAY, refused)))
    again = Entry([*events, make_event("four")], False, note=Note("dejima", DAY, {"rejected_malformed": 1}))
    store(event_store, again, Entry([], False, note=Note("dejima", NEXT_DAY, {"no_consent": 5})))
    assert quality_of(event_store) == {
        (DAY, "accepted"): 4,
        (DAY, "without_visit"): 4,
        (DAY, "late"): 2,
        (DAY, "flagged_budget"): 1,
        (DAY, "duplicate"): 3,
        (DAY, "rejected_malformed"): 3,
        (NEXT_DAY, "no_consent"): 5,
    }


def test_counters_beyond_the_budget_are_no_figures_but_are_told(event_store):
    hour = NOW // HOUR_MS * HOUR_MS
    events = [make_event(at=hour), make_event(at=hour, flag="budget"), make_event(at=hour, flag="budget")]
    assert store(event_store, Entry(events, True, note=Note("dejima", DAY))) == [3]
    assert counted(event_store) == {(hour, "landmark_entered"): 1}
    assert quality_of(event_store) == {(DAY, "counted_only"): 3, (DAY, "flagged_budget"): 2}


def test_of_two_requests_in_one_commit_the_first_has_the_event(event_store):
    one = make_event("one")
    assert store(event_store, Entry([one], False, {"one": KEY}), Entry([one], False)) == [1, 0]
    assert count(event_store, engagement_event) == 1


def test_what_is_only_counted_leaves_an_hourly_number_and_no_event(event_store):
    hour = NOW // HOUR_MS * HOUR_MS
    events = [make_event(at=hour), make_event(at=hour + HOUR_MS - 1), make_event(at=hour + HOUR_MS)]
    assert store(event_store, Entry(events, True)) == [3]
    assert store(event_store, Entry([make_event(at=hour, kind="ar_started"), make_event(at=hour)], True)) == [2]
    assert counted(event_store) == {
        (hour, "landmark_entered"): 3,
        (hour + HOUR_MS, "landmark_entered"): 1,
        (hour, "ar_started"): 1,
    }
    assert count(event_store, engagement_event) == 0


def test_a_counter_sent_twice_counts_once_and_its_memory_holds_the_id_and_a_day_alone(event_store):
    entry = Entry([make_event("one")], True)
    assert [store(event_store, entry), store(event_store, entry)] == [[1], [0]]
    assert list(counted(event_store).values()) == [1]
    assert seen_event.c.keys() == ["id", "seen_on"]
    with event_store.connect() as connection:
        assert connection.execute(select(seen_event)).all() == [("one", NOW // DAY_MS)]


def test_thousands_of_events_fit_into_one_commit(event_store):
    entries = [Entry([make_event() for _ in range(100)], number % 2 == 0) for number in range(60)]
    assert store(event_store, *entries) == [100] * 60
    assert count(event_store, engagement_event) == 3000
    assert sum(counted(event_store).values()) == 3000


def test_ids_are_forgotten_after_a_week_and_a_stored_event_still_counts_once(event_store):
    event = make_event("one")
    store(event_store, Entry([event], False))
    later = NOW + (SEEN_DAYS + 1) * DAY_MS
    assert prune_seen(event_store, later - DAY_MS) == 0
    assert prune_seen(event_store, later) == 1
    assert store(event_store, Entry([replace(event, received_at=later), make_event("two")], False)) == [2]
    assert count(event_store, engagement_event) == 2  # the old one was left as it is, and cost the new one nothing


def test_two_servers_that_write_the_same_events_at_once_store_each_once(event_store, store_urls):
    events = [make_event() for _ in range(300)]
    engines = [open_engine(store_urls[1]) for _ in range(2)]
    barrier, stored = threading.Barrier(2), []

    def write(engine, order):
        barrier.wait()
        for start in range(0, 300, 20):
            stored.extend(store(engine, Entry(order[start : start + 20], start % 40 == 0)))

    threads = [
        threading.Thread(target=write, args=(engine, order))
        for engine, order in zip(engines, (events, events[::-1]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.dispose()
    assert sum(stored) == 300
    assert count(event_store, engagement_event) + sum(counted(event_store).values()) == 300


def run_writer(engine, work, **options):
    """Run an async function with a writer that is started and stopped around it."""
    writer = EventWriter(engine, **options)
    writer.start()
    try:
        return asyncio.run(work(writer))
    finally:
        writer.stop()


def test_the_answer_follows_the_commit(event_store):
    async def work(writer):
        stored = await writer.write(Entry([make_event(), make_event()], False))
        return stored, count(event_store, engagement_event)  # through another connection: only what is committed

    assert run_writer(event_store, work) == (2, 2)


def test_many_requests_share_commits_and_each_gets_its_own_answer(event_store):
    entries = [Entry([make_event() for _ in range(number % 7)], False) for number in range(300)]

    async def work(writer):
        return await asyncio.gather(*(writer.write(entry) for entry in entries))

    assert run_writer(event_store, work) == [len(entry.events) for entry in entries]
    assert count(event_store, engagement_event) == sum(len(entry.events) for entry in entries)


def test_a_full_queue_of_the_largest_requests_is_committed_in_parts(event_store):
    entries = [Entry([make_event() for _ in range(100)], False) for _ in range(3 * GROUP_EVENTS // 100)]

    async def work(writer):
        return await asyncio.gather(*(writer.write(entry) for entry in entries))

    assert set(run_writer(event_store, work)) == {100}


def test_one_entry_the_database_refuses_costs_the_others_nothing(event_store):
    async def work(writer):
        bad = Entry([replace(make_event(), language=None)], False)  # the column takes no NULL
        good = [Entry([make_event()], False) for _ in range(20)]
        return await asyncio.gather(*(writer.write(e) for e in [*good[:10], bad, *good[10:]]), return_exceptions=True)

    outcomes = run_writer(event_store, work)
    assert isinstance(outcomes[10], Unavailable)
    assert outcomes[:10] + outcomes[11:] == [1] * 20
    assert count(event_store, engagement_event) == 20


def test_a_fault_of_ours_is_answered_and_the_writer_goes_on(event_store):
    async def work(writer):
        with pytest.raises(Unavailable):
            await writer.write(Entry([None], False))
        return await writer.write(Entry([make_event()], False))

    assert run_writer(event_store, work) == 1


def test_what_is_queued_when_the_server_stops_is_still_written(event_store):
    async def work():
        writer = EventWriter(event_store)
        waiting = [asyncio.ensure_future(writer.write(Entry([make_event()], False))) for _ in range(20)]
        await asyncio.sleep(0)
        writer.start()
        await asyncio.to_thread(writer.stop)
        return await asyncio.gather(*waiting)

    assert asyncio.run(work()) == [1] * 20


def test_a_full_queue_refuses_at_once_and_what_was_queued_is_stored_when_the_lock_goes(tmp_path, migrated_sqlite):
    path = tmp_path / "events.sqlite3"
    path.write_bytes((migrated_sqlite / "events.sqlite3").read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    async def work(writer):
        taken = [asyncio.ensure_future(writer.write(Entry([make_event()], False))) for _ in range(30)]
        done, _ = await asyncio.wait(taken, return_when=asyncio.FIRST_COMPLETED)
        lock.execute("ROLLBACK")
        await asyncio.wait(taken)
        refused = [one for one in taken if one.exception()]
        assert done <= set(refused)  # nothing was acknowledged while the store was locked
        return [one.exception() for one in refused], len(taken) - len(refused)

    errors, stored = run_writer(engine, work, queue_limit=10)
    assert errors
    assert all(isinstance(error, Busy) and error.retry_after_s >= 1 for error in errors)
    assert count(engine, engagement_event) == stored >= 10
    engine.dispose()
    lock.close()


def test_forgetting_destroys_keys_and_prunes_ids_and_survives_a_lost_store(event_store, tmp_path):
    (tmp_path / "day-2026-11-01.key").write_bytes(KEY)
    store(event_store, Entry([make_event()], False))
    later = NOW + 20 * DAY_MS
    forget(event_store, tmp_path, later, date(2026, 12, 14))
    assert list(tmp_path.glob("day-*")) == []
    assert count(event_store, seen_event) == 0
    lost = open_engine(f"sqlite:///{tmp_path / 'nowhere' / 'events.sqlite3'}")
    (tmp_path / "day-2026-11-01.key").write_bytes(KEY)
    forget(lost, tmp_path, later, date(2026, 12, 14))
    assert list(tmp_path.glob("day-*")) == []
