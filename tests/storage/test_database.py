import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from xr_server.storage.database import create_store_file, open_engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.sqlite3"


@pytest.fixture
def engine(path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{path}")
    create_store_file(engine)
    return engine


def write(engine: Engine, table: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {table} (id INTEGER)")


def read(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]


def test_a_file_that_was_moved_away_is_missed_and_no_other_is_made(engine, path):
    write(engine, "first")
    path.rename(path.with_name("away"))
    with pytest.raises(OperationalError):
        write(engine, "second")
    assert not path.exists()


def test_a_file_that_goes_while_it_is_being_opened_is_missed_ever_after(engine, path):
    away = path.with_name("away")

    def go_away(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # from here on the connection has all its files open
        path.rename(away)

    event.listen(engine, "connect", go_away, insert=True)
    for _ in range(3):
        with pytest.raises(OperationalError):
            write(engine, "first")
    event.remove(engine, "connect", go_away)
    away.rename(path)
    write(engine, "second")
    assert read(path) == ["second"]


def test_a_file_put_in_the_place_of_another_is_the_one_written(engine, path):
    write(engine, "first")
    old = path.with_name("old")
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).rename(old.with_name(old.name + ending))
    create_store_file(engine)
    write(engine, "second")
    assert (read(path), read(old)) == (["second"], ["first"])
