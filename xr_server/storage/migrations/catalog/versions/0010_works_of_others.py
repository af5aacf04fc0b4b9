"""Public pages of makers, and packages that had to go because somebody else holds the rights."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "portfolio",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_portfolio_account_id")),
        sa.PrimaryKeyConstraint("account_id", "site_id", name=op.f("pk_portfolio")),
        sa.UniqueConstraint("site_id", "slug", name=op.f("uq_portfolio_site_id_slug")),
    )
    op.add_column("package", sa.Column("stopped_at", sa.BigInteger(), nullable=True))
    op.add_column("package", sa.Column("stop_reason", sa.Text(), nullable=False, server_default=""))
