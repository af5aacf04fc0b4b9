"""The audit log becomes a chain: each entry has a hash over itself and the one before. What is there is chained as it stands."""

import sqlalchemy as sa
from alembic import op

from xr_server.domain.audit_chain import START, Sealed, seal

revision = "0019"
down_revision = "0018"

REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
TAKEN = "SELECT 1 FROM audit_link WHERE (site_id = NEW.site_id AND place = NEW.place) OR number = NEW.number"
SQLITE = (
    f"CREATE TRIGGER audit_link_no_update BEFORE UPDATE ON audit_link {REFUSE}",
    f"CREATE TRIGGER audit_link_no_delete BEFORE DELETE ON audit_link {REFUSE}",
    # an INSERT OR REPLACE deletes without asking a trigger
    f"CREATE TRIGGER audit_link_no_replace BEFORE INSERT ON audit_link WHEN EXISTS ({TAKEN}) {REFUSE}",
)
POSTGRESQL = (
    "CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
)


def upgrade() -> None:
    op.create_table(
        "audit_link",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "place", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_link_number")),
    )
    _chain_what_is_there()
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def _chain_what_is_there() -> None:
    entries = sa.table("audit_entry", *(sa.column(name) for name in Sealed.__dataclass_fields__))
    connection = op.get_bind()
    heads: dict[str, tuple[int, str]] = {}
    links = []
    for row in connection.execute(sa.select(entries).order_by(entries.c.number)):
        entry = Sealed(*row)
        place, before = heads.get(entry.site_id, (0, START))
        heads[entry.site_id] = place + 1, seal(before, entry)
        place, made = heads[entry.site_id]
        links.append({"site_id": entry.site_id, "place": place, "number": entry.number, "hash": made})
    if links:
        insert = "INSERT INTO audit_link (site_id, place, number, hash) VALUES (:site_id, :place, :number, :hash)"
        connection.execute(sa.text(insert), links)
