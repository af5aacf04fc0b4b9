"""What calendars are drawn from: the records of a plan, with or without drafts, and what experiences stand on."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Engine, select

from xr_server.domain.catalog import Record, Scene, Site
from xr_server.domain.clashes import Ground
from xr_server.domain.lanes import Plan, Planned, gather_plan
from xr_server.domain.survey import Survey
from xr_server.storage.catalog import parse_record, select_newest, select_published
from xr_server.storage.stopping import load_stopped
from xr_server.storage.tables.records import record
from xr_server.storage.tables.scans import package

KEPT = 8192  # bodies, by their text: a plan of thousands is looked at far more often than one of them changes
KINDS = ("season", "campaign", "rally", "landmark", "experience", "schedule")


def load_planned(catalog: Engine, site_id: str, kinds: Sequence[str], drafts: bool) -> list[Planned]:
    """A site's records of these kinds by kind and id: as visitors see them, or as they stand, without what was taken back."""
    query = select_newest().where(record.c.state != "withdrawn") if drafts else select_published()
    query = query.where(record.c.site_id == site_id, record.c.kind.in_(kinds)).order_by(record.c.kind, record.c.id)
    with catalog.connect() as connection:
        return [
            Planned(_parse(row.kind, row.body), drafts and row.published_revision != row.revision)
            for row in connection.execute(query)
        ]


@lru_cache(maxsize=KEPT)
def _parse(kind: str, body: str) -> Record:
    """A record of a plan; the same words are the same value, which nobody changes."""
    return parse_record(kind, body)


def load_plan(catalog: Engine, site_id: str, drafts: bool) -> Plan:
    """What the calendar of a site is drawn from."""
    return gather_plan(load_planned(catalog, site_id, KINDS, drafts))


def load_ground(catalog: Engine, site: Site, drafts: bool) -> Ground:
    """What the experiences of a site stand on."""
    bodies = [one.body for one in load_planned(catalog, site.id, ("scene", "survey"), drafts)]
    query = select(package.c.digest, package.c.model).where(package.c.site_id == site.id)
    with catalog.connect() as connection:
        rows = connection.execute(query.order_by(package.c.created_at, package.c.digest)).all()
    return Ground(
        scenes={body.id: body for body in bodies if isinstance(body, Scene)},
        packages={row.digest for row in rows} - load_stopped(catalog, site.id),
        models={row.model: row.digest for row in rows if row.model},
        points={point.id: point for body in bodies if isinstance(body, Survey) for point in body.points},
        languages=site.languages,
    )
