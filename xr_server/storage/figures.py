"""Figures from the event store: sums of released blocks, and nothing that was not released."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Engine, and_, case, func, not_, select

from xr_server.domain.days import Window
from xr_server.domain.figures import DAY_MS, Block, DayRun, Released, Shown, join_windows
from xr_server.storage.tables.events import engagement_event, hourly_count
from xr_server.storage.tables.figures import released_block, summed_day

ARRIVAL, OPENED = "landmark_entered", "site_opened"


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
    """Blocks of a figure with a day in a window; none reaches over the turn of a year, so that no older ones are looked at."""
    block, new_year = released_block.c, date(window.from_on.year, 1, 1)
    return and_(
        block.site_id == site_id,
        block.figure == figure,
        block.first_on >= new_year.isoformat(),
        block.first_on <= window.until_on.isoformat(),
        block.last_on >= window.from_on.isoformat(),
    )


def _shown(visits: int | None, beyond: Sequence[str | None], window: Window) -> Shown:
    first, last = beyond
    if first is None or last is None:
        return Shown(int(visits or 0))
    reach = Window(date.fromisoformat(first), date.fromisoformat(last))
    return Shown(None if visits is None else int(visits), True, join_windows([window, reach]))


def count_arrivals(events: Engine, site_id: str, runs: list[DayRun]) -> dict[tuple[date, str], int]:
    """How often a landmark was reached, by local day and landmark; from visits that allow statistics."""
    counts: dict[tuple[date, str], int] = {}
    at = engagement_event.c.occurred_at
    with events.connect() as connection:
        for run in runs:
            query = (
                select(((at - run.start_at) // DAY_MS).label("day"), engagement_event.c.landmark, func.count())
                .where(engagement_event.c.site_id == site_id, at >= run.start_at, at < run.end_at)
                .where(engagement_event.c.type == ARRIVAL, engagement_event.c.landmark.is_not(None))
                .group_by("day", engagement_event.c.landmark)
            )
            for index, landmark, count in connection.execute(query):
                # a day of 25 hours stands in a run of its own: its last hour is still the same day
                key = run.first_on + timedelta(days=min(int(index), run.days - 1)), landmark
                counts[key] = counts.get(key, 0) + count
    return counts


def count_types(events: Engine, site_id: str, start_at: int, end_at: int) -> dict[str, int]:
    """How often each type of event happened between two moments (ms UTC, end out), whatever was consented to."""
    totals: dict[str, int] = {}
    stored = select(engagement_event.c.type, func.count()).group_by(engagement_event.c.type)
    at = engagement_event.c.occurred_at
    stored = stored.where(engagement_event.c.site_id == site_id, at >= start_at, at < end_at)
    hours = select(hourly_count.c.type, func.sum(hourly_count.c.count)).group_by(hourly_count.c.type)
    hour_at = hourly_count.c.hour_at
    hours = hours.where(hourly_count.c.site_id == site_id, hour_at >= start_at, hour_at < end_at)
    with events.connect() as connection:
        for query in (stored, hours):
            for kind, count in connection.execute(query):
                totals[kind] = totals.get(kind, 0) + int(count)
    return totals


def count_visits(events: Engine, site_id: str, start_at: int, end_at: int) -> int:
    """How many visits that allow statistics opened the site between two moments (ms UTC, end out); a visit ends with its day."""
    at = engagement_event.c.occurred_at
    query = select(func.count(engagement_event.c.visit_key.distinct()))
    query = query.where(engagement_event.c.site_id == site_id, at >= start_at, at < end_at)
    with events.connect() as connection:
        return int(connection.execute(query.where(engagement_event.c.type == OPENED)).scalar() or 0)


def has_events(events: Engine, site_id: str) -> bool:
    """Whether anything was ever counted at a site."""
    with events.connect() as connection:
        found = connection.execute(select(engagement_event.c.id).where(engagement_event.c.site_id == site_id).limit(1))
        counted = select(hourly_count.c.type).where(hourly_count.c.site_id == site_id).limit(1)
        return found.first() is not None or connection.execute(counted).first() is not None


def count_at_landmarks(events: Engine, site_id: str, kind: str, window_ms: tuple[int, int]) -> dict[str, int]:
    """How often something happened at each landmark between two moments (ms UTC, end out); from visits that allow it."""
    at = engagement_event.c.occurred_at
    query = select(engagement_event.c.landmark, func.count()).group_by(engagement_event.c.landmark)
    query = query.where(engagement_event.c.site_id == site_id, at >= window_ms[0], at < window_ms[1])
    query = query.where(engagement_event.c.type == kind, engagement_event.c.landmark.is_not(None))
    with events.connect() as connection:
        return {landmark: int(count) for landmark, count in connection.execute(query)}
