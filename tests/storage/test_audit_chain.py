"""The chain of the audit log: made with each entry on both stores, and telling of whatever is changed behind its back."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.samples import EXPERIENCE, GATE, SITE
from xr_server.domain.audit_chain import START
from xr_server.domain.catalog import Change, Name
from xr_server.storage.audit import Wanted, list_entries, note, note_limit, note_reading, note_taken
from xr_server.storage.audit_chain import list_logs, verify_chain
from xr_server.storage.imports import import_records

NOW = 1_780_000_000_000
DAY_MS = 24 * 3_600_000


def write(catalog, count, site="dejima", start=0):
    """So many entries, each in a transaction of its own."""
    for number in range(start, start + count):
        with catalog.begin() as connection:
            note(connection, "saved", Name(site, "landmark", f"mark-{number}"), Change(NOW + number, "kana"), number)


def behind_its_back(catalog, *statements):
    """What somebody does who has the database itself: the triggers are no obstacle to them."""
    with catalog.begin() as connection:
        if catalog.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            for table in ("entry", "link"):
                for what in ("update", "delete", "replace"):
                    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_{table}_no_{what}")
        for statement in statements:
            connection.execute(text(statement))


def test_every_entry_is_chained_in_its_own_transaction(catalog):
    assert verify_chain(catalog, "dejima").last_hash == START
    write(catalog, 3)
    before = verify_chain(catalog, "dejima")
    assert (before.entries, before.fault) == (3, None)
    with pytest.raises(ZeroDivisionError), catalog.begin() as connection:
        note(connection, "saved", Name("dejima", "landmark", "never"), Change(NOW))
        raise ZeroDivisionError
    assert verify_chain(catalog, "dejima") == before
    import_records(catalog, "dejima", [SITE, GATE, EXPERIENCE], False, NOW)  # several entries in one transaction
    assert verify_chain(catalog, "dejima").entries == 6
    assert verify_chain(catalog, "dejima").fault is None


def test_each_site_has_a_chain_of_its_own_also_within_one_transaction(catalog):
    with catalog.begin() as connection:
        for number in range(4):
            note(connection, "saved", Name(("dejima", "hirado")[number % 2], "landmark", f"m{number}"), Change(NOW))
    assert list_logs(catalog) == ["dejima", "hirado"]
    verdicts = [verify_chain(catalog, site) for site in list_logs(catalog)]
    assert [(one.entries, one.fault) for one in verdicts] == [(2, None), (2, None)]
    assert verdicts[0].last_hash != verdicts[1].last_hash


def test_a_connection_that_goes_on_after_a_rollback_chains_only_what_was_kept(catalog):
    with catalog.connect() as connection:
        note_in = Name("dejima", "landmark", "gate")
        with connection.begin() as first:
            note(connection, "saved", note_in, Change(NOW))
            first.rollback()
        for _ in range(2):
            with connection.begin():
                note(connection, "saved", note_in, Change(NOW))
                note(connection, "published", note_in, Change(NOW))
    assert (verify_chain(catalog, "dejima").entries, verify_chain(catalog, "dejima").fault) == (4, None)


def test_many_writers_at_once_make_one_chain(catalog):
    """Each writes its entry before or after it holds a row that another wants: none waits for another for ever."""
    barrier, failures = threading.Barrier(6), []
    with catalog.begin() as connection:
        connection.execute(text("INSERT INTO publication (site_id, revision, published_at) VALUES ('dejima', 1, 0)"))

    def work(which):
        barrier.wait()
        raise_it = text("UPDATE publication SET revision = revision + 1 WHERE site_id = 'dejima'")
        for number in range(10):
            try:
                with catalog.begin() as connection:
                    if (which + number) % 2:
                        connection.execute(raise_it)
                    note(connection, "saved", Name("dejima", "landmark", f"m{which}-{number}"), Change(NOW))
                    if not (which + number) % 2:
                        connection.execute(raise_it)
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (verify_chain(catalog, "dejima").entries, verify_chain(catalog, "dejima").fault) == (60, None)


@pytest.mark.parametrize(
    ("deed", "fault", "entries"),
    [
        ("UPDATE audit_entry SET account_id = 'haru' WHERE thing_id = 'mark-3'", "changed", 3),
        ("UPDATE audit_entry SET done_at = done_at + 1 WHERE thing_id = 'mark-3'", "changed", 3),
        ("UPDATE audit_entry SET details = '{ }' WHERE thing_id = 'mark-3'", "changed", 3),
        ("UPDATE audit_link SET hash = '' WHERE place = 4", "changed", 3),
        ("DELETE FROM audit_entry WHERE thing_id = 'mark-3'", "missing", 3),
        ("DELETE FROM audit_link WHERE place = 4", "gap", 3),
        ("DELETE FROM audit_link WHERE place = 8", "unchained", 7),
    ],
)
def test_whatever_is_changed_behind_its_back_is_found_with_its_place(catalog, deed, fault, entries):
    write(catalog, 8)
    behind_its_back(catalog, deed)
    verdict = verify_chain(catalog, "dejima")
    assert (verdict.fault, verdict.entries) == (fault, entries)
    assert verdict.number is not None


def test_an_end_cut_off_is_found_by_the_hash_that_was_noted_outside(catalog):
    write(catalog, 5)
    noted = verify_chain(catalog, "dejima").last_hash
    write(catalog, 2, start=5)
    assert verify_chain(catalog, "dejima", noted).fault is None
    behind_its_back(
        catalog, "DELETE FROM audit_entry WHERE thing_id = 'mark-4'", "DELETE FROM audit_entry WHERE done_at > 1780000000004",
        "DELETE FROM audit_link WHERE place >= 5",
    )  # fmt: skip
    assert verify_chain(catalog, "dejima").fault is None  # a chain that was cut holds by itself
    assert verify_chain(catalog, "dejima", noted).fault == "not_expected"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_link SET hash = 'x'",
        "DELETE FROM audit_link",
        "INSERT INTO audit_link (site_id, place, number, hash) VALUES ('dejima', 1, 99, 'x')",
    ],
)
def test_the_store_itself_refuses_to_change_the_chain(catalog, statement):
    write(catalog, 2)
    with pytest.raises(DatabaseError), catalog.begin() as connection:
        connection.execute(text(statement))
    assert verify_chain(catalog, "dejima").fault is None


def test_replacing_a_link_is_refused(catalog):
    write(catalog, 2)
    if catalog.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no INSERT OR REPLACE; its ON CONFLICT DO UPDATE is an update")
    with pytest.raises(DatabaseError), catalog.begin() as connection:
        connection.execute(text("INSERT OR REPLACE INTO audit_link VALUES ('dejima', 1, 1, 'x')"))


def test_reading_figures_is_written_down_once_a_day_for_each_page_and_taking_them_along_each_time(catalog):
    kana, haru = Change(NOW, "kana"), Change(NOW + 5, "haru")
    for change in (kana, kana, haru, Change(NOW + 9, "kana")):
        note_reading(catalog, "dejima", change, "figures", NOW - 1000, **{"from": "2026-11-01", "until": "2026-11-30"})
    note_reading(catalog, "dejima", kana, "report", NOW - 1000)
    note_reading(catalog, "dejima", Change(NOW + DAY_MS, "kana"), "figures", NOW - 1000 + DAY_MS)
    for _ in range(2):
        note_taken(catalog, "dejima", kana, "report", form="xlsx")
    entries = list_entries(catalog, "dejima", Wanted(kind="page"), 100)
    assert sorted((one.account_id, one.thing_id, one.deed, one.done_at - NOW) for one in entries) == [
        ("haru", "figures", "figures_read", 5),
        ("kana", "figures", "figures_read", 0),
        ("kana", "figures", "figures_read", DAY_MS),
        ("kana", "report", "figures_exported", 0),
        ("kana", "report", "figures_exported", 0),
        ("kana", "report", "figures_read", 0),
    ]
    assert {"from": "2026-11-01", "until": "2026-11-30"} in [one.details for one in entries]
    assert verify_chain(catalog, "dejima").fault is None


def test_the_log_tells_when_events_are_kept_for_another_time_than_before(catalog):
    for at, days in enumerate((90, 90, 30, 30, 90, 395)):
        note_limit(catalog, ["dejima", "hirado"], days, NOW + at)
    entries = list_entries(catalog, "dejima", Wanted(deeds=("retention_set",)), 9)
    assert [(one.details["days"], one.done_at - NOW) for one in reversed(entries)] == [(30, 2), (90, 4), (395, 5)]
    assert {one.account_id for one in entries} == {None}
    assert (verify_chain(catalog, "hirado").entries, verify_chain(catalog, "hirado").fault) == (3, None)
