"""Events go after 90 days and visits after 13 months, whatever breaks off; each day leaves a proof, and no byte of a row."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError

from xr_server.storage import retention as module
from xr_server.storage.database import store_file
from xr_server.storage.retention import EMPTY_HASH, PART_ROWS, Retention, hash_on, list_proofs, try_turn
from xr_server.storage.tables.events import engagement_event, hourly_count
from xr_server.storage.tables.figures import day_figure, day_quality, released_block, summed_day, visit
from xr_server.storage.tables.retention import retention_progress

TOKYO = ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 11, 24)
NOW = round(datetime(2026, 11, 24, 12, tzinfo=TOKYO).timestamp() * 1000)


def ago(days):
    return TODAY - timedelta(days=days)


def put_events(store, day, count, *, site="dejima", at="12:00", mark="e"):
    """So many events of a local day; gives their ids in the order of time and id."""
    start = round(datetime.fromisoformat(f"{day}T{at}:00").replace(tzinfo=TOKYO).timestamp() * 1000)
    rows = [
        {
            "id": f"{mark}{day.isoformat()}-{number:06d}-{os.urandom(6).hex()}", "site_id": site,
            "type": "landmark_entered", "occurred_at": start + number, "received_at": start + number, "late": False,
            "visit_key": hashlib.sha256(f"{mark}{day}{number // 20}".encode()).digest(), "language": "ja", "mode": "page",
            "landmark": "water-gate",
        }
        for number in range(count)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(insert(engagement_event), rows)
    return [row["id"] for row in rows]


def put_visits(store, day, count, site="dejima"):
    rows = [
        {
            "visit_key": os.urandom(32),
            "site_id": site,
            "day_on": day.isoformat(),
            "facts": f'{{"made":"{day} {number}"}}',
        }
        for number in range(count)
    ]
    with store.begin() as connection:
        connection.execute(insert(visit), rows)
    return sorted(row["visit_key"] for row in rows)


def make_final(store, *days, site="dejima", final=True):
    with store.begin() as connection:
        for day in days:
            values = {"site_id": site, "day_on": day.isoformat(), "summed_at": 0, "visits": 1, "final": final}
            connection.execute(insert(summed_day).values(**values))


def count(store, table=engagement_event):
    with store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def keep(store, days=90):
    return Retention(store, days, lambda: {"dejima": TOKYO})


def told(store):
    return {(one.what, one.day_on): (one.rows, one.hash, one.summed) for one in list_proofs(store, "dejima", 999)}


def test_events_go_after_90_days_and_visits_after_13_months_each_day_with_a_proof(event_store):
    old, older, just = ago(91), ago(96), ago(90)
    of_old, of_older = put_events(event_store, old, 30), put_events(event_store, older, PART_ROWS + 7)
    put_events(event_store, old, 1, at="23:59", mark="x")
    put_events(event_store, just, 5, at="00:00")
    past, kept = put_visits(event_store, ago(396), 3), put_visits(event_store, ago(395), 2)
    make_final(event_store, old, older, just, ago(396), ago(395))
    assert keep(event_store).lag_days(NOW) == {"events": 6, "visits": 1}
    assert keep(event_store).turn(NOW) is False
    assert (count(event_store), count(event_store, visit)) == (5, len(kept))
    assert count(event_store, retention_progress) == 0
    proofs = told(event_store)
    assert {name: (rows, summed) for name, (rows, _, summed) in proofs.items()} == {
        ("events", old.isoformat()): (31, True),
        ("events", older.isoformat()): (PART_ROWS + 7, True),
        ("visits", ago(396).isoformat()): (3, True),
    }
    assert proofs["events", older.isoformat()][1] == hash_on(EMPTY_HASH, of_older)
    assert proofs["events", old.isoformat()][1] != hash_on(EMPTY_HASH, of_old)  # one more was there
    assert proofs["visits", ago(396).isoformat()][1] == hash_on(EMPTY_HASH, past)
    assert keep(event_store).lag_days(NOW) == {"events": 0, "visits": 0}
    assert keep(event_store).turn(NOW) is False
    assert told(event_store) == proofs


def test_figures_counts_and_the_quality_of_data_stay(event_store):
    day = ago(400).isoformat()
    figure = {"site_id": "dejima", "figure": "visits", "part": "", "atom": "here", "visits": 12}
    with event_store.begin() as connection:
        connection.execute(insert(day_figure).values(**figure, day_on=day))
        connection.execute(insert(released_block).values(**figure, first_on=day, last_on=day))
        connection.execute(insert(day_quality).values(site_id="dejima", day_on=day, what="accepted", count=3))
        connection.execute(insert(hourly_count).values(site_id="dejima", hour_at=0, type="arrived", count=3))
    put_events(event_store, ago(400), 5)
    keep(event_store).turn(NOW)
    tables = (day_figure, released_block, day_quality, hourly_count)
    assert [count(event_store, table) for table in tables] == [1, 1, 1, 1]
    assert count(event_store) == 0


def test_a_day_that_is_not_final_waits_a_week_and_then_goes_and_the_proof_says_so(event_store):
    waiting, given_up, final = ago(97), ago(98), ago(92)
    for day in (waiting, given_up, final):
        put_events(event_store, day, 4)
    make_final(event_store, final)
    make_final(event_store, waiting, final=False)
    keep(event_store).turn(NOW)
    assert {name[1]: summed for name, (_, _, summed) in told(event_store).items()} == {
        given_up.isoformat(): False,
        final.isoformat(): True,
    }
    assert count(event_store) == 4
    assert keep(event_store).lag_days(NOW)["events"] == 7


def test_each_sites_days_are_its_own_and_a_site_that_is_gone_is_forgotten_too(event_store):
    put_events(event_store, ago(98), 3, site="hirado", mark="h")
    put_events(event_store, ago(98), 3)
    put_events(event_store, ago(1), 2, site="hirado", mark="i")
    keep(event_store).turn(NOW)
    assert count(event_store) == 2
    assert [one.rows for one in list_proofs(event_store, "hirado", 9)] == [3]
    assert [one.rows for one in list_proofs(event_store, "dejima", 9)] == [3]


def test_a_turn_takes_so_much_and_the_next_goes_on(event_store, monkeypatch):
    monkeypatch.setattr(module, "PARTS_A_TURN", 2)
    ids = put_events(event_store, ago(98), 5 * PART_ROWS + 1)
    left = []
    while keep(event_store).turn(NOW):
        left.append(count(event_store))
    assert left == [3 * PART_ROWS + 1, PART_ROWS + 1]
    assert told(event_store) == {("events", ago(98).isoformat()): (len(ids), hash_on(EMPTY_HASH, ids), False)}


def test_servers_that_delete_at_once_delete_each_row_once_and_leave_one_proof(event_store):
    ids = [name for back in (98, 99, 100) for name in put_events(event_store, ago(back), 3 * PART_ROWS + back)]
    barrier, failures = threading.Barrier(4), []

    def work():
        barrier.wait()
        try:
            while keep(event_store).turn(NOW):
                pass
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    proofs = list_proofs(event_store, "dejima", 99)
    assert sorted(one.day_on for one in proofs) == [ago(back).isoformat() for back in (100, 99, 98)]
    assert sum(one.rows for one in proofs) == len(ids)
    assert (count(event_store), count(event_store, retention_progress)) == (0, 0)


CHILD = """
import sys
from xr_server.storage.database import open_engine
from xr_server.storage import retention
from zoneinfo import ZoneInfo
retention.PART_ROWS = 20
print("begun", flush=True)
kept = retention.Retention(open_engine(sys.argv[1]), 90, lambda: {"dejima": ZoneInfo("Asia/Tokyo")})
while kept.turn(int(sys.argv[2])):
    pass
"""


@pytest.mark.parametrize("after_s", [0.02, 0.1, 0.2, 0.35])
def test_killed_in_the_middle_and_begun_again_it_finishes_and_takes_effect_once(store_urls, event_store, after_s):
    ids = {back: put_events(event_store, ago(back), 900) for back in (98, 99)}
    command = [sys.executable, "-c", CHILD, store_urls[1], str(NOW)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "begun\n"
    before = time.monotonic()
    while count(event_store) == 1800 and time.monotonic() < before + 20:
        time.sleep(0.005)
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    while keep(event_store).turn(NOW):
        pass
    assert told(event_store) == {
        ("events", ago(back).isoformat()): (900, hash_on(EMPTY_HASH, names), False) for back, names in ids.items()
    }
    assert (count(event_store), count(event_store, retention_progress)) == (0, 0)


def test_who_writes_is_not_held_up_meanwhile(event_store):
    put_events(event_store, ago(98), 20 * PART_ROWS)
    waits, ending = [], threading.Event()

    def write():
        while not ending.is_set():
            begun = time.monotonic()
            put_events(event_store, TODAY, 20, mark=f"w{len(waits)}")
            waits.append(time.monotonic() - begun)

    writer = threading.Thread(target=write)
    writer.start()
    begun = time.monotonic()
    while keep(event_store).turn(NOW):
        pass
    lasted = time.monotonic() - begun
    ending.set()
    writer.join()
    assert len(waits) >= 5
    assert max(waits) < lasted / 2  # it never waited for all of it


def test_nothing_of_a_deleted_row_is_left_in_the_files(tmp_path, migrated_sqlite, open_store):
    path = tmp_path / "events.sqlite3"
    path.write_bytes((migrated_sqlite / "events.sqlite3").read_bytes())
    store = open_store(f"sqlite:///{path}")
    gone = put_events(store, ago(98), 1200)
    kept = put_events(store, TODAY, 400)
    keys = put_visits(store, ago(500), 300)
    with store.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    assert find_in(path, gone[:50], keys[:50]) == {"text", "keys"}
    while keep(store).turn(NOW):
        pass
    assert find_in(path, gone, keys) == set()
    assert find_in(path, kept[:1], []) == {"text"}
    assert store_file(store) == path


def find_in(path, names, keys):
    """Which of some ids and keys stand in the bytes of the store's files."""
    data = b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
    found = {"text"} if any(name.encode() in data for name in names) else set()
    return found | ({"keys"} if any(key in data for key in keys) else set())


def test_a_reader_that_keeps_the_log_is_waited_for_at_later_turns(tmp_path, migrated_sqlite, open_store):
    path = tmp_path / "events.sqlite3"
    path.write_bytes((migrated_sqlite / "events.sqlite3").read_bytes())
    store = open_store(f"sqlite:///{path}")
    gone = put_events(store, ago(98), 300)
    with store.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.execute(text("SELECT count(*) FROM engagement_event")).scalar()
        assert keep(store).turn(NOW) is True  # the rows are gone, their traces in the log not yet: soon again
        assert count(store) == 0
    assert keep(store).turn(NOW) is False
    assert find_in(path, gone, []) == set()


@pytest.mark.parametrize(
    "statement", ["UPDATE retention_proof SET rows = 1", "DELETE FROM retention_proof"], ids=["change", "delete"]
)
def test_the_store_itself_refuses_to_change_a_proof(event_store, statement):
    put_events(event_store, ago(98), 3)
    keep(event_store).turn(NOW)
    with pytest.raises(DatabaseError), event_store.begin() as connection:
        connection.execute(text(statement))
    assert [one.rows for one in list_proofs(event_store, "dejima", 9)] == [3]


def test_a_store_that_is_away_costs_nothing_but_time(open_store, tmp_path):
    lost = open_store(f"sqlite:///{tmp_path / 'nowhere' / 'events.sqlite3'}")
    assert try_turn(keep(lost), NOW, lambda: True) is False


def test_a_day_begins_and_ends_where_the_site_is(event_store):
    put_events(
        event_store, ago(91), 2, at="23:59"
    )  # in Tokyo; the same moment is a day of 90 days ago nowhere west of it
    put_events(event_store, ago(90), 2, at="00:00", mark="z")
    make_final(event_store, ago(91), ago(90))
    keep(event_store).turn(NOW)
    assert count(event_store) == 2
    assert datetime.fromtimestamp(NOW / 1000, UTC).date() == TODAY
