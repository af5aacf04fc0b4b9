"""Arrivals by the short links of campaigns, and how many of their coupons were given."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "campaign_arrival",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("arrived_on", sa.String(length=10), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "site_id", "campaign_id", "code", "arrived_on", "hour", name=op.f("pk_campaign_arrival")
        ),
    )
    op.create_table(
        "coupon_count",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.String(length=64), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "campaign_id", name=op.f("pk_coupon_count")),
    )
