"""The audit log: who did what, when, to which revision of what. Triggers refuse to change or delete an entry."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from xr_server.storage.tables.stores import catalog_tables

# Names of people and words they typed stand elsewhere, where they can be deleted: an entry holds ids, numbers, and words
# of our own. An account may go, so its id is no foreign key. Changing this table in SQLite copies it and loses its
# triggers: such a migration has to make them again.
audit_entry = Table(
    "audit_entry",
    catalog_tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("done_at", BigInteger, nullable=False),
    Column("account_id", String(36)),  # nobody: the system, such as an import or a worker
    Column("deed", String(24), nullable=False),
    Column("kind", String(16), nullable=False),  # of a record, or `scan`, `account`
    Column("thing_id", String(64), nullable=False),
    Column("revision", Integer),
    Column("details", Text, nullable=False),  # a JSON object, mostly empty
    Index(None, "site_id", "done_at", "number"),
    Index(None, "site_id", "kind", "thing_id"),
)

# The chain: each entry's place among those of its site, and a hash over the entry and the hash before. Append-only by
# triggers, as the entries are; the hash of what is there already stands in the catalog's backups, and on paper.
audit_link = Table(
    "audit_link",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("place", BigInteger, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("number"),
)
