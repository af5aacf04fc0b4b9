"""What residents remember of a landmark, whether it is taken and shown, how many pictures came. Nothing leads to a person."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from xr_server.storage.tables.stores import catalog_tables

# code_hash: SHA-256 of what only its giver has. told and translations are empty once it is gone; the row then says for a
# year that something was there.
memory = Table(
    "memory",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("landmark", String(64), nullable=False),
    Column("state", String(8), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("told", Text, nullable=False),
    Column("translations", Text, nullable=False),
    Column("has_picture", Boolean, nullable=False),
    Column("was_shown", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Index(None, "site_id", "state"),
)

# how many pictures were sent for memories within an hour since 1970, whoever sent them
memory_hour = Table(
    "memory_hour",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("pictures", Integer, nullable=False),
)

# whether a site takes and shows memories; a site without a row takes and shows them
memory_rule = Table(
    "memory_rule",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("rule", String(8), nullable=False),
    Column("revision", Integer, nullable=False),
)
