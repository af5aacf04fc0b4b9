"""What happens at a site now, from raw events of today; no number leaves here that is not rounded down to tens."""

from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, literal, select

from xr_server.domain.now import HOUR_MS, About, Now, Times, round_down
from xr_server.storage.tables.events import engagement_event as event

INSIDE = ("arrived", "landmark_entered", "landmark_stayed", "landmark_left", "stamp_collected")
"""What only a phone that stands inside the site says."""
AT_LANDMARK = ("landmark_entered", "landmark_stayed")
WORDED = ("failed", "permission_refused")
AR_LIFE_MS = 2 * HOUR_MS  # a phone that went out in the middle of AR does not say so


def load_now(events: Engine, site_id: str, times: Times) -> Now:
    """What visits that allow statistics do now and did today, rounded down to tens."""
    with events.connect() as connection:
        sums = connection.execute(_count_visits(site_id, times)).one()
        found: dict[str, dict[str, About]] = {
            "landmark": {},
            "failed": {},
            "permission_refused": {},
            "stamp_collected": {},
        }
        for kind, name, quarter, hour, today in connection.execute(_count_by_name(site_id, times)):
            about = About(round_down(int(quarter)), round_down(int(hour)), round_down(int(today)))
            if about.today or about.hour:
                found[kind][name] = about
    inside_15, inside_60, inside, everyone, in_ar, by_hour = (
        round_down(int(count or 0)) for count in sums
    )  # no visits have no sum
    return Now(
        times,
        here=About(inside_15, inside_60, inside),
        all_today=everyone,
        ar_running=in_ar,
        arrived_by_hour=by_hour,
        landmarks=found["landmark"],
        failed=found["failed"],
        refused=found["permission_refused"],
        stamps=found["stamp_collected"],
    )


def _of_today(site_id: str, times: Times) -> tuple[ColumnElement[bool], ...]:
    """Rows of visits that count, by the index of site and moment."""
    return (
        event.c.site_id == site_id,
        event.c.occurred_at >= times.first_at,
        event.c.occurred_at < times.now_at,
        event.c.visit_key.is_not(None),
        event.c.flag.is_(None),
    )


def _count_visits(site_id: str, times: Times) -> Select[Any]:
    """Each visit in one row first, then how many of them are what; one look at the rows of the day."""
    at = event.c.occurred_at

    def last_of(*kinds: str) -> ColumnElement[int]:
        return func.coalesce(func.max(case((event.c.type.in_(kinds), at))), literal(0))

    visit = (
        select(
            func.max(at).label("last_at"),
            func.min(case((event.c.type.in_(INSIDE), at))).label("inside_at"),
            last_of("ar_started").label("started_at"),
            last_of("ar_ended").label("ended_at"),
        )
        .where(*_of_today(site_id, times))
        .group_by(event.c.visit_key)
        .subquery()
    )
    inside = visit.c.inside_at.is_not(None)
    today = visit.c.last_at >= times.midnight_at
    in_ar = and_(
        visit.c.started_at > visit.c.ended_at,
        visit.c.started_at >= times.now_at - AR_LIFE_MS,
        visit.c.last_at >= times.quarter_at,
    )
    wanted = (
        and_(inside, visit.c.last_at >= times.quarter_at),
        and_(inside, visit.c.last_at >= times.hour_at),
        and_(inside, today),
        today,
        in_ar,
        and_(today, visit.c.inside_at < times.full_hour_at),
    )
    return select(*(func.sum(case((one, 1), else_=0)) for one in wanted))


def _count_by_name(site_id: str, times: Times) -> Select[Any]:
    """By landmark, reason or permission: how many visits in the last 15 and 60 minutes, and today."""
    kind = case((event.c.type.in_(AT_LANDMARK), "landmark"), else_=event.c.type).label("kind")
    name = case((event.c.type.in_(WORDED), event.c.word), else_=event.c.landmark).label("name")
    once = (
        select(kind, name, func.max(event.c.occurred_at).label("last_at"))
        .where(*_of_today(site_id, times), event.c.type.in_((*AT_LANDMARK, *WORDED, "stamp_collected")))
        .group_by(kind, name, event.c.visit_key)
        .subquery()
    )
    bounds = (times.quarter_at, times.hour_at, times.midnight_at)
    counts = (func.sum(case((once.c.last_at >= bound, 1), else_=0)) for bound in bounds)
    return select(once.c.kind, once.c.name, *counts).where(once.c.name.is_not(None)).group_by(once.c.kind, once.c.name)
