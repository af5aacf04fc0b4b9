"""Questionnaires: what is put when, what an answer is, what is amiss, and the form that staff fill in."""

from datetime import date

import pytest

from xr_server.domain.questionnaire import (
    RESERVED,
    After,
    Choice,
    Question,
    Questionnaire,
    find_current,
    find_faults,
    list_asked,
    read_answers,
)
from xr_server.domain.questionnaire_form import (
    About,
    list_fields,
    match_lines,
    propose_id,
    read_questionnaire,
    type_questionnaire,
)
from xr_server.domain.typed import Unfit
from xr_server.errors import Invalid

WHY = Question(
    id="why", text={"ja": "何が", "en": "What"}, several=True, after=After(question="satisfaction", choices=["1"])
)
CHOICES = [
    Choice(id=mark, question="why", text={"ja": words, "en": words}) for mark, words in (("a", "Signs"), ("b", "Queue"))
]
WHOLE = Questionnaire(
    id="year",
    title={"ja": "見学", "en": "Your visit"},
    first_on="2026-11-01",
    usual=["satisfaction", "origin"],
    questions=[WHY],
    choices=CHOICES,
)
IDS = [f"n{number}" for number in range(60)]


def about(before: Questionnaire | None = None, whole: bool = False) -> About:
    return About("year", before, ["ja", "en"], IDS, whole)


def typed(**values: str) -> dict[str, str]:
    names = dict.fromkeys(list_fields(["ja", "en"]), "")
    return names | {"title-ja": "見学", "title-en": "Visit", "first_on": "2026-11-01"} | values


def faults_of(values: dict[str, str], of: About) -> dict[str, str]:
    with pytest.raises(Unfit) as refused:
        read_questionnaire(values, of)
    return {field: fault.code for field, fault in refused.value.faults.items()}


def test_of_several_the_one_that_began_last_is_put_from_its_first_to_its_last_day() -> None:
    summer = Questionnaire(id="summer", title={"en": "S"}, first_on="2026-11-20", last_on="2026-11-24")
    days = {day: find_current([WHOLE, summer], date(2026, 11, day)) for day in (19, 20, 24, 25)}
    assert [days[day].id for day in sorted(days)] == ["year", "summer", "summer", "year"]
    assert find_current([WHOLE, summer], date(2026, 10, 31)) is None


def test_what_follows_an_answer_counts_only_after_it() -> None:
    sent = {"satisfaction": ["1"], "why": ["a", "b"], "origin": ["japan"], "prefecture": ["42"], "country": ["korea"]}
    assert read_answers(WHOLE, sent) == {
        "satisfaction": ("1",),
        "why": ("a", "b"),
        "origin": ("japan",),
        "prefecture": ("42",),
    }
    assert read_answers(WHOLE, {**sent, "satisfaction": ["5"]}).get("why") is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "answer_none"),
        ({"satisfaction": [""], "origin": [""]}, "answer_none"),
        ({"why": ["a"]}, "answer_none"),  # nobody was asked
        ({"satisfaction": ["6"]}, "answer_unknown"),
        ({"satisfaction": ["1", "2"]}, "answer_unknown"),
        ({"satisfaction": ["1"], "why": ["a", "c"]}, "answer_unknown"),
    ],
)
def test_what_is_no_answer_is_refused(sent: dict[str, list[str]], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_answers(WHOLE, sent)
    assert refused.value.code == code


def test_a_whole_one_has_no_faults_and_each_slip_has_its_sentence() -> None:
    assert list(find_faults(WHOLE)) == []
    same = Question(id="spend", text={"en": "?"}, after=After(question="why", choices=["a"]))
    broken = Questionnaire(
        id="x",
        title={},
        first_on="2026-02-31",
        questions=[WHY, same],
        choices=[CHOICES[0], CHOICES[0], Choice(id="z", question="gone", text={"en": "Z"})],
    )
    fields = [field for field, _ in find_faults(broken)]
    assert fields == [
        "title", "first_on", "questions", "choices", "choices, z", "questions, why", "questions, spend", "questions, spend",
    ]  # fmt: skip
    assert [one.id for one in list_asked(Questionnaire(id="x", title={}, first_on="2026-01-01"))] == []
    assert {
        one.id for one in list_asked(Questionnaire(id="x", title={}, first_on="2026-01-01", usual=["origin"]))
    } < set(RESERVED)


def test_no_question_has_the_name_of_a_field_that_every_form_has() -> None:
    asked = Question(id="token", text={"en": "Which?"})
    choices = [Choice(id=mark, question="token", text={"en": mark}) for mark in "ab"]
    form = Questionnaire(id="x", title={"en": "X"}, first_on="2026-01-01", questions=[asked], choices=choices)
    assert [field for field, _ in find_faults(form)] == ["questions"]


def test_a_form_says_what_was_stored_and_the_other_way_round() -> None:
    assert read_questionnaire({**typed(), **type_questionnaire(WHOLE)}, about(WHOLE, whole=True)) == WHOLE


def test_answers_keep_their_ids_when_words_are_mended_or_lines_move() -> None:
    earlier = [("a", "Signs"), ("b", "Queue")]
    assert match_lines(["Queue", "Signs"], earlier) == ["b", "a"]
    assert match_lines(["Signs", "Queues"], earlier) == ["a", "b"]  # in the same place
    assert match_lines(["Food", "Signs", "Queue"], earlier) == ["", "a", "b"]
    assert match_lines(["Food"], earlier) == [""]  # another answer, not an earlier one with other words
    assert match_lines(["Signs", "Signs"], earlier) == ["a", ""]


def test_a_new_question_gets_ids_that_nobody_has() -> None:
    values = typed(
        **{"q0-text-ja": "何", "q0-text-en": "What", "q0-choices-ja": "一\n\n二", "q0-choices-en": "One\nTwo"}
    )
    body = read_questionnaire(values, about(whole=True))
    assert [one.id for one in body.questions] == ["n0"]
    assert [(one.id, one.question, one.text["en"]) for one in body.choices] == [
        ("n1", "n0", "One"),
        ("n2", "n0", "Two"),
    ]


def test_every_gap_is_named_at_its_field() -> None:
    values = typed(**{"title-ja": "", "title-en": "", "first_on": "2026-02-31", "last_on": "soon"})
    assert faults_of(values, about()) == {
        "title-ja": "questionnaire_title",
        "first_on": "date_unreadable",
        "last_on": "date_unreadable",
        "ask-satisfaction": "questionnaire_empty",
    }
    values = typed(**{"q0-text-en": "What", "q0-choices-en": "One", "q0-after": "gone=a"})
    assert faults_of(values, about()) == {"q0-choices-en": "question_choices", "q0-after": "question_after"}
    values = typed(
        **{"q0-text-ja": "何", "q0-choices-ja": "一\n二", "q0-choices-en": "One\nTwo\nThree", "last_on": "2026-10-01"}
    )
    assert faults_of(values, about()) == {"q0-choices-en": "question_lines", "last_on": "range_reversed"}
    values = typed(**{"q0-text-ja": "何", "q0-choices-ja": "一\n二", "q0-after": "=<&"})
    assert faults_of(values, about()) == {"q0-after": "question_after"}


def test_a_question_follows_only_one_that_everybody_is_asked() -> None:
    values = {**typed(), **type_questionnaire(WHOLE)}
    values |= {"q1-text-en": "And", "q1-choices-en": "One\nTwo", "q1-after": "why=a"}
    assert faults_of(values, about(WHOLE)) == {"q1-after": "question_after_after"}
    values |= {"q0-after": ""}
    assert read_questionnaire(values, about(WHOLE)).questions[1].after == After(question="why", choices=["a"])


def test_a_draft_may_lack_a_language_and_what_goes_out_may_not() -> None:
    values = typed(**{"title-en": "", "ask-again": "yes", "q0-text-ja": "何", "q0-choices-ja": "一\n二"})
    assert read_questionnaire(values, about()).questions[0].text == {"ja": "何"}
    assert faults_of(values, about(whole=True)) == dict.fromkeys(
        ("title-en", "q0-text-en", "q0-choices-en"), "questionnaire_language"
    )


def test_words_in_a_language_that_the_form_does_not_show_are_kept() -> None:
    dutch = Questionnaire(
        id="year",
        title={"ja": "見学", "nl": "Bezoek"},
        first_on="2026-11-01",
        questions=[Question(id="why", text={"ja": "何", "nl": "Wat"})],
        choices=[Choice(id=mark, question="why", text={"ja": mark, "nl": mark}) for mark in "ab"],
    )
    assert read_questionnaire({**typed(**{"title-en": ""}), **type_questionnaire(dutch)}, about(dutch)) == dutch


def test_an_id_tells_the_month() -> None:
    assert propose_id(date(2026, 12, 1), set()) == "questions-2026-12"
    assert propose_id(date(2026, 12, 1), {"questions-2026-12"}) == "questions-2026-12-2"
