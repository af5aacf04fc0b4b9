"""When a scan's own file was deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("scan", sa.Column("original_gone_at", sa.BigInteger(), nullable=True))
