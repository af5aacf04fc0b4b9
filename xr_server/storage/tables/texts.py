"""Which texts somebody has read at the desk."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, String, Table

from xr_server.storage.tables.stores import catalog_tables

# Whoever read a text approved exactly these words: `mark` is their digest, `path` the one of the language files.
text_reading = Table(
    "text_reading",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("path", String(200), primary_key=True),
    Column("mark", String(12), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("read_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
)
