"""What was deleted for its age, with a proof that stays, and how far deleting has come; what visitors had erased."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.String(length=64)
DAY = sa.String(length=10)
REFUSE = "BEGIN SELECT RAISE(ABORT, 'proofs of deletion stay'); END"
TAKEN = "SELECT 1 FROM retention_proof WHERE number = NEW.number"
SQLITE = (
    f"CREATE TRIGGER retention_proof_no_update BEFORE UPDATE ON retention_proof {REFUSE}",
    f"CREATE TRIGGER retention_proof_no_delete BEFORE DELETE ON retention_proof {REFUSE}",
    # an INSERT OR REPLACE deletes without asking a trigger
    f"CREATE TRIGGER retention_proof_no_replace BEFORE INSERT ON retention_proof WHEN EXISTS ({TAKEN}) {REFUSE}",
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION retention_proof_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'proofs of deletion stay'; END $$",
    "CREATE TRIGGER retention_proof_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_proof "
    "FOR EACH STATEMENT EXECUTE FUNCTION retention_proof_refuse()",
)


def upgrade() -> None:
    op.create_table(
        "retention_proof",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("day_on", DAY, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("hash", ID, nullable=False),
        sa.Column("summed", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_retention_proof")),
    )
    op.create_index(op.f("ix_retention_proof_site_id_done_at"), "retention_proof", ["site_id", "done_at"])
    op.create_table(
        "retention_progress",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("day_on", DAY, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("hash", ID, nullable=False),
        sa.PrimaryKeyConstraint("site_id", "what", "day_on", name=op.f("pk_retention_progress")),
    )
    op.create_table(
        "erased_mark",
        sa.Column("mark", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("forget_on", DAY, nullable=False),
        sa.PrimaryKeyConstraint("mark", "site_id", name=op.f("pk_erased_mark")),
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)
