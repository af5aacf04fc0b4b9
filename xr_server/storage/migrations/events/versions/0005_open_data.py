"""Months released to everyone, their files, and what of the year's budget they have spent."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.String(length=64)
MONTH = sa.String(length=7)


def upgrade() -> None:
    op.create_table(
        "open_release",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("month", MONTH, nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", ID),
        sa.Column("epsilon_thousandths", sa.Integer(), nullable=False),
        sa.Column("most_landmarks", sa.Integer(), nullable=False),
        sa.Column("mechanism", sa.String(length=80), nullable=False),
        sa.Column("tables", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "month", name=op.f("pk_open_release")),
    )
    op.create_table(
        "open_file",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("month", MONTH, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("digest", ID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "month", "name", name=op.f("pk_open_file")),
    )
    op.create_table(
        "open_budget",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("spent_thousandths", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "year", name=op.f("pk_open_budget")),
    )
