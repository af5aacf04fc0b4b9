"""Notices to visitors: what is closed, dangerous or worth knowing at a landmark or at the whole site, from when until when.

Phones get the moments, so that a notice begins and ends on them by itself, without network too. Pure.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from xr_server.domain.fields import Slug, Strict, Text

Severity = Literal["information", "closed", "danger"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
Moment = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\n)")]
GRAVITY: dict[str, int] = {"danger": 0, "closed": 1, "information": 2}
"""What is told first, and what a mark on the map stands for where several notices hold."""


class Notice(Strict, frozen=True, kw_only=True):
    """A notice at a landmark, without one at the whole site. until_at None: it holds until somebody takes it back."""

    id: Slug
    text: Text
    landmark: Slug | None = None
    severity: Severity
    from_at: Moment
    until_at: Moment | None = None


def parse_moment(text: str) -> datetime:
    """The aware moment of a notice's field."""
    return datetime.fromisoformat(text)


def dump_moment(at: datetime) -> str:
    """An aware moment as notices keep it: ISO 8601 in UTC with a Z, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def holds(notice: Notice, at: datetime) -> bool:
    """Whether a notice holds at a moment: its start is in, its end is out. The phone's form is in ui/notices.ts."""
    until = parse_moment(notice.until_at) if notice.until_at else None
    return parse_moment(notice.from_at) <= at and (until is None or at < until)


def is_over(notice: Notice, at: datetime) -> bool:
    """Whether a notice has ended by itself."""
    return notice.until_at is not None and parse_moment(notice.until_at) <= at


def in_document(notices: Sequence[Notice], on: date, days: int, zone: ZoneInfo) -> list[Notice]:
    """The notices that a document of a local date carries, the gravest first: those that can hold within so many days."""
    start = datetime.combine(on, datetime.min.time(), zone)
    end = start + timedelta(days=days + 1)
    found = [one for one in notices if not is_over(one, start) and parse_moment(one.from_at) < end]
    return sorted(found, key=lambda one: (GRAVITY[one.severity], one.from_at, one.id))


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which the local day of a moment ends."""
    return datetime.combine(at.astimezone(zone).date() + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
