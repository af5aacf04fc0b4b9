"""Foreign calendars read event by event: what one of them has wrong takes nothing away from the others.

Only the lines of events are looked at. Time zones are taken by their names: a zone's own rules in a file could have a
program count every second since 1970.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from xr_server.domain.calendar_import import Entry
from xr_server.errors import Invalid

MAX_CALENDAR_BYTES = 256 * 1024
MOST_EVENTS = 300
MOST_LINES = 200  # of one event
UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})(Z?)")
READ = ("UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RDATE", "STATUS", "RECURRENCE-ID")
BROKEN = ("DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID")
ONE_DAY = timedelta(days=1)


def read_entries(text: str, zone: ZoneInfo) -> list[Entry]:
    """The events of a calendar. Raises Invalid for what is no calendar, or too much of one."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise Invalid("ics_unreadable", "This is no calendar file: it does not begin with BEGIN:VCALENDAR.")
    blocks = list(_events_of(lines))
    if len(blocks) > MOST_EVENTS:
        raise Invalid("ics_many", f"A calendar has {MOST_EVENTS} events at most here.", most=str(MOST_EVENTS))
    if not blocks:
        raise Invalid("ics_empty", "There is no event in this calendar.")
    return [_read(block, zone) for block in blocks]


def _events_of(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each event, without the parts inside it."""
    block: list[str] | None = None
    inner = 0
    for line in lines:
        word = line.strip().upper()
        if word == "BEGIN:VEVENT" and block is None:
            block, inner = [], 0
        elif block is None:
            continue
        elif word == "END:VEVENT" and not inner:
            yield block
            block = None
        elif word.startswith("BEGIN:"):
            inner += 1
        elif word.startswith("END:"):
            inner = max(0, inner - 1)
        elif not inner:
            block.append(line)


def _read(block: list[str], zone: ZoneInfo) -> Entry:
    if len(block) > MOST_LINES:
        return _refused("", "", Invalid("ics_event_long", "This event has too many lines."))
    try:
        event: Any = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *_wanted(block), "END:VEVENT", ""]))
    except (ValueError, IndexError, KeyError, AttributeError, TypeError, OverflowError):
        return _refused("", " ".join(block)[:60], Invalid("ics_event_unreadable", "This event cannot be read."))
    uid, summary = (_text(event.get(name)) for name in ("UID", "SUMMARY"))
    try:
        return _entry(event, uid, " ".join(summary.split()), zone)
    except Invalid as error:
        return _refused(uid, summary, error)
    except (ValueError, AttributeError, TypeError, OverflowError):
        return _refused(uid, summary, Invalid("ics_event_unreadable", "This event cannot be read."))


def _wanted(block: list[str]) -> Iterator[str]:
    """The properties that are read, with the lines they go on in."""
    keeps = False
    for line in block:
        if not line.startswith((" ", "\t")):
            keeps = re.split("[;:]", line, maxsplit=1)[0].strip().upper() in READ
        if keeps:
            yield line


def _refused(uid: str, summary: str, error: Invalid) -> Entry:
    return Entry(uid, " ".join(summary.split())[:60], fault=error)


def _text(value: object) -> str:
    return str(value[0] if isinstance(value, list) and value else value or "")


def _entry(event: Any, uid: str, summary: str, zone: ZoneInfo) -> Entry:
    _check_parts(event, uid)
    start = event["DTSTART"].dt
    end = event["DTEND"].dt if "DTEND" in event else None
    if end is None and "DURATION" in event:
        end = start + event["DURATION"].dt
    first, last = _day(start, zone), _last_day(start, end, zone)
    left_out = tuple(_day(one.dt, zone) for part in _listed(event.get("EXDATE")) for one in part.dts)
    rrule = _rule(event["RRULE"].to_ical().decode(), zone) if "RRULE" in event else ""
    return Entry(uid, summary, first, last, rrule, left_out, has_hours=isinstance(start, datetime))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _check_parts(event: Any, uid: str) -> None:
    """Refuse what cannot be read, and what a season cannot be. Raises Invalid."""
    wrong = next((f"{name} {event.get(name, '')}" for name, _ in event.errors if name in BROKEN), None)
    if wrong is not None:
        raise Invalid("ics_part_unreadable", f"This cannot be read: {wrong[:100]}", part=wrong[:100])
    if not uid or "DTSTART" not in event:
        raise Invalid("ics_incomplete", "The event has no UID or no DTSTART, without which it cannot be known again.")
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        raise Invalid("ics_cancelled", "The event is called off. What it has here already is changed on its own page.")
    if "RECURRENCE-ID" in event or "RDATE" in event or isinstance(event.get("RRULE"), list):
        raise Invalid(
            "ics_exceptions", "Single days are left out or added here, which a season cannot say unless it is yearly."
        )


def _day(moment: date, zone: ZoneInfo) -> date:
    """The local day of a moment; one without a zone is by the clock at the site."""
    if not isinstance(moment, datetime):
        return moment
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


def _last_day(start: date, end: date | None, zone: ZoneInfo) -> date:
    """The last day of what ends before `end`; without one, or ending as it begins, the first day."""
    first = _day(start, zone)
    if end is None or end == start:
        return first
    last = _day(end, zone)
    if not isinstance(end, datetime):
        return last - ONE_DAY
    local = end.astimezone(zone) if end.tzinfo else end
    return last - ONE_DAY if local.time() == local.min.time() and last > first else last


def _rule(text: str, zone: ZoneInfo) -> str:
    """The rule with a day in UNTIL instead of a moment."""

    def name_day(found: re.Match[str]) -> str:
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC if found[2] else zone)
        return f"UNTIL={at.astimezone(zone):%Y%m%d}"

    return UNTIL.sub(name_day, text)
