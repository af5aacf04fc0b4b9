"""What staff want to reach, in the catalog."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from xr_server.storage.tables.stores import catalog_tables

# One number for a month (2026-11) or a year (2026): domain/target.py.
figure_target = Table(
    "figure_target",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("period", String(7), primary_key=True),
    Column("measure", String(20), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("set_at", BigInteger, nullable=False),
)
