"""Whose the pictures and sounds of the library are, and what they take."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "media_file",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_media_file_account_id")),
        sa.PrimaryKeyConstraint("site_id", "record_id", "digest", name=op.f("pk_media_file")),
    )
    op.create_index(op.f("ix_media_file_account_id"), "media_file", ["account_id"])
