"""Vouchers that are shown once, counters where they are shown, stamps of rallies and proofs that change."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "voucher",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("serial", sa.String(length=8), nullable=False),
        sa.Column("offer_kind", sa.String(length=16), nullable=False),
        sa.Column("offer_id", sa.String(length=64), nullable=False),
        sa.Column("claim_hash", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("counter", sa.String(length=8), nullable=True),
        sa.Column("used_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "serial", name=op.f("pk_voucher")),
        sa.UniqueConstraint(
            "site_id",
            "offer_kind",
            "offer_id",
            "claim_hash",
            name=op.f("uq_voucher_site_id_offer_kind_offer_id_claim_hash"),
        ),
    )
    op.create_table(
        "counter",
        sa.Column("serial", sa.String(length=8), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("offer_kind", sa.String(length=16), nullable=False),
        sa.Column("offer_id", sa.String(length=64), nullable=False),
        sa.Column("landmark", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_counter")),
    )
    op.create_index(op.f("ix_counter_site_id_offer_kind_offer_id"), "counter", ["site_id", "offer_kind", "offer_id"])
    op.create_table(
        "rally_stamp",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("rally_id", sa.String(length=64), nullable=False),
        sa.Column("card_hash", sa.String(length=64), nullable=False),
        sa.Column("landmark", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "rally_id", "card_hash", "landmark", name=op.f("pk_rally_stamp")),
    )
    op.create_table(
        "rally_proof",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("rally_id", sa.String(length=64), nullable=False),
        sa.Column("landmark", sa.String(length=64), nullable=False),
        sa.Column("shown_in", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "rally_id", "landmark", "shown_in", name=op.f("pk_rally_proof")),
    )
