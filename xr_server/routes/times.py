"""When an experience can be seen, in words, from the occurrences of a compiled document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from xr_server.domain.moments import gather_stretches
from xr_server.domain.schedule import HORIZON_DAYS, Occurrence, is_live
from xr_server.routes.notices_told import notice_edges
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.wording import say_moment, say_stretch

SHOWN_STRETCHES = 6
When = Literal["live", "today", "later", "quiet", "none"]


@dataclass(frozen=True)
class Times:
    """State at a moment, the sentence that says so, and the coming stretches of days (empty when always on)."""

    state: When
    sentence: str
    stretches: tuple[str, ...]


def read_spans(experience: Mapping[str, Any]) -> list[Occurrence]:
    """The occurrences of a compiled experience as aware moments in UTC."""
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in experience["occurrences"]]


def is_always_on(experience: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether one occurrence covers all days of the document."""
    zone = ZoneInfo(document["site"]["time_zone"])
    last_on = date.fromisoformat(document["compiled_for_on"]) + timedelta(days=HORIZON_DAYS)
    spans = read_spans(experience)
    return len(spans) == 1 and spans[0][1].astimezone(zone).date() > last_on and spans[0][0] <= _first(document, zone)


def _first(document: Mapping[str, Any], zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromisoformat(document["compiled_for_on"]), datetime.min.time(), zone)


def say_times(experience: Mapping[str, Any], document: Mapping[str, Any], at: datetime, language: str) -> Times:
    """When an experience can be seen, as of a moment."""
    zone, texts = ZoneInfo(document["site"]["time_zone"]), load_texts(language)
    spans, quiet_on = read_spans(experience), [date.fromisoformat(day) for day in experience["quiet_on"]]
    state = _state(spans, quiet_on, at, zone)
    if is_always_on(experience, document):
        return Times(state, texts["visitor.ui.when_always" if state == "live" else "visitor.ui.when_quiet"], ())
    coming = [span for span in spans if span[1] > at]
    stretches = tuple(say_stretch(stretch, language) for stretch in gather_stretches(coming, zone)[:SHOWN_STRETCHES])
    if state in {"quiet", "none"}:
        return Times(state, texts[f"visitor.ui.when_{state}"], stretches)
    moment = coming[0][1] if state == "live" else coming[0][0]
    when = say_near(moment, at, zone, language)
    return Times(state, fill(texts[f"visitor.ui.when_{state}"], language, when=when), stretches)


def say_near(moment: datetime, at: datetime, zone: ZoneInfo, language: str) -> str:
    """A moment in the site's words; of the same local day only the hour. The phone's form is in ui/when.ts."""
    local = moment.astimezone(zone)
    if local.date() == at.astimezone(zone).date():
        return f"{local:%H:%M}"
    return say_moment(moment, zone, language, with_year=False)


def _state(spans: list[Occurrence], quiet_on: list[date], at: datetime, zone: ZoneInfo) -> When:
    if is_live(spans, quiet_on, at, zone):
        return "live"
    if at.astimezone(zone).date() in quiet_on:
        return "quiet"
    coming = [start for start, _ in spans if start > at]
    if not coming:
        return "none"
    return "today" if coming[0].astimezone(zone).date() == at.astimezone(zone).date() else "later"


@dataclass(frozen=True)
class Programme:
    """The experiences of a site by when they can be seen: on now (what ends first leads), coming next (what begins first
    leads), and those without times ahead."""

    now: tuple[Mapping[str, Any], ...]
    next: tuple[Mapping[str, Any], ...]
    rest: tuple[Mapping[str, Any], ...]


def sort_by_time(document: Mapping[str, Any], at: datetime) -> Programme:
    """What is on at a moment and what comes after; things alike in time keep the document's order. The phone's form is
    in ui/programme.ts."""
    keyed = [(_turn(experience, document, at), experience) for experience in document["experiences"]]
    groups = ("now", "next", "rest")
    parts = (sorted((pair for pair in keyed if pair[0][0] == group), key=lambda pair: pair[0][1]) for group in groups)
    return Programme(*(tuple(experience for _, experience in part) for part in parts))


def _turn(experience: Mapping[str, Any], document: Mapping[str, Any], at: datetime) -> tuple[str, datetime]:
    """The group an experience belongs to, and the moment it is sorted by."""
    zone = ZoneInfo(document["site"]["time_zone"])
    spans, quiet_on = read_spans(experience), [date.fromisoformat(day) for day in experience["quiet_on"]]
    coming = [span for span in spans if span[1] > at]
    if is_live(spans, quiet_on, at, zone):
        return "now", coming[0][1]
    begun_again = datetime.combine(at.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    starts = [start if start > at else begun_again for start, end in coming if start > at or end > begun_again]
    return ("next", starts[0]) if starts else ("rest", at)


def next_change_at(document: Mapping[str, Any], at: datetime) -> datetime:
    """The next moment after `at` at which some state above can differ: a start, an end, or local midnight.

    So do notices.
    """
    zone = ZoneInfo(document["site"]["time_zone"])
    midnight = datetime.combine(at.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone)
    edges = [edge for experience in document["experiences"] for span in read_spans(experience) for edge in span]
    edges += notice_edges(document)
    return min([midnight.astimezone(UTC), *(edge for edge in edges if edge > at)])
