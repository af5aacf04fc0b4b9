"""Permission to scan, and the count of its numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "scan_permission",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("last_on", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=False, server_default=""),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_scan_permission_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_permission")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_scan_permission_site_id_number")),
        sa.UniqueConstraint("code", name=op.f("uq_scan_permission_code")),
    )
    op.create_index(op.f("ix_scan_permission_site_id_state"), "scan_permission", ["site_id", "state"])
    op.create_index(op.f("ix_scan_permission_site_id_account_id"), "scan_permission", ["site_id", "account_id"])
    op.create_table(
        "scan_permission_count",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "year", name=op.f("pk_scan_permission_count")),
    )
