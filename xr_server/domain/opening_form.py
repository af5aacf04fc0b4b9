"""Opening hours as fields of a form: weekday by weekday, days off, days that differ one a line, days of every year. Pure."""

import re
from typing import get_args

from xr_server.domain.days import WEEKDAYS
from xr_server.domain.opening import MOST_DAYS, Hours, Opening, OtherDay, is_date, overlap
from xr_server.domain.season import Weekday
from xr_server.domain.typed import YES, Faults, Typed, read_lines
from xr_server.errors import Invalid

OFF = "OFF"  # the row of Japan's days off, below the weekdays
DAYS = (*WEEKDAYS, OFF)
AT_ONCE = ("", "2", "3", "4")  # a day may close over noon; more than two pairs are shown where they are told
FIELDS = (
    "open_said", "off_as", "closed_yearly", "other_days",
    *(f"{day}-{end}{number}" for day in DAYS for number in AT_ONCE for end in ("opens", "closes")),
)  # fmt: skip
OFF_AS = ("weekday", "closed", "hours")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MONTH_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
OTHER_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s+(.+))?")
SPAN = re.compile(r"(\d{1,2}:\d{2})\s*[-–〜~]\s*(\d{1,2}:\d{2})")


def read_opening(typed: Typed, faults: Faults) -> Opening | None:
    """The hours that a form says; None where nobody says any, or where they are at fault."""
    if typed.get("open_said") != YES:
        return None
    found: Faults = {}
    week: dict[Weekday, list[Hours]] = {day: _read_day(typed, day, found) for day in get_args(Weekday)}
    off = _read_days_off(typed, found)
    yearly = read_lines(typed, "closed_yearly", (MOST_DAYS, 5), found)
    if any(not (MONTH_DAY.fullmatch(pair) and is_date(f"2028-{pair}")) for pair in yearly):  # a leap year has every day
        found["closed_yearly"] = Invalid("hours_month_day", "Write one day a line, such as 12-29.")
    other = _read_other_days(typed, found)
    if not found and not any(week.values()) and not off and not any(one.hours for one in other):
        found["MO-opens"] = Invalid("hours_none", "Give the hours of at least one day.")
    faults |= found
    if found:
        return None
    weekly = {day: hours for day, hours in week.items() if hours}
    return Opening(weekly=weekly, days_off=off, other_days=other, closed_yearly=sorted(set(yearly)))


def _read_day(typed: Typed, day: str, faults: Faults) -> list[Hours]:
    hours = []
    for number in AT_ONCE:
        opens, closes = typed.get(f"{day}-opens{number}", ""), typed.get(f"{day}-closes{number}", "")
        if not opens and not closes:
            continue
        if not (TIME.fullmatch(opens) and TIME.fullmatch(closes)):
            faults[f"{day}-opens"] = Invalid("hours_half_day", "Give both hours, such as 08:00 and 21:00, or neither.")
            return []
        hours.append(Hours(opens_at=opens, closes_at=closes))
    if overlap(hours):
        faults[f"{day}-opens"] = Invalid("hours_overlap", "These hours overlap.")
    return hours


def _read_days_off(typed: Typed, faults: Faults) -> list[Hours] | None:
    how = typed.get("off_as", OFF_AS[0])
    if how == "closed":
        return []
    if how != "hours":
        return None
    hours = _read_day(typed, OFF, faults)
    if not hours:
        faults.setdefault(f"{OFF}-opens", Invalid("hours_off", "Give the hours of days off, or choose otherwise."))
    return hours


def _read_other_days(typed: Typed, faults: Faults) -> list[OtherDay]:
    """Days with hours of their own, one a line: `2026-12-30 08:00-12:00`, or the day alone when it is closed."""
    found: list[OtherDay] = []
    for line in read_lines(typed, "other_days", (MOST_DAYS, 60), faults):
        day = _read_other_day(line)
        if day is None or day.on in {one.on for one in found}:
            faults["other_days"] = Invalid("hours_other_day", f"This line cannot be read: {line}", line=line)
            return []
        found.append(day)
    return sorted(found, key=lambda one: one.on)


def _read_other_day(line: str) -> OtherDay | None:
    match = OTHER_DAY.fullmatch(line)
    if match is None or not is_date(match[1]):
        return None
    said = match[2] or ""
    hours = [Hours(opens_at=opens.zfill(5), closes_at=closes.zfill(5)) for opens, closes in SPAN.findall(said)]
    if SPAN.sub("", said).strip(" ,、") or len(hours) > len(AT_ONCE):
        return None
    if not all(TIME.fullmatch(time) for one in hours for time in (one.opens_at, one.closes_at)) or overlap(hours):
        return None
    return OtherDay(on=match[1], hours=hours)


def type_opening(opening: Opening | None) -> dict[str, str]:
    """What the form shows of opening hours."""
    if opening is None:
        return {}
    off = opening.days_off
    typed = {"open_said": YES, "closed_yearly": "\n".join(opening.closed_yearly)}
    typed["off_as"] = OFF_AS[0] if off is None else "hours" if off else "closed"
    for day, hours in [*opening.weekly.items(), (OFF, off or [])]:
        for number, one in zip(AT_ONCE, hours, strict=False):
            typed |= {f"{day}-opens{number}": one.opens_at, f"{day}-closes{number}": one.closes_at}
    typed["other_days"] = "\n".join(
        " ".join([other.on, *(f"{one.opens_at}-{one.closes_at}" for one in other.hours)])
        for other in opening.other_days
    )
    return typed
