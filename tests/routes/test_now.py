import re
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.released import release
from xr_server.domain.vocabulary import PERMISSIONS, REASONS
from xr_server.routes.pages import load_texts
from xr_server.storage.tables.events import engagement_event

TOKYO = ZoneInfo("Asia/Tokyo")
number = iter(range(1, 1_000_000))


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def store(world, count, kind="landmark_entered", *, local="2026-11-24T10:55", **columns):
    at = round(datetime.fromisoformat(local).replace(tzinfo=TOKYO).timestamp() * 1000)
    plain = {"site_id": "dejima", "language": "ja", "mode": "page", "late": False, "type": kind}
    rows = []
    for _ in range(count):
        one = next(number)
        ids = {"id": str(UUID(int=one)), "visit_key": one.to_bytes(32, "big")}
        rows.append({**plain, **ids, "occurred_at": at, "received_at": at, **columns})
    with world.events.begin() as connection:
        connection.execute(engagement_event.insert(), rows)


def numbers_of(page: str) -> list[int]:
    """All numbers of visits that the page says."""
    shown = re.search(r'class="now-shown".*?</main>', page, re.DOTALL)
    assert shown is not None
    return [int(found) for found in re.findall(r"about (\d+)", shown[0])]


def test_the_page_says_roughly_what_happens_and_never_a_number_that_is_not_a_ten(world, sato):
    store(world, 47, landmark="water-gate")
    store(world, 13, "failed", word="no_floor")
    page = sato.get("/desk/figures/now").text
    assert "In the 15 minutes until 11:00, about 40 visits were on site." in page
    assert "No floor found" in page
    assert numbers_of(page) and all(shown % 10 == 0 for shown in numbers_of(page))
    assert "47" not in re.sub(r"\s", "", page.split("now-shown")[1])


def test_fewer_than_ten_and_none_look_the_same(world, sato):
    empty = sato.get("/desk/figures/now").text
    store(world, 9, landmark="water-gate")
    store(world, 9, "permission_refused", word="camera")
    world.clock.at += 60_000
    assert sato.get("/desk/figures/now").text.replace("11:01", "11:00") == empty


def test_within_a_minute_nothing_changes_and_in_the_next_it_does(world, sato):
    store(world, 10, landmark="water-gate")
    first = sato.get("/desk/figures/now").text
    store(world, 10, landmark="water-gate")
    world.clock.at += 59_000
    assert sato.get("/desk/figures/now").text == first
    world.clock.at += 1_000
    assert "about 20 visits" in sato.get("/desk/figures/now").text


def test_today_stands_beside_the_same_weekday_of_earlier_weeks_as_released(world, sato):
    assert "There is no number yet" in sato.get("/desk/figures/now").text
    hours = [("arrival_hour", "", f"{hour:02}", "2026-11-17", "2026-11-17", 12) for hour in range(24)]
    release(world.events, [*hours, ("visits", "", "here", "2026-11-17", "2026-11-17", 288)])
    world.clock.at += 60_000
    page = sato.get("/desk/figures/now").text
    assert "By 11:00" in page
    assert re.search(r"17 November \(Tue\)</th><td>132</td><td>288</td>", page)
    assert page.count("not shown") == 6  # three weeks of which nothing is released


def test_a_landmark_that_is_usually_visited_and_is_not_now_is_pointed_at(world, sato):
    day = "2026-11-20"
    release(world.events, [("visits", "", "here", day, day, 200), ("landmark", "water-gate", "seen", day, day, 100)])
    store(world, 80, "arrived")
    page = sato.get("/desk/figures/now").text
    assert "“Water Gate” has fallen silent: by its usual share about 40 visits" in page
    store(world, 10, landmark="water-gate")
    world.clock.at += 60_000
    assert "has fallen silent" not in sato.get("/desk/figures/now").text


def test_without_script_the_page_loads_itself_anew(sato):
    page = sato.get("/desk/figures/now").text
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page


def test_every_reason_and_permission_has_its_words():
    for language in ("ja", "en"):
        texts = load_texts(language)
        assert all(f"now.reason_{reason}" in texts for reason in REASONS)
        assert all(f"now.permission_{permission}" in texts for permission in PERMISSIONS)
