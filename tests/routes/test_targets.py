import re
from datetime import date

import pytest

from tests.released import release_daily
from tests.routes.conftest import post_form
from xr_server.domain.days import Window


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_targets_are_set_by_a_form_and_shown_again(sato):
    answer = sato.get("/desk/figures/targets", follow_redirects=False)
    assert answer.headers["location"] == "/desk/figures/targets/2026"
    page = sato.get("/desk/figures/targets/2026").text
    answer = post_form(
        sato,
        "/desk/figures/targets/2026",
        seen=seen_in(page),
        **{"visits-2026": "120,000", "circulation-2026-11": "45"},
    )
    assert answer.status_code == 303
    page = sato.get(answer.headers["location"]).text
    assert "The targets are set." in page
    assert 'name="visits-2026" value="120000"' in page
    assert 'name="circulation-2026-11" value="45"' in page
    log = re.sub(r"<[^>]+>", "", sato.get("/desk/log").text)
    assert "set “2026” (targets): 2 in all." in log


def test_what_is_wrong_stands_at_its_field_and_nothing_is_set(sato):
    answer = post_form(sato, "/desk/figures/targets/2026", seen="0", **{"visits-2026": "many", "visits-2026-01": "50"})
    assert answer.status_code == 400
    assert 'id="visits-2026-problem"' in answer.text
    assert 'name="visits-2026-01" value="50"' in answer.text
    assert 'name="visits-2026-01" value=""' in sato.get("/desk/figures/targets/2026").text


def test_whoever_was_slower_sees_both_and_decides(sato):
    post_form(sato, "/desk/figures/targets/2026", seen="0", **{"visits-2026": "100"})
    answer = post_form(sato, "/desk/figures/targets/2026", seen="0", **{"visits-2026": "200"})
    assert answer.status_code == 409
    assert 'name="visits-2026" value="200"' in answer.text
    assert "Set now: 100" in answer.text
    again = post_form(sato, "/desk/figures/targets/2026", seen=seen_in(answer.text), **{"visits-2026": "200"})
    assert again.status_code == 303


def test_a_year_that_is_none_is_not_found(sato):
    assert sato.get("/desk/figures/targets/199").status_code == 404
    assert sato.get("/desk/figures/targets/next").status_code == 404


def test_targets_stand_on_the_overview_with_what_was_reached_so_far(world, sato):
    release_daily(world.events, [("visits", "", "here", 50)], Window(date(2026, 11, 1), date(2026, 11, 20)))
    assert "Targets" not in re.findall(r"<h2[^>]*>([^<]*)</h2>", sato.get("/desk/figures").text)
    post_form(sato, "/desk/figures/targets/2026", seen="0", **{"visits-2026-11": "4000", "visits-2026-12": "9"})
    page = sato.get("/desk/figures").text
    assert "Targets" in re.findall(r"<h2[^>]*>([^<]*)</h2>", page)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "November 2026, visits on site 4,000 1,000 25 % 67 %" in words
    assert "December 2026" not in words
