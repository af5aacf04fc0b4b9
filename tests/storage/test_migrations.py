import shutil
import threading
from itertools import count

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from tests.conftest import in_database, run_alone
from xr_server.storage.audit_chain import verify_chain
from xr_server.storage.database import open_engine, store_file
from xr_server.storage.migrate import TABLES, is_current, migrate, version_table
from xr_server.storage.tables import event_tables

NUMBERS = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_urls(request, tmp_path):
    """URLs of two stores that nobody has migrated yet."""
    if request.param == "sqlite":
        yield {store: f"sqlite:///{tmp_path / 'new folder'}/{store}.sqlite3" for store in TABLES}
        return
    server, name = request.getfixturevalue("postgres_url"), f"empty_{next(NUMBERS)}"
    run_alone(server, f"CREATE DATABASE {name}")
    yield dict.fromkeys(TABLES, in_database(server, name))
    run_alone(server, f"DROP DATABASE {name} WITH (FORCE)")


def test_migrations_lead_from_nothing_to_exactly_the_tables_the_program_knows(empty_urls, open_store):
    for store, tables in TABLES.items():
        engine = open_store(empty_urls[store])
        migrate(engine, store)
        assert is_current(engine, store)
        own = set(tables.tables)

        def belongs(thing, name, kind, _reflected, _other, own=own):
            return name in own if kind == "table" else True  # both stores may share one database

        with engine.connect() as connection:
            options = {"version_table": version_table(store), "include_object": belongs, "compare_type": True}
            assert compare_metadata(MigrationContext.configure(connection, opts=options), tables) == []


def test_every_stored_row_that_belongs_to_a_site_says_which():
    apart = {"organisation", "sign_in_guess", "account", "seen_event", "session"}  # named below or by their primary key
    for tables in TABLES.values():
        for name, table in tables.tables.items():
            assert "site_id" in table.c or name in apart


def test_migrating_again_changes_nothing(empty_urls, open_store):
    engine = open_store(empty_urls["catalog"])
    migrate(engine, "catalog")
    before = inspect(engine).get_table_names()
    migrate(engine, "catalog")
    assert inspect(engine).get_table_names() == before


def test_servers_that_start_together_migrate_once(empty_urls, open_store):
    engines = [open_store(empty_urls["events"]) for _ in range(4)]
    barrier, failures = threading.Barrier(4), []

    def start(engine):
        barrier.wait()
        try:
            migrate(engine, "events")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert is_current(engines[0], "events")


def test_a_migration_that_breaks_off_leaves_nothing_half_done(empty_urls, open_store):
    engine = open_store(empty_urls["events"])
    migrate(engine, "events")
    with (
        engine.begin() as connection
    ):  # the last table of its first migration stands in the way of a second run from the start
        for table in ({*event_tables.tables} - {"seen_event"}) | {version_table("events")}:
            connection.exec_driver_sql(f"DROP TABLE {table}")
    with pytest.raises(Exception, match="seen_event"):
        migrate(engine, "events")
    assert "engagement_event" not in inspect(engine).get_table_names()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE seen_event")
    migrate(engine, "events")
    assert is_current(engine, "events")


def test_a_store_that_was_never_migrated_is_not_current(empty_urls, open_store):
    engine = open_store(empty_urls["catalog"])
    migrate(engine, "catalog")
    assert is_current(engine, "catalog")
    if empty_urls["catalog"] != empty_urls["events"]:
        migrate(open_store(empty_urls["events"]), "events")
    else:
        assert not is_current(engine, "events")


def test_a_lost_sqlite_file_is_an_error_and_not_reborn_empty(tmp_path, migrated_sqlite, open_store):
    path = tmp_path / "catalog.sqlite3"
    shutil.copy(migrated_sqlite / "catalog.sqlite3", path)
    engine = open_store(f"sqlite:///{path}")
    assert store_file(engine) == path
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    path.rename(tmp_path / "moved")
    with pytest.raises(Exception, match="unable to open"):
        engine.connect()
    assert not path.exists()
    (tmp_path / "moved").rename(path)
    assert is_current(engine, "catalog")


def test_a_sqlite_file_that_was_replaced_is_read_anew(tmp_path, migrated_sqlite, open_store):
    path = tmp_path / "catalog.sqlite3"
    shutil.copy(migrated_sqlite / "catalog.sqlite3", path)
    engine = open_store(f"sqlite:///{path}")
    insert = "INSERT INTO publication (site_id, revision, published_at) VALUES ('dejima', 1, 1)"
    with engine.begin() as connection:
        connection.exec_driver_sql(insert)
    (tmp_path / "old").mkdir()
    for file in tmp_path.glob("catalog.sqlite3*"):  # with its write-ahead log, which belongs to it
        file.rename(tmp_path / "old" / file.name)
    shutil.copy(migrated_sqlite / "catalog.sqlite3", path)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM publication").scalar() == 0


def test_sqlite_is_durable_and_its_file_is_its_owners(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'catalog.sqlite3'}")
    migrate(engine, "catalog")
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
    engine.dispose()
    assert settings == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
    assert (tmp_path / "catalog.sqlite3").stat().st_mode & 0o077 == 0


def test_what_visitors_sent_stays_out_of_a_database_errors_words(event_store):
    with pytest.raises(Exception) as failed, event_store.connect() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere", {"id": "019ab3de-0000-7000-8000-000000000001"})
    assert "019ab3de" not in str(failed.value)


def test_a_log_from_before_the_chain_is_chained_as_it_stands(empty_urls, open_store):
    engine = open_store(empty_urls["catalog"])
    migrate(engine, "catalog", until="0018")
    with engine.begin() as connection:
        for number in range(5):
            connection.execute(
                text(
                    "INSERT INTO audit_entry (number, site_id, done_at, account_id, deed, kind, thing_id, revision, details) "
                    "VALUES (:number, :site, 5, NULL, 'saved', 'landmark', 'gate', NULL, '{}')"
                ),
                {"number": number + 1, "site": ("dejima", "hirado")[number % 2]},
            )
    migrate(engine, "catalog")
    assert is_current(engine, "catalog")
    verdicts = [verify_chain(engine, site) for site in ("dejima", "hirado")]
    assert [(one.entries, one.fault) for one in verdicts] == [(3, None), (2, None)]
