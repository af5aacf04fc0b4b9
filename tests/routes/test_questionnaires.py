"""Questionnaires at the desk: made, published, changed, taken back; and the page of results with its tables."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert
from starlette.testclient import TestClient

from tests.released import finish_days, release
from tests.routes.forms import fields_of, submit
from tests.samples import NOW
from xr_server.domain.answers import ALL
from xr_server.domain.days import Window
from xr_server.domain.questionnaire import Choice, Question, Questionnaire
from xr_server.storage.catalog import list_records
from xr_server.storage.tables.answers import answer_count

NEW = "/desk/questionnaires/new"
WORDS = {"title-ja": "見学", "title-en": "Your visit"}
OWN = {
    "q0-text-ja": "何が残念でしたか",
    "q0-text-en": "What was amiss?",
    "q0-choices-ja": "案内\n待ち時間",
    "q0-choices-en": "Signs\n=HYPERLINK(1)",
    "q0-after": "satisfaction-low",
}


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in."""
    return world.sign_in("sato")


def stored(world: Any) -> Any:
    (one,) = list_records(world.catalog, "dejima", "questionnaire")
    return one


def make(client: TestClient, step: str = "publish", **typed: str) -> Any:
    return submit(client, client.get(NEW).text, NEW, step=step, **{**WORDS, **typed})


def asked(world: Any) -> bool:
    world.app.state.parts.published.refresh()
    return "questionnaire" in world.visitor().get("/api/v1/sites/dejima?lang=en").json()


def test_the_usual_questions_take_two_clicks(world: Any, sato: TestClient) -> None:
    assert 'href="/desk/questionnaires"' in sato.get("/desk/").text
    answer = submit(sato, sato.get(NEW).text, NEW, step="publish")  # as it opens
    assert answer.status_code == 303 and asked(world)
    assert stored(world).body.title == {"ja": "見学はいかがでしたか", "en": "How was your visit?"}
    assert stored(world).body.usual == ["satisfaction", "recommend", "again", "origin"]
    page = sato.get(answer.headers["location"]).text
    assert "Undo" in page and "Asked now" in page
    back = submit(sato, page, "/desk/undo")
    assert back.status_code == 303 and not asked(world)
    assert "Put back as it was." in sato.get(back.headers["location"]).text
    assert "Draft" in sato.get("/desk/questionnaires").text


def test_an_own_question_is_asked_of_those_it_is_for(world: Any, sato: TestClient) -> None:
    address = make(sato, **OWN).headers["location"].partition("?")[0]
    body = stored(world).body
    assert [(one.question, one.text["en"]) for one in body.choices] == [
        (body.questions[0].id, "Signs"), (body.questions[0].id, "=HYPERLINK(1)"),
    ]  # fmt: skip
    world.app.state.parts.published.refresh()
    page = world.visitor().get("/questions/dejima/en").text
    assert "What was amiss?" in page and "Only if you answered: Dissatisfied / Very dissatisfied" in page
    # words are mended, a line comes in between: what was counted keeps its meaning
    again = submit(sato, sato.get(address).text, address, step="publish", **{
        "q0-choices-ja": "案内板\n食べ物\n待ち時間", "q0-choices-en": "Sign boards\nFood\n=HYPERLINK(1)",
    })  # fmt: skip
    assert again.status_code == 303
    marks = {one.text["ja"]: one.id for one in stored(world).body.choices}
    assert marks["待ち時間"] == body.choices[1].id and len(set(marks.values())) == 3


def test_a_gap_is_named_and_nothing_typed_is_lost(world: Any, sato: TestClient) -> None:
    answer = make(sato, **{**OWN, "q0-choices-en": "Signs", "title-en": ""})
    assert answer.status_code == 400 and list_records(world.catalog, "dejima", "questionnaire") == []
    assert "There are 1 lines here and 2 in the first language" in answer.text
    assert "it has to stand here too" in answer.text and "何が残念でしたか" in answer.text
    assert make(sato, step="save", **{**OWN, "title-en": ""}).status_code == 303  # a draft may lack a language


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"q0-choices-ja": "\n".join(f"答え{number}" for number in range(70))}, "Write 2 to 8 answers, one a line"),
        ({"first_on": "0001-01-01"}, "Years from 1900 to 2199 can be planned"),
        ({"last_on": "9999-12-31"}, "Years from 1900 to 2199 can be planned"),
        ({"last_on": "2027-02-31"}, "A day is written like"),
    ],
)
def test_odd_days_and_far_too_many_answers_are_said_and_stay(
    sato: TestClient, typed: dict[str, str], sentence: str
) -> None:
    answer = make(sato, **{**OWN, **typed})
    assert answer.status_code == 400 and sentence in answer.text
    kept = dict(fields_of(answer.text, NEW))
    assert {name: kept[name] for name in typed} == typed


def test_a_stale_form_shows_both_and_saves_the_second_time(world: Any, sato: TestClient) -> None:
    address = make(sato).headers["location"].partition("?")[0]
    page = sato.get(address).text
    submit(sato, page, address, step="save", **{"title-en": "Theirs"})
    refused = submit(sato, page, address, step="save", **{"title-en": "Mine"})
    assert refused.status_code == 409 and "Theirs" in refused.text and "Mine" in refused.text
    assert submit(sato, refused.text, address, step="save").status_code == 303
    assert stored(world).body.title["en"] == "Mine"
    taken = submit(sato, sato.get(address).text, address, step="withdraw")
    assert taken.status_code == 303 and not asked(world)


BODY = Questionnaire(
    id="year",
    title={"ja": "見学", "en": "Your visit"},
    first_on="2026-11-01",
    usual=["satisfaction", "recommend"],
    questions=[Question(id="why", text={"ja": "何", "en": "=Why"})],
    choices=[Choice(id=mark, question="why", text={"ja": mark, "en": f"=cmd|{mark}"}) for mark in "ab"],
)
TODAY = datetime.fromtimestamp(NOW / 1000, UTC).date()
EVERY = {("", ALL): 1.0, ("satisfaction", ALL): 1.0, ("satisfaction", "5"): 0.5, ("satisfaction", "4"): 0.5}
EVERY |= {("recommend", ALL): 1.0, ("recommend", "10"): 0.5, ("recommend", "8"): 0.25, ("recommend", "2"): 0.25}
EVERY |= {("why", ALL): 0.5, ("why", "a"): 0.25, ("why", "b"): 0.25}


def answer_all(world: Any, language: str, count: int, on: date = TODAY) -> None:
    rows = [
        {"site_id": "dejima", "questionnaire_id": "year", "answered_on": on.isoformat(), "language": language,
         "question": question, "choice": choice, "count": round(part * count)}
        for (question, choice), part in EVERY.items()
    ]  # fmt: skip
    with world.events.begin() as connection:
        connection.execute(insert(answer_count), rows)


NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 30))


def visit(world: Any, count: int) -> None:
    """So many visits on each of three days of November, and the whole month final a month later."""
    release(world.events, [("all", "", "all", f"2026-11-{day}", f"2026-11-{day}", count) for day in (10, 11, 12)])
    release(world.events, [("all", "", "all", "2026-12-01", "2026-12-01", 999)])
    finish_days(world.events, NOVEMBER)
    world.clock.at += 30 * 24 * 3_600_000


ANSWERS = "/desk/questionnaires/year/answers"


def test_results_have_shares_means_and_the_part_of_visits(world: Any, sato: TestClient) -> None:
    world.publish(BODY)
    answer_all(world, "en", 40)
    answer_all(world, "ja", 80)
    answer_all(world, "ja", 80, date(2026, 10, 1))  # before the months that are shown
    assert "once all these months are complete" in sato.get(ANSWERS).text
    visit(world, 200)
    sato = world.sign_in("sato")
    assert "once all these months are complete" in sato.get(f"{ANSWERS}?until=2026-12").text
    page = sato.get(f"{ANSWERS}?until=2026-11").text
    assert "120 visits answered" in page and "That is 20 % (17–23 %) of 600 counted visits" in page
    assert "On average 4.5 of 5 (4.4–4.6)" in page
    assert "Net promoter score 25 (10–40)" in page
    assert '<td class="number">50 % <small>(41–59)</small></td>' in page
    japanese = sato.get(f"{ANSWERS}?lang_of=ja").text
    assert "80 visits answered" in japanese and "counted visits" not in japanese


def test_few_answers_are_not_shown_nor_those_that_others_would_give_away(world: Any, sato: TestClient) -> None:
    world.publish(BODY)
    assert "Nobody has answered" in sato.get(ANSWERS).text
    answer_all(world, "nl", 8)
    page = sato.get(ANSWERS).text
    assert "fewer than 10" in page and "<table" not in page
    answer_all(world, "en", 40)
    page = sato.get(f"{ANSWERS}?lang_of=en").text
    # 40 in English of 48 would give away the eight in Dutch
    assert '<option value="en"' not in page and "48 visits answered" in page
    rows = [line for line in page.splitlines() if "English" in line or "Nederlands" in line]
    assert all("40" not in row and ">8<" not in row for row in rows) and any("abbr" in row for row in rows)


def test_more_answers_than_visits_are_pointed_out(world: Any, sato: TestClient) -> None:
    world.publish(BODY)
    answer_all(world, "en", 40)
    finish_days(world.events, NOVEMBER)
    assert "Too few visits were counted" in sato.get(ANSWERS).text
    release(world.events, [("all", "", "all", "2026-11-10", "2026-11-12", 30)])
    assert "more than the 30 visits" in sato.get(ANSWERS).text


def test_single_days_cannot_be_asked_for(world: Any, sato: TestClient) -> None:
    world.publish(BODY)
    answer_all(world, "en", 40)
    page = sato.get(f"{ANSWERS}?from=2026-11-24&until=2026-11-24").text
    assert "Choose the months from the lists." in page and "40 visits answered" in page


def test_results_by_season_follow_the_days_of_each(world: Any) -> None:
    world.publish(BODY)
    world.clock.at += 30 * 24 * 3_600_000
    sato = world.sign_in("sato")
    answer_all(world, "en", 40, date(2026, 12, 1))
    answer_all(world, "en", 60, date(2026, 12, 20) + timedelta(days=2))  # within the year's end of the world
    row = next(line for line in sato.get(ANSWERS).text.splitlines() if "Year&#39;s end" in line or "Year's end" in line)
    assert "<td>60</td>" in row and "4.5 <small>" in row


def test_tables_hold_numbers_and_no_formula(world: Any, sato: TestClient) -> None:
    world.publish(BODY)
    answer_all(world, "en", 48)
    sheet = sato.get(f"{ANSWERS}.csv")
    lines = sheet.content.decode("utf-8-sig").splitlines()
    assert lines[0] == '"Question","Answer","Count","Share in %","from","to"'
    assert '"\'=Why","\'=cmd|a",12,50.0,31.4,68.6' in lines
    assert '"How satisfied are you with your visit?","Satisfied",24,50.0,36.4,63.6' in lines
    assert not any(cell.startswith(("=", '"=')) for line in lines for cell in line.split(","))
    book = load_workbook(io.BytesIO(sato.get(f"{ANSWERS}.xlsx").content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert any(cell.value == 24 for cell in cells) and any(cell.value == "=cmd|a" for cell in cells)
    few = sato.get(f"{ANSWERS}.csv?from=2026-11&until=2026-11&lang_of=ja")
    assert few.status_code == 200
