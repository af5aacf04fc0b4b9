"""What was deleted for its age, and what is left of it; and what visitors had erased, in the store of events."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from xr_server.storage.tables.stores import event_tables

# A day of events or of visits that was deleted: how many rows, and a hash over their ids, so that whoever has an old
# backup can tell that just these are gone. Triggers refuse to change or delete a row.
retention_proof = Table(
    "retention_proof",
    event_tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("what", String(8), nullable=False),
    Column("day_on", String(10), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column(
        "summed", Boolean, nullable=False
    ),  # whether its figures were final; a day nobody summed up goes a week later
    Column("done_at", BigInteger, nullable=False),
    Index(None, "site_id", "done_at"),
)

# How far deleting a day has come: each part of it is deleted and counted here in one transaction.
retention_progress = Table(
    "retention_progress",
    event_tables,
    Column("site_id", String(64), primary_key=True),
    Column("what", String(8), primary_key=True),
    Column("day_on", String(10), primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

# Marks of what visitors had erased (domain/book.py): nothing that has one is stored again, nor comes back by a backup.
# They lie in a folder outside the stores as well, since a restored store has forgotten the latest.
erased_mark = Table(
    "erased_mark",
    event_tables,
    Column("mark", String(64), primary_key=True),  # first, since it is asked for alone
    Column("site_id", String(64), primary_key=True),
    Column("forget_on", String(10), nullable=False),
)
