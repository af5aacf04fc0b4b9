"""Within a day: hours of the clock, sunrise and sunset at the site. Pure."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset

from xr_server.domain.catalog import Site
from xr_server.domain.season import Schedule

Occurrence = tuple[datetime, datetime]
NOON = time(12)


@lru_cache(maxsize=16_384)
def sun_time(what: str, day: date, place: tuple[float, float], zone: ZoneInfo) -> time | None:
    """When the sun rises or sets at (latitude, longitude) on a local day, to the full minute; None where it does not."""
    happens = sunset if what == "sunset" else sunrise
    try:
        moment = happens(Observer(place[0], place[1]), day, tzinfo=zone)
    except ValueError:  # polar day or night
        return None
    return (moment + timedelta(seconds=30)).time().replace(second=0, microsecond=0)


def span_on(day: date, schedule: Schedule, site: Site) -> Occurrence | None:
    """What the schedule's hours make of a local day, in UTC; None when nothing of it is left."""
    place = (site.origin.lat, site.origin.lon)
    return _span_said(day, schedule.opens_at, schedule.closes_at, place, ZoneInfo(site.time_zone))


@lru_cache(maxsize=16_384)
def _span_said(
    day: date, opens_at: str | None, closes_at: str | None, place: tuple[float, float], zone: ZoneInfo
) -> Occurrence | None:
    """The hours of a day, computed once for all that keep the same ones there."""
    opens = _time_of(opens_at or "00:00", lambda what: sun_time(what, day, place, zone))
    if opens is None:
        return None
    if closes_at is None:
        closes, later = time(), 1
    else:
        hours = (opens_at or "", closes_at)
        found = _closing(hours, opens, lambda what, later: sun_time(what, day + timedelta(days=later), place, zone))
        if found is None:
            return None
        closes, later = found
    start = datetime.combine(day, opens, zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=later), closes, zone).astimezone(UTC)
    return (start, end) if start < end else None  # clocks put forward can swallow a short span whole


def _time_of(text: str, sun: Callable[[str], time | None]) -> time | None:
    return sun(text) if text.startswith("sun") else time.fromisoformat(text)


def _closing(hours: tuple[str, str], opens: time, sun: Callable[[str, int], time | None]) -> tuple[time, int] | None:
    """The closing time, and whether it lies on the next day (1); None when it would lie before the opening.

    By the clock, closing at or before opening means past midnight. With the sun in it, only a morning after an afternoon
    does: from sunset to 19:00 is nothing on a day when the sun sets at 19:30.
    """
    opens_at, text = hours
    by_clock = not (text.startswith("sun") or opens_at.startswith("sun"))
    morning = text == "sunrise" or (not text.startswith("sun") and time.fromisoformat(text) < NOON)
    later = int(morning and opens >= NOON)
    closes = _time_of(text, lambda what: sun(what, later))
    if closes is None:
        return None
    if by_clock:
        return closes, int(closes <= opens)
    return (closes, later) if later or opens < closes else None
