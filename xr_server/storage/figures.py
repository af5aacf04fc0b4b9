"""Counts from the event store, by local day and landmark, and by type."""

from datetime import date, timedelta

from sqlalchemy import Engine, func, select

from xr_server.domain.figures import DAY_MS, DayRun
from xr_server.storage.tables.events import engagement_event, hourly_count

ARRIVAL, OPENED = "landmark_entered", "site_opened"


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
