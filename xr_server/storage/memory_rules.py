"""Whether a site takes memories of residents and shows them: one rule a site, changed by staff and written down."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from xr_server.domain.audit import MemoryDeed
from xr_server.domain.catalog import Change, Name
from xr_server.domain.memory_rule import Rule
from xr_server.errors import Stale
from xr_server.storage.audit import note
from xr_server.storage.catalog import count_publication
from xr_server.storage.tables.memories import memory_rule

DEEDS: dict[Rule, MemoryDeed] = {"open": "memories_opened", "kept": "memories_closed", "away": "memories_put_away"}


@dataclass(frozen=True)
class SetRule:
    """The rule of a site, and how often it was set: 0 where nobody ever did, and memories are taken and shown."""

    rule: Rule
    revision: int


def load_rule(catalog: Engine, site_id: str) -> SetRule:
    """The rule that holds now; it is read, and not taken from the snapshot, so that it holds at once."""
    with catalog.connect() as connection:
        row = connection.execute(select(memory_rule).where(memory_rule.c.site_id == site_id)).first()
    return _read(row)


def _read(row: Row[Any] | None) -> SetRule:
    return SetRule("open", 0) if row is None else SetRule(row.rule, row.revision)


def set_rule(catalog: Engine, site_id: str, wanted: SetRule, change: Change) -> None:
    """Put a rule in place of the one of a revision; every server and phone has it as any publication. Raises Stale."""
    try:
        with catalog.begin() as connection:
            if not _put(connection, site_id, wanted):
                raise _changed()
            note(connection, DEEDS[wanted.rule], Name(site_id, "site", site_id), change)
            count_publication(connection, site_id, change.at)
    except IntegrityError as error:  # two set it for the first time at the same moment
        raise _changed() from error


def _put(connection: Connection, site_id: str, wanted: SetRule) -> bool:
    values = {"rule": wanted.rule, "revision": wanted.revision + 1}
    if wanted.revision == 0:
        connection.execute(insert(memory_rule).values(site_id=site_id, **values))
        return True
    seen = memory_rule.c.site_id == site_id, memory_rule.c.revision == wanted.revision
    return connection.execute(update(memory_rule).where(*seen).values(**values)).rowcount == 1


def _changed() -> Stale:
    return Stale(
        "memory_rule_changed",
        "Somebody else changed this meanwhile. What holds now is shown; choose again if you wish.",
    )
