"""Accounts, where they are signed in, and what opens them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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

organisation = Table(
    "organisation",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False, server_default="operator"),
)

account = Table(
    "account",
    catalog_tables,
    Column("id", String(36), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default="0"),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("name"),
)

membership = Table(
    "membership",
    catalog_tables,
    Column("account_id", String(36), primary_key=True),
    Column("organisation_id", String(36), primary_key=True),
    Column("site_id", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column(
        "landmarks", Text, nullable=False, server_default=""
    ),  # ids with blanks between: only there; empty: everywhere
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
)

session = Table(
    "session",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),  # SHA-256 of the cookie: a stolen database opens no session
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False, server_default="0"),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
)

# Links that set an account's password once, by SHA-256 of their token.
password_reset = Table(
    "password_reset",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    Index(None, "account_id"),
)

# What lets a program act for an account, by SHA-256 of the token.
api_token = Table(
    "api_token",
    catalog_tables,
    Column("token_hash", String(64), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("account_id", String(36), nullable=False),
    Column("label", String(100), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    Index(None, "account_id"),
)

# Wrong passwords in a row, by SHA-256 of the name that was typed: pauses outlive a restart and hold for every server.
sign_in_guess = Table(
    "sign_in_guess",
    catalog_tables,
    Column("name_hash", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

# The public page of an account's published work; none unless `shown`.
portfolio = Table(
    "portfolio",
    catalog_tables,
    Column("account_id", String(36), primary_key=True),
    Column("site_id", String(64), primary_key=True),
    Column("shown", Boolean, nullable=False),
    Column("slug", String(40)),
    Column("name", String(80), nullable=False),
    ForeignKeyConstraint(["account_id"], ["account.id"]),
    UniqueConstraint("site_id", "slug"),
)
