"""Answers of visitors to questionnaires, as counts, and the forms that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "answer_count",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("questionnaire_id", sa.String(length=64), nullable=False),
        sa.Column("answered_on", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "site_id",
            "questionnaire_id",
            "answered_on",
            "language",
            "question",
            "choice",
            name=op.f("pk_answer_count"),
        ),
    )
    op.create_table(
        "answered_form",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("forget_on", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "token_hash", name=op.f("pk_answered_form")),
    )
    op.create_index(op.f("ix_answered_form_forget_on"), "answered_form", ["forget_on"])
