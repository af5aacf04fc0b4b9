import re
from datetime import date

import pytest
from sqlalchemy import insert

from tests.released import finish_days, release, release_daily
from tests.routes.conftest import post_form
from xr_server.domain.answers import ALL
from xr_server.domain.days import Window
from xr_server.domain.questionnaire import Questionnaire
from xr_server.routes.pages import load_texts
from xr_server.storage.tables.answers import answer_count

OCTOBER = Window(date(2026, 10, 1), date(2026, 10, 31))
CELLS = [
    ("all", "", "all", 90),
    ("visits", "", "here", 60),
    ("visits", "", "home", 30),
    ("circulation", "", "1", 20),
    ("circulation", "", "2", 40),
    ("landmark", "water-gate", "seen", 45),
    ("arrival_hour", "", "10", 60),
]


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_report_says_the_month_in_both_languages_with_every_figure_and_its_meaning(world, sato):
    release_daily(world.events, CELLS, OCTOBER)
    for language, title in (("ja", "2026年10月 月次報告"), ("en", "Monthly report, October 2026")):
        page = sato.get(f"/desk/figures/report/2026-10?lang={language}")
        assert page.status_code == 200
        words, texts = words_of(page.text), load_texts(language)
        assert title in words and "1,860" in words
        names = [
            key.split(".")[1][: -len("_definition")] for key in texts if re.fullmatch(r"figures\.\w+_definition", key)
        ]
        told = [name for name in names if texts[f"figures.{name}_title"] in words]
        assert {"by_day", "main", "landmarks", "hours", "stays", "circulation", "funnel", "language", "reach"} <= set(
            told
        )
        assert all(texts[f"figures.{name}_definition"] in words for name in told)


def test_without_a_month_the_newest_that_is_over_is_meant(world, sato):
    def month() -> str:
        return sato.get("/desk/figures/report", follow_redirects=False).headers["location"]

    assert month() == "/desk/figures/report/2026-11"  # nothing is told of yet: the month that is
    finish_days(world.events, Window(date(2026, 11, 1), date(2026, 11, 20)))
    assert month() == "/desk/figures/report/2026-11"
    finish_days(world.events, OCTOBER)
    assert month() == "/desk/figures/report/2026-10"
    finish_days(world.events, Window(date(2026, 11, 21), date(2026, 11, 30)))
    assert month() == "/desk/figures/report/2026-11"


def test_a_month_that_is_not_over_says_so(world, sato):
    release_daily(world.events, CELLS, Window(date(2026, 11, 1), date(2026, 11, 20)))
    assert "final days up to 20 November 2026 (Fri) alone" in words_of(sato.get("/desk/figures/report/2026-11").text)
    assert "This month has no final day" in sato.get("/desk/figures/report/2026-09").text


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026-1", "next", "1999-12", "2026-1a", "２０２６-11"])
def test_what_is_no_month_is_not_found(sato, month):
    assert sato.get(f"/desk/figures/report/{month}").status_code == 404


def test_targets_of_the_month_and_of_its_year_stand_on_the_first_page(world, sato):
    release_daily(world.events, CELLS, OCTOBER)
    typed = {"visits-2026": "20000", "visits-2026-10": "1860", "circulation-2026-10": "100", "visits-2026-09": "7"}
    post_form(sato, "/desk/figures/targets/2026", seen="0", **typed)
    words = words_of(sato.get("/desk/figures/report/2026-10").text)
    assert "2026, visits on site 20,000 1,860 9 %" in words
    assert "October 2026, visits on site 1,860 1,860 100 % 100 %" in words
    assert "October 2026, circulation (two places or more) 100 % 67 % 66 % 100 %" in words
    assert "September 2026, visits on site" not in words


def test_a_number_that_is_hidden_on_the_pages_is_hidden_in_the_report(world, sato):
    release_daily(world.events, CELLS, OCTOBER)
    release(world.events, [("language", "here", "ja", "2026-10-02", "2026-11-02", 777)])
    page = sato.get("/desk/figures/report/2026-10").text
    untold = [words_of(one) for one in re.findall(r'class="report-untold">(.*?)</p>', page, re.DOTALL)]
    assert any("Languages" in one for one in untold)
    assert "777" not in words_of(page)


def test_each_reading_is_noted_once_a_day(world, sato):
    release_daily(world.events, CELLS, OCTOBER)
    for _ in range(3):
        sato.get("/desk/figures/report/2026-10")
    assert words_of(sato.get("/desk/log").text).count("looked at “Monthly report”") == 1


def test_answers_of_the_month_stand_in_the_report_and_too_few_do_not(world, sato):
    release_daily(world.events, CELLS, OCTOBER)
    title = {"en": "Your visit", "ja": "見学"}
    world.publish(Questionnaire(id="autumn", title=title, usual=["satisfaction"], first_on="2026-09-01"))

    def answered(day: str, of_forty: int) -> None:
        told = {("", ALL): 40, ("satisfaction", ALL): 40, ("satisfaction", "5"): 25, ("satisfaction", "4"): 15}
        keys = {"site_id": "dejima", "questionnaire_id": "autumn", "answered_on": day, "language": "en"}
        rows = [
            {**keys, "question": question, "choice": choice, "count": count * of_forty // 40}
            for (question, choice), count in told.items()
        ]
        with world.events.begin() as connection:
            connection.execute(insert(answer_count), rows)

    answered("2026-09-10", 8)
    answered("2026-10-10", 40)
    words = words_of(sato.get("/desk/figures/report/2026-10").text)
    assert "Your visit" in words and "25 62.5" in words
    assert "Fewer than 10 answered this month." in words_of(sato.get("/desk/figures/report/2026-09").text)
