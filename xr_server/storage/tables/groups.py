"""Groups that follow a guide's phone: one row each, and no list of who follows."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from xr_server.storage.tables.stores import catalog_tables

# guide_hash: SHA-256 of what the guide's phone alone has; the row goes soon after the group has ended
walk_group = Table(
    "walk_group",
    catalog_tables,
    Column("code", String(8), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("guide_hash", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("stop", String(80)),
    Column("ends_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "site_id", "ends_at"),
)
