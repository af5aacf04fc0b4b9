"""How people learn what concerns them beside the pages: feeds for their readers, and the address of those who want mail."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, String, Table, UniqueConstraint

from xr_server.storage.tables.stores import catalog_tables

# One feed an account, by SHA-256 of the token in its address.
feed = Table(
    "feed",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
    UniqueConstraint("account_id"),
)

# Where to send the digest, in which language, up to which entry of the audit log it has told, and when the next is due.
# Until confirmed_at is known nothing is sent but the letter that asks, and due_at is when that is due.
mail_address = Table(
    "mail_address",
    catalog_tables,
    Column("account_id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("address", String(254), nullable=False),
    Column("language", String(12), nullable=False),
    Column("told_number", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("confirmed_at", BigInteger),
    ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
)

# The link by which an address is confirmed, by SHA-256 of its token; it goes with the address.
mail_confirmation = Table(
    "mail_confirmation",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["mail_address.account_id"], ondelete="CASCADE"),
    UniqueConstraint("account_id"),
)
