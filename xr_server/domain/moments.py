"""Occurrences gathered into stretches a person can read, and moments read from forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xr_server.domain.schedule import Occurrence


@dataclass(frozen=True)
class Stretch:
    """Days in a row with the same hours: local dates, both in; closes_at on the last one; all_day leaves hours out."""

    first_on: date
    last_on: date
    opens_at: time
    closes_at: time
    all_day: bool
    past_midnight: bool


def gather_stretches(spans: Sequence[Occurrence], zone: ZoneInfo) -> list[Stretch]:
    """Occurrences in order as stretches of days: whole days that touch become one, and so do equal evenings in a row."""
    stretches: list[Stretch] = []
    for start, end in spans:
        new = _stretch(start.astimezone(zone), end.astimezone(zone))
        last = stretches[-1] if stretches else None
        if last is not None and _continues(last, new):
            stretches[-1] = Stretch(
                last.first_on, new.last_on, last.opens_at, last.closes_at, False, last.past_midnight
            )
        else:
            stretches.append(new)
    return stretches


def _stretch(start: datetime, end: datetime) -> Stretch:
    if start.time() == end.time() == time():
        return Stretch(start.date(), end.date() - timedelta(days=1), time(), time(), True, False)
    last_on, night = end.date(), timedelta(0)
    if end.time() <= start.time():  # an evening that reaches past midnight belongs to the day it began
        night = timedelta(days=1)
    return Stretch(start.date(), last_on - night, start.time(), end.time(), False, bool(night))


def _continues(last: Stretch, new: Stretch) -> bool:
    if last.all_day or new.all_day or new.first_on != new.last_on:
        return False
    same = (last.opens_at, last.closes_at, last.past_midnight) == (new.opens_at, new.closes_at, new.past_midnight)
    return same and new.first_on == last.last_on + timedelta(days=1)


def read_local_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment a date-time input names in a place's time, None when it names none."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    if local.tzinfo is not None or not 1900 <= local.year <= 2200:
        return None
    return local.replace(tzinfo=zone).astimezone(UTC)
