"""Records that people edit, their revisions, what was said of them, and who may look at a draft."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from xr_server.storage.tables.stores import catalog_tables

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

# Files of pictures and sounds that somebody brought into the library: whose they are, and what they take of their room.
# An imported one has no row: it belongs to the site.
media_file = Table(
    "media_file",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("record_id", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    Index(None, "account_id"),
)
