"""Earlier revisions of a record: which there are, and by whom."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from xr_server.domain.catalog import Name
from xr_server.storage.tables.people import account
from xr_server.storage.tables.records import record_revision


@dataclass(frozen=True)
class Revision:
    """A revision's number, when it was made in ms UTC, and by whom; author '' is the system, such as an import."""

    number: int
    created_at: int
    author: str


def list_revisions(catalog: Engine, name: Name, most: int) -> list[Revision]:
    """The newest revisions of a record, at most so many, newest first."""
    query = (
        select(record_revision.c.revision, record_revision.c.created_at, account.c.name.label("author"))
        .outerjoin(account, account.c.id == record_revision.c.account_id)
        .where(record_revision.c.site_id == name.site_id, record_revision.c.kind == name.kind)
        .where(record_revision.c.id == name.id)
        .order_by(record_revision.c.revision.desc())
        .limit(most)
    )
    with catalog.connect() as connection:
        return [Revision(row.revision, row.created_at, row.author or "") for row in connection.execute(query)]
