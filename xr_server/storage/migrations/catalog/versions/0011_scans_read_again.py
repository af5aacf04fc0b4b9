"""A built scan whose file is read in another unit or another way up: how, until that build is over."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("scan", sa.Column("rebuild", sa.Text(), nullable=False, server_default=""))
