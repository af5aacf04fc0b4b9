"""Answers on both databases: a form counts once, whoever sends it at once; nothing stands together; what is old goes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.samples import publish
from xr_server.domain.answers import ALL
from xr_server.domain.questionnaire import Questionnaire
from xr_server.domain.schedule import Window
from xr_server.errors import Busy
from xr_server.storage.answers import (
    KEPT_DAYS,
    MOST_A_DAY,
    Sent,
    count_answers,
    forget_answers,
    load_counts,
    load_questionnaires,
)
from xr_server.storage.forget import forget
from xr_server.storage.tables.answers import answer_count, answered_form

DAY = date(2026, 11, 24)
ANSWERS = {"satisfaction": ("5",), "why": ("a", "b")}
WINDOW = Window(DAY, DAY)


def sent(token="token", on=DAY, language="en"):
    return Sent("dejima", "year", on, language, token)


def test_a_form_counts_once_and_a_tick_each(event_store):
    assert count_answers(event_store, sent(), ANSWERS) is True
    assert count_answers(event_store, sent(), {"satisfaction": ("1",)}) is False
    assert count_answers(event_store, sent("other", language="ja"), ANSWERS) is True
    assert load_counts(event_store, "dejima", "year", WINDOW, "language") == {
        (language, question, choice): 1
        for language in ("en", "ja")
        for question, choice in (
            ("", ALL), ("satisfaction", ALL), ("satisfaction", "5"), ("why", ALL), ("why", "a"), ("why", "b"),
        )
    }  # fmt: skip
    assert load_counts(event_store, "dejima", "year", WINDOW, "day")[DAY.isoformat(), "why", "a"] == 2
    assert load_counts(event_store, "dejima", "year", Window(date(2026, 11, 25), date(2026, 12, 1)), "day") == {}


def test_the_same_form_over_many_lines_at_once_counts_once_and_others_all(event_store):
    tokens = ["same"] * 6 + [f"token {number}" for number in range(6)]
    with ThreadPoolExecutor(12) as pool:
        counted = list(pool.map(lambda token: count_answers(event_store, sent(token), ANSWERS), tokens))
    assert sum(counted) == 7
    assert load_counts(event_store, "dejima", "year", WINDOW, "language")["en", "satisfaction", "5"] == 7


def test_nothing_stored_leads_from_answers_to_a_form(event_store):
    count_answers(event_store, sent("a token of somebody"), ANSWERS)
    with event_store.connect() as connection:
        forms = connection.execute(select(answered_form)).all()
        counts = connection.execute(select(answer_count)).all()
    assert [form.site_id for form in forms] == ["dejima"] and len(forms[0].token_hash) == 64
    assert forms[0]._fields == ("site_id", "token_hash", "forget_on")  # no questionnaire, no day, no language
    assert not {form.token_hash for form in forms} & {str(value) for row in counts for value in row}


def test_a_day_has_an_end_and_the_next_one_begins_anew(event_store):
    count_answers(event_store, sent("first"), ANSWERS)
    with event_store.begin() as connection:
        connection.execute(update(answer_count).where(answer_count.c.question == "").values(count=MOST_A_DAY))
    with pytest.raises(Busy) as refused:
        count_answers(event_store, sent("second"), ANSWERS)
    assert refused.value.code == "answers_full"
    assert count_answers(event_store, sent("second", on=DAY + timedelta(days=1)), ANSWERS) is True  # it was not used up


def test_old_answers_and_used_forms_are_forgotten(event_store):
    count_answers(event_store, sent("old", on=DAY), ANSWERS)
    count_answers(event_store, sent("new", on=DAY + timedelta(days=1)), ANSWERS)
    forget_answers(event_store, DAY + timedelta(days=4))
    with event_store.connect() as connection:
        assert len(connection.execute(select(answered_form)).all()) == 2
    forget_answers(event_store, DAY + timedelta(days=5))
    with event_store.connect() as connection:
        assert len(connection.execute(select(answered_form)).all()) == 1
    forget_answers(event_store, DAY + timedelta(days=KEPT_DAYS + 1))
    days = Window(DAY, DAY + timedelta(days=1))
    assert {day for day, *_ in load_counts(event_store, "dejima", "year", days, "day")} == {"2026-11-25"}


def test_the_sweep_forgets_answers_too(event_store, tmp_path):
    count_answers(event_store, sent(), ANSWERS)
    forget(event_store, tmp_path, 0, DAY + timedelta(days=KEPT_DAYS + 1))
    with event_store.connect() as connection:
        assert connection.execute(select(answer_count)).all() == connection.execute(select(answered_form)).all() == []


def test_only_published_ones_are_put(catalog):
    assert load_questionnaires(catalog, "dejima") == []
    body = Questionnaire(id="year", title={"en": "Visit"}, first_on="2026-11-01", usual=["again"])
    publish(catalog, body)
    assert load_questionnaires(catalog, "dejima") == [body]
    assert load_questionnaires(catalog, "elsewhere") == []
