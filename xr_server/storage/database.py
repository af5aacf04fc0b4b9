"""The tables, and how the two stores are opened: `catalog` (small, precious) and `events` (append, prune)."""

from pathlib import Path
from typing import Any

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
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
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
    """An engine for a SQLAlchemy URL; SQLite gets WAL, synchronous FULL and foreign keys."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
