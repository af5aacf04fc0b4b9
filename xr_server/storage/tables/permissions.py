"""Permission to scan: what was asked for and what was answered, and how many a site has given in a year."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from xr_server.storage.tables.stores import catalog_tables

# Some time after its last day a row holds nothing that leads to a person: storage/permissions.py forget_askers.
scan_permission = Table(
    "scan_permission",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36)),
    Column("revision", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("wish", Text, nullable=False),  # JSON of domain/permission.py Wish
    Column("last_on", String(10), nullable=False),  # the wish's last local day
    Column("number", String(20)),
    Column("code", String(16)),
    Column("conditions", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("decided_by", String(36)),
    Column("decided_at", BigInteger),
    Column("seen_at", BigInteger),  # when its asker has read the answer
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    UniqueConstraint("site_id", "number"),
    UniqueConstraint("code"),
    Index(None, "site_id", "state"),
    Index(None, "site_id", "account_id"),
)

# One row a site and local year: the count goes up in the transaction that grants, so no number is left out.
scan_permission_count = Table(
    "scan_permission_count",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)
