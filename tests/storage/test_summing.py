"""Visits and days summed up in the store, days made final, and what of them may be shown; on both databases."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, insert, select, update

from xr_server.domain.families import Cell
from xr_server.domain.visit_facts import Ground
from xr_server.storage import summing as module
from xr_server.storage.summing import Summed, sum_site
from xr_server.storage.tables.events import engagement_event
from xr_server.storage.tables.figures import day_figure, day_quality, released_block, summed_day, summing, visit

TOKYO = ZoneInfo("Asia/Tokyo")
GROUND = Ground(TOKYO, {"gate": (32.744, 129.873), "far": (32.760, 129.873)}, {"abcdef": "autumn"})
FIRST = date(2026, 11, 2)
DAY_MS = 86_400_000
ALL = Cell("all", "", "all")


def moment(day: date, hour: int = 10, minute: int = 0) -> int:
    return round(datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO).timestamp() * 1000)


def row(key: bytes, at: int, kind: str = "site_opened", **said: object) -> dict[str, object]:
    values: dict[str, object] = {"id": str(uuid.uuid4()), "site_id": "dejima", "type": kind, "occurred_at": at}
    values |= {"received_at": at, "late": False, "visit_key": key, "language": "ja", "mode": "page", "device": "phone"}
    values |= dict.fromkeys(("landmark", "scene", "experience", "subject", "word", "amount", "accuracy", "flag"))
    return values | said


def keep(engine, rows) -> None:
    with engine.begin() as connection:
        connection.execute(insert(engagement_event), list(rows))


def key_of(number: int) -> bytes:
    return number.to_bytes(32, "big")


def day_of_visits(day: date, count: int, start: int = 0, **said: object) -> list[dict[str, object]]:
    keys = [key_of(start + number) for number in range(count)]
    opened = [row(key, moment(day, 10, number % 50), **said) for number, key in enumerate(keys)]
    return opened + [
        row(key, moment(day, 11), "landmark_entered", landmark="gate", **said) for key in keys[: count // 2]
    ]


def numbers(engine, day: date) -> dict[Cell, int]:
    columns = [day_figure.c[name] for name in ("figure", "part", "atom", "visits")]
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(day_figure.c.day_on == day.isoformat()))
        return {Cell(figure, part, atom): visits for figure, part, atom, visits in rows}


def blocks(engine, site: str = "dejima") -> dict[tuple[Cell, str, str], int]:
    columns = [released_block.c[name] for name in ("figure", "part", "atom", "first_on", "last_on", "visits")]
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(released_block.c.site_id == site))
        return {(Cell(figure, part, atom), first, last): visits for figure, part, atom, first, last, visits in rows}


def scalar(engine, query):
    with engine.connect() as connection:
        return connection.scalar(query)


def test_a_day_is_summed_up_and_counted(event_store):
    keep(event_store, day_of_visits(FIRST, 30))
    assert sum_site(event_store, "dejima", GROUND, moment(FIRST, 12)) == Summed(30, 1, 0)
    counted = numbers(event_store, FIRST)
    assert (counted[ALL], counted[Cell("visits", "", "here")], counted[Cell("visits", "", "home")]) == (30, 15, 15)
    assert counted[Cell("hour", "gate", "11")] == 15
    assert blocks(event_store) == {}


def test_events_that_come_later_change_their_visit_and_its_day(event_store):
    keep(event_store, day_of_visits(FIRST, 30))
    sum_site(event_store, "dejima", GROUND, moment(FIRST, 12))
    later = moment(FIRST + timedelta(days=1), 9)
    keep(event_store, [row(key_of(29), moment(FIRST, 12), "landmark_entered", landmark="gate", received_at=later)])
    assert sum_site(event_store, "dejima", GROUND, later) == Summed(1, 1, 0)
    assert numbers(event_store, FIRST)[Cell("visits", "", "here")] == 16
    assert scalar(event_store, select(func.count()).select_from(visit)) == 30


def test_an_event_that_another_server_commits_a_little_later_is_not_passed_over(event_store):
    now = moment(FIRST, 12)
    keep(event_store, [row(key_of(1), now - 1000)])
    sum_site(event_store, "dejima", GROUND, now)
    keep(event_store, [row(key_of(2), now - 5000, received_at=now - 5000)])
    sum_site(event_store, "dejima", GROUND, now + 60_000)
    assert numbers(event_store, FIRST)[ALL] == 2


def test_summing_up_again_changes_nothing(event_store):
    keep(event_store, day_of_visits(FIRST, 12))
    sum_site(event_store, "dejima", GROUND, moment(FIRST, 12))
    before = numbers(event_store, FIRST)
    with event_store.begin() as connection:
        connection.execute(update(summing).values(received_until=0))
    sum_site(event_store, "dejima", GROUND, moment(FIRST, 13))
    assert numbers(event_store, FIRST) == before


def test_a_day_becomes_final_after_48_hours_and_is_released_once(event_store):
    keep(event_store, day_of_visits(FIRST, 30))
    ended = moment(FIRST + timedelta(days=1), 0)
    assert sum_site(event_store, "dejima", GROUND, ended + 2 * DAY_MS).final == 0
    assert sum_site(event_store, "dejima", GROUND, ended + 2 * DAY_MS + 3 * 60_000).final == 1
    shown = blocks(event_store)
    on = FIRST.isoformat()
    assert shown[ALL, on, on] == 30
    assert shown[Cell("visits", "", "here"), on, on] == 15
    assert sum_site(event_store, "dejima", GROUND, ended + 3 * DAY_MS).final == 0
    assert blocks(event_store) == shown


def test_a_final_day_stays_as_it_is(event_store):
    keep(event_store, day_of_visits(FIRST, 30))
    now = moment(FIRST + timedelta(days=4))
    sum_site(event_store, "dejima", GROUND, now)
    keep(event_store, [row(key_of(500), moment(FIRST, 13), received_at=now)])
    sum_site(event_store, "dejima", GROUND, now + 1000)
    assert numbers(event_store, FIRST)[ALL] == 30
    assert scalar(event_store, select(func.count()).select_from(visit)) == 30


def test_days_released_one_by_one_show_what_they_show_together(event_store):
    days = [FIRST + timedelta(days=number) for number in range(6)]
    for number, day in enumerate(days):
        keep(event_store, day_of_visits(day, 8 + 3 * number, 100 * number))
        keep(event_store, day_of_visits(day, 8 + 3 * number, 10_000 + 100 * number, site_id="deshima"))
        sum_site(event_store, "dejima", GROUND, moment(day + timedelta(days=3)))
    for site in ("dejima", "deshima"):
        sum_site(event_store, site, GROUND, moment(days[-1] + timedelta(days=4)))
    assert blocks(event_store) == blocks(event_store, "deshima")
    assert min(blocks(event_store).values()) >= 10


def test_one_server_at_a_time(event_store):
    keep(event_store, day_of_visits(FIRST, 12))
    now = moment(FIRST, 12)
    with event_store.begin() as connection:
        connection.execute(insert(summing).values(site_id="dejima", received_until=0, lease_until=now + 1000))
    assert sum_site(event_store, "dejima", GROUND, now) == Summed(0, 0, 0)
    assert sum_site(event_store, "dejima", GROUND, now + 1001).visits == 12


def test_whatever_breaks_off_is_done_again(event_store, monkeypatch):
    keep(event_store, day_of_visits(FIRST, 30))
    now = moment(FIRST + timedelta(days=4))
    for name in ("_sum_visits", "count_day", "_note_progress", "_load_held"):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, _break_off)
            with pytest.raises(ConnectionResetError):
                sum_site(event_store, "dejima", GROUND, now)
    assert scalar(event_store, select(func.count()).select_from(released_block)) == 0
    assert sum_site(event_store, "dejima", GROUND, now + 1).final == 1
    assert blocks(event_store)[ALL, FIRST.isoformat(), FIRST.isoformat()] == 30


def _break_off(*_: object) -> None:
    raise ConnectionResetError


def test_slices_of_events_add_up(event_store, monkeypatch):
    monkeypatch.setattr(module, "SLICE_EVENTS", 7)
    monkeypatch.setattr(module, "KEYS_AT_ONCE", 5)
    keep(event_store, day_of_visits(FIRST, 30))
    sum_site(event_store, "dejima", GROUND, moment(FIRST, 12))
    assert numbers(event_store, FIRST)[ALL] == 30
    assert scalar(event_store, select(summing.c.received_until)) == moment(FIRST, 11)


def test_flagged_visits_are_counted_and_in_no_figure(event_store):
    told = day_of_visits(FIRST, 12)
    flown = [row(key_of(90), moment(FIRST, 9), "landmark_entered", landmark="gate")]
    flown.append(row(key_of(90), moment(FIRST, 9) + 5000, "landmark_entered", landmark="far"))
    keep(event_store, [*told, *flown, row(key_of(91), moment(FIRST, 9), flag="budget")])
    sum_site(event_store, "dejima", GROUND, moment(FIRST, 12))
    assert numbers(event_store, FIRST)[ALL] == 12
    with event_store.connect() as connection:
        found = {(row.what, row.count) for row in connection.execute(select(day_quality))}
    assert found == {("visits_flagged_speed", 1), ("visits_flagged_budget", 1)}
    assert scalar(event_store, select(summed_day.c.visits)) == 14


def test_raw_events_may_go_once_their_day_is_final(event_store):
    keep(event_store, day_of_visits(FIRST, 30))
    now = moment(FIRST + timedelta(days=4))
    sum_site(event_store, "dejima", GROUND, now)
    shown = blocks(event_store)
    with event_store.begin() as connection:
        connection.execute(delete(engagement_event))
    sum_site(event_store, "dejima", GROUND, now + DAY_MS)
    assert (numbers(event_store, FIRST)[ALL], blocks(event_store)) == (30, shown)
