"""Vouchers that are shown once, the counters where they are shown, and the stamps of rallies. Nothing leads to a person."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint

from xr_server.storage.tables.stores import catalog_tables

# claim_hash: SHA-256 of what the holder has at random, such as the number of a phone's card: asked twice, one voucher
voucher = Table(
    "voucher",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("serial", String(8), primary_key=True),  # the code is this and a seal, which stands nowhere
    Column("offer_kind", String(16), nullable=False),
    Column("offer_id", String(64), nullable=False),
    Column("claim_hash", String(64), nullable=False),
    Column("way", String(8), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("counter", String(8)),
    Column("used_by", String(64)),
    UniqueConstraint("site_id", "offer_kind", "offer_id", "claim_hash"),
)

# Where somebody without an account does one thing, by a link with a sealed code: a shop's counter marks vouchers as used,
# a tablet at a landmark shows the proof that changes.
counter = Table(
    "counter",
    catalog_tables,
    Column("serial", String(8), primary_key=True),
    Column("site_id", String(64), nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("offer_kind", String(16), nullable=False),
    Column("offer_id", String(64), nullable=False),
    Column("landmark", String(64)),
    Column("name", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "site_id", "offer_kind", "offer_id"),
)

# Which card has which stamp, in which order. A card is a number at random, of a phone or of a sheet of paper; when it was
# stamped is not kept.
rally_stamp = Table(
    "rally_stamp",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("rally_id", String(64), primary_key=True),
    Column("card_hash", String(64), primary_key=True),
    Column("landmark", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("way", String(8), nullable=False),
)

# How often a proof that changes every half minute was taken, at once and from phones that had no connection.
rally_proof = Table(
    "rally_proof",
    catalog_tables,
    Column("site_id", String(64), primary_key=True),
    Column("rally_id", String(64), primary_key=True),
    Column("landmark", String(64), primary_key=True),
    Column("shown_in", Integer, primary_key=True),  # the half minute since 1970
    Column("in_time", Integer, nullable=False),
    Column("late", Integer, nullable=False),
)
