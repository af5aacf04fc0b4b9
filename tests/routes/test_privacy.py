"""What the figures promise visitors, tried by whoever has everything: all files three days later, and every backup until then.

All of it goes over the server's own addresses into real files, which are then read byte by byte.
"""

import hashlib
import hmac
import secrets
import shutil
from datetime import UTC, date, datetime
from itertools import product

import pytest
from sqlalchemy import select

from tests.routes.test_events import make_event
from tests.samples import HOUR_MS
from xr_server.storage.forget import forget
from xr_server.storage.tables.events import engagement_event

DAY_MS = 24 * HOUR_MS
BACKED_UP = ("catalog.sqlite3", "events.sqlite3")  # docs/operators.md, "What lies where": keys of days are not
number = iter(range(1, 1_000_000))


class Phone:
    """A phone at an address; the id of its visit is made anew each day, as visit-id.ts does."""

    def __init__(self, served):
        self.served, self.visits = served, {}

    def go(self, address="203.0.113.5", agent="phone", landmark="water-gate"):
        """Do something now, over a network where it has that address."""
        client, day = self.served.client, self.today()
        visit = self.visits.setdefault(day, secrets.token_hex(16))
        headers = {"X-Forwarded-For": address, "User-Agent": agent}
        token = client.post("/api/v1/visit-tokens", json={"site": "dejima"}, headers=headers).json()["token"]
        event = make_event(next(number), self.served.clock(), landmark=landmark)
        batch = {
            "token": token,
            "consent": {"state": "statistics", "text_version": "1"},
            "language": "ja",
            "mode": "page",
        }
        answer = client.post("/api/v1/events", json={**batch, "visit": visit, "events": [event]}, headers=headers)
        assert answer.json()["accepted"] == 1
        return event["id"]

    def today(self):
        return datetime.fromtimestamp(self.served.clock() / 1000, UTC).date()


def keys_of(served, *event_ids):
    """Under which key each event's visit is stored."""
    with served.parts.events.connect() as connection:
        rows = connection.execute(select(engagement_event.c.id, engagement_event.c.visit_key))
        found = {row.id: row.visit_key for row in rows}
    return [found[name] for name in event_ids]


def read_all(folder):
    """Every file there is, by its path."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def back_up(served, folder):
    """What docs/operators.md puts into a backup; SQLite's log goes along."""
    target = folder / f"backup-{served.clock()}"
    target.mkdir()
    for name in BACKED_UP:
        for path in served.settings.data_dir.glob(f"{name}*"):
            shutil.copy(path, target / path.name)
    shutil.copytree(served.settings.package_dir, target / "packages")


def local_day(served):
    return date(2026, 11, 24 + (served.clock() - START) // DAY_MS)


START = 1_795_485_600_000  # 24 November 2026, 11:00 in Nagasaki


@pytest.fixture
def three_days(served, tmp_path):
    """Two phones come on three days, each day is backed up, and the server forgets what it has to; gives what was held."""
    phones, backups = (Phone(served), Phone(served)), tmp_path / "backups"
    backups.mkdir()
    day_keys, events = {}, {}
    for day in range(4):
        for phone in phones:
            events.setdefault(phone, []).append(phone.go())
        back_up(served, backups)
        for path in served.settings.key_dir.glob("day-*.key"):
            day_keys.setdefault(path.name, path.read_bytes())
        if day < 3:
            served.clock.at += DAY_MS
        forget(served.parts.events, served.settings.key_dir, served.clock(), local_day(served))
    return phones, backups, day_keys, events


def test_who_holds_disk_and_backups_three_days_later_cannot_link_the_first_day(served, three_days, tmp_path):
    phones, backups, day_keys, events = three_days
    files = {
        **read_all(served.settings.data_dir),
        **{f"backup/{name}": data for name, data in read_all(backups).items()},
    }
    everything = b"\n".join(f"{name}\n".encode() + data for name, data in files.items())
    first = date(2026, 11, 24)
    gone = day_keys[f"day-{first}.key"]
    assert f"day-{first}.key" not in {path.name for path in served.settings.key_dir.iterdir()}
    assert gone not in everything and gone.hex().encode() not in everything
    for phone in phones:  # the id of a visit is nowhere, of whatever day
        for visit in phone.visits.values():
            assert visit.encode() not in everything and bytes.fromhex(visit) not in everything
    # even who gets at a phone with its ids, and tries every 32 bytes of every key file, cannot find its first day
    stored = dict(zip(events[phones[0]], keys_of(served, *events[phones[0]]), strict=True))
    first_key = stored[events[phones[0]][0]]
    assert first_key in everything
    on_disk = [data for name, data in files.items() if str(name).startswith("keys")]
    assert len(on_disk) >= 3
    for key, visit in product(on_disk, phones[0].visits.values()):
        assert hmac.new(key, visit.encode(), hashlib.sha256).digest() != first_key
    # which is no accident of this test: with the key that was destroyed it would have been found
    visit = phones[0].visits[date(2026, 11, 24)]
    assert hmac.new(gone, visit.encode(), hashlib.sha256).digest() == first_key


def test_no_key_of_a_day_lies_in_a_store_or_in_any_backup(three_days, served):
    _, backups, day_keys, _ = three_days
    assert len(day_keys) == 4
    stores = b"".join(path.read_bytes() for path in served.settings.data_dir.glob("*.sqlite3*"))
    everything = stores + b"".join(read_all(backups).values())
    for key in day_keys.values():
        assert key not in everything and key.hex().encode() not in everything


def test_keys_are_gone_once_their_day_ended_48_hours_ago(three_days, served):
    left = {path.stem for path in served.settings.key_dir.glob("day-*")}
    assert left == {"day-2026-11-25", "day-2026-11-26", "day-2026-11-27"}


def test_two_visits_of_one_phone_on_two_days_share_nothing_that_is_stored(served, three_days):
    phones, _, _, events = three_days
    with served.parts.events.connect() as connection:
        rows = {row.id: row._mapping for row in connection.execute(select(engagement_event))}
    first, second = (rows[name] for name in events[phones[0]][:2])
    theirs = rows[events[phones[1]][1]]
    alike = {name for name in first if first[name] == second[name] and first[name] is not None}
    alike_others = {name for name in first if first[name] == theirs[name] and first[name] is not None}
    assert alike == alike_others  # no more than a visit of somebody else that day
    assert alike == {"site_id", "type", "late", "language", "mode", "landmark", "accuracy"}


def test_two_phones_behind_one_address_stay_two_visits(served):
    one, other = Phone(served), Phone(served)
    events = [phone.go(address="198.51.100.7", agent="the same") for phone in (one, other, one)]
    first, second, again = keys_of(served, *events)
    assert first == again != second


def test_a_phone_that_changes_networks_stays_one_visit(served):
    phone = Phone(served)
    ways = (("203.0.113.5", "phone"), ("2001:db8::7", "phone"), ("198.51.100.7", "the same browser, updated meanwhile"))
    events = []
    for address, agent in ways:
        events.append(phone.go(address, agent))
        served.clock.at += HOUR_MS // 4
    assert len(set(keys_of(served, *events))) == 1


def test_addresses_and_browsers_are_nowhere(served):
    Phone(served).go(address="203.0.113.77", agent="a-browser-of-its-own/7.1")
    everything = b"".join(read_all(served.settings.data_dir).values())
    assert b"203.0.113.77" not in everything and b"a-browser-of-its-own" not in everything
