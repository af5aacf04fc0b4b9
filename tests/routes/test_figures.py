import re
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from xr_server.domain.visit import AcceptedEvent
from xr_server.storage.events import Entry, store_entries

TOKYO = ZoneInfo("Asia/Tokyo")
number = iter(range(1, 1_000_000))


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def store(world, local, count, kind="landmark_entered", *, landmark="water-gate", counted_only=False):
    at = round(datetime.fromisoformat(local).replace(tzinfo=TOKYO).timestamp() * 1000)
    events = [
        AcceptedEvent(str(UUID(int=next(number))), "dejima", kind, at, at, False, "ja", "page", landmark, None, None)
        for _ in range(count)
    ]
    with world.events.begin() as connection:
        store_entries(connection, [Entry(events, counted_only, {})])


def test_before_the_first_event_the_page_says_what_to_check(sato):
    text = sato.get("/desk/figures").text
    assert "No events yet" in text and "QR codes" in text and "<table" not in text


def test_who_looks_at_figures_stands_in_the_log_once_a_day(sato):
    for _ in range(3):
        sato.get("/desk/figures?from=2026-11-01&until=2026-11-20")
    told = re.findall(r"sato looked at .*?\.", re.sub(r"<[^>]+>", "", sato.get("/desk/log?kind=page").text))
    assert told == ["sato looked at “Figures” (page) (2026-11-01 to 2026-11-20)."]


def test_arrivals_are_a_sentence_a_table_and_a_chart_of_the_last_fourteen_days(world, sato):
    store(world, "2026-11-24T09:00", 12)
    store(world, "2026-11-23T23:59", 30)
    store(world, "2026-11-23T12:00", 21, landmark="deshima-bridge")
    store(world, "2026-11-10T12:00", 50)  # a day before the first of the fourteen
    text = sato.get("/desk/figures").text
    assert (
        "From 11 November 2026 (Wed) to 24 November 2026 (Tue) most arrivals were at Water Gate: 42 of the 63 shown."
        in text
    )
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', text)
    assert rows == [("23 November (Mon)", "30", "21"), ("24 November (Tue)", "12", "0")]
    assert re.findall(r'bar-line(?: first)?".*?width="([\d.]+)"', text)[:2] == ["100.0", "50.0"]


def test_small_counts_are_named_as_such_and_cannot_be_worked_out(world, sato):
    store(world, "2026-11-24T09:00", 3)
    store(world, "2026-11-23T09:00", 40)
    store(world, "2026-11-22T09:00", 60)
    text = sato.get("/desk/figures").text
    assert text.count('<abbr title="fewer than 10') == 2  # the 3, and the 40 that would give it away
    assert "60 of the 60 shown" in text and "Cells marked “few”: 2." in text


def test_everything_by_type_counts_what_was_stored_and_what_was_only_counted(world, sato):
    store(world, "2026-11-24T09:00", 5, "site_opened", landmark=None)
    store(world, "2026-11-24T09:00", 7, "site_opened", landmark=None, counted_only=True)
    store(world, "2026-11-24T09:00", 4, "scene_opened", landmark=None)
    text = sato.get("/desk/figures").text
    assert "The site was opened 12 times, scenes were shown 4 times, and visitors entered AR 0 times." in text
    assert "There were no arrivals" in text


def test_a_range_is_kept_in_the_form_and_its_days_are_in(world, sato):
    store(world, "2026-10-01T00:00", 10)
    store(world, "2026-10-02T23:59", 20)
    store(world, "2026-10-03T00:00", 40)
    text = sato.get("/desk/figures?from=2026-10-01&until=2026-10-02").text
    assert "30 of the 30 shown" in text
    assert 'value="2026-10-01"' in text and 'value="2026-10-02"' in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-24&until=2026-11-01", "Exchange them"),
        ("from=yesterday", "written like"),
        ("from=2020-01-01&until=2026-01-01", "366 days"),
    ],
)
def test_a_range_that_cannot_be_counted_is_said_and_stays_typed(sato, query, words):
    answer = sato.get(f"/desk/figures?{query}")
    assert words in answer.text
    assert all(part.partition("=")[2] in answer.text for part in query.split("&"))


def test_in_japanese_days_and_numbers_read_as_they_should(world, sato):
    store(world, "2026-11-24T09:00", 1200)
    text = sato.get("/desk/figures?lang=ja").text
    assert "11月24日（火）" in text and "1,200" in text and "水門" in text
