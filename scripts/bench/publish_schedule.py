"""What it costs to publish one change of dates on a server with many sites: the transaction, and what it rebuilds.

A catalog of 200 sites of 50 experiences in seven languages is made and compiled once. Then the dates of random
experiences change, one after another: measured are the transaction that publishes, and the look by which a server takes
it over (compile, compress, write the site's file). Told is also what of the snapshot is new afterwards: documents of that
one site, and no scene. Usage: python scripts/bench/publish_schedule.py [--sites 200] [--experiences 50] [--changes 20]
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import Engine, insert

from xr_server.domain.catalog import Experience, Geofence, Landmark, Origin, Record, Scene, Site, Trigger
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.season import Always, InSeason, OnDates, Schedule, Season, YearlyRule
from xr_server.storage.catalog import Change, Name, kind_of, load_record, save_published
from xr_server.storage.database import open_engine
from xr_server.storage.migrate import migrate
from xr_server.storage.published import PublishedSites
from xr_server.storage.tables.records import publication, record, record_revision

AT = 1_796_000_000_000  # a day late in 2026, in ms UTC
LIMIT_MS = 300


def words(chance: random.Random, count: int) -> str:
    return " ".join(f"{chance.getrandbits(24):x}" for _ in range(count))


def bodies(site_id: str, experiences: int, chance: random.Random) -> Iterator[Record]:
    """A site with a landmark, a scene and dates for each experience; every third in a season, every third by the sun."""

    def text(count: int) -> dict[str, str]:
        return {language: words(chance, count) for language in LANGUAGES}

    origin = Origin(lat=32.7435, lon=129.8731, h=34.5)
    yield Site(
        id=site_id, name=text(2), origin=origin, time_zone="Asia/Tokyo", languages=list(LANGUAGES), quiet_days=["08-09"]
    )
    rule = YearlyRule(rrule="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1", duration_days=60)
    yield Season(id="winter", name=text(1), rule=rule)
    for number in range(experiences):
        name = f"house-{number}"
        fence = Geofence(enter_m=20, leave_m=30)
        yield Landmark(
            id=name,
            name=text(2),
            category="house",
            status="lost",
            lat=32.7435,
            lon=129.8731,
            accuracy_m=15,
            geofence=fence,
        )
        yield Scene(id=name, landmark=name, nodes=[], credit=text(6))
        yield Experience(
            id=name, title=text(3), summary=text(12), landmark=name, scene=name, trigger=Trigger(kind="geofence")
        )
        days = (Always(), InSeason(season="winter"), OnDates(ranges=[("2026-12-05", "2026-12-25")]))[number % 3]
        hours = ("sunset", "21:00") if number % 3 == 0 else (None, None)
        yield Schedule(id=name, experience=name, days=days, opens_at=hours[0], closes_at=hours[1])


def fill(catalog: Engine, sites: int, experiences: int) -> None:
    """Everything published, by few statements."""
    chance = random.Random(1636)  # noqa: S311 - filler text
    for number in range(sites):
        site_id = f"site-{number}"
        rows = [(kind_of(body), body.id, body) for body in bodies(site_id, experiences, chance)]
        with catalog.begin() as connection:
            common = [{"site_id": site_id, "kind": kind, "id": name} for kind, name, _ in rows]
            state = {"revision": 1, "state": "published", "published_revision": 1, "updated_at": AT}
            connection.execute(insert(record), [{**one, **state} for one in common])
            stored = [msgspec.json.encode(body).decode() for _, _, body in rows]
            connection.execute(
                insert(record_revision),
                [
                    {**one, "revision": 1, "body": body, "account_id": None, "created_at": AT}
                    for one, body in zip(common, stored, strict=True)
                ],
            )
            connection.execute(insert(publication).values(site_id=site_id, revision=1, published_at=AT))


def change_one(catalog: Engine, published: PublishedSites, name: Name, last_on: date) -> tuple[float, float]:
    """Publish other dates of one experience; ms of the transaction, and of taking it over. Ends when more was rebuilt."""
    before = published.snapshot.sites
    stored = load_record(catalog, name)
    body = Schedule(id=name.id, experience=name.id, days=OnDates(ranges=[("2026-12-05", last_on.isoformat())]))
    started = time.perf_counter()
    save_published(catalog, name.site_id, body, stored.revision, Change(AT))
    saved = time.perf_counter()
    published.refresh()
    taken = time.perf_counter()
    after = published.snapshot.sites
    if [site for site in after if after[site] is not before[site]] != [name.site_id]:
        sys.exit("Another site was rebuilt, or this one was not.")
    if any(after[name.site_id].scenes[key] is not held for key, held in before[name.site_id].scenes.items()):
        sys.exit("A scene was rebuilt.")
    return 1000 * (saved - started), 1000 * (taken - saved)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--experiences", type=int, default=50)
    parser.add_argument("--changes", type=int, default=20)
    options = parser.parse_args()
    chance = random.Random(1641)  # noqa: S311 - which experience
    with tempfile.TemporaryDirectory() as folder:
        catalog = open_engine(f"sqlite:///{Path(folder) / 'catalog.sqlite3'}")
        migrate(catalog, "catalog")
        fill(catalog, options.sites, options.experiences)
        published = PublishedSites(catalog, Path(folder) / "packages", lambda: AT)
        started = time.perf_counter()
        published.refresh()
        compiled_s = time.perf_counter() - started
        print(f"{options.sites} sites of {options.experiences} experiences compiled in {compiled_s:.0f} s")
        times = []
        for number in range(options.changes):
            site_id = f"site-{chance.randrange(options.sites)}"
            name = Name(site_id, "schedule", f"house-{chance.randrange(options.experiences)}")
            times.append(change_one(catalog, published, name, date(2026, 12, 6 + number % 25)))
        catalog.dispose()
    for label, values in (
        ("transaction", [one for one, _ in times]),
        ("taking over", [other for _, other in times]),
        ("both", [one + other for one, other in times]),
    ):
        print(f"{label}: median {statistics.median(values):.0f} ms, most {max(values):.0f} ms")
    whole = statistics.median(one + other for one, other in times)
    print(f"{'within' if whole <= LIMIT_MS else 'over'} {LIMIT_MS} ms")


if __name__ == "__main__":
    main()
