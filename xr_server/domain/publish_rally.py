"""Stamp rallies in the site document: what a phone needs to keep a card without a connection. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from xr_server.domain.published import Document, Published, pick, told_in
from xr_server.domain.rally import Rally, collect_until, needed


def compile_rallies(published: Published, on: date, language: str) -> list[Document]:
    """The rallies whose stamps or prizes can still be had on a local date, by their first day."""
    zone = ZoneInfo(published.site.time_zone)
    there = {landmark.id for landmark in published.landmarks}
    # a landmark that was withdrawn meanwhile can be reached by nobody: such a rally waits until staff have mended it
    open_ones = [one for one in published.rallies if collect_until(one) >= on and set(one.landmarks) <= there]
    return [_compile(one, zone, language) for one in sorted(open_ones, key=lambda one: (one.first_on, one.id))]


def _compile(rally: Rally, zone: ZoneInfo, language: str) -> Document:
    return {
        "id": rally.id,
        "title": pick(rally.title, language),
        "summary": pick(rally.summary, language),
        "landmarks": rally.landmarks,
        "order": rally.order,
        "first_on": rally.first_on,
        "last_on": rally.last_on,
        "starts_at": _utc_text(date.fromisoformat(rally.first_on), zone),
        "ends_at": _utc_text(date.fromisoformat(rally.last_on) + timedelta(days=1), zone),
        "needed": needed(rally),
        "prize": pick(rally.prize, language),
        "collect_at": pick(rally.collect_at, language),
        "collect_until": collect_until(rally).isoformat(),
        "proof": rally.proof,
        **told_in(rally.title, language),
    }


def _utc_text(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time(), zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
