"""What the records of one site may name, and the checks that many kinds of them share. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from xr_server.domain.catalog import Experience, Landmark, Record, Scene, Site
from xr_server.domain.geofence import distance_m
from xr_server.domain.media import Media
from xr_server.domain.season import Season
from xr_server.domain.survey import Survey, SurveyPoint

MAX_AWAY_M = 50_000.0  # farther from the site's origin, latitude and longitude have probably changed places
Found = tuple[str, str]  # which field, and a sentence


class Dated(Protocol):
    """What lasts some days, and whose gift is collected a while longer."""

    @property
    def first_on(self) -> str:
        """The first day, as 2026-11-24."""

    @property
    def last_on(self) -> str:
        """The last day."""

    @property
    def collect_until(self) -> str | None:
        """The last day of collecting; None: last_on."""


@dataclass(frozen=True)
class Index:
    """What can be named: ids by kind, models, media and survey points by id, and the site.

    repeated: ids of points that several surveys hold.
    """

    site: Site
    landmarks: frozenset[str]
    seasons: frozenset[str]
    scenes: frozenset[str]
    experiences: frozenset[str]
    models: frozenset[str]
    media: Mapping[str, Media]
    points: Mapping[str, SurveyPoint]
    repeated: frozenset[str]


def index_records(records: Sequence[Record], models: frozenset[str]) -> Index | None:
    """The index of one site's records; None when the site itself is missing."""
    site = next((record for record in records if isinstance(record, Site)), None)

    def ids(kind: type[Record]) -> frozenset[str]:
        return frozenset(record.id for record in records if isinstance(record, kind))

    media = {record.id: record for record in records if isinstance(record, Media)}
    points = [point for record in records if isinstance(record, Survey) for point in record.points]
    names = [point.id for point in points]
    repeated = frozenset(name for name, count in Counter(names).items() if count > 1)
    if site is None:
        return None
    by_id = {point.id: point for point in points}
    return Index(site, ids(Landmark), ids(Season), ids(Scene), ids(Experience), models, media, by_id, repeated)


def find_unknown(field: str, kind: str, name: str, known: frozenset[str] | Mapping[str, object]) -> Iterator[Found]:
    """A sentence when a name is not among the known ones."""
    if name not in known:
        yield field, f"there is no {kind} called {name}"


def find_far(field: str, lat: float, lon: float, site: Site) -> Iterator[Found]:
    """A sentence when a place lies too far from the site to be meant."""
    away_m = distance_m(lat, lon, site.origin.lat, site.origin.lon)
    if away_m > MAX_AWAY_M:
        yield (
            field,
            f"this place is {away_m / 1000:.0f} km from the site; "
            "GeoJSON writes longitude first, everything else here latitude first",
        )


def find_wrong_days(dated: Dated, until: str) -> Iterator[Found]:
    """Sentences when days are none, or stand in a wrong order; until: what to say of a collection that ends too early."""
    days = {"first_on": dated.first_on, "last_on": dated.last_on}
    if dated.collect_until is not None:
        days["collect_until"] = dated.collect_until
    for field, text in days.items():
        try:
            date.fromisoformat(text)
        except ValueError:
            yield field, f"{text} is not a date such as 2026-11-24"
            return
    if dated.last_on < dated.first_on:
        yield "last_on", "the last day lies before the first one"
    elif dated.collect_until is not None and dated.collect_until < dated.last_on:
        yield "collect_until", until
