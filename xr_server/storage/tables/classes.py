"""School classes, their pupils, and what is left to say of classes that were deleted."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text, UniqueConstraint

from xr_server.storage.tables.stores import catalog_tables

school_class = Table(
    "school_class",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("teacher_id", String(36), nullable=False),
    Column("name", String(60), nullable=False),
    Column("school", String(60), nullable=False, server_default=""),
    Column("credit_with", String(16), nullable=False),
    Column(
        "locator", String(8)
    ),  # the first half of its code tells the class; the second opens it, and is a hash alone
    Column("secret_hash", String(200)),
    Column("code_expires_at", BigInteger),
    Column("ends_on", String(10), nullable=False),
    Column("pupil_bytes", BigInteger),  # room for each pupil; null: the usual
    Column("pupil_scans", Integer),
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["teacher_id"], ["account.id"]),
    UniqueConstraint("locator"),
    Index(None, "site_id", "teacher_id"),
)

pupil = Table(
    "pupil",
    catalog_tables,
    Column("account_id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("class_id", String(36), nullable=False),
    Column("folded_name", String(100), nullable=False),  # the pen name as a child may type it
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    ForeignKeyConstraint(["class_id"], ["school_class.id"]),
    UniqueConstraint("folded_name"),
    Index(None, "class_id"),
)

# What went when a class was deleted: figures, and the name its teacher gave it. No pupil is named, not even by an id.
class_receipt = Table(
    "class_receipt",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("teacher_id", String(36), nullable=False),
    Column("class_name", String(60), nullable=False),
    Column("body", Text, nullable=False),
    Column("deleted_at", BigInteger, nullable=False),
    Index(None, "site_id", "teacher_id"),
)
