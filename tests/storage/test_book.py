"""A stamp book is told and erased by what its phone alone holds: from events, visits, the queue, and after any restore."""

import asyncio
import hashlib
import secrets
import shutil
import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import func, insert, select, text

from tests.samples import HOUR_MS
from xr_server.domain.book import Held, forget_mark_on, make_receipt, mark_of, read_receipt
from xr_server.domain.visit import AcceptedEvent, make_visit_key
from xr_server.domain.visit_facts import VisitFacts
from xr_server.domain.voucher import Offer
from xr_server.errors import Invalid
from xr_server.storage.book import Stores, apply_marks, erase_book, load_known
from xr_server.storage.erased_marks import Mark, read_marks, share_marks
from xr_server.storage.event_writer import EventWriter
from xr_server.storage.events import Entry, store_entries
from xr_server.storage.summing import count_day
from xr_server.storage.tables import catalog_tables, event_tables
from xr_server.storage.tables.events import engagement_event, seen_event
from xr_server.storage.tables.figures import day_figure, summed_day, visit
from xr_server.storage.tables.retention import erased_mark
from xr_server.storage.tables.vouchers import rally_stamp, voucher
from xr_server.storage.tokens import hash_token
from xr_server.storage.vouchers import Claim, issue_voucher

TODAY = date(2026, 11, 24)
NOW = round(datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp() * 1000)
FACTS = msgspec.json.encode(VisitFacts(language="ja", device="phone", here=True)).decode()
number = iter(range(1, 1_000_000))


class Phone:
    """A phone with a visit on two days and a card; another one, just like it, is to be left as it is."""

    def __init__(self, mark):
        self.visits = [f"{mark}{secrets.token_hex(15)}" for _ in range(2)]
        self.keys = [make_visit_key(one, bytes([place]) * 32) for place, one in enumerate(self.visits)]
        self.card = secrets.token_hex(16)
        self.event_ids = []

    @property
    def held(self):
        return Held((self.card,), tuple(self.keys))

    @property
    def traces(self):
        """Whatever could lead from the stores to this phone, as bytes."""
        words = [*self.visits, self.card, hash_token(self.card), *self.event_ids, *(key.hex() for key in self.keys)]
        return [*(word.encode() for word in words), *self.keys]

    def event(self, place, at):
        name = f"0193{secrets.token_hex(2)}-0000-7000-8000-{next(number):012d}"
        self.event_ids.append(name)
        return AcceptedEvent(
            id=name, site_id="dejima", type="landmark_entered", occurred_at=at, received_at=at, late=False, language="ja",
            mode="page", landmark="water-gate",
        )  # fmt: skip

    def entry(self, place, count=3):
        at = NOW - (1 - place) * 24 * HOUR_MS
        events = [self.event(place, at + step) for step in range(count)]
        return Entry(events, False, {event.id: self.keys[place] for event in events})


def put(stores, phone):
    """Its visits with events, summed up; its stamps; its prize."""
    with stores.events.begin() as connection:
        store_entries(connection, [phone.entry(0), phone.entry(1)])
        for place, day in enumerate(("2026-11-23", "2026-11-24")):
            row = {"visit_key": phone.keys[place], "site_id": "dejima", "day_on": day, "facts": FACTS}
            connection.execute(insert(visit).values(**row))
    with stores.catalog.begin() as connection:
        for place, landmark in enumerate(("water-gate", "house"), 1):
            row = {"site_id": "dejima", "rally_id": "autumn", "card_hash": hash_token(phone.card), "way": "sign"}
            connection.execute(insert(rally_stamp).values(**row, landmark=landmark, number=place))
    issue_voucher(stores.catalog, Offer("dejima", "rally", "autumn"), Claim(phone.card), NOW, secrets.token_bytes)


@pytest.fixture
def stores(catalog, event_store, tmp_path):
    return Stores(catalog, event_store, tmp_path / "erased")


@pytest.fixture
def phones(stores):
    """One that will have its book erased, and one that will not."""
    both = Phone("a"), Phone("b")
    for phone in both:
        put(stores, phone)
    return both


def erase(stores, phone):
    return erase_book(stores, "dejima", phone.held, NOW, TODAY)


def dump(stores):
    """All that the stores hold, whatever table it is in, as bytes."""
    data = []
    for store, tables in ((stores.catalog, catalog_tables), (stores.events, event_tables)):
        with store.connect() as connection:
            for table in tables.sorted_tables:
                for row in connection.execute(select(table)):
                    data += [one if isinstance(one, bytes) else str(one).encode() for one in row]
    return b"\n".join(data)


def read_files(stores):
    """The bytes of all files of the stores and of the marks, and their names."""
    folder = stores.erased_dir.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(path.name.encode() + path.read_bytes() for path in files)


def count(store, table):
    with store.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_all_that_is_known_is_told_to_who_holds_the_book_and_to_nobody_else(stores, phones):
    one, other = phones
    visits, cards = load_known(stores, "dejima", one.held)
    assert [(known.day_on, len(known.events), known.facts) for known in visits] == [
        ("2026-11-23", 3, FACTS),
        ("2026-11-24", 3, FACTS),
    ]
    assert visits[0].events[0] == {
        "occurred_at": NOW - 24 * HOUR_MS, "type": "landmark_entered", "landmark": "water-gate", "language": "ja",
        "mode": "page", "late": False,
    }  # fmt: skip
    assert [(card.rally_id, card.stamps, card.prize_issued_at, card.prize_used_at) for card in cards] == [
        ("autumn", (("water-gate", "sign"), ("house", "sign")), NOW, None)
    ]
    assert load_known(stores, "dejima", Held((secrets.token_hex(16),), (secrets.token_bytes(32),))) == ([], [])
    assert load_known(stores, "hirado", one.held)[1] == []
    assert load_known(stores, "dejima", other.held) != ([], [])


def test_nothing_of_it_is_left_in_any_table_and_the_other_phones_is_whole(stores, phones):
    one, other = phones
    before = load_known(stores, "dejima", other.held)
    assert all(trace in dump(stores) for trace in one.keys)
    erased = erase(stores, one)
    assert (erased.visits, erased.events, erased.stamps, erased.prizes) == (2, 6, 2, 1)
    left = dump(stores)
    assert [trace for trace in one.traces if trace in left] == []
    assert load_known(stores, "dejima", one.held) == ([], [])
    assert load_known(stores, "dejima", other.held) == before
    assert erase(stores, one).visits == 0  # asked again, nothing more happens


def test_nothing_of_it_is_left_in_the_bytes_of_the_files(stores, phones):
    if stores.events.dialect.name != "sqlite":
        pytest.skip("PostgreSQL overwrites in its own time, and docs/operators.md says so")
    one, other = phones
    before = read_files(stores)
    assert all(trace in before for trace in (*one.keys, *(name.encode() for name in one.event_ids)))
    assert hash_token(one.card).encode() in before
    erase(stores, one)
    after = read_files(stores)
    assert [trace for trace in one.traces if trace in after] == []
    assert all(trace in after for trace in other.keys)


def test_a_prize_that_was_handed_out_stays_counted_and_is_nobodys(stores, phones):
    one, _ = phones
    with stores.catalog.begin() as connection:
        connection.execute(text("UPDATE voucher SET used_at = 5, counter = 'AAAAAAAA'"))
    assert erase(stores, one).prizes == 1
    assert count(stores.catalog, voucher) == 2
    assert hash_token(one.card).encode() not in dump(stores)


def test_days_that_are_not_final_are_counted_again_and_final_numbers_stay(stores, phones):
    one, _ = phones
    for day in (date(2026, 11, 23), TODAY):
        count_day(stores.events, "dejima", day, NOW)
    with stores.events.begin() as connection:
        connection.execute(text("UPDATE summed_day SET final = (day_on = '2026-11-23')"))

    def visits():
        query = select(summed_day.c.day_on, summed_day.c.visits).order_by(summed_day.c.day_on)
        of_all = select(day_figure.c.day_on, day_figure.c.visits).where(day_figure.c.figure == "all")
        with stores.events.connect() as connection:
            rows = connection.execute(of_all.order_by(day_figure.c.day_on)).all()
            return [tuple(row) for row in connection.execute(query)], [tuple(row) for row in rows]

    assert visits()[0] == [("2026-11-23", 2), ("2026-11-24", 2)] == visits()[1]
    erase(stores, one)
    assert visits()[0] == [("2026-11-23", 2), ("2026-11-24", 1)] == visits()[1]


def test_what_still_waits_in_the_queue_is_not_stored_any_more(stores, phones):
    one, other = phones
    erase(stores, one)
    late, theirs = one.entry(1, count=4), other.entry(1, count=2)
    writer = EventWriter(stores.events)

    async def send():
        return await asyncio.gather(writer.write(late), writer.write(theirs))

    writer.start()
    stored = asyncio.run(send())
    writer.stop()
    assert stored == [0, 2]
    assert [trace for trace in one.keys if trace in dump(stores)] == []
    assert load_known(stores, "dejima", one.held) == ([], [])


def test_events_that_are_written_at_that_very_moment_do_not_survive(stores):
    one, ending = Phone("a"), threading.Event()
    put(stores, one)
    failures = []

    def write():
        while not ending.is_set():
            try:
                with stores.events.begin() as connection:
                    store_entries(connection, [one.entry(1, count=5)])
            except Exception as error:
                failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in writers:
        thread.start()
    while count(stores.events, engagement_event) < 60 and not failures:
        pass
    erase(stores, one)
    left = count(stores.events, engagement_event)
    ending.set()
    for thread in writers:
        thread.join()
    assert failures == []
    assert (left, count(stores.events, engagement_event)) == (0, 0)


def test_after_a_restore_it_is_erased_again_also_when_the_backup_knows_nothing_of_it(stores, phones):
    """The backup was made before; only the folder of marks, which no backup brings back, has seen the erasure."""
    one, other = phones
    copies = copy_rows(stores)
    whole = load_known(stores, "dejima", other.held)
    erase(stores, one)
    restore_rows(stores, copies)
    assert load_known(stores, "dejima", one.held) != ([], [])
    assert count(stores.events, erased_mark) == 0
    again = apply_marks(stores, NOW, TODAY)
    assert (again.visits, again.events, again.stamps, again.prizes) == (2, 6, 2, 1)
    left = dump(stores)
    assert [trace for trace in one.traces if trace in left] == []
    assert load_known(stores, "dejima", other.held) == whole
    assert count(stores.events, erased_mark) == 3
    assert apply_marks(stores, NOW, TODAY, everything=True).visits == 0


def test_a_restored_file_holds_no_byte_of_it_either(stores, phones):
    if stores.events.dialect.name != "sqlite":
        pytest.skip("PostgreSQL overwrites in its own time, and docs/operators.md says so")
    one, _ = phones
    files = {}
    for store in (stores.catalog, stores.events):
        with store.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        files[store] = shutil.copy(store.url.database, f"{store.url.database}.backup")
    erase(stores, one)
    for store, backup in files.items():
        store.dispose()
        shutil.move(backup, store.url.database)
    assert all(trace in read_files(stores) for trace in one.keys)
    apply_marks(stores, NOW, TODAY, everything=True)
    after = read_files(stores)
    assert [trace for trace in one.traces if trace in after] == []


def copy_rows(stores):
    tables = [(stores.catalog, rally_stamp), (stores.catalog, voucher)]
    tables += [(stores.events, table) for table in (engagement_event, visit, seen_event, erased_mark)]
    copies = []
    for store, table in tables:
        with store.connect() as connection:
            copies.append((store, table, [dict(row._mapping) for row in connection.execute(select(table))]))
    return copies


def restore_rows(stores, copies):
    for store, table, rows in copies:
        with store.begin() as connection:
            connection.execute(table.delete())
            if rows:
                connection.execute(insert(table), rows)


def test_broken_off_right_after_the_marks_it_is_finished_at_the_next_turn(stores, phones, monkeypatch):
    one, _ = phones

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("xr_server.storage.book._erase_visits", die)
        with pytest.raises(Killed):
            erase(stores, one)
    assert load_known(stores, "dejima", one.held) != ([], [])
    assert apply_marks(stores, NOW, TODAY).events == 6
    assert load_known(stores, "dejima", one.held) == ([], [])


def test_servers_with_folders_of_their_own_tell_one_another_by_the_store(stores, phones, tmp_path):
    one, _ = phones
    erase(stores, one)
    other = Stores(stores.catalog, stores.events, tmp_path / "of another server")
    apply_marks(other, NOW, TODAY)
    assert read_marks(other.erased_dir) == read_marks(stores.erased_dir) != set()


def test_marks_are_forgotten_when_what_they_hide_would_have_had_its_time(stores, phones):
    one, _ = phones
    erase(stores, one)
    marks, lost = share_marks(stores.events, stores.erased_dir, date(2027, 12, 31))
    assert (len(marks), lost) == (3, False)
    assert {mark.forget_on for mark in marks} == {"2028-01-01"} == {forget_mark_on(TODAY).isoformat()}
    assert share_marks(stores.events, stores.erased_dir, date(2028, 1, 1)) == (set(), False)
    assert (count(stores.events, erased_mark), read_marks(stores.erased_dir)) == (0, set())


def test_marks_tell_neither_what_was_erased_nor_which_belong_together(stores, phones):
    one, other = phones
    erase(stores, one)
    erase(stores, other)
    marks = read_marks(stores.erased_dir)
    assert Mark("2028-01-01", "dejima", mark_of("visit", one.keys[0])) in marks
    files = list(stores.erased_dir.iterdir())
    assert len(files) == 6
    assert {(path.stat().st_mtime, path.stat().st_size) for path in files} == {(0.0, 0)}
    named = b"".join(path.name.encode() for path in files)
    assert [trace for trace in (*one.traces, *other.traces) if trace in named] == []


def test_a_receipt_is_ours_for_its_site_alone():
    key, secret = secrets.token_bytes(32), secrets.token_bytes(32)
    receipt = make_receipt("dejima", key, secret)
    assert len(receipt) == 64
    assert read_receipt("dejima", receipt, secret) == key
    forged = [receipt[:-1] + ("A" if receipt[-1] != "A" else "B"), receipt[:43] + "=" * 21, "A" * 64, "é" * 64]
    for bad, site in [*((one, "dejima") for one in forged), (receipt, "hirado")]:
        with pytest.raises(Invalid) as refused:
            read_receipt(site, bad, secret)
        assert refused.value.code == "receipt_refused"
    with pytest.raises(Invalid):  # who knows how it is stored, as from a stolen backup, cannot make one
        read_receipt("dejima", make_receipt("dejima", key, hashlib.sha256(key).digest()), secret)
