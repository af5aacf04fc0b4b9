"""Visits summed up and figures by day, kept up to date; days that are final, and what of them may be shown.

One server does it at a time, under a lease. Whatever breaks off is done again from where it was recorded, with the same
outcome: a visit is always summed up from all of its events, a day from all of its visits.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from xr_server.domain.families import Cell, add_up, release_figures
from xr_server.domain.visit_facts import (
    COMMIT_MS,
    Ground,
    Happened,
    VisitFacts,
    cells_of,
    last_final_day,
    local_day,
    sum_up,
)
from xr_server.storage.database import insert_into
from xr_server.storage.tables.events import engagement_event
from xr_server.storage.tables.figures import day_figure, day_quality, released_block, summed_day, summing, visit

EVERY_S = 60.0
LEASE_MS = 10 * 60_000
SLICE_EVENTS = 20_000
KEYS_AT_ONCE = 400
ROWS_AT_ONCE = 2_000
log = logging.getLogger("dejima.summing")
_TOLD = [engagement_event.c[one.name] for one in fields(Happened)]
_FACTS = msgspec.json.Decoder(VisitFacts)


@dataclass(frozen=True)
class Summed:
    """What one turn did: visits summed up anew, days whose figures were counted again, days that became final."""

    visits: int
    days: int
    final: int


def sum_site(
    events: Engine, site_id: str, ground: Ground, now: int, go_on: Callable[[], bool] = lambda: True
) -> Summed:
    """Bring the figures of a site up to date at a moment in ms UTC; nothing when another server is at it.

    go_on is asked between one part of the work and the next; what is left is done at the next turn.
    """
    since = _take_lease(events, site_id, now)
    if since is None:
        return Summed(0, 0, 0)
    try:
        visits, days = 0, set[date]()
        for keys, received_until in _touched(events, site_id, since):
            touched = _sum_visits(events, site_id, keys, ground)
            _count_days(events, site_id, touched, now)
            _note_progress(events, site_id, min(received_until, now - COMMIT_MS))
            visits, days = visits + len(keys), days | touched
            if not go_on():
                return Summed(visits, len(days), 0)
        final = _make_final(events, site_id, last_final_day(now, ground.zone))
        return Summed(visits, len(days), final)
    finally:
        _give_back(events, site_id)


def _take_lease(events: Engine, site_id: str, now: int) -> int | None:
    """Up to when events are in, in ms UTC; None when somebody else is at it."""
    with events.begin() as connection:
        first = insert_into(connection, summing).values(site_id=site_id, received_until=0, lease_until=0)
        connection.execute(first.on_conflict_do_nothing())
        mine = update(summing).where(summing.c.site_id == site_id, summing.c.lease_until < now)
        if not connection.execute(mine.values(lease_until=now + LEASE_MS)).rowcount:
            return None
        return connection.scalar(select(summing.c.received_until).where(summing.c.site_id == site_id))


def _note_progress(events: Engine, site_id: str, received_until: int) -> None:
    with events.begin() as connection:
        connection.execute(update(summing).where(summing.c.site_id == site_id).values(received_until=received_until))


def _give_back(events: Engine, site_id: str) -> None:
    with events.begin() as connection:
        connection.execute(update(summing).where(summing.c.site_id == site_id).values(lease_until=0))


def _touched(events: Engine, site_id: str, since: int) -> Iterator[tuple[list[bytes], int]]:
    """Visits to which events came since a moment (ms UTC), a slice of events at a time, and until when each slice goes."""
    at, of_site = engagement_event.c.received_at, engagement_event.c.site_id == site_id
    while True:
        with events.connect() as connection:
            window = select(at).where(of_site, at > since).order_by(at).limit(SLICE_EVENTS)
            until = connection.scalar(select(func.max(window.subquery().c.received_at)))
            if until is None:
                return
            keyed = select(engagement_event.c.visit_key).distinct().where(of_site, at > since, at <= until)
            keys = list(connection.scalars(keyed.where(engagement_event.c.visit_key.is_not(None))))
        yield keys, until
        since = until


def _sum_visits(events: Engine, site_id: str, keys: Sequence[bytes], ground: Ground) -> set[date]:
    """Sum visits up from all of their events; gives the local days they belong to. A final day stays as it is."""
    days: set[date] = set()
    for start in range(0, len(keys), KEYS_AT_ONCE):
        these = engagement_event.c.visit_key.in_(keys[start : start + KEYS_AT_ONCE])
        query = select(engagement_event.c.visit_key, *_TOLD).where(these).order_by(engagement_event.c.visit_key)
        with events.begin() as connection:
            rows = connection.execute(query).all()
            closed = _load_final_days(connection, site_id)
            summed = [(key, *_sum_one(list(told), ground)) for key, told in groupby(rows, key=lambda row: row[0])]
            kept = [
                {"visit_key": key, "site_id": site_id, "day_on": day.isoformat(), "facts": facts}
                for key, day, facts in summed
                if day.isoformat() not in closed
            ]
            days |= {day for _, day, _ in summed if day.isoformat() not in closed}
            if kept:
                statement = insert_into(connection, visit)
                changed = {name: statement.excluded[name] for name in ("facts", "day_on")}
                connection.execute(statement.on_conflict_do_update(index_elements=["visit_key"], set_=changed), kept)
    return days


def _sum_one(told: Sequence[Row[Any]], ground: Ground) -> tuple[date, str]:
    """The local day of a visit, and its facts as they are stored."""
    happened = [Happened(*row[1:]) for row in map(tuple, told)]
    day = local_day(min(event.occurred_at for event in happened), ground.zone)
    return day, msgspec.json.encode(sum_up(happened, ground)).decode()


def _load_final_days(connection: Connection, site_id: str) -> set[str]:
    of_site = select(summed_day.c.day_on).where(summed_day.c.site_id == site_id, summed_day.c.final)
    return set(connection.scalars(of_site))


def _count_days(events: Engine, site_id: str, days: set[date], now: int) -> None:
    for day in sorted(days):
        count_day(events, site_id, day, now)


def count_day(events: Engine, site_id: str, day: date, now: int) -> None:
    """Count the figures of a local day again, from its visits."""
    on = day.isoformat()
    this = (visit.c.site_id == site_id, visit.c.day_on == on)
    with events.connect() as connection:
        facts = [_FACTS.decode(text) for text in connection.scalars(select(visit.c.facts).where(*this))]
    numbers = add_up([cells_of(one) for one in facts])
    flagged: dict[str, int] = {}
    for one in facts:
        if one.flag:
            flagged[one.flag] = flagged.get(one.flag, 0) + 1
    at = {"site_id": site_id, "day_on": on}
    with events.begin() as connection:
        connection.execute(delete(day_figure).where(day_figure.c.site_id == site_id, day_figure.c.day_on == on))
        rows = [{**at, **cell._asdict(), "visits": count} for cell, count in numbers.items()]
        if rows:
            connection.execute(insert(day_figure), rows)
        for flag, count in flagged.items():
            _put(connection, day_quality, {**at, "what": f"visits_flagged_{flag}"}, {"count": count})
        _put(connection, summed_day, at, {"summed_at": now, "visits": len(facts), "final": False})


def _put(connection: Connection, table: Table, keys: Mapping[str, object], values: Mapping[str, object]) -> None:
    statement = insert_into(connection, table).values(**keys, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=dict(values)))


def _make_final(events: Engine, site_id: str, until_on: date) -> int:
    """Close the days up to one, and release what may be shown of their years; gives how many days were closed."""
    of_site = summed_day.c.site_id == site_id
    query = select(summed_day.c.day_on).where(of_site, ~summed_day.c.final, summed_day.c.day_on <= until_on.isoformat())
    with events.connect() as connection:
        closing = sorted(connection.scalars(query))
    for year, days in groupby(closing, key=lambda day: day[:4]):
        _close_days(events, site_id, int(year), list(days))
    return len(closing)


def _close_days(events: Engine, site_id: str, year: int, closing: Sequence[str]) -> None:
    """Make days of a year final and write down what may be shown now, both or neither. No block is ever changed."""
    with events.connect() as connection:
        closed = _load_final_days(connection, site_id) | set(closing)
        numbers = _load_numbers(connection, site_id, year, closed)
        held = _load_held(connection, site_id, year)
    rows = [
        {
            "site_id": site_id,
            **cell._asdict(),
            "first_on": block.first_on.isoformat(),
            "last_on": block.last_on.isoformat(),
            "visits": block.visits,
        }
        for cell, blocks in release_figures(numbers).items()
        for block in blocks
        if (*cell, block.first_on.isoformat()) not in held
    ]
    with events.begin() as connection:
        of_site = summed_day.c.site_id == site_id
        connection.execute(update(summed_day).where(of_site, summed_day.c.day_on.in_(closing)).values(final=True))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            connection.execute(insert(released_block), rows[start : start + ROWS_AT_ONCE])


def _load_numbers(connection: Connection, site_id: str, year: int, closed: set[str]) -> dict[date, dict[Cell, int]]:
    columns = [day_figure.c[name] for name in ("day_on", "figure", "part", "atom", "visits")]
    of_year = (day_figure.c.site_id == site_id, day_figure.c.day_on.between(f"{year}-01-01", f"{year}-12-31"))
    numbers: dict[date, dict[Cell, int]] = {}
    for day_on, figure, part, atom, visits in connection.execute(select(*columns).where(*of_year)):
        if day_on in closed:
            numbers.setdefault(date.fromisoformat(day_on), {})[Cell(figure, part, atom)] = visits
    return numbers


def _load_held(connection: Connection, site_id: str, year: int) -> set[tuple[str, str, str, str]]:
    columns = [released_block.c[name] for name in ("figure", "part", "atom", "first_on")]
    of_year = (released_block.c.site_id == site_id, released_block.c.first_on.between(f"{year}-01-01", f"{year}-12-31"))
    return {
        (figure, part, atom, first_on)
        for figure, part, atom, first_on in connection.execute(select(*columns).where(*of_year))
    }


class Summing:
    """A thread that keeps the figures of all sites up to date; grounds gives what must be known of each site."""

    def __init__(self, events: Engine, grounds: Callable[[], Mapping[str, Ground]], clock: Callable[[], int]) -> None:
        self._events, self._grounds, self._clock = events, grounds, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="summing", daemon=True)

    def start(self) -> None:
        """Begin to sum up."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join()

    def turn(self) -> None:
        """Bring all sites up to date once; what fails is tried again at the next turn."""
        for site_id, ground in self._grounds().items():
            try:
                sum_site(self._events, site_id, ground, self._clock(), lambda: not self._stopping.is_set())
            except (SQLAlchemyError, OSError) as error:
                log.error("the figures of %s are not up to date: %s", site_id, type(error).__name__)

    def _run(self) -> None:
        while True:
            self.turn()
            if self._stopping.wait(EVERY_S):
                return
