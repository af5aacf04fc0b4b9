import re
from datetime import date

import pytest

from tests.released import finish_days, last_days, release, release_daily
from xr_server.domain.days import Window
from xr_server.domain.vocabulary import PERMISSIONS, REASONS
from xr_server.routes.figure_ar import STEPS
from xr_server.routes.figure_audience import DEVICES, WAYS
from xr_server.routes.pages import load_texts

NEWEST = date(2026, 11, 21)  # three days before the clock of the tests
WEEKS = last_days(NEWEST, 28)
PAGES = ("", "/places", "/ar", "/audience", "/campaigns", "/seasons")
HERE = ("visits", "", "here")


@pytest.fixture
def sato(world):
    return world.sign_in("sato")


def words_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\u00a0", " ")


def rows_of(answer, table):
    """The cells of a figure's table, row by row, in words."""
    found = re.search(rf'id="{table}-table">(.*?)</table>', answer.text, re.DOTALL)
    assert found, table
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found[1], re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip().replace("\u00a0", " ") for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


def test_before_the_first_final_day_the_page_says_what_to_check(sato):
    for page in PAGES:
        text = sato.get(f"/desk/figures{page}").text
        assert "No figures yet" in text and "QR codes" in text and "<table" not in text


def test_who_looks_at_figures_stands_in_the_log_once_a_day(world, sato):
    finish_days(world.events, Window(date(2026, 11, 1), date(2026, 11, 20)))
    for _ in range(3):
        sato.get("/desk/figures?from=2026-11-01&until=2026-11-20")
    told = re.findall(r"sato looked at .*?\.", re.sub(r"<[^>]+>", "", sato.get("/desk/log?kind=page").text))
    assert told == ["sato looked at “Figures” (page) (2026-11-01 to 2026-11-20)."]


def test_the_overview_compares_the_days_with_those_before_and_a_year_before(world, sato):
    release_daily(world.events, [(*HERE, 30)], WEEKS)
    before = [(*HERE, f"2026-10-{day:02}", f"2026-10-{day:02}", 25) for day in range(1, 25)]
    year = [(*HERE, "2025-10-26", "2025-10-31", 100), (*HERE, "2025-11-01", "2025-11-22", 320)]
    release(world.events, [*before, *year])
    answer = sato.get("/desk/figures")
    words = words_of(answer)
    assert "In 28 days there were 840 visits on site." in words
    # 24 of the 28 days before have a block, with 600 visits; a year before it is two blocks that fit the 28 days
    assert "Against the period before: +40 %." in words and "Against last year: +100 %." in words
    assert rows_of(answer, "main")[1] == ["Visits on site", "840", "600", "+40 %", "420", "+100 %"]
    by_day = rows_of(answer, "by_day")
    assert len(by_day) == 1 + 28
    # 25 October against 27 September, of which nothing is known, and 26 October 2025, which lies in a block of days
    assert by_day[1] == ["25 October (Sun)", "30", "30", "few", "few"]
    assert by_day[-1][1:4] == ["30", "30", "25"]


def test_seasons_campaigns_and_days_off_are_marked(world, sato):
    release_daily(world.events, [(*HERE, 30)], WEEKS)
    text = sato.get("/desk/figures").text
    # Culture Day, 3 November
    assert re.findall(r'<th scope="row">([^<]*) <small class="mark">day off', text) == ["3 November (Tue)"]


def test_a_number_that_reaches_beyond_the_days_is_left_out_and_the_days_that_hold_it_are_offered(world, sato):
    release_daily(world.events, [("all", "", "all", 60), (*HERE, 40)], WEEKS)
    release(
        world.events,
        [
            ("language", "here", "ja", "2026-10-25", "2026-11-21", 900),
            ("language", "here", "en", "2026-10-20", "2026-11-10", 50),
            ("language", "here", "en", "2026-11-11", "2026-11-21", 60),
        ],
    )
    answer = sato.get("/desk/figures/audience")
    rows = {row[0]: row[1:3] for row in rows_of(answer, "language")}
    assert rows["日本語"] == ["900", "80 %"]
    assert rows["English"] == ["60 or more", "5 %"]
    assert 'href="/desk/figures/audience?from=2026-10-20&amp;until=2026-11-21"' in answer.text
    wider = sato.get("/desk/figures/audience?from=2026-10-20&until=2026-11-21")
    assert {row[0]: row[1] for row in rows_of(wider, "language")}["English"] == "110"


def test_hidden_cells_are_named_as_such_and_nought_is_only_said_where_it_is_known(world, sato):
    release_daily(world.events, [(*HERE, 40)], WEEKS)
    release(
        world.events,
        [
            ("device", "here", "phone", "2026-10-25", "2026-11-21", 1120),
            ("looked", "here/gate", "completed", "2026-10-25", "2026-11-21", 900),
            ("looked", "here/gate", "shown", "2026-10-25", "2026-11-21", 80),
            ("looked", "here/gate", "opened", "2026-10-25", "2026-11-21", 20),
            ("way", "gate", "ar", "2026-10-25", "2026-11-21", 1000),
        ],
    )
    answer = sato.get("/desk/figures/audience")
    assert [row[:2] for row in rows_of(answer, "device")[1:]] == [["phone", "1,120"]]
    ways = {row[0]: row[1:] for row in rows_of(answer, "way")[1:]}
    assert ways == {"AR": ["1,000", "50 %"], "turning by hand": ["980", "49 %"], "reading": ["20", "1 %"]}
    assert "On site most use a phone: 100 % of the visits." in words_of(answer)


def test_places_tell_where_when_how_long_and_where_next(world, sato):
    at = ("2026-10-25", "2026-11-21")
    release_daily(world.events, [(*HERE, 10)], WEEKS)
    release(
        world.events,
        [
            ("landmark", "water-gate", "seen", *at, 200),
            ("landmark", "bridge", "seen", *at, 70),
            ("hour", "water-gate", "10", *at, 120),
            ("hour", "water-gate", "11", *at, 80),
            ("dwell", "water-gate", "60", *at, 100),
            ("dwell", "water-gate", "120", *at, 100),
            ("next", "water-gate", "bridge", *at, 50),
            ("circulation", "", "1", *at, 130),
            ("circulation", "", "2", *at, 110),
            ("circulation", "", "3", *at, 40),
        ],
    )
    answer = sato.get("/desk/figures/places")
    words = words_of(answer)
    assert "Most visitors come to Water Gate: 71 % of the visits on site." in words
    assert "The fullest hour is at Water Gate, from 10:00 to 11:00." in words
    assert rows_of(answer, "hours")[1] == ["Water Gate", "120", "80"]
    assert rows_of(answer, "stays")[1] == ["Water Gate", "75 s", "1.5 min", "2.5 min", "200"]
    assert "54 % of the visits see at least two landmarks, 14 % at least three; the middle visit sees 2." in words
    assert "leads from Water Gate to bridge: 25 % of those who were there go on so." in words
    assert rows_of(answer, "next") == [
        ["From (rows) to (columns)", "Water Gate", "bridge"],
        ["Water Gate", "·", "25 %"],
        ["bridge", "few", "·"],
    ]


CAMERA = (("camera", 180), ("without", 40))


def test_the_funnel_counts_whoever_came_further_and_says_what_stood_in_the_way(world, sato):
    at = ("2026-10-25", "2026-11-21")
    release_daily(world.events, [(*HERE, 10), ("all", "", "all", 20)], WEEKS)
    steps = (("ar", 60), ("placed", 20), ("completed", 100))
    release(
        world.events,
        [
            *(("opened", f"here/{part}", "opened", *at, 220) for part in ("gate", "house")),
            *(("camera", part, atom, *at, count) for part in ("gate", "house") for atom, count in CAMERA),
            *(("funnel", part, step, *at, count) for part in ("gate", "house") for step, count in steps),
            ("drop", "gate/ar", "no_floor", *at, 45),
            ("drop", "house/ar", "no_floor", *at, 15),
            ("refused", "", "location", *at, 56),
            ("used", "photo:gate-scene", "used", *at, 33),
            ("used", "hotspot:gate-scene/lintel", "used", *at, 90),
        ],
    )
    answer = sato.get("/desk/figures/ar")
    assert [row[1:] for row in rows_of(answer, "funnel")[1:]] == [
        ["few", "–", "–"],
        ["440", "–", "–"],
        ["360", "–", "82 %"],
        ["240", "–", "67 %"],
        ["200", "–", "83 %"],
    ]
    words = words_of(answer)
    assert "82 % of the experiences opened on site are looked at through the camera. Of those, 56 % see it" in words
    assert "Most are lost before the model stands." in words
    assert rows_of(answer, "drops")[1] == ["no floor was found (before the model stood)", "60", "50 %"]
    assert rows_of(answer, "refused")[1] == ["the position", "56", "10 %"]
    assert [row[1:] for row in rows_of(answer, "used")[1:]] == [["90", "16 %"], ["33", "6 %"]]


def test_months_and_their_levelling(world, sato):
    finish_days(world.events, Window(date(2026, 8, 1), NEWEST))
    release(
        world.events,
        [
            (*HERE, "2025-09-03", "2025-09-20", 50),
            (*HERE, "2026-08-02", "2026-08-30", 150),
            (*HERE, "2026-09-01", "2026-09-30", 50),
            (*HERE, "2026-10-30", "2026-11-02", 70),  # over the turn of a month: in neither
        ],
    )
    answer = sato.get("/desk/figures/seasons")
    months = {row[0]: row[1:] for row in rows_of(answer, "months")[1:]}
    assert months["Aug 2026" if "Aug 2026" in months else "August 2026"] == ["150", "few", "–"]
    assert months["Sep 2026" if "Sep 2026" in months else "September 2026"] == ["50", "50", "±0 %"]
    assert "Over 2 months the coefficient of variation is 0.50." in words_of(answer)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-24&until=2026-11-01", "Exchange them"),
        ("from=yesterday", "A day is written like"),
        ("from=2020-01-01&until=2026-11-20", "At most 366 days"),
    ],
)
def test_days_that_cannot_be_shown_are_refused_in_words_and_kept_in_the_form(world, sato, query, words):
    finish_days(world.events, WEEKS)
    answer = sato.get(f"/desk/figures/places?{query}")
    assert answer.status_code == 200 and words in answer.text
    assert f'value="{query.partition("&")[0].removeprefix("from=")}"' in answer.text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_stands_with_nothing_but_visits_and_keeps_its_days(world, sato, page, language):
    release_daily(world.events, [("all", "", "all", 40), (*HERE, 30)], WEEKS)
    answer = sato.get(f"/desk/figures{page}?lang={language}&from=2026-11-01&until=2026-11-14")
    assert answer.status_code == 200
    assert answer.text.count("from=2026-11-01&amp;until=2026-11-14") >= 5
    assert 'style="' not in answer.text


def test_figures_of_a_year_are_held_until_another_day_is_final(world, sato):
    year = "/desk/figures?from=2025-11-22&until=2026-11-21"
    finish_days(world.events, WEEKS)
    release(
        world.events, [(*HERE, "2026-11-02", "2026-11-02", 30), ("visits", "", "home", "2026-11-02", "2026-11-02", 15)]
    )
    assert rows_of(sato.get(year), "main")[2][1] == "15"
    release(world.events, [("visits", "", "home", "2026-10-01", "2026-11-22", 20)])
    finish_days(world.events, Window(date(2026, 11, 22), date(2026, 11, 22)))
    assert rows_of(sato.get(year), "main")[2][1] == "15 or more"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_everything_a_phone_may_say_has_words(language):
    texts = load_texts(language)
    words = [
        *(f"reason_{reason}" for reason in (*REASONS, *PERMISSIONS)),
        *(f"permission_{one}" for one in PERMISSIONS),
    ]
    words += [f"way_{way}" for way in WAYS] + [f"device_{device}" for device in DEVICES]
    words += [f"step_{step}" for step in STEPS]
    assert [word for word in words if f"figures.{word}" not in texts] == []
