"""Calendars as a program of another house understands them: read by icalendar, unrolled by dateutil."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

Stretch = tuple[date, date]


def read_events(body: bytes) -> list[Event]:
    return list(Calendar.from_ical(body).walk("VEVENT"))


def naive(moment: date) -> datetime:
    """The moment by its own clock; a day by its midnight."""
    return moment.replace(tzinfo=None) if isinstance(moment, datetime) else datetime.combine(moment, time())


def unroll(event: Event, first: date, last: date) -> Iterator[Stretch]:
    """The event's occurrences that begin in a range of days, as start and excluded end, moments as UTC."""
    start, end = event.start, event.end
    starts = [naive(start)]
    if "RRULE" in event:
        text = event["RRULE"].to_ical().decode()
        starts = list(rrulestr(text, dtstart=naive(start)).between(naive(first), naive(last), inc=True))
    out = {naive(day.dt) for day in getattr(event.get("EXDATE"), "dts", [])}
    for at in starts:
        if not first <= at.date() <= last or at in out:
            continue
        until = at + (naive(end) - naive(start))
        if isinstance(start, datetime):
            yield tuple(one.replace(tzinfo=start.tzinfo).astimezone(UTC) for one in (at, until))
        else:
            yield at.date(), until.date()


def days_of(events: list[Event], first: date, last: date) -> list[Stretch]:
    """Whole days that events occur on, as inclusive ranges in order."""
    return sorted((start, end - timedelta(days=1)) for one in events for start, end in unroll(one, first, last))
