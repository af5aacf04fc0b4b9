"""Released blocks and final days put into an event store by hand, for tests of what reads them and of the pages."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import Engine, insert

from xr_server.domain.days import Window, each_day
from xr_server.storage.tables.figures import released_block, summed_day

Row = tuple[str, str, str, str, str, int]
"""figure, part, atom, first day, last day, visits."""


def release(events: Engine, rows: Iterable[Row], site: str = "dejima") -> None:
    """Put in blocks as if they had been released."""
    names = ("figure", "part", "atom", "first_on", "last_on", "visits")
    blocks = [{"site_id": site, **dict(zip(names, row, strict=True))} for row in rows]
    with events.begin() as connection:
        connection.execute(insert(released_block), blocks)


def release_daily(events: Engine, cells: Iterable[tuple[str, str, str, int]], window: Window) -> None:
    """The same number of each cell (figure, part, atom, visits) on every day of a window, and these days final."""
    days = [day.isoformat() for day in each_day(window.from_on, window.until_on)]
    release(events, [(*cell[:3], day, day, cell[3]) for cell in cells for day in days])
    finish_days(events, window)


def finish_days(events: Engine, window: Window, site: str = "dejima") -> None:
    """Make days final, as if everything of them had come in."""
    days = each_day(window.from_on, window.until_on)
    rows = [{"site_id": site, "day_on": day.isoformat(), "summed_at": 0, "visits": 0, "final": True} for day in days]
    with events.begin() as connection:
        connection.execute(insert(summed_day), rows)


def last_days(newest: date, count: int) -> Window:
    """So many days up to one."""
    return Window(newest - timedelta(days=count - 1), newest)
