"""An index over released blocks by their last day: the blocks that touch a period are read from it alone."""

from alembic import op

revision = "0006"
down_revision = "0005"

COLUMNS = ("site_id", "figure", "last_on", "first_on", "part", "atom", "visits")


def upgrade() -> None:
    op.create_index("ix_released_block_by_last_day", "released_block", list(COLUMNS))
