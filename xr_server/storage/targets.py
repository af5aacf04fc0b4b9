"""Targets of figures: those of a year are saved together, and nobody's are overwritten unseen."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, or_, select

from xr_server.domain.catalog import Change, Name
from xr_server.domain.target import Target
from xr_server.errors import Stale
from xr_server.storage.audit import note
from xr_server.storage.tables.targets import figure_target


@dataclass(frozen=True)
class Targets:
    """The targets of a year, and when they were last set, in ms UTC; 0: there are none."""

    all: Sequence[Target]
    set_at: int


def load_targets(catalog: Engine, site_id: str, year: int) -> Targets:
    """The targets of a year and of its months."""
    with catalog.connect() as connection:
        return _load(connection, site_id, year)


def _load(connection: Connection, site_id: str, year: int) -> Targets:
    columns = figure_target.c
    query = select(columns.period, columns.measure, columns.number, columns.set_at).where(*_of_year(site_id, year))
    rows = connection.execute(query.order_by(columns.period, columns.measure)).all()
    found = [Target(row.period, row.measure, row.number) for row in rows]
    return Targets(found, max((row.set_at for row in rows), default=0))


def _of_year(site_id: str, year: int) -> tuple[ColumnElement[bool], ...]:
    period = figure_target.c.period
    return figure_target.c.site_id == site_id, or_(period == f"{year}", period.startswith(f"{year}-"))


def save_targets(
    catalog: Engine, about: tuple[str, int], targets: Sequence[Target], seen_at: int, change: Change
) -> None:
    """Set the targets of a year (about: site and year) in place of those a form has shown. Raises Stale."""
    site_id, year = about
    with catalog.begin() as connection:
        before = _load(connection, site_id, year)
        if before.set_at != seen_at:
            raise Stale(
                "targets_stale",
                "Somebody else set targets of this year meanwhile. What is set now stands under each field; set yours again.",
            )
        connection.execute(delete(figure_target).where(*_of_year(site_id, year)))
        set_at = max(change.at, before.set_at + 1)  # two savings within a millisecond are two
        rows = [
            {"site_id": site_id, "period": one.period, "measure": one.measure, "number": one.number, "set_at": set_at}
            for one in targets
        ]
        if rows:
            connection.execute(insert(figure_target), rows)
        note(connection, "targets_set", Name(site_id, "targets", f"{year}"), change, None, count=len(rows))
