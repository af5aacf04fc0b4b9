"""What visits did, in the store of events."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from xr_server.storage.tables.stores import event_tables

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
    Column("device", String(10)),
    Column("subject", String(64)),  # what an event's columns say: domain/vocabulary.py
    Column("word", String(20)),
    Column("amount", Integer),
    Column("accuracy", String(8)),
    Column("flag", String(10)),  # why it is kept out of the figures
    Index(None, "site_id", "occurred_at"),
    Index(None, "site_id", "received_at"),
    Index(None, "visit_key"),
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
