"""The form of a questionnaire: what was typed in, the questionnaire out, or a sentence beside each field that is not right. Pure.

Answers are typed one a line, in each language the same lines in the same order; line n belongs together. What a line is
called in the data stays when its words are mended or others come between, so that answers counted before keep their meaning.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from xr_server.domain.days import check_year
from xr_server.domain.fields import Text
from xr_server.domain.questionnaire import (
    FEWEST_CHOICES,
    MOST_CHOICES,
    MOST_OWN,
    USUAL,
    After,
    Choice,
    Question,
    Questionnaire,
    list_asked,
)
from xr_server.domain.typed import YES, Faults, Typed, check_faults, read_words, type_words
from xr_server.errors import Invalid

MAX_TITLE, MAX_QUESTION, MAX_CHOICE = 80, 160, 80
# what an own question may come after, beside a single answer to another one of the site's own: a name and its answers
USUAL_AFTER: dict[str, After] = {
    "satisfaction-low": After(question="satisfaction", choices=["1", "2"]),
    "satisfaction-high": After(question="satisfaction", choices=["4", "5"]),
    "recommend-low": After(question="recommend", choices=[str(point) for point in range(7)]),
    "recommend-high": After(question="recommend", choices=["9", "10"]),
    "again-low": After(question="again", choices=["1", "2"]),
    "origin-japan": After(question="origin", choices=["japan"]),
    "origin-abroad": After(question="origin", choices=["abroad"]),
}
UNNAMED = "unnamed"  # of answers that are too many to be taken: they are refused with the question
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Use(NamedTuple):
    """What reading one question takes along: ids that nobody has, what is amiss so far, the languages of the form."""

    new_ids: Iterator[str]
    faults: Faults
    languages: Sequence[str]


@dataclass(frozen=True)
class About:
    """What a form is about: the questionnaire's id, as it stands (None: a new one), the site's languages, and new ids.

    whole: it goes out to visitors, so every language needs every word.
    """

    record_id: str
    before: Questionnaire | None
    languages: Sequence[str]
    new_ids: Sequence[str]
    whole: bool


def list_fields(languages: Sequence[str]) -> list[str]:
    """The names of all fields of the form."""
    names = ["first_on", "last_on", *(f"title-{language}" for language in languages), *(f"ask-{one}" for one in USUAL)]
    for number in range(MOST_OWN):
        names += [f"q{number}-{part}" for part in ("id", "several", "after")]
        names += [f"q{number}-{part}-{language}" for part in ("text", "choices") for language in languages]
    return names


def read_questionnaire(typed: Typed, about: About) -> Questionnaire:
    """The questionnaire that the form describes. Raises Unfit naming every field that is not right."""
    faults: Faults = {}
    title = read_words(typed, ("title", about.before.title if about.before else {}, MAX_TITLE), about.languages, faults)
    if not (title.get("ja") or title.get("en")):
        faults["title-ja"] = Invalid("questionnaire_title", "Give it a title in Japanese or English at least.")
    first_on, last_on = _read_days(typed, faults)
    use = Use(iter(about.new_ids), faults, about.languages)
    questions: list[Question] = []
    choices: list[Choice] = []
    for number in range(MOST_OWN):
        read = _read_question(typed, number, about.before, use)
        if read is not None:
            question, its = read
            questions.append(question)
            choices += its
    body = Questionnaire(
        id=about.record_id,
        title=title,
        first_on=first_on,
        last_on=last_on,
        usual=[one for one in USUAL if typed.get(f"ask-{one}") == YES],
        questions=questions,
        choices=choices,
    )
    _check_after(typed, body, faults)
    if not list_asked(body):
        faults["ask-satisfaction"] = Invalid("questionnaire_empty", "Nothing is asked yet. Choose or write a question.")
    if about.whole:
        _check_whole(typed, about.languages, faults)
    check_faults(faults)
    return body


def _read_days(typed: Typed, faults: Faults) -> tuple[str, str | None]:
    days: dict[str, str] = {}
    for name in ("first_on", "last_on"):
        text = typed.get(name, "")
        if not text and name == "last_on":
            continue
        try:
            day = date.fromisoformat(text)
            check_year(day.year)
            days[name] = day.isoformat()
        except ValueError:
            faults[name] = Invalid("date_unreadable", "A day is written like 2026-11-24. Choose both days again.")
        except Invalid as fault:
            faults[name] = fault
    if days.get("last_on") and days["last_on"] < days.get("first_on", ""):
        faults["last_on"] = Invalid("range_reversed", "The last day lies before the first one. Exchange them.")
    return days.get("first_on", ""), days.get("last_on")


def _read_question(
    typed: Typed, number: int, standing: Questionnaire | None, use: Use
) -> tuple[Question, list[Choice]] | None:
    """One question of the site's own and its answers; None where nothing is typed."""
    faults, languages, name = use.faults, use.languages, f"q{number}"
    lines = {
        language: [line.strip() for line in typed.get(f"{name}-choices-{language}", "").splitlines() if line.strip()]
        for language in languages
    }
    lines = {language: found for language, found in lines.items() if found}
    if not lines and not any(typed.get(f"{name}-text-{language}") for language in languages):
        return None
    before = _find_before(typed.get(f"{name}-id", ""), standing)
    text = read_words(typed, (f"{name}-text", before.text if before else {}, MAX_QUESTION), languages, faults)
    if not (text.get("ja") or text.get("en")):
        faults[f"{name}-text-ja"] = Invalid("question_text", "Write the question in Japanese or English at least.")
    question_id = before.id if before else next(use.new_ids, UNNAMED)
    earlier = [one for one in standing.choices if one.question == question_id] if standing else []
    question = Question(
        id=question_id,
        text=text,
        several=typed.get(f"{name}-several") == YES,
        after=_read_after(typed.get(f"{name}-after", "")),
    )
    return question, _read_choices((name, question_id), lines, earlier, use)


def _find_before(question_id: str, before: Questionnaire | None) -> Question | None:
    return next((one for one in before.questions if one.id == question_id), None) if before else None


def _read_choices(
    which: tuple[str, str],
    lines: Mapping[str, Sequence[str]],
    earlier: Sequence[Choice],
    use: Use,
) -> list[Choice]:
    (name, question_id), faults = which, use.faults
    first = "ja" if "ja" in lines else next(iter(lines), "ja")
    count = len(lines.get(first, ()))
    if not FEWEST_CHOICES <= count <= MOST_CHOICES:
        faults[f"{name}-choices-{first}"] = Invalid(
            "question_choices",
            f"Write {FEWEST_CHOICES} to {MOST_CHOICES} answers, one a line.",
            least=FEWEST_CHOICES,
            most=MOST_CHOICES,
        )
    for language, found in lines.items():
        field = f"{name}-choices-{language}"
        if len(found) != count:
            faults[field] = Invalid(
                "question_lines",
                f"There are {len(found)} lines here and {count} in the first language. Each answer has a line, in one order.",
                here=len(found),
                there=count,
            )
        elif any(len(line) > MAX_CHOICE for line in found):
            faults.setdefault(field, Invalid("too_long", f"At most {MAX_CHOICE} characters fit here.", most=MAX_CHOICE))
    known = match_lines(lines.get(first, ()), [(one.id, one.text.get(first, "")) for one in earlier])
    texts: list[Text] = [
        {language: found[row] for language, found in lines.items() if row < len(found)} for row in range(count)
    ]
    unseen = {  # words in languages that the form does not show
        one.id: {lang: said for lang, said in one.text.items() if lang not in use.languages} for one in earlier
    }
    return [
        Choice(id=mark or next(use.new_ids, UNNAMED), question=question_id, text={**unseen.get(mark, {}), **text})
        for mark, text in zip(known, texts, strict=True)
    ]


def match_lines(lines: Sequence[str], earlier: Sequence[tuple[str, str]]) -> list[str]:
    """For each line the id of the earlier answer it is: of the same words, else in the same place; empty for a new one.

    earlier: (id, words) in their order. In the same place it is the same answer only where no line was added or taken away.
    """
    by_words = {words: mark for mark, words in reversed(earlier)}
    found = [by_words.get(line, "") for line in lines]
    if len(lines) == len(earlier):
        found = [mark or (earlier[row][0] if earlier[row][0] not in found else "") for row, mark in enumerate(found)]
    return [mark if mark not in found[:row] else "" for row, mark in enumerate(found)]


def _read_after(text: str) -> After | None:
    """A condition as the form's list names it: one of the usual ones, or `question=choice+choice`."""
    if not text:
        return None
    if text in USUAL_AFTER:
        return USUAL_AFTER[text]
    question, _, choices = text.partition("=")
    marks = choices.split("+")
    if not all(SLUG.fullmatch(part) for part in (question, *marks)):
        return After(question="unknown", choices=["unknown"])  # refused below, where all questions are known
    return After(question=question, choices=marks[:11])


def type_after(after: After | None) -> str:
    """A condition as the form's list names it."""
    if after is None:
        return ""
    usual = next((name for name, one in USUAL_AFTER.items() if one == after), None)
    return usual or f"{after.question}={'+'.join(after.choices)}"


def _check_after(typed: Typed, body: Questionnaire, faults: Faults) -> None:
    asked = {one.id: one for one in list_asked(body)}
    filled = [number for number in range(MOST_OWN) if _is_filled(typed, number)]
    for number, question in zip(filled, body.questions, strict=False):
        if question.after is None:
            continue
        other = asked.get(question.after.question)
        if other is None or other.id == question.id or not set(question.after.choices) <= set(other.choices):
            faults[f"q{number}-after"] = Invalid(
                "question_after", "That answer is not offered any more. Choose again after whom it comes."
            )
        elif other.after is not None:
            faults[f"q{number}-after"] = Invalid(
                "question_after_after", "That question is not asked of everybody itself. Choose one that is."
            )


def _is_filled(typed: Typed, number: int) -> bool:
    starts = (f"q{number}-text-", f"q{number}-choices-")
    return any(value.strip() for name, value in typed.items() if name.startswith(starts))


def _check_whole(typed: Typed, languages: Collection[str], faults: Faults) -> None:
    """Visitors of every language are asked the same, so nothing goes out that one of them could not read."""
    filled = [number for number in range(MOST_OWN) if _is_filled(typed, number)]
    for language in languages:
        names = [f"title-{language}"]
        names += [f"q{number}-{part}-{language}" for number in filled for part in ("text", "choices")]
        for name in names:
            if not typed.get(name, "").strip():
                faults.setdefault(
                    name,
                    Invalid(
                        "questionnaire_language", "Visitors of every language are asked, so it has to stand here too."
                    ),
                )


def type_questionnaire(body: Questionnaire) -> dict[str, str]:
    """What the form shows of a questionnaire."""
    typed = {"first_on": body.first_on, "last_on": body.last_on or "", **type_words("title", body.title)}
    typed |= {f"ask-{one}": YES for one in body.usual}
    for number, question in enumerate(body.questions):
        name = f"q{number}"
        choices = [one for one in body.choices if one.question == question.id]
        languages = {language for one in choices for language in one.text}
        typed |= {
            f"{name}-id": question.id,
            f"{name}-several": YES if question.several else "",
            f"{name}-after": type_after(question.after),
            **type_words(f"{name}-text", question.text),
            **{f"{name}-choices-{lang}": "\n".join(one.text.get(lang, "") for one in choices) for lang in languages},
        }
    return typed


def propose_id(first_on: date, taken: Collection[str]) -> str:
    """An id for a new questionnaire: the month it is made in, with a number where that is taken."""
    stem = f"questions-{first_on:%Y-%m}"
    return next(
        name for name in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if name not in taken
    )
