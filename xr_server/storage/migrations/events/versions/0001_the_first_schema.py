"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "engagement_event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("visit_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("landmark", sa.String(length=64), nullable=True),
        sa.Column("scene", sa.String(length=64), nullable=True),
        sa.Column("experience", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement_event")),
    )
    with op.batch_alter_table("engagement_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_engagement_event_site_id_occurred_at"), ["site_id", "occurred_at"], unique=False
        )

    op.create_table(
        "hourly_count",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("hour_at", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "hour_at", "type", name=op.f("pk_hourly_count")),
    )
    op.create_table(
        "seen_event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seen_on", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen_event")),
    )
    with op.batch_alter_table("seen_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_event_seen_on"), ["seen_on"], unique=False)
