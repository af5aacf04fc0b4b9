"""How the two stores are opened, on SQLite or PostgreSQL."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_PATIENCE_S = 30  # how long a writer waits for another one
# a server that does not answer is noticed after seconds, not minutes
POSTGRESQL_LIMITS = {"connect_timeout": 5, "tcp_user_timeout": 10_000}


def open_engine(url: str) -> Engine:
    """An engine for a SQLAlchemy URL; nothing is connected or created yet. SQLite gets WAL and synchronous FULL.

    Parameters stay out of error messages: these reach logs, and parameters name visits and accounts.
    """
    if url.startswith("sqlite:///"):
        return _open_sqlite(url, Path(url.removeprefix("sqlite:///")))
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=POSTGRESQL_LIMITS)


def store_file(engine: Engine) -> Path | None:
    """The file of a SQLite store, whether it is there or not; None for a server's database."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def create_store_file(engine: Engine) -> None:
    """Make the empty file of a SQLite store, readable by its owner alone; an existing one is left as it is.

    It appears under its name already in WAL mode: several servers that start at once would fail at switching it, since
    SQLite does not wait there.
    """
    path = store_file(engine)
    if path is None or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its mode is 0600
    os.close(handle)
    try:
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        os.link(draft, path)
    except FileExistsError:  # another server was quicker
        return
    finally:
        Path(draft).unlink()


def forget_pages(store: Engine, patience_ms: int = 1000 * SQLITE_PATIENCE_S) -> bool:
    """Have SQLite take what was deleted out of its log too; its pages were overwritten as it went (secure_delete).

    Whoever reads at that moment may keep the log; who writes waits meanwhile, so it is tried for `patience_ms` only. Gives
    whether it is done. PostgreSQL has nothing of the kind: it overwrites in its own time.
    """
    if store.dialect.name != "sqlite":
        return True
    with store.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={patience_ms}")
        try:
            busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * SQLITE_PATIENCE_S}")
    return not busy


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what is to happen when the row is there already, in the words of either database."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement: postgresql.Insert | sqlite.Insert = dialect.insert(table)
    return statement


def may_be_there(name: str) -> bool:
    """Whether anything can be stored under a name that an address gave: PostgreSQL fails at a NUL instead of finding nothing."""
    return "\0" not in name


class _OpenedFile(sqlite3.Connection):
    """A connection that knows which file it was opened on, as device and number; None when there was none."""

    identity: tuple[int, int] | None = None


def _open_sqlite(url: str, path: Path) -> Engine:
    def connect() -> _OpenedFile:
        # mode=rw: a file that has gone away is an error, not the birth of an empty store in its place
        address = f"file:{quote(str(path))}?mode=rw"
        # looked at before it is opened: a file that is moved away or replaced meanwhile is noticed by the check below
        identity = _identify(path)
        opened = sqlite3.connect(
            address, uri=True, timeout=SQLITE_PATIENCE_S, check_same_thread=False, factory=_OpenedFile
        )
        opened.identity = identity
        return opened

    engine = create_engine(url, creator=connect, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # secure_delete: what is deleted, such as a class with its pupils, leaves no readable page behind
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "checkout")
    def check(connection: _OpenedFile, _entry: ConnectionPoolEntry, _proxy: object) -> None:
        # a connection would go on writing to a file that was moved away or replaced; the pool opens a new one instead
        if connection.identity is None or _identify(path) != connection.identity:
            raise DisconnectionError("the database file is no longer the one that was opened")

    return engine


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
