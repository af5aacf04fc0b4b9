"""An address for digests is used once it was confirmed; those there already are asked too."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("mail_address", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "mail_confirmation",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["mail_address.account_id"],
            name=op.f("fk_mail_confirmation_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mail_confirmation")),
        sa.UniqueConstraint("account_id", name=op.f("uq_mail_confirmation_account_id")),
    )
