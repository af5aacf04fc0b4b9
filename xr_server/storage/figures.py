"""Figures from the event store: sums of released blocks, and nothing that was not released."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Engine, and_, case, func, not_, select

from xr_server.domain.days import Window
from xr_server.domain.figures import Block, Released, Shown, join_windows
from xr_server.storage.tables.figures import released_block, summed_day


def load_released(events: Engine, site_id: str, figure: str, window: Window, part: str | None = None) -> Released:
    """What is shown of a figure in a window, of one part or of all: the sums of the blocks that lie in it as a whole."""
    block = released_block.c
    inside = _lies_in(window)
    beyond = not_(inside)
    query = select(
        block.part,
        block.atom,
        func.sum(case((inside, block.visits))),
        func.min(case((beyond, block.first_on))),
        func.max(case((beyond, block.last_on))),
    ).where(_touches(site_id, figure, window))
    if part is not None:
        query = query.where(block.part == part)
    with events.connect() as connection:
        rows = connection.execute(query.group_by(block.part, block.atom))
        return Released(
            window,
            {(its, atom): _shown(visits, beyond_days, window) for its, atom, visits, *beyond_days in rows},
        )


def load_blocks(events: Engine, site_id: str, figure: str, window: Window, cell: tuple[str, str]) -> list[Block]:
    """The blocks of one cell, a part and an atom, that have a day in a window, by their first days."""
    block = released_block.c
    query = select(block.first_on, block.last_on, block.visits).where(_touches(site_id, figure, window))
    query = query.where(block.part == cell[0], block.atom == cell[1]).order_by(block.first_on)
    with events.connect() as connection:
        return [
            Block(date.fromisoformat(first), date.fromisoformat(last), visits)
            for first, last, visits in connection.execute(query)
        ]


def find_summed_days(events: Engine, site_id: str) -> Window | None:
    """The first and the newest day that figures are told of; None before there is one."""
    day = summed_day.c.day_on
    query = select(func.min(day), func.max(day)).where(summed_day.c.site_id == site_id, summed_day.c.final)
    with events.connect() as connection:
        first, last = connection.execute(query).one()
    return None if first is None else Window(date.fromisoformat(first), date.fromisoformat(last))


def _lies_in(window: Window) -> ColumnElement[bool]:
    block = released_block.c
    return and_(block.first_on >= window.from_on.isoformat(), block.last_on <= window.until_on.isoformat())


def _touches(site_id: str, figure: str, window: Window) -> ColumnElement[bool]:
    """Blocks of a figure with a day in a window; none reaches over the turn of a year, so that no later ones are looked at."""
    block, old_year = released_block.c, date(window.until_on.year, 12, 31)
    return and_(
        block.site_id == site_id,
        block.figure == figure,
        block.last_on >= window.from_on.isoformat(),
        block.last_on <= old_year.isoformat(),
        block.first_on <= window.until_on.isoformat(),
    )


def _shown(visits: int | None, beyond: Sequence[str | None], window: Window) -> Shown:
    first, last = beyond
    if first is None or last is None:
        return Shown(int(visits or 0))
    reach = Window(date.fromisoformat(first), date.fromisoformat(last))
    return Shown(None if visits is None else int(visits), True, join_windows([window, reach]))
