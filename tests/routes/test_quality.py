import re
from datetime import date

import pytest
from sqlalchemy import insert

from tests.released import finish_days, release
from xr_server.domain.days import Window
from xr_server.storage.tables.figures import day_quality, summed_day

PAGE = "/desk/figures/quality?from=2026-11-10&until=2026-11-13"


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def count(world, *rows):
    values = [{"site_id": "dejima", "day_on": day, "what": what, "count": number} for day, what, number in rows]
    with world.events.begin() as connection:
        connection.execute(insert(day_quality), values)


def fate(page: str, name: str) -> str:
    found = re.search(rf'<th scope="row">{name}</th><td>([^<]*)</td>', page)
    assert found is not None
    return found[1]


def test_what_came_is_told_of_runs_of_days_with_ten_visits_and_of_no_others(world, sato):
    days = [("2026-11-10", 400), ("2026-11-11", 31), ("2026-11-12", 57), ("2026-11-13", 23)]
    count(world, *((day, "accepted", number) for day, number in days))
    count(
        world, ("2026-11-10", "late", 40), ("2026-11-10", "rejected_malformed", 25), ("2026-11-10", "flagged_speed", 12)
    )
    release(world.events, [("all", "", "all", "2026-11-10", "2026-11-10", 40)])
    release(world.events, [("all", "", "all", "2026-11-11", "2026-11-12", 11)])
    finish_days(world.events, Window(date(2026, 11, 10), date(2026, 11, 13)))
    page = sato.get(PAGE).text
    assert fate(page, "Stored") == "488"  # the 13th had too few visits to be told of
    assert fate(page, "Not of the form agreed") == "25"
    assert fate(page, "Moves faster than anybody walks") == "12"
    assert "11 November (Wed) – 12 November (Thu)" in page
    assert not re.search(r"<td>(31|57|23)</td>", page)
    # the day alone, in a run with another, is not told either
    assert "there is no final day" in sato.get("/desk/figures/quality?from=2026-11-11&until=2026-11-11").text


def test_the_share_that_refused_the_position_is_of_released_visits(world, sato):
    release(
        world.events,
        [
            ("all", "", "all", "2026-11-10", "2026-11-10", 80),
            ("refused", "", "location", "2026-11-10", "2026-11-10", 20),
        ],
    )
    assert "25.0 %" in sato.get(PAGE).text


def test_it_says_which_days_are_not_final_and_when_summing_up_has_stopped(world, sato):
    finish_days(world.events, Window(date(2026, 11, 10), date(2026, 11, 11)))
    with world.events.begin() as connection:
        connection.execute(summed_day.update().values(summed_at=world.clock.at - 5 * 60_000))
    page = sato.get(PAGE).text
    assert "Please tell whoever runs the system" not in page
    world.clock.at += 11 * 60_000
    assert "Please tell whoever runs the system" in sato.get(PAGE).text


def test_days_that_cannot_be_read_are_said_so_and_the_newest_are_shown(sato):
    page = sato.get("/desk/figures/quality?from=x&until=2026-11-13")
    assert page.status_code == 200
    assert 'role="alert"' in page.text
