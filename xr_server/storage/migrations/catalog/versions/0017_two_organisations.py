"""Whose publishing waits for whose approval, what is asked and answered, and which organisation looks after what."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("approver_id", sa.String(length=36), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("landmarks", sa.Text(), nullable=False),
        *_organisations("approval_rule"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
    )
    op.create_index(op.f("ix_approval_rule_site_id"), "approval_rule", ["site_id"])
    op.create_table(
        "approval",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("approver_id", sa.String(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("note_id", sa.String(length=36), nullable=True),
        *_organisations("approval"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_site_id_state"), "approval", ["site_id", "state"])
    op.create_table(
        "approval_item",
        sa.Column("approval_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approval.id"], name=op.f("fk_approval_item_approval_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("approval_id", "kind", "record_id", name=op.f("pk_approval_item")),
    )
    op.create_index(op.f("ix_approval_item_site_id_kind_record_id"), "approval_item", ["site_id", "kind", "record_id"])
    op.create_table(
        "organisation_part",
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("landmarks", sa.Text(), nullable=False),
        sa.Column("others", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_part_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_organisation_part")),
    )
    op.create_index(op.f("ix_organisation_part_site_id"), "organisation_part", ["site_id"])


def _organisations(table: str) -> list[sa.ForeignKeyConstraint]:
    """That both sides are organisations."""
    return [
        sa.ForeignKeyConstraint([name], ["organisation.id"], name=op.f(f"fk_{table}_{name}"))
        for name in ("organisation_id", "approver_id")
    ]
