"""How the data of a site stand: what came, which days are summed up and final, which blocks reach out of a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, and_, func, not_, select

from xr_server.domain.days import Window
from xr_server.storage.tables.figures import day_quality, released_block, summed_day


@dataclass(frozen=True)
class Standing:
    """How far figures have come. final_on: the newest day that is final; summed_at: when a day was last summed up, ms UTC."""

    final_on: date | None
    summed_at: int | None


def load_quality_by_day(events: Engine, site_id: str, window: Window) -> dict[date, dict[str, int]]:
    """Numbers of events by day and by what became of them; of days with few visits they must not be shown by themselves."""
    day = day_quality.c.day_on
    query = select(day, day_quality.c.what, day_quality.c.count).where(day_quality.c.site_id == site_id)
    query = query.where(day >= window.from_on.isoformat(), day <= window.until_on.isoformat()).order_by(day)
    found: dict[date, dict[str, int]] = {}
    with events.connect() as connection:
        for on, what, count in connection.execute(query):
            found.setdefault(date.fromisoformat(on), {})[what] = int(count)
    return found


def load_standing(events: Engine, site_id: str) -> Standing:
    """How far the figures of a site have come."""
    of_site = summed_day.c.site_id == site_id
    newest = select(func.max(summed_day.c.day_on)).where(of_site, summed_day.c.final)
    with events.connect() as connection:
        final_on = connection.execute(newest).scalar()
        summed_at = connection.execute(select(func.max(summed_day.c.summed_at)).where(of_site)).scalar()
    return Standing(date.fromisoformat(final_on) if final_on else None, summed_at)


def count_straddling(events: Engine, site_id: str, figures: Sequence[str], window: Window) -> dict[str, int]:
    """How many released blocks of each figure reach out of a window, so that they are not counted in it."""
    block = released_block.c
    first, last = window.from_on.isoformat(), window.until_on.isoformat()
    touches = and_(
        block.site_id == site_id,
        block.figure.in_(figures),
        block.first_on >= date(window.from_on.year, 1, 1).isoformat(),  # none reaches over the turn of a year
        block.first_on <= last,
        block.last_on >= first,
    )
    inside = and_(block.first_on >= first, block.last_on <= last)
    query = select(block.figure, func.count()).where(touches, not_(inside)).group_by(block.figure)
    with events.connect() as connection:
        return {figure: int(count) for figure, count in connection.execute(query)}
