"""What visitors are asked: offered while it holds, answered without a script, counted once, and nothing known of anybody."""

import re
from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from tests.routes.forms import fields_of, submit
from tests.samples import HOUR_MS, SITE, publish
from xr_server.domain.answers import ALL
from xr_server.domain.questionnaire import After, Choice, Question, Questionnaire
from xr_server.domain.schedule import Window
from xr_server.domain.visit import TOKEN_GRACE_MS, TOKEN_LIFE_MS
from xr_server.routes import questions
from xr_server.storage.answers import load_counts
from xr_server.storage.tables.answers import answer_count, answered_form

ADDRESS = "/questions/dejima/en"
TODAY = date(2026, 11, 24)
WHY = Question(
    id="why", text={"ja": "何が", "en": "What was <amiss>?"}, after=After(question="satisfaction", choices=["1", "2"])
)
YEAR = Questionnaire(
    id="year",
    title={"ja": "見学", "en": "Your visit"},
    first_on="2026-11-01",
    usual=["satisfaction", "recommend", "again", "origin", "spend"],
    questions=[WHY],
    choices=[Choice(id=mark, question="why", text={"ja": mark, "en": f"Reason {mark}"}) for mark in "ab"],
)


@pytest.fixture
def asked(world: Any) -> Any:
    """A server where visitors are asked something."""
    world.publish(YEAR)
    world.app.state.parts.published.refresh()
    return world


def change_site(world: Any, fields: dict[str, Any]) -> None:
    publish(world.catalog, msgspec.structs.replace(SITE, **fields), 1)


def send(client: TestClient, address: str = ADDRESS, **typed: Any) -> Any:
    return submit(client, client.get(address).text, address, **typed)


def counts(world: Any) -> dict[tuple[str, str, str], int]:
    return dict(load_counts(world.events, "dejima", "year", Window(date(2026, 1, 1), date(2027, 1, 1)), "language"))


def test_it_is_offered_on_visitors_pages_while_it_holds_and_not_on_days_of_quiet(asked: Any) -> None:
    visitor = asked.visitor()
    for path in ("/en/dejima/", "/en/dejima/landmarks/water-gate"):
        assert f'href="{ADDRESS}"' in visitor.get(path).text
    change_site(asked, {"quiet_days": ["11-24"]})
    asked.app.state.parts.published.refresh()
    assert ADDRESS not in visitor.get("/en/dejima/").text
    assert "questionnaire" not in visitor.get("/api/v1/sites/dejima?lang=en").json()
    assert visitor.get(ADDRESS).status_code == 404


def test_nothing_is_offered_where_nothing_is_asked(world: Any) -> None:
    visitor = world.visitor()
    assert "/questions/" not in visitor.get("/en/dejima/").text
    refused = visitor.get(ADDRESS)
    assert refused.status_code == 404 and "Nothing is asked here just now" in refused.text
    assert "いまは、アンケートを行っていません" in visitor.get("/questions/dejima/ja").text  # as its address says
    assert visitor.get(ADDRESS, headers={"Accept": "*/*"}).json()["code"] == "questionnaire_unknown"


def test_an_answer_is_counted_once_and_the_second_time_there_are_thanks(asked: Any) -> None:
    visitor = asked.visitor()
    page = visitor.get(ADDRESS).text
    answer = submit(visitor, page, ADDRESS, satisfaction="5", recommend="10", origin="japan", prefecture="42", spend="")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ADDRESS}?sent")
    thanks = visitor.get(answer.headers["location"]).text
    assert "Your answers have been counted" in thanks
    # the thanks alone tell a script which questionnaire it was: for phones that are counted, and never what was answered
    assert 'data-answered="year"' in thanks and "data-answered" not in page
    expected = {
        ("en", question, choice): 1
        for question, choice in (
            ("", ALL), ("satisfaction", ALL), ("satisfaction", "5"), ("recommend", ALL), ("recommend", "10"),
            ("origin", ALL), ("origin", "japan"), ("prefecture", ALL), ("prefecture", "42"),
        )
    }  # fmt: skip
    assert counts(asked) == expected
    again = visitor.get(ADDRESS).text
    assert "you have answered already" in again and "<form" not in again
    assert (
        "you have answered already" not in visitor.get("/questions/dejima/ja").text
        and "すでに" in visitor.get("/questions/dejima/ja").text
    )
    # the page that was still open, and a browser that keeps no cookie
    assert submit(visitor, page, ADDRESS, satisfaction="1").headers["location"] == ADDRESS
    assert submit(asked.visitor(), page, ADDRESS, satisfaction="1").headers["location"] == ADDRESS
    assert counts(asked) == expected


def test_the_next_day_is_another_visit(asked: Any) -> None:
    visitor = asked.visitor()
    send(visitor, satisfaction="5")
    asked.clock.at += 24 * HOUR_MS
    asked.app.state.parts.published.refresh()
    assert "<form" in visitor.get(ADDRESS).text


def test_looking_keeps_nothing_and_answering_keeps_the_day_alone(asked: Any) -> None:
    visitor = asked.visitor()
    shown = visitor.get(ADDRESS)
    assert "set-cookie" not in shown.headers and shown.headers["cache-control"] == "private, no-store"
    kept = send(visitor, satisfaction="5").headers["set-cookie"]
    assert kept.startswith("dejima_answered=2026-11-24;")  # the same for everybody
    parts = {part.strip().partition("=")[0].lower(): part.strip().partition("=")[2] for part in kept.split(";")}
    assert parts["path"] == "/questions/dejima" and "httponly" in parts and parts["samesite"] == "lax"
    assert 0 < int(parts["max-age"]) <= 86_400


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_asks_not_to_be_tracked_may_answer_and_leaves_no_more(asked: Any, header: str) -> None:
    visitor = asked.visitor()
    visitor.headers[header] = "1"
    assert send(visitor, satisfaction="5").status_code == 303
    with asked.events.connect() as connection:
        stored = [*connection.execute(select(answer_count)).all(), *connection.execute(select(answered_form)).all()]
    values = {str(value) for row in stored for value in row}
    token = {value for value in values if re.fullmatch("[0-9a-f]{64}", value)}
    assert len(token) == 1
    assert values - token == {"dejima", "year", "en", "2026-11-24", "2026-11-28", "satisfaction", "5", "", "1"}


def test_a_refusal_brings_the_form_back_with_what_was_answered(asked: Any) -> None:
    visitor = asked.visitor()
    none = send(visitor)
    assert none.status_code == 400 and "Nothing is answered yet" in none.text
    odd = send(visitor, satisfaction="2", why="gone", origin="abroad", country="netherlands")
    assert odd.status_code == 400 and "one answer is not there any more" in odd.text
    for name, value in (("satisfaction", "2"), ("origin", "abroad"), ("country", "netherlands")):
        assert re.search(rf'name="{name}" value="{value}"[^>]* checked', odd.text)
    assert counts(asked) == {}
    assert submit(visitor, odd.text, ADDRESS, satisfaction="2", why="a").status_code == 303
    assert counts(asked)["en", "why", "a"] == 1


@pytest.mark.parametrize("token", ["", "x", "a.b", "eyJzIjoiZGVqaW1hIn0.AAAA"])
def test_a_forged_token_counts_nothing_and_a_new_one_is_at_hand(asked: Any, token: str) -> None:
    visitor = asked.visitor()
    answer = send(visitor, token=token, satisfaction="5")
    assert answer.status_code == 400 and "open for a long time" in answer.text
    assert counts(asked) == {}
    assert submit(visitor, answer.text, ADDRESS, satisfaction="5").status_code == 303


def test_a_token_of_another_use_another_site_or_last_week_is_none(asked: Any) -> None:
    visitor = asked.visitor()
    events_token = visitor.post("/api/v1/visit-tokens", json={"site": "dejima"}).json()["token"]
    assert send(visitor, token=events_token, satisfaction="5").status_code == 400
    page = visitor.get(ADDRESS).text
    asked.clock.at += TOKEN_LIFE_MS + TOKEN_GRACE_MS + 1
    asked.app.state.parts.published.refresh()
    assert submit(visitor, page, ADDRESS, satisfaction="5").status_code == 400
    foreign = visitor.post(ADDRESS, data=dict(fields_of(visitor.get(ADDRESS).text, ADDRESS)) | {"satisfaction": "5"},
                           headers={"Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert foreign.status_code == 400
    assert counts(asked) == {}


def test_a_program_comes_to_an_end_within_the_minute(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST_A_MINUTE", 3)
    answers = [send(asked.visitor(), satisfaction="5") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 503]
    assert answers[3].headers["retry-after"] == "60" and "Your answers are still here" in answers[3].text
    asked.clock.at += 60_000
    assert submit(asked.visitor(), answers[3].text, ADDRESS, satisfaction="5").status_code == 303


def test_the_page_works_without_a_script_and_says_what_becomes_of_answers(asked: Any) -> None:
    page = asked.visitor().get(ADDRESS).text
    assert "whatever you chose about counting" in page and "deleted after five years" in page
    assert "What was &lt;amiss&gt;?" in page
    # what follows an answer lies within the question it follows, and is named for browsers that cannot hide it
    assert re.search(r'value="2" class="opens-1"', page) and re.search(r'class="question follow follow-1"', page)
    assert "Only if you answered: Dissatisfied / Very dissatisfied" in page
    assert 'id="texts"' not in page  # so the visitor's script counts nothing and asks for no consent here
    for label in re.findall(r"<input[^>]*type=\"(?:radio|checkbox)\"[^>]*>", page):
        assert re.search(re.escape(label) + r" <span>[^<]+</span></label>", page)


def test_seven_languages_ask_the_same(asked: Any) -> None:
    languages = ["ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy"]
    change_site(asked, {"languages": languages})
    asked.app.state.parts.published.refresh()
    pages = {language: asked.visitor().get(f"/questions/dejima/{language}") for language in languages}
    assert {page.status_code for page in pages.values()} == {200}
    assert {tuple(re.findall(r'name="([a-z]+)"', page.text)) for page in pages.values()} == {
        tuple(re.findall(r'name="([a-z]+)"', pages["en"].text))
    }
    assert '<legend lang="en">' in pages["nl"].text  # staff wrote two languages; the others are told which one it is
    assert "<ruby>" in pages["ja-x-easy"].text


def test_without_the_stores_a_sentence_says_what_is_safe(asked: Any) -> None:
    visitor = asked.visitor()
    page = visitor.get(ADDRESS).text
    events, catalog = (asked.settings.data_dir / f"{name}.sqlite3" for name in ("events", "catalog"))
    for store, sentence in ((events, "Yours are still here"), (catalog, "what you chose is still there")):
        store.rename(store.with_suffix(".away"))
        refused = submit(visitor, page, ADDRESS, satisfaction="4")
        store.with_suffix(".away").rename(store)
        assert refused.status_code == 503 and sentence in refused.text
    assert counts(asked) == {}
    assert submit(visitor, page, ADDRESS, satisfaction="4").status_code == 303
