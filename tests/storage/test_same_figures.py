"""Visits of any kind, made up by a seed, come to the same figures on both databases, however their events arrive."""

import random
import shutil
import uuid
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.conftest import empty, in_database
from xr_server.domain.visit import AcceptedEvent
from xr_server.domain.visit_facts import Ground
from xr_server.storage.events import Entry, Note, store_entries
from xr_server.storage.summing import sum_site
from xr_server.storage.tables.events import hourly_count
from xr_server.storage.tables.figures import day_figure, day_quality, released_block, summed_day, visit

PLACES = {"gate": (32.744, 129.873), "house": (32.7445, 129.873), "far": (32.760, 129.873)}
GROUND = Ground(ZoneInfo("Asia/Tokyo"), PLACES, {"abcdef": "autumn"})
FIRST_AT = 1_793_545_200_000  # midnight of 2 November 2026 in Nagasaki
DAY_MS = 86_400_000
DAYS, VISITS_A_DAY = 6, 60
TABLES = (visit, day_figure, released_block, day_quality, summed_day, hourly_count)
OF_SCENE = {"experience": "gate-visit", "landmark": "gate", "scene": "gate-1820"}
KINDS: tuple[dict[str, object], ...] = (
    {"type": "site_opened"},
    {"type": "site_opened", "subject": "abcdef"},
    {"type": "arrived", "accuracy": "good"},
    *({"type": "landmark_entered", "landmark": place} for place in PLACES),
    *({"type": "landmark_stayed", "landmark": place, "amount": 40} for place in PLACES),
    {"type": "experience_opened", "experience": "gate-visit", "landmark": "gate", "word": "trigger"},
    {"type": "scene_opened", "amount": 1, **OF_SCENE},
    {"type": "ar_started", "word": "ar", **OF_SCENE},
    {"type": "scene_placed", "word": "floor", **OF_SCENE},
    {"type": "scene_completed", **OF_SCENE},
    {"type": "failed", "word": "no_floor", "experience": "gate-visit"},
    {"type": "permission_refused", "word": "camera"},
    {"type": "hotspot_opened", "subject": "roof", **OF_SCENE},
    {"type": "stamp_collected", "subject": "stamps", "landmark": "gate"},
)


def make_entries(chance: random.Random) -> list[Entry]:
    """Batches of visits, some twice, some a day late, some only to be counted, in any order."""
    entries = []
    for number in range(DAYS * VISITS_A_DAY):
        begins_at = FIRST_AT + number // VISITS_A_DAY * DAY_MS + chance.randrange(9 * 3_600_000, 17 * 3_600_000)
        key = chance.randbytes(32)
        for _ in range(chance.randint(1, 4)):
            entry = make_batch(chance, begins_at, key)
            entries += [entry] * chance.choice((1, 1, 1, 2))
    chance.shuffle(entries)
    return sorted(entries, key=lambda entry: entry.events[0].received_at // DAY_MS)


def make_batch(chance: random.Random, begins_at: int, key: bytes) -> Entry:
    late_ms = chance.choice((0, 0, 0, 20 * 3_600_000))
    common = {"site_id": "dejima", "received_at": begins_at + 1_800_000 + late_ms, "late": late_ms > 0}
    common |= {"language": chance.choice(("ja", "en", "ko")), "mode": "page"}
    common |= {"device": chance.choice(("phone", "tablet", None)), "flag": chance.choice((None,) * 40 + ("budget",))}
    events = [
        AcceptedEvent(
            id=str(uuid.UUID(int=chance.getrandbits(128))),
            occurred_at=begins_at + chance.randrange(0, 1_800_000),
            **{**common, **chance.choice(KINDS)},
        )
        for _ in range(chance.randint(1, 6))
    ]
    counted_only = chance.random() < 0.1
    keys = {} if counted_only else {event.id: key for event in events}
    return Entry(events, counted_only, keys, Note("dejima", day_of(begins_at + late_ms), {"rejected_malformed": 1}))


def day_of(at: int) -> str:
    return (date(2026, 11, 2) + timedelta(days=(at - FIRST_AT) // DAY_MS)).isoformat()


@pytest.fixture
def both_stores(migrated_sqlite, postgres_url, tmp_path, open_store):
    """A fresh event store of each kind."""
    shutil.copy(migrated_sqlite / "events.sqlite3", tmp_path / "events.sqlite3")
    url = in_database(postgres_url, "dejima")
    empty(url)
    return open_store(f"sqlite:///{tmp_path / 'events.sqlite3'}"), open_store(url)


@pytest.mark.parametrize("seed", [1, 2])
def test_both_databases_come_to_the_same(both_stores, seed):
    left, right = (come_to(engine, make_entries(random.Random(seed))) for engine in both_stores)
    assert left == right
    assert all(left[table.name] for table in TABLES)


def come_to(engine, entries: list[Entry]) -> dict[str, list]:
    """What stands in the tables of figures once entries came day by day, and each day was summed up."""
    for day in range(DAYS + 4):
        ends_at = FIRST_AT + (day + 1) * DAY_MS
        today = [entry for entry in entries if ends_at - DAY_MS <= entry.events[0].received_at < ends_at]
        for start in range(0, len(today), 50):
            with engine.begin() as connection:
                store_entries(connection, today[start : start + 50])
        sum_site(engine, "dejima", GROUND, ends_at)
    with engine.connect() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in TABLES}
