"""The tables, and how the two stores are opened: `catalog` (small, precious) and `events` (append, prune)."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_PATIENCE_S = 30  # how long a writer waits for another one
# a server that does not answer is noticed after seconds, not minutes
POSTGRESQL_LIMITS = {"connect_timeout": 5, "tcp_user_timeout": 10_000}

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
catalog_tables = MetaData(naming_convention=NAMING)
event_tables = MetaData(naming_convention=NAMING)

# Moments are integers, milliseconds since 1970-01-01 UTC: the same in SQLite and PostgreSQL, no time zone to lose.

record = Table(
    "record",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("published_revision", Integer),
    Column("updated_at", BigInteger, nullable=False),
)

record_revision = Table(
    "record_revision",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("body", Text, nullable=False),
    Column("account_id", String(36)),
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["site_id", "kind", "id"], ["record.site_id", "record.kind", "record.id"]),
)

# One row a site; `revision` goes up with every publication, and is what workers watch.
publication = Table(
    "publication",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("published_at", BigInteger, nullable=False),
)

package = Table(
    "package",
    catalog_tables,
    Column("digest", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("scan_id", String(36)),
    Column("model", String(200)),  # the bundled model it was made from
    Column("cache_key", String(64)),  # scan + options + pipeline version
    Column("manifest", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "site_id", "model"),
    Index(None, "cache_key"),
)

scan = Table(
    "scan",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("details", Text, nullable=False),  # JSON of domain/scan.py ScanDetails: title, licence, place, unit, up
    Column("length_bytes", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("stage", String(40), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("worker", String(64)),
    Column("lease_until", BigInteger),
    Column("package_digest", String(64)),
    Column("scene_id", String(64)),  # the scene and experience its creator attached it to
    Column("build_seconds", Float),
    Column("build_peak_bytes", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Index(None, "state", "lease_until"),
    Index(None, "site_id", "account_id", "created_at"),
)

organisation = Table(
    "organisation",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
)

account = Table(
    "account",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("name"),
)

membership = Table(
    "membership",
    catalog_tables,
    Column("account_id", String(36), primary_key=True),
    Column("organisation_id", String(36), primary_key=True),
    Column("site_id", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
)

session = Table(
    "session",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of the cookie: a stolen database opens no session
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False, server_default="0"),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
)

# Links that set an account's password once, by SHA-256 of their token.
password_reset = Table(
    "password_reset",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    Index(None, "account_id"),
)

# What lets a program act for an account, by SHA-256 of the token.
api_token = Table(
    "api_token",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    Index(None, "account_id"),
)

# Links that show a draft as visitors would see it, for an hour, by SHA-256 of their token.
preview = Table(
    "preview",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("experience_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    Index(None, "site_id", "experience_id"),
)

# Wrong passwords in a row, by SHA-256 of the name that was typed: pauses outlive a restart and hold for every server.
sign_in_guess = Table(
    "sign_in_guess",
    catalog_tables,
    Column("name_hash", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

# What staff told the creator about a revision they looked at.
review_note = Table(
    "review_note",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("record_id", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "site_id", "kind", "record_id"),
)

engagement_event = Table(
    "engagement_event",
    event_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("type", String(40), nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False, server_default="0"),
    Column("visit_key", LargeBinary(32)),  # HMAC(day key, visit id); the day key is kept elsewhere and destroyed
    Column("language", String(12), nullable=False),
    Column("mode", String(20), nullable=False),
    Column("landmark", String(64)),
    Column("scene", String(64)),
    Column("experience", String(64)),
    Index(None, "site_id", "occurred_at"),
)

# Ids already taken, with nothing beside them, so that a batch sent twice counts once; pruned after a week.
seen_event = Table(
    "seen_event",
    event_tables,
    Column("id", String(36), primary_key=True),
    Column("seen_on", Integer, nullable=False, index=True),  # days since 1970-01-01: no finer than that
)

# What may be counted without consent to statistics: how often in an hour, without any id.
hourly_count = Table(
    "hourly_count",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("hour_at", BigInteger, primary_key=True),
    Column("type", String(40), primary_key=True),
    Column("count", Integer, nullable=False),
)


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


def _open_sqlite(url: str, path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        # mode=rw: a file that has gone away is an error, not the birth of an empty store in its place
        address = f"file:{quote(str(path))}?mode=rw"
        return sqlite3.connect(address, uri=True, timeout=SQLITE_PATIENCE_S, check_same_thread=False)

    engine = create_engine(url, creator=connect, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        entry.info["file"] = _identify(path)

    @event.listens_for(engine, "checkout")
    def check(_connection: sqlite3.Connection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        # a connection would go on writing to a file that was moved away or replaced; the pool opens a new one instead
        if _identify(path) != entry.info["file"]:
            raise DisconnectionError("the database file is no longer the one that was opened")

    return engine


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
