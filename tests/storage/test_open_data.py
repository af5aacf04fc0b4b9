"""Months released to everyone: once, for good, within the year's budget, and never by half."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from importlib.metadata import PackageNotFoundError
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, insert, select, update

from tests.open_months import AFTER, FACTS, MONTH, fill_month
from xr_server.domain.catalog import Change
from xr_server.domain.open_figures import MEASURES
from xr_server.errors import Conflict, NotFound, Unavailable
from xr_server.storage import privacy
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.open_data import (
    Stores,
    check_month,
    find_release,
    list_files,
    list_months,
    list_releases,
    load_budget,
    load_file,
    load_visits,
    preview,
    release_month,
)
from xr_server.storage.tables.events import engagement_event
from xr_server.storage.tables.figures import summed_day, visit
from xr_server.storage.tables.open_data import open_budget, open_file, open_release

CHANGE = Change(AFTER, "sato")
ALLOWED = 12_000
ZONE = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def stores(catalog, event_store):
    fill_month(event_store)
    return Stores(catalog, event_store)


def count_rows(events):
    with events.connect() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) for table in (open_release, open_file)]


def spent(stores):
    return load_budget(stores.events, "dejima", 2026, ALLOWED).spent


def entries(stores):
    return list_entries(stores.catalog, "dejima", Wanted(kind="open_data"), 10)


def test_a_release_is_written_down_with_its_files_its_cost_and_who_did_it(stores):
    release = release_month(stores, MONTH, CHANGE, ALLOWED)
    assert list_releases(stores.events, "dejima") == [release]
    assert (release.month, release.account_id, release.released_at) == ("2026-11", "sato", AFTER)
    assert (release.epsilon_thousandths, release.most_landmarks, release.tables) == (1000, 5, 10)
    assert "OpenDP" in release.mechanism and spent(stores) == 1000
    (entry,) = entries(stores)
    assert (entry.deed, entry.thing_id, entry.details) == ("figures_opened", "2026-11", {"digest": release.digest})
    listed = list_files(stores.events, "dejima")["2026-11"]
    listing = ""
    for one in listed:
        file, digest = load_file(stores.events, "dejima", "2026-11", one.name)
        assert digest == one.digest == hashlib.sha256(file.body).hexdigest() and one.size_bytes == len(file.body)
        listing += f"{digest}  {one.name}\n"
    assert release.digest == hashlib.sha256(listing.encode()).hexdigest()
    document = json.loads(load_file(stores.events, "dejima", "2026-11", "visits.json")[0].body)
    totals = {row["where"]: row["visits"] for row in document["rows"]}
    assert abs(totals["here"] - 450) < 600 and document["privacy"]["mechanism"] == release.mechanism


def test_a_month_is_released_once_and_its_bytes_never_change(stores):
    """The third attack: no second draw, whatever happens to the visits meanwhile."""
    release_month(stores, MONTH, CHANGE, ALLOWED)
    before = {one.name: load_file(stores.events, "dejima", "2026-11", one.name) for one in _files(stores)}
    with stores.events.begin() as connection:
        connection.execute(delete(visit))
    with pytest.raises(Conflict) as refused:
        release_month(stores, MONTH, Change(AFTER + 1, "mori"), ALLOWED)
    assert refused.value.code == "month_released"
    assert {one.name: load_file(stores.events, "dejima", "2026-11", one.name) for one in _files(stores)} == before
    assert spent(stores) == 1000 and len(entries(stores)) == 1
    assert list_months(stores.events, "dejima", ZONE, AFTER) == []


def _files(stores):
    return list_files(stores.events, "dejima")["2026-11"]


def test_two_who_release_at_once_make_one_release(stores):
    ready, outcomes = threading.Barrier(2), []

    def draw(counts, measure):
        if measure is MEASURES["day"]:
            ready.wait(20)  # both have found that nothing is released yet
        return privacy.add_noise(counts, measure)

    def run():
        try:
            outcomes.append(release_month(stores, MONTH, CHANGE, ALLOWED, draw).digest)
        except Conflict as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("month_released") == 1
    assert list_releases(stores.events, "dejima")[0].digest in outcomes
    assert spent(stores) == 1000 and count_rows(stores.events) == [1, 21]


def test_a_release_beyond_the_budget_of_its_year_is_refused_and_spends_nothing(stores):
    with stores.events.begin() as connection:
        connection.execute(insert(open_budget).values(site_id="dejima", year=2026, spent_thousandths=11_001))
    with pytest.raises(Conflict) as refused:
        release_month(stores, MONTH, CHANGE, ALLOWED)
    assert refused.value.code == "budget_spent"
    assert count_rows(stores.events) == [0, 0] and spent(stores) == 11_001
    release_month(stores, MONTH, CHANGE, ALLOWED + 1)
    assert load_budget(stores.events, "dejima", 2026, ALLOWED + 1).left == 0


def test_a_month_that_is_not_final_is_refused(stores):
    day_4 = AFTER - 4 * 86_400_000  # 4 December, when events of 2 and 3 December may still come
    check_month(stores.events, MONTH, day_4)
    with pytest.raises(Conflict) as refused:
        release_month(stores, MONTH, Change(AFTER - 7 * 86_400_000), ALLOWED)
    assert refused.value.code == "month_not_final"
    with stores.events.begin() as connection:
        connection.execute(update(summed_day).where(summed_day.c.day_on == "2026-11-30").values(final=False))
    with pytest.raises(Conflict, match="not complete"):
        check_month(stores.events, MONTH, AFTER)


def test_a_month_with_an_event_that_is_not_summed_up_is_refused(stores):
    event = {"id": "e", "site_id": "dejima", "type": "arrived", "language": "ja", "mode": "page", "visit_key": b"k"}
    times = {"occurred_at": AFTER - 10 * 86_400_000, "received_at": AFTER + 1}
    with stores.events.begin() as connection:
        connection.execute(insert(engagement_event).values(**event, **times))
    with pytest.raises(Conflict, match="not complete"):
        check_month(stores.events, MONTH, AFTER)


def test_a_month_whose_visits_are_no_longer_kept_is_refused(stores):
    with pytest.raises(Conflict) as refused:
        check_month(stores.events, MONTH, AFTER + 400 * 86_400_000)
    assert refused.value.code == "month_too_old"


def test_months_are_offered_from_the_first_visit_on_until_they_are_released(stores):
    assert list_months(stores.events, "dejima", ZONE, AFTER) == ["2026-11"]
    assert list_months(stores.events, "dejima", ZONE, AFTER - 7 * 86_400_000) == []
    assert list_months(stores.events, "dejima", ZONE, AFTER + 62 * 86_400_000) == ["2027-01", "2026-12", "2026-11"]
    assert list_months(stores.events, "nowhere", ZONE, AFTER) == []


def test_where_an_older_store_was_put_back_the_month_is_not_drawn_again(stores):
    release_month(stores, MONTH, CHANGE, ALLOWED)
    with stores.events.begin() as connection:
        for table in (open_release, open_file, open_budget):
            connection.execute(delete(table))
    with pytest.raises(Conflict) as refused:
        release_month(stores, MONTH, CHANGE, ALLOWED)
    assert refused.value.code == "release_lost" and count_rows(stores.events) == [0, 0]


def test_without_the_library_nothing_is_released_and_the_way_to_install_it_is_said(stores, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(privacy, "version", missing)
    assert not privacy.is_installed()
    with pytest.raises(Unavailable, match=r"pip install 'dejima-xr\[privacy\]'"):
        release_month(stores, MONTH, CHANGE, ALLOWED)
    assert count_rows(stores.events) == [0, 0] and spent(stores) == 0


def test_visits_kept_out_of_figures_are_kept_out_of_releases_too(stores):
    assert sum(1 for _ in load_visits(stores.events, MONTH)) == 600
    with stores.events.begin() as connection:
        flagged = '{"language":"ja","here":true,"flag":"speed"}'
        connection.execute(update(visit).where(visit.c.day_on == "2026-11-01").values(facts=flagged))
    assert sum(1 for _ in load_visits(stores.events, MONTH)) == 580
    assert preview(stores.events, MONTH)["landmark_day"] == (60, 0)
    assert FACTS.flag == ""


def test_a_file_that_was_never_released_is_not_found(stores):
    for wanted in (("dejima", "2026-11", "visits.csv"), ("dejima\0", "2026-11", "x"), ("x", "y", "z")):
        with pytest.raises(NotFound):
            load_file(stores.events, *wanted)
    assert find_release(stores.events, "dejima", "2026-11") is None


KILLED = """
import os, signal, sys
from sqlalchemy import event
from tests.open_months import AFTER, MONTH
from xr_server.domain.catalog import Change
from xr_server.storage.database import open_engine
from xr_server.storage.open_data import Stores, release_month

catalog, events = open_engine(sys.argv[1]), open_engine(sys.argv[2])
point = sys.argv[3]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def after_statement(_connection, _cursor, statement, *_):
    if statement.startswith(point):
        die()

if point == "commit":
    event.listen(catalog, "before_cursor_execute", lambda c, k, s, *_: s.startswith("INSERT INTO audit") and die())
else:
    event.listen(events, "after_cursor_execute", after_statement)
release_month(Stores(catalog, events), MONTH, Change(AFTER, "sato"), 12_000)
"""
POINTS = [
    pytest.param("UPDATE open_budget", marks=pytest.mark.long),
    pytest.param("INSERT INTO open_release", marks=pytest.mark.long),
    "INSERT INTO open_file",
    "commit",
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_in_the_middle_either_nothing_is_spent_or_the_frozen_release_is_there(stores, store_urls, point):
    child = subprocess.run([sys.executable, "-c", KILLED, *store_urls, point], env=os.environ, check=False)
    assert child.returncode == -signal.SIGKILL
    if point != "commit":
        assert count_rows(stores.events) == [0, 0] and spent(stores) == 0 and entries(stores) == []
        release_month(stores, MONTH, CHANGE, ALLOWED)
        assert spent(stores) == 1000 and count_rows(stores.events) == [1, 21]
        return
    assert count_rows(stores.events) == [1, 21] and spent(stores) == 1000 and entries(stores) == []
    frozen = list_releases(stores.events, "dejima")
    with pytest.raises(Conflict):
        release_month(stores, MONTH, Change(AFTER + 5, "mori"), ALLOWED)
    assert list_releases(stores.events, "dejima") == frozen
    (entry,) = entries(stores)  # what the kill had kept out of the log, with who had done it and when
    assert (entry.account_id, entry.done_at) == ("sato", AFTER)
