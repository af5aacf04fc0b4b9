"""Whose publishing waits for whose approval, what is asked and answered, and which organisation looks after what."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from xr_server.storage.tables.stores import catalog_tables

# kinds and landmarks: ids with blanks between; empty: all
approval_rule = Table(
    "approval_rule",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("organisation_id", String(36), nullable=False),
    Column("approver_id", String(36), nullable=False),
    Column("kinds", Text, nullable=False),
    Column("landmarks", Text, nullable=False),
    ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
    ForeignKeyConstraint(["approver_id"], ["organisation.id"]),
    Index(None, "site_id"),
)

# One question: an account of an organisation asks another one to let something out; pupils never do.
approval = Table(
    "approval",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("organisation_id", String(36), nullable=False),
    Column("approver_id", String(36), nullable=False),
    Column("asked_by", String(36), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("answered_by", String(36)),
    Column("answered_at", BigInteger),
    Column("note_id", String(36)),
    ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
    ForeignKeyConstraint(["approver_id"], ["organisation.id"]),
    Index(None, "site_id", "state"),
)

# What goes out together when it is approved: each record in the revision and the state in which it was asked about.
approval_item = Table(
    "approval_item",
    catalog_tables,
    Column("approval_id", String(36), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("record_id", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),  # 0: what it is about; the others go with it
    Column("revision", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    ForeignKeyConstraint(["approval_id"], ["approval.id"], ondelete="CASCADE"),
    Index(None, "site_id", "kind", "record_id"),
)

# What an organisation looks after, and what others may do with drafts there: read or edit. Without a row: nothing of its own.
organisation_part = Table(
    "organisation_part",
    catalog_tables,
    Column("organisation_id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("kinds", Text, nullable=False),
    Column("landmarks", Text, nullable=False),
    Column("others", String(8), nullable=False),
    ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
    Index(None, "site_id"),
)
