"""Questionnaires: what visitors are asked at the end of a visit. Closed questions only, some after one answer of another. Pure.

The usual questions have their words in our texts; those that staff add carry their own, in the languages of the site.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, get_args

import msgspec

from xr_server.domain.fields import LocalDate, Slug, Strict, Text
from xr_server.errors import Invalid

Usual = Literal["satisfaction", "recommend", "again", "origin", "spend"]
USUAL: tuple[Usual, ...] = get_args(Usual)
Form = Literal["scale", "list", "long"]
"""How a question is put: as points of a scale, as a list, or as a list too long to be shown whole."""
MOST_OWN = 6
FEWEST_CHOICES, MOST_CHOICES = 2, 8
FIVE = tuple(str(point) for point in range(1, 6))
ELEVEN = tuple(str(point) for point in range(11))
PREFECTURES = tuple(f"{number:02}" for number in range(1, 48))  # their numbers in JIS X 0401
COUNTRIES = (
    "korea", "taiwan", "china", "hong-kong", "asean", "asia", "netherlands", "europe", "north-america", "oceania", "other",
)  # fmt: skip
SPENT = ("none", "to-1000", "to-3000", "to-5000", "to-10000", "to-30000", "more")
RESERVED = (*USUAL, "prefecture", "country", "token")  # the last is a field of the form


class After(Strict, frozen=True, kw_only=True):
    """Put a question only to those who chose one of these answers to another."""

    question: Slug
    choices: Annotated[list[Slug], msgspec.Meta(min_length=1, max_length=11)]


class Question(Strict, frozen=True, kw_only=True):
    """A question of the site's own. several: more than one of its choices may be ticked."""

    id: Slug
    text: Text
    several: bool = False
    after: After | None = None


class Choice(Strict, frozen=True, kw_only=True):
    """An answer that is offered to a question of the site's own; its id never comes to mean another answer."""

    id: Slug
    question: Slug
    text: Text


class Questionnaire(Strict, frozen=True, kw_only=True):
    """What visitors are asked on local days; without last_on until it is taken back."""

    id: Slug
    title: Text
    first_on: LocalDate
    last_on: LocalDate | None = None
    usual: list[Usual] = []
    questions: Annotated[list[Question], msgspec.Meta(max_length=MOST_OWN)] = []
    choices: Annotated[list[Choice], msgspec.Meta(max_length=MOST_OWN * MOST_CHOICES)] = []


@dataclass(frozen=True)
class Asked:
    """A question as it is put: how, the ids of what may be answered, and after which answer of which other one."""

    id: str
    form: Form
    choices: tuple[str, ...]
    several: bool = False
    after: After | None = None
    own: Question | None = None


def list_asked(questionnaire: Questionnaire) -> list[Asked]:
    """All questions in the order they are put: how it was, the site's own, and who somebody is and spends last."""
    wanted = set(questionnaire.usual)
    own = [
        Asked(
            one.id,
            "list",
            tuple(choice.id for choice in questionnaire.choices if choice.question == one.id),
            one.several,
            one.after,
            one,
        )
        for one in questionnaire.questions
    ]
    first = [
        Asked("satisfaction", "scale", FIVE[::-1]),
        Asked("recommend", "scale", ELEVEN),
        Asked("again", "scale", FIVE[::-1]),
    ]
    last = [
        Asked("origin", "list", ("japan", "abroad")),
        Asked("prefecture", "long", PREFECTURES, after=After(question="origin", choices=["japan"])),
        Asked("country", "list", COUNTRIES, after=After(question="origin", choices=["abroad"])),
        Asked("spend", "list", SPENT),
    ]
    asked = [one for one in first if one.id in wanted] + own
    return asked + [one for one in last if (one.after.question if one.after else one.id) in wanted]


def find_current(questionnaires: Sequence[Questionnaire], on: date) -> Questionnaire | None:
    """The one that visitors are asked on a local day; of several the one that began last."""
    there = [one for one in questionnaires if is_on(one, on)]
    return max(there, key=lambda one: (one.first_on, one.id), default=None)


def is_on(questionnaire: Questionnaire, on: date) -> bool:
    """Whether a questionnaire is put on a local day: its first and its last day are in."""
    day = on.isoformat()
    return questionnaire.first_on <= day and (questionnaire.last_on is None or day <= questionnaire.last_on)


Answers = dict[str, tuple[str, ...]]
"""By question, the ids of what was chosen."""


def read_answers(questionnaire: Questionnaire, sent: Mapping[str, Sequence[str]]) -> Answers:
    """What was answered; of a question that was not put after the other answers, nothing. Raises Invalid.

    No question has to be answered, but all of them left out is no answer.
    """
    asked = list_asked(questionnaire)
    answers: Answers = {}
    for one in sorted(asked, key=lambda one: one.after is not None):  # what others hang on is read first
        chosen = tuple(dict.fromkeys(value for value in sent.get(one.id, ()) if value))
        if one.after and not set(one.after.choices) & set(answers.get(one.after.question, ())):
            continue  # was filled in, and then the answer before it was changed
        if not set(chosen) <= set(one.choices) or (len(chosen) > 1 and not one.several):
            raise Invalid(
                "answer_unknown", "One of these answers is not offered here any more. Look through them and send again."
            )
        if chosen:
            answers[one.id] = chosen
    if not answers:
        raise Invalid("answer_none", "Nothing is answered yet. Answer as many questions as you like, at least one.")
    return answers


def find_faults(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    """Everything amiss with a questionnaire, as (field, sentence) pairs."""
    if not questionnaire.title:
        yield "title", "a questionnaire needs a title in at least one language"
    if not list_asked(questionnaire):
        yield "usual", "nothing is asked; choose a usual question, or write one"
    yield from _find_day_faults(questionnaire)
    ids = [one.id for one in questionnaire.questions]
    for one in sorted({one for one in ids if ids.count(one) > 1 or one in RESERVED}):
        yield "questions", f"{one} is taken; each question has an id of its own"
    marks = [one.id for one in questionnaire.choices]
    for mark in sorted({mark for mark in marks if marks.count(mark) > 1}):
        yield "choices", f"{mark} is taken; each choice has an id of its own"
    for choice in questionnaire.choices:
        if choice.question not in ids:
            yield f"choices, {choice.id}", f"there is no question {choice.question} of the site's own"
    for question in questionnaire.questions:
        yield from _find_question_faults(question, questionnaire)


def _find_day_faults(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    for field in ("first_on", "last_on"):
        text = getattr(questionnaire, field)
        try:
            date.fromisoformat(text or questionnaire.first_on)
        except ValueError:
            yield field, f"{text} is not a date such as 2026-11-24"
            return
    if questionnaire.last_on is not None and questionnaire.last_on < questionnaire.first_on:
        yield "last_on", "the last day lies before the first one"


def _find_question_faults(question: Question, questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    where = f"questions, {question.id}"
    if not question.text:
        yield where, "a question needs words in at least one language"
    count = sum(choice.question == question.id for choice in questionnaire.choices)
    if not FEWEST_CHOICES <= count <= MOST_CHOICES:
        yield where, f"{FEWEST_CHOICES} to {MOST_CHOICES} answers are offered to a question"
    if question.after is None:
        return
    other = next((one for one in list_asked(questionnaire) if one.id == question.after.question), None)
    if other is None or other.after is not None or other.id == question.id:
        yield where, f"it cannot come after {question.after.question}: that is not asked, or not asked of everybody"
    elif not set(question.after.choices) <= set(other.choices):
        yield where, f"it comes after an answer that {question.after.question} does not have"
