"""What visitors' pages say of notices and of opening hours, from a compiled document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from xr_server.domain.opening import gather_week, pairs_on
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.wording import say_date, say_moment

Told = Mapping[str, Any]
DAYS_SHOWN = 8


def notices_at(document: Told, at: datetime, landmark: str | None = None) -> list[dict[str, Any]]:
    """The notices that hold at a moment, the gravest first, each with `until` in words; of a landmark and the site, or all.

    The phone's form is in ui/notices.ts.
    """
    held = [one for one in document.get("notices", []) if _holds(one, at)]
    mine = [one for one in held if landmark is None or one["landmark"] in (None, landmark)]
    return [{**one, "until": say_until(one["until_at"], at, document)} for one in mine]


def _holds(notice: Told, at: datetime) -> bool:
    until = notice["until_at"]
    return datetime.fromisoformat(notice["from_at"]) <= at and (until is None or at < datetime.fromisoformat(until))


def gravest_at(document: Told, at: datetime) -> dict[str, str]:
    """For each landmark with a notice of its own at a moment, how grave the gravest is."""
    found: dict[str, str] = {}
    for one in notices_at(document, at):  # the gravest come first
        if one["landmark"] is not None:
            found.setdefault(one["landmark"], one["severity"])
    return found


def notice_edges(document: Told) -> Iterator[datetime]:
    """The moments at which notices begin and end."""
    for one in document.get("notices", []):
        yield from (datetime.fromisoformat(text) for text in (one["from_at"], one["until_at"]) if text)


def say_until(until: str | None, at: datetime, document: Told) -> str:
    """Until when a notice holds, in words: the hour of the same day, the end of a day, a moment, or nobody knows."""
    language, zone = document["language"], ZoneInfo(document["site"]["time_zone"])
    texts = load_texts(language)
    if until is None:
        return texts["notices.ui.notice_open"]
    end = datetime.fromisoformat(until).astimezone(zone)
    today = at.astimezone(zone).date()
    if end.time() == time():
        last = end.date() - timedelta(days=1)
        if last <= today:
            return texts["notices.ui.notice_today"]
        return fill(texts["notices.ui.notice_day"], language, date=say_date(last, language, with_year=False))
    when = f"{end:%H:%M}" if end.date() == today else say_moment(end.astimezone(UTC), zone, language, with_year=False)
    return fill(texts["notices.ui.notice_until"], language, when=when)


@dataclass(frozen=True)
class OpeningWords:
    """Opening hours in words: today, the week as rows of days and hours, and coming days that differ."""

    today: str
    week: tuple[tuple[str, str], ...]
    days: tuple[tuple[str, str], ...]


def say_opening(landmark: Told, document: Told, at: datetime) -> OpeningWords | None:
    """When a landmark is open; None where nobody has said."""
    opening = landmark.get("opening")
    if not opening:
        return None
    language, zone = document["language"], ZoneInfo(document["site"]["time_zone"])
    texts, today = load_texts(language), at.astimezone(zone).date()
    now = pairs_on(opening, today)
    other = sorted(day for day in opening["days"] if date.fromisoformat(day) >= today)[:DAYS_SHOWN]
    return OpeningWords(
        today=fill(texts["notices.opening_today"], language, hours=say_hours(now, language))
        if now
        else texts["notices.opening_closed_today"],
        week=tuple(
            (_say_days(run.first, run.last, language), say_hours(run.hours, language))
            for run in gather_week(opening["week"])
        ),
        days=tuple(
            (say_date(date.fromisoformat(day), language, with_year=False), say_hours(opening["days"][day], language))
            for day in other
        ),
    )


def _say_days(first: int, last: int, language: str) -> str:
    texts = load_texts(language)
    names = texts["visitor.ui.weekdays"].split(" ")
    if (first, last) == (0, 6):
        return texts["notices.opening_daily"]
    return (
        names[first]
        if first == last
        else fill(texts["notices.opening_days"], language, first=names[first], last=names[last])
    )


def say_hours(pairs: Sequence[Sequence[str]], language: str) -> str:
    """The hours of a day in words."""
    texts = load_texts(language)
    if not pairs:
        return texts["notices.opening_closed"]
    return " · ".join(
        texts["notices.opening_all_day"]
        if opens == closes == "00:00"
        else fill(texts["notices.opening_hours"], language, opens=opens, closes=closes)
        for opens, closes in pairs
    )
