"""What events say besides; visits summed up, figures by day, and what of them may be told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(length=64)
DAY = sa.String(length=10)


def upgrade() -> None:
    for name, kind in (
        ("device", sa.String(length=10)),
        ("subject", ID),
        ("word", sa.String(length=20)),
        ("amount", sa.Integer()),
        ("accuracy", sa.String(length=8)),
        ("flag", sa.String(length=10)),
    ):
        op.add_column("engagement_event", sa.Column(name, kind))
    op.create_index(op.f("ix_engagement_event_site_id_received_at"), "engagement_event", ["site_id", "received_at"])
    op.create_index(op.f("ix_engagement_event_visit_key"), "engagement_event", ["visit_key"])
    op.create_table(
        "visit",
        sa.Column("visit_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("day_on", DAY, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("visit_key", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_site_id_day_on"), "visit", ["site_id", "day_on"])
    op.create_table(
        "day_figure",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("figure", sa.String(length=20), nullable=False),
        sa.Column("day_on", DAY, nullable=False),
        sa.Column("part", sa.String(length=140), nullable=False),
        sa.Column("atom", ID, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "figure", "day_on", "part", "atom", name=op.f("pk_day_figure")),
    )
    op.create_table(
        "released_block",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("figure", sa.String(length=20), nullable=False),
        sa.Column("first_on", DAY, nullable=False),
        sa.Column("part", sa.String(length=140), nullable=False),
        sa.Column("atom", ID, nullable=False),
        sa.Column("last_on", DAY, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "figure", "first_on", "part", "atom", name=op.f("pk_released_block")),
    )
    op.create_table(
        "day_quality",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("day_on", DAY, nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "day_on", "what", name=op.f("pk_day_quality")),
    )
    op.create_table(
        "summed_day",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("day_on", DAY, nullable=False),
        sa.Column("summed_at", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "day_on", name=op.f("pk_summed_day")),
    )
    op.create_table(
        "summing",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("received_until", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_summing")),
    )
