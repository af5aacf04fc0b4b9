"""School classes and their pupils, memberships for a part of a site, kinds of organisations, room for scans."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "school_class",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("teacher_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("school", sa.String(length=60), nullable=False, server_default=""),
        sa.Column("credit_with", sa.String(length=16), nullable=False),
        sa.Column("locator", sa.String(length=8), nullable=True),
        sa.Column("secret_hash", sa.String(length=200), nullable=True),
        sa.Column("code_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_on", sa.String(length=10), nullable=False),
        sa.Column("pupil_bytes", sa.BigInteger(), nullable=True),
        sa.Column("pupil_scans", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["teacher_id"], ["account.id"], name=op.f("fk_school_class_teacher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_class")),
        sa.UniqueConstraint("locator", name=op.f("uq_school_class_locator")),
    )
    op.create_index(op.f("ix_school_class_site_id_teacher_id"), "school_class", ["site_id", "teacher_id"])
    op.create_table(
        "pupil",
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("class_id", sa.String(length=36), nullable=False),
        sa.Column("folded_name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_pupil_account_id")),
        sa.ForeignKeyConstraint(["class_id"], ["school_class.id"], name=op.f("fk_pupil_class_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_pupil")),
        sa.UniqueConstraint("folded_name", name=op.f("uq_pupil_folded_name")),
    )
    op.create_index(op.f("ix_pupil_class_id"), "pupil", ["class_id"])
    op.create_table(
        "class_receipt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("teacher_id", sa.String(length=36), nullable=False),
        sa.Column("class_name", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_receipt")),
    )
    op.create_index(op.f("ix_class_receipt_site_id_teacher_id"), "class_receipt", ["site_id", "teacher_id"])
    op.create_table(
        "site_quota",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("account_bytes", sa.BigInteger(), nullable=True),
        sa.Column("account_scans", sa.Integer(), nullable=True),
        sa.Column("site_bytes", sa.BigInteger(), nullable=True),
        sa.Column("site_scans", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site_quota")),
    )
    op.add_column("organisation", sa.Column("kind", sa.String(length=16), nullable=False, server_default="operator"))
    op.add_column("membership", sa.Column("landmarks", sa.Text(), nullable=False, server_default=""))
